/* SPDX-License-Identifier: BSD-2-Clause */
/* table.c: prints every byte of the handoff's pages, for a test that decodes them by the documented layout. */
#include "guest.h"

static void say_bytes(uint64_t va, uint64_t bytes)
{
	static const char digits[] = "0123456789abcdef";
	char line[2 * 64 + 2];

	for (uint64_t i = 0; i < bytes; i += 64) {
		uint64_t count = bytes - i < 64 ? bytes - i : 64;

		for (uint64_t n = 0; n < count; n++) {
			uint8_t byte = *at(va + i + n);

			line[2 * n] = digits[byte >> 4];
			line[2 * n + 1] = digits[byte & 15];
		}
		line[2 * count] = '\n';
		line[2 * count + 1] = '\0';
		say(line);
	}
}

void guest_main(void)
{
	say_line("handoff", va_of(guest.handoff));
	say_bytes(va_of(guest.handoff), guest.handoff->total_bytes);
	say("end\n");
}
