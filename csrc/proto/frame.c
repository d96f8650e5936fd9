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
#include "proto/walk.h"

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

/* How long after 'then_ns', the time of a frame of the same pass. */
static bool give_span(const struct tap_packet *p, int64_t then_ns, struct tap_value *out) {
  if (p->frame->flags & TAP_FRAME_NO_TIME) return false;
  return tap_give_number(out, TAP_SPAN, (uint64_t)p->frame->ts_ns - (uint64_t)then_ns);
}

/* The frame before is the one that came before, whether a filter took it or not. */
static bool read_delta(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  (void)layer;
  if (nth > 0 || p->times == NULL) return false;
  return give_span(p, p->frame == p->times->frames ? p->times->before_ns : p->frame[-1].ts_ns, out);
}

static bool read_relative(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  (void)layer;
  return nth == 0 && p->times != NULL && give_span(p, p->times->first_ns, out);
}

static void put_step(struct tap_text *t, const char *name) {
  tap_text_put_char(t, ':');
  tap_text_put(t, name);
}

/* Did nobody know what the last header carries?  Those with ends or an EtherType carry something;
 * what stands behind others may be their own. */
static bool has_data(const struct tap_packet *p) {
  const struct tap_layer *last = &p->layer[p->count - 1];
  struct tap_cursor rest = tap_payload_window(p, last);
  if (p->fault != TAP_PAYLOAD || tap_left(&rest) == 0) return false;
  return p->walk->walkers[last->protocol].role != TAP_ROLE_NONE ||
         p->walk->protocols[last->protocol]->ethertype != NULL;
}

/* Does layer 'i' lead on by an EtherType?  Where nothing follows there is no step either. */
static bool has_ethertype(const struct tap_packet *p, unsigned i) {
  tap_reader *read = p->walk->protocols[p->layer[i].protocol]->ethertype;
  struct tap_value type;
  if (i + 1 == p->count && !has_data(p)) return false;
  return read != NULL && read(p, &p->layer[i], 0, &type);
}

/* Wireshark's chain: eth:ethertype:ip:udp:data. */
static bool read_protocols(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  struct tap_text t;
  char *start = (char *)out->made;
  (void)layer;
  if (nth > 0 || p->count == 0) return false;
  tap_text_begin(&t, start, sizeof out->made);
  for (unsigned i = 0; i < p->count; i++) {
    put_step(&t, p->walk->protocols[p->layer[i].protocol]->name);
    if (has_ethertype(p, i)) put_step(&t, "ethertype");
  }
  if (has_data(p)) put_step(&t, "data");
  return tap_give_bytes(out, TAP_STRING, out->made + 1, (size_t)(t.at - start) - 1);
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
  TAP_READ("frame.number", "Frame Number", TAP_UINT, read_number, .flags = TAP_SEQUENCED),
  TAP_READ("frame.len", "Length on the wire", TAP_UINT, read_len, .unit = "bytes",
           .access = TAP_ACCESS_LEN),
  TAP_READ("frame.cap_len", "Captured Length", TAP_UINT, read_cap_len, .unit = "bytes"),
  TAP_READ("frame.time", "Arrival Time", TAP_TIME, read_time),
  TAP_READ("frame.time_epoch", "Epoch Time", TAP_TIME, read_time, .flags = TAP_HIDDEN),
  TAP_READ("frame.time_ns", "Epoch Time in nanoseconds", TAP_INT, read_time_ns, .flags = TAP_HIDDEN,
           .unit = "ns"),
  TAP_READ("frame.time_delta", "Time since the frame before", TAP_SPAN, read_delta,
           .flags = TAP_SEQUENCED),
  TAP_READ("frame.time_relative", "Time since the first frame", TAP_SPAN, read_relative,
           .flags = TAP_SEQUENCED),
  TAP_READ("frame.protocols", "Protocols", TAP_STRING, read_protocols, .level = TAP_LEVEL_ALL),
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
