/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * alone.c: the loader alone on the machine, after a firmware: its own registers and stack
 * (alone.S), then its own map.
 */
#include "arch.h"

#include "acts.h"

static struct {
	const struct pagetable *own;
	void (*next)(void *argument);
	void *argument;
} alone;

static void go_on(void)
{
	arch_own_map(alone.own);
	alone.next(alone.argument);
	__builtin_unreachable();
}

void arch_alone(const struct pagetable *own, void (*next)(void *argument), void *argument)
{
	alone.own = own;
	alone.next = next;
	alone.argument = argument;
	alone_take(go_on);
}
