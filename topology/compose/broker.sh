#!/usr/bin/env bash
# The job `topology` of docker-compose.yml: brings the broker to what definitions.json says, each user with the
# password in /run/passwords/<user>. Runs before every start. Importing adds and updates; it removes nothing, and a
# queue that exists with other arguments stays as it is (`tallyman topology --check` says so).
#
# The job mounts the broker's data folder for its Erlang cookie only.
set -euo pipefail

passwords=/run/passwords
definitions=/run/definitions.json
control() { rabbitmqctl --quiet --node "rabbit@$BROKER_HOST" "$@"; }

bytes() { printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"; } # HEX

# What RabbitMQ stores instead of a password: a salt of 4 bytes, and the SHA-256 of salt and password.
hash() { # FILE
  local salt digest
  salt=$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')
  digest=$({ bytes "$salt"; printf '%s' "$(<"$1")"; } | sha256sum | cut -d ' ' -f 1)
  bytes "$salt$digest" | base64 -w 0
}

# Without its hash in the import a user would be left without a password until the next command, each time.
insertions() {
  local file user
  for file in "$passwords"/*; do
    user=$(basename "$file")
    if ! grep -q "\"name\" *: *\"$user\"" "$definitions"; then
      echo "$definitions has no user $user" >&2
      exit 1
    fi
    printf 's|"name" *: *"%s"|&, "password_hash": "%s", "hashing_algorithm": "rabbit_password_hashing_sha256"|\n' \
      "$user" "$(hash "$file")"
  done
}

script=$(insertions)
sed "$script" "$definitions" | control import_definitions
echo "imported $(basename "$definitions")"

# A broker that started empty has made this user, whose password everybody knows.
if control list_users --no-table-headers | cut -f 1 | grep -qx guest; then
  control delete_user guest
  echo "removed the user guest"
fi
