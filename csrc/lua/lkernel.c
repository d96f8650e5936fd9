/* SPDX-License-Identifier: MIT
 *
 * The choice of the kernel's program, from the narrowest on: filter and
 * hooks, the filter alone, nothing.  The first one that the kernel takes
 * stays.  Nothing here may decide what is delivered, only what need not come.
 */
#include "lua/lkernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua/lflow.h"
#include "lua/lpass.h"

static bool is_same(const struct tapL_wish *a, const struct tapL_wish *b) {
  return a->filter == b->filter && a->loop == b->loop && a->looped == b->looped &&
         a->handlers == b->handlers && a->counters == b->counters && a->joins == b->joins &&
         a->changes == b->changes;
}

/* What the kernel could ask for a 'where'; NULL: there is no such thing. */
static const struct tap_filter *compiled(const struct tapL_select *where) {
  const struct tap_filter *f = where != NULL ? tapL_select_first(where) : NULL;
  return f != NULL && !tap_filter_always(f) && tap_filter_kernel(f) != NULL ? f : NULL;
}

/* The filters of all that listen, into 'out'; 0 when one of them wants every packet. */
static size_t collect(const struct tapL_capture *c, const struct tapL_handler *loop,
                      const struct tap_filter **out) {
  const struct tapL_hooks *hooks = &c->hooks;
  size_t n = 0;
  for (int i = 0; i < hooks->handler_count; i++)
    if ((out[n++] = compiled(hooks->handlers[i].where)) == NULL) return 0;
  for (int i = 0; i < hooks->counter_count; i++)
    if ((out[n++] = compiled(hooks->counters[i].where)) == NULL) return 0;
  if (loop != NULL && (out[n++] = compiled(loop->where)) == NULL) return 0;
  return n;
}

/* The program for filter and hooks; its instructions are to be freed. */
static struct tap_insn *join(const struct tapL_capture *c, const struct tapL_handler *loop,
                             size_t *count) {
  const size_t most = (size_t)(c->hooks.handler_count + c->hooks.counter_count) + 1;
  const struct tap_filter **any = malloc(most * sizeof *any);
  const struct tap_filter *all = c->filter != NULL ? tapL_select_first(c->filter) : NULL;
  struct tap_insn *insns = NULL;
  size_t n = any != NULL ? collect(c, loop, any) : 0;
  if (n > 0 && (all != NULL) == (c->filter != NULL)) insns = tap_filter_union(all, any, n, count);
  free(any);
  return insns;
}

static bool put(struct tapL_capture *c, const struct tap_program *program, struct tapL_kernel *now,
                struct tap_err *e) {
  if (c->source->ops->set_filter(c->source, program, e) != 0) return false;
  now->count = program != NULL ? program->count : 0;
  return true;
}

static bool put_joined(struct tapL_capture *c, const struct tapL_handler *loop,
                       struct tapL_kernel *now) {
  struct tap_program program;
  struct tap_insn *insns = join(c, loop, &program.count);
  struct tap_err ignored;
  bool done;
  program.insns = insns;
  done = insns != NULL && put(c, &program, now, &ignored);
  free(insns);
  return done;
}

static bool put_filter(struct tapL_capture *c, struct tapL_kernel *now) {
  const struct tap_filter *f = tapL_select_first(c->filter);
  const struct tap_program given = { c->filter->insns, c->filter->count };
  const struct tap_program *program = f != NULL ? tap_filter_kernel(f) : &given;
  return program != NULL && program->insns != NULL && put(c, program, now, &now->why);
}

static bool is_exact(const struct tapL_select *s) {
  const struct tap_filter *f = tapL_select_first(s);
  return f == NULL || tap_filter_exact(f);
}

/* A joined program may be wider than the filter, which is tested here then; and here it sees no
 * more of a packet than is kept of it. */
static bool may_join(const struct tapL_capture *c) {
  return c->filter == NULL || c->source->snaplen == 0;
}

/* Has the joined program anything of the filter's? */
static bool asks_filter(const struct tapL_capture *c) {
  const struct tap_filter *f = tapL_select_first(c->filter);
  return f != NULL && tap_filter_kernel(f) != NULL;
}

/* The filter alone is there already. */
static bool is_there(const struct tapL_kernel *k, const struct tapL_wish *wish) {
  return !k->joined && k->wish.filter == wish->filter && k->wish.changes == wish->changes;
}

int tapL_kernel_set(struct tapL_capture *c, const struct tapL_handler *loop, bool counted,
                    struct tap_err *e) {
  struct tapL_kernel *k = &c->kernel, now = { .count = 0 };
  const struct tapL_wish wish = {
    .filter = c->filter != NULL ? c->filter->serial : 0,
    .loop = loop != NULL && loop->where != NULL ? loop->where->serial : 0,
    .looped = loop != NULL,
    .handlers = c->hooks.handler_count,
    .counters = c->hooks.counter_count,
    .joins = !counted && !tapL_flow_wanted(c, loop) && !tapL_hooks_ask(c, loop, TAP_SEQUENCED),
    .changes = c->changes,
  };
  if (c->source->ops->set_filter == NULL || is_same(&k->wish, &wish)) return 0;
  now.joined = wish.joins && may_join(c) && put_joined(c, loop, &now);
  if (!now.joined && is_there(k, &wish)) {
    k->wish = wish;
    return 0;
  }
  now.filters = c->filter != NULL && (now.joined ? asks_filter(c) : put_filter(c, &now));
  if (!now.joined && !now.filters && !put(c, NULL, &now, e)) return -1;
  now.exact = now.filters && !now.joined && is_exact(c->filter);
  now.wish = wish;
  *k = now;
  return 0;
}

const char *tapL_kernel_place(const struct tapL_capture *c, char *buffer, size_t size) {
  const struct tapL_kernel *k = &c->kernel;
  const struct tap_filter *f;
  const char *reason;
  if (c->filter == NULL) return NULL;
  if (c->source->ops->set_filter == NULL) return "here";
  if (k->filters) return k->exact ? "kernel" : "kernel, checked here";
  f = tapL_select_first(c->filter);
  reason = f != NULL ? tap_filter_reason(f) : NULL;
  if (k->why.sys != 0)
    snprintf(buffer, size, "here: because the kernel refused its program: %s",
             strerror(k->why.sys));
  else
    snprintf(buffer, size, "here: because %s", reason != NULL ? reason : "there is nothing to ask");
  return buffer;
}
