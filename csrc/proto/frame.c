/* SPDX-License-Identifier: MIT
 *
 * What is known of a frame's coming, as fields: they need no decoding and are
 * there for every link type.  Lengths count a VLAN tag that the kernel lifted
 * out of the bytes, as it was on the wire.
 */
#include "base/about.h"
#include "base/order.h"
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
  if (nth > 0 || p->frame->interface == TAP_NO_INTERFACE) return false;
  return tap_give_number(out, TAP_UINT, p->frame->interface);
}

static bool give_text(struct tap_value *out, const char *text) {
  return text != NULL && tap_give_bytes(out, TAP_STRING, (const uint8_t *)text, strlen(text));
}

static bool read_interface_name(const struct tap_packet *p, const struct tap_layer *layer,
                                unsigned nth, struct tap_value *out) {
  const struct tap_about *about = p->frame->about;
  (void)layer;
  return nth == 0 && about != NULL && give_text(out, about->interface);
}

static bool read_file(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  const struct tap_about *about = p->frame->about;
  (void)layer;
  return nth == 0 && about != NULL && give_text(out, about->file);
}

static bool read_comment(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  struct tap_remark comment;
  (void)layer;
  if (!tap_about_find(p->frame->about, TAP_OPTION_COMMENT, nth, &comment)) return false;
  return tap_give_bytes(out, TAP_STRING, comment.value, comment.size);
}

/* A number of 64 bits, or, of a queue, 32. */
static bool give_option(const struct tap_packet *p, unsigned code, unsigned nth,
                        struct tap_value *out) {
  const struct tap_about *about = p->frame->about;
  struct tap_remark option;
  if (nth > 0 || !tap_about_find(about, code, 0, &option)) return false;
  if (option.size == 4)
    return tap_give_number(out, TAP_UINT, tap_load32(option.value, about->swapped));
  return option.size == 8 &&
         tap_give_number(out, TAP_UINT, tap_load64(option.value, about->swapped));
}

static bool read_drops(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  (void)layer;
  return give_option(p, TAP_OPTION_DROPS, nth, out);
}

static bool read_id(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                    struct tap_value *out) {
  (void)layer;
  return give_option(p, TAP_OPTION_ID, nth, out);
}

static bool read_queue(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  (void)layer;
  return give_option(p, TAP_OPTION_QUEUE, nth, out);
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
  { 9, "PPP" },
  { 50, "PPP_HDLC" },
  { 101, "RAW" },
  { 104, "C_HDLC" },
  { 105, "IEEE802_11" },
  { 107, "FRELAY" },
  { 108, "LOOP" },
  { 113, "LINUX_SLL" },
  { 119, "IEEE802_11_PRISM" },
  { 127, "IEEE802_11_RADIOTAP" },
  { 163, "IEEE802_11_AVS" },
  { 228, "IPV4" },
  { 229, "IPV6" },
  { 239, "NFLOG" },
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
  TAP_READ("frame.interface_name", "Interface name", TAP_STRING, read_interface_name),
  TAP_READ("frame.interface_queue", "Interface queue", TAP_UINT, read_queue),
  TAP_READ("frame.file", "File", TAP_STRING, read_file),
  TAP_READ("frame.linktype", "Link Type", TAP_UINT, read_linktype, .names = linktype_names),
  TAP_READ("frame.direction", "Direction", TAP_UINT, read_direction, .names = direction_names),
  TAP_READ("frame.rxhash", "Receive Hash", TAP_UINT, read_rxhash, .flags = TAP_HEX, .bits = 32),
  TAP_READ("frame.comment", "Comment", TAP_STRING, read_comment, .flags = TAP_REPEATS),
  TAP_READ("frame.packet_id", "Packet id", TAP_UINT, read_id),
  TAP_READ("frame.drop_count", "Drop Count", TAP_UINT, read_drops),
  { 0 },
};
