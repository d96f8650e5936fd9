/* SPDX-License-Identifier: MIT
 *
 * The system's names of hosts, services, protocols, networks and hardware
 * addresses, for filters.  A host's name may ask a name server and wait.
 */
#ifndef TAP_SYS_RESOLVER_H
#define TAP_SYS_RESOLVER_H

#include "filter/filter.h"

/* One resolver for all; it keeps nothing. */
const struct tap_resolver *tap_resolver_system(void);

#endif
