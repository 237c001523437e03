/* SPDX-License-Identifier: BSD-2-Clause */
/* execute_direct_map.c: the direct map is never executable, not even where it shows code. */
#include "guest.h"

void guest_main(void)
{
	uint64_t pa = 0;

	expect(smalt_translate(guest.handoff, va_of((void *)guest_undefined), &pa), "code has a frame");
	call(va_of(smalt_direct(guest.handoff, pa)));
	expect(false, "the direct map was executed");
}
