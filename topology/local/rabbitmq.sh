#!/usr/bin/env bash
# A private RabbitMQ node on the loopback interface, for tests and demonstrations.
#
#   rabbitmq.sh start DIR [AMQP_PORT] [MGMT_PORT]   start a node with all its state in DIR; free ports if none are given
#   rabbitmq.sh stop DIR                            stop it and its port mapper
#   rabbitmq.sh kill DIR                            end it without warning; its data stay, start continues with them
#   rabbitmq.sh status DIR                          exit code 0 if it runs
#   rabbitmq.sh ctl DIR ARGUMENT...                 rabbitmqctl against it
#
# start writes DIR/amqp-port, DIR/mgmt-port, DIR/dist-port, DIR/epmd-port, DIR/node and DIR/pid, and returns when AMQP
# and the management API answer (or fails after TALLYMAN_BROKER_WAIT seconds, default 120, showing the log's end).
# From the environment: TALLYMAN_DEFINITIONS, a definitions.json that is imported while the node starts;
# TALLYMAN_RABBITMQ_CONF, a file whose lines are added to the node's configuration (TLS listeners and the like);
# RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS, more arguments of the node;
# RABBITMQ_PRIVATE=plain, to schedule and to collect statistics as RabbitMQ does by default, for measuring.
# The user is guest/guest, which RabbitMQ accepts from loopback only; with TALLYMAN_DEFINITIONS nobody else is created.
# A port mapper (epmd) of its own runs beside the node, so that stopping never touches anyone else's.
set -euo pipefail

fail() {
  echo "rabbitmq.sh: $*" >&2
  exit 1
}

# Debian's wrappers in /usr/sbin switch to the rabbitmq user; the real scripts run as whoever calls them.
find_scripts() {
  local candidate
  for candidate in "${RABBITMQ_SCRIPTS:-}" /usr/lib/rabbitmq/bin /opt/rabbitmq/sbin; do
    if [ -n "$candidate" ] && [ -x "$candidate/rabbitmq-server" ]; then
      echo "$candidate"
      return
    fi
  done
  fail "rabbitmq-server not found: install Debian's package rabbitmq-server or set RABBITMQ_SCRIPTS to its folder"
}

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Below Linux's ephemeral range, so that an outgoing connection never holds the port that was found free.
free_port() {
  local port
  for _ in $(seq 200); do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    if port_is_free "$port"; then
      echo "$port"
      return
    fi
  done
  fail "no free port found"
}

# Everything the node's scripts read from the environment. $1 is the folder.
node_environment() {
  local dir=$1
  unset RABBITMQ_NODENAME RABBITMQ_CONF_ENV_FILE ERL_LIBS ERL_FLAGS
  export HOME="$dir/home"
  export ERL_EPMD_PORT ERL_EPMD_ADDRESS=127.0.0.1
  ERL_EPMD_PORT=$(cat "$dir/epmd-port")
  export RABBITMQ_NODENAME RABBITMQ_NODE_PORT RABBITMQ_DIST_PORT
  RABBITMQ_NODENAME=$(cat "$dir/node")
  RABBITMQ_NODE_PORT=$(cat "$dir/amqp-port")
  RABBITMQ_DIST_PORT=$(cat "$dir/dist-port")
  export RABBITMQ_NODE_IP_ADDRESS=127.0.0.1
  export RABBITMQ_MNESIA_BASE="$dir/data" RABBITMQ_LOG_BASE="$dir/log" RABBITMQ_LOGS="$dir/log/node.log"
  export RABBITMQ_CONFIG_FILE="$dir/rabbitmq" RABBITMQ_CONF_ENV_FILE="$dir/env.conf"
  export RABBITMQ_ENABLED_PLUGINS_FILE="$dir/enabled_plugins" RABBITMQ_GENERATED_CONFIG_DIR="$dir/generated"
  # Two schedulers and no busy waiting: a test machine has better things to do. A benchmark wants the node as shipped.
  local scheduling="+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none"
  [ "${RABBITMQ_PRIVATE:-frugal}" != plain ] || scheduling=""
  local more=${RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:-}
  export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="$scheduling -kernel inet_dist_use_interface {127,0,0,1} $more"
  export RABBITMQ_CTL_ERL_ARGS="+S 1:1 +sbwt none"
}

write_configuration() {
  local dir=$1
  mkdir -p "$dir/home" "$dir/data" "$dir/log" "$dir/generated"
  if [ ! -s "$dir/home/.erlang.cookie" ]; then
    od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$dir/home/.erlang.cookie"
    chmod 400 "$dir/home/.erlang.cookie"
  fi
  : >"$dir/env.conf"
  echo '[rabbitmq_management].' >"$dir/enabled_plugins"
  {
    echo "listeners.tcp.1 = 127.0.0.1:$(cat "$dir/amqp-port")"
    echo "management.tcp.ip = 127.0.0.1"
    echo "management.tcp.port = $(cat "$dir/mgmt-port")"
    [ "${RABBITMQ_PRIVATE:-frugal}" = plain ] || echo "collect_statistics_interval = 1000"
    # A private node on a developer's disk or a small CI machine: 100 MB left is enough for it.
    echo "disk_free_limit.absolute = 100MB"
    if [ -n "${TALLYMAN_DEFINITIONS:-}" ]; then
      echo "load_definitions = $(realpath "$TALLYMAN_DEFINITIONS")"
    fi
    if [ -n "${TALLYMAN_RABBITMQ_CONF:-}" ]; then
      cat "$TALLYMAN_RABBITMQ_CONF"
    fi
  } >"$dir/rabbitmq.conf"
}

answers_http() { # any status line will do: an unknown user gets a 401, which is an answer
  local line
  exec 4<>"/dev/tcp/127.0.0.1/$1" || return 1
  printf 'GET /api/overview HTTP/1.0\r\nHost: localhost\r\n\r\n' >&4
  IFS= read -r -t 5 line <&4 || line=""
  exec 4>&-
  [[ $line == HTTP/* ]]
}

answers_amqp() { # a wrong protocol header is answered with the right one
  local answer
  exec 5<>"/dev/tcp/127.0.0.1/$1" || return 1
  printf 'AMQP\0\0\0\0' >&5
  IFS= read -r -t 5 -N 4 answer <&5 || answer=""
  exec 5>&-
  [ "$answer" = AMQP ]
}

# A process that has ended but was not yet waited for by its parent counts as gone.
is_alive() {
  kill -0 "$1" 2>/dev/null || return 1
  ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null
}

is_running() { [ -s "$1/pid" ] && is_alive "$(cat "$1/pid")"; }

wait_until_ready() {
  local dir=$1 deadline=$((SECONDS + ${TALLYMAN_BROKER_WAIT:-120}))
  until answers_amqp "$(cat "$dir/amqp-port")" 2>/dev/null && answers_http "$(cat "$dir/mgmt-port")" 2>/dev/null; do
    if ! is_running "$dir" || [ $SECONDS -ge $deadline ]; then
      tail -n 30 "$dir/log/console" "$dir/log/node.log" >&2 || true
      stop_node "$dir"
      fail "the node in $dir did not come up"
    fi
    sleep 0.2
  done
}

start_node() {
  [ $# -ge 1 ] || fail "start needs a folder"
  mkdir -p "$1"
  local dir scripts
  dir=$(realpath "$1")
  scripts=$(find_scripts)
  ! is_running "$dir" || fail "a node already runs in $dir"
  # A node that starts again in the same folder keeps its ports and name, because its data belongs to them.
  [ -s "$dir/amqp-port" ] && [ -z "${2:-}" ] || echo "${2:-$(free_port)}" >"$dir/amqp-port"
  [ -s "$dir/mgmt-port" ] && [ -z "${3:-}" ] || echo "${3:-$(free_port)}" >"$dir/mgmt-port"
  [ -s "$dir/dist-port" ] || free_port >"$dir/dist-port"
  [ -s "$dir/epmd-port" ] || free_port >"$dir/epmd-port"
  [ -s "$dir/node" ] || echo "tallyman-$(cat "$dir/amqp-port")@localhost" >"$dir/node"
  write_configuration "$dir"
  node_environment "$dir"
  epmd -daemon -relaxed_command_check -port "$ERL_EPMD_PORT" -address 127.0.0.1
  # exec keeps one process between us and the Erlang VM: its pid is the one that a signal has to reach.
  setsid "$scripts/rabbitmq-server" >"$dir/log/console" 2>&1 </dev/null &
  echo $! >"$dir/pid"
  disown
  wait_until_ready "$dir"
}

stop_node() {
  local dir
  dir=$(realpath "$1")
  if is_running "$dir"; then
    kill -TERM "$(cat "$dir/pid")" 2>/dev/null || true
    for _ in $(seq 150); do
      is_running "$dir" || break
      sleep 0.1
    done
  fi
  kill_node "$dir"
  stop_port_mapper "$dir"
}

# The process group is ours alone: setsid made it for this node.
kill_node() {
  local dir pid
  dir=$(realpath "$1")
  [ -s "$dir/pid" ] || return 0
  pid=$(cat "$dir/pid")
  while kill -KILL -- "-$pid" 2>/dev/null && is_alive "$pid"; do sleep 0.05; done
  rm -f "$dir/pid"
}

# The mapper was started with -relaxed_command_check, so it ends on request whatever is still registered with it.
stop_port_mapper() {
  local port
  [ -s "$1/epmd-port" ] || return 0
  port=$(cat "$1/epmd-port")
  for _ in $(seq 50); do
    ! port_is_free "$port" || return 0
    epmd -port "$port" -kill >/dev/null 2>&1 || true
    sleep 0.1
  done
}

control_node() {
  local dir
  dir=$(realpath "$1")
  shift
  node_environment "$dir"
  exec "$(find_scripts)/rabbitmqctl" --node "$RABBITMQ_NODENAME" "$@"
}

command=${1:-}
[ $# -ge 2 ] || fail "usage: rabbitmq.sh start|stop|kill|status|ctl DIR ..."
shift
case $command in
  start) start_node "$@" ;;
  stop) [ ! -d "$1" ] || stop_node "$1" ;;
  kill) kill_node "$1" ;;
  status) is_running "$1" ;;
  ctl) control_node "$@" ;;
  *) fail "unknown command '$command'" ;;
esac
