/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arena.c: storage of the planner. What was taken never moves and is never
 * given back alone; a failure takes nothing.
 */
#include "arena.h"

#include "align.h"
#include "check.h"
#include "mem.h"

enum { ENTRY_ALIGN = 16 };       /* enough for every type that C has without FP */

void *arena_pages(struct arena *arena, uint64_t bytes, uint64_t align, const char *what,
                  struct fault *fault)
{
	uint64_t next = (uint64_t)(uintptr_t)arena->base + arena->used;
	uint64_t gap = -next & (align - 1);
	uint64_t left = arena->bytes - arena->used;
	uint64_t first = arena->used + gap;

	CHECK(is_power_of_two(align));
	if (gap > left || bytes > left - gap) {
		(void)fault_set(fault, ST_NO_MEMORY, what, bytes > UINT64_MAX - gap ? bytes : gap + bytes, left);
		return 0;
	}
	arena->used = first + bytes;
	return arena->base + first;
}

void *arena_take(struct arena *arena, uint64_t count, uint64_t entry_bytes, const char *what,
                 struct fault *fault)
{
	void *entries;

	CHECK(entry_bytes > 0);
	if (count > UINT64_MAX / entry_bytes) {
		(void)fault_set(fault, ST_NO_MEMORY, what, count, UINT64_MAX / entry_bytes);
		return 0;
	}
	entries = arena_pages(arena, count * entry_bytes, ENTRY_ALIGN, what, fault);
	if (entries)
		memset(entries, 0, count * entry_bytes);
	return entries;
}
