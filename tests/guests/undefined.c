/* SPDX-License-Identifier: BSD-2-Clause */
/* undefined.c: a fault that is not about memory is reported with its callers. */
#include "guest.h"

__attribute__((noinline)) static void inner(void)
{
	guest_undefined();
	(void)hidden(0);         /* no tail call: the frame stays */
}

__attribute__((noinline)) static void outer(void)
{
	inner();
	(void)hidden(0);
}

void guest_main(void)
{
	say_line("undefined", va_of((void *)guest_undefined));
	say_line("inner", va_of((void *)inner));
	say_line("outer", va_of((void *)outer));
	outer();
	expect(false, "an undefined instruction was executed");
}
