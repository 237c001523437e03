/* SPDX-License-Identifier: BSD-2-Clause */
/* modules.c: module i is the word i over and over; prints how long each is, and how many 4K leaves it has. */
#include "guest.h"

static void check(uint32_t index)
{
	const struct smalt_object *module = smalt_nth_object(guest.handoff, index + 1);
	const struct smalt_row *row = smalt_row_at(guest.handoff, module->image_start);

	say_line("bytes", module->image_end - module->image_start);
	say_line("small leaves", row ? row->leaf_count[0] : SMALT_NONE);
	for (uint64_t va = module->image_start; va < module->image_end; va += 4)
		if (!expect_equal(*(const uint32_t *)va, index, "a word of the module"))
			return;
}

void guest_main(void)
{
	for (uint32_t i = 0; i + 1 < guest.handoff->objects.count; i++)
		check(i);
}
