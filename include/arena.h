/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arena.h: storage of the planner: taken from one end, given back all at once.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stdbool.h>
#include <stdint.h>

#include "status.h"

struct arena {
	uint8_t *base;
	uint64_t bytes;
	uint64_t used;
};

/*
 * count zeroed entries, aligned to 16 bytes. NULL, and ST_NO_MEMORY in fault
 * with what as field, if they do not fit; entry_bytes > 0. The memory is the arena's.
 */
void *arena_take(struct arena *arena, uint64_t count, uint64_t entry_bytes, const char *what,
                 struct fault *fault);

/* The same without zeroing, for whole pages that the caller fills: aligned to align, a power of two. */
void *arena_pages(struct arena *arena, uint64_t bytes, uint64_t align, const char *what,
                  struct fault *fault);

#endif
