#!/usr/bin/env bash
# A private PostgreSQL on loopback with its own data folder, for tests and for the demo.
#
#   postgres.sh start DIR [PORT]   start (initialising DIR the first time); a free port if none is given
#   postgres.sh stop DIR           stop cleanly
#   postgres.sh kill DIR           stop at once, as a power cut would
#   postgres.sh status DIR         exit code 0 and the address if it runs, 3 if not
#
# DIR/port holds the port, DIR/log the server's log, DIR/socket the Unix socket. The superuser is `postgres` and needs no
# password: the server listens on 127.0.0.1 only. Started by root it runs as the system user `postgres`.
set -euo pipefail

fail() {
  echo "postgres.sh: $*" >&2
  exit 1
}

usage() {
  sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2
  exit 2
}

find_programs() {
  local folder newest=""
  for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V); do
    [[ -x $folder/initdb && -x $folder/postgres ]] && newest=$folder
  done
  if [[ -z $newest ]] && command -v initdb >/dev/null; then newest=$(dirname "$(command -v initdb)"); fi
  [[ -n $newest ]] || fail "no PostgreSQL server found; on Debian: apt-get install postgresql"
  echo "$newest"
}

# PostgreSQL refuses to run as root.
unprivileged=(env -u PGDATA)
if [[ $(id -u) == 0 ]]; then
  unprivileged=(setpriv --reuid postgres --regid postgres --init-groups -- env -u PGDATA HOME=/tmp)
fi

server_pid() {
  local pid
  pid=$(head -n 1 "$data/postmaster.pid" 2>/dev/null) || return 1
  [[ $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") == *"$data"* ]] || return 1
  echo "$pid"
}

free_port() {
  local port
  for _ in {1..50}; do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000)) # below the range of outgoing connections
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
  fail "no free port found"
}

initialise() {
  mkdir -p "$data" "$dir/socket"
  chmod 700 "$data"
  : >>"$dir/log"
  if [[ $(id -u) == 0 ]]; then
    chown postgres "$data" "$dir/socket" "$dir/log"
    "${unprivileged[@]}" test -w "$data" || fail "the user postgres cannot enter $dir: choose a folder that every user can enter"
  fi
  [[ -s $data/PG_VERSION ]] && return
  "${unprivileged[@]}" "$bin/initdb" --pgdata "$data" --username postgres --auth trust --encoding UTF8 --locale C.UTF-8 \
    --no-sync --no-instructions >>"$dir/log" 2>&1 || fail "initdb failed, see $dir/log"
  # Durability stays as the server ships it: fsync and synchronous_commit are on.
  "${unprivileged[@]}" tee -a "$data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$dir/socket'
max_connections = 200
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d %a '
log_lock_waits = on
CONF
}

launch() { # PORT
  # Its own session: a signal to the caller's terminal is not meant for the server.
  (exec "${unprivileged[@]}" setsid "$bin/postgres" -D "$data" -p "$1" </dev/null >>"$dir/log" 2>&1 9>&-) &
  local pid=$!
  for _ in {1..600}; do
    kill -0 "$pid" 2>/dev/null || return 1
    # The server itself writes here when it accepts connections; a standby takes them for reading.
    case $(sed -n 8p "$data/postmaster.pid" 2>/dev/null) in ready* | standby*) return 0 ;; esac
    sleep 0.05
  done
  return 1
}

start() {
  local wanted=${1:-} port
  if server_pid >/dev/null; then
    echo "already running on port $(cat "$dir/port")"
    return
  fi
  initialise
  [[ -n $wanted ]] || wanted=$(cat "$dir/port" 2>/dev/null || true)
  for _ in {1..5}; do
    port=${wanted:-$(free_port)}
    if launch "$port"; then
      echo "$port" >"$dir/port"
      echo "postgres://postgres@127.0.0.1:$port/postgres"
      return
    fi
    [[ -z $wanted ]] || break # someone else may have taken a port that was free a moment ago
  done
  tail -n 20 "$dir/log" >&2
  fail "the server did not start, see $dir/log"
}

# Ends the server with SIGNAL, also if somebody has stopped its processes, and waits until it is gone.
end() { # SIGNAL
  local pid
  pid=$(server_pid) || return 0
  kill "-$1" "$pid"
  # shellcheck disable=SC2046
  kill -CONT "$pid" $(cat "/proc/$pid/task/$pid/children" 2>/dev/null) 2>/dev/null || true
  for _ in {1..300}; do
    kill -0 "$pid" 2>/dev/null || return 0
    # A zombie is gone as well: its parent only has not noticed yet.
    [[ $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) == Z* ]] && return 0
    sleep 0.05
  done
  kill -KILL "$pid" 2>/dev/null || true
}

[[ $# -ge 2 ]] || usage
command=$1
case $command in
  start) mkdir -p "$2" ;;
  status) [[ -d $2 ]] || { echo "not running" && exit 3; } ;;
  *) [[ -d $2 ]] || exit 0 ;;
esac
dir=$(cd "$2" && pwd)
data=$dir/data
exec 9>"$dir/lock"
[[ $command == status ]] || flock 9 # one command at a time
case $command in
  start)
    bin=$(find_programs)
    [[ ${#dir} -le 80 ]] || fail "the path of $dir is too long for a Unix socket"
    start "${3:-}"
    ;;
  stop) end INT ;;
  kill) end QUIT ;;
  status)
    if ! server_pid >/dev/null; then
      echo "not running"
      exit 3
    fi
    echo "postgres://postgres@127.0.0.1:$(cat "$dir/port")/postgres"
    ;;
  *) usage ;;
esac
