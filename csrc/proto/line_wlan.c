/* SPDX-License-Identifier: MIT
 *
 * Words about 802.11.  A capture header says how fast, where and how loud it
 * was; data that leads on keeps silent, other frames are named, with what
 * they are about: a network, a reason, a receiver.
 */
#include "proto/builtin.h"
#include "proto/line.h"
#include "proto/wlan.h"

void tap_line_radiotap(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_value v;
  if (tap_line_read(l, layer, "radiotap.rate", &v)) {
    tap_text_put_uint(l->t, v.number / 2);
    tap_text_put(l->t, (v.number & 1) != 0 ? ".5 Mb/s " : ".0 Mb/s ");
  }
  if (tap_line_read(l, layer, "radiotap.channel.freq", &v)) {
    tap_text_put_uint(l->t, v.number);
    tap_text_put(l->t, " MHz ");
  }
  if (tap_line_read(l, layer, "radiotap.dbm_antsignal", &v)) {
    tap_text_put_int(l->t, (int64_t)v.number);
    tap_text_put(l->t, "dBm signal ");
  }
}

/* " (home)": the network that a frame names. */
static void put_network(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_value v;
  if (!tap_line_read(l, layer, "wlan.ssid", &v)) return;
  tap_text_put(l->t, " (");
  tap_text_put_escaped(l->t, v.bytes, v.size);
  tap_text_put_char(l->t, ')');
}

static void put_enumerated(struct tap_line *l, const struct tap_layer *layer, const char *field) {
  struct tap_value v;
  const char *name;
  if (!tap_line_read(l, layer, field, &v)) return;
  name = tap_line_name(l, field, v.number);
  tap_text_put(l->t, ": ");
  if (name != NULL)
    tap_text_put(l->t, name);
  else
    tap_text_put_uint(l->t, v.number);
}

static void put_channel(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_value v;
  if (tap_line_read(l, layer, "wlan.ds.current_channel", &v))
    tap_line_put_number(l, " CH: ", v.number);
  if (tap_line_read(l, layer, "wlan.fixed.capabilities.privacy", &v) && v.number != 0)
    tap_text_put(l->t, ", PRIVACY");
}

static void put_receiver(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_value v;
  if (!tap_line_read(l, layer, "wlan.ra", &v)) return;
  tap_text_put(l->t, " RA:");
  tap_text_put_mac(l->t, v.bytes);
}

void tap_line_wlan(struct tap_line *l, const struct tap_layer *layer) {
  struct tap_value v;
  const char *name;
  if (!tap_line_last(l) || !tap_line_read(l, layer, "wlan.fc.type_subtype", &v)) return;
  name = tap_line_name(l, "wlan.fc.type_subtype", v.number);
  tap_text_put(l->t, name == NULL ? "802.11" : name);
  if (v.number >> 4 != TAP_WLAN_MANAGEMENT) {
    put_receiver(l, layer);
    return;
  }
  put_network(l, layer);
  put_channel(l, layer);
  put_enumerated(l, layer, "wlan.fixed.reason_code");
  put_enumerated(l, layer, "wlan.fixed.status_code");
  put_enumerated(l, layer, "wlan.fixed.category_code");
}
