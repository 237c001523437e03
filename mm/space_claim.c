/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * space_claim.c: who owns which virtual addresses, and which are free.
 *
 * Invariant: claims ascend and are disjoint; between claims of different objects,
 * and around each of Smalt's own, lies at least one granule of nobody (M9, M14).
 */
#include "align.h"
#include "check.h"
#include "mem.h"
#include "space.h"

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
	for (unsigned i = 0; i < space->machine->range_count; i++) {
		struct pages possible = addresses_of(space, &space->machine->ranges[i]);

		if (va >= possible.first && va <= possible.last)
			return fault_set(fault, ST_NO_ADDRESS, "bytes in memory", bytes,
			                 possible.last - va + 1);
	}
	return fault_value(fault, ST_NO_ADDRESS, "virtual address", va);
}

static bool exists(const struct space *space, uint64_t va, uint64_t bytes)
{
	struct pages pages = pages_of(space, va, bytes);

	for (unsigned i = 0; i < space->machine->range_count; i++) {
		struct pages possible = addresses_of(space, &space->machine->ranges[i]);

		if (pages.first >= possible.first && pages.last <= possible.last)
			return true;
	}
	return false;
}

/* Is the claim at least a granule below or above the pages? Their own object may touch. */
static bool clear_of(const struct space *space, const struct claim *claim, struct pages pages,
                     uint32_t object)
{
	bool own = object != SMALT_NONE && claim->object == object;
	uint64_t guard = own ? 0 : space->granule;

	if (claim->last < pages.first)
		return pages.first - 1 - claim->last >= guard;
	return claim->first > pages.last && claim->first - 1 - pages.last >= guard;
}

enum status space_free_at(const struct space *space, uint64_t va, uint64_t bytes, uint32_t object,
                          struct fault *fault)
{
	struct pages pages = pages_of(space, va, bytes);

	if (bytes == 0)
		return fault_value(fault, ST_INVALID, "bytes", bytes);
	if (!exists(space, va, bytes))
		return no_address(space, va, bytes, fault);
	for (uint32_t i = 0; i < space->claim_count; i++) {
		const struct claim *claim = &space->claims[i];

		if (clear_of(space, claim, pages, object))
			continue;
		(void)fault_value(fault, ST_ADDRESS_IN_USE, "virtual address", va);
		return fault_word(fault, claim->owner);
	}
	return ST_OK;
}

enum status space_claim(struct space *space, uint64_t va, uint64_t bytes, struct span owner,
                        uint32_t object, struct fault *fault)
{
	struct pages pages = pages_of(space, va, bytes);
	enum status status = space_free_at(space, va, bytes, object, fault);
	uint32_t at = space->claim_count;

	if (status != ST_OK)
		return status;
	if (space->claim_count == space->claim_capacity)
		return fault_set(fault, ST_NO_MEMORY, "claims", (uint64_t)space->claim_count + 1,
		                 space->claim_capacity);
	while (at > 0 && space->claims[at - 1].first > pages.first)
		at--;
	memmove(&space->claims[at + 1], &space->claims[at],
	        (space->claim_count - at) * sizeof(space->claims[0]));
	space->claims[at] = (struct claim){ pages.first, pages.last, owner, object };
	space->claim_count++;
	return ST_OK;
}

/* What space_find() looks for. */
struct wish {
	uint64_t bytes, align, phase;
};

/* The lowest va >= low that has the phase and lies in possible: false if there is none. */
static bool lowest(const struct space *space, struct pages possible, uint64_t low,
                   const struct wish *wish, uint64_t *va)
{
	low = max_u64(low, possible.first);
	*va = align_phase(low, wish->align, wish->phase);
	return *va >= low && *va <= possible.last && wish->bytes - 1 <= possible.last - *va &&
	       pages_of(space, *va, wish->bytes).first >= possible.first;
}

/* Searches one range: claims ascend, so what is below `low` never has to be seen again. */
static bool find_in(const struct space *space, struct pages possible, uint64_t low,
                    const struct wish *wish, uint64_t *va)
{
	for (uint32_t i = 0; i < space->claim_count; i++) {
		const struct claim *claim = &space->claims[i];
		struct pages pages;

		if (!lowest(space, possible, low, wish, va))
			return false;
		pages = pages_of(space, *va, wish->bytes);
		if (clear_of(space, claim, pages, SMALT_NONE)) {
			if (claim->first > pages.last)
				return true;
			continue;
		}
		if (claim->last >= possible.last - space->granule)
			return false;        /* what follows its guard is 0 at the top */
		low = claim->last + 1 + space->granule;
	}
	return lowest(space, possible, low, wish, va);
}

enum status space_find(const struct space *space, uint64_t from, uint64_t bytes, uint64_t align,
                       uint64_t phase, uint64_t *va, struct fault *fault)
{
	struct wish wish = { bytes, align, phase };
	uint64_t found;

	CHECK(is_power_of_two(align));
	if (bytes == 0)
		return fault_value(fault, ST_INVALID, "bytes", bytes);
	for (unsigned i = 0; i < space->machine->range_count; i++) {
		struct pages possible = addresses_of(space, &space->machine->ranges[i]);

		if (find_in(space, possible, from, &wish, &found)) {
			*va = found;
			return ST_OK;
		}
	}
	return fault_set(fault, ST_NO_ADDRESS, "free virtual bytes behind it", bytes, from);
}
