/* SPDX-License-Identifier: MIT
 *
 * Lines of text: a packet's time, its summary and its bytes, as -t, --link, -x,
 * -X and -A want them.  core.lines{time =, link =, bytes =, whole =} makes an
 * object that knows the times before; lines:line(p) is the time and the
 * summary, lines:time(p) and lines:bytes(p) are one part alone.
 */
#include <time.h>

#include "lua/lapi.h"
#include "lua/lpacket.h"
#include "proto/show.h"

#define LINES "moontap.lines"

enum { LINE_BUFFER = 1024, NS = 1000000000, US = 1000, SECOND_TEXT = 32 };

/* How often -t was given. */
enum time_form { CLOCK, NO_TIME, SECONDS, SINCE_LAST, DATE, SINCE_FIRST };

struct lines {
  enum time_form form;
  bool link, whole; /* whole: bytes with their link header */
  enum tap_bytes bytes;
  bool begun; /* there was a packet with a time */
  int64_t first_us, last_us;
  time_t second; /* that 'clock' is of, if there is any */
  char clock[SECOND_TEXT];
};

struct job {
  struct lines *lines;
  const struct tap_packet *packet;
  const struct tap_registry *registry;
};

static int64_t microseconds(int64_t ns) {
  return ns / US - (ns % US < 0);
}

static void put_fraction(struct tap_text *t, int64_t us) {
  tap_text_put_char(t, '.');
  tap_text_put_padded(t, (uint64_t)us, 6);
}

/* " 00:00:01.000003", "-00:00:00.999999" */
static void put_span(struct tap_text *t, int64_t us) {
  uint64_t n = us < 0 ? 0 - (uint64_t)us : (uint64_t)us, s = n / 1000000;
  tap_text_put_char(t, us < 0 ? '-' : ' ');
  tap_text_put_padded(t, s / 3600, 2);
  tap_text_put_char(t, ':');
  tap_text_put_padded(t, s / 60 % 60, 2);
  tap_text_put_char(t, ':');
  tap_text_put_padded(t, s % 60, 2);
  put_fraction(t, (int64_t)(n % 1000000));
}

/* A time of the local clock.  Its text up to the second is kept for the next packet. */
static void put_clock(struct tap_text *t, struct lines *l, int64_t us) {
  time_t second = (time_t)(us / 1000000 - (us % 1000000 < 0));
  struct tm tm;
  if (second != l->second || l->clock[0] == '\0') {
    if (localtime_r(&second, &tm) == NULL) tm = (struct tm){ 0 };
    strftime(l->clock, sizeof l->clock, l->form == DATE ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S", &tm);
    l->second = second;
  }
  tap_text_put(t, l->clock);
  put_fraction(t, us - (int64_t)second * 1000000);
}

static void put_seconds(struct tap_text *t, int64_t us) {
  if (us < 0) tap_text_put_char(t, '-');
  uint64_t n = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
  tap_text_put_uint(t, n / 1000000);
  put_fraction(t, (int64_t)(n % 1000000));
}

static void put_time(struct tap_text *t, struct lines *l, int64_t us) {
  switch (l->form) {
  case NO_TIME: return;
  case SECONDS: put_seconds(t, us); return;
  case SINCE_LAST: put_span(t, us - l->last_us); return;
  case SINCE_FIRST: put_span(t, us - l->first_us); return;
  default: put_clock(t, l, us);
  }
}

static void write_time(struct tap_text *t, const void *what) {
  const struct job *job = what;
  const struct tap_frame *frame = job->packet->frame;
  if ((frame->flags & TAP_FRAME_NO_TIME) == 0)
    put_time(t, job->lines, microseconds(frame->ts_ns));
  else if (job->lines->form != NO_TIME)
    tap_text_put(t, "--:--:--.------");
}

static void write_line(struct tap_text *t, const void *what) {
  const struct job *job = what;
  write_time(t, what);
  if (job->lines->form != NO_TIME) tap_text_put_char(t, ' ');
  if (job->lines->link)
    tap_show_link(t, job->registry, job->packet);
  else
    tap_show_line(t, job->registry, job->packet);
}

static void write_bytes(struct tap_text *t, const void *what) {
  const struct job *job = what;
  uint32_t start = job->lines->whole ? 0 : tap_link_end(job->registry, job->packet);
  tap_show_bytes(t, job->packet, start, job->lines->bytes);
}

/* A tag that the kernel lifted out is put back where link headers are looked at. */
static struct job take_job(lua_State *L, bool whole) {
  struct lines *l = luaL_checkudata(L, 1, LINES);
  struct tapL_packet *h = whole || l->link ? tapL_checkwhole(L, 2) : tapL_checkpacket(L, 2);
  return (struct job){ l, h->packet, tapL_context(L)->registry };
}

/* The packet is the one before the next. */
static void remember(struct lines *l, const struct tap_frame *frame) {
  if ((frame->flags & TAP_FRAME_NO_TIME) == 0) l->last_us = microseconds(frame->ts_ns);
}

/* The first one is no time after itself. */
static void begin(struct lines *l, const struct tap_frame *frame) {
  if (l->begun || (frame->flags & TAP_FRAME_NO_TIME) != 0) return;
  l->begun = true;
  l->first_us = l->last_us = microseconds(frame->ts_ns);
}

static int push_timed(lua_State *L, tapL_writer *write) {
  struct job job = take_job(L, false);
  begin(job.lines, job.packet->frame);
  tapL_pushgrown(L, LINE_BUFFER, write, &job);
  remember(job.lines, job.packet->frame);
  return 1;
}

static int lines_line(lua_State *L) {
  return push_timed(L, write_line);
}

static int lines_time(lua_State *L) {
  return push_timed(L, write_time);
}

static int lines_bytes(lua_State *L) {
  struct job job = take_job(L, true);
  return tapL_pushgrown(L, LINE_BUFFER, write_bytes, &job);
}

static enum tap_bytes opt_bytes(lua_State *L) {
  static const char *const forms[] = { "hex", "both", "ascii", NULL };
  lua_getfield(L, 1, "bytes");
  enum tap_bytes form = (enum tap_bytes)luaL_checkoption(L, -1, "hex", forms);
  lua_pop(L, 1);
  return form;
}

/* core.lines(options) */
static int new_lines(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_Integer form = tapL_optinteger(L, 1, "time", CLOCK);
  luaL_argcheck(L, form >= CLOCK && form <= SINCE_FIRST, 1, "time is 0 to 5");
  struct lines lines = { .form = (enum time_form)form,
                         .link = tapL_optboolean(L, 1, "link", 0),
                         .whole = tapL_optboolean(L, 1, "whole", 0),
                         .bytes = opt_bytes(L) };
  *(struct lines *)lua_newuserdatauv(L, sizeof lines, 0) = lines;
  luaL_setmetatable(L, LINES);
  return 1;
}

static const luaL_Reg methods[] = {
  { "bytes", lines_bytes },
  { "line", lines_line },
  { "time", lines_time },
  { NULL, NULL },
};

static const luaL_Reg functions[] = {
  { "lines", new_lines },
  { NULL, NULL },
};

void tapL_open_lines(lua_State *L) {
  tapL_setfuncs(L, functions);
  tapL_newclass(L, LINES, NULL, methods);
  lua_pop(L, 1);
}
