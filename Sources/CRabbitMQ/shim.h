// What Swift cannot import from librabbitmq by itself: a variadic function.
#ifndef TALLYMAN_CRABBITMQ_SHIM_H
#define TALLYMAN_CRABBITMQ_SHIM_H

#include <sys/time.h>

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>

/// `amqp_login_with_properties` with the PLAIN mechanism, without its variable arguments.
static inline amqp_rpc_reply_t tallyman_amqp_login(amqp_connection_state_t state, char const *vhost, int channel_max,
                                                   int frame_max, int heartbeat, const amqp_table_t *properties,
                                                   char const *user, char const *password) {
  return amqp_login_with_properties(state, vhost, channel_max, frame_max, heartbeat, properties, AMQP_SASL_METHOD_PLAIN,
                                    user, password);
}

#endif
