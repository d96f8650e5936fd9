/* SPDX-License-Identifier: MIT
 *
 * TCP (RFC 9293).  Sequence numbers are the ones on the wire; nothing here
 * looks at other packets, so the window is as it was sent, not scaled.
 */
#include "proto/builtin.h"
#include "proto/csum.h"
#include "proto/frequent.h"
#include "proto/read.h"
#include "proto/tcpopt.h"
#include "proto/wire.h"

enum { TCP_HEADER = 20, TCP_SRC = 0, TCP_DST = 2, TCP_SEQ = 4, TCP_OFFSET = 12, TCP_FLAGS = 13 };
enum { FIN = 0x01, SYN = 0x02 };
enum { IP_PROTO_TCP = 6 };

static bool read_port(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  if (nth > 1) return false;
  return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, nth == 0 ? TCP_SRC : TCP_DST, 2), 2);
}

/* The header's length as it says itself; false where it is cut before that or says nonsense. */
static bool header_length(const struct tap_packet *p, const struct tap_layer *layer,
                          unsigned *length) {
  const uint8_t *at = tap_header_at(p, layer, TCP_OFFSET, 1);
  if (at == NULL) return false;
  *length = (at[0] >> 4) * 4u;
  return true;
}

static bool read_hdr_len(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  unsigned length;
  return nth == 0 && header_length(p, layer, &length) && tap_give_number(out, TAP_UINT, length);
}

/* Bytes of payload on the wire: the IP length counts, so Ethernet's padding does not. */
static bool segment_length(const struct tap_packet *p, const struct tap_layer *layer,
                           uint32_t *length) {
  unsigned header;
  uint32_t whole = tap_wire_end(p, layer) - layer->start;
  if (!header_length(p, layer, &header) || header < TCP_HEADER || whole < header) return false;
  *length = whole - header;
  return true;
}

static bool read_len(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  uint32_t length;
  return nth == 0 && segment_length(p, layer, &length) && tap_give_number(out, TAP_UINT, length);
}

/* SYN or FIN takes a place in the sequence. */
static bool read_nxtseq(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  const uint8_t *h = tap_header_at(p, layer, 0, TCP_FLAGS + 1);
  uint32_t length;
  if (nth > 0 || h == NULL || !segment_length(p, layer, &length)) return false;
  if (h[TCP_FLAGS] & (SYN | FIN)) length++;
  return tap_give_number(out, TAP_UINT, (uint32_t)(tap_be32(h + TCP_SEQ) + length));
}

static bool read_reserved(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  const uint8_t *at = nth == 0 ? tap_header_at(p, layer, TCP_OFFSET, 1) : NULL;
  return at != NULL && tap_give_number(out, TAP_FLAG, (at[0] & 0x0e) != 0);
}

static bool read_options(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  struct tap_cursor c = tap_header_window(p, layer, TCP_HEADER);
  return nth == 0 && tap_give_rest(out, TAP_BYTES, &c);
}

static bool read_payload(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  struct tap_cursor c = tap_payload_window(p, layer);
  unsigned header;
  if (nth > 0 || !header_length(p, layer, &header) || header != layer->header) return false;
  return tap_give_rest(out, TAP_BYTES, &c);
}

static const struct tap_field fields[] = {
  TAP_PLACE("tcp.srcport", "Source Port", TAP_UINT, 0, 16),
  TAP_PLACE("tcp.dstport", "Destination Port", TAP_UINT, 16, 16),
  TAP_READ("tcp.port", "Source or Destination Port", TAP_UINT, read_port,
           .flags = TAP_REPEATS | TAP_HIDDEN),
  TAP_READ("tcp.len", "Segment Length", TAP_UINT, read_len, .unit = "bytes"),
  TAP_PLACE("tcp.seq", "Sequence Number", TAP_UINT, 32, 32),
  TAP_PLACE("tcp.seq_raw", "Sequence Number (raw)", TAP_UINT, 32, 32, .flags = TAP_HIDDEN),
  TAP_READ("tcp.nxtseq", "Next Sequence Number", TAP_UINT, read_nxtseq),
  TAP_PLACE("tcp.ack", "Acknowledgment Number", TAP_UINT, 64, 32),
  TAP_PLACE("tcp.ack_raw", "Acknowledgment Number (raw)", TAP_UINT, 64, 32, .flags = TAP_HIDDEN),
  TAP_READ("tcp.hdr_len", "Header Length", TAP_UINT, read_hdr_len, .bit = 96, .bits = 4,
           .unit = "bytes"),
  TAP_PLACE("tcp.flags", "Flags", TAP_UINT, 100, 12, .flags = TAP_HEX),
  TAP_READ("tcp.flags.res", "Reserved", TAP_FLAG, read_reserved, .bit = 100, .bits = 3),
  TAP_PLACE("tcp.flags.ae", "Accurate ECN", TAP_FLAG, 103, 1),
  TAP_PLACE("tcp.flags.cwr", "Congestion Window Reduced", TAP_FLAG, 104, 1),
  TAP_PLACE("tcp.flags.ece", "ECN-Echo", TAP_FLAG, 105, 1),
  TAP_PLACE("tcp.flags.urg", "Urgent", TAP_FLAG, 106, 1),
  TAP_PLACE("tcp.flags.ack", "Acknowledgment", TAP_FLAG, 107, 1),
  TAP_PLACE("tcp.flags.push", "Push", TAP_FLAG, 108, 1),
  TAP_PLACE("tcp.flags.reset", "Reset", TAP_FLAG, 109, 1),
  TAP_PLACE("tcp.flags.syn", "Syn", TAP_FLAG, 110, 1),
  TAP_PLACE("tcp.flags.fin", "Fin", TAP_FLAG, 111, 1),
  TAP_PLACE("tcp.window_size_value", "Window", TAP_UINT, 112, 16),
  TAP_PLACE("tcp.window_size", "Window (not scaled)", TAP_UINT, 112, 16, .flags = TAP_HIDDEN),
  TAP_PLACE("tcp.checksum", "Checksum", TAP_UINT, 128, 16, .flags = TAP_HEX),
  TAP_CSUM_ROW("tcp.checksum.status", tap_csum_tcp),
  TAP_PLACE("tcp.urgent_pointer", "Urgent Pointer", TAP_UINT, 144, 16),
  TAP_READ("tcp.options", "Options", TAP_BYTES, read_options),
  TAP_READ("tcp.option_kind", "Option", TAP_UINT, tap_tcpopt_kind, .flags = TAP_REPEATS,
           .names = tap_tcpopt_names),
  TAP_READ("tcp.option_len", "Option Length", TAP_UINT, tap_tcpopt_len, .flags = TAP_REPEATS,
           .unit = "bytes"),
  TAP_READ("tcp.options.nop", "No-Operation", TAP_BYTES, tap_tcpopt_nop,
           .flags = TAP_REPEATS | TAP_HIDDEN),
  TAP_READ("tcp.options.mss", "Maximum segment size", TAP_BYTES, tap_tcpopt_mss,
           .flags = TAP_HIDDEN),
  TAP_READ("tcp.options.mss_val", "MSS Value", TAP_UINT, tap_tcpopt_mss_val, .unit = "bytes"),
  TAP_READ("tcp.options.wscale", "Window scale", TAP_BYTES, tap_tcpopt_wscale, .flags = TAP_HIDDEN),
  TAP_READ("tcp.options.wscale.shift", "Shift count", TAP_UINT, tap_tcpopt_shift),
  TAP_READ("tcp.options.wscale.multiplier", "Multiplier", TAP_UINT, tap_tcpopt_multiplier),
  TAP_READ("tcp.options.sack_perm", "SACK permitted", TAP_BYTES, tap_tcpopt_sack_perm),
  TAP_READ("tcp.options.sack", "SACK", TAP_BYTES, tap_tcpopt_sack, .flags = TAP_HIDDEN),
  TAP_READ("tcp.options.sack.count", "SACK Count", TAP_UINT, tap_tcpopt_sack_count),
  TAP_READ("tcp.options.sack_le", "SACK Left Edge", TAP_UINT, tap_tcpopt_sack_le,
           .flags = TAP_REPEATS),
  TAP_READ("tcp.options.sack_re", "SACK Right Edge", TAP_UINT, tap_tcpopt_sack_re,
           .flags = TAP_REPEATS),
  TAP_READ("tcp.options.timestamp", "Timestamps", TAP_BYTES, tap_tcpopt_timestamp,
           .flags = TAP_HIDDEN),
  TAP_READ("tcp.options.timestamp.tsval", "Timestamp value", TAP_UINT, tap_tcpopt_tsval),
  TAP_READ("tcp.options.timestamp.tsecr", "Timestamp echo reply", TAP_UINT, tap_tcpopt_tsecr),
  TAP_READ("tcp.options.user_to_granularity", "User Timeout is in minutes", TAP_FLAG,
           tap_tcpopt_timeout_unit),
  TAP_READ("tcp.options.user_to_val", "User Timeout", TAP_UINT, tap_tcpopt_timeout),
  TAP_READ("tcp.options.md5.digest", "MD5 digest", TAP_BYTES, tap_tcpopt_md5),
  TAP_READ("tcp.options.tfo.cookie", "Fast Open Cookie", TAP_BYTES, tap_tcpopt_cookie),
  TAP_READ("tcp.options.mptcp.subtype", "Multipath TCP", TAP_UINT, tap_tcpopt_multipath,
           .flags = TAP_REPEATS, .names = tap_tcpopt_multipath_names),
  TAP_READ("tcp.payload", "Payload", TAP_BYTES, read_payload, .flags = TAP_HIDDEN),
  { 0 },
};

static const struct tap_binding bindings[] = { { TAP_BY_IP_PROTO, IP_PROTO_TCP } };

const struct tap_protocol tap_tcp_protocol = {
  .name = "tcp",
  .title = "Transmission Control Protocol",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = tap_tcp_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_TCP_PORT,
  .ports = { .bytes = 2, .src = TCP_SRC, .dst = TCP_DST },
};
