/* SPDX-License-Identifier: MIT
 *
 * IPv4 options (RFC 791, 781, 2113, 1063), read from the bytes when somebody
 * asks.  Occurrences count over all options of the header, in their order.
 */
#include "proto/ipopt.h"

#include "proto/option.h"
#include "proto/read.h"

enum { IP_HEADER = 20 };
enum {
  RECORD_ROUTE = 7,
  MTU_PROBE = 11,
  MTU_REPLY = 12,
  TIME_STAMP = 68,
  LOOSE_ROUTE = 131,
  STREAM_ID = 136,
  STRICT_ROUTE = 137,
  ROUTER_ALERT = 148
};

/* Bytes of an option before the first address or time stamp. */
enum { ROUTE_FIRST = 3, TIME_STAMP_FIRST = 4 };

const struct tap_name tap_ipopt_names[] = {
  { TAP_OPTION_END, "End of Options List" },
  { TAP_OPTION_NOP, "No Operation" },
  { RECORD_ROUTE, "Record Route" },
  { MTU_PROBE, "MTU Probe" },
  { MTU_REPLY, "MTU Reply" },
  { 25, "Quick-Start" },
  { TIME_STAMP, "Time Stamp" },
  { 82, "Traceroute" },
  { 130, "Security" },
  { LOOSE_ROUTE, "Loose Source Route" },
  { 133, "Extended Security" },
  { 134, "Commercial Security" },
  { STREAM_ID, "Stream ID" },
  { STRICT_ROUTE, "Strict Source Route" },
  { ROUTER_ALERT, "Router Alert" },
  { 0, NULL },
};

static bool any_option(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_option *out) {
  struct tap_cursor c = tap_header_window(p, layer, IP_HEADER);
  while (tap_option_next(&c, out))
    if (nth-- == 0) return true;
  return false;
}

bool tap_ipopt_type(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  struct tap_option o;
  return any_option(p, layer, nth, &o) && tap_give_number(out, TAP_UINT, o.kind);
}

bool tap_ipopt_type_copy(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  struct tap_option o;
  return any_option(p, layer, nth, &o) && tap_give_number(out, TAP_FLAG, o.kind >> 7);
}

bool tap_ipopt_type_class(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  struct tap_option o;
  return any_option(p, layer, nth, &o) && tap_give_number(out, TAP_UINT, o.kind >> 5 & 3);
}

bool tap_ipopt_type_number(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  struct tap_option o;
  return any_option(p, layer, nth, &o) && tap_give_number(out, TAP_UINT, o.kind & 0x1f);
}

bool tap_ipopt_len(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                   struct tap_value *out) {
  struct tap_cursor c = tap_header_window(p, layer, IP_HEADER);
  struct tap_option o;
  while (tap_option_next(&c, &o))
    if (o.kind > TAP_OPTION_NOP && nth-- == 0) return tap_give_number(out, TAP_UINT, o.size);
  return false;
}

static bool is_route(unsigned kind) {
  return kind == RECORD_ROUTE || kind == LOOSE_ROUTE || kind == STRICT_ROUTE;
}

bool tap_ipopt_ptr(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                   struct tap_value *out) {
  struct tap_cursor c = tap_header_window(p, layer, IP_HEADER);
  struct tap_option o;
  while (tap_option_next(&c, &o))
    if ((is_route(o.kind) || o.kind == TIME_STAMP) && o.size > 2 && nth-- == 0)
      return tap_give_number(out, TAP_UINT, o.at[2]);
  return false;
}

/* Option 'nth' of those of a kind that have at least 'size' bytes. */
static bool sized_option(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         unsigned kind, unsigned size, struct tap_option *out) {
  struct tap_cursor c = tap_header_window(p, layer, IP_HEADER);
  while (tap_option_next(&c, out))
    if (out->kind == kind && out->size >= size && nth-- == 0) return true;
  return false;
}

/* The two bytes that are all of a small option. */
static bool give_small(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       unsigned kind, struct tap_value *out) {
  struct tap_option o;
  return sized_option(p, layer, nth, kind, 4, &o) &&
         tap_give_number(out, TAP_UINT, tap_be16(o.at + 2));
}

bool tap_ipopt_ra(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                  struct tap_value *out) {
  return give_small(p, layer, nth, ROUTER_ALERT, out);
}

bool tap_ipopt_sid(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                   struct tap_value *out) {
  return give_small(p, layer, nth, STREAM_ID, out);
}

bool tap_ipopt_mtu(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                   struct tap_value *out) {
  struct tap_cursor c = tap_header_window(p, layer, IP_HEADER);
  struct tap_option o;
  while (tap_option_next(&c, &o))
    if ((o.kind == MTU_PROBE || o.kind == MTU_REPLY) && o.size >= 4 && nth-- == 0)
      return tap_give_number(out, TAP_UINT, tap_be16(o.at + 2));
  return false;
}

bool tap_ipopt_overflow(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  struct tap_option o;
  return sized_option(p, layer, nth, TIME_STAMP, TIME_STAMP_FIRST, &o) &&
         tap_give_number(out, TAP_UINT, o.at[3] >> 4);
}

bool tap_ipopt_flag(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  struct tap_option o;
  return sized_option(p, layer, nth, TIME_STAMP, TIME_STAMP_FIRST, &o) &&
         tap_give_number(out, TAP_UINT, o.at[3] & 0x0f);
}

/* Slot 'nth' of all time stamp options, or of those with addresses: four bytes of time, with four
 * of address before it where the option's flag says so. */
static const uint8_t *time_slot(const struct tap_packet *p, const struct tap_layer *layer,
                                unsigned nth, bool addresses, bool *has_address) {
  struct tap_cursor c = tap_header_window(p, layer, IP_HEADER);
  struct tap_option o;
  while (tap_option_find(&c, TIME_STAMP, 0, &o)) {
    unsigned size, slots;
    if (o.size < TIME_STAMP_FIRST) continue;
    *has_address = (o.at[3] & 0x0f) != 0;
    if (addresses && !*has_address) continue;
    size = *has_address ? 8 : 4;
    slots = (o.size - (unsigned)TIME_STAMP_FIRST) / size;
    if (nth < slots) return o.at + TIME_STAMP_FIRST + nth * size;
    nth -= slots;
  }
  return NULL;
}

bool tap_ipopt_time_stamp(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  bool has_address;
  const uint8_t *slot = time_slot(p, layer, nth, false, &has_address);
  return slot != NULL && tap_give_load(out, TAP_UINT, has_address ? slot + 4 : slot, 4);
}

bool tap_ipopt_time_stamp_addr(const struct tap_packet *p, const struct tap_layer *layer,
                               unsigned nth, struct tap_value *out) {
  bool has_address;
  return tap_give_bytes(out, TAP_IPV4, time_slot(p, layer, nth, true, &has_address), 4);
}

/* The pointer of a route counts from 1 and marks the first address that is not used yet; one
 * that marks no address's start tells nothing. */
static unsigned used_addresses(const struct tap_option *o) {
  unsigned used = (o->at[2] - 1u - ROUTE_FIRST) / 4, room = (o->size - (unsigned)ROUTE_FIRST) / 4;
  return used < room ? used : room;
}

static bool route_is_sane(const struct tap_option *o) {
  return o->size >= ROUTE_FIRST && o->at[2] > ROUTE_FIRST && o->at[2] % 4 == 0;
}

bool tap_ipopt_rec_rt(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  struct tap_cursor c = tap_header_window(p, layer, IP_HEADER);
  struct tap_option o;
  while (tap_option_next(&c, &o)) {
    unsigned used = is_route(o.kind) && route_is_sane(&o) ? used_addresses(&o) : 0;
    if (nth < used) return tap_give_bytes(out, TAP_IPV4, o.at + ROUTE_FIRST + 4 * nth, 4);
    nth -= used;
  }
  return false;
}

bool tap_ipopt_empty_rt(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  struct tap_cursor c = tap_header_window(p, layer, IP_HEADER);
  struct tap_option o;
  while (tap_option_find(&c, RECORD_ROUTE, 0, &o)) {
    unsigned used, room;
    if (!route_is_sane(&o)) continue;
    used = used_addresses(&o);
    room = (o.size - (unsigned)ROUTE_FIRST) / 4;
    if (nth < room - used)
      return tap_give_bytes(out, TAP_IPV4, o.at + ROUTE_FIRST + 4 * (used + nth), 4);
    nth -= room - used;
  }
  return false;
}
