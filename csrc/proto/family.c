/* SPDX-License-Identifier: MIT
 *
 * Undotted names, which serve any family: the addresses of the outermost IP
 * header of either version, the ports of the outermost transport.  They read
 * where that layer's protocol says that its ends are, and are absent where no
 * layer has any.
 */
#include "proto/builtin.h"
#include "proto/ends.h"
#include "proto/read.h"

static bool read_src(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  (void)layer;
  return nth == 0 && tap_ends_address(p, true, out);
}

static bool read_dst(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  (void)layer;
  return nth == 0 && tap_ends_address(p, false, out);
}

static bool read_sport(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  (void)layer;
  return nth == 0 && tap_ends_port(p, true, out);
}

static bool read_dport(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  (void)layer;
  return nth == 0 && tap_ends_port(p, false, out);
}

static bool read_len(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  (void)layer;
  return nth == 0 && tap_give_number(out, TAP_UINT, tap_frame_wire_len(p->frame));
}

static bool read_time_ns(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  (void)layer;
  if (nth > 0 || p->frame->flags & TAP_FRAME_NO_TIME) return false;
  return tap_give_number(out, TAP_INT, (uint64_t)p->frame->ts_ns);
}

/* The type of src and dst is what the value says, IPv4 or IPv6; the rows name the wider one. */
const struct tap_field tap_family_fields[] = {
  TAP_READ("src", "Source Address", TAP_IPV6, read_src, .flags = TAP_HIDDEN,
           .level = TAP_LEVEL_NETWORK, .access = TAP_ACCESS_SRC),
  TAP_READ("dst", "Destination Address", TAP_IPV6, read_dst, .flags = TAP_HIDDEN,
           .level = TAP_LEVEL_NETWORK, .access = TAP_ACCESS_DST),
  TAP_READ("sport", "Source Port", TAP_UINT, read_sport, .flags = TAP_HIDDEN,
           .level = TAP_LEVEL_TRANSPORT, .access = TAP_ACCESS_SPORT),
  TAP_READ("dport", "Destination Port", TAP_UINT, read_dport, .flags = TAP_HIDDEN,
           .level = TAP_LEVEL_TRANSPORT, .access = TAP_ACCESS_DPORT),
  TAP_READ("len", "Length on the wire", TAP_UINT, read_len, .flags = TAP_HIDDEN, .unit = "bytes",
           .access = TAP_ACCESS_LEN),
  TAP_READ("time_ns", "Arrival Time", TAP_INT, read_time_ns, .flags = TAP_HIDDEN, .unit = "ns"),
  { 0 },
};
