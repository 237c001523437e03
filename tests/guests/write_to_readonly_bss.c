/* SPDX-License-Identifier: BSD-2-Clause */
/* write_to_readonly_bss.c: zeros of a segment without W are not writable. */
#include "guest.h"

/* The linker script gives it a segment of its own, R, of zeros only. */
__attribute__((section(".robss"))) static volatile uint8_t zeros[3 * 4096];

void guest_main(void)
{
	for (unsigned i = 0; i < sizeof(zeros); i++)
		if (!expect(zeros[i] == 0, "a byte of read-only bss is not zero"))
			return;
	*at(va_of(&zeros[5000])) = 1;
	expect(false, "read-only bss was written");
}
