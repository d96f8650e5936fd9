/* SPDX-License-Identifier: MIT
 *
 * A new table is a name in enum tap_table and a line here.
 */
#include "proto/table.h"

#include <string.h>

#include "proto/protocol.h"
#include "proto/registry.h"

static const struct {
  const char *field;
  enum tap_table table;
} leading[] = {
  { "frame.linktype", TAP_BY_LINKTYPE }, { "eth.type", TAP_BY_ETHERTYPE },
  { "ethertype", TAP_BY_ETHERTYPE },     { "llc.dsap", TAP_BY_LLC },
  { "ip.proto", TAP_BY_IP_PROTO },       { "ipv6.nxt", TAP_BY_IP_PROTO },
  { "tcp.port", TAP_BY_TCP_PORT },       { "udp.port", TAP_BY_UDP_PORT },
  { "vlan.etype", TAP_BY_ETHERTYPE },    { "llc.type", TAP_BY_ETHERTYPE },
  { "gre.proto", TAP_BY_ETHERTYPE },     { "llc.pid", TAP_BY_CISCO },
  { "ppp.protocol", TAP_BY_PPP },        { "fr.nlpid", TAP_BY_NLPID },
  { "slow.subtype", TAP_BY_SLOW },
};

enum { LEADING = sizeof leading / sizeof leading[0] };

int tap_table_of(const char *field) {
  for (unsigned i = 0; i < LEADING; i++)
    if (strcmp(leading[i].field, field) == 0) return (int)leading[i].table;
  return -1;
}

int tap_table_none(const char *field, struct tap_err *e) {
  const char *names[LEADING], *near;
  for (unsigned i = 0; i < LEADING; i++)
    names[i] = leading[i].field;
  near = tap_nearest(field, names, LEADING);
  if (near == NULL) return tap_fail(e, 0, "no protocol is found by '%s'", field);
  return tap_fail(e, 0, "no protocol is found by '%s' (did you mean '%s'?)", field, near);
}
