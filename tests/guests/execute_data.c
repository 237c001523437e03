/* SPDX-License-Identifier: BSD-2-Clause */
/* execute_data.c: data is not executable. */
#include "guest.h"

static volatile uint64_t data[2] = { 0xc3c3c3c3c3c3c3c3, 0xd65f03c0d65f03c0 };   /* ret, ret */

void guest_main(void)
{
	call(va_of(data));
	call(va_of(data + 1));
	expect(false, "data was executed");
}
