/* SPDX-License-Identifier: MIT
 *
 * Is a checksum right?  Computed from the bytes when somebody asks, never by
 * the walk.  It is not computed where bytes are missing, in fragments and in
 * what an error quotes; and what the kernel knows of the frame counts: a
 * checksum that its network card has yet to fill in is never called bad.
 */
#ifndef TAP_PROTO_CSUM_H
#define TAP_PROTO_CSUM_H

#include "proto/field.h"

/* The first five are Wireshark's numbers. */
enum tap_csum {
  TAP_CSUM_BAD,
  TAP_CSUM_GOOD,
  TAP_CSUM_UNCHECKED,
  TAP_CSUM_ABSENT,  /* the sender left it out, as UDP over IPv4 may */
  TAP_CSUM_ILLEGAL, /* it left it out where that is not allowed */
  TAP_CSUM_PARTIAL  /* to be filled in by the network card that sends the frame */
};

extern const struct tap_name tap_csum_names[];

/* Readers of the rows <protocol>.checksum.status. */
tap_reader tap_csum_ip, tap_csum_tcp, tap_csum_udp, tap_csum_udplite, tap_csum_dccp, tap_csum_sctp;
tap_reader tap_csum_icmp, tap_csum_icmpv6, tap_csum_igmp, tap_csum_gre, tap_csum_vrrp, tap_csum_pim;

/* Such a row.  It is left out of trees and JSON, which would compute it for every packet. */
#define TAP_CSUM_ROW(name_, read_)                                                                 \
  TAP_READ(name_, "Checksum Status", TAP_UINT, read_, .flags = TAP_HIDDEN, .names = tap_csum_names)

#endif
