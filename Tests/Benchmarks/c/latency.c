// Latency: from the moment a message should have been published to the arrival of its event.
#define _GNU_SOURCE
#include "broker.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

struct run {
  const char *sink, *name;
  long n, seen;
  double *due, *arrived;
};

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

// "data" names the order, and so does "subject": the first mention will do.
static void note(struct run *r, amqp_bytes_t body, double at) {
  char pattern[64];
  size_t length = (size_t)sprintf(pattern, "ord-%s-", r->name);
  char *found = memmem(body.bytes, body.len, pattern, length);
  long i = found ? atol(found + length) : -1;
  if (i < 0 || i >= r->n || r->arrived[i] > 0) return;
  r->arrived[i] = at;
  r->seen++;
}

static void *listen_to_sink(void *argument) {
  struct run *r = argument;
  amqp_connection_state_t c = dial();
  consume(c, r->sink, 1);
  double last = now();
  while (r->seen < r->n && now() - last < 60) {
    amqp_envelope_t e;
    struct timeval patience = {1, 0};
    amqp_maybe_release_buffers(c);
    if (amqp_consume_message(c, &e, &patience, 0).reply_type != AMQP_RESPONSE_NORMAL) continue;
    last = now();
    note(r, e.message.body, last);
    amqp_destroy_envelope(&e);
  }
  return NULL;
}

static void print(double rate, long sent, long arrived, double *ms, long n) {
  if (!n) die("nothing arrived");
  qsort(ms, (size_t)n, sizeof *ms, ascending);
  printf("{\"rate\":%.0f,\"sent\":%ld,\"arrived\":%ld,\"p50_ms\":%.2f,\"p95_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f}\n",
         rate, sent, arrived, ms[n / 2], ms[n * 95 / 100], ms[n * 99 / 100], ms[n - 1]);
}

// Open loop: each message has a due time, so a stall counts against everything behind it.
void open_loop(double rate, double seconds, double warm, const char *exchange, const char *key, const char *sink,
               const char *name, const struct shape *shape) {
  static char body[BODY_LIMIT];
  char id[ID_SIZE];
  struct run r = {.sink = sink, .name = name, .n = (long)(rate * (seconds + warm))};
  r.due = calloc((size_t)r.n, sizeof *r.due);
  r.arrived = calloc((size_t)r.n, sizeof *r.arrived);
  pthread_t listener;
  pthread_create(&listener, NULL, listen_to_sink, &r);
  nap(0.5);
  amqp_connection_state_t c = dial();
  double start = now();
  for (long i = 0; i < r.n; i++) {
    r.due[i] = start + (double)i / rate;
    nap(r.due[i] - now());
    size_t length = compose(body, id, name, i, shape);
    publish(c, exchange, key, id, (amqp_bytes_t){length, body});
  }
  pthread_join(listener, NULL);
  double *ms = calloc((size_t)r.n, sizeof *ms);
  long n = 0;
  for (long i = (long)(rate * warm); i < r.n; i++)
    if (r.arrived[i] > 0) ms[n++] = (r.arrived[i] - r.due[i]) * 1e3;
  print(rate, r.n, r.seen, ms, n);
}

// Closed loop: the next message is published `gap` seconds after the event of the one before has arrived.
void one_at_a_time(long n, double gap, const char *exchange, const char *key, const char *sink, const char *name,
                   const struct shape *shape) {
  static char body[BODY_LIMIT];
  char id[ID_SIZE];
  amqp_connection_state_t in = dial(), out = dial();
  consume(out, sink, 1);
  double *ms = calloc((size_t)n, sizeof *ms);
  long arrived = 0;
  for (long i = 0; i < n; i++) {
    nap(gap);
    size_t length = compose(body, id, name, i, shape);
    double start = now();
    publish(in, exchange, key, id, (amqp_bytes_t){length, body});
    amqp_envelope_t e;
    struct timeval patience = {20, 0};
    amqp_maybe_release_buffers(out);
    if (amqp_consume_message(out, &e, &patience, 0).reply_type != AMQP_RESPONSE_NORMAL) break;
    ms[arrived++] = (now() - start) * 1e3;
    amqp_destroy_envelope(&e);
  }
  print(0, n, arrived, ms, arrived);
}
