/* SPDX-License-Identifier: MIT
 *
 * A sender of test frames: send INTERFACE [count=N] [ms=N] [size=N] [pps=N] [taps=1]
 *
 * Sends 'count' frames, or as many as 'ms' milliseconds allow, or until SIGTERM
 * or SIGINT, whatever comes first, and prints how many the kernel took.  Sizes
 * run from 14 to 1514 bytes in turn, or are all 'size'.  Frames from 46 bytes
 * on are UDP in IPv4, from port 40000 + n % 64 to port 9, whose payload starts
 * with n, 32 bits, n = 0, 1, 2, ...; smaller ones have the EtherType for local
 * experiments and as much of n as fits.  They are addressed to nobody, so that
 * no network stack answers.  The fast way out that they take passes by whoever
 * captures at the sending end; 'taps' makes them take the usual one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FRAME_MIN = 14, FRAME_MAX = 1514, BATCH = 64, ETH = 14, IP = 20, UDP = 8 };

struct job {
  const char *interface;
  uint64_t count, ms, size, pps, taps; /* 0: no limit, no one size, no pace */
};

static volatile sig_atomic_t stopped;

static void stop(int sig) {
  stopped = sig;
}

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void put16(uint8_t *p, size_t v) {
  p[0] = (uint8_t)(v >> 8);
  p[1] = (uint8_t)v;
}

/* The sum of RFC 1071 over an IPv4 header whose checksum field is zero. */
static unsigned header_checksum(const uint8_t *p) {
  unsigned sum = 0;
  for (int i = 0; i < IP; i += 2)
    sum += (unsigned)p[i] << 8 | p[i + 1];
  while (sum >> 16)
    sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

static void fill_headers(uint8_t *frame, size_t size, uint64_t n) {
  static const uint8_t ip[IP] = { 0x45, 0, 0,   0, 0x12, 0x34, 0x40, 0, 64, 17,
                                  0,    0, 192, 0, 2,    1,    192,  0, 2,  2 };
  uint8_t *udp = frame + ETH + IP;
  put16(frame + 12, 0x0800);
  memcpy(frame + ETH, ip, IP);
  put16(frame + ETH + 2, size - ETH);
  put16(frame + ETH + 10, header_checksum(frame + ETH));
  put16(udp, 40000 + n % 64);
  put16(udp + 2, 9);
  put16(udp + 4, size - ETH - IP);
  put16(udp + 6, 0); /* no checksum */
}

static void fill(uint8_t *frame, size_t size, uint64_t n) {
  static const uint8_t addresses[12] = { 2, 0, 0, 0, 0, 0xfe, 2, 0, 0, 0, 0, 0xfd };
  size_t at = size >= ETH + IP + UDP + 4 ? ETH + IP + UDP : ETH;
  uint32_t number = htonl((uint32_t)n);
  memset(frame, 0, size);
  memcpy(frame, addresses, sizeof addresses);
  put16(frame + 12, 0x88b5);
  if (at > ETH) fill_headers(frame, size, n);
  memcpy(frame + at, &number, size - at < 4 ? size - at : 4);
}

static size_t size_of(const struct job *job, uint64_t n) {
  return job->size ? job->size : FRAME_MIN + n % (FRAME_MAX - FRAME_MIN + 1);
}

/* Hand frames n, n + 1, ... to the kernel; how many it took, or -1. */
static int send_batch(int fd, const struct job *job, uint64_t n, unsigned count) {
  static uint8_t frames[BATCH][FRAME_MAX];
  struct mmsghdr messages[BATCH] = { 0 };
  struct iovec parts[BATCH];
  for (unsigned i = 0; i < count; i++) {
    size_t size = size_of(job, n + i);
    fill(frames[i], size, n + i);
    parts[i] = (struct iovec){ frames[i], size };
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  return sendmmsg(fd, messages, count, 0);
}

/* How many frames may go now; 0 with a short wait when the pace says that none is due. */
static unsigned due(const struct job *job, uint64_t start_ns, uint64_t sent) {
  uint64_t left = job->count ? job->count - sent : BATCH, allowed;
  if (job->pps) {
    allowed = (now_ns() - start_ns) * job->pps / 1000000000u + 1;
    if (allowed <= sent) {
      poll(NULL, 0, 1);
      return 0;
    }
    if (allowed - sent < left) left = allowed - sent;
  }
  return left < BATCH ? (unsigned)left : BATCH;
}

static bool finished(const struct job *job, uint64_t start_ns, uint64_t sent) {
  if (stopped || (job->count && sent >= job->count)) return true;
  return job->ms && now_ns() - start_ns >= job->ms * 1000000u;
}

static int run(int fd, const struct job *job) {
  uint64_t start_ns = now_ns(), sent = 0;
  while (!finished(job, start_ns, sent)) {
    unsigned count = due(job, start_ns, sent);
    int n = count ? send_batch(fd, job, sent, count) : 0;
    if (n > 0) sent += (uint64_t)n;
    if (n < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
      perror("send");
      return 1;
    }
  }
  printf("%llu\n", (unsigned long long)sent);
  return 0;
}

/* A packet socket of no protocol: it sends, and receives nothing. */
static int open_socket(const char *interface, bool taps) {
  struct sockaddr_ll to = { .sll_family = AF_PACKET };
  int one = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  to.sll_ifindex = (int)if_nametoindex(interface);
  if (fd < 0 || bind(fd, (struct sockaddr *)&to, sizeof to) < 0 || to.sll_ifindex == 0) return -1;
  if (!taps) setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one);
  return fd;
}

static bool parse(struct job *job, const char *word) {
  static const char *const names[] = { "count=", "ms=", "size=", "pps=", "taps=" };
  uint64_t *const values[] = { &job->count, &job->ms, &job->size, &job->pps, &job->taps };
  for (unsigned i = 0; i < 5; i++) {
    size_t n = strlen(names[i]);
    if (strncmp(word, names[i], n) != 0) continue;
    *values[i] = strtoull(word + n, NULL, 10);
    return true;
  }
  return false;
}

int main(int argc, char **argv) {
  struct sigaction action = { .sa_handler = stop };
  struct job job = { .interface = argv[1] };
  bool good = argc >= 2;
  int fd;
  for (int i = 2; i < argc; i++)
    good = good && parse(&job, argv[i]);
  if (!good || (job.size && (job.size < FRAME_MIN || job.size > FRAME_MAX))) {
    fprintf(stderr, "usage: send INTERFACE [count=N] [ms=N] [size=14..1514] [pps=N] [taps=1]\n");
    return 2;
  }
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  fd = open_socket(job.interface, job.taps != 0);
  if (fd < 0) {
    perror(job.interface);
    return 1;
  }
  return run(fd, &job);
}
