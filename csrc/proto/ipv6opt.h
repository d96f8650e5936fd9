/* SPDX-License-Identifier: MIT
 *
 * Readers of the options in IPv6's extension headers, for the rows in ipv6.c:
 * they take the layer of the fixed header and look into those that follow it.
 */
#ifndef TAP_PROTO_IPV6OPT_H
#define TAP_PROTO_IPV6OPT_H

#include "proto/field.h"

extern const struct tap_name tap_ipv6opt_names[], tap_ipv6opt_action_names[];
extern const struct tap_name tap_ipv6opt_alert_names[];

tap_reader tap_ipv6opt_type, tap_ipv6opt_action, tap_ipv6opt_change, tap_ipv6opt_length;
tap_reader tap_ipv6opt_padn, tap_ipv6opt_router_alert, tap_ipv6opt_tel, tap_ipv6opt_jumbo;
tap_reader tap_ipv6opt_home_address, tap_ipv6opt_experimental;

#endif
