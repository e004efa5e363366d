/* Kills a worker from outside, at a place that a test chooses: loaded by LD_PRELOAD, it stands between the worker and
 * the two C libraries. The product knows nothing of it.
 *
 *   CRASH_AT=FUNCTION:N        SIGKILL in front of the N-th call of FUNCTION
 *   CRASH_AT=FUNCTION:N:after  SIGKILL behind it
 *   CRASH_AT=FUNCTION/TEXT:N   counts only calls that name TEXT: a statement, an insert of rows that differ in some of
 *                              its parameters (TEXT_3_6) too, or `publish`
 *   CRASH_MARKER=TEXT          abort() when a statement of the pipeline's own carries TEXT in a parameter
 *
 * "After" a send means that the bytes have left: the call is followed by a flush of the connection.
 * CRASH_LOG names a file to which a line is added before each death, so that a test can tell it happened.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <amqp.h>
#include <libpq-fe.h>

static void *original(const char *name) { return dlsym(RTLD_NEXT, name); }

static void leave_a_line(const char *what) {
  const char *path = getenv("CRASH_LOG");
  if (path == NULL) return;
  int file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
  if (file < 0) return;
  if (write(file, what, strlen(what)) < 0 || write(file, "\n", 1) < 0) abort();
  close(file);
}

/* Whether this call is the one; `after` says on which side of it we are. Each call site counts once, in front. */
static int counted;
static int is_the_one(const char *function, const char *text, int after, int seen) {
  const char *plan = getenv("CRASH_AT");
  if (plan == NULL) return 0;
  size_t length = strlen(function);
  if (strncmp(plan, function, length) != 0) return 0;
  plan += length;
  if (*plan == '/') {
    const char *end = strchr(plan, ':');
    if (end == NULL) return 0;
    char wanted[128] = {0};
    size_t size = (size_t)(end - plan - 1);
    if (size >= sizeof wanted) return 0;
    memcpy(wanted, plan + 1, size);
    if (text == NULL || strncmp(text, wanted, size) != 0) return 0;
    if (text[size] != 0 && text[size] != '_') return 0;
    if (text[size + strspn(text + size, "_0123456789")] != 0) return 0;
    plan = end;
  }
  if (*plan != ':') return 0;
  char *rest = NULL;
  long number = strtol(plan + 1, &rest, 10);
  int wants_after = strcmp(rest, ":after") == 0;
  int here = after ? seen : __sync_add_and_fetch(&counted, 1);
  return wants_after == after && here == number;
}

static void die(const char *function) {
  leave_a_line(function);
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static void die_if_marked(const char *statement, int count, const char *const *values, const int *lengths) {
  const char *marker = getenv("CRASH_MARKER");
  /* The statements that deal with the dead message itself carry it too, and are not what it kills. */
  if (marker == NULL || strncmp(statement, "suspect", 7) == 0 || strncmp(statement, "dead_letter", 11) == 0 ||
      strcmp(statement, "inbox_holds") == 0)
    return;
  for (int i = 0; i < count; i++) {
    if (values[i] == NULL) continue;
    if (memmem(values[i], (size_t)lengths[i], marker, strlen(marker)) == NULL) continue;
    leave_a_line(statement);
    abort();
  }
}

/* libpq */

int PQsendQueryPrepared(PGconn *connection, const char *statement, int count, const char *const *values,
                        const int *lengths, const int *formats, int result_format) {
  int (*call)(PGconn *, const char *, int, const char *const *, const int *, const int *, int) =
      original("PQsendQueryPrepared");
  die_if_marked(statement, count, values, lengths);
  if (is_the_one("PQsendQueryPrepared", statement, 0, 0)) die("PQsendQueryPrepared");
  int seen = counted;
  int result = call(connection, statement, count, values, lengths, formats, result_format);
  if (is_the_one("PQsendQueryPrepared", statement, 1, seen)) {
    PQsendFlushRequest(connection);
    while (PQflush(connection) == 1) {}
    die("PQsendQueryPrepared");
  }
  return result;
}

/* librabbitmq */

int amqp_basic_ack(amqp_connection_state_t state, amqp_channel_t channel, uint64_t tag, amqp_boolean_t multiple) {
  int (*call)(amqp_connection_state_t, amqp_channel_t, uint64_t, amqp_boolean_t) = original("amqp_basic_ack");
  if (is_the_one("amqp_basic_ack", NULL, 0, 0)) die("amqp_basic_ack");
  int seen = counted;
  int result = call(state, channel, tag, multiple);
  if (is_the_one("amqp_basic_ack", NULL, 1, seen)) die("amqp_basic_ack");
  return result;
}

/* The kernel: publishes are written together, and past librabbitmq. */

ssize_t send(int socket, const void *bytes, size_t size, int flags) {
  ssize_t (*call)(int, const void *, size_t, int) = original("send");
  /* A frame with a method, on any channel; the method is basic.publish, 40 of class 60. */
  static const unsigned char publish[4] = {0, 60, 0, 40};
  const unsigned char *frame = bytes;
  if (size < 11 || frame[0] != AMQP_FRAME_METHOD || memcmp(frame + 7, publish, sizeof publish) != 0)
    return call(socket, bytes, size, flags);
  if (is_the_one("send", "publish", 0, 0)) die("send");
  int seen = counted;
  ssize_t result = call(socket, bytes, size, flags);
  if (is_the_one("send", "publish", 1, seen)) die("send");
  return result;
}
