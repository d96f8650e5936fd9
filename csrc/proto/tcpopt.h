/* SPDX-License-Identifier: MIT
 *
 * Readers of TCP's options, for the rows in tcp.c.
 */
#ifndef TAP_PROTO_TCPOPT_H
#define TAP_PROTO_TCPOPT_H

#include "proto/field.h"

extern const struct tap_name tap_tcpopt_names[], tap_tcpopt_multipath_names[];

tap_reader tap_tcpopt_kind, tap_tcpopt_len;

/* Whole options, kind and length included. */
tap_reader tap_tcpopt_nop, tap_tcpopt_mss, tap_tcpopt_wscale, tap_tcpopt_sack_perm;
tap_reader tap_tcpopt_sack, tap_tcpopt_timestamp;

/* What is in them. */
tap_reader tap_tcpopt_mss_val, tap_tcpopt_shift, tap_tcpopt_multiplier;
tap_reader tap_tcpopt_sack_count, tap_tcpopt_sack_le, tap_tcpopt_sack_re;
tap_reader tap_tcpopt_tsval, tap_tcpopt_tsecr, tap_tcpopt_timeout, tap_tcpopt_timeout_unit;
tap_reader tap_tcpopt_md5, tap_tcpopt_cookie, tap_tcpopt_multipath;

#endif
