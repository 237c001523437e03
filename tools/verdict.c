/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verdict.c: one status out of QEMU's, QMP's reason and the texts that were seen.
 *
 * QEMU returns 0 for a triple fault under -no-reboot, and 1 for its own failures
 * as well as for a guest's 1: only the other facts tell them apart.
 */
#include "verdict.h"

#include <stddef.h>
#include <string.h>

static const struct { const char *reason; enum verdict_cause cause; } causes[] = {
	{ "guest-shutdown", CAUSE_SHUTDOWN },
	{ "guest-reset", CAUSE_RESET },
	{ "guest-panic", CAUSE_PANIC },
	{ "subsystem-reset", CAUSE_RESET },
};

enum verdict_cause verdict_cause(const char *reason)
{
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (strcmp(causes[i].reason, reason) == 0)
			return causes[i].cause;
	return CAUSE_OTHER;
}

/*
 * The guest's own status: exit.h writes status + 1, QEMU's isa-debug-exit
 * returns (value << 1) | 1; semihosting returns what it is given.
 */
static int own_status(const struct outcome *outcome, const struct rules *rules)
{
	int status = outcome->exit_status;

	if (status == 0)
		return outcome->cause == CAUSE_SHUTDOWN || !rules->debug_exit ? 0 : VERDICT_REFUSED;
	if (!rules->debug_exit)
		return status;
	return status % 2 == 1 && status > 1 ? status / 2 - 1 : VERDICT_REFUSED;
}

static int guest_status(const struct outcome *outcome, const struct rules *rules)
{
	int own = own_status(outcome, rules);

	if (rules->pass_status < 0)
		return own;
	if (outcome->exit_status == rules->pass_status)
		return 0;
	/* Another convention's failure must not look like success in ours. */
	return own == 0 ? 1 : own;
}

int verdict(const struct outcome *outcome, const struct rules *rules)
{
	int status;

	if (outcome->fail_seen)
		return VERDICT_FAIL_SEEN;
	if (outcome->expect_seen)
		return 0;
	if (outcome->timed_out)
		return VERDICT_TIMEOUT;
	if (outcome->cause == CAUSE_RESET || outcome->cause == CAUSE_PANIC)
		return VERDICT_CRASHED;
	if (!outcome->started || !outcome->exited || outcome->cause == CAUSE_OTHER)
		return VERDICT_REFUSED;
	status = guest_status(outcome, rules);
	return status == 0 && rules->expects ? VERDICT_UNSEEN : status;
}
