/* SPDX-License-Identifier: MIT
 *
 * SCTP (RFC 9260): the common header, and behind it chunks, each of a type, a
 * length and padding to four bytes.  Chunks are the payload; they are found
 * when somebody asks.
 */
#include "proto/builtin.h"
#include "proto/csum.h"
#include "proto/read.h"

enum { IP_PROTO_SCTP = 132, SCTP_HEADER = 12, CHUNK_HEADER = 4 };
enum {
  DATA = 0,
  INIT = 1,
  INIT_ACK = 2,
  SACK = 3,
  ABORT = 6,
  SHUTDOWN = 7,
  COOKIE_ECHO = 10,
  SHUTDOWN_COMPLETE = 14
};
enum { ANY_CHUNK = 256 };

static enum tap_verdict sctp_parse(struct tap_cursor *c, struct tap_step *out) {
  (void)out;
  return tap_take(c, SCTP_HEADER) == NULL ? TAP_TRUNCATED : TAP_LAST;
}

/* Take a chunk as far as it is here; NULL where no header is left.  A length that cannot be
 * counts as that of the header. */
static const uint8_t *take_chunk(struct tap_cursor *c, struct tap_cursor *body) {
  const uint8_t *h = tap_take(c, CHUNK_HEADER);
  size_t size, padded;
  if (h == NULL) return NULL;
  size = tap_be16(h + 2);
  size = size < CHUNK_HEADER ? 0 : size - CHUNK_HEADER;
  padded = (size + 3) & ~(size_t)3;
  *body = *c;
  tap_narrow(body, size);
  if (tap_take(c, padded) == NULL) c->at = c->end;
  return h;
}

/* Chunk 'nth' of those of a type; 'body' is what follows its header. */
static const uint8_t *chunk(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            unsigned type, struct tap_cursor *body) {
  struct tap_cursor c = tap_payload_window(p, layer);
  const uint8_t *h;
  if (layer->header < SCTP_HEADER) return NULL;
  while ((h = take_chunk(&c, body)) != NULL)
    if ((type == ANY_CHUNK || h[0] == type) && nth-- == 0) return h;
  return NULL;
}

/* 'n' bytes at 'offset' behind the header of chunk 'nth' of a type. */
static const uint8_t *at(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         unsigned type, size_t offset, size_t n) {
  struct tap_cursor body;
  if (chunk(p, layer, nth, type, &body) == NULL) return NULL;
  return tap_take(&body, offset) == NULL ? NULL : tap_take(&body, n);
}

static bool read_port(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  if (nth > 1) return false;
  return tap_give_load(out, TAP_UINT, tap_header_at(p, layer, nth * 2, 2), 2);
}

static bool read_type(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  struct tap_cursor body;
  const uint8_t *h = chunk(p, layer, nth, ANY_CHUNK, &body);
  return h != NULL && tap_give_number(out, TAP_UINT, h[0]);
}

static bool read_flags(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  struct tap_cursor body;
  const uint8_t *h = chunk(p, layer, nth, ANY_CHUNK, &body);
  return h != NULL && tap_give_number(out, TAP_UINT, h[1]);
}

static bool read_length(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  struct tap_cursor body;
  const uint8_t *h = chunk(p, layer, nth, ANY_CHUNK, &body);
  return h != NULL && tap_give_number(out, TAP_UINT, tap_be16(h + 2));
}

static bool read_tsn(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, DATA, 0, 4), 4);
}

static bool read_stream(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, DATA, 4, 2), 2);
}

static bool read_stream_sequence(const struct tap_packet *p, const struct tap_layer *layer,
                                 unsigned nth, struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, DATA, 6, 2), 2);
}

static bool read_payload_protocol(const struct tap_packet *p, const struct tap_layer *layer,
                                  unsigned nth, struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, DATA, 8, 4), 4);
}

/* A bit of a chunk's flags. */
static bool give_bit(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     unsigned type, unsigned shift, struct tap_value *out) {
  struct tap_cursor body;
  const uint8_t *h = chunk(p, layer, nth, type, &body);
  return h != NULL && tap_give_number(out, TAP_FLAG, h[1] >> shift & 1);
}

static bool read_end(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return give_bit(p, layer, nth, DATA, 0, out);
}

static bool read_begin(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return give_bit(p, layer, nth, DATA, 1, out);
}

static bool read_unordered(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return give_bit(p, layer, nth, DATA, 2, out);
}

static bool read_init_tag(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, INIT, 0, 4), 4);
}

static bool read_init_credit(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, INIT, 4, 4), 4);
}

static bool read_init_out(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, INIT, 8, 2), 2);
}

static bool read_init_in(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, INIT, 10, 2), 2);
}

static bool read_init_tsn(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, INIT, 12, 4), 4);
}

static bool read_answer_tag(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, INIT_ACK, 0, 4), 4);
}

static bool read_answer_tsn(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                            struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, INIT_ACK, 12, 4), 4);
}

static bool read_sack_tsn(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, SACK, 0, 4), 4);
}

static bool read_sack_window(const struct tap_packet *p, const struct tap_layer *layer,
                             unsigned nth, struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, SACK, 4, 4), 4);
}

static bool read_sack_gaps(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, SACK, 8, 2), 2);
}

static bool read_sack_duplicates(const struct tap_packet *p, const struct tap_layer *layer,
                                 unsigned nth, struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, SACK, 10, 2), 2);
}

/* Gap block 'nth' of the first SACK: where it starts and ends, counted from the TSN. */
static const uint8_t *gap(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth) {
  const uint8_t *count = at(p, layer, 0, SACK, 8, 2);
  if (count == NULL || nth >= tap_be16(count)) return NULL;
  return at(p, layer, 0, SACK, 12 + (size_t)nth * 4, 4);
}

static bool read_gap_start(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, gap(p, layer, nth), 2);
}

static bool read_gap_end(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  const uint8_t *block = gap(p, layer, nth);
  return block != NULL && tap_give_number(out, TAP_UINT, tap_be16(block + 2));
}

static bool read_shutdown_tsn(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, at(p, layer, nth, SHUTDOWN, 0, 4), 4);
}

static bool read_abort_tag(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  return give_bit(p, layer, nth, ABORT, 0, out);
}

static bool read_complete_tag(const struct tap_packet *p, const struct tap_layer *layer,
                              unsigned nth, struct tap_value *out) {
  return give_bit(p, layer, nth, SHUTDOWN_COMPLETE, 0, out);
}

static const struct tap_name chunk_names[] = {
  { DATA, "DATA" },
  { INIT, "INIT" },
  { INIT_ACK, "INIT ACK" },
  { SACK, "SACK" },
  { 4, "HEARTBEAT" },
  { 5, "HEARTBEAT ACK" },
  { ABORT, "ABORT" },
  { SHUTDOWN, "SHUTDOWN" },
  { 8, "SHUTDOWN ACK" },
  { 9, "ERROR" },
  { COOKIE_ECHO, "COOKIE ECHO" },
  { 11, "COOKIE ACK" },
  { 12, "ECNE" },
  { 13, "CWR" },
  { SHUTDOWN_COMPLETE, "SHUTDOWN COMPLETE" },
  { 15, "AUTH" },
  { 64, "I-DATA" },
  { 128, "ASCONF ACK" },
  { 130, "RE-CONFIG" },
  { 132, "PAD" },
  { 192, "FORWARD TSN" },
  { 193, "ASCONF" },
  { 194, "I-FORWARD TSN" },
  { 0, NULL },
};

static const struct tap_field fields[] = {
  TAP_PLACE("sctp.srcport", "Source Port", TAP_UINT, 0, 16),
  TAP_PLACE("sctp.dstport", "Destination Port", TAP_UINT, 16, 16),
  TAP_READ("sctp.port", "Source or Destination Port", TAP_UINT, read_port,
           .flags = TAP_REPEATS | TAP_HIDDEN),
  TAP_PLACE("sctp.verification_tag", "Verification Tag", TAP_UINT, 32, 32, .flags = TAP_HEX),
  TAP_PLACE("sctp.checksum", "Checksum", TAP_UINT, 64, 32, .flags = TAP_HEX),
  TAP_CSUM_ROW("sctp.checksum.status", tap_csum_sctp),
  TAP_READ("sctp.chunk_type", "Chunk", TAP_UINT, read_type, .flags = TAP_REPEATS,
           .names = chunk_names),
  TAP_READ("sctp.chunk_flags", "Chunk Flags", TAP_UINT, read_flags, .bits = 8,
           .flags = TAP_REPEATS | TAP_HEX),
  TAP_READ("sctp.chunk_length", "Chunk Length", TAP_UINT, read_length, .flags = TAP_REPEATS,
           .unit = "bytes"),
  TAP_READ("sctp.data_tsn_raw", "TSN", TAP_UINT, read_tsn, .flags = TAP_REPEATS),
  TAP_READ("sctp.data_sid", "Stream", TAP_UINT, read_stream, .bits = 16,
           .flags = TAP_REPEATS | TAP_HEX),
  TAP_READ("sctp.data_ssn", "Stream Sequence", TAP_UINT, read_stream_sequence,
           .flags = TAP_REPEATS),
  TAP_READ("sctp.data_payload_proto_id", "Payload Protocol", TAP_UINT, read_payload_protocol,
           .flags = TAP_REPEATS),
  TAP_READ("sctp.data_e_bit", "Ending fragment", TAP_FLAG, read_end, .flags = TAP_REPEATS),
  TAP_READ("sctp.data_b_bit", "Beginning fragment", TAP_FLAG, read_begin, .flags = TAP_REPEATS),
  TAP_READ("sctp.data_u_bit", "Unordered", TAP_FLAG, read_unordered, .flags = TAP_REPEATS),
  TAP_READ("sctp.init_initiate_tag", "Initiate Tag", TAP_UINT, read_init_tag, .bits = 32,
           .flags = TAP_HEX),
  TAP_READ("sctp.init_credit", "Receiver Window", TAP_UINT, read_init_credit, .unit = "bytes"),
  TAP_READ("sctp.init_nr_out_streams", "Outbound Streams", TAP_UINT, read_init_out),
  TAP_READ("sctp.init_nr_in_streams", "Inbound Streams", TAP_UINT, read_init_in),
  TAP_READ("sctp.init_initial_tsn", "Initial TSN", TAP_UINT, read_init_tsn),
  TAP_READ("sctp.initack_initiate_tag", "Initiate Tag", TAP_UINT, read_answer_tag, .bits = 32,
           .flags = TAP_HEX),
  TAP_READ("sctp.initack_initial_tsn", "Initial TSN", TAP_UINT, read_answer_tsn),
  TAP_READ("sctp.sack_cumulative_tsn_ack_raw", "Cumulative TSN", TAP_UINT, read_sack_tsn,
           .flags = TAP_REPEATS),
  TAP_READ("sctp.sack_a_rwnd", "Receiver Window", TAP_UINT, read_sack_window, .flags = TAP_REPEATS,
           .unit = "bytes"),
  TAP_READ("sctp.sack_number_of_gap_blocks", "Gap Blocks", TAP_UINT, read_sack_gaps,
           .flags = TAP_REPEATS),
  TAP_READ("sctp.sack_number_of_duplicated_tsns", "Duplicated TSNs", TAP_UINT, read_sack_duplicates,
           .flags = TAP_REPEATS),
  TAP_READ("sctp.sack_gap_block_start", "Gap Start", TAP_UINT, read_gap_start,
           .flags = TAP_REPEATS),
  TAP_READ("sctp.sack_gap_block_end", "Gap End", TAP_UINT, read_gap_end, .flags = TAP_REPEATS),
  TAP_READ("sctp.shutdown_cumulative_tsn_ack", "Cumulative TSN", TAP_UINT, read_shutdown_tsn),
  TAP_READ("sctp.abort_t_bit", "Tag is reflected", TAP_FLAG, read_abort_tag),
  TAP_READ("sctp.shutdown_complete_t_bit", "Tag is reflected", TAP_FLAG, read_complete_tag),
  { 0 },
};

static const struct tap_binding bindings[] = { { TAP_BY_IP_PROTO, IP_PROTO_SCTP } };

const struct tap_protocol tap_sctp_protocol = {
  .name = "sctp",
  .title = "Stream Control Transmission Protocol",
  .level = TAP_LEVEL_TRANSPORT,
  .parse = sctp_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = 1,
  .ports = { .bytes = 2, .src = 0, .dst = 2 },
};
