/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * color.c: spreads starts over the colors.
 *
 * Nobody knows which pages of an object will be hot, but where objects are alike it is the
 * same pages of each: if the starts are spread evenly, so are these, whichever they are. Objects that are not
 * alike are kept apart by what they load.
 *
 *     starts     0       3          6                a start crowds its neighbors, the nearer
 *     crowd      3 2 2 3 2 1 2 3 2 1 0 0 ...         the more; the next one goes where it is least
 */
#include "color.h"

#include "align.h"
#include "mem.h"

void colors_init(struct colors *colors, const struct geometry *geometry, uint32_t policy,
                 bool strict)
{
	*colors = (struct colors){
		.policy = policy, .strict = strict,
		.count = geometry->colors, .shift = geometry->shift,
		.slack = geometry->cache.ways / 8, .reach = geometry->colors / 8,
		.tables_mask = COLOR_ALL, .own_mask = COLOR_ALL,
	};
}

void colors_count(uint32_t count, uint32_t shift, uint64_t pa, uint64_t bytes, uint64_t *granules)
{
	uint64_t number = bytes >> shift, rounds = number / count;

	if (rounds != 0)
		for (uint32_t i = 0; i < count; i++)
			granules[i] += rounds;
	number &= count - 1;
	for (uint64_t at = pa >> shift; number > 0; number--, at++)
		granules[at & (count - 1)]++;
}

void colors_add(const struct colors *colors, struct footprint *footprint, uint64_t va,
                uint64_t bytes)
{
	uint64_t granule = 1ull << colors->shift, first = align_down(va, granule);

	bytes = align_down(va + (bytes - 1), granule) - first + granule;
	if (footprint->total == 0)
		footprint->start = color_of(colors, va);
	footprint->total += bytes >> colors->shift;
	colors_count(colors->count, colors->shift, first, bytes, footprint->granules);
}

/* The most that one of its colors would have. */
static uint64_t peak(const struct colors *colors, const struct footprint *footprint, uint32_t turn)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < colors->count; i++) {
		uint64_t own = footprint->granules[i];

		if (own != 0)
			most = max_u64(most, own + colors->load[(i + turn) & (colors->count - 1)]);
	}
	return most;
}

/* The most that it may be. */
static uint64_t fair(const struct colors *colors, const struct footprint *footprint)
{
	return (colors->total + footprint->total + colors->count - 1) / colors->count + colors->slack;
}

bool colors_loaded(const struct colors *colors, const struct footprint *footprint)
{
	return peak(colors, footprint, 0) > fair(colors, footprint);
}

/* A start crowds 2 * reach + 1 colors, with (reach + 1)^2 in all: as much as that on average, and half a start more. */
bool colors_fit(const struct colors *colors, const struct footprint *footprint)
{
	uint32_t weight = colors->reach + 1;
	uint64_t most = (uint64_t)colors->starts * weight * weight / colors->count + weight / 2;

	return colors->crowd[footprint->start] <= most &&
	       !colors_loaded(colors, footprint);
}

uint32_t colors_turn(const struct colors *colors, const struct footprint *footprint, uint32_t step)
{
	uint64_t enough = fair(colors, footprint), least_peak = UINT64_MAX;
	uint32_t best = 0, least_crowd = UINT32_MAX;

	/* There is no better place than one with nobody near it */
	for (uint32_t turn = 0; turn < colors->count && (least_crowd != 0 || least_peak > enough);
	     turn += step) {
		uint32_t crowd = colors->crowd[(footprint->start + turn) & (colors->count - 1)];
		uint64_t most = max_u64(peak(colors, footprint, turn), enough);

		if (most < least_peak || (most == least_peak && crowd < least_crowd)) {
			best = turn;
			least_peak = most;
			least_crowd = crowd;
		}
	}
	return best;
}

void colors_give(struct colors *colors, const struct footprint *footprint, uint32_t turn)
{
	uint32_t last = colors->count - 1, start = footprint->start + turn;

	if (footprint->total == 0)
		return;
	for (uint32_t i = 0; i <= last; i++)
		colors->load[(i + turn) & last] += footprint->granules[i];
	colors->total += footprint->total;
	colors->starts++;
	for (uint32_t away = 0; away <= colors->reach; away++) {
		colors->crowd[(start + away) & last] += colors->reach + 1 - away;
		if (away != 0)
			colors->crowd[(start - away) & last] += colors->reach + 1 - away;
	}
}

uint32_t colors_least(const struct colors *colors, uint64_t mask)
{
	uint32_t best = GEOMETRY_COLORS_MOST;

	for (uint32_t i = 0; i < colors->count; i++)
		if ((mask >> i & 1) &&
		    (best == GEOMETRY_COLORS_MOST || colors->load[i] < colors->load[best]))
			best = i;
	return best;
}

void colors_moved(struct colors *colors, uint64_t va, uint64_t pa)
{
	if (colors->load[color_of(colors, va)] != 0)
		colors->load[color_of(colors, va)]--;
	colors->load[color_of(colors, pa)]++;
}
