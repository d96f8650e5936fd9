/* SPDX-License-Identifier: MIT
 *
 * Link types that protocols bind to: the numbers of capture files (LINKTYPE_,
 * tcpdump.org/linktypes.html).  Numbers that BSDs and Linux gave to the same
 * header in their own files stand beside the official one.  Those that all
 * layers know are in base/frame.h.
 */
#ifndef TAP_PROTO_LINKTYPE_H
#define TAP_PROTO_LINKTYPE_H

enum {
  TAP_LINKTYPE_NULL = 0,
  TAP_LINKTYPE_PPP = 9,
  TAP_LINKTYPE_RAW_BSD = 12, /* DLT_RAW of most systems */
  TAP_LINKTYPE_RAW_OPENBSD = 14,
  TAP_LINKTYPE_PPP_HDLC = 50,
  TAP_LINKTYPE_CISCO_HDLC = 104,
  TAP_LINKTYPE_80211 = 105,
  TAP_LINKTYPE_FRAME_RELAY = 107,
  TAP_LINKTYPE_LOOP = 108,
  TAP_LINKTYPE_SLL = 113,
  TAP_LINKTYPE_80211_PRISM = 119,
  TAP_LINKTYPE_80211_RADIOTAP = 127,
  TAP_LINKTYPE_80211_AVS = 163,
  TAP_LINKTYPE_IPV4 = 228,
  TAP_LINKTYPE_IPV6 = 229,
  TAP_LINKTYPE_NFLOG = 239,
  TAP_LINKTYPE_SLL2 = 276
};

#endif
