#!/usr/bin/env bash
# Makes a random password for each role and user that docker-compose.yml knows, where there is none yet.
#
#   topology/compose/secrets.sh
#
# They go into topology/compose/secrets, which git ignores and only you may enter. The files in it are readable by
# anybody who is inside: a container sees them under another user's number, and only those that are mounted into it.
# To change a password: topology/CONTAINERS.md.
set -euo pipefail
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
chmod 0700 secrets
mkdir -p secrets/database secrets/broker
chmod 0755 secrets/database secrets/broker # mounted as a whole into the jobs that set passwords

random() { head -c "$1" /dev/urandom | base64 -w 0; }

write() { # FILE TEXT
  if [[ -e secrets/$1 ]]; then return; fi
  printf '%s\n' "$2" >"secrets/$1.new"
  chmod 0444 "secrets/$1.new"
  mv "secrets/$1.new" "secrets/$1"
  echo "made secrets/$1"
}

for role in postgres tallyman_owner tallyman_{inventory,allocation,notification,relay,operator}; do
  write "database/$role" "$(random 24)"
done
for user in tallyman_{inventory,allocation,notification,relay,operator} shop catalogue warehouse carrier subscriber; do
  write "broker/$user" "$(random 24)"
done
write webhook "whsec_$(random 32)" # signs webhooks; receivers need it too
write smtp "" # the mail server's password is not ours to choose: put it here if the server wants one
