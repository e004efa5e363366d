#!/usr/bin/env bash
# The job `roles` of docker-compose.yml: a login role for every file in /run/passwords, with the password in it, and
# the database owned by tallyman_owner. Runs before every start, so a changed password takes effect with the next one.
set -euo pipefail

passwords=/run/passwords
PGPASSWORD=$(<"$passwords/postgres")
export PGPASSWORD PGAPPNAME=tallyman-roles

run() { psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$@"; }

set_password() { # ROLE
  run --set role="$1" <<'SQL'
-- Passwords do not belong into the server's log, not even when something fails here.
set log_statement = 'none';
set log_min_error_statement = 'panic';
set log_min_duration_statement = -1;
select format('create role %I login', :'role') where not exists (select from pg_roles where rolname = :'role') \gexec
\setenv ROLE :role
\set password `cat "/run/passwords/$ROLE"`
alter role :"role" login password :'password';
SQL
  echo "role $1"
}

for file in "$passwords"/*; do
  role=$(basename "$file")
  if [[ ! -s $file ]]; then
    echo "there is no password for $role: run topology/compose/secrets.sh" >&2
    exit 1
  fi
  if [[ $role != postgres ]]; then set_password "$role"; fi
done
run --set database="$PGDATABASE" <<'SQL'
alter database :"database" owner to tallyman_owner;
SQL
echo "database $PGDATABASE belongs to tallyman_owner"
