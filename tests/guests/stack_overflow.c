/* SPDX-License-Identifier: BSD-2-Clause */
/* stack_overflow.c: recursion without end hits the guard below the boot stack. */
#include "guest.h"

static uint64_t deeper(uint64_t depth)
{
	volatile uint8_t frame[256];

	frame[0] = (uint8_t)depth;
	return hidden(depth) == 0 ? 0 : deeper(depth + 1) + frame[0];
}

void guest_main(void)
{
	deeper(1);
	expect(false, "the stack has no end");
}
