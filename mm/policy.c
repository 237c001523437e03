/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy.c: an object's place among all that it could have, by its draw.
 *
 * stable draws from the places of an empty space, so that nothing beside the object
 * counts, and goes on to the next free one; random draws from those that are free. A place
 * is a multiple of the object's largest leaf: none is lost (requirements M13, P2).
 */
#include "policy.h"

#include <stddef.h>

#include "align.h"

static uint64_t first_page(const struct shape *shape)
{
	return shape->low - shape->padding;
}

static struct slots slots_of(const struct space *space, const struct shape *shape,
                             const struct wish *wish)
{
	return (struct slots){
		.first = space->machine->kernel_va, .last = space->machine->kernel_last,
		.bytes = shape->bytes + 2 * shape->padding,
		.align = wish->align, .phase = (first_page(shape) + wish->phase) & (wish->align - 1),
	};
}

static bool choose_random(const struct space *space, const struct slots *slots, struct random draw,
                          uint64_t *va, uint32_t *bits)
{
	uint64_t count = space_slots(space, slots, SLOTS_COUNT, va);

	if (count == 0)
		return false;
	(void)space_slots(space, slots, random_below(&draw, count), va);
	*bits = log2_floor(count);
	return true;
}

/* The lowest free place at or behind from. */
static bool next_free(const struct space *space, const struct slots *slots, uint64_t from,
                      uint64_t *va)
{
	struct ranges_wish wish = { from, slots->bytes, slots->align, slots->phase };

	return ranges_lowest(&space->open, &wish, va) && *va <= slots->last &&
	       slots->bytes - 1 <= slots->last - *va;
}

static bool choose_stable(const struct space *space, const struct slots *slots, struct random draw,
                          uint64_t *va, bool *moved)
{
	uint64_t count = slots_all(slots, SLOTS_COUNT, va), wanted = 0;

	if (count == 0)
		return false;
	(void)slots_all(slots, random_below(&draw, count), &wanted);
	if (!next_free(space, slots, wanted, va) && !next_free(space, slots, slots->first, va))
		return false;
	*moved = *va != wanted;
	return true;
}

bool policy_choose(const struct space *space, const struct place_request *request,
                   const struct shape *shape, const struct wish *wish, struct choice *choice)
{
	struct slots slots;
	uint64_t va = 0;
	bool found;

	*choice = (struct choice){ .moved = request->policy == PLACE_STABLE };
	if (request->policy == PLACE_PACKED || request->draw == NULL)
		return false;
	slots = slots_of(space, shape, wish);
	found = request->policy == PLACE_STABLE
		? choose_stable(space, &slots, *request->draw, &va, &choice->moved)
		: choose_random(space, &slots, *request->draw, &va, &choice->va_bits);
	choice->bias = va - first_page(shape);
	return found;
}
