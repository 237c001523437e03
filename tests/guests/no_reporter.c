/* SPDX-License-Identifier: BSD-2-Clause */
/* no_reporter.c: a kernel that wants no reporter gets none. */
#include "guest.h"

SMALT_REQUEST(.flags = SMALT_REQUEST_NO_REPORTER);

void guest_main(void)
{
	expect_equal(guest.handoff->reporter_va, 0, "reporter_va");
	expect(row_of_kind(SMALT_KIND_REPORTER) == NULL, "no row of the reporter");
	expect(row_of_kind(SMALT_KIND_FAULT_STACK) == NULL, "no row of the fault stack");
	guest_no_vectors();
}
