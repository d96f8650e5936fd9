/* SPDX-License-Identifier: MIT
 *
 * Undotted names, which serve any family: the addresses of the outermost IP
 * header of either version, the ports of the outermost transport.  They read
 * where that layer's protocol says that its ends are, and are absent where no
 * layer has any.
 */
#include "proto/builtin.h"
#include "proto/read.h"
#include "proto/walk.h"

/* What the outermost layer with a role says of its ends; NULL where there is none. */
static inline const struct tap_ends *ends_of(const struct tap_packet *p, uint8_t index) {
  if (index == TAP_NO_LAYER) return NULL;
  return &p->walk->walkers[p->layer[index].protocol].ends;
}

static inline bool give_address(const struct tap_packet *p, bool source, struct tap_value *out) {
  const struct tap_ends *ends = ends_of(p, p->network);
  const uint8_t *at;
  if (ends == NULL) return false;
  at = tap_header_at(p, &p->layer[p->network], source ? ends->src : ends->dst, ends->bytes);
  return tap_give_bytes(out, ends->bytes == 4 ? TAP_IPV4 : TAP_IPV6, at, ends->bytes);
}

static inline bool give_port(const struct tap_packet *p, bool source, struct tap_value *out) {
  const struct tap_ends *ends = ends_of(p, p->transport);
  const uint8_t *at;
  if (ends == NULL) return false;
  at = tap_header_at(p, &p->layer[p->transport], source ? ends->src : ends->dst, 2);
  return tap_give_load(out, TAP_UINT, at, 2);
}

static bool read_src(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  (void)layer;
  return nth == 0 && give_address(p, true, out);
}

static bool read_dst(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  (void)layer;
  return nth == 0 && give_address(p, false, out);
}

static bool read_sport(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  (void)layer;
  return nth == 0 && give_port(p, true, out);
}

static bool read_dport(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  (void)layer;
  return nth == 0 && give_port(p, false, out);
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
           .level = TAP_LEVEL_NETWORK),
  TAP_READ("dst", "Destination Address", TAP_IPV6, read_dst, .flags = TAP_HIDDEN,
           .level = TAP_LEVEL_NETWORK),
  TAP_READ("sport", "Source Port", TAP_UINT, read_sport, .flags = TAP_HIDDEN,
           .level = TAP_LEVEL_TRANSPORT),
  TAP_READ("dport", "Destination Port", TAP_UINT, read_dport, .flags = TAP_HIDDEN,
           .level = TAP_LEVEL_TRANSPORT),
  TAP_READ("len", "Length on the wire", TAP_UINT, read_len, .flags = TAP_HIDDEN, .unit = "bytes"),
  TAP_READ("time_ns", "Arrival Time", TAP_INT, read_time_ns, .flags = TAP_HIDDEN, .unit = "ns"),
  { 0 },
};
