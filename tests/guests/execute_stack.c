/* SPDX-License-Identifier: BSD-2-Clause */
/* execute_stack.c: the boot stack is not executable. */
#include "guest.h"

void guest_main(void)
{
	volatile uint64_t code[2] = { 0xc3c3c3c3c3c3c3c3, 0xd65f03c0d65f03c0 };   /* ret, ret */

	call(va_of(code));
	call(va_of(code + 1));
	expect(false, "the stack was executed");
}
