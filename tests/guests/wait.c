/* SPDX-License-Identifier: BSD-2-Clause */
/* wait.c: prints its extents and waits, so that QEMU can be asked how it sees them. */
#include "guest.h"

void guest_main(void)
{
	for (uint32_t i = 0; i < guest.handoff->extents.count; i++) {
		const struct smalt_extent *extent = smalt_nth_extent(guest.handoff, i);

		say_line("extent", extent->va);
		say_line("  pa", extent->pa);
		say_line("  bytes", extent->bytes);
		say_line("  prot", extent->prot);
	}
	for (uint32_t i = 0; i < guest.handoff->memory.count; i++) {
		const struct smalt_memory *memory = smalt_nth_memory(guest.handoff, i);

		say_line("memory", memory->pa);
		say_line("  size", memory->bytes);
		say_line("  type", memory->type);
	}
	say_line("direct map", guest.handoff->direct_map_va);
	say("READY\n");
	for (;;)
		(void)hidden(0);
}
