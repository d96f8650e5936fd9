/* SPDX-License-Identifier: MIT
 *
 * The table of flows: bounded, by least recent use.  A flow ends when it was
 * idle for too long, when its ports are used for a new connection, when the
 * table is full and it is the one that was silent longest, or when all are
 * ended.  Ended flows wait in a queue; a place, and with it an id, is used
 * again only after its flow has left that queue.
 *
 * Invariant: no more than 'limit' flows live, and the queue is emptied before
 * the next packet is tracked; so one place to spare is enough.
 */
#ifndef TAP_FLOW_FLOWS_H
#define TAP_FLOW_FLOWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "flow/flow.h"

enum tap_flow_reason { TAP_FLOW_IDLE, TAP_FLOW_REUSED, TAP_FLOW_EVICTED, TAP_FLOW_STOPPED };

enum { TAP_FLOWS_MAX = 1 << 28 };

struct tap_flows;

/* 'limit' (1 to TAP_FLOWS_MAX) flows; 'idle_ns' of capture time without a packet end one.  NULL
 * when memory is out. */
struct tap_flows *tap_flows_new(size_t limit, int64_t idle_ns, uint64_t seed);
void tap_flows_free(struct tap_flows *t);

/* Give the packet its flow, which takes it; a packet without addresses has none.  Flows that end
 * by it go to the queue, which must be empty before; true when there are such. */
bool tap_flows_track(struct tap_flows *t, struct tap_packet *p);

/* Let capture time come to 'now_ns': idle flows go to the queue. */
void tap_flows_expire(struct tap_flows *t, int64_t now_ns);

/* The capture time from which a flow is idle; INT64_MAX: none lives. */
int64_t tap_flows_due(const struct tap_flows *t);

/* All flows go to the queue. */
void tap_flows_end(struct tap_flows *t);

/* The next ended flow of the queue, oldest end first, or NULL.  It stays valid until the next
 * call for this table. */
struct tap_flow *tap_flows_ended(struct tap_flows *t);

size_t tap_flows_count(const struct tap_flows *t);     /* that live */
uint64_t tap_flows_evicted(const struct tap_flows *t); /* ended for lack of room, ever */
uint64_t tap_flows_total(const struct tap_flows *t);   /* that were, ever */

const char *tap_flow_reason_name(unsigned reason);

#endif
