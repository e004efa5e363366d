#!/usr/bin/env bash
# In the image as `worker-ready`: exit code 0 if the worker or relay of this container is ready for work, which means
# that the database answers, the consumer is alive on the broker and the schema is new enough. Needs no HTTP client.
set -euo pipefail
exec 3<>"/dev/tcp/127.0.0.1/${TALLYMAN_HTTP_PORT:-8080}"
printf 'GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
IFS=$' \r' read -r _ status _ <&3
page=$(cat <&3)
# The last line is the page, which says what is missing; an engine shows it beside the container's health.
echo "$status ${page##*$'\n'}"
[[ $status == 200 ]]
