/* SPDX-License-Identifier: MIT
 *
 * Network interfaces as netdevice(7)'s ioctls tell them, and their addresses
 * as getifaddrs(3) does.  (getifaddrs alone will not do: glibc leaves out the
 * hardware of interfaces that have no hardware address, as tunnels.)  It
 * looks and never changes an interface.
 */
#include "sys/iface.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cursor.h"
#include "base/frame.h"

_Static_assert(TAP_IFACE_NAME == IFNAMSIZ, "names have the kernel's size");

/* What a raw packet socket sees on such hardware; on tunnels frames begin with the IP header. */
static uint16_t linktype_of(uint16_t hardware) {
  switch (hardware) {
  case ARPHRD_ETHER:
  case ARPHRD_LOOPBACK: return TAP_LINKTYPE_ETHERNET;
  case ARPHRD_NONE:
  case ARPHRD_RAWIP:
  case ARPHRD_TUNNEL:
  case ARPHRD_TUNNEL6:
  case ARPHRD_SIT: return TAP_LINKTYPE_RAW;
  default: return TAP_LINKTYPE_NONE;
  }
}

/* What the questions need: a socket for ioctls, and all addresses. */
struct survey {
  int fd;
  struct ifaddrs *addresses;
};

static void survey_end(struct survey *s) {
  if (s->addresses != NULL) freeifaddrs(s->addresses);
  if (s->fd >= 0) close(s->fd);
}

static int survey_begin(struct survey *s, struct tap_err *e) {
  int sys;
  *s = (struct survey){ .fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) };
  if (s->fd >= 0 && getifaddrs(&s->addresses) == 0) return 0;
  sys = errno;
  s->addresses = NULL;
  survey_end(s);
  return tap_fail(e, sys, "list interfaces");
}

static int ask(const struct survey *s, unsigned long question, struct ifreq *req) {
  return ioctl(s->fd, question, req);
}

/* -1 and errno if there is no such interface, or none any more. */
static int fill_link(const struct survey *s, const char *name, struct tap_iface *out) {
  struct ifreq req = { 0 };
  *out = (struct tap_iface){ 0 };
  snprintf(req.ifr_name, sizeof req.ifr_name, "%s", name);
  memcpy(out->name, req.ifr_name, sizeof out->name);
  if (ask(s, SIOCGIFINDEX, &req) < 0) return -1;
  out->index = (unsigned)req.ifr_ifindex;
  if (ask(s, SIOCGIFFLAGS, &req) < 0) return -1;
  out->flags = (unsigned short)req.ifr_flags;
  if (ask(s, SIOCGIFMTU, &req) < 0) return -1;
  out->mtu = (unsigned)req.ifr_mtu;
  if (ask(s, SIOCGIFHWADDR, &req) < 0) return -1;
  out->hardware = req.ifr_hwaddr.sa_family;
  out->linktype = linktype_of(out->hardware);
  out->has_mac = out->hardware == ARPHRD_ETHER;
  if (out->has_mac) memcpy(out->mac, req.ifr_hwaddr.sa_data, sizeof out->mac);
  return 0;
}

/* Where the bytes of an IP address are and how many; NULL for other families. */
static const uint8_t *ip_bytes(const struct sockaddr *sa, size_t *size) {
  if (sa == NULL) return NULL;
  if (sa->sa_family == AF_INET) {
    *size = 4;
    return (const void *)&((const struct sockaddr_in *)(const void *)sa)->sin_addr;
  }
  if (sa->sa_family == AF_INET6) {
    *size = 16;
    return (const void *)&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr;
  }
  return NULL;
}

static unsigned prefix_length(const struct sockaddr *mask) {
  size_t size = 0;
  unsigned bits = 0;
  const uint8_t *p = ip_bytes(mask, &size);
  for (size_t i = 0; p != NULL && i < size; i++)
    bits += (unsigned)__builtin_popcount(p[i]);
  return bits;
}

static void note_netmask(const struct ifaddrs *a, struct tap_iface *out) {
  size_t size = 0;
  const uint8_t *p = ip_bytes(a->ifa_netmask, &size);
  if (size == 4 && out->netmask == UINT32_MAX) out->netmask = tap_be32(p);
}

static void add_address(const struct ifaddrs *a, struct tap_iface *out) {
  char text[INET6_ADDRSTRLEN];
  size_t size;
  const uint8_t *p = ip_bytes(a->ifa_addr, &size);
  if (p == NULL || out->address_count == TAP_ADDRESSES_MAX) return;
  inet_ntop(a->ifa_addr->sa_family, p, text, sizeof text);
  snprintf(out->address[out->address_count++], TAP_ADDRESS_TEXT, "%s/%u", text,
           prefix_length(a->ifa_netmask));
}

/* An address may bear a label, "eth0:1", for which no interface of its own exists. */
static bool belongs_to(const struct ifaddrs *a, const char *name) {
  const size_t n = strcspn(a->ifa_name, ":");
  return strlen(name) == n && memcmp(a->ifa_name, name, n) == 0;
}

static int fill_iface(const struct survey *s, const char *name, struct tap_iface *out) {
  if (fill_link(s, name, out) < 0) return -1;
  out->netmask = UINT32_MAX;
  for (const struct ifaddrs *a = s->addresses; a != NULL; a = a->ifa_next) {
    if (!belongs_to(a, name)) continue;
    add_address(a, out);
    note_netmask(a, out);
  }
  return 0;
}

int tap_iface_get(const char *name, struct tap_iface *out, struct tap_err *e) {
  struct survey s;
  int sys;
  if (strlen(name) >= TAP_IFACE_NAME || strchr(name, ':') != NULL) /* ioctls take labels, too */
    return tap_fail(e, ENODEV, "find interface");
  if (survey_begin(&s, e) < 0) return -1;
  sys = fill_iface(&s, name, out) < 0 ? errno : 0;
  survey_end(&s);
  return sys == 0 ? 0 : tap_fail(e, sys, "find interface");
}

static int by_index(const void *a, const void *b) {
  const unsigned x = ((const struct tap_iface *)a)->index, y = ((const struct tap_iface *)b)->index;
  return (x > y) - (x < y);
}

/* Those that went away meanwhile are left out. */
static struct tap_iface *fill_list(const struct survey *s, const struct if_nameindex *names,
                                   size_t *count) {
  size_t n = 0;
  struct tap_iface *list;
  while (names[n].if_index != 0)
    n++;
  list = calloc(n + 1, sizeof *list); /* not 0 bytes, whose address may be NULL */
  *count = 0;
  for (size_t i = 0; list != NULL && i < n; i++)
    if (fill_iface(s, names[i].if_name, &list[*count]) == 0) ++*count;
  return list;
}

struct tap_iface *tap_iface_list(size_t *count, struct tap_err *e) {
  struct survey s;
  struct if_nameindex *names;
  struct tap_iface *list = NULL;
  if (survey_begin(&s, e) < 0) return NULL;
  names = if_nameindex();
  if (names != NULL) list = fill_list(&s, names, count);
  if (list == NULL) tap_fail(e, names == NULL ? errno : ENOMEM, "list interfaces");
  if (names != NULL) if_freenameindex(names);
  survey_end(&s);
  if (list != NULL) qsort(list, *count, sizeof *list, by_index);
  return list;
}

int tap_iface_first(char name[TAP_IFACE_NAME], struct tap_err *e) {
  size_t count;
  int best = 0;
  struct tap_iface *list = tap_iface_list(&count, e);
  if (list == NULL) return -1;
  for (size_t i = 0; i < count; i++) {
    unsigned f = list[i].flags;
    int rank = !(f & IFF_UP) ? 0 : f & IFF_LOOPBACK ? 1 : f & IFF_RUNNING ? 3 : 2;
    if (rank <= best) continue;
    best = rank;
    memcpy(name, list[i].name, TAP_IFACE_NAME);
  }
  free(list);
  return best > 0 ? 0 : tap_fail(e, 0, "find an interface that is up");
}

const char *tap_iface_name(const char *given, char buffer[TAP_IFACE_NAME]) {
  char *end;
  unsigned long index = strtoul(given, &end, 10);
  if (*given < '0' || *given > '9' || *end != '\0' || index > UINT32_MAX) return given;
  return if_nametoindex(given) == 0 && if_indextoname((unsigned)index, buffer) ? buffer : given;
}
