/* SPDX-License-Identifier: BSD-2-Clause */
/* execute_pad.c: what fills up the tail of code does not run. */
#include "guest.h"

void guest_main(void)
{
	const struct smalt_row *text = smalt_row_at(guest.handoff, va_of((const void *)guest_main));
	uint64_t end = (text->va + text->mem_bytes + 4095) & ~4095ull;
	const struct smalt_extent *pad = smalt_extent_at(guest.handoff, end);

	if (!expect(pad && pad->backing == SMALT_BACKING_PAD, "the code has a pad"))
		return;
	call(end + 4096);
	expect(false, "a pad was executed");
}
