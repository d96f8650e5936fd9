/* SPDX-License-Identifier: MIT
 *
 * Every question goes to the C library, which reads the files and asks the
 * servers that the system is set up with.  Results are copied at once.
 */
#include "sys/resolver.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netdb.h>
#include <netinet/ether.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

enum { ANSWER_BYTES = 2048 };

static bool copy_address(const struct addrinfo *from, struct tap_name_address *to) {
  *to = (struct tap_name_address){ .ipv6 = from->ai_family == AF_INET6 };
  if (from->ai_family == AF_INET) {
    struct sockaddr_in in;
    memcpy(&in, from->ai_addr, sizeof in);
    memcpy(to->bytes, &in.sin_addr, 4);
    return true;
  }
  if (to->ipv6) {
    struct sockaddr_in6 in6;
    memcpy(&in6, from->ai_addr, sizeof in6);
    memcpy(to->bytes, &in6.sin6_addr, 16);
  }
  return to->ipv6;
}

static size_t find_host(void *context, const char *name, struct tap_name_address *out,
                        size_t most) {
  const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
  struct addrinfo *list = NULL;
  size_t n = 0;
  (void)context;
  if (getaddrinfo(name, NULL, &hints, &list) != 0) return 0;
  for (const struct addrinfo *a = list; a != NULL && n < most; a = a->ai_next)
    if (copy_address(a, &out[n])) n++;
  freeaddrinfo(list);
  return n;
}

static bool find_service(void *context, const char *name, const char *protocol, uint16_t *port) {
  struct servent entry, *found = NULL;
  char buffer[ANSWER_BYTES];
  (void)context;
  if (getservbyname_r(name, protocol, &entry, buffer, sizeof buffer, &found) != 0) return false;
  if (found == NULL) return false;
  *port = ntohs((uint16_t)entry.s_port);
  return true;
}

static bool find_protocol(void *context, const char *name, uint8_t *number) {
  struct protoent entry, *found = NULL;
  char buffer[ANSWER_BYTES];
  (void)context;
  if (getprotobyname_r(name, &entry, buffer, sizeof buffer, &found) != 0) return false;
  if (found == NULL || entry.p_proto < 0 || entry.p_proto > 255) return false;
  *number = (uint8_t)entry.p_proto;
  return true;
}

static bool find_network(void *context, const char *name, uint32_t *address) {
  struct netent entry, *found = NULL;
  char buffer[ANSWER_BYTES];
  int error;
  (void)context;
  if (getnetbyname_r(name, &entry, buffer, sizeof buffer, &found, &error) != 0) return false;
  if (found == NULL) return false;
  *address = entry.n_net;
  return true;
}

static bool find_ether(void *context, const char *name, uint8_t mac[6]) {
  struct ether_addr found;
  (void)context;
  if (ether_hostton(name, &found) != 0) return false;
  memcpy(mac, found.ether_addr_octet, 6);
  return true;
}

const struct tap_resolver *tap_resolver_system(void) {
  static const struct tap_resolver resolver = {
    .host = find_host,
    .service = find_service,
    .protocol = find_protocol,
    .network = find_network,
    .ether = find_ether,
  };
  return &resolver;
}
