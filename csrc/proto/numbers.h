/* SPDX-License-Identifier: MIT
 *
 * Names of numbers that several protocols share: EtherTypes and IP protocols.
 */
#ifndef TAP_PROTO_NUMBERS_H
#define TAP_PROTO_NUMBERS_H

#include "proto/field.h"

extern const struct tap_name tap_ethertype_names[];
extern const struct tap_name tap_ip_proto_names[];
extern const struct tap_name tap_dscp_names[];
extern const struct tap_name tap_ecn_names[];

#endif
