/* SPDX-License-Identifier: MIT
 *
 * What the files about 802.11 share: where its header's parts lie, and the
 * readers of management frames' bodies (wlanbody.c) for the rows of wlan.
 */
#ifndef TAP_PROTO_WLAN_H
#define TAP_PROTO_WLAN_H

#include "proto/field.h"

/* Keys of TAP_BY_WLAN: what a capture header says of the frame behind it. */
enum tap_wlan_key {
  TAP_WLAN_PLAIN = 1,
  TAP_WLAN_PADDED /* its header is filled up to a multiple of four bytes */
};

enum tap_wlan_type { TAP_WLAN_MANAGEMENT, TAP_WLAN_CONTROL, TAP_WLAN_DATA, TAP_WLAN_EXTENSION };

/* The two bytes of frame control, taken apart. */
struct tap_wlan_control {
  uint8_t type, subtype; /* enum tap_wlan_type */
  bool to_ds, from_ds, more, protected, order;
};

static inline struct tap_wlan_control tap_wlan_control(const uint8_t *h) {
  return (struct tap_wlan_control){
    .type = h[0] >> 2 & 3,
    .subtype = h[0] >> 4,
    .to_ds = h[1] & 1,
    .from_ds = h[1] >> 1 & 1,
    .more = h[1] >> 2 & 1,
    .protected = h[1] >> 6 & 1,
    .order = h[1] >> 7,
  };
}

/* Bytes of the MAC header, without filling. */
size_t tap_wlan_mac_size(const struct tap_wlan_control *f);

/* Bytes of the parameters in fixed places that start the body of a management frame. */
size_t tap_wlan_fixed_size(const struct tap_wlan_control *f);

/* The parameters in fixed places ... */
tap_reader tap_wlan_timestamp, tap_wlan_interval, tap_wlan_capabilities, tap_wlan_ess,
    tap_wlan_ibss, tap_wlan_privacy, tap_wlan_listen, tap_wlan_status, tap_wlan_fixed_aid,
    tap_wlan_reason, tap_wlan_auth_alg, tap_wlan_auth_seq, tap_wlan_current_ap, tap_wlan_category;

/* ... and in the tagged ones behind them. */
tap_reader tap_wlan_tag_number, tap_wlan_tag_length, tap_wlan_ssid, tap_wlan_rates,
    tap_wlan_more_rates, tap_wlan_channel, tap_wlan_dtim_count, tap_wlan_dtim_period,
    tap_wlan_country, tap_wlan_rsn_version, tap_wlan_tag_oui;

extern const struct tap_name tap_wlan_tag_names[], tap_wlan_reason_names[], tap_wlan_status_names[],
    tap_wlan_category_names[];

#endif
