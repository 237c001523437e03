/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host.c: the acts that the portable core asks of its surroundings, on the host.
 *
 * A broken invariant must leave a core and a place, never a result: abort().
 */
#include "arch.h"
#include "check.h"
#include "protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct protocol *const protocols[] = { &protocol_pvh, &protocol_image, NULL };

void check_failed(const char *file, unsigned line, const char *what)
{
	fflush(stdout);
	fprintf(stderr, "%s:%u: CHECK failed: %s\n", file, line, what);
	abort();
}

/* The host has one console, whatever kind of registers the environment names. */
void arch_put(uint32_t kind, uint64_t address, char c)
{
	(void)kind;
	(void)address;
	putchar(c);
}

void arch_copy(void *to, const void *from, uint64_t bytes)
{
	if (bytes != 0)              /* nothing may come from nowhere */
		memcpy(to, from, bytes);
}

void arch_zero(void *to, uint64_t bytes)
{
	memset(to, 0, bytes);
}
