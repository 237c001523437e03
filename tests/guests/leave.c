/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * leave.c: ends in the way that the command line names: `status N`, `off`, `reset`,
 * `spin` after a word on the console, `quiet` without one.
 */
#include "guest.h"

#include "leave.h"

static bool begins(const char *text, const char *word)
{
	while (*word && *text == *word) {
		text++;
		word++;
	}
	return *word == '\0';
}

static uint32_t number(const char *text)
{
	uint32_t value = 0;

	while (*text >= '0' && *text <= '9')
		value = 10 * value + (uint32_t)(*text++ - '0');
	return value;
}

/* A function of its own, for its name. */
__attribute__((noinline)) static _Noreturn void spin_here(void)
{
	for (;;)
		__asm__ volatile("" : : : "memory");
}

void guest_main(void)
{
	const char *wish = (const char *)guest.handoff->cmdline_va;

	if (begins(wish, "quiet"))
		spin_here();
	say("leaving by ");
	say(wish);
	say("\n");
	if (begins(wish, "spin"))
		spin_here();
	if (begins(wish, "status "))
		smalt_exit(number(wish + 7));
	if (begins(wish, "off"))
		leave_off();
	if (begins(wish, "reset"))
		leave_reset();
	if (begins(wish, "off") || begins(wish, "reset"))
		spin_here();             /* the machine takes a moment to obey */
	smalt_exit(99);
}
