// The database half of the C reference: one transaction per batch of orders.
#pragma once
#include <libpq-fe.h>
#include <stdint.h>
enum { MAXLINES = 16, MAXBATCH = 4096 };
struct line {
  char sku[32];
  int qty, row;
}; // row: index into the locked rows, -1 = backorder
struct order {
  char id[64], customer[48];
  uint8_t message[16], event[16];
  int nlines, dup, backorder;
  struct line line[MAXLINES];
  char body[1400];
  int bodylen; // the order.reserved event
};
struct db;
struct db *db_open(const char *conninfo);
// 0: committed (orders[i].dup says which were duplicates). -1: rolled back, nothing written. -2: connection lost.
int db_allocate(struct db *, struct order *, int n);
const char *db_error(struct db *);
void uuid4(uint8_t out[16]);
void uuid_text(const uint8_t in[16], char out[37]);
