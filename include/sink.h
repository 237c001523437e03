/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sink.h: who hears of a problem, and decides whether the others are looked for too.
 *
 * A check without a sink ends with its first problem. With one that wants more it goes on where
 * that is safe, tells every problem once, and fails in the end with the first one: it yields
 * nothing that could be mapped. No allocation; all storage is the caller's.
 */
#ifndef SINK_H
#define SINK_H

#include "status.h"

struct sink {
	/* One problem, lent for the call. False: stop, no other one is told. */
	bool (*report)(struct sink *sink, const struct fault *fault);

	/* Kept by sink_takes(), zero before: */
	uint32_t count;              /* problems told */
	bool stopped;
	struct fault first;
};

/*
 * Tells a problem that was not told yet; true: go on. What only the machine is to blame for
 * (ST_NO_MEMORY, ST_DEVICE) is told and stops.
 */
bool sink_takes(struct sink *sink, struct fault *fault);

/* The result of a check in the end: ST_OK if nothing was told, else the first problem, in *fault too. */
MUST_CHECK enum status sink_end(const struct sink *sink, struct fault *fault);

#endif
