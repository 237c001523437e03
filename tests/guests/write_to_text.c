/* SPDX-License-Identifier: BSD-2-Clause */
/* write_to_text.c: code is not writable. */
#include "guest.h"

void guest_main(void)
{
	*at(va_of((void *)guest_main)) = 0;
	expect(false, "text was written");
}
