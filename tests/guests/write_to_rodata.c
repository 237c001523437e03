/* SPDX-License-Identifier: BSD-2-Clause */
/* write_to_rodata.c: constants are not writable. */
#include "guest.h"

static const volatile uint64_t constant = 1;

void guest_main(void)
{
	*at(va_of(&constant)) = 2;
	expect(false, "read-only data was written");
}
