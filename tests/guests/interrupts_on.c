/* SPDX-License-Identifier: BSD-2-Clause */
/* interrupts_on.c: no interrupt is pending or comes from what the firmware left running. */
#include "guest.h"

void guest_main(void)
{
	guest_interrupts_on();
	for (uint64_t i = 0; i < 20000000; i++)
		(void)hidden(i);
}
