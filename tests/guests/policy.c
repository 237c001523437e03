/* SPDX-License-Identifier: BSD-2-Clause */
/* policy.c: wherever a policy puts the kernel, its pointers are right, and the handoff says where. */
#include "guest.h"

static volatile uint8_t target;
static volatile uint8_t *volatile pointer = &target;

void guest_main(void)
{
	expect_equal((uint64_t)pointer, va_of(&target), "a pointer in data");
	for (uint32_t i = 0; i < guest.handoff->objects.count; i++) {
		const struct smalt_object *object = smalt_nth_object(guest.handoff, i);

		expect(object->image_start - object->base < 4096, "base");
		say_line("base", object->base);
		say_line("va_bits", object->va_bits);
		say_line("pa_bits", object->pa_bits);
	}
	for (uint32_t i = 0; i < guest.handoff->extents.count; i++) {
		const struct smalt_extent *extent = smalt_nth_extent(guest.handoff, i);

		if (smalt_nth_row(guest.handoff, extent->row)->object == 0)
			say_line("pa", extent->pa);
	}
	say_line("copied", guest.handoff->profile.copied_bytes);
	expect(va_of(&target) - smalt_nth_object(guest.handoff, 0)->base < 1 << 20, "where it runs");
}
