/* SPDX-License-Identifier: MIT
 *
 * An address, number or name behind its qualifiers.
 */
#include <stdlib.h>
#include <string.h>

#include "filter/lower.h"

static const uint8_t all_ones[16] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                      0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static bool is_host_type(unsigned type) {
  return type == W_NONE || type == W_HOST || type == W_NET;
}

static uint32_t mask_of(unsigned bits) {
  return bits == 0 ? 0 : UINT32_MAX << (32 - bits);
}

static struct tap_formula *port(struct tap_lowering *l, uint32_t number, struct tap_qualifier q) {
  if (number > 65535) return tap_lower_refuse(l, "port %u is over 65535", number);
  return tap_lower_ports(l, tap_set_range(l->g, number, number), q.proto, q.dir);
}

/* A plain number: a port, a protocol, or an address as 32 bits. */
static struct tap_formula *number(struct tap_lowering *l, uint32_t n, struct tap_qualifier q) {
  uint32_t mask = UINT32_MAX;
  switch (q.type) {
  case W_PORT:
  case W_PORTRANGE: return port(l, n, q);
  case W_PROTO: return tap_lower_proto(l, n, q.proto);
  case W_PROTOCHAIN: return tap_lower_protochain(l, n, q.proto);
  case W_GATEWAY: return tap_lower_refuse(l, "'gateway' needs a host's name");
  default: break;
  }
  if (q.proto == W_LINK) return tap_lower_refuse(l, "number %u is no hardware address", n);
  for (; q.type == W_NET && n != 0 && n >> 24 == 0; mask <<= 8)
    n <<= 8;
  return tap_lower_host4(l, n, mask, q);
}

/* area.node */
static bool read_decnet(const char *text, uint32_t *out) {
  char *end;
  unsigned long area = strtoul(text, &end, 10), node;
  if (*end != '.') return false;
  node = strtoul(end + 1, &end, 10);
  *out = (uint32_t)(area << 10 | node);
  return *end == '\0' && area < 64 && node < 1024;
}

static struct tap_formula *decnet(struct tap_lowering *l, const struct tap_token *t,
                                  struct tap_qualifier q) {
  uint32_t address;
  if (!is_host_type(q.type) || !read_decnet(t->text, &address))
    return tap_lower_refuse(l, "'%.40s' is no DECnet address (area.node)", t->text);
  return tap_lower_decnet(l, address, q.dir);
}

static bool ipv4_allowed(struct tap_lowering *l, const struct tap_token *t,
                         struct tap_qualifier q) {
  if (t->bits == 0) {
    tap_lower_refuse(l, "'%.40s' is no IPv4 address: a part is over 255", t->text);
  } else if (q.proto == W_LINK) {
    tap_lower_refuse(l, "'%.40s' is no hardware address", t->text);
  } else if (!is_host_type(q.type)) {
    if (q.type == W_GATEWAY)
      tap_lower_refuse(l, "'gateway' needs a host's name");
    else
      tap_lower_refuse(l, "'%s' goes with a number or a name, not with an IPv4 address",
                       tap_word_text(q.type));
  } else {
    return true;
  }
  return false;
}

/* An IPv4 network with its mask; host bits must be 0. */
static struct tap_formula *masked(struct tap_lowering *l, const struct tap_ast *ast,
                                  uint32_t address, uint32_t mask) {
  if (ast->q.type != W_NET)
    return tap_lower_refuse(l, "a mask goes with 'net': write 'net %.40s...'", ast->id->text);
  if (address & ~mask)
    return tap_lower_refuse(l, "'%.40s' has bits outside its mask", ast->id->text);
  return tap_lower_host4(l, address, mask, ast->q);
}

static struct tap_formula *ipv4(struct tap_lowering *l, const struct tap_ast *ast) {
  const struct tap_token *t = ast->id;
  uint32_t address, mask;
  if (ast->q.proto == W_DECNET) return decnet(l, t, ast->q);
  if (!ipv4_allowed(l, t, ast->q)) return NULL;
  address = t->number << (32 - t->bits);
  if (ast->mask != NULL) {
    if (ast->mask->bits == 0) return tap_lower_refuse(l, "'%.40s' is no mask", ast->mask->text);
    mask = ast->mask->number << (32 - ast->mask->bits);
    return masked(l, ast, address, mask);
  }
  if (ast->given) {
    if (ast->number > 32)
      return tap_lower_refuse(l, "an IPv4 address has 32 bits, not %u", ast->number);
    return masked(l, ast, address, mask_of(ast->number));
  }
  return tap_lower_host4(l, address, mask_of(t->bits), ast->q);
}

static struct tap_formula *ipv6(struct tap_lowering *l, const struct tap_ast *ast) {
  uint8_t mask[16];
  uint32_t bits = ast->given ? ast->number : 128;
  if (!is_host_type(ast->q.type) || ast->q.proto == W_LINK)
    return tap_lower_refuse(l, "an IPv6 address needs 'host', 'net', 'src' or 'dst' before it");
  if (bits > 128) return tap_lower_refuse(l, "an IPv6 address has 128 bits, not %u", bits);
  if (bits < 128 && ast->q.type != W_NET)
    return tap_lower_refuse(l, "a prefix length goes with 'net'");
  for (unsigned i = 0; i < 16; i++) {
    unsigned left = bits > 8 * i ? bits - 8 * i : 0;
    mask[i] = (uint8_t)(left >= 8 ? 0xff : 0xff00u >> left);
    if (ast->id->bytes[i] & ~mask[i])
      return tap_lower_refuse(l, "this address has bits outside its prefix of %u", bits);
  }
  return tap_lower_host6(l, ast->id->bytes, mask, ast->q);
}

static struct tap_formula *mac(struct tap_lowering *l, const struct tap_token *t,
                               struct tap_qualifier q) {
  if (q.proto != W_LINK || (q.type != W_NONE && q.type != W_HOST))
    return tap_lower_refuse(l, "a hardware address needs 'ether host', 'ether src' or "
                               "'ether dst' before it");
  return tap_lower_mac(l, t->bytes, q.dir);
}

/* ARCnet's one-byte addresses: source, destination. */
static struct tap_formula *aid(struct tap_lowering *l, const struct tap_token *t,
                               struct tap_qualifier q) {
  struct tap_formula *src, *dst;
  if (l->link->kind != LINK_ARCNET || q.proto != W_LINK || (q.type != W_NONE && q.type != W_HOST))
    return tap_lower_refuse(l, "'$' addresses are those of ARCnet, behind 'link host'");
  src = tap_lower_equal(l, tap_place_header(l), 0, 1, t->number);
  dst = tap_lower_equal(l, tap_place_header(l), 1, 1, t->number);
  if (q.dir == W_SRC) return src;
  if (q.dir == W_DST) return dst;
  return q.dir == W_AND ? tap_both(l, src, dst) : tap_either(l, src, dst);
}

struct tap_formula *tap_lower_id(struct tap_lowering *l, const struct tap_ast *ast) {
  l->span = ast->id->span;
  if (ast->q.dir >= W_ADDR1 && ast->q.dir <= W_TA && !tap_link_is_wlan(l->link))
    return tap_lower_refuse(l, "'%s' is a slot of 802.11 frames, and this is %s",
                            tap_word_text(ast->q.dir), l->link->name);
  switch (ast->id->kind) {
  case TOKEN_NUMBER: return number(l, ast->id->number, ast->q);
  case TOKEN_IPV4: return ipv4(l, ast);
  case TOKEN_IPV6: return ipv6(l, ast);
  case TOKEN_MAC: return mac(l, ast->id, ast->q);
  case TOKEN_AID: return aid(l, ast->id, ast->q);
  default: return tap_lower_name(l, ast);
  }
}

/* One address of a name, as host or network. */
struct tap_formula *tap_lower_address(struct tap_lowering *l, const struct tap_name_address *a,
                                      struct tap_qualifier q) {
  if (a->ipv6) return tap_lower_host6(l, a->bytes, all_ones, q);
  return tap_lower_host4(l, tap_be32(a->bytes), UINT32_MAX, q);
}
