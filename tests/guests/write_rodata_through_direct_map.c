/* SPDX-License-Identifier: BSD-2-Clause */
/* write_rodata_through_direct_map.c: no alias grants more than the row does. */
#include "guest.h"

static const volatile uint64_t constant = 0x0123456789abcdef;

void guest_main(void)
{
	uint64_t pa = 0;
	const volatile uint64_t *alias;

	expect(smalt_translate(guest.handoff, va_of(&constant), &pa), "a constant has a frame");
	alias = smalt_direct(guest.handoff, pa);
	expect(alias && *alias == constant, "the direct map shows the constant");
	*at(va_of(alias)) = 2;
	expect(false, "read-only data was written through the direct map");
}
