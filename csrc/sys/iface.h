/* SPDX-License-Identifier: MIT
 *
 * The machine's network interfaces, by netdevice(7) and getifaddrs(3).
 */
#ifndef TAP_SYS_IFACE_H
#define TAP_SYS_IFACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { TAP_IFACE_NAME = 16, TAP_ADDRESSES_MAX = 32, TAP_ADDRESS_TEXT = 64 };

struct tap_iface {
  char name[TAP_IFACE_NAME];
  unsigned index;
  unsigned flags; /* IFF_UP, IFF_RUNNING, IFF_LOOPBACK, ... (net/if.h) */
  unsigned mtu;
  uint16_t hardware; /* ARPHRD_ (net/if_arp.h) */
  uint16_t linktype; /* LINKTYPE_ that its frames have */
  uint8_t mac[6];
  bool has_mac;
  uint32_t
      netmask; /* of the first IPv4 address, in the machine's order; UINT32_MAX: there is none */
  unsigned address_count;
  char address[TAP_ADDRESSES_MAX][TAP_ADDRESS_TEXT]; /* "192.0.2.1/24" */
};

/* Fill 'out' for one interface.  0, or -1 ("find interface: No such device"). */
int tap_iface_get(const char *name, struct tap_iface *out, struct tap_err *e);

/* All interfaces in order of their index: a malloc'ed array of *count, NULL and 'e' on failure. */
struct tap_iface *tap_iface_list(size_t *count, struct tap_err *e);

/* The name of the interface to capture on where none was named: the first that is up, rather one
 * with a link, loopback last.  0 or -1. */
int tap_iface_first(char name[TAP_IFACE_NAME], struct tap_err *e);

/* What was given, or in 'buffer' the name that belongs to it where it is an index. */
const char *tap_iface_name(const char *given, char buffer[TAP_IFACE_NAME]);

#endif
