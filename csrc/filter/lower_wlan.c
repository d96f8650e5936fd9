/* SPDX-License-Identifier: MIT
 *
 * 802.11: types of frames, the four address slots, and how long the headers
 * are.  Frames between access points (four addresses) and the HT control
 * field are not told apart where headers are measured, as in libpcap.
 */
#include "filter/lower.h"

#include <string.h>

/* Bits of the frame control field, first and second byte. */
enum { FC_TYPE = 0x0c, FC_CONTROL = 0x04, FC_DATA = 0x08, FC_QOS = 0x80, TO_DS = 1, FROM_DS = 2 };

static struct tap_formula *fc0(struct tap_lowering *l, uint32_t bits) {
  return tap_lower_bits(l, tap_place_header(l), 0, bits);
}

static struct tap_formula *fc1(struct tap_lowering *l, uint32_t bits) {
  return tap_lower_bits(l, tap_place_header(l), 1, bits);
}

struct tap_formula *tap_lower_data_frame(struct tap_lowering *l) {
  return tap_both(l, tap_unless(l, fc0(l, FC_CONTROL)), fc0(l, FC_DATA));
}

/* What is asked of the address at an offset: that it is 'mac', or with NULL that it is a group. */
static struct tap_formula *slot(struct tap_lowering *l, const uint8_t *mac, uint32_t offset) {
  struct tap_place header = tap_place_header(l);
  if (mac == NULL) return tap_lower_bits(l, header, offset, 1);
  return tap_lower_bytes(l, header, offset, mac, 6);
}

/* if bits of the second byte are set, a; else b */
static struct tap_formula *choose(struct tap_lowering *l, uint32_t bits, struct tap_formula *a,
                                  struct tap_formula *b) {
  struct tap_formula *without = tap_both(l, tap_unless(l, fc1(l, bits)), b);
  return tap_either(l, without, tap_both(l, fc1(l, bits), a));
}

/* Management frames have one place for each end; that of data frames depends on DS bits. */
static struct tap_formula *by_type(struct tap_lowering *l, struct tap_formula *management,
                                   struct tap_formula *data) {
  struct tap_formula *f = tap_both(l, tap_unless(l, fc0(l, FC_DATA)), management);
  f = tap_either(l, f, tap_both(l, fc0(l, FC_DATA), data));
  return tap_both(l, tap_unless(l, fc0(l, FC_CONTROL)), f);
}

static struct tap_formula *source(struct tap_lowering *l, const uint8_t *mac) {
  struct tap_formula *inner = choose(l, TO_DS, slot(l, mac, 24), slot(l, mac, 16));
  return by_type(l, slot(l, mac, 10), choose(l, FROM_DS, inner, slot(l, mac, 10)));
}

static struct tap_formula *destination(struct tap_lowering *l, const uint8_t *mac) {
  return by_type(l, slot(l, mac, 4), choose(l, TO_DS, slot(l, mac, 16), slot(l, mac, 4)));
}

struct tap_formula *tap_lower_wlan_group(struct tap_lowering *l) {
  return destination(l, NULL);
}

/* Frames that have a second address: all but CTS (0xc0 & type) and ACK. */
static struct tap_formula *has_transmitter(struct tap_lowering *l) {
  struct tap_place header = tap_place_header(l);
  struct tap_formula *cts = tap_lower_masked(l, header, 0, 1, 0xc4, 0xfc);
  struct tap_formula *ack = tap_lower_masked(l, header, 0, 1, 0xd4, 0xfc);
  struct tap_formula *control = tap_lower_masked(l, header, 0, 1, FC_CONTROL, FC_TYPE);
  return tap_unless(l, tap_both(l, control, tap_either(l, cts, ack)));
}

static struct tap_formula *fourth(struct tap_lowering *l, const uint8_t *mac) {
  struct tap_formula *f =
      tap_lower_masked(l, tap_place_header(l), 1, 1, TO_DS | FROM_DS, TO_DS | FROM_DS);
  return tap_both(l, f, slot(l, mac, 24));
}

struct tap_formula *tap_lower_wlan_mac(struct tap_lowering *l, const uint8_t mac[6], unsigned dir) {
  struct tap_formula *f;
  switch (dir) {
  case W_SRC: return source(l, mac);
  case W_DST: return destination(l, mac);
  case W_AND: f = source(l, mac); return tap_both(l, f, destination(l, mac));
  case W_RA: return tap_both(l, fc0(l, FC_DATA), slot(l, mac, 4));
  case W_TA: return tap_both(l, fc0(l, FC_DATA), tap_both(l, has_transmitter(l), slot(l, mac, 10)));
  case W_ADDR1: return slot(l, mac, 4);
  case W_ADDR2: return tap_both(l, has_transmitter(l), slot(l, mac, 10));
  case W_ADDR3:
    f = tap_unless(l, tap_lower_masked(l, tap_place_header(l), 0, 1, FC_CONTROL, FC_TYPE));
    return tap_both(l, f, slot(l, mac, 16));
  case W_ADDR4: return fourth(l, mac);
  default: f = source(l, mac); return tap_either(l, f, destination(l, mac));
  }
}

struct named {
  const char *name;
  uint8_t bits;
};

static const struct named types[] = {
  { "mgt", 0x00 }, { "management", 0x00 }, { "ctl", 0x04 }, { "control", 0x04 }, { "data", 0x08 },
};

/* Bits of type and subtype together. */
static const struct named subtypes[] = {
  { "assocreq", 0x00 },
  { "assoc-req", 0x00 },
  { "assocresp", 0x10 },
  { "assoc-resp", 0x10 },
  { "reassocreq", 0x20 },
  { "reassoc-req", 0x20 },
  { "reassocresp", 0x30 },
  { "reassoc-resp", 0x30 },
  { "probereq", 0x40 },
  { "probe-req", 0x40 },
  { "proberesp", 0x50 },
  { "probe-resp", 0x50 },
  { "beacon", 0x80 },
  { "atim", 0x90 },
  { "disassoc", 0xa0 },
  { "disassociation", 0xa0 },
  { "auth", 0xb0 },
  { "authentication", 0xb0 },
  { "deauth", 0xc0 },
  { "deauthentication", 0xc0 },
  { "ps-poll", 0xa4 },
  { "rts", 0xb4 },
  { "cts", 0xc4 },
  { "ack", 0xd4 },
  { "cf-end", 0xe4 },
  { "cf-end-ack", 0xf4 },
  { "data", 0x08 },
  { "data-cf-ack", 0x18 },
  { "data-cf-poll", 0x28 },
  { "data-cf-ack-poll", 0x38 },
  { "null", 0x48 },
  { "cf-ack", 0x58 },
  { "cf-poll", 0x68 },
  { "cf-ack-poll", 0x78 },
  { "qos-data", 0x88 },
  { "qos-data-cf-ack", 0x98 },
  { "qos-data-cf-poll", 0xa8 },
  { "qos-data-cf-ack-poll", 0xb8 },
  { "qos", 0xc8 },
  { "qos-cf-poll", 0xe8 },
  { "qos-cf-ack-poll", 0xf8 },
};

static const struct named directions[] = {
  { "nods", 0 },
  { "tods", 1 },
  { "fromds", 2 },
  { "dstods", 3 },
};

enum { ANY_TYPE = 0xff };

/* The bits that a name or number stands for; of subtypes only those of 'type'. */
static bool find_bits(struct tap_lowering *l, const struct tap_token *t, const struct named *rows,
                      size_t count, const char *what, uint32_t type, uint32_t *out) {
  if (t->kind == TOKEN_NUMBER) {
    *out = t->number;
    return true;
  }
  for (size_t i = 0; i < count; i++) {
    if (strcmp(rows[i].name, t->text) != 0) continue;
    if (type != ANY_TYPE && (rows[i].bits & FC_TYPE) != type) continue;
    *out = rows[i].bits;
    return true;
  }
  l->span = t->span;
  tap_lower_refuse(l, "'%.40s' is no %s of 802.11 frames", t->text, what);
  return false;
}

static struct tap_formula *control_is(struct tap_lowering *l, uint32_t bits, uint32_t mask) {
  return tap_lower_masked(l, tap_place_header(l), 0, 1, bits, mask);
}

static bool fits(struct tap_lowering *l, const struct tap_token *t, uint32_t bits, uint32_t mask) {
  if ((bits & ~mask) == 0) return true;
  l->span = t->span;
  tap_lower_refuse(l, "number 0x%x does not fit the mask 0x%x", bits, mask);
  return false;
}

static struct tap_formula *type_is(struct tap_lowering *l, const struct tap_ast *ast) {
  uint32_t type, subtype;
  if (!find_bits(l, ast->name, types, sizeof types / sizeof types[0], "type", ANY_TYPE, &type) ||
      !fits(l, ast->name, type, FC_TYPE))
    return NULL;
  if (ast->name2 == NULL) return control_is(l, type, FC_TYPE);
  if (!find_bits(l, ast->name2, subtypes, sizeof subtypes / sizeof subtypes[0], "subtype", type,
                 &subtype))
    return NULL;
  if (ast->name2->kind == TOKEN_NUMBER && !fits(l, ast->name2, subtype, 0xf0)) return NULL;
  return control_is(l, type | subtype, 0xfc);
}

struct tap_formula *tap_lower_wlan(struct tap_lowering *l, const struct tap_ast *ast) {
  uint32_t bits;
  if (l->link->kind != LINK_WLAN && l->link->kind != LINK_RADIOTAP)
    return tap_lower_refuse(l, "'%s' is for 802.11 frames, and this is %s",
                            tap_word_text(ast->word), l->link->name);
  if (ast->word == W_TYPE) return type_is(l, ast);
  if (ast->word == W_SUBTYPE) {
    if (!find_bits(l, ast->name2, subtypes, sizeof subtypes / sizeof subtypes[0], "subtype",
                   ANY_TYPE, &bits))
      return NULL;
    return control_is(l, bits, 0xfc);
  }
  if (!find_bits(l, ast->name, directions, sizeof directions / sizeof directions[0], "direction",
                 ANY_TYPE, &bits))
    return NULL;
  return tap_lower_masked(l, tap_place_header(l), 1, 1, bits, TO_DS | FROM_DS);
}
