/* SPDX-License-Identifier: MIT
 *
 * Names of hosts, networks, services and protocols.  A word that is a
 * protocol or a field for moontap gets an error that says what to write.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter/lower.h"
#include "filter/numbers.h"

enum { ADDRESSES_MAX = 64 };

/* "unknown host 'x'", and what to write where 'x' means something else. */
static void *unknown(struct tap_lowering *l, const char *what, const char *name) {
  const struct tap_registry *r = l->options->registry;
  struct tap_ref ref;
  struct tap_err ignored;
  tap_lower_refuse(l, "unknown %s '%.80s'", what, name);
  if (r != NULL && tap_registry_find(r, name, &ref, &ignored) == 0) {
    char hint[128];
    snprintf(hint, sizeof hint, "a name here; for the %s write 'has %.60s'",
             ref.field == NULL ? "protocol" : "field", name);
    tap_filter_expected(l->e, hint);
  } else {
    tap_filter_suggest(l->e, tap_word_nearest(name));
  }
  return NULL;
}

static struct tap_formula *host(struct tap_lowering *l, const char *name, struct tap_qualifier q) {
  const struct tap_resolver *names = l->options->names;
  struct tap_name_address found[ADDRESSES_MAX];
  struct tap_formula *f = tap_formula_constant(l->arena, false);
  size_t n = 0, used = 0;
  if (names != NULL && names->host != NULL)
    n = names->host(names->context, name, found, ADDRESSES_MAX);
  if (n == 0) return unknown(l, "host", name);
  for (size_t i = 0; i < n; i++) {
    if (found[i].ipv6 ? q.proto != W_NONE && q.proto != W_IP6 : q.proto == W_IP6) continue;
    f = tap_either(l, f, tap_lower_address(l, &found[i], q));
    used++;
  }
  if (used == 0)
    return tap_lower_refuse(l, "host '%.80s' has no address for '%s'", name,
                            tap_word_text(q.proto));
  return f;
}

static bool find_mac(struct tap_lowering *l, const char *name, uint8_t mac[6]) {
  const struct tap_resolver *names = l->options->names;
  if (names != NULL && names->ether != NULL && names->ether(names->context, name, mac)) return true;
  unknown(l, "hardware address", name);
  return false;
}

static struct tap_formula *network(struct tap_lowering *l, const char *name,
                                   struct tap_qualifier q) {
  const struct tap_resolver *names = l->options->names;
  uint32_t address, mask = UINT32_MAX;
  if (names == NULL || names->network == NULL || !names->network(names->context, name, &address))
    return unknown(l, "network", name);
  for (; address != 0 && address >> 24 == 0; mask <<= 8)
    address <<= 8;
  return tap_lower_host4(l, address, mask, q);
}

/* The port of a service for one protocol. */
static bool service(const struct tap_lowering *l, const char *name, const char *protocol,
                    uint16_t *port) {
  const struct tap_resolver *names = l->options->names;
  return names != NULL && names->service != NULL &&
         names->service(names->context, name, protocol, port);
}

/* A service's port, and which of TCP and UDP have it: where both have one number, either. */
static bool find_port(struct tap_lowering *l, const char *name, uint32_t *port, unsigned *proto) {
  uint16_t tcp, udp;
  bool has_tcp = service(l, name, "tcp", &tcp), has_udp = service(l, name, "udp", &udp);
  if (!has_tcp && !has_udp) return false;
  *port = has_tcp ? tcp : udp;
  *proto = has_tcp && has_udp && tcp == udp ? W_NONE : has_tcp ? W_TCP : W_UDP;
  return true;
}

/* What the qualifier and the service agree on. */
static bool agree(struct tap_lowering *l, const char *name, struct tap_qualifier q,
                  unsigned *proto) {
  if (*proto == W_NONE || q.proto == W_NONE || q.proto == *proto) {
    if (q.proto != W_NONE) *proto = q.proto;
    return true;
  }
  tap_lower_refuse(l, "port '%.80s' is a port of %s", name, tap_word_text(*proto));
  return false;
}

static struct tap_formula *port(struct tap_lowering *l, const char *name, struct tap_qualifier q) {
  uint32_t number;
  unsigned proto;
  if (!find_port(l, name, &number, &proto)) return unknown(l, "port", name);
  if (!agree(l, name, q, &proto)) return NULL;
  return tap_lower_ports(l, tap_set_range(l->g, number, number), proto, q.dir);
}

/* One end of a range: a number or a service's name of 'n' bytes. */
static bool range_end(struct tap_lowering *l, const char *text, size_t n, uint32_t *port,
                      unsigned *proto) {
  char name[64], *end;
  unsigned long number;
  if (n == 0 || n >= sizeof name) return false;
  memcpy(name, text, n);
  name[n] = '\0';
  number = strtoul(name, &end, 10);
  *proto = W_NONE;
  *port = (uint32_t)number;
  if (*end != '\0') return find_port(l, name, port, proto);
  if (number <= 65535) return true;
  tap_lower_refuse(l, "port %lu is over 65535", number);
  return false;
}

static struct tap_formula *ports(struct tap_lowering *l, const char *name, struct tap_qualifier q) {
  const char *dash = strchr(name, '-');
  uint32_t low, high;
  unsigned proto, other;
  if (dash == NULL) return port(l, name, q);
  if (!range_end(l, name, (size_t)(dash - name), &low, &proto) ||
      !range_end(l, dash + 1, strlen(dash + 1), &high, &other))
    return unknown(l, "port in the range", name);
  if (proto == W_NONE || proto != other) proto = proto == W_NONE ? other : W_NONE;
  if (!agree(l, name, q, &proto)) return NULL;
  return tap_lower_ports(l, tap_set_range(l->g, low < high ? low : high, low < high ? high : low),
                         proto, q.dir);
}

/* Names of EtherTypes and of LLC's access points. */
static bool find_ethertype(const char *name, uint32_t *out) {
  static const struct {
    const char *name;
    uint32_t type;
  } rows[] = {
    { "ip", ETHERTYPE_IP },
    { "ip6", ETHERTYPE_IPV6 },
    { "arp", ETHERTYPE_ARP },
    { "rarp", ETHERTYPE_RARP },
    { "aarp", ETHERTYPE_AARP },
    { "atalk", ETHERTYPE_ATALK },
    { "decnet", ETHERTYPE_DECNET },
    { "lat", ETHERTYPE_LAT },
    { "sca", ETHERTYPE_SCA },
    { "mopdl", ETHERTYPE_MOPDL },
    { "moprc", ETHERTYPE_MOPRC },
    { "loopback", ETHERTYPE_LOOPBACK },
    { "iso", LLC_ISO },
    { "stp", LLC_STP },
    { "ipx", LLC_IPX },
    { "netbeui", LLC_NETBEUI },
    { "vlan", ETHERTYPE_VLAN },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (strcmp(rows[i].name, name) == 0) {
      *out = rows[i].type;
      return true;
    }
  return false;
}

static struct tap_formula *protocol(struct tap_lowering *l, const char *name,
                                    struct tap_qualifier q) {
  const struct tap_resolver *names = l->options->names;
  static const struct {
    const char *name;
    uint8_t number;
  } iso[] = {
    { "clnp", 0x81 }, { "esis", 0x82 }, { "es-is", 0x82 }, { "isis", 0x83 }, { "is-is", 0x83 },
  };
  uint32_t type;
  uint8_t n;
  if (q.proto == W_LINK) {
    if (!find_ethertype(name, &type)) return unknown(l, "ether proto", name);
    return tap_lower_type(l, type);
  }
  for (size_t i = 0; q.proto == W_ISO && i < sizeof iso / sizeof iso[0]; i++)
    if (strcmp(iso[i].name, name) == 0) return tap_lower_proto(l, iso[i].number, W_ISO);
  if (q.proto != W_NONE && q.proto != W_IP && q.proto != W_IP6)
    return tap_lower_refuse(l, "unknown protocol '%.80s' of '%s'", name, tap_word_text(q.proto));
  if (names == NULL || names->protocol == NULL || !names->protocol(names->context, name, &n))
    return unknown(l, "protocol", name);
  if (q.type == W_PROTOCHAIN) return tap_lower_protochain(l, n, q.proto);
  return tap_lower_proto(l, n, q.proto);
}

/* From or to a host's hardware address, but not from or to its IPv4 address: routed by it. */
static struct tap_formula *gateway(struct tap_lowering *l, const char *name,
                                   struct tap_qualifier q) {
  const struct tap_qualifier ip = { .proto = W_IP };
  struct tap_formula *f;
  uint8_t mac[6];
  if (q.proto != W_NONE && q.proto != W_IP && q.proto != W_ARP && q.proto != W_RARP)
    return tap_lower_refuse(l, "'gateway' does not go with '%s'", tap_word_text(q.proto));
  if (!find_mac(l, name, mac)) return NULL;
  f = tap_lower_mac(l, mac, W_OR);
  return tap_both(l, f, tap_unless(l, host(l, name, ip)));
}

struct tap_formula *tap_lower_name(struct tap_lowering *l, const struct tap_ast *ast) {
  const char *name = ast->id->text;
  uint8_t mac[6];
  switch (ast->q.type) {
  case W_NET: return network(l, name, ast->q);
  case W_PORT: return port(l, name, ast->q);
  case W_PORTRANGE: return ports(l, name, ast->q);
  case W_PROTO:
  case W_PROTOCHAIN: return protocol(l, name, ast->q);
  case W_GATEWAY: return gateway(l, name, ast->q);
  default: break;
  }
  if (ast->q.proto != W_LINK) return host(l, name, ast->q);
  if (!find_mac(l, name, mac)) return NULL;
  return tap_lower_mac(l, mac, ast->q.dir);
}
