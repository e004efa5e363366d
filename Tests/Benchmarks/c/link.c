// Connections, queues and confirmed publishing.
#define _GNU_SOURCE
#include "broker.h"
#include <amqp_tcp_socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void nap(double seconds) {
  if (seconds <= 0) return;
  struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
  nanosleep(&t, NULL);
}

void die(const char *what) {
  fprintf(stderr, "broker: %s\n", what);
  exit(1);
}

amqp_bytes_t text(const char *s) { return amqp_cstring_bytes(s); }

void check(amqp_connection_state_t c, const char *what) {
  if (amqp_get_rpc_reply(c).reply_type != AMQP_RESPONSE_NORMAL) die(what);
}

amqp_connection_state_t dial(void) {
  const char *port = getenv("PEER_PORT");
  if (!port) die("PEER_PORT is not set");
  amqp_connection_state_t c = amqp_new_connection();
  amqp_socket_t *s = amqp_tcp_socket_new(c);
  if (amqp_socket_open(s, "127.0.0.1", atoi(port))) die("connect");
  amqp_rpc_reply_t r = amqp_login(c, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest");
  if (r.reply_type != AMQP_RESPONSE_NORMAL) die("login");
  amqp_channel_open(c, 1);
  check(c, "open channel");
  return c;
}

void declare_quorum(amqp_connection_state_t c, const char *queue) {
  amqp_table_entry_t type = {.key = text("x-queue-type")};
  type.value.kind = AMQP_FIELD_KIND_UTF8;
  type.value.value.bytes = text("quorum");
  amqp_table_t arguments = {1, &type};
  amqp_queue_declare(c, 1, text(queue), 0, 1, 0, 0, arguments);
  check(c, "declare queue");
}

void consume(amqp_connection_state_t c, const char *queue, int no_ack) {
  amqp_basic_consume(c, 1, text(queue), amqp_empty_bytes, 0, no_ack, 0, amqp_empty_table);
  check(c, "consume");
}

void publish(amqp_connection_state_t c, const char *exchange, const char *key, const char *id, amqp_bytes_t body) {
  amqp_basic_properties_t p = {
      ._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_CONTENT_TYPE_FLAG,
      .delivery_mode = 2,
      .message_id = text(id),
      .content_type = text("application/cloudevents+json")};
  if (amqp_basic_publish(c, 1, text(exchange), text(key), 0, 0, &p, body)) die("publish");
}

// Waits for one frame; returns how many messages are confirmed. There is one publisher and one queue, so RabbitMQ
// confirms in order and counting is enough.
static long wait_for_confirm(amqp_connection_state_t c, long confirmed) {
  amqp_frame_t f;
  amqp_maybe_release_buffers(c);
  if (amqp_simple_wait_frame(c, &f) < 0) die("wait for a confirm");
  if (f.frame_type != AMQP_FRAME_METHOD) return confirmed;
  if (f.payload.method.id == AMQP_BASIC_NACK_METHOD) die("the broker refused a message");
  if (f.payload.method.id != AMQP_BASIC_ACK_METHOD) return confirmed;
  amqp_basic_ack_t *ack = f.payload.method.decoded;
  return ack->multiple ? (long)ack->delivery_tag : confirmed + 1;
}

void publish_confirmed(long n, int window, size_t size, const char *exchange, const char *key, const char *run,
                       const struct shape *shape) {
  static char body[BODY_LIMIT];
  char id[ID_SIZE];
  amqp_connection_state_t c = dial();
  amqp_confirm_select(c, 1);
  check(c, "confirm mode");
  int twice = getenv("PEER_TWICE") != NULL;
  size_t length = 0;
  long sent = 0, confirmed = 0;
  double start = now();
  while (confirmed < n) {
    while (sent < n && sent - confirmed < window) {
      if (!twice || sent % 2 == 0) length = compose(body, id, run, sent, shape);
      if (length < size) memset(body + length, ' ', size - length);
      publish(c, exchange, key, id, (amqp_bytes_t){length < size ? size : length, body});
      sent++;
    }
    confirmed = wait_for_confirm(c, confirmed);
  }
  printf("{\"published\":%ld,\"window\":%d,\"bytes\":%zu,\"per_s\":%.0f}\n", n, window, length < size ? size : length,
         (double)n / (now() - start));
  amqp_connection_close(c, 200);
}
