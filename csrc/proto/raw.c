/* SPDX-License-Identifier: MIT
 *
 * Raw IP: frames without a link header (LINKTYPE_RAW).  The layer has no
 * bytes of its own; the first four bits of the packet say which IP it is.
 */
#include "proto/builtin.h"
#include "proto/ethertype.h"
#include "proto/linktype.h"

static enum tap_verdict raw_parse(struct tap_cursor *c, struct tap_step *out) {
  return tap_ip_follow(c, out);
}

static const struct tap_binding bindings[] = {
  { TAP_BY_LINKTYPE, TAP_LINKTYPE_RAW },
  { TAP_BY_LINKTYPE, TAP_LINKTYPE_RAW_BSD },
  { TAP_BY_LINKTYPE, TAP_LINKTYPE_RAW_OPENBSD },
};

const struct tap_protocol tap_raw_protocol = {
  .name = "raw",
  .title = "Raw IP",
  .level = TAP_LEVEL_LINK,
  .parse = raw_parse,
  .bindings = bindings,
  .binding_count = sizeof bindings / sizeof bindings[0],
  .leads = 1u << TAP_BY_ETHERTYPE,
};
