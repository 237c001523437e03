/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sink.c: every problem is told once: a fault that was told carries a mark, which the next fault
 * in the same record does not have. So a check may pass a told fault on to its caller, who may
 * offer it again.
 */
#include "sink.h"

static bool is_final(enum status status)
{
	return status == ST_NO_MEMORY || status == ST_DEVICE;
}

bool sink_takes(struct sink *sink, struct fault *fault)
{
	if (sink->stopped || (fault->has & FAULT_TOLD))
		return !sink->stopped;
	fault->has |= FAULT_TOLD;
	if (sink->count++ == 0)
		sink->first = *fault;
	sink->stopped = !sink->report(sink, fault) || is_final(fault->status);
	return !sink->stopped;
}

enum status sink_end(const struct sink *sink, struct fault *fault)
{
	if (sink->count == 0)
		return ST_OK;
	*fault = sink->first;
	return fault->status;
}
