/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_space.c: claims and searches by hostile callers: claims stay disjoint with their guards, and what is
 * found is free.
 */
#include "fuzz.h"

#include "space.h"

/* Claims are disjoint, and what anybody may have keeps a granule's distance to all of them. */
static void check_claims(const struct space *space)
{
	for (uint32_t i = 1; i <= space->claim_count; i++) {
		const struct ranges_node *c = &space->used.nodes[i];

		PROMISE(c->start < c->end && c->start % 4096 == 0 && c->end % 4096 == 0);
		for (uint32_t other = 1; other < i; other++)
			PROMISE(space->used.nodes[other].end <= c->start || c->end <= space->used.nodes[other].start);
		PROMISE(!ranges_hold(&space->open, c->start - 4096, 4096) && !ranges_hold(&space->open, c->start, 4096));
		PROMISE(!ranges_hold(&space->open, c->end - 4096, 4096) && !ranges_hold(&space->open, c->end, 4096));
	}
}

static void act(struct space *space, struct input *in)
{
	uint64_t how = take(in, 1), va = take_wild(in), bytes = take_wild(in), found;
	uint64_t align = 1ull << (how >> 2 & 63) % 48;
	uint32_t object = (uint32_t)(how >> 6), before = space->claim_count;
	struct fault fault;
	enum status free_at;

	switch (how & 3) {
	case 0:
	case 1:
		free_at = space_free_at(space, va, bytes, object == 3 ? SMALT_NONE : object, &fault);
		fine(free_at, &fault);
		if (fine(space_claim(space, va, bytes, span_of("owner"), object == 3 ? SMALT_NONE : object, &fault), &fault))
			PROMISE(free_at == ST_OK && space->claim_count == before + 1);
		else
			PROMISE(space->claim_count == before && (free_at == fault.status || fault.status == ST_NO_MEMORY));
		return;
	default:
		if (align < 4096)
			align = 4096;
		if (!fine(space_find(space, va, bytes, align, take_wild(in) & (align - 1), &found, &fault), &fault))
			return;
		PROMISE(found >= va && space_free_at(space, found, bytes, SMALT_NONE, &fault) == ST_OK);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = { data, bytes };
	struct arena arena = take_arena(&in);
	const struct machine *machine = take(&in, 1) & 1 ? &machine_aarch64 : &machine_x86_64;
	uint32_t rows = (uint32_t)take(&in, 1) % 16;
	struct space space;
	struct fault fault;

	if (!fine(space_init(&space, paging_of(machine, (uint32_t)take(&in, 1)), rows, 4, &arena, &fault), &fault))
		return 0;
	while (in.left > 0) {
		act(&space, &in);
		check_claims(&space);
	}
	return 0;
}
