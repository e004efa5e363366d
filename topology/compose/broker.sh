#!/usr/bin/env bash
# The job `topology` of docker-compose.yml: brings the broker to what definitions.json says, each user with the
# password in /run/passwords/<user>, and adds an administrator, tallyman_operator. Runs before every start.
#
# Importing adds and updates; it removes nothing, and a queue that exists with other arguments stays as it is
# (`tallyman topology --check` tells). The job mounts the broker's data folder for its Erlang cookie only.
set -euo pipefail

passwords=/run/passwords
definitions=/run/definitions.json
operator=tallyman_operator
algorithm=rabbit_password_hashing_sha256
control() { rabbitmqctl --quiet --node "rabbit@$BROKER_HOST" "$@"; }

# shellcheck disable=SC2001 # the shell's own substitution cannot repeat what it found
bytes() { printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"; } # HEX

# What RabbitMQ stores instead of a password: a salt of 4 bytes, then the SHA-256 of salt and password.
hash() { # FILE
  local salt digest
  salt=$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')
  digest=$({ bytes "$salt"; printf '%s' "$(<"$1")"; } | sha256sum | cut -d ' ' -f 1)
  bytes "$salt$digest" | base64 -w 0
}

# The hashes go into the import itself: after one without them nobody could log in until passwords were set again.
# However the file is laid out, here each object that holds no other ends a line of its own.
with_hashes() {
  local file user hash hashed objects
  objects=$(tr -d '\n' <"$definitions" | sed 's/}/}\n/g')
  for file in "$passwords"/*; do
    user=$(basename "$file")
    if [[ $user == "$operator" ]]; then continue; fi
    hash=$(hash "$file")
    hashed="\"password_hash\": \"$hash\", \"hashing_algorithm\": \"$algorithm\""
    objects=$(sed "/\"name\" *: *\"$user\"/s|\"password_hash\" *: *\"\"|$hashed|" <<<"$objects")
    if [[ $(grep -cF "$hash" <<<"$objects") != 1 ]]; then
      echo "there is a password for $user, but not one user of that name without a password in the definitions" >&2
      exit 1
    fi
  done
  tr -d '\n' <<<"$objects"
}

administrator() {
  cat <<JSON
{ "users": [ { "name": "$operator", "password_hash": "$(hash "$passwords/$operator")",
               "hashing_algorithm": "$algorithm", "tags": ["administrator"] } ],
  "permissions": [ { "user": "$operator", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*" } ] }
JSON
}

for file in "$passwords/$operator" "$passwords"/*; do
  if [[ ! -s $file ]]; then
    echo "$file is missing or empty: run topology/compose/secrets.sh" >&2
    exit 1
  fi
done
result=$(with_hashes)
if grep -q '"password_hash" *: *""' <<<"$result"; then
  echo "a user of the definitions has no password: run topology/compose/secrets.sh" >&2
  exit 1
fi

control import_definitions <<<"$result"
administrator | control import_definitions
echo "the broker has the topology and its users"

# A broker that started empty has made this user, whose password everybody knows.
if control list_users --no-table-headers | cut -f 1 | grep -qx guest; then
  control delete_user guest
  echo "removed the user guest"
fi
