/* SPDX-License-Identifier: BSD-2-Clause */
/* cmdline.c: prints the command line between bars. */
#include "guest.h"

void guest_main(void)
{
	const char *text = (const char *)guest.handoff->cmdline_va;
	uint64_t bytes = 0;

	while (text[bytes] != 0)
		bytes++;
	expect_equal(guest.handoff->cmdline_bytes, bytes, "cmdline_bytes");
	say("|");
	say(text);
	say("|\n");
}
