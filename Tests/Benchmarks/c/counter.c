// Counts what a program asks of the allocator and of libpq. Preloaded (LD_PRELOAD); writes a line of JSON to the file
// named in COUNTER_FILE when the program ends.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static atomic_long allocations, syncs, flushes, statements;

// glibc's own names for the functions that are replaced here: looking them up would allocate.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
  allocations++;
  return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
  allocations++;
  return __libc_calloc(count, size);
}
void *realloc(void *old, size_t size) {
  allocations++;
  return __libc_realloc(old, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
  allocations++;
  return __libc_memalign(alignment, size);
}
int posix_memalign(void **out, size_t alignment, size_t size) {
  allocations++;
  *out = __libc_memalign(alignment, size);
  return *out ? 0 : 12;  // ENOMEM
}

// libpq: what makes the server answer, and what it is asked to run. A connection is passed through untouched.
typedef void *connection;
static void *next(const char *name) { return dlsym(RTLD_NEXT, name); }

int PQpipelineSync(connection c) {
  static int (*real)(connection);
  if (!real) real = next("PQpipelineSync");
  syncs++;
  return real(c);
}
int PQsendFlushRequest(connection c) {
  static int (*real)(connection);
  if (!real) real = next("PQsendFlushRequest");
  flushes++;
  return real(c);
}
int PQsendQueryPrepared(connection c, const char *name, int n, const char *const *values, const int *lengths,
                        const int *formats, int result) {
  static int (*real)(connection, const char *, int, const char *const *, const int *, const int *, int);
  if (!real) real = next("PQsendQueryPrepared");
  statements++;
  return real(c, name, n, values, lengths, formats, result);
}
int PQsendQueryParams(connection c, const char *sql, int n, const unsigned *types, const char *const *values,
                      const int *lengths, const int *formats, int result) {
  static int (*real)(connection, const char *, int, const unsigned *, const char *const *, const int *, const int *, int);
  if (!real) real = next("PQsendQueryParams");
  statements++;
  return real(c, sql, n, types, values, lengths, formats, result);
}

__attribute__((destructor)) static void report(void) {
  const char *name = getenv("COUNTER_FILE");
  FILE *file = name ? fopen(name, "w") : NULL;
  if (!file) return;
  fprintf(file, "{\"allocations\": %ld, \"round_trips\": %ld, \"statements\": %ld}\n", (long)allocations,
          (long)(syncs + flushes), (long)statements);
  fclose(file);
}
