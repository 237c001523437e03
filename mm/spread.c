/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spread.c: where things start, so that they do not all begin at color 0.
 *
 * A start is moved in va, and pa follows: leaves of 2M stay as they are. Only what is aligned to a way
 * or more cannot be moved so. Its frames are turned against its addresses by single granules, which
 * costs the leaves between a granule and 2M.
 */
#include "spread.h"

#include "align.h"
#include "reserve.h"
#include "row.h"

#define LARGE (2ull << 20)               /* C2: leaves from here on are never given up */

static const struct colors *spread_of(const struct space *space)
{
	return space->colors && space->colors->policy == SMALT_COLOR_SPREAD ? space->colors : 0;
}

/* Of another instance only what it has for itself. */
static bool has_frames(const struct place_request *request, const struct segment *segment)
{
	return !request->like || (segment->prot & SMALT_W) || segment->relro || segment->patched;
}

static struct footprint footprint_of(const struct colors *colors, const struct shape *shape,
                                     const struct place_request *request, uint64_t bias)
{
	struct footprint footprint = { 0 };

	for (uint32_t i = 0; i < shape->count; i++) {
		const struct segment *segment = &shape->segments[i];

		if (has_frames(request, segment) && segment->prot != 0)
			colors_add(colors, &footprint, segment->va + bias, segment->mem_bytes);
	}
	return footprint;
}

/* Another address, so many colors higher, or more by whole ways. */
static bool move(const struct space *space, const struct place_request *request,
                 const struct shape *shape, uint32_t turn, struct choice *choice)
{
	uint64_t first = shape->low - shape->padding, va;
	uint64_t way = colors_way(space->colors);
	uint64_t phase = first + choice->bias + ((uint64_t)turn << space->colors->shift);
	struct fault ignored;

	if (reserve_find(space, request, shape->bytes + 2 * shape->padding,
	                 max_u64(way, shape->align), phase, &va, &ignored) != ST_OK)
		return false;
	choice->bias = va - first;
	return true;
}

/* Has nobody said more about its address than that it shall be low? */
static bool is_free(const struct place_request *request)
{
	return !(request->flags & (PLACE_ADDRESS | PLACE_RESERVED)) && !request->like &&
	       (request->policy == PLACE_PACKED || !request->draw);
}

void spread_object(const struct space *space, const struct place_request *request,
                   const struct shape *shape, const struct wish *wish, struct choice *choice)
{
	const struct colors *colors = spread_of(space);
	struct footprint footprint;
	uint64_t step;

	if (!colors || wish->stays || wish->leaf >= LARGE)
		return;
	footprint = footprint_of(colors, shape, request, choice->bias);
	if (footprint.total == 0 || colors_fit(colors, &footprint))
		return;
	step = shape->align >> colors->shift;
	if (step < colors->count && is_free(request) &&
	    move(space, request, shape, colors_turn(colors, &footprint, (uint32_t)step), choice))
		footprint = footprint_of(colors, shape, request, choice->bias);
	/* Runs are worth more than an even start, but not than a cache */
	if (step >= colors->count || (step > 1 && colors_loaded(colors, &footprint)))
		choice->turn = colors_turn(colors, &footprint, 1);
}

uint64_t spread_own(const struct space *space, uint64_t va, uint64_t bytes)
{
	const struct colors *colors = spread_of(space);
	struct footprint footprint = { 0 };
	struct fault ignored;
	uint64_t turned;

	if (!colors)
		return va;
	colors_add(colors, &footprint, va, bytes);
	if (colors_fit(colors, &footprint))
		return va;
	turned = va + ((uint64_t)colors_turn(colors, &footprint, 1) << colors->shift);
	return space_find(space, va, bytes, colors_way(colors), turned, &turned, &ignored) == ST_OK
		? turned : va;
}

void spread_give(struct space *space, uint32_t first, uint32_t count, uint32_t turn)
{
	struct footprint footprint = { 0 };

	if (!space->colors)
		return;
	for (uint32_t i = first; i < first + count; i++) {
		const struct smalt_row *row = &space->rows[i];

		if (row->prot != 0 && (row->instance == 0 || row_is_written(row)))
			colors_add(space->colors, &footprint, row->va, row->mem_bytes);
	}
	colors_give(space->colors, &footprint, turn);
}
