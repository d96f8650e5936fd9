/* SPDX-License-Identifier: MIT
 *
 * Live capture: the life of a packet socket whose frames come through a ring.
 *
 * The socket is opened with protocol 0, so nothing reaches it until start()
 * binds it, with ring and filter already in place.  stop() shuts the door,
 * waits until no packet is between the door and the ring, and only then reads
 * the kernel's counts: what the kernel counted is what was taken, dropped and
 * what still lies in the ring.
 *
 * Invariant: 'running' says that the socket is bound and its filter is
 * 'program'; otherwise nothing comes in.  It never blocks but in wait() and,
 * for a bounded time, in stop().
 */
#include "sys/afpacket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/membarrier.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/descriptor.h"
#include "sys/iface.h"
#include "sys/ring.h"

struct live {
  struct tap_source base; /* first: a pointer to it is one to this */
  struct tap_ring ring;
  struct tap_counts counts; /* 'seen', 'dropped', 'frozen' as of the last read_counts */
  struct sock_fprog program;
  int64_t counted_ms; /* when read_counts was called last */
  int ifindex;
  bool loopback;
  bool running;
  bool unsteady; /* the interface was down since start() */
};

static struct live *live_of(struct tap_source *s) {
  return (struct live *)s;
}

static int64_t now_ms(void) {
  return tap_clock_ns(CLOCK_MONOTONIC_COARSE) / 1000000;
}

static int attach(const struct live *l, const struct sock_fprog *program) {
  return setsockopt(l->base.fd, SOL_SOCKET, SO_ATTACH_FILTER, program, sizeof *program);
}

static int attach_reject_all(const struct live *l) {
  struct sock_filter reject = BPF_STMT(BPF_RET | BPF_K, 0);
  return attach(l, &(struct sock_fprog){ .len = 1, .filter = &reject });
}

/* Bytes to keep where a filter says 'k': no more than the snapshot length. */
static uint32_t clamp(const struct live *l, uint32_t k) {
  return l->base.snaplen != 0 && k > l->base.snaplen ? l->base.snaplen : k;
}

/* A copy of 'program' for the kernel; its constant results are clamped.  NULL: accept all. */
static int copy_program(const struct live *l, const struct tap_program *program,
                        struct sock_fprog *out) {
  static const struct tap_insn accept = { .code = BPF_RET | BPF_K, .k = UINT32_MAX };
  const struct tap_insn *from = program != NULL ? program->insns : &accept;
  const size_t n = program != NULL ? program->count : 1;
  out->filter = calloc(n, sizeof *out->filter);
  if (out->filter == NULL) return -1;
  out->len = (unsigned short)n;
  for (size_t i = 0; i < n; i++) {
    const bool constant = from[i].code == (BPF_RET | BPF_K);
    out->filter[i] = (struct sock_filter){
      from[i].code,
      from[i].jt,
      from[i].jf,
      constant ? clamp(l, from[i].k) : from[i].k,
    };
  }
  return 0;
}

/* Add what the kernel counted since the last time; it counts in 32 bits and from 0 again after
 * each read. */
static int read_counts(struct live *l) {
  struct tpacket_stats_v3 st;
  socklen_t size = sizeof st;
  if (getsockopt(l->base.fd, SOL_PACKET, PACKET_STATISTICS, &st, &size) < 0) return -1;
  l->counts.seen += st.tp_packets;
  l->counts.dropped += st.tp_drops;
  l->counts.frozen += st.tp_freeze_q_cnt;
  l->counted_ms = now_ms();
  return 0;
}

/* Once in a second is often enough for 32 bits, whatever the link. */
static void read_counts_in_time(struct live *l) {
  if (l->running && now_ms() - l->counted_ms >= 1000) read_counts(l);
}

/* How many frames lie in the ring, by the kernel's counts. */
static uint64_t owed(const struct live *l) {
  return l->counts.seen - l->counts.dropped - l->counts.taken;
}

/* Have the kernel look at a program.  While nothing is let in it stays closed. */
static int try_program(const struct live *l, const struct sock_fprog *program) {
  const int sys = attach(l, program) < 0 ? errno : 0;
  if (!l->running) attach_reject_all(l);
  errno = sys;
  return sys == 0 ? 0 : -1;
}

/* Wait until no CPU runs the filter that was there before.  Packets that it let in are counted
 * then.  False where the kernel offers no such wait (Linux < 4.3, or a system that forbids it). */
static bool let_filters_end(void) {
  return syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0;
}

/* How many frames lie in the ring that may have come by an older filter; UINT64_MAX: any. */
static uint64_t count_stale(struct live *l) {
  if (l->running && (!let_filters_end() || read_counts(l) < 0)) return UINT64_MAX;
  return owed(l);
}

static int live_set_filter(struct tap_source *s, const struct tap_program *program,
                           struct tap_err *e) {
  struct live *l = live_of(s);
  struct sock_fprog fresh;
  if (program != NULL && (program->count == 0 || program->count > TAP_PROGRAM_MAX))
    return tap_fail(e, EINVAL, "attach filter");
  if (copy_program(l, program, &fresh) < 0) return tap_fail(e, ENOMEM, "attach filter");
  if (l->base.fd >= 0 && try_program(l, &fresh) < 0) {
    const int sys = errno;
    free(fresh.filter);
    return tap_fail(e, sys, "attach filter");
  }
  free(l->program.filter);
  l->program = fresh;
  s->stale = count_stale(l);
  return 0;
}

static void live_counts(struct tap_source *s, struct tap_counts *out) {
  struct live *l = live_of(s);
  if (l->running) read_counts(l);
  *out = l->counts;
  if (!l->running) {
    const uint64_t there = l->counts.unread;
    out->lost_at_stop = owed(l) > there ? owed(l) - there : there - owed(l);
  }
}

/* A protocol that no frame has: numbers below 0x600 are lengths on the wire, and the kernel
 * gives this one no meaning of its own. */
enum { NO_SUCH_PROTOCOL = 0x01ff };

static int bind_protocol(const struct live *l, uint16_t protocol) {
  struct sockaddr_ll to = {
    .sll_family = AF_PACKET,
    .sll_protocol = htons(protocol),
    .sll_ifindex = l->ifindex,
  };
  return bind(l->base.fd, (const void *)&to, sizeof to);
}

/* The error that waits in the socket, which reading clears; 0: none. */
static int take_error(const struct live *l) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(l->base.fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0) return errno;
  return error;
}

/* Let nothing more in, and wait for what is on its way.  The filter holds off the flood at once.
 * The bind is what makes it exact: it returns after every CPU has left the old receive path, and
 * fails only where there is none any more.  (Protocol 0 would keep the old protocol.) */
static int shut(struct live *l, struct tap_err *e) {
  const bool rejects = attach_reject_all(l) == 0;
  const int sys = bind_protocol(l, NO_SUCH_PROTOCOL) == 0 || errno == ENODEV ? 0 : errno;
  take_error(l); /* a bind leaves ENETDOWN there when the interface is down */
  l->running = false;
  return rejects || sys == 0 ? 0 : tap_fail(e, sys, "stop the capture");
}

/* A bind to an interface that is down succeeds, and leaves word in the socket. */
static int let_in(struct live *l, struct tap_err *e) {
  int sys;
  if (bind_protocol(l, ETH_P_ALL) < 0) return tap_fail(e, errno, "bind");
  l->running = true;
  sys = take_error(l);
  if (sys == 0) return 0;
  shut(l, e);
  return tap_fail(e, sys, "capture");
}

/* Loopback sends and receives each packet: one of the two is enough. */
static int ignore_outgoing(const struct live *l) {
  const int on = 1;
  if (!l->loopback) return 0;
  return setsockopt(l->base.fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
}

static int live_start(struct tap_source *s, struct tap_err *e) {
  struct live *l = live_of(s);
  if (l->running) return 0;
  if (attach(l, &l->program) < 0) return tap_fail(e, errno, "attach filter");
  if (ignore_outgoing(l) < 0) return tap_fail(e, errno, "ignore outgoing packets");
  l->unsteady = false;
  l->counted_ms = now_ms();
  if (let_in(l, e) < 0) return -1;
  l->counts.unread = 0;
  return 0;
}

static void sleep_ms(int ms) {
  const struct timespec t = { .tv_nsec = ms * 1000000L };
  nanosleep(&t, NULL);
}

/* Wait until all frames that the kernel counted lie in blocks that are ready: the last block
 * becomes so when its time is up.  poll cannot tell, it sees the older blocks. */
static int settle(struct live *l, struct tap_err *e) {
  const int64_t deadline = now_ms() + 2 * l->base.latency_ms + 200;
  for (;;) {
    if (read_counts(l) < 0) return tap_fail(e, errno, "read statistics");
    l->counts.unread = tap_ring_waiting(&l->ring);
    if (l->counts.unread == owed(l) || now_ms() > deadline) return 0;
    sleep_ms(1);
  }
}

static int live_stop(struct tap_source *s, struct tap_err *e) {
  struct live *l = live_of(s);
  if (!l->running) return 0;
  if (shut(l, e) < 0) return -1;
  return settle(l, e);
}

enum { STATUS_GSO_TCP = 1 << 8 }; /* Linux 6.3; unknown to older headers */

static uint8_t flags_of(uint32_t status) {
  unsigned flags = 0;
  if (status & TP_STATUS_VLAN_VALID) flags |= TAP_FRAME_TAG_LIFTED;
  if (status & TP_STATUS_CSUMNOTREADY) flags |= TAP_FRAME_CSUM_PARTIAL;
  if (status & TP_STATUS_CSUM_VALID) flags |= TAP_FRAME_CSUM_VALID;
  if (status & STATUS_GSO_TCP) flags |= TAP_FRAME_GSO;
  return (uint8_t)flags;
}

static uint8_t direction_of(const struct sockaddr_ll *from) {
  return from->sll_pkttype == PACKET_OUTGOING ? TAP_DIR_OUT : TAP_DIR_IN;
}

/* A tag is told by its bit alone: tag 0 is a legal one.  Kernels before 3.14 lift only 802.1Q
 * tags and do not name the protocol. */
static void fill_frame(const struct live *l, const struct tpacket3_hdr *h, struct tap_frame *out) {
  const struct sockaddr_ll *from = tap_record_origin(h);
  const uint32_t status = h->tp_status;
  *out = (struct tap_frame){
    .data = (const uint8_t *)h + h->tp_mac,
    .ts_ns = (int64_t)h->tp_sec * 1000000000 + h->tp_nsec,
    .caplen = clamp(l, h->tp_snaplen),
    .len = h->tp_len,
    .interface = (uint32_t)from->sll_ifindex,
    .rxhash = h->hv1.tp_rxhash,
    .linktype = l->base.linktype,
    .direction = direction_of(from),
    .flags = flags_of(status),
  };
  if (status & TP_STATUS_VLAN_VALID) {
    out->vlan_tci = (uint16_t)h->hv1.tp_vlan_tci;
    out->vlan_tpid = status & TP_STATUS_VLAN_TPID_VALID ? h->hv1.tp_vlan_tpid : ETH_P_8021Q;
  }
}

/* Deleted, or moved to another network namespace: the socket then belongs to interface -1. */
static bool interface_gone(const struct live *l) {
  struct sockaddr_ll at = { 0 };
  socklen_t size = sizeof at;
  return getsockname(l->base.fd, (void *)&at, &size) == 0 && at.sll_ifindex < 0;
}

/* An interface that is down may come up again, and its packets with it.  If it is deleted
 * while it is down the socket says nothing more, so it must be asked now and then. */
static int check_interface(struct live *l, struct tap_err *e) {
  const int sys = take_error(l);
  if (sys != 0 && sys != ENETDOWN) return tap_fail(e, sys, "go on");
  if (sys == ENETDOWN) l->unsteady = true;
  if (!l->unsteady || !interface_gone(l)) return 0;
  return tap_fail(e, ENODEV, "go on: the interface is gone");
}

/* Event loops need not call wait(), so that it is here where news of the interface are read: poll
 * would report them for ever otherwise. */
static int nothing_there(struct live *l, struct tap_err *e) {
  if (!l->running) return TAP_END;
  return check_interface(l, e) < 0 ? TAP_FAILED : TAP_IDLE;
}

static void count_taken(struct live *l, unsigned n) {
  l->counts.taken += n;
  if (l->base.stale != UINT64_MAX) l->base.stale -= n < l->base.stale ? n : l->base.stale;
  if (!l->running) l->counts.unread -= n < l->counts.unread ? n : l->counts.unread;
}

static int live_next(struct tap_source *s, struct tap_frame *out, unsigned max, struct tap_err *e) {
  struct live *l = live_of(s);
  unsigned n = 0;
  const struct tpacket3_hdr *h;
  if (tap_ring_hold(&l->ring))
    while (n < max && l->ring.left > 0 && (h = tap_ring_next(&l->ring)) != NULL)
      fill_frame(l, h, &out[n++]);
  if (n > 0) {
    count_taken(l, n);
    return (int)n;
  }
  if (l->ring.damaged) {
    l->ring.damaged = false;
    tap_fail(e, 0, "read the ring: a record lies outside its block");
    return TAP_FAILED;
  }
  return nothing_there(l, e);
}

static void live_release(struct tap_source *s) {
  struct live *l = live_of(s);
  if (tap_ring_release(&l->ring)) read_counts_in_time(l);
}

/* How soon the end of an interface is noticed that the kernel says nothing of. */
enum { SLICE_MS = 250 };

static int live_wait(struct tap_source *s, int timeout_ms, int wake_fd, struct tap_err *e) {
  struct live *l = live_of(s);
  struct pollfd fds[2] = { { .fd = s->fd, .events = POLLIN },
                           { .fd = wake_fd, .events = POLLIN } }; /* poll skips a negative one */
  if (!l->running) return 0;
  if (l->unsteady && (timeout_ms < 0 || timeout_ms > SLICE_MS)) timeout_ms = SLICE_MS;
  if (poll(fds, 2, timeout_ms) < 0 && errno != EINTR) return tap_fail(e, errno, "wait for packets");
  read_counts_in_time(l);
  return 0;
}

static void live_close(struct tap_source *s) {
  struct live *l = live_of(s);
  tap_ring_close(&l->ring);
  if (s->fd >= 0) close(s->fd); /* filter, membership and the ring's memory go with it */
  free(l->program.filter);
  free(l);
}

static int open_socket(struct live *l, struct tap_err *e) {
  const int version = TPACKET_V3;
  l->base.fd = tap_descriptor_lift(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (l->base.fd < 0 && (errno == EPERM || errno == EACCES))
    return tap_fail(e, errno,
                    "open a packet socket (this needs CAP_NET_RAW: run it as root or with sudo, "
                    "or give it to the program by: setcap cap_net_raw=ep PROGRAM)");
  if (l->base.fd < 0) return tap_fail(e, errno, "open a packet socket");
  if (setsockopt(l->base.fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) < 0)
    return tap_fail(e, errno, "select TPACKET_V3");
  return 0;
}

/* The block timeout is always set: 0 would be a guess of the kernel's. */
static int open_ring(struct live *l, const struct tap_live *options, struct tap_err *e) {
  struct tpacket_req3 plan;
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  if (tap_ring_plan(options->buffer, options->block, page, &plan, e) < 0) return -1;
  plan.tp_retire_blk_tov = (unsigned)l->base.latency_ms;
  plan.tp_feature_req_word = options->rxhash ? TP_FT_REQ_FILL_RXHASH : 0;
  return tap_ring_open(&l->ring, l->base.fd, &plan, e);
}

/* A membership is counted and dies with the socket, unlike the interface's flag.  Loopback has
 * no frames for others. */
static int join_promisc(const struct live *l, struct tap_err *e) {
  const struct packet_mreq all = { .mr_ifindex = l->ifindex, .mr_type = PACKET_MR_PROMISC };
  if (l->loopback) return 0;
  if (setsockopt(l->base.fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) < 0)
    return tap_fail(e, errno, "set promiscuous mode");
  return 0;
}

static const struct tap_source_ops live_ops = {
  .start = live_start,
  .next = live_next,
  .release = live_release,
  .wait = live_wait,
  .set_filter = live_set_filter,
  .stop = live_stop,
  .counts = live_counts,
  .close = live_close,
};

static struct live *live_new(const struct tap_live *options, const struct tap_iface *iface) {
  struct live *l = calloc(1, sizeof *l);
  if (l == NULL) return NULL;
  l->base = (struct tap_source){
    .ops = &live_ops,
    .kind = "ring",
    .live = true,
    .fd = -1,
    .latency_ms = options->latency_ms > 0 ? options->latency_ms : 1,
    .linktype = iface->linktype,
    .snaplen = options->snaplen,
    .netmask = iface->netmask,
  };
  l->ifindex = (int)iface->index;
  l->loopback = iface->flags & IFF_LOOPBACK;
  return l;
}

struct tap_source *tap_afpacket_open(const struct tap_live *options, struct tap_err *e) {
  struct tap_iface iface;
  struct live *l;
  if (tap_iface_get(options->interface, &iface, e) < 0) return NULL;
  if (!(iface.flags & IFF_UP)) return tap_fail(e, ENETDOWN, "capture"), NULL;
  l = live_new(options, &iface);
  if (l == NULL) return tap_fail(e, ENOMEM, "capture"), NULL;
  if (live_set_filter(&l->base, NULL, e) < 0 || open_socket(l, e) < 0 ||
      open_ring(l, options, e) < 0 || (options->promisc && join_promisc(l, e) < 0)) {
    live_close(&l->base);
    return NULL;
  }
  return &l->base;
}

bool tap_afpacket_ring(const struct tap_source *s, struct tap_ring_size *out) {
  const struct live *l = (const struct live *)s;
  if (s->ops != &live_ops) return false;
  *out = (struct tap_ring_size){
    .bytes = l->ring.block_size * l->ring.blocks,
    .block = l->ring.block_size,
    .blocks = l->ring.blocks,
  };
  return true;
}
