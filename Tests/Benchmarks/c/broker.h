// The benchmark's own hands on the broker: what its commands share.
#pragma once
#include <amqp.h>
#include <amqp_framing.h>
#include <stddef.h>

enum { BODY_LIMIT = 1 << 16, ID_SIZE = 40 };

// What is published. Read from the command line and the environment, see messages.c.
struct shape {
  enum { ORDERS, RECEIPTS, MOVES } what;
  enum { ZIPF, HOT, UNIFORM } skew;  // of the SKUs
  int lines, skus, quantity;         // quantity 0: 1 to 3 in orders and moves, 10 in receipts
};

// link.c
double now(void);        // seconds, monotonic
void nap(double seconds);
void die(const char *what);
amqp_bytes_t text(const char *s);
amqp_connection_state_t dial(void);  // to 127.0.0.1, port in PEER_PORT, channel 1 open
void check(amqp_connection_state_t c, const char *what);
void declare_quorum(amqp_connection_state_t c, const char *queue);
void consume(amqp_connection_state_t c, const char *queue, int no_ack);
void publish(amqp_connection_state_t c, const char *exchange, const char *key, const char *id, amqp_bytes_t body);
// Publishes n messages, at most `window` of them unconfirmed. At least `size` bytes each, padded with spaces.
void publish_confirmed(long n, int window, size_t size, const char *exchange, const char *key, const char *run,
                       const struct shape *shape);

// messages.c
void seed_random(void);
struct shape shape_of(const char *kind);
// Writes message number i of a run, returns its length. `id` gets its CloudEvents id.
size_t compose(char *body, char *id, const char *run, long i, const struct shape *shape);

// latency.c
void open_loop(double rate, double seconds, double warm, const char *exchange, const char *key, const char *sink,
               const char *run, const struct shape *shape);
void one_at_a_time(long n, double gap, const char *exchange, const char *key, const char *sink, const char *run,
                   const struct shape *shape);
