/* SPDX-License-Identifier: BSD-2-Clause */
/* write_to_relro.c: what is only written by relocation is read-only afterwards. */
#include "guest.h"

extern const uint64_t _DYNAMIC[] __attribute__((visibility("hidden")));

void guest_main(void)
{
	*at(va_of(_DYNAMIC)) = 2;
	expect(false, "RELRO was written");
}
