/* SPDX-License-Identifier: BSD-2-Clause */
/* note.c: the kernel's note is heard, unless smalt.conf says otherwise. */
#include "guest.h"

#ifndef GUEST_GRANULE
#define GUEST_GRANULE 0
#endif
#ifndef GUEST_LEVELS
#define GUEST_LEVELS 0
#endif

SMALT_REQUEST(.stack_bytes = 0x21001, .direct_map = SMALT_DIRECT_MAP_AT,
              .direct_map_va = GUEST_DIRECT_MAP, .paging_levels = GUEST_LEVELS,
              .granule_shift = GUEST_GRANULE);

void guest_main(void)
{
	say_line("stack", guest.handoff->stack_bytes);
	say_line("paging levels", guest.handoff->paging_levels);
	say_line("direct map", guest.handoff->direct_map_va);
	say_line("granule", guest.handoff->granule_shift);
	say_line("direct map bytes", guest.handoff->direct_map_bytes);
	expect_equal(guest.handoff->stack_top, guest.entry->sp, "stack_top");
	expect_row(guest.handoff->stack_top - 1, SMALT_KIND_STACK, "the stack's row");
	*at(guest.handoff->stack_top - guest.handoff->stack_bytes) = 1;
}
