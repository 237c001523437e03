/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frames.c: hands out free memory, the lowest first.
 *
 * Invariant: free is in whole granules and disjoint from what was taken. Between
 * gifts it only shrinks, so that where nothing fitted a wish, nothing will: a search for the same goes
 * on where the last one ended, and all of them together look at each range once.
 */
#include "frames.h"

#include "align.h"
#include "check.h"
#include "mem.h"

/*
 * Does the range hold memory of type above floor? Then trims it to that. No memory has the
 * last granule of 64 bits: without it the end of every free range is a number.
 */
static bool trim(struct smalt_memory *range, uint32_t type, uint64_t floor, uint64_t granule)
{
	uint64_t below = range->pa < floor ? floor - range->pa : 0;

	if (range_wraps(range->pa, range->bytes))
		range->bytes -= granule;
	if (range->type != type || below >= range->bytes)
		return false;
	range->pa += below;
	range->bytes -= below;
	return true;
}

/* What map has of type, with room for so many cuts: a take out of the middle leaves one range more. */
MUST_CHECK static enum status list_type(struct ranges *list, const struct frames *frames,
                                        const struct memmap *map, uint32_t type, uint32_t cuts,
                                        struct arena *arena, struct fault *fault)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < map->count; i++)
		count += map->ranges[i].type == type;
	if (count == 0)
		return ST_OK;
	if (ranges_init(list, count + cuts, arena, "memory map", fault) != ST_OK)
		return fault->status;
	for (uint32_t i = 0; i < map->count; i++) {
		struct smalt_memory range = map->ranges[i];

		if (trim(&range, type, frames->floor, frames->granule))
			(void)ranges_add(list, range.pa, range.pa + range.bytes);
	}
	return ST_OK;
}

enum status frames_init(struct frames *frames, const struct memmap *map, uint64_t granule,
                        uint64_t floor, uint32_t takes, struct arena *arena, struct fault *fault)
{
	struct frames made = { .granule = granule };

	if (takes > UINT32_MAX - map->count)
		return fault_set(fault, ST_NO_MEMORY, "takes", takes, UINT32_MAX - map->count);
	made.floor = max_u64(align_up(floor, granule), granule);
	if (list_type(&made.free, &made, map, SMALT_MEM_USABLE, takes, arena, fault) != ST_OK ||
	    list_type(&made.later, &made, map, SMALT_MEM_BOOT_SERVICES, takes, arena, fault) != ST_OK ||
	    memmap_init(&made.taken, takes, arena, fault) != ST_OK)
		return fault->status;
	*frames = made;
	return ST_OK;
}

/* Room for a record is room for a free range too: a take that needs no record of its own splits none. */
static bool has_room(const struct frames *frames)
{
	return frames->taken.count < frames->taken.capacity;
}

/* Records a take; one that continues the last is written to it. */
static void record(struct frames *frames, uint64_t pa, uint64_t bytes, uint32_t type)
{
	struct memmap *taken = &frames->taken;

	if (taken->count != 0) {
		struct smalt_memory *last = &taken->ranges[taken->count - 1];

		if (last->type == type && last->pa + last->bytes == pa) {
			last->bytes += bytes;
			return;
		}
	}
	taken->ranges[taken->count++] = (struct smalt_memory){ pa, bytes, type, 0 };
}

static void take(struct frames *frames, uint64_t pa, uint64_t bytes, uint32_t type)
{
	frames->taken_bytes += ranges_cut(&frames->free, pa, pa + bytes);
	record(frames, pa, bytes, type);
}

static enum status no_memory(const struct frames *frames, uint64_t bytes, struct fault *fault)
{
	if (!has_room(frames))
		return fault_set(fault, ST_NO_MEMORY, "pieces of memory",
		                 (uint64_t)frames->taken.count + 1, frames->taken.capacity);
	return fault_set(fault, ST_NO_MEMORY, "free bytes in one piece", bytes,
	                 ranges_largest(&frames->free));
}

/*
 * Leaves come at phase 0 one after the other, other pieces between them, colors in turn: they are
 * remembered apart. What is known of fewer bytes holds for more, but not the other way round.
 */
static bool find(struct frames *frames, struct ranges_wish wish, uint64_t *pa)
{
	uint64_t slot = 5 * log2_floor(wish.align) + wish.phase / frames->granule;
	struct ranges_wish *known = &frames->known[slot % FRAMES_KNOWN];
	bool same = known->align == wish.align && known->phase == wish.phase;
	bool found;

	if (same && known->bytes <= wish.bytes)
		wish.from = known->from;
	found = ranges_lowest(&frames->free, &wish, pa);
	if (!same || wish.bytes <= known->bytes) {
		*known = wish;
		known->from = found ? *pa : UINT64_MAX;
	}
	return found;
}

bool frames_find(struct frames *frames, uint64_t bytes, uint64_t align, uint64_t phase, uint64_t *pa)
{
	CHECK(bytes > 0 && is_power_of_two(align) && align >= frames->granule);
	if (!align_fits(bytes, frames->granule))
		return false;
	bytes = align_up(bytes, frames->granule);
	return find(frames, (struct ranges_wish){ 0, bytes, align, phase & (align - 1) }, pa);
}

bool frames_try(struct frames *frames, uint64_t bytes, uint64_t align, uint64_t phase,
                uint32_t type, uint64_t *pa)
{
	if (!has_room(frames) || !frames_find(frames, bytes, align, phase, pa))
		return false;
	take(frames, *pa, align_up(bytes, frames->granule), type);
	return true;
}

enum status frames_take(struct frames *frames, uint64_t bytes, uint64_t align, uint64_t phase,
                        uint32_t type, uint64_t *pa, struct fault *fault)
{
	if (frames_try(frames, bytes, align, phase, type, pa))
		return ST_OK;
	return no_memory(frames, bytes, fault);
}

bool frames_try_high(struct frames *frames, const struct ranges_wish *wish, uint32_t type, uint64_t *pa)
{
	struct ranges_wish low = *wish, any;

	CHECK(wish->bytes > 0 && is_power_of_two(wish->align) && wish->align >= frames->granule);
	if (!align_fits(wish->bytes, frames->granule) || !has_room(frames))
		return false;
	low.bytes = align_up(wish->bytes, frames->granule);
	any = low;
	any.from = UINT64_MAX;
	if (!ranges_highest(&frames->free, &low, pa) && !ranges_highest(&frames->free, &any, pa))
		return false;
	take(frames, *pa, low.bytes, type);
	return true;
}

enum status frames_take_high(struct frames *frames, uint64_t bytes, uint64_t align, uint64_t limit,
                             uint32_t type, uint64_t *pa, struct fault *fault)
{
	struct ranges_wish wish = { limit, bytes, align, 0 };

	return frames_try_high(frames, &wish, type, pa) ? ST_OK : no_memory(frames, bytes, fault);
}

/* The granules that hold [pa, pa + bytes): false if they do not end below 2^64. */
static bool granules(const struct frames *frames, uint64_t *pa, uint64_t *bytes)
{
	uint64_t first = align_down(*pa, frames->granule);

	if (range_wraps(*pa, *bytes) || !align_fits(*pa + *bytes, frames->granule))
		return false;
	*bytes = align_up(*pa + *bytes, frames->granule) - first;
	*pa = first;
	return true;
}

/* Behind the range of the list that holds pa, else pa itself. */
static uint64_t behind(const struct ranges *list, uint64_t pa)
{
	return ranges_hold(list, pa, 1) ? list->nodes[ranges_behind(list, pa)].end : pa;
}

/* The first address in [pa, pa + bytes) that is neither free nor later: pa + bytes if all are. */
static uint64_t first_taken(const struct frames *frames, uint64_t pa, uint64_t bytes)
{
	uint64_t end = pa + bytes, from;

	do {
		from = pa;
		pa = behind(&frames->later, behind(&frames->free, pa));
	} while (pa != from && pa < end);
	return min_u64(pa, end);
}

/* Why pa, the first of a wanted run that is not free, cannot be had. */
static enum status not_free(const struct frames *frames, uint64_t pa, const struct memmap *map,
                            struct fault *fault)
{
	uint32_t type = memmap_type(map, pa);

	if (pa < frames->floor)
		return fault_set(fault, ST_NO_MEMORY, "physical address", pa, frames->floor);
	if (type == 0)
		return fault_value(fault, ST_NO_MEMORY, "physical address", pa);
	for (uint32_t i = 0; i < frames->taken.count; i++)
		if (range_fits(pa - frames->taken.ranges[i].pa, 1, frames->taken.ranges[i].bytes))
			type = frames->taken.ranges[i].type;
	(void)fault_value(fault, ST_ADDRESS_IN_USE, "physical address", pa);
	return fault_word(fault, span_of(memmap_type_name(type)));
}

static void take_all(struct frames *frames, uint64_t pa, uint64_t bytes)
{
	frames->taken_bytes += ranges_cut(&frames->free, pa, pa + bytes);
	frames->taken_bytes += ranges_cut(&frames->later, pa, pa + bytes);
}

enum status frames_take_at(struct frames *frames, uint64_t pa, uint64_t bytes, uint32_t type,
                           const struct memmap *map, struct fault *fault)
{
	uint64_t hole;

	CHECK(bytes > 0);
	if (!granules(frames, &pa, &bytes))
		return fault_set(fault, ST_NO_MEMORY, "physical address", pa, UINT64_MAX - bytes);
	hole = first_taken(frames, pa, bytes);
	if (hole != pa + bytes)
		return not_free(frames, hole, map, fault);
	if (!has_room(frames))
		return no_memory(frames, bytes, fault);
	take_all(frames, pa, bytes);
	record(frames, pa, bytes, type);
	return ST_OK;
}

enum status frames_claim(struct frames *frames, uint64_t pa, uint64_t bytes, uint32_t type,
                         struct fault *fault)
{
	uint64_t counted = frames->taken_bytes;

	if (!granules(frames, &pa, &bytes))
		return fault_set(fault, ST_NO_MEMORY, "physical address", pa, UINT64_MAX - bytes);
	if (!has_room(frames))
		return no_memory(frames, bytes, fault);
	take_all(frames, pa, bytes);
	record(frames, pa, bytes, type);
	frames->taken_bytes = counted;
	return ST_OK;
}

/*
 * Cuts [pa, end) out of what was taken; false, and nothing is cut, if there is no room to part a record. What
 * lies inside of one is in no other.
 */
static bool forget(struct memmap *taken, uint64_t pa, uint64_t end)
{
	for (uint32_t i = taken->count; i-- > 0; ) {
		struct smalt_memory *range = &taken->ranges[i], rest = *range;
		uint64_t range_end = range->pa + range->bytes;

		if (range->pa >= end || range_end <= pa)
			continue;
		if (range->pa < pa && range_end > end && taken->count == taken->capacity)
			return false;
		rest.pa = end;
		rest.bytes = range_end > end ? range_end - end : 0;
		range->bytes = range->pa < pa ? pa - range->pa : 0;
		if (range->bytes == 0)
			*range = taken->ranges[--taken->count];
		if (rest.bytes != 0)
			taken->ranges[taken->count++] = rest;
	}
	return true;
}

/* The free ranges that touch [*pa, *end) become part of it. */
static void join(struct ranges *free, uint64_t *pa, uint64_t *end)
{
	uint32_t below = ranges_behind(free, *pa - 1), above = ranges_behind(free, *end);

	if (above != 0 && free->nodes[above].start == *end) {
		uint64_t from = *end;

		*end = free->nodes[above].end;
		(void)ranges_cut(free, from, *end);
	}
	if (below != 0 && free->nodes[below].end == *pa) {
		uint64_t to = *pa;

		*pa = free->nodes[below].start;
		(void)ranges_cut(free, *pa, to);
	}
}

void frames_give(struct frames *frames, uint64_t pa, uint64_t bytes)
{
	struct ranges *free = &frames->free;
	uint64_t end = pa + bytes;

	if (!forget(&frames->taken, pa, end))
		return;
	frames->taken_bytes -= bytes;
	join(free, &pa, &end);
	(void)ranges_add(free, pa, end);
	memset(frames->known, 0, sizeof frames->known);      /* free has grown */
}

enum status frames_map(const struct frames *frames, const struct memmap *before,
                       struct memmap *after, struct fault *fault)
{
	uint64_t count = (uint64_t)before->count + frames->taken.count;

	if (count > after->capacity)
		return fault_set(fault, ST_TOO_SMALL, "memory ranges", 2 * count, after->capacity);
	memcpy(after->ranges, before->ranges, before->count * sizeof(before->ranges[0]));
	memcpy(after->ranges + before->count, frames->taken.ranges,
	       frames->taken.count * sizeof(before->ranges[0]));
	after->count = (uint32_t)count;
	return memmap_finish(after, frames->granule, fault);
}
