# One image with every executable; what a container runs is its command.
#
#   docker build -t tallyman:local .
#
# The last stage holds the programs, the C libraries that they load and nothing to build with. Debian's release must be
# the same in both stages, because the programs load the C libraries that they were linked against.
ARG SWIFT_IMAGE=docker.io/library/swift:6.3-bookworm
ARG RUNTIME_IMAGE=docker.io/library/debian:bookworm-slim

FROM ${SWIFT_IMAGE} AS build
RUN export DEBIAN_FRONTEND=noninteractive \
  && apt-get update -q \
  && apt-get install -y -q --no-install-recommends \
    binutils libcurl4-openssl-dev libpq-dev librabbitmq-dev libssl-dev pkg-config \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
ARG PROGRAMS="inventory-worker allocation-worker notification-worker outbox-relay tallyman"
# The build folder is a cache that outlives this build: an edit compiles in seconds, the first time takes minutes.
# Swift's runtime goes into the programs (Package.swift). Foundation and its ICU data must not: they would double a
# worker's memory.
RUN --mount=type=cache,id=tallyman-build,target=/source/.build,sharing=locked \
  set -eu; \
  mkdir -p /programs; \
  for program in ${PROGRAMS}; do \
    swift build -c release --product "$program"; \
  done; \
  folder=$(swift build -c release --show-bin-path); \
  for program in ${PROGRAMS}; do \
    nm "$folder/$program" >/tmp/symbols; \
    grep -q swift_retain /tmp/symbols || { echo "$program: its symbols cannot be read" >&2; exit 1; }; \
    if grep -qE 'icudt[0-9]+_dat|s10Foundation[0-9]' /tmp/symbols; then \
      echo "$program contains Foundation or ICU: import FoundationEssentials instead" >&2; exit 1; \
    fi; \
    install -s -m 0755 "$folder/$program" /programs/; \
  done

FROM ${RUNTIME_IMAGE}
RUN export DEBIAN_FRONTEND=noninteractive \
  && apt-get update -q \
  && apt-get install -y -q --no-install-recommends \
    ca-certificates libcurl4 libpq5 librabbitmq4 libssl3 libstdc++6 \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log /var/cache/debconf/*-old
COPY --from=build /programs/ /usr/local/bin/
COPY --chmod=0755 topology/compose/worker-ready.sh /usr/local/bin/worker-ready
# Every program starts, so no library is missing, before the image exists.
ARG PROGRAMS="inventory-worker allocation-worker notification-worker outbox-relay tallyman"
RUN set -eu; for program in ${PROGRAMS}; do "$program" --version; done
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="tallyman" \
  org.opencontainers.image.description="Keeps the stock of a supply chain true: events from RabbitMQ, applied to PostgreSQL" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
# A number, so that an orchestrator can see that it is not root.
USER 10001:10001
STOPSIGNAL SIGTERM
EXPOSE 8080
CMD ["tallyman", "--help"]
