// The broker's side of the benchmark: topology, load, watching queues, latency, ceilings.
#define _GNU_SOURCE
#include "broker.h"
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

static const char *usage =
    "usage: broker COMMAND, the broker's port on 127.0.0.1 in PEER_PORT\n"
    "  setup EXCHANGE [QUEUE KEY]...             exchange and empty quorum queues; one queue's keys together\n"
    "  load N WINDOW EXCHANGE KEY RUN KIND       publish with confirms; KIND: see messages.c\n"
    "  watch QUEUE lt|ge|consumers COUNT EVERY_MS TIMEOUT_S\n"
    "  distinct QUEUE RUN N                      empty a queue: \"messages distinct-orders\"\n"
    "  latency RATE SECONDS WARMUP EXCHANGE KEY SINK RUN KIND\n"
    "  single N GAP_S EXCHANGE KEY SINK RUN KIND one message at a time\n"
    "  rawpub N WINDOW [BYTES]                   confirmed publishing into a queue of its own\n"
    "  rawcons N PREFETCH ACK_BATCH              consuming from it\n"
    "  spin                                      how fast is this machine right now?\n";

static void setup(int n, char **v) {
  amqp_connection_state_t c = dial();
  amqp_exchange_declare(c, 1, text(v[2]), text("topic"), 0, 1, 0, 0, amqp_empty_table);
  check(c, "declare exchange");
  for (int i = 3; i + 1 < n; i += 2) {
    if (i == 3 || strcmp(v[i], v[i - 2])) {
      amqp_queue_delete(c, 1, text(v[i]), 0, 0);
      check(c, "delete queue");
      declare_quorum(c, v[i]);
    }
    amqp_queue_bind(c, 1, text(v[i]), text(v[2]), text(v[i + 1]), amqp_empty_table);
    check(c, "bind");
  }
  amqp_connection_close(c, 200);
}

// Prints "time count", or "timeout count" with exit code 2.
static int watch(char **v) {
  amqp_connection_state_t c = dial();
  double end = now() + atof(v[6]);
  long wanted = atol(v[4]);
  for (;;) {
    amqp_queue_declare_ok_t *d = amqp_queue_declare(c, 1, text(v[2]), 1, 0, 0, 0, amqp_empty_table);
    check(c, "look at queue");
    long have = !strcmp(v[3], "consumers") ? d->consumer_count : d->message_count;
    if (!strcmp(v[3], "lt") ? have < wanted : have >= wanted) {
      printf("%.6f %ld\n", now(), have);
      amqp_connection_close(c, 200);
      return 0;
    }
    if (now() > end) {
      printf("timeout %ld\n", have);
      return 2;
    }
    amqp_maybe_release_buffers(c);
    nap(atof(v[5]) / 1e3);
  }
}

static void distinct(char **v) {
  amqp_connection_state_t c = dial();
  long n = atol(v[4]), total = 0, seen = 0;
  char *met = calloc((size_t)n, 1), pattern[64];
  size_t length = (size_t)sprintf(pattern, "ord-%s-", v[3]);
  consume(c, v[2], 1);
  for (amqp_envelope_t e;; amqp_destroy_envelope(&e)) {
    struct timeval patience = {2, 0};
    amqp_maybe_release_buffers(c);
    if (amqp_consume_message(c, &e, &patience, 0).reply_type != AMQP_RESPONSE_NORMAL) break;
    total++;
    char *found = memmem(e.message.body.bytes, e.message.body.len, pattern, length);
    long i = found ? atol(found + length) : -1;
    if (i < 0 || i >= n || met[i]) continue;
    met[i] = 1;
    seen++;
  }
  printf("%ld %ld\n", total, seen);
}

static void raw_publish(int n, char **v) {
  amqp_connection_state_t c = dial();
  amqp_queue_delete(c, 1, text("peer.raw"), 0, 0);
  declare_quorum(c, "peer.raw");
  amqp_connection_close(c, 200);
  struct shape shape = shape_of("zipf");
  publish_confirmed(atol(v[2]), atoi(v[3]), n > 4 ? strtoul(v[4], NULL, 10) : 0, "", "peer.raw", "raw", &shape);
}

static void raw_consume(char **v) {
  amqp_connection_state_t c = dial();
  long n = atol(v[2]);
  int batch = atoi(v[4]);
  amqp_basic_qos(c, 1, 0, (uint16_t)atoi(v[3]), 0);
  consume(c, "peer.raw", 0);
  double start = now();
  for (long got = 1; got <= n; got++) {
    amqp_envelope_t e;
    amqp_maybe_release_buffers(c);
    if (amqp_consume_message(c, &e, NULL, 0).reply_type != AMQP_RESPONSE_NORMAL) die("consume message");
    if (got % batch == 0 || got == n) amqp_basic_ack(c, 1, e.delivery_tag, 1);
    amqp_destroy_envelope(&e);
  }
  printf("{\"consumed\":%ld,\"prefetch\":%s,\"ack_batch\":%d,\"per_s\":%.0f}\n", n, v[3], batch,
         (double)n / (now() - start));
  amqp_connection_close(c, 200);
}

// A fixed kind of work for 0.3 s: million steps per second.
static void *spin(void *result) {
  static _Thread_local uint64_t memory[1 << 15];
  uint64_t x = 88172645463325252ULL, n = 0;
  double end = now() + 0.3;
  while (now() < end)
    for (int i = 0; i < 20000; i++, n++) {
      x ^= x << 13, x ^= x >> 7, x ^= x << 17;
      memory[x & 32767] += x;
    }
  *(double *)result = (double)n / 0.3e6;
  return NULL;
}

static void spin_twice(void) {
  pthread_t threads[2];
  double speeds[2];
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, spin, &speeds[i]);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  printf("%.0f\n", speeds[0] + speeds[1]);
}

int main(int n, char **v) {
  seed_random();
  const char *command = n > 1 ? v[1] : "";
  struct shape shape = shape_of(n > 7 ? v[n - 1] : "zipf");
  if (!strcmp(command, "setup") && n > 2) setup(n, v);
  else if (!strcmp(command, "load") && n == 8) publish_confirmed(atol(v[2]), atoi(v[3]), 0, v[4], v[5], v[6], &shape);
  else if (!strcmp(command, "watch") && n == 7) return watch(v);
  else if (!strcmp(command, "distinct") && n == 5) distinct(v);
  else if (!strcmp(command, "latency") && n == 10)
    open_loop(atof(v[2]), atof(v[3]), atof(v[4]), v[5], v[6], v[7], v[8], &shape);
  else if (!strcmp(command, "single") && n == 9) one_at_a_time(atol(v[2]), atof(v[3]), v[4], v[5], v[6], v[7], &shape);
  else if (!strcmp(command, "rawpub") && n >= 4) raw_publish(n, v);
  else if (!strcmp(command, "rawcons") && n == 5) raw_consume(v);
  else if (!strcmp(command, "spin")) spin_twice();
  else {
    fputs(usage, stderr);
    return 2;
  }
  return 0;
}
