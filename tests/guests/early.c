/* SPDX-License-Identifier: BSD-2-Clause */
/* early.c: what early_<machine>.S does first has not trapped. */
#include "guest.h"

void guest_main(void)
{
	expect_equal(guest.entry->sp, guest.handoff->stack_top, "the stack pointer");
}
