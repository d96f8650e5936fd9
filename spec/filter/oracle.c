/* SPDX-License-Identifier: MIT
 *
 * The oracle ladder: random filters on random packets, judged by libpcap's
 * code (not optimised, which is the authority), by our plain and optimised
 * programs, by the fused machine, and by the kernel, through a filter on one
 * end of a socket pair.  On whole packets all agree.  On cut ones our plain
 * program agrees with libpcap's, and the optimised one and the fused machine
 * say either that or what the whole packet gets, and never reject what the
 * plain program accepts.
 *
 * Usage: oracle [EXPRESSIONS [SEED]]
 */
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pcap.h>

#include "filter/filter.h"

#include "random.h"

enum { PACKETS = 96 };

struct sides {
  struct bpf_program theirs;
  struct tap_filter *plain, *optimised;
  int pair[2];
  bool kernel; /* it took the program */
};

static struct tap_frame frame_of(const struct packet *p, uint32_t length) {
  return (struct tap_frame){ .data = p->bytes, .caplen = length, .len = p->whole, .linktype = 1 };
}

static bool theirs(const struct sides *s, const struct packet *p, uint32_t length) {
  struct pcap_pkthdr h = { .caplen = length, .len = p->whole };
  return pcap_offline_filter(&s->theirs, &h, p->bytes) != 0;
}

static bool program(const struct tap_filter *f, const struct packet *p, uint32_t length) {
  struct tap_frame frame = frame_of(p, length);
  return tap_program_run(tap_filter_file(f), &frame) != 0;
}

static bool fused(const struct tap_filter *f, const struct packet *p, uint32_t length) {
  struct tap_frame frame = frame_of(p, length);
  return tap_filter_match_frame(f, &frame);
}

/* Does the packet arrive?  Both its lengths are what is sent. */
static bool kernel(const struct sides *s, const struct packet *p, uint32_t length) {
  uint8_t got[BYTES];
  if (send(s->pair[0], p->bytes, length, MSG_DONTWAIT) != (ssize_t)length) return false;
  return recv(s->pair[1], got, sizeof got, MSG_DONTWAIT) > 0;
}

static int complain(const char *text, const char *who, const struct packet *p, uint32_t length,
                    bool expected) {
  printf("%s: '%s' on %u bytes, expected %d:", who, text, length, expected);
  for (uint32_t i = 0; i < 80 && i < length; i++)
    printf(" %02x", p->bytes[i]);
  printf("\n");
  return 1;
}

static int judge_whole(const char *text, const struct sides *s, const struct packet *p) {
  bool right = theirs(s, p, p->whole);
  if (program(s->plain, p, p->whole) != right) return complain(text, "plain", p, p->whole, right);
  if (program(s->optimised, p, p->whole) != right)
    return complain(text, "optimised", p, p->whole, right);
  if (fused(s->plain, p, p->whole) != right)
    return complain(text, "fused plain", p, p->whole, right);
  if (fused(s->optimised, p, p->whole) != right) return complain(text, "fused", p, p->whole, right);
  if (s->kernel && kernel(s, p, p->whole) != right)
    return complain(text, "kernel", p, p->whole, right);
  return 0;
}

static int judge_cut(const char *text, const struct sides *s, const struct packet *p) {
  bool right = theirs(s, p, p->cut), whole = theirs(s, p, p->whole);
  bool ours = program(s->optimised, p, p->cut);
  if (program(s->plain, p, p->cut) != right) return complain(text, "plain", p, p->cut, right);
  if (fused(s->plain, p, p->cut) != right) return complain(text, "fused plain", p, p->cut, right);
  if (ours != right && (ours != whole || right))
    return complain(text, "optimised", p, p->cut, right);
  if (fused(s->optimised, p, p->cut) != ours) return complain(text, "fused", p, p->cut, ours);
  return 0;
}

static bool attach(struct sides *s) {
  const struct tap_program *p = tap_filter_kernel(s->optimised);
  struct sock_filter insns[TAP_PROGRAM_MAX];
  struct sock_fprog out = { .filter = insns };
  if (p == NULL || socketpair(AF_UNIX, SOCK_DGRAM, 0, s->pair) != 0) return false;
  out.len = (unsigned short)p->count;
  for (size_t i = 0; i < p->count; i++)
    insns[i] =
        (struct sock_filter){ p->insns[i].code, p->insns[i].jt, p->insns[i].jf, p->insns[i].k };
  return setsockopt(s->pair[1], SOL_SOCKET, SO_ATTACH_FILTER, &out, sizeof out) == 0;
}

/* 1 where the two disagree on whether the text is a filter. */
static int open_sides(const char *text, struct sides *s) {
  struct tap_filter_options options = { .linktype = 1, .netmask = 0xffffff };
  struct tap_filter_error e;
  pcap_t *dead = pcap_open_dead(DLT_EN10MB, 262144);
  bool taken = pcap_compile(dead, &s->theirs, text, 0, 0xffffff) == 0;
  pcap_close(dead);
  s->optimised = tap_filter_compile(text, &options, &e);
  options.plain = true;
  s->plain = tap_filter_compile(text, &options, &e);
  if ((s->optimised != NULL) != taken || (s->plain != NULL) != taken) {
    printf("'%s': libpcap %s, we %s %s\n", text, taken ? "takes it" : "refuses",
           taken ? "refuse" : "take it", taken ? e.message : "");
    return 1;
  }
  if (taken) {
    s->kernel = attach(s);
    if (!s->kernel) printf("'%s': the kernel refuses the program\n", text);
    return !s->kernel;
  }
  return 0;
}

static void close_sides(struct sides *s) {
  if (s->optimised != NULL) {
    pcap_freecode(&s->theirs);
    close(s->pair[0]);
    close(s->pair[1]);
  }
  tap_filter_free(s->plain);
  tap_filter_free(s->optimised);
}

static int judge(const char *text, uint64_t *verdicts) {
  struct sides s = { .pair = { -1, -1 } };
  struct packet p;
  int bad = open_sides(text, &s);
  for (unsigned i = 0; i < PACKETS && s.optimised != NULL && s.plain != NULL && bad == 0; i++) {
    make_packet(&p);
    bad = judge_whole(text, &s, &p) || judge_cut(text, &s, &p);
    *verdicts += 10;
  }
  close_sides(&s);
  return bad;
}

int main(int argc, char **argv) {
  unsigned long expressions = argc > 1 ? strtoul(argv[1], NULL, 10) : 2000, bad = 0;
  uint64_t verdicts = 0;
  state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  for (unsigned long i = 0; i < expressions; i++) {
    char text[TEXT] = "";
    put_expression(text, pick(DEPTH));
    bad += (unsigned long)judge(text, &verdicts);
  }
  printf("%lu expressions, %llu verdicts, %lu disagreements\n", expressions,
         (unsigned long long)verdicts, bad);
  return bad != 0;
}
