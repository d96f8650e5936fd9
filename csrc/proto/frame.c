/* SPDX-License-Identifier: MIT
 *
 * What is known of a frame's coming, as fields: they need no decoding and are
 * there for every link type.  Lengths count a VLAN tag that the kernel lifted
 * out of the bytes, as it was on the wire.
 */
#include "proto/builtin.h"
#include "proto/read.h"

static bool read_number(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  (void)layer;
  return nth == 0 && tap_give_number(out, TAP_UINT, p->number);
}

static bool read_len(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  (void)layer;
  return nth == 0 && tap_give_number(out, TAP_UINT, tap_frame_wire_len(p->frame));
}

static bool read_cap_len(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  (void)layer;
  return nth == 0 && tap_give_number(out, TAP_UINT, tap_frame_cap_len(p->frame));
}

static bool give_time(const struct tap_packet *p, unsigned nth, enum tap_type type,
                      struct tap_value *out) {
  if (nth > 0 || p->frame->flags & TAP_FRAME_NO_TIME) return false;
  return tap_give_number(out, type, (uint64_t)p->frame->ts_ns);
}

static bool read_time(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  (void)layer;
  return give_time(p, nth, TAP_TIME, out);
}

static bool read_time_ns(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  (void)layer;
  return give_time(p, nth, TAP_INT, out);
}

static bool read_interface(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  (void)layer;
  return nth == 0 && tap_give_number(out, TAP_UINT, p->frame->interface);
}

static bool read_linktype(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  (void)layer;
  return nth == 0 && tap_give_number(out, TAP_UINT, p->frame->linktype);
}

static bool read_direction(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  (void)layer;
  if (nth > 0 || p->frame->direction == TAP_DIR_UNKNOWN) return false;
  return tap_give_number(out, TAP_UINT, p->frame->direction);
}

static bool read_rxhash(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  (void)layer;
  if (nth > 0 || p->frame->rxhash == 0) return false;
  return tap_give_number(out, TAP_UINT, p->frame->rxhash);
}

static const struct tap_name direction_names[] = {
  { TAP_DIR_IN, "in" },
  { TAP_DIR_OUT, "out" },
  { 0, NULL },
};

static const struct tap_name linktype_names[] = {
  { 0, "NULL" },
  { 1, "ETHERNET" },
  { 101, "RAW" },
  { 105, "IEEE802_11" },
  { 108, "LOOP" },
  { 113, "LINUX_SLL" },
  { 127, "IEEE802_11_RADIOTAP" },
  { 228, "IPV4" },
  { 229, "IPV6" },
  { 276, "LINUX_SLL2" },
  { 0, NULL },
};

const struct tap_field tap_frame_fields[] = {
  TAP_READ("frame.number", "Frame Number", TAP_UINT, read_number),
  TAP_READ("frame.len", "Length on the wire", TAP_UINT, read_len, .unit = "bytes"),
  TAP_READ("frame.cap_len", "Captured Length", TAP_UINT, read_cap_len, .unit = "bytes"),
  TAP_READ("frame.time", "Arrival Time", TAP_TIME, read_time),
  TAP_READ("frame.time_epoch", "Epoch Time", TAP_TIME, read_time, .flags = TAP_HIDDEN),
  TAP_READ("frame.time_ns", "Epoch Time in nanoseconds", TAP_INT, read_time_ns, .flags = TAP_HIDDEN,
           .unit = "ns"),
  TAP_READ("frame.interface_id", "Interface", TAP_UINT, read_interface),
  TAP_READ("frame.linktype", "Link Type", TAP_UINT, read_linktype, .names = linktype_names),
  TAP_READ("frame.direction", "Direction", TAP_UINT, read_direction, .names = direction_names),
  TAP_READ("frame.rxhash", "Receive Hash", TAP_UINT, read_rxhash, .flags = TAP_HEX, .bits = 32),
  { 0 },
};
