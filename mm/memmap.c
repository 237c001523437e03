/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memmap.c: makes one disjoint map of what firmware says about physical memory.
 *
 * Every range becomes two events, its start and its end; one walk over the sorted
 * events knows which types hold the current granule, and the strongest of them
 * gets it. Rules: requirements H3.
 */
#include "memmap.h"

#include <stddef.h>

#include "align.h"
#include "sort.h"

/*
 * The type that stands later wins where two overlap: it has more reason to be
 * left alone. Free memory is the weakest. What Smalt takes beats what it may take from.
 * Firmware's own memory beats Smalt's: a conflict there is the firmware's. Registers
 * have side effects, and bad memory may stop the machine.
 */
static const uint8_t strength[] = {
	SMALT_MEM_USABLE, SMALT_MEM_BOOT_SERVICES, SMALT_MEM_RECLAIMABLE,
	SMALT_MEM_OBJECT, SMALT_MEM_TABLES, SMALT_MEM_RESIDENT,
	SMALT_MEM_SPECIFIC_PURPOSE, SMALT_MEM_PERSISTENT, SMALT_MEM_UNACCEPTED,
	SMALT_MEM_ACPI_RECLAIM, SMALT_MEM_ACPI_NVS,
	SMALT_MEM_EFI_RUNTIME_DATA, SMALT_MEM_EFI_RUNTIME_CODE,
	SMALT_MEM_RESERVED, SMALT_MEM_MMIO, SMALT_MEM_BAD,
};
_Static_assert(sizeof(strength) == SMALT_MEM_TYPES - 1, "each type once");

static const char *const names[SMALT_MEM_TYPES] = {
	[SMALT_MEM_USABLE] = "usable",
	[SMALT_MEM_RECLAIMABLE] = "reclaimable",
	[SMALT_MEM_BOOT_SERVICES] = "boot-services",
	[SMALT_MEM_OBJECT] = "object",
	[SMALT_MEM_TABLES] = "smalt-tables",
	[SMALT_MEM_RESIDENT] = "smalt-resident",
	[SMALT_MEM_ACPI_RECLAIM] = "acpi-reclaim",
	[SMALT_MEM_ACPI_NVS] = "acpi-nvs",
	[SMALT_MEM_EFI_RUNTIME_CODE] = "efi-runtime-code",
	[SMALT_MEM_EFI_RUNTIME_DATA] = "efi-runtime-data",
	[SMALT_MEM_RESERVED] = "reserved",
	[SMALT_MEM_MMIO] = "mmio",
	[SMALT_MEM_BAD] = "bad",
	[SMALT_MEM_PERSISTENT] = "persistent",
	[SMALT_MEM_SPECIFIC_PURPOSE] = "specific-purpose",
	[SMALT_MEM_UNACCEPTED] = "unaccepted",
};

/* What H3 knows, and P6 lets the kernel see. */
static const bool shown[SMALT_MEM_TYPES] = {
	[SMALT_MEM_USABLE] = true,
	[SMALT_MEM_RECLAIMABLE] = true,
	[SMALT_MEM_BOOT_SERVICES] = true,
	[SMALT_MEM_OBJECT] = true,
	[SMALT_MEM_TABLES] = true,
	[SMALT_MEM_RESIDENT] = true,
	[SMALT_MEM_ACPI_RECLAIM] = true,
	[SMALT_MEM_ACPI_NVS] = true,
};

enum status memmap_init(struct memmap *map, uint32_t capacity, struct arena *arena,
                        struct fault *fault)
{
	struct smalt_memory *ranges = arena_take(arena, capacity, sizeof(*ranges), "memory map",
	                                         fault);

	if (ranges == NULL)
		return fault->status;
	*map = (struct memmap){ .ranges = ranges, .capacity = capacity };
	return ST_OK;
}

enum status memmap_add(struct memmap *map, uint64_t pa, uint64_t bytes, uint32_t type,
                       struct fault *fault)
{
	if (memmap_type_name(type) == NULL)
		return fault_set(fault, ST_INVALID, "type", type, SMALT_MEM_TYPES - 1);
	if (bytes == 0)
		return ST_OK;
	if (range_wraps(pa, bytes - 1))      /* to end at 2^64 is no wrap */
		return fault_set(fault, ST_OVERFLOW, "bytes", bytes, UINT64_MAX - pa);
	if (map->count == map->capacity)
		return fault_set(fault, ST_TOO_SMALL, "memory ranges", (uint64_t)map->count + 1,
		                 map->capacity);
	map->ranges[map->count++] = (struct smalt_memory){ pa, bytes, type, 0 };
	return ST_OK;
}

/*
 * An event is a struct smalt_memory too, so that events and result share the
 * array: pa is counted in granules (an end at 2^64 has a number then), bytes says
 * whether ranges of the type begin (1) or end (0).
 */
static struct smalt_memory event(uint64_t granules, bool begins, uint32_t type)
{
	return (struct smalt_memory){ granules, begins, type, 0 };
}

/* Granules that the range fills (usable) or touches (everything else): may be none. */
static void bounds(const struct smalt_memory *range, unsigned shift, uint64_t *first, uint64_t *end)
{
	uint64_t mask = (1ull << shift) - 1;
	uint64_t last = range->pa + (range->bytes - 1);
	bool usable = range->type == SMALT_MEM_USABLE;

	*first = (range->pa >> shift) + (usable && (range->pa & mask) != 0);
	*end = (last >> shift) + !(usable && (last & mask) != mask);
}

/* Replaces count ranges by their events, back to front in the same array; returns how many. */
static uint32_t make_events(struct smalt_memory *ranges, uint32_t count, unsigned shift)
{
	for (uint32_t i = count; i-- > 0; ) {
		uint32_t type = ranges[i].type;
		uint64_t first, end;

		bounds(&ranges[i], shift, &first, &end);
		if (first > end)             /* inside one granule and usable */
			first = end;
		ranges[2 * i] = event(first, true, type);
		ranges[2 * i + 1] = event(end, false, type);
	}
	return 2 * count;
}

/* Which types hold the current granule, how often, and the strongest of them. */
struct sweep {
	uint32_t active[SMALT_MEM_TYPES];
};

static uint32_t strongest(const struct sweep *sweep)
{
	for (uint32_t i = sizeof(strength); i-- > 0; )
		if (sweep->active[strength[i]] != 0)
			return strength[i];
	return 0;
}

/* Takes all events of one position; returns the index behind them. */
static uint32_t step(struct sweep *sweep, const struct smalt_memory *events, uint32_t at,
                     uint32_t count)
{
	uint64_t position = events[at].pa;

	/* Counters are unsigned and may pass through -1 while an end comes first. */
	for (; at < count && events[at].pa == position; at++)
		sweep->active[events[at].type] += events[at].bytes != 0 ? 1u : UINT32_MAX;
	return at;
}

/*
 * Walks the sorted events and writes the result over the ones that are done: a
 * range is only written at a later position than the one it began at.
 */
static uint32_t resolve(struct smalt_memory *events, uint32_t count, unsigned shift)
{
	struct sweep sweep = { { 0 } };
	uint32_t type = 0, done = 0;
	uint64_t begin = 0;

	for (uint32_t at = 0; at < count; ) {
		uint64_t position = events[at].pa;
		uint32_t now;

		at = step(&sweep, events, at, count);
		now = strongest(&sweep);
		if (now == type)
			continue;
		if (type != 0)
			events[done++] = (struct smalt_memory){
				begin << shift, (position - begin) << shift, type, 0 };
		type = now;
		begin = position;
	}
	return done;
}

enum status memmap_finish(struct memmap *map, uint64_t granule, struct fault *fault)
{
	unsigned shift = log2_floor(granule);
	uint32_t count;

	if (map->count > map->capacity / 2)
		return fault_set(fault, ST_TOO_SMALL, "memory ranges", 2 * (uint64_t)map->count,
		                 map->capacity);
	count = make_events(map->ranges, map->count, shift);
	sort_entries(map->ranges, count, sizeof(*map->ranges));
	map->count = resolve(map->ranges, count, shift);
	if (map->count == 1 && map->ranges[0].bytes == 0)
		return fault_value(fault, ST_OVERFLOW, "memory of one type", UINT64_MAX);
	return ST_OK;
}

uint32_t memmap_type(const struct memmap *map, uint64_t pa)
{
	uint32_t low = 0, high = map->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct smalt_memory *range = &map->ranges[middle];

		if (pa < range->pa)
			high = middle;
		else if (pa - range->pa >= range->bytes)
			low = middle + 1;
		else
			return range->type;
	}
	return 0;
}

uint64_t memmap_bytes(const struct memmap *map, uint32_t type)
{
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < map->count; i++)
		if (map->ranges[i].type == type)
			bytes += map->ranges[i].bytes;
	return bytes;
}

const char *memmap_type_name(uint32_t type)
{
	return type < SMALT_MEM_TYPES ? names[type] : NULL;
}

uint32_t memmap_type_by_name(struct span name)
{
	for (uint32_t type = 1; type < SMALT_MEM_TYPES; type++)
		if (span_is(name, names[type]))
			return type;
	return 0;
}

bool memmap_is_shown(uint32_t type)
{
	return type < SMALT_MEM_TYPES && shown[type];
}
