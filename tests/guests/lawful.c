/* SPDX-License-Identifier: BSD-2-Clause */
/* lawful.c: a kernel with code, constants, data and much bss, about which laws.c has to say all. */
#include "guest.h"

static const volatile uint8_t constants[20000] = { 1 };
static volatile uint8_t data[30000] = { 2 };
static volatile uint8_t bss[3 << 20];

void guest_main(void)
{
	expect_equal(constants[0] + data[0] + bss[0], 3, "what was in the file");
	say_line("objects", guest.handoff->objects.count);
	say_cache();
}
