/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frames_saved.c: a copy of which frames are free and which are taken.
 */
#include "frames_saved.h"

#include <stddef.h>

#include "mem.h"

/* NULL only without memory for it. */
static void *copy(const void *entries, uint32_t count, uint64_t entry_bytes, struct arena *arena,
                  struct fault *fault)
{
	void *to = arena_pages(arena, count * entry_bytes, 16, "free frames", fault);

	if (to != NULL && count != 0)
		memcpy(to, entries, count * entry_bytes);
	return to;
}

enum status frames_save(const struct frames *frames, struct frames_saved *saved,
                        struct arena *arena, struct fault *fault)
{
	saved->frames = *frames;
	saved->free = copy(frames->free.nodes, frames->free.made, sizeof *saved->free, arena, fault);
	saved->later = copy(frames->later.nodes, frames->later.made, sizeof *saved->later, arena, fault);
	saved->taken = copy(frames->taken.ranges, frames->taken.count, sizeof *saved->taken, arena, fault);
	return saved->free != NULL && saved->later != NULL && saved->taken != NULL ? ST_OK : ST_NO_MEMORY;
}

static void put_back(void *entries, const void *from, uint64_t bytes)
{
	if (bytes != 0)
		memcpy(entries, from, bytes);
}

void frames_restore(struct frames *frames, const struct frames_saved *saved)
{
	*frames = saved->frames;
	put_back(frames->free.nodes, saved->free, frames->free.made * sizeof *saved->free);
	put_back(frames->later.nodes, saved->later, frames->later.made * sizeof *saved->later);
	put_back(frames->taken.ranges, saved->taken, frames->taken.count * sizeof *saved->taken);
}
