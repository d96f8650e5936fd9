/* SPDX-License-Identifier: MIT
 *
 * Readers of the options of neighbour discovery, for the rows in icmpv6.c.
 */
#ifndef TAP_PROTO_ICMPV6OPT_H
#define TAP_PROTO_ICMPV6OPT_H

#include "proto/field.h"

extern const struct tap_name tap_icmpv6opt_names[];

tap_reader tap_icmpv6opt_type, tap_icmpv6opt_length, tap_icmpv6opt_linkaddr;
tap_reader tap_icmpv6opt_src_linkaddr, tap_icmpv6opt_target_linkaddr;
tap_reader tap_icmpv6opt_prefix, tap_icmpv6opt_prefix_length, tap_icmpv6opt_on_link;
tap_reader tap_icmpv6opt_autonomous, tap_icmpv6opt_valid, tap_icmpv6opt_preferred;
tap_reader tap_icmpv6opt_mtu, tap_icmpv6opt_nonce;
tap_reader tap_icmpv6opt_rdnss, tap_icmpv6opt_rdnss_lifetime;

#endif
