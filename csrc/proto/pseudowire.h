/* SPDX-License-Identifier: MIT
 *
 * Keys of TAP_BY_PSEUDOWIRE: what an MPLS stack may carry that names itself
 * nowhere.  They are no numbers of the wire.
 */
#ifndef TAP_PROTO_PSEUDOWIRE_H
#define TAP_PROTO_PSEUDOWIRE_H

enum {
  TAP_PW_GUESS,   /* Ethernet, with or without a control word */
  TAP_PW_CONTROL, /* Ethernet behind a control word */
  TAP_PW_PLAIN,   /* Ethernet at once */
  TAP_PW_CHANNEL  /* an associated channel (RFC 4385, section 5) */
};

#endif
