/* SPDX-License-Identifier: MIT
 *
 * Readers of IPv4's options, for the rows in ip.c.
 */
#ifndef TAP_PROTO_IPOPT_H
#define TAP_PROTO_IPOPT_H

#include "proto/field.h"

extern const struct tap_name tap_ipopt_names[];

tap_reader tap_ipopt_type, tap_ipopt_type_copy, tap_ipopt_type_class, tap_ipopt_type_number;
tap_reader tap_ipopt_len, tap_ipopt_ptr, tap_ipopt_ra, tap_ipopt_sid, tap_ipopt_mtu;
tap_reader tap_ipopt_overflow, tap_ipopt_flag, tap_ipopt_time_stamp, tap_ipopt_time_stamp_addr;
tap_reader tap_ipopt_rec_rt, tap_ipopt_empty_rt;

#endif
