/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verdict.h: what smalt run returns, from what happened. Pure.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>

/* Statuses of smalt run that are not the guest's own (design.md, section 5). */
enum {
	VERDICT_TIMEOUT = 124,   /* it did not end in time */
	VERDICT_REFUSED = 125,   /* the loader refused, QEMU failed, or a wrong command line */
	VERDICT_CRASHED = 126,   /* reset, triple fault, panic, or the fault reporter */
	VERDICT_UNSEEN = 127,    /* it ended well without the expected text */
	VERDICT_FAIL_SEEN = 1,
};

/* QMP's ShutdownCause, as far as it matters (QEMU, qapi/run-state.json). */
enum verdict_cause { CAUSE_NONE, CAUSE_SHUTDOWN, CAUSE_RESET, CAUSE_PANIC, CAUSE_OTHER };

/* The cause of a SHUTDOWN event by its reason. */
enum verdict_cause verdict_cause(const char *reason);

struct outcome {
	bool started;            /* QEMU ran the guest: its status is no longer QEMU's own */
	bool timed_out;
	bool expect_seen, fail_seen;
	bool exited;             /* and not killed by a signal */
	int exit_status;
	enum verdict_cause cause;
};

struct rules {
	bool debug_exit;         /* x86_64: isa-debug-exit makes v into (v << 1) | 1 */
	bool expects;            /* --expect was given */
	int pass_status;         /* --pass-status: QEMU's own that means success; -1: not given */
};

int verdict(const struct outcome *outcome, const struct rules *rules);

#endif
