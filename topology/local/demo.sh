#!/usr/bin/env bash
# The demo: a private PostgreSQL and RabbitMQ, all workers, a story played through the broker, and the audit of it.
#
#   demo.sh up           start everything afresh and play the story; exit code 0 if every promise was kept
#   demo.sh audit        `tallyman audit` on the running demo's database
#   demo.sh status       what runs, and where
#   demo.sh start NAME   start one program again that has ended, such as allocation-worker-2
#   demo.sh down         stop everything that `up` started and remove its data
#
# Everything lies in .demo in the checkout: secrets, data, logs (.demo/log), process ids. `up` begins with a `down`, so
# that the story is the same each time. From the environment: SEED, another story; ORDERS, how many race (2000);
# DEMO_BIN, the folder of the programs (.build/release); DEMO_DIR, another folder in place of .demo: a new or empty one.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../.." && pwd)
bin=${DEMO_BIN:-$checkout/.build/release}
link=$checkout/.demo
mark=.tallyman-demo

say() { printf '\n\033[1m%s\033[0m\n' "$*" | if [[ -t 1 ]]; then cat; else sed 's/\x1b\[[0-9]*m//g'; fi; }
note() { echo "  $*"; }
fail() {
  echo "demo: $*" >&2
  exit 1
}

# MARK: Where

# PostgreSQL does not run as root, and its folder must be one that the user postgres can enter and whose path is short
# enough for a socket. Where the checkout is neither, .demo is a link to a folder that is.
choose_home() {
  if [[ -n ${DEMO_DIR:-} ]]; then
    home=$DEMO_DIR
  elif [[ -L $link ]]; then
    home=$(readlink "$link")
  elif [[ ${#link} -le 65 ]] && can_enter "$checkout"; then
    home=$link
  else
    home=/tmp/tallyman-demo-$(id -u)-$(cksum <<<"$checkout" | cut -d ' ' -f 1)
  fi
  secrets=$home/secrets run=$home/run log=$home/log
}

can_enter() { # FOLDER
  [[ $(id -u) != 0 ]] || setpriv --reuid postgres --regid postgres --init-groups -- test -x "$1" 2>/dev/null
}

# What is removed later has names that anybody may use, so a folder that was chosen needs the mark of an earlier demo.
is_ours() { [[ -z ${DEMO_DIR:-} || -e $home/$mark ]]; }

claim_home() {
  is_ours || [[ ! -e $home || (-d $home && -z $(ls -A "$home")) ]] ||
    fail "DEMO_DIR=$home: must be a new or empty folder, or one that an earlier demo made"
}

make_home() {
  mkdir -p "$home"
  [[ -O $home ]] || fail "$home belongs to somebody else"
  : >"$home/$mark"
  [[ -n ${DEMO_DIR:-} || $home == "$link" ]] || ln -sfn "$home" "$link"
  chmod 755 "$home"
  mkdir -p "$run" "$log" "$secrets/database" "$secrets/broker"
  chmod 700 "$secrets"
}

# MARK: What is needed

check_needs() {
  local missing=() command name
  for command in python3 psql curl setpriv flock; do
    command -v "$command" >/dev/null || missing+=("$command")
  done
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || command -v postgres >/dev/null || missing+=(PostgreSQL)
  [[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]] || command -v rabbitmq-server >/dev/null || missing+=(RabbitMQ)
  [[ ${#missing[@]} == 0 ]] || fail "missing: ${missing[*]}; 'make deps' installs what is needed, after asking"
  for name in tallyman tallyman-demo inventory-worker allocation-worker notification-worker outbox-relay; do
    [[ -x $bin/$name ]] || fail "$bin/$name is missing; 'make demo' builds it"
  done
}

free_port() {
  local port
  for _ in {1..200}; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000)) # below the range of outgoing connections
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
  fail "no free port found"
}

# MARK: Secrets

random() { head -c "$1" /dev/urandom | base64 -w 0; }

secret() { # FILE TEXT
  (umask 077 && printf '%s\n' "$2" >"$secrets/$1")
}

roles=(postgres tallyman_owner tallyman_{inventory,allocation,notification,relay,operator})

make_secrets() {
  local role
  for role in "${roles[@]}"; do secret "database/$role" "$(random 24)"; done
  secret webhook "whsec_$(random 32)"
}

# MARK: PostgreSQL

start_postgres() {
  "$here/postgres.sh" start "$home/postgres" >/dev/null 9>&-
  postgres_port=$(<"$home/postgres/port")
  give_roles
  # The server trusted everybody on this machine until its roles had passwords.
  printf '%s all all %s scram-sha-256\n' local '' host 127.0.0.1/32 >"$home/postgres/data/pg_hba.conf"
  superuser --command 'select pg_reload_conf()' >/dev/null
}

superuser() {
  PGPASSWORD=$(<"$secrets/database/postgres") psql --no-psqlrc --quiet --tuples-only --set ON_ERROR_STOP=1 \
    "postgresql://postgres@127.0.0.1:$postgres_port/postgres" "$@"
}

# The roles' passwords are read from files and stay out of the server's log.
give_roles() {
  local role
  {
    echo "set log_statement = 'none'; set log_min_error_statement = 'panic';"
    for role in "${roles[@]}"; do
      echo "\\set password \`cat '$secrets/database/$role'\`"
      if [[ $role == postgres ]]; then
        echo "alter role postgres password :'password';"
      else
        echo "create role $role login password :'password';"
      fi
    done
    echo "create database tallyman owner tallyman_owner;"
  } | superuser
}

# MARK: RabbitMQ

# The definitions of `tallyman topology` with a password for each of its users, and one more user: whoever wants to look
# around in the management UI.
start_rabbitmq() {
  "$bin/tallyman" topology >"$home/topology.json"
  (umask 077 && python3 - "$home/topology.json" "$secrets/broker" >"$secrets/definitions.json") <<'PYTHON'
import base64, hashlib, json, os, secrets, sys
with open(sys.argv[1], encoding="utf-8") as file:
    definitions = json.load(file)
definitions["users"].append({"name": "demo", "tags": "administrator"})
definitions["permissions"].append(
    {"user": "demo", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"})
for user in definitions["users"]:
    password, salt = secrets.token_urlsafe(24), secrets.token_bytes(4)
    with open(os.path.join(sys.argv[2], user["name"]), "w", encoding="ascii") as file:
        file.write(password + "\n")
    digest = hashlib.sha256(salt + password.encode()).digest()
    user["password_hash"] = base64.b64encode(salt + digest).decode()
    user["hashing_algorithm"] = "rabbit_password_hashing_sha256"
json.dump(definitions, sys.stdout, indent=2)
PYTHON
  # Imported while the node starts; so it makes no user guest whose password everybody knows.
  TALLYMAN_DEFINITIONS=$secrets/definitions.json "$here/rabbitmq.sh" start "$home/rabbitmq" 9>&-
}

# MARK: Programs

# The settings of a program: its least-privileged role and user, and nothing from this shell's environment.
settings() { # NAME ROLE
  local postgres_port amqp_port
  postgres_port=$(<"$home/postgres/port")
  amqp_port=$(<"$home/rabbitmq/amqp-port")
  printf '%s\n' "PATH=$PATH" "HOME=$HOME" "LD_LIBRARY_PATH=${LD_LIBRARY_PATH:-}" \
    "TALLYMAN_DATABASE_URL=postgresql://$2@127.0.0.1:$postgres_port/tallyman" \
    "TALLYMAN_DATABASE_PASSWORD_FILE=$secrets/database/$2"
  case $1 in
    *-worker-* | outbox-relay-*)
      printf '%s\n' "TALLYMAN_BROKER_URL=amqp://$2@127.0.0.1:$amqp_port" \
        "TALLYMAN_BROKER_PASSWORD_FILE=$secrets/broker/$2" \
        "TALLYMAN_HTTP_HOST=127.0.0.1" "TALLYMAN_HTTP_PORT=$(<"$run/$1.port")" TALLYMAN_LOG_FORMAT=json
      ;;
    tallyman)
      printf '%s\n' "TALLYMAN_MANAGEMENT_URL=http://demo@127.0.0.1:$(<"$home/rabbitmq/mgmt-port")" \
        "TALLYMAN_MANAGEMENT_PASSWORD_FILE=$secrets/broker/demo"
      ;;
  esac
  if [[ $1 == notification-worker-* ]]; then notification_settings; fi
}

notification_settings() {
  local SMTP_PORT HTTP_PORT buyers=buyers@example.com service=service@example.com shop
  # shellcheck source=/dev/null
  source "$run/receiver.ports"
  shop=http://127.0.0.1:$HTTP_PORT/shop
  printf '%s\n' "TALLYMAN_SMTP_URL=smtp://127.0.0.1:$SMTP_PORT" TALLYMAN_SMTP_ENCRYPTION=none \
    TALLYMAN_EMAIL_FROM=stock@example.com \
    "TALLYMAN_EMAIL_TO=stock.low=$buyers,stock.out=$buyers,backorder.created=$service,order.shipped=$service" \
    "TALLYMAN_WEBHOOK_URLS=order.reserved=$shop,stock.out=$shop" \
    "TALLYMAN_WEBHOOK_SECRET_FILE=$secrets/webhook"
}

role_of() { # NAME
  case $1 in
    inventory-worker-*) echo tallyman_inventory ;;
    allocation-worker-*) echo tallyman_allocation ;;
    notification-worker-*) echo tallyman_notification ;;
    outbox-relay-*) echo tallyman_relay ;;
    *) fail "there is no program $1" ;;
  esac
}

names=(inventory-worker-{1,2} allocation-worker-{1,2} notification-worker-1 outbox-relay-1)

# In a session of its own: Ctrl-C in this terminal ends the story, not the programs.
spawn() { # NAME PROGRAM [ARGUMENT...], the environment on standard input
  local name=$1 environment
  shift
  mapfile -t environment
  setsid env -i "${environment[@]}" "$@" </dev/null >>"$log/$name.log" 2>&1 9>&- &
  echo $! >"$run/$name.pid"
  disown
}

# Alive and still ours: the number of a process that has ended may have been given to another one.
is_running() { # NAME
  local pid program
  pid=$(cat "$run/$1.pid" 2>/dev/null) || return 1
  if [[ $1 == receiver ]]; then program=mail-and-webhooks.py; else program=${1%-*}; fi
  [[ $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") == *"$program"* ]]
}

start_program() { # NAME
  local role
  role=$(role_of "$1")
  is_running "$1" && fail "$1 runs already"
  [[ -s $run/$1.port ]] || free_port >"$run/$1.port"
  settings "$1" "$role" | spawn "$1" "$bin/${1%-*}"
}

await_ready() { # NAME
  local port deadline=$((SECONDS + 60))
  port=$(<"$run/$1.port")
  until curl --silent --fail --max-time 5 --output /dev/null "http://127.0.0.1:$port/health/ready"; do
    if ! is_running "$1" || [[ $SECONDS -ge $deadline ]]; then
      tail -n 5 "$log/$1.log" >&2
      fail "$1 is not ready, see $log/$1.log"
    fi
    sleep 0.05
  done
}

start_receiver() {
  printf '%s\n' "PATH=$PATH" | spawn receiver python3 "$here/mail-and-webhooks.py" "$home/received.jsonl" \
    "$secrets/webhook" "$run/receiver.ports"
  for _ in {1..200}; do
    if [[ -s $run/receiver.ports ]]; then return; fi
    sleep 0.05
  done
  fail "the mail and webhook receiver did not start, see $log/receiver.log"
}

stop_programs() {
  local name deadline running=()
  for name in "${names[@]}" receiver; do
    if is_running "$name"; then
      kill -TERM "$(<"$run/$name.pid")" 2>/dev/null || true
      running+=("$name")
    fi
  done
  deadline=$((SECONDS + 30)) # longer than TALLYMAN_SHUTDOWN_SECONDS
  for name in "${running[@]}"; do
    while is_running "$name" && [[ $SECONDS -lt $deadline ]]; do sleep 0.05; done
    if is_running "$name"; then kill -KILL "$(<"$run/$name.pid")" 2>/dev/null || true; fi
  done
}

tallyman() { # ROLE ARGUMENT...
  local role=$1 environment
  shift
  mapfile -t environment < <(settings tallyman "$role")
  env -i "${environment[@]}" "$bin/tallyman" "$@"
}

# A node that has just started shows the policies of its queues a few seconds late.
check_topology() {
  local answer deadline=$((SECONDS + 20))
  until answer=$(tallyman tallyman_operator topology --check 2>&1); do
    [[ $SECONDS -lt $deadline ]] || fail "$answer"
    sleep 0.5
  done
  note "$answer"
}

# MARK: Commands

up() {
  trap 'echo; echo "demo: interrupted; make down stops what was started" >&2; exit 130' INT TERM
  claim_home
  check_needs
  if [[ -d $home/run ]]; then
    say "Removing what an earlier demo left"
    stop_everything
  fi
  make_home
  say "Starting a private PostgreSQL and RabbitMQ"
  make_secrets
  start_postgres
  start_rabbitmq
  note "PostgreSQL on port $(<"$home/postgres/port"), RabbitMQ on port $(<"$home/rabbitmq/amqp-port")"
  say "Migrating the database, as tallyman_owner"
  tallyman tallyman_owner migrate | sed 's/^/  /'
  start_workers
  check_topology
  local kept=0
  play || kept=$?
  say "tallyman audit"
  tallyman tallyman_operator audit || kept=$?
  what_next "$kept"
  return "$kept"
}

start_workers() {
  local name
  say "Starting two inventory-workers, two allocation-workers, a notification-worker and the relay"
  start_receiver
  for name in "${names[@]}"; do start_program "$name"; done
  for name in "${names[@]}"; do
    await_ready "$name"
    note "$name is ready: pid $(<"$run/$name.pid"), http://127.0.0.1:$(<"$run/$name.port")/metrics"
  done
}

play() {
  local amqp_port postgres_port
  amqp_port=$(<"$home/rabbitmq/amqp-port")
  postgres_port=$(<"$home/postgres/port")
  say "The story"
  "$bin/tallyman-demo" --seed "${SEED:-7}" --orders "${ORDERS:-2000}" \
    --broker "127.0.0.1:$amqp_port" --broker-passwords "$secrets/broker" \
    --database "postgresql://tallyman_operator@127.0.0.1:$postgres_port/tallyman" \
    --database-password-file "$secrets/database/tallyman_operator" \
    --pids "$run" --starter "$here/demo.sh" --received "$home/received.jsonl"
}

what_next() { # EXIT CODE
  if [[ $1 == 0 ]]; then say "Every promise was kept."; else say "Something is not as it should be."; fi
  local database
  database="postgresql://tallyman_operator@127.0.0.1:$(<"$home/postgres/port")/tallyman"
  database+="?options=-csearch_path%3Dtallyman"
  cat <<TEXT

Everything still runs. To look around:
  queues and connections   http://127.0.0.1:$(<"$home/rabbitmq/mgmt-port")  user demo, password in $secrets/broker/demo
  the database             PGPASSWORD=\$(cat $secrets/database/tallyman_operator) psql "$database"
  mails and webhooks       tail -n 3 $home/received.jsonl
  logs                     tail -n 3 $log/*.log
  the audit, again         make audit
  another story            make demo SEED=8
  stop it all              make down
TEXT
}

status() {
  local name
  "$here/postgres.sh" status "$home/postgres" | sed 's/^/postgres: /' || true
  if "$here/rabbitmq.sh" status "$home/rabbitmq" 2>/dev/null; then
    echo "rabbitmq: amqp port $(<"$home/rabbitmq/amqp-port"), http://127.0.0.1:$(<"$home/rabbitmq/mgmt-port")"
  else
    echo "rabbitmq: not running"
  fi
  for name in "${names[@]}" receiver; do
    if is_running "$name"; then echo "$name: pid $(<"$run/$name.pid")"; else echo "$name: not running"; fi
  done
}

stop_everything() {
  is_ours || fail "DEMO_DIR=$home: was not made by a demo, nothing in it is stopped or removed"
  stop_programs
  "$here/rabbitmq.sh" stop "$home/rabbitmq"
  "$here/postgres.sh" stop "$home/postgres"
  if [[ -O $home ]]; then
    rm -rf "$home"/{postgres,rabbitmq,run,log,secrets,topology.json,received.jsonl,"$mark"}
    rmdir "$home" 2>/dev/null || true # somebody may have put other things there
  fi
  if [[ -z ${DEMO_DIR:-} && -L $link ]]; then rm -f "$link"; fi
}

require_running() {
  "$here/postgres.sh" status "$home/postgres" >/dev/null || fail "the demo does not run; 'make demo' starts it"
}

choose_home
# One command at a time, except for those that `up` itself calls; whatever it starts must not hold the lock.
if [[ ${1:-} == up || ${1:-} == down ]]; then
  exec 9<"$here/demo.sh"
  flock --nonblock 9 || fail "another 'make demo' or 'make down' is at work here"
fi
case ${1:-} in
  up) up ;;
  down)
    stop_everything
    echo "Stopped, and the data is removed."
    ;;
  audit)
    require_running
    tallyman tallyman_operator audit
    ;;
  status) status ;;
  start)
    require_running
    start_program "${2:?a name such as allocation-worker-2}"
    await_ready "$2"
    ;;
  *)
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2
    exit 2
    ;;
esac
