/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frames.c: hands out free memory, the lowest first.
 *
 * Invariant: free is ascending, disjoint, in whole granules and disjoint from
 * what was taken. The lowest that fits comes from the first range nearly always;
 * a take costs O(ranges) at worst.
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
MUST_CHECK static enum status list_type(struct memmap *list, const struct frames *frames,
                                        const struct memmap *map, uint32_t type, uint32_t cuts,
                                        struct arena *arena, struct fault *fault)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < map->count; i++)
		count += map->ranges[i].type == type;
	if (count == 0)
		return ST_OK;
	if (memmap_init(list, count + cuts, arena, fault) != ST_OK)
		return fault->status;
	for (uint32_t i = 0; i < map->count; i++) {
		struct smalt_memory range = map->ranges[i];

		if (trim(&range, type, frames->floor, frames->granule))
			list->ranges[list->count++] = range;
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

static void insert_at(struct memmap *list, uint32_t at, struct smalt_memory range)
{
	memmove(&list->ranges[at + 1], &list->ranges[at],
	        (list->count - at) * sizeof(list->ranges[0]));
	list->ranges[at] = range;
	list->count++;
}

static void remove_at(struct memmap *list, uint32_t at)
{
	list->count--;
	memmove(&list->ranges[at], &list->ranges[at + 1],
	        (list->count - at) * sizeof(list->ranges[0]));
}

/* Cuts [skip, skip + bytes) out of range `at`, free or later; there is room for one range more. */
static void cut(struct memmap *list, uint32_t at, uint64_t skip, uint64_t bytes)
{
	struct smalt_memory *range = &list->ranges[at];
	struct smalt_memory rest = { range->pa + skip + bytes, range->bytes - skip - bytes,
	                             range->type, 0 };

	range->bytes = skip;
	if (skip == 0 && rest.bytes == 0)
		remove_at(list, at);
	else if (skip == 0)
		*range = rest;
	else if (rest.bytes != 0)
		insert_at(list, at + 1, rest);
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

static void take(struct frames *frames, uint32_t at, uint64_t skip, uint64_t bytes, uint32_t type,
                 uint64_t *pa)
{
	*pa = frames->free.ranges[at].pa + skip;
	frames->taken_bytes += bytes;
	cut(&frames->free, at, skip, bytes);
	record(frames, *pa, bytes, type);
}

static uint64_t largest_free(const struct frames *frames)
{
	uint64_t largest = 0;

	for (uint32_t i = 0; i < frames->free.count; i++)
		largest = max_u64(largest, frames->free.ranges[i].bytes);
	return largest;
}

static enum status no_memory(const struct frames *frames, uint64_t bytes, struct fault *fault)
{
	if (!has_room(frames))
		return fault_set(fault, ST_NO_MEMORY, "pieces of memory",
		                 (uint64_t)frames->taken.count + 1, frames->taken.capacity);
	return fault_set(fault, ST_NO_MEMORY, "free bytes in one piece", bytes,
	                 largest_free(frames));
}

bool frames_try(struct frames *frames, uint64_t bytes, uint64_t align, uint64_t phase,
                uint32_t type, uint64_t *pa)
{
	uint64_t whole = align_up(bytes, frames->granule);

	CHECK(bytes > 0 && is_power_of_two(align) && align >= frames->granule);
	if (!align_fits(bytes, frames->granule) || !has_room(frames))
		return false;
	for (uint32_t i = 0; i < frames->free.count; i++) {
		const struct smalt_memory *range = &frames->free.ranges[i];
		uint64_t skip = (phase - range->pa) & (align - 1);

		if (range_fits(skip, whole, range->bytes)) {
			take(frames, i, skip, whole, type, pa);
			return true;
		}
	}
	return false;
}

enum status frames_take(struct frames *frames, uint64_t bytes, uint64_t align, uint64_t phase,
                        uint32_t type, uint64_t *pa, struct fault *fault)
{
	if (frames_try(frames, bytes, align, phase, type, pa))
		return ST_OK;
	return no_memory(frames, bytes, fault);
}

/* Takes the highest run that ends at or below limit. */
static bool try_high(struct frames *frames, uint64_t bytes, uint64_t align, uint64_t limit,
                     uint32_t type, uint64_t *pa)
{
	for (uint32_t i = frames->free.count; i-- > 0; ) {
		const struct smalt_memory *range = &frames->free.ranges[i];
		uint64_t below = range->pa < limit ? min_u64(range->bytes, limit - range->pa) : 0;
		uint64_t spare = below - bytes;      /* may still be before the run */
		uint64_t over = (range->pa + spare) & (align - 1);

		if (below >= bytes && over <= spare) {
			take(frames, i, spare - over, bytes, type, pa);
			return true;
		}
	}
	return false;
}

enum status frames_take_high(struct frames *frames, uint64_t bytes, uint64_t align, uint64_t limit,
                             uint32_t type, uint64_t *pa, struct fault *fault)
{
	uint64_t whole = align_up(bytes, frames->granule);

	CHECK(bytes > 0 && is_power_of_two(align) && align >= frames->granule);
	if (align_fits(bytes, frames->granule) && has_room(frames) &&
	    (try_high(frames, whole, align, limit, type, pa) ||
	     try_high(frames, whole, align, UINT64_MAX, type, pa)))
		return ST_OK;
	return no_memory(frames, bytes, fault);
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
static uint64_t behind(const struct memmap *list, uint64_t pa)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (pa - list->ranges[i].pa < list->ranges[i].bytes)
			return list->ranges[i].pa + list->ranges[i].bytes;
	return pa;
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

/* Cuts everything of [pa, end) out of the list; room for one range more. Returns how many bytes. */
static uint64_t cut_all(struct memmap *list, uint64_t pa, uint64_t end)
{
	uint64_t bytes = 0;

	for (uint32_t i = list->count; i-- > 0; ) {
		const struct smalt_memory *range = &list->ranges[i];
		uint64_t from = max_u64(pa, range->pa);
		uint64_t to = min_u64(end, range->pa + range->bytes);

		if (from >= to)
			continue;
		bytes += to - from;
		cut(list, i, from - range->pa, to - from);
	}
	return bytes;
}

static void take_all(struct frames *frames, uint64_t pa, uint64_t bytes)
{
	frames->taken_bytes += cut_all(&frames->free, pa, pa + bytes);
	frames->taken_bytes += cut_all(&frames->later, pa, pa + bytes);
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
