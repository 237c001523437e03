/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * space_claim.c: who owns which virtual addresses, and which are free.
 *
 * Invariant: claims are disjoint; between claims of different objects, and around each
 * of Smalt's own, lies at least one granule of nobody (M9, M14). What is open is neither
 * claimed nor such a granule: whatever lies in one piece of it is free for anybody.
 */
#include "space.h"

#include <stddef.h>

#include "align.h"
#include "check.h"

/* Whole granules [first, last]: an inclusive end exists also at the top of the space. */
struct pages {
	uint64_t first, last;
};

static struct pages pages_of(const struct space *space, uint64_t va, uint64_t bytes)
{
	uint64_t mask = space->granule - 1;
	uint64_t last = range_wraps(va, bytes - 1) ? UINT64_MAX : va + (bytes - 1);

	return (struct pages){ va & ~mask, last | mask };
}

/* What of a range can be claimed: not page 0, not the last granule. */
static struct pages addresses_of(const struct space *space, const struct va_range *range)
{
	return (struct pages){ max_u64(range->first, space->granule),
	                       range->last - space->granule };
}

static enum status no_address(const struct space *space, uint64_t va, uint64_t bytes,
                              struct fault *fault)
{
	for (unsigned i = 0; i < space->format->range_count; i++) {
		struct pages possible = addresses_of(space, &space->format->ranges[i]);

		if (va >= possible.first && va <= possible.last)
			return fault_set(fault, ST_NO_ADDRESS, "bytes in memory", bytes,
			                 possible.last - va + 1);
	}
	return fault_value(fault, ST_NO_ADDRESS, "virtual address", va);
}

static bool exists(const struct space *space, uint64_t va, uint64_t bytes)
{
	struct pages pages = pages_of(space, va, bytes);

	for (unsigned i = 0; i < space->format->range_count; i++) {
		struct pages possible = addresses_of(space, &space->format->ranges[i]);

		if (pages.first >= possible.first && pages.last <= possible.last)
			return true;
	}
	return false;
}

enum status space_claim_init(struct space *space, uint32_t claims, struct arena *arena,
                             struct fault *fault)
{
	uint32_t open = claims + space->format->range_count;

	/* [0] is no claim, as in used */
	space->claims = arena_pages(arena, (claims + 1ull) * sizeof(*space->claims), 16, "claims", fault);
	if (space->claims == NULL ||
	    ranges_init(&space->used, claims, arena, "claims", fault) != ST_OK ||
	    ranges_init(&space->open, open, arena, "claims", fault) != ST_OK)
		return fault->status;
	space->claim_capacity = claims;
	for (unsigned i = 0; i < space->format->range_count; i++) {
		struct pages possible = addresses_of(space, &space->format->ranges[i]);

		if (possible.first < possible.last)
			(void)ranges_add(&space->open, possible.first, possible.last + 1);
	}
	return ST_OK;
}

/* The lowest claim that is not a granule away from the pages, which exist. Their own object may touch. */
static const struct claim *in_the_way(const struct space *space, struct pages pages, uint32_t object)
{
	uint64_t from = pages.first - space->granule;

	for (uint32_t at; (at = ranges_behind(&space->used, from)) != 0; ) {
		const struct ranges_node *node = &space->used.nodes[at];
		const struct claim *claim = &space->claims[at];
		bool inside = node->end > pages.first && node->start <= pages.last;

		if (node->start > pages.last + space->granule)
			break;
		if (inside || object == SMALT_NONE || claim->object != object)
			return claim;
		from = node->end;
	}
	return NULL;
}

enum status space_free_at(const struct space *space, uint64_t va, uint64_t bytes, uint32_t object,
                          struct fault *fault)
{
	struct pages pages = pages_of(space, va, bytes);
	const struct claim *claim;

	if (bytes == 0)
		return fault_value(fault, ST_INVALID, "bytes", bytes);
	if (!exists(space, va, bytes))
		return no_address(space, va, bytes, fault);
	claim = in_the_way(space, pages, object);
	if (claim == NULL)
		return ST_OK;
	(void)fault_value(fault, ST_ADDRESS_IN_USE, "virtual address", va);
	return fault_word(fault, claim->owner);
}

enum status space_claim(struct space *space, uint64_t va, uint64_t bytes, struct span owner,
                        uint32_t object, struct fault *fault)
{
	struct pages pages = pages_of(space, va, bytes);
	enum status status = space_free_at(space, va, bytes, object, fault);
	uint32_t index;

	if (status != ST_OK)
		return status;
	if (space->claim_count == space->claim_capacity)
		return fault_set(fault, ST_NO_MEMORY, "claims", (uint64_t)space->claim_count + 1,
		                 space->claim_capacity);
	index = ranges_add(&space->used, pages.first, pages.last + 1);
	space->claims[index] = (struct claim){ owner, object };
	space->claim_count++;
	/* To the end of its guard: at the top that is behind all addresses, and nothing of it is open */
	(void)ranges_cut(&space->open, pages.first - space->granule,
	                 pages.last + space->granule == UINT64_MAX ? UINT64_MAX
	                                                           : pages.last + space->granule + 1);
	return ST_OK;
}

bool space_owns(const struct space *space, uint64_t va, uint64_t bytes, uint32_t object)
{
	uint32_t at = ranges_behind(&space->used, va);
	const struct ranges_node *node = &space->used.nodes[at];

	return at != 0 && node->start <= va && node->end - va >= bytes &&
	       space->claims[at].object == object;
}

enum status space_find(const struct space *space, uint64_t from, uint64_t bytes, uint64_t align,
                       uint64_t phase, uint64_t *va, struct fault *fault)
{
	struct ranges_wish wish = { from, bytes, align, phase };

	CHECK(is_power_of_two(align));
	if (bytes == 0)
		return fault_value(fault, ST_INVALID, "bytes", bytes);
	if (ranges_lowest(&space->open, &wish, va))
		return ST_OK;
	return fault_set(fault, ST_NO_ADDRESS, "free virtual bytes behind it", bytes, from);
}

uint64_t space_slots(const struct space *space, const struct slots *slots, uint64_t index,
                     uint64_t *va)
{
	return slots_free(slots, &space->open, index, va);
}
