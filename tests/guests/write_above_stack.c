/* SPDX-License-Identifier: BSD-2-Clause */
/* write_above_stack.c: there is a guard above the boot stack too. */
#include "guest.h"

void guest_main(void)
{
	*at(guest.handoff->stack_top) = 0;
	expect(false, "memory above the stack was written");
}
