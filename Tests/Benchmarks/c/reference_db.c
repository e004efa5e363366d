// One transaction per batch, two round trips in libpq pipeline mode:
//   1. inbox insert, lock the balance rows         -> decide here
//   2. update balances, insert everything, Sync    -> the Sync commits (implicit transaction)
// All parameters are binary arrays, all statements prepared once.
#define _GNU_SOURCE
#include "reference_db.h"
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { TEXT = 25, INT4 = 23, UUID = 2950, TID = 27 };
struct buf {
  char *p;
  size_t len, cap;
  int n;
};
struct row {
  char sku[32], loc[32], tid[6];
  int avail, delta;
};
struct db {
  PGconn *c;
  char err[512];
  struct buf b[24];
  const char **skus;
  int nskus;
  int *first;
  struct row *rows;
  int nrows, caprows;
};

static _Thread_local uint64_t rs[2];
static uint64_t rnd(void) {
  if (!rs[0] && getrandom(rs, sizeof rs, 0) < 0) abort();
  uint64_t a = rs[0], b = rs[1];
  rs[0] = b;
  a ^= a << 23;
  rs[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
  return rs[1] + b;
}
void uuid4(uint8_t o[16]) {
  uint64_t a[2] = {rnd(), rnd()};
  memcpy(o, a, 16);
  o[6] = (o[6] & 0x0f) | 0x40;
  o[8] = (o[8] & 0x3f) | 0x80;
}
void uuid_text(const uint8_t in[16], char out[37]) {
  static const char *h = "0123456789abcdef";
  char *p = out;
  for (int i = 0; i < 16; i++) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *p++ = '-';
    *p++ = h[in[i] >> 4];
    *p++ = h[in[i] & 15];
  }
  *p = 0;
}

// --- binary arrays
static char *grow(struct buf *b, size_t n) {
  if (b->len + n > b->cap) {
    b->cap = (b->len + n) * 2 + 4096;
    b->p = realloc(b->p, b->cap);
    if (!b->p) abort();
  }
  char *q = b->p + b->len;
  b->len += n;
  return q;
}
static void put32(struct buf *b, int v) {
  uint32_t x = htonl((uint32_t)v);
  memcpy(grow(b, 4), &x, 4);
}
static void arr(struct buf *b, int oid) {
  b->len = 0;
  b->n = 0;
  put32(b, 1);
  put32(b, 0);
  put32(b, oid);
  put32(b, 0);
  put32(b, 1);
}
static void el(struct buf *b, const void *p, int n) {
  put32(b, n);
  memcpy(grow(b, n), p, n);
  b->n++;
}
static void els(struct buf *b, const char *s) { el(b, s, (int)strlen(s)); }
static void eli(struct buf *b, int v) {
  put32(b, 4);
  put32(b, v);
  b->n++;
}
static void done(struct buf *b) {
  uint32_t x = htonl((uint32_t)b->n);
  memcpy(b->p + 12, &x, 4);
  if (!b->n) {
    b->len = 12;
    memset(b->p, 0, 4);
  }
}

static const struct {
  const char *name, *sql;
} stmts[] = {
    // Optimistic: a plain insert costs half of `on conflict do nothing` (no speculative insertion). If it hits a
    // duplicate the whole batch rolls back and runs again with `dedupe`, which tells the new messages from the old.
    {"inbox", "insert into peer.inbox(consumer, message_id) select 'alloc', unnest($1::uuid[])"},
    {"dedupe", "insert into peer.inbox(consumer, message_id) select 'alloc', unnest($1::uuid[]) on conflict do nothing "
               "returning message_id"},
    {"lock", "select sku, location, on_hand - reserved, ctid from peer.balances where sku = any($1::text[]) order by "
             "sku, location for update"},
    {"update", "update peer.balances b set reserved = b.reserved + u.d from unnest($1::tid[], $2::int[]) u(t, d) where "
               "b.ctid = u.t"},
    {"orders", "insert into peer.orders(order_id, customer_id, status) select unnest($1::text[]), unnest($2::text[]), "
               "unnest($3::text[])"},
    {"lines", "insert into peer.order_lines(order_id, line_no, sku, quantity, reserved) select unnest($1::text[]), "
              "unnest($2::int[]), unnest($3::text[]), unnest($4::int[]), unnest($5::int[])"},
    {"reserve", "insert into peer.reservations(order_id, line_no, sku, location, quantity) select unnest($1::text[]), "
                "unnest($2::int[]), unnest($3::text[]), unnest($4::text[]), unnest($5::int[])"},
    {"ledger",
     "insert into peer.stock_ledger(sku, location, kind, on_hand_delta, reserved_delta, reference, message_id)"
     " select unnest($1::text[]), unnest($2::text[]), 'reserve', 0, unnest($3::int[]), unnest($4::text[]), "
     "unnest($5::uuid[])"},
    {"outbox", "insert into peer.outbox(event_id, routing_key, body) select unnest($1::uuid[]), 'order.reserved', "
               "unnest($2::text[])"},
};

struct db *db_open(const char *ci) {
  struct db *d = calloc(1, sizeof *d);
  d->c = PQconnectdb(ci);
  if (PQstatus(d->c) != CONNECTION_OK) {
    fprintf(stderr, "%s", PQerrorMessage(d->c));
    exit(1);
  }
  const char *set = getenv("PEER_SET");
  PQclear(PQexec(d->c, set ? set
                           : "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_hashjoin "
                             "= off; set enable_mergejoin = off; set enable_bitmapscan = off; set jit = off"));
  for (size_t i = 0; i < sizeof stmts / sizeof *stmts; i++) {
    PGresult *r = PQprepare(d->c, stmts[i].name, stmts[i].sql, 0, NULL);
    if (PQresultStatus(r) != PGRES_COMMAND_OK) {
      fprintf(stderr, "%s", PQerrorMessage(d->c));
      exit(1);
    }
    PQclear(r);
  }
  PQenterPipelineMode(d->c);
  d->skus = malloc(sizeof *d->skus * MAXBATCH * MAXLINES);
  d->first = malloc(sizeof(int) * (MAXBATCH * MAXLINES + 1));
  return d;
}
const char *db_error(struct db *d) { return d->err; }

static int exec(struct db *d, const char *name, int n, struct buf *b) {
  const char *v[8];
  int l[8], f[8];
  for (int i = 0; i < n; i++) {
    done(&b[i]);
    v[i] = b[i].p;
    l[i] = (int)b[i].len;
    f[i] = 1;
  }
  return PQsendQueryPrepared(d->c, name, n, v, l, f, 1);
}
// Next statement's result (PQgetResult gives NULL between statements). NULL on error.
static PGresult *result(struct db *d) {
  PGresult *r = PQgetResult(d->c);
  if (!r) r = PQgetResult(d->c);
  ExecStatusType s = PQresultStatus(r);
  if (s == PGRES_TUPLES_OK || s == PGRES_COMMAND_OK || s == PGRES_PIPELINE_SYNC) return r;
  if (s == PGRES_FATAL_ERROR) snprintf(d->err, sizeof d->err, "%s", PQresultErrorMessage(r));
  PQclear(r);
  return NULL;
}
static int fail(struct db *d, int synced) {
  if (!synced) PQpipelineSync(d->c);
  for (int quiet = 0; quiet < 2;) {
    if (PQstatus(d->c) != CONNECTION_OK) return -2;
    PGresult *r = PQgetResult(d->c);
    if (!r) {
      quiet++;
      continue;
    }
    quiet = 0;
    int end = PQresultStatus(r) == PGRES_PIPELINE_SYNC;
    PQclear(r);
    if (end) break;
  }
  return -1;
}
static int cmps(const void *a, const void *b) { return strcmp(*(const char **)a, *(const char **)b); }
static int g32(PGresult *r, int i, int j) {
  uint32_t x;
  memcpy(&x, PQgetvalue(r, i, j), 4);
  return (int)ntohl(x);
}

static void event(struct order *o, struct row *rows, const char *ts) {
  char id[37];
  uuid4(o->event);
  uuid_text(o->event, id);
  int n =
      snprintf(o->body, sizeof o->body,
               "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"peer\",\"type\":\"order.reserved\",\"subject\":\"%"
               "s\",\"time\":\"%s\","
               "\"datacontenttype\":\"application/json\",\"data\":{\"order_id\":\"%s\",\"status\":\"%s\",\"lines\":[",
               id, o->id, ts, o->id, o->backorder ? "backordered" : "reserved");
  for (int k = 0; k < o->nlines; k++) {
    struct line *l = &o->line[k];
    if (l->row >= 0)
      n += snprintf(o->body + n, sizeof o->body - n,
                    "%s{\"line\":%d,\"sku\":\"%s\",\"location\":\"%s\",\"quantity\":%d}", k ? "," : "", k + 1, l->sku,
                    rows[l->row].loc, l->qty);
    else
      n += snprintf(o->body + n, sizeof o->body - n, "%s{\"line\":%d,\"sku\":\"%s\",\"location\":null,\"quantity\":%d}",
                    k ? "," : "", k + 1, l->sku, l->qty);
  }
  o->bodylen = n + snprintf(o->body + n, sizeof o->body - n, "]}}");
}

static int attempt(struct db *d, struct order *o, int n, int dedupe) {
  struct buf *b = d->b;
  int ns = 0;
  arr(&b[0], UUID);
  arr(&b[1], TEXT);
  for (int i = 0; i < n; i++) {
    el(&b[0], o[i].message, 16);
    for (int k = 0; k < o[i].nlines; k++)
      d->skus[ns++] = o[i].line[k].sku;
  }
  qsort(d->skus, ns, sizeof *d->skus, cmps);
  d->nskus = 0;
  for (int i = 0; i < ns; i++)
    if (!i || strcmp(d->skus[i], d->skus[d->nskus - 1])) {
      d->skus[d->nskus++] = d->skus[i];
      els(&b[1], d->skus[i]);
    }
  if (!exec(d, dedupe ? "dedupe" : "inbox", 1, &b[0]) || !exec(d, "lock", 1, &b[1]) || !PQsendFlushRequest(d->c) ||
      PQflush(d->c) < 0)
    return -2;

  // dedupe: fewer rows back than sent means duplicates
  PGresult *r = result(d);
  if (!r) return fail(d, 0);
  int fresh = dedupe ? PQntuples(r) : n;
  for (int i = 0; i < n; i++)
    o[i].dup = fresh != n;
  if (fresh != n)
    for (int j = 0; j < fresh; j++)
      for (int i = 0; i < n; i++)
        if (o[i].dup && !memcmp(PQgetvalue(r, j, 0), o[i].message, 16)) {
          o[i].dup = 0;
          break;
        }
  PQclear(r);
  // the locked rows come in (sku, location) order, as the sorted SKUs do
  if (!(r = result(d))) return fail(d, 0);
  d->nrows = PQntuples(r);
  if (d->nrows > d->caprows) {
    d->caprows = d->nrows * 2;
    d->rows = realloc(d->rows, sizeof *d->rows * d->caprows);
  }
  for (int i = 0; i < d->nrows; i++) {
    struct row *w = &d->rows[i];
    snprintf(w->sku, sizeof w->sku, "%.*s", PQgetlength(r, i, 0), PQgetvalue(r, i, 0));
    snprintf(w->loc, sizeof w->loc, "%.*s", PQgetlength(r, i, 1), PQgetvalue(r, i, 1));
    w->avail = g32(r, i, 2);
    w->delta = 0;
    memcpy(w->tid, PQgetvalue(r, i, 3), 6);
  }
  for (int s = 0, i = 0; s <= d->nskus; s++) {
    d->first[s] = i;
    while (s < d->nskus && i < d->nrows && !strcmp(d->rows[i].sku, d->skus[s]))
      i++;
  }
  PQclear(r);

  for (int i = 2; i < 24; i++)
    b[i].len = 0;
  struct buf *up = &b[2], *od = &b[4], *ln = &b[7], *rv = &b[12], *lg = &b[17], *ob = &b[22];
  static const int types[22] = {TID,  INT4, TEXT, TEXT, TEXT, TEXT, INT4, TEXT, INT4, INT4, TEXT,
                                INT4, TEXT, TEXT, INT4, TEXT, TEXT, INT4, TEXT, UUID, UUID, TEXT};
  for (int i = 2; i < 24; i++)
    arr(&b[i], types[i - 2]);
  char ts[32];
  time_t t = time(NULL);
  struct tm tm;
  gmtime_r(&t, &tm);
  strftime(ts, sizeof ts, "%Y-%m-%dT%H:%M:%SZ", &tm);
  for (int i = 0; i < n; i++) {
    if (o[i].dup) continue;
    o[i].backorder = 0;
    for (int k = 0; k < o[i].nlines; k++) {
      struct line *l = &o[i].line[k];
      const char *key = l->sku;
      l->row = -1;
      const char **at = bsearch(&key, d->skus, d->nskus, sizeof *d->skus, cmps);
      int s = (int)(at - d->skus);
      for (int j = d->first[s]; j < d->first[s + 1]; j++)
        if (d->rows[j].avail >= l->qty) {
          l->row = j;
          break;
        }
      els(&ln[0], o[i].id);
      eli(&ln[1], k + 1);
      els(&ln[2], l->sku);
      eli(&ln[3], l->qty);
      eli(&ln[4], l->row < 0 ? 0 : l->qty);
      if (l->row < 0) {
        o[i].backorder = 1;
        continue;
      }
      struct row *w = &d->rows[l->row];
      w->avail -= l->qty;
      w->delta += l->qty;
      els(&rv[0], o[i].id);
      eli(&rv[1], k + 1);
      els(&rv[2], l->sku);
      els(&rv[3], w->loc);
      eli(&rv[4], l->qty);
      els(&lg[0], l->sku);
      els(&lg[1], w->loc);
      eli(&lg[2], l->qty);
      els(&lg[3], o[i].id);
      el(&lg[4], o[i].message, 16);
    }
    els(&od[0], o[i].id);
    els(&od[1], o[i].customer);
    els(&od[2], o[i].backorder ? "backordered" : "reserved");
    event(&o[i], d->rows, ts);
    el(&ob[0], o[i].event, 16);
    el(&ob[1], o[i].body, o[i].bodylen);
  }
  for (int i = 0; i < d->nrows; i++)
    if (d->rows[i].delta) {
      el(&up[0], d->rows[i].tid, 6);
      eli(&up[1], d->rows[i].delta);
    }
  int want = up[0].n;
  if (!exec(d, "update", 2, up) || !exec(d, "orders", 3, od) || !exec(d, "lines", 5, ln) ||
      !exec(d, "reserve", 5, rv) || !exec(d, "ledger", 5, lg) || !exec(d, "outbox", 2, ob) || !PQpipelineSync(d->c))
    return -2;
  for (int i = 0; i < 7; i++) {
    if (!(r = result(d))) return fail(d, 1);
    if (i == 0 && atoi(PQcmdTuples(r)) != want) {
      fprintf(stderr, "update hit %s of %d rows\n", PQcmdTuples(r), want);
      abort();
    }
    PQclear(r);
  }
  return 0;
}

int db_allocate(struct db *d, struct order *o, int n) {
  int rc = attempt(d, o, n, 0);
  return rc == -1 ? attempt(d, o, n, 1) : rc;
}
