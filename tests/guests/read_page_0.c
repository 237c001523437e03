/* SPDX-License-Identifier: BSD-2-Clause */
/* read_page_0.c: a null pointer faults. */
#include "guest.h"

void guest_main(void)
{
	(void)*at(0x18);
	expect(false, "page 0 was read");
}
