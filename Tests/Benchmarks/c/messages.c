// What the benchmark publishes: orders, receipts and moves as CloudEvents.
//
// KIND is zipf, hot or uniform for orders, or one of these followed by -receipts or -moves. From the environment:
// BENCH_LINES (lines per order, 2), BENCH_SKUS (how many SKUs are asked for, 10000), BENCH_QUANTITY (fixed quantity).
#define _GNU_SOURCE
#include "broker.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static uint64_t state[2];

void seed_random(void) {
  if (getrandom(state, sizeof state, 0) < 0) die("random");
}

static uint64_t random64(void) {  // xorshift128+
  uint64_t a = state[0], b = state[1];
  state[0] = b;
  a ^= a << 23;
  state[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
  return state[1] + b;
}

static double fraction(void) { return (double)(random64() >> 11) * 0x1p-53; }

static void uuid(char *out) {
  uint64_t a = random64(), b = random64();
  sprintf(out, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32), (unsigned)(a >> 16) & 0xffff, (unsigned)a & 0xfff,
          0x8000 | ((unsigned)(b >> 48) & 0x3fff), (unsigned long long)(b & 0xffffffffffffULL));
}

static int number(const char *name, int otherwise) {
  const char *value = getenv(name);
  return value ? atoi(value) : otherwise;
}

struct shape shape_of(const char *kind) {
  struct shape s = {.lines = number("BENCH_LINES", 2),
                    .skus = number("BENCH_SKUS", 10000),
                    .quantity = number("BENCH_QUANTITY", 0)};
  s.skew = !strncmp(kind, "hot", 3) ? HOT : !strncmp(kind, "uniform", 7) ? UNIFORM : ZIPF;
  s.what = strstr(kind, "receipts") ? RECEIPTS : strstr(kind, "moves") ? MOVES : ORDERS;
  return s;
}

// Zipf with exponent 1: P(k) ~ 1/k, by inversion.
static int sku(const struct shape *s) {
  if (s->skew == HOT) return 0;
  if (s->skew == UNIFORM) return (int)(random64() % (uint64_t)s->skus);
  return (int)floor(pow(s->skus, fraction())) - 1;
}

static int quantity(const struct shape *s) {
  if (s->quantity) return s->quantity;
  return s->what == RECEIPTS ? 10 : 1 + (int)(random64() % 3);
}

static int data_of_order(char *out, const char *run, long i, const struct shape *s) {
  int n = sprintf(out, "{\"order_id\":\"ord-%s-%ld\",\"customer_id\":\"cust-%d\",\"lines\":[", run, i,
                  (int)(random64() % 5000));
  for (int k = 0; k < s->lines; k++)
    n += sprintf(out + n, "%s{\"sku\":\"SKU-%06d\",\"quantity\":%d}", k ? "," : "", sku(s), quantity(s));
  return n + sprintf(out + n, "]}");
}

static int data(char *out, const char *run, long i, const struct shape *s) {
  if (s->what == ORDERS) return data_of_order(out, run, i, s);
  if (s->what == RECEIPTS)
    return sprintf(out, "{\"receipt_id\":\"rcv-%s-%ld\",\"sku\":\"SKU-%06d\",\"location_id\":\"WH-1\",\"quantity\":%d}",
                   run, i, sku(s), quantity(s));
  return sprintf(out,
                 "{\"move_id\":\"mov-%s-%ld\",\"sku\":\"SKU-%06d\",\"from_location_id\":\"WH-%d\","
                 "\"to_location_id\":\"WH-%d\",\"quantity\":%d}",
                 run, i, sku(s), (int)(i % 2) + 1, 2 - (int)(i % 2), quantity(s));
}

size_t compose(char *body, char *id, const char *run, long i, const struct shape *s) {
  static const char *types[] = {"order.created", "goods.received", "stock.move.requested"};
  char at[32];
  time_t t = time(NULL);
  struct tm tm;
  gmtime_r(&t, &tm);
  strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &tm);
  uuid(id);
  int n = sprintf(body,
                  "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"shop.eu\",\"type\":\"%s\","
                  "\"subject\":\"%s-%ld\",\"time\":\"%s\",\"datacontenttype\":\"application/json\",\"data\":",
                  id, types[s->what], run, i, at);
  n += data(body + n, run, i, s);
  return (size_t)(n + sprintf(body + n, "}"));
}
