/* SPDX-License-Identifier: BSD-2-Clause */
/* placed.c: a kernel of fixed addresses runs where it was linked. */
#include "guest.h"

static uint8_t *volatile pointer_in_data = (uint8_t *)&pointer_in_data;

void guest_main(void)
{
	const struct smalt_object *kernel = smalt_nth_object(guest.handoff, 0);

	expect_equal(kernel->bias, 0, "the bias");
	expect_equal(kernel->flags & SMALT_OBJECT_POSITION_INDEPENDENT, 0, "the flag");
	expect_equal((uint64_t)pointer_in_data, va_of(&pointer_in_data), "a pointer in data");
	say_line("base", kernel->base);
}
