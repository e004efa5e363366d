// The C reference, near what these two libraries allow.
//
// LANES threads, each one broker connection + one database connection, natural batching
// (take what has arrived, up to BATCH), one transaction and one multiple-ack per batch; one relay thread.
// env: PEER_PG, PEER_PORT, LANES, BATCH, PREFETCH, RELAY_BATCH
#define _GNU_SOURCE
#include "reference_db.h"
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int env(const char *k, int d) {
  const char *s = getenv(k);
  return s ? atoi(s) : d;
}
static void die(const char *m) {
  fprintf(stderr, "reference: %s\n", m);
  exit(1);
}
static amqp_bytes_t B(const char *s) { return amqp_cstring_bytes(s); }
static amqp_connection_state_t dial(void) {
  amqp_connection_state_t c = amqp_new_connection();
  amqp_socket_t *s = amqp_tcp_socket_new(c);
  if (amqp_socket_open(s, "127.0.0.1", env("PEER_PORT", 5672))) die("connect");
  if (amqp_login(c, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest").reply_type != AMQP_RESPONSE_NORMAL)
    die("login");
  amqp_channel_open(c, 1);
  if (amqp_get_rpc_reply(c).reply_type != AMQP_RESPONSE_NORMAL) die("channel");
  return c;
}

// lanes wake the relay after each commit
static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cv = PTHREAD_COND_INITIALIZER;
static long commits;
static void wake(void) {
  pthread_mutex_lock(&mu);
  commits++;
  pthread_cond_signal(&cv);
  pthread_mutex_unlock(&mu);
}
static void sleep_until_commit(long *seen) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  t.tv_nsec += 100000000;
  if (t.tv_nsec >= 1000000000) {
    t.tv_sec++;
    t.tv_nsec -= 1000000000;
  }
  pthread_mutex_lock(&mu);
  while (commits == *seen)
    if (pthread_cond_timedwait(&cv, &mu, &t) == ETIMEDOUT) break;
  *seen = commits;
  pthread_mutex_unlock(&mu);
}

// --- parsing: just enough JSON for the known shape; anything unusual is rejected as poison
static char *str(char *p, char *end, const char *key, char *out, size_t cap) {
  size_t k = strlen(key);
  char *a = memmem(p, end - p, key, k);
  if (!a) return NULL;
  a += k;
  char *b = memchr(a, '"', end - a);
  if (!b || (size_t)(b - a) >= cap || memchr(a, '\\', b - a)) return NULL;
  memcpy(out, a, b - a);
  out[b - a] = 0;
  return b;
}
static int hexuuid(amqp_bytes_t b, uint8_t *o) {
  const char *s = b.bytes;
  if (b.len != 36) return -1;
  for (int i = 0, n = 0; i < 36; i++) {
    if (s[i] == '-') continue;
    int v = s[i] >= 'a' ? s[i] - 'a' + 10 : s[i] >= 'A' ? s[i] - 'A' + 10 : s[i] - '0';
    if (v < 0 || v > 15) return -1;
    if (n & 1)
      o[n / 2] |= v;
    else
      o[n / 2] = v << 4;
    n++;
  }
  return 0;
}
static int parse(struct order *o, amqp_message_t *m) {
  char *p = m->body.bytes, *end = p + m->body.len;
  if (hexuuid(m->properties.message_id, o->message)) return -1;
  if (!(p = str(p, end, "\"order_id\":\"", o->id, sizeof o->id)) ||
      !(p = str(p, end, "\"customer_id\":\"", o->customer, sizeof o->customer)))
    return -1;
  for (o->nlines = 0; o->nlines < MAXLINES; o->nlines++) {
    struct line *l = &o->line[o->nlines];
    char *q = str(p, end, "\"sku\":\"", l->sku, sizeof l->sku);
    if (!q) break;
    char *n = memmem(q, end - q, "\"quantity\":", 11);
    if (!n) return -1;
    l->qty = atoi(n + 11);
    if (l->qty <= 0) return -1;
    p = n;
  }
  return o->nlines ? 0 : -1;
}

static void *lane(void *arg) {
  (void)arg;
  int max = env("BATCH", 200);
  if (max > MAXBATCH) max = MAXBATCH;
  struct db *d = db_open(getenv("PEER_PG"));
  struct order *o = calloc(max, sizeof *o);
  uint64_t *tag = calloc(max, 8);
  amqp_connection_state_t c = dial();
  amqp_basic_qos(c, 1, 0, env("PREFETCH", 2 * max), 0);
  amqp_basic_consume(c, 1, B("peer.orders"), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  if (amqp_get_rpc_reply(c).reply_type != AMQP_RESPONSE_NORMAL) die("consume");
  for (;;) {
    int n = 0;
    struct timeval zero = {0, 0};
    amqp_envelope_t e;
    amqp_maybe_release_buffers(c);
    while (n < max) {
      amqp_rpc_reply_t r = amqp_consume_message(c, &e, n ? &zero : NULL, 0);
      if (r.reply_type != AMQP_RESPONSE_NORMAL) {
        if (r.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION && r.library_error == AMQP_STATUS_TIMEOUT) break;
        die("consume message");
      }
      if (parse(&o[n], &e.message))
        amqp_basic_reject(c, 1, e.delivery_tag, 0);
      else
        tag[n++] = e.delivery_tag;
      amqp_destroy_envelope(&e);
    }
    if (!n) continue;
    int rc = db_allocate(d, o, n);
    if (rc == -2) die("database connection lost");
    if (rc == 0)
      amqp_basic_ack(c, 1, tag[n - 1], 1);
    else
      for (int i = 0; i < n; i++) { // one bad order must not hold up the others
        if ((rc = db_allocate(d, &o[i], 1)) == -2) die("database connection lost");
        if (rc == 0)
          amqp_basic_ack(c, 1, tag[i], 0);
        else {
          fprintf(stderr, "rejected %s: %s\n", o[i].id, db_error(d));
          amqp_basic_reject(c, 1, tag[i], 0);
        }
      }
    wake();
  }
  return NULL;
}

// --- relay: select a batch, publish it, wait for all confirms, delete it together with the next select.
// `floor` skips the dead head of the index; it returns to 0 whenever a select comes back short, so a row
// whose transaction committed late with a lower id is picked up then.
static uint64_t confirm(amqp_connection_state_t c, uint64_t acked) {
  amqp_frame_t f;
  amqp_maybe_release_buffers(c);
  if (amqp_simple_wait_frame(c, &f) < 0) die("confirm");
  if (f.frame_type == AMQP_FRAME_METHOD) {
    if (f.payload.method.id == AMQP_BASIC_NACK_METHOD || f.payload.method.id == AMQP_CHANNEL_CLOSE_METHOD) die("nack");
    if (f.payload.method.id == AMQP_BASIC_ACK_METHOD) {
      amqp_basic_ack_t *a = f.payload.method.decoded;
      return a->multiple && a->delivery_tag > acked ? a->delivery_tag : acked + 1;
    }
  }
  return acked;
}
static PGresult *ask(PGconn *g, PGresult *r, ExecStatusType want) {
  if (PQresultStatus(r) != want) die(PQerrorMessage(g));
  return r;
}
static void *relay(void *arg) {
  (void)arg;
  int max = env("RELAY_BATCH", 1000);
  long seen = -1;
  PGconn *g = PQconnectdb(getenv("PEER_PG"));
  if (PQstatus(g) != CONNECTION_OK) die("relay database");
  PQclear(PQexec(g, "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_bitmapscan = off; "
                    "set enable_hashjoin = off; set enable_mergejoin = off"));
  PQclear(ask(g,
              PQprepare(g, "take",
                        "select id, event_id, routing_key, body from peer.outbox where id > $1 order by id limit $2", 0,
                        NULL),
              PGRES_COMMAND_OK));
  PQclear(
      ask(g, PQprepare(g, "drop", "delete from peer.outbox where id = any($1::bigint[])", 0, NULL), PGRES_COMMAND_OK));
  amqp_connection_state_t c = dial();
  amqp_confirm_select(c, 1);
  if (amqp_get_rpc_reply(c).reply_type != AMQP_RESPONSE_NORMAL) die("confirm.select");
  PQenterPipelineMode(g);
  char *del = malloc(20 + 12 * (size_t)max);
  int ndel = 0;
  uint64_t sent = 0, acked = 0;
  int64_t floor = 0;
  for (;;) {
    if (ndel) {
      uint32_t h[5] = {htonl(1), 0, htonl(20), htonl(ndel), htonl(1)};
      memcpy(del, h, 20);
      const char *v[1] = {del};
      int l[1] = {20 + 12 * ndel}, f[1] = {1};
      PQsendQueryPrepared(g, "drop", 1, v, l, f, 1);
      PQpipelineSync(g); // its own commit
    }
    int64_t fl = htobe64(floor), lim = htobe64((int64_t)max);
    const char *v[2] = {(char *)&fl, (char *)&lim};
    int l[2] = {8, 8}, f[2] = {1, 1};
    PQsendQueryPrepared(g, "take", 2, v, l, f, 1);
    PQpipelineSync(g);
    if (ndel) {
      PQclear(ask(g, PQgetResult(g), PGRES_COMMAND_OK));
      PQgetResult(g);
      PQclear(ask(g, PQgetResult(g), PGRES_PIPELINE_SYNC));
    }
    PGresult *r = ask(g, PQgetResult(g), PGRES_TUPLES_OK);
    PQgetResult(g);
    PQclear(ask(g, PQgetResult(g), PGRES_PIPELINE_SYNC));
    int n = PQntuples(r);
    ndel = n;
    for (int i = 0; i < n; i++) {
      char id[37];
      uuid_text((uint8_t *)PQgetvalue(r, i, 1), id);
      amqp_basic_properties_t p = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG |
                                             AMQP_BASIC_CONTENT_TYPE_FLAG,
                                   .delivery_mode = 2,
                                   .message_id = B(id),
                                   .content_type = B("application/cloudevents+json")};
      amqp_bytes_t body = {PQgetlength(r, i, 3), PQgetvalue(r, i, 3)};
      if (amqp_basic_publish(c, 1, B("supply.events"), B(PQgetvalue(r, i, 2)), 0, 0, &p, body)) die("publish");
      sent++;
      uint32_t len = htonl(8);
      memcpy(del + 20 + 12 * i, &len, 4);
      memcpy(del + 24 + 12 * i, PQgetvalue(r, i, 0), 8);
    }
    int64_t lastid = 0;
    if (n) memcpy(&lastid, PQgetvalue(r, n - 1, 0), 8);
    floor = n == max ? (int64_t)be64toh(lastid) : 0;
    PQclear(r);
    while (acked < sent)
      acked = confirm(c, acked);
    if (!n) sleep_until_commit(&seen);
  }
  return NULL;
}

int main(void) {
  pthread_t t;
  int lanes = env("LANES", 1);
  pthread_create(&t, NULL, relay, NULL);
  for (int i = 0; i < lanes; i++)
    pthread_create(&t, NULL, lane, NULL);
  pthread_join(t, NULL);
  return 0;
}
