/* SPDX-License-Identifier: BSD-2-Clause */
/* write_to_handoff.c: the table is read-only, also through the direct map. */
#include "guest.h"

void guest_main(void)
{
	const struct smalt_handoff *alias = smalt_direct(guest.handoff, guest.handoff->pa);

	expect_equal(alias->magic, SMALT_MAGIC, "the handoff through the direct map");
	if (guest.handoff->cmdline_bytes > 0)
		*at(va_of(alias)) = 0;
	*at(va_of(guest.handoff)) = 0;
	expect(false, "the handoff was written");
}
