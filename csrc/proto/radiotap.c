/* SPDX-License-Identifier: MIT
 *
 * Radiotap, the header of captured 802.11 frames: bitmaps of what is present,
 * then those values in order, each aligned to its own size from the header's
 * start.  More bitmaps may follow with the same values of other antennas, or
 * with a vendor's, which are skipped.  Numbers are little-endian.
 */
#include "proto/builtin.h"
#include "proto/linktype.h"
#include "proto/read.h"
#include "proto/wlan.h"

enum { FIXED = 8, LENGTH = 2, PRESENT = 4 };
enum {
  TSFT = 0,
  FLAGS = 1,
  RATE = 2,
  CHANNEL = 3,
  SIGNAL = 5,
  NOISE = 6,
  TX_POWER = 10,
  ANTENNA = 11,
  RX_FLAGS = 14,
  TX_FLAGS = 15,
  MCS = 19,
  KNOWN_BITS = 28,
  NEXT_RADIOTAP = 29,
  NEXT_VENDOR = 30,
  NEXT_WORD = 31
};
enum { FLAG_FCS = 0x10, FLAG_PADDED = 0x20, FCS_BYTES = 4 };

/* Bytes of each value, and what they are aligned to. */
static const struct {
  uint8_t size, align;
} values[KNOWN_BITS] = {
  { 8, 8 },  { 1, 1 },  { 1, 1 },  { 4, 2 },  { 2, 2 }, { 1, 1 }, { 1, 1 },
  { 2, 2 },  { 2, 2 },  { 2, 2 },  { 1, 1 },  { 1, 1 }, { 1, 1 }, { 1, 1 },
  { 2, 2 },  { 2, 2 },  { 1, 1 },  { 1, 1 },  { 8, 4 }, { 3, 1 }, { 8, 4 },
  { 12, 2 }, { 12, 8 }, { 12, 2 }, { 12, 2 }, { 6, 2 }, { 1, 1 }, { 4, 2 },
};

/* A walk over the values.  Both cursors are on the same header. */
struct values {
  const uint8_t *start;
  struct tap_cursor words; /* bitmaps that were not begun */
  struct tap_cursor at;    /* the next value, before it is aligned */
  uint32_t present;        /* what is left of the bitmap under work */
  bool foreign;            /* a vendor's */
};

static bool next_word(struct values *v) {
  const uint8_t *word = tap_take(&v->words, 4);
  if (word != NULL) v->present = tap_le32(word);
  return word != NULL;
}

static const uint8_t *take_aligned(struct values *v, size_t size, size_t align) {
  size_t offset = (size_t)(v->at.at - v->start);
  if (tap_take(&v->at, (0 - offset) & (align - 1)) == NULL) return NULL;
  return tap_take(&v->at, size);
}

/* The bitmaps come first: find their end, which is where the values begin. */
static bool begin_values(struct values *v, struct tap_cursor header) {
  struct tap_cursor c = header;
  const uint8_t *word;
  *v = (struct values){ .start = header.at };
  if (tap_take(&c, PRESENT) == NULL) return false;
  v->words.at = c.at;
  do {
    word = tap_take(&c, 4);
    if (word == NULL) return false;
  } while (tap_le32(word) >> NEXT_WORD != 0);
  v->words.end = c.at;
  v->at = c;
  return next_word(v);
}

/* The bitmap is done.  The next one starts anew, or is a vendor's, whose values are skipped. */
static bool change_word(struct values *v) {
  const uint8_t *vendor;
  bool to_vendor = v->present >> NEXT_VENDOR & 1, to_radiotap = v->present >> NEXT_RADIOTAP & 1;
  if (v->present >> NEXT_WORD == 0) return false;
  if (to_vendor) {
    vendor = take_aligned(v, 6, 2);
    if (vendor == NULL || tap_take(&v->at, tap_le16(vendor + 4)) == NULL) return false;
    v->foreign = true;
  } else if (to_radiotap) {
    v->foreign = false;
  } else if (!v->foreign) {
    return false; /* bits that have no meaning yet, and so no size */
  }
  return next_word(v);
}

/* The next value: its bit and place.  False at the end, or where it is not all there. */
static bool next_value(struct values *v, unsigned *bit, const uint8_t **at) {
  for (;;) {
    uint32_t known = v->foreign ? 0 : v->present & ((UINT32_C(1) << KNOWN_BITS) - 1);
    for (*bit = 0; *bit < KNOWN_BITS; ++*bit)
      if (known >> *bit & 1) {
        v->present &= ~(UINT32_C(1) << *bit);
        *at = take_aligned(v, values[*bit].size, values[*bit].align);
        return *at != NULL;
      }
    if (!change_word(v)) return false;
  }
}

/* Value 'nth' of a bit, counted over all bitmaps; NULL where there is none. */
static const uint8_t *find(struct tap_cursor header, unsigned wanted, unsigned nth) {
  struct values v;
  const uint8_t *at;
  unsigned bit;
  if (!begin_values(&v, header)) return NULL;
  while (next_value(&v, &bit, &at))
    if (bit == wanted && nth-- == 0) return at;
  return NULL;
}

static enum tap_verdict radiotap_parse(struct tap_cursor *c, struct tap_step *out) {
  const uint8_t *h = tap_take(c, FIXED), *flags;
  size_t length;
  if (h == NULL) return TAP_TRUNCATED;
  length = tap_le16(h + LENGTH);
  if (length < FIXED) return TAP_MALFORMED;
  if (tap_take(c, length - FIXED) == NULL) return TAP_TRUNCATED;
  flags = find((struct tap_cursor){ h, c->at }, FLAGS, 0);
  if (flags != NULL && flags[0] & FLAG_FCS && !out->cut && tap_left(c) >= FCS_BYTES)
    tap_narrow(c, tap_left(c) - FCS_BYTES);
  out->table = TAP_BY_WLAN;
  out->key = flags != NULL && flags[0] & FLAG_PADDED ? TAP_WLAN_PADDED : TAP_WLAN_PLAIN;
  return TAP_PAYLOAD;
}

static const uint8_t *value_of(const struct tap_packet *p, const struct tap_layer *layer,
                               unsigned nth, unsigned bit) {
  return find(tap_header_window(p, layer, 0), bit, nth);
}

static bool read_length(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  const uint8_t *at = nth == 0 ? tap_header_at(p, layer, LENGTH, 2) : NULL;
  return at != NULL && tap_give_number(out, TAP_UINT, tap_le16(at));
}

static bool read_present(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  struct values v;
  if (!begin_values(&v, tap_header_window(p, layer, 0))) return false;
  while (nth-- > 0)
    if (!next_word(&v)) return false;
  return tap_give_number(out, TAP_UINT, v.present);
}

static bool read_mactime(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  const uint8_t *at = value_of(p, layer, nth, TSFT);
  return at != NULL && tap_give_number(out, TAP_UINT, tap_le64(at));
}

static bool read_flags(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, value_of(p, layer, nth, FLAGS), 1);
}

static bool give_flag(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      unsigned bit, struct tap_value *out) {
  const uint8_t *at = value_of(p, layer, nth, FLAGS);
  return at != NULL && tap_give_number(out, TAP_FLAG, at[0] >> bit & 1);
}

static bool read_preamble(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                          struct tap_value *out) {
  return give_flag(p, layer, nth, 1, out);
}

static bool read_wep(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return give_flag(p, layer, nth, 2, out);
}

static bool read_fcs(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                     struct tap_value *out) {
  return give_flag(p, layer, nth, 4, out);
}

static bool read_datapad(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return give_flag(p, layer, nth, 5, out);
}

static bool read_badfcs(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return give_flag(p, layer, nth, 6, out);
}

static bool read_rate(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, value_of(p, layer, nth, RATE), 1);
}

static bool give_le16(const uint8_t *at, size_t offset, struct tap_value *out) {
  return at != NULL && tap_give_number(out, TAP_UINT, tap_le16(at + offset));
}

static bool read_freq(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                      struct tap_value *out) {
  return give_le16(value_of(p, layer, nth, CHANNEL), 0, out);
}

static bool read_channel_flags(const struct tap_packet *p, const struct tap_layer *layer,
                               unsigned nth, struct tap_value *out) {
  return give_le16(value_of(p, layer, nth, CHANNEL), 2, out);
}

static bool give_signed(const uint8_t *at, struct tap_value *out) {
  return at != NULL && tap_give_number(out, TAP_INT, (uint64_t)(int64_t)(int8_t)at[0]);
}

static bool read_signal(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                        struct tap_value *out) {
  return give_signed(value_of(p, layer, nth, SIGNAL), out);
}

static bool read_noise(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                       struct tap_value *out) {
  return give_signed(value_of(p, layer, nth, NOISE), out);
}

static bool read_txpower(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return give_signed(value_of(p, layer, nth, TX_POWER), out);
}

static bool read_antenna(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return tap_give_load(out, TAP_UINT, value_of(p, layer, nth, ANTENNA), 1);
}

static bool read_rxflags(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return give_le16(value_of(p, layer, nth, RX_FLAGS), 0, out);
}

static bool read_txflags(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                         struct tap_value *out) {
  return give_le16(value_of(p, layer, nth, TX_FLAGS), 0, out);
}

/* What is known stands before the values. */
static bool read_mcs_index(const struct tap_packet *p, const struct tap_layer *layer, unsigned nth,
                           struct tap_value *out) {
  const uint8_t *at = value_of(p, layer, nth, MCS);
  return at != NULL && (at[0] & 2) != 0 && tap_give_number(out, TAP_UINT, at[2]);
}

static const struct tap_field fields[] = {
  TAP_PLACE("radiotap.version", "Version", TAP_UINT, 0, 8),
  TAP_PLACE("radiotap.pad", "Padding", TAP_UINT, 8, 8),
  TAP_READ("radiotap.length", "Header Length", TAP_UINT, read_length, .bit = 16, .bits = 16,
           .unit = "bytes"),
  TAP_READ("radiotap.present.word", "Present", TAP_UINT, read_present,
           .flags = TAP_HEX | TAP_REPEATS, .bits = 32),
  TAP_READ("radiotap.mactime", "MAC time", TAP_UINT, read_mactime, .unit = "us"),
  TAP_READ("radiotap.flags", "Flags", TAP_UINT, read_flags, .flags = TAP_HEX),
  TAP_READ("radiotap.flags.preamble", "Short preamble", TAP_FLAG, read_preamble),
  TAP_READ("radiotap.flags.wep", "WEP", TAP_FLAG, read_wep),
  TAP_READ("radiotap.flags.fcs", "FCS at end", TAP_FLAG, read_fcs),
  TAP_READ("radiotap.flags.datapad", "Header is filled up", TAP_FLAG, read_datapad),
  TAP_READ("radiotap.flags.badfcs", "Bad FCS", TAP_FLAG, read_badfcs),
  TAP_READ("radiotap.rate", "Rate", TAP_UINT, read_rate, .unit = "500 kb/s"),
  TAP_READ("radiotap.channel.freq", "Channel frequency", TAP_UINT, read_freq, .unit = "MHz"),
  TAP_READ("radiotap.channel.flags", "Channel flags", TAP_UINT, read_channel_flags,
           .flags = TAP_HEX),
  TAP_READ("radiotap.dbm_antsignal", "Signal", TAP_INT, read_signal, .flags = TAP_REPEATS,
           .unit = "dBm"),
  TAP_READ("radiotap.dbm_antnoise", "Noise", TAP_INT, read_noise, .flags = TAP_REPEATS,
           .unit = "dBm"),
  TAP_READ("radiotap.txpower", "Transmit power", TAP_INT, read_txpower, .unit = "dBm"),
  TAP_READ("radiotap.antenna", "Antenna", TAP_UINT, read_antenna, .flags = TAP_REPEATS),
  TAP_READ("radiotap.rxflags", "RX flags", TAP_UINT, read_rxflags, .flags = TAP_HEX),
  TAP_READ("radiotap.txflags", "TX flags", TAP_UINT, read_txflags, .flags = TAP_HEX),
  TAP_READ("radiotap.mcs.index", "MCS index", TAP_UINT, read_mcs_index),
  { 0 },
};

static const struct tap_binding bindings[] = {
  { TAP_BY_LINKTYPE, TAP_LINKTYPE_80211_RADIOTAP },
};

const struct tap_protocol tap_radiotap_protocol = {
  .name = "radiotap",
  .title = "802.11 Radiotap",
  .level = TAP_LEVEL_LINK,
  .parse = radiotap_parse,
  .fields = fields,
  .bindings = bindings,
  .binding_count = 1,
  .leads = 1u << TAP_BY_WLAN,
};
