/* SPDX-License-Identifier: BSD-2-Clause */
/* jump_to_handoff.c: the table is not executable. */
#include "guest.h"

void guest_main(void)
{
	call(va_of(guest.handoff));
	expect(false, "the handoff was executed");
}
