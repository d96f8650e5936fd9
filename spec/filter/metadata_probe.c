/* SPDX-License-Identifier: MIT
 *
 * Loads of metadata and of offsets from headers in csrc/filter/vm.c against
 * the kernel: random frames go over a link, and a packet socket with a filter
 * and one without stand at its end.  Standard input has the name of the
 * sending interface, that of the receiving one, and how many frames.
 */
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "filter/program.h"

enum { BYTES = 128, TIMEOUT_MS = 5000 };

static uint32_t below(uint32_t n) {
  static uint64_t state = 88172645463325252u;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(state >> 20) % n;
}

static int open_socket(const char *interface, uint16_t protocol) {
  int fd = socket(AF_PACKET, SOCK_RAW, 0), on = 1;
  struct sockaddr_ll address = { .sll_family = AF_PACKET,
                                 .sll_protocol = htons(protocol),
                                 .sll_ifindex = (int)if_nametoindex(interface) };
  setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    perror(interface);
    exit(1);
  }
  return fd;
}

/* An offset with a meaning: metadata, from the network header, from the link header, plain. */
static uint32_t random_offset(void) {
  static const uint32_t known[] = { SKF_AD_PROTOCOL, SKF_AD_PKTTYPE,          SKF_AD_IFINDEX,
                                    SKF_AD_VLAN_TAG, SKF_AD_VLAN_TAG_PRESENT, SKF_AD_VLAN_TPID };
  switch (below(4)) {
  case 0: return (uint32_t)SKF_AD_OFF + known[below(6)];
  case 1: return (uint32_t)SKF_NET_OFF + below(70) - 4;
  case 2: return (uint32_t)SKF_LL_OFF + below(80) - 4;
  default: return below(80);
  }
}

/* Load something, and return a part of it as the number of bytes to keep. */
static struct tap_program random_program(struct tap_insn insns[5]) {
  static const uint16_t loads[] = { BPF_LD | BPF_B | BPF_ABS, BPF_LD | BPF_H | BPF_ABS,
                                    BPF_LD | BPF_W | BPF_ABS, BPF_LD | BPF_H | BPF_IND };
  insns[0] = (struct tap_insn){ loads[below(4)], 0, 0, random_offset() };
  insns[1] = (struct tap_insn){ BPF_ALU | BPF_RSH | BPF_K, 0, 0, below(16) };
  insns[2] = (struct tap_insn){ BPF_ALU | BPF_AND | BPF_K, 0, 0, 31 };
  insns[3] = (struct tap_insn){ BPF_ALU | BPF_ADD | BPF_K, 0, 0, 1 };
  insns[4] = (struct tap_insn){ BPF_RET | BPF_A, 0, 0, 0 };
  return (struct tap_program){ insns, 5 };
}

/* A frame to everybody or to nobody's address, with tags, lengths and types of all kinds. */
static size_t random_frame(uint8_t *bytes) {
  static const uint16_t types[] = { 0x0800, 0x86dd, 0x8100, 0x88a8 };
  uint16_t type = below(3) == 0 ? (uint16_t)below(UINT16_MAX) : types[below(4)];
  size_t size = 40 + below(40);
  for (size_t i = 0; i < size; i++)
    bytes[i] = (uint8_t)below(256);
  bytes[0] |= 1; /* a unicast address would be another host's, which no frame tells of itself */
  if (below(2) == 0) memset(bytes, 0xff, ETH_ALEN);
  if (below(5) == 0) type = (uint16_t)below(1500);
  bytes[12] = (uint8_t)(type >> 8);
  bytes[13] = (uint8_t)type;
  if (below(4) == 0) memset(bytes + ETH_HLEN, 0xff, 2);
  return size;
}

static void take_tag(const struct cmsghdr *c, struct tap_frame *out) {
  struct tpacket_auxdata aux;
  if (c == NULL || c->cmsg_type != PACKET_AUXDATA) return;
  memcpy(&aux, CMSG_DATA(c), sizeof aux);
  if (!(aux.tp_status & TP_STATUS_VLAN_VALID)) return;
  out->flags |= TAP_FRAME_TAG_LIFTED;
  out->vlan_tci = aux.tp_vlan_tci;
  out->vlan_tpid = aux.tp_vlan_tpid;
}

/* The frame as it came in, with what the kernel says of it. */
static bool receive(int fd, uint8_t *bytes, struct tap_frame *out) {
  struct pollfd ready = { .fd = fd, .events = POLLIN };
  struct sockaddr_ll from = { 0 };
  char control[256];
  struct iovec vector = { bytes, BYTES };
  struct msghdr m = { &from, sizeof from, &vector, 1, control, sizeof control, 0 };
  ssize_t n = poll(&ready, 1, TIMEOUT_MS) == 1 ? recvmsg(fd, &m, 0) : -1;
  if (n < 0) return false;
  *out = (struct tap_frame){ .data = bytes,
                             .caplen = (uint32_t)n,
                             .len = (uint32_t)n,
                             .interface = (uint32_t)from.sll_ifindex,
                             .linktype = TAP_LINKTYPE_ETHERNET,
                             .direction = TAP_DIR_IN };
  take_tag(CMSG_FIRSTHDR(&m), out);
  return true;
}

/* True if the kernel and the machine agree on one frame and program.  A socket that was opened
 * later is served first: what the filtered one has is there once the other one got its frame. */
static bool agree(int sender, int plain, int filtered, unsigned *accepted) {
  struct tap_insn insns[5];
  struct sock_filter copy[5];
  uint8_t bytes[BYTES], back[BYTES];
  struct tap_program program = random_program(insns);
  struct sock_fprog attached = { 5, copy };
  struct tap_frame frame;
  uint32_t ours, kernels;
  ssize_t n;
  memcpy(copy, insns, sizeof copy);
  if (setsockopt(filtered, SOL_SOCKET, SO_ATTACH_FILTER, &attached, sizeof attached) != 0)
    return false;
  if (send(sender, bytes, random_frame(bytes), 0) < 0) return false;
  if (!receive(plain, bytes, &frame)) return false;
  n = recv(filtered, back, sizeof back, MSG_DONTWAIT);
  kernels = n < 0 ? 0 : (uint32_t)n;
  ours = tap_program_run(&program, &frame);
  *accepted += kernels > 0;
  if (ours != kernels)
    fprintf(stderr, "code 0x%x, k 0x%x: %u, not %u\n", insns[0].code, insns[0].k, ours, kernels);
  return ours == kernels;
}

int main(void) {
  char from[IF_NAMESIZE], to[IF_NAMESIZE];
  unsigned count, accepted = 0, differ = 0;
  int sender, plain, filtered;
  if (scanf("%15s %15s %u", from, to, &count) != 3) return 1;
  sender = open_socket(from, 0);
  plain = open_socket(to, ETH_P_ALL);
  filtered = open_socket(to, ETH_P_ALL);
  for (unsigned i = 0; i < count; i++)
    differ += !agree(sender, plain, filtered, &accepted);
  printf("%u frames, %u accepted, %u differ\n", count, accepted, differ);
  return 0;
}
