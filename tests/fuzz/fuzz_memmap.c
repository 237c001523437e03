/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_memmap.c: any ranges in any order become a finished map: ascending, disjoint, merged, nothing
 * known that no range told, and finishing it again changes nothing.
 */
#include "fuzz.h"

#include "memmap.h"

enum { RANGES = 32 };

static bool was_told(const struct smalt_memory *told, uint32_t count, uint64_t pa, uint32_t type)
{
	for (uint32_t i = 0; i < count; i++)
		if (told[i].type == type && (pa | 4095) >= told[i].pa &&
		    (pa & ~4095ull) <= told[i].pa + (told[i].bytes - 1))
			return true;
	return false;
}

static void check(const struct memmap *map, const struct smalt_memory *told, uint32_t count)
{
	for (uint32_t i = 0; i < map->count; i++) {
		const struct smalt_memory *r = &map->ranges[i];
		uint64_t last = r->pa + (r->bytes - 1);

		PROMISE(r->bytes > 0 && r->pa % 4096 == 0 && r->bytes % 4096 == 0 && last >= r->pa);
		PROMISE(was_told(told, count, r->pa, r->type) && was_told(told, count, last, r->type));
		PROMISE(memmap_type(map, r->pa) == r->type && memmap_type(map, last) == r->type);
		if (i > 0)
			PROMISE(r[-1].pa + (r[-1].bytes - 1) < r->pa &&
			        (r[-1].pa + r[-1].bytes != r->pa || r[-1].type != r->type));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct smalt_memory told[RANGES], again[2 * RANGES];
	struct input in = { data, bytes };
	struct arena arena = take_arena(&in);
	struct memmap map, copy = { again, 0, 2 * RANGES };
	struct fault fault;
	uint32_t count = 0;

	if (!fine(memmap_init(&map, (uint32_t)take(&in, 1) % (2 * RANGES + 1), &arena, &fault), &fault))
		return 0;
	while (in.left > 0 && count < RANGES) {
		uint64_t pa = take_wild(&in), size = take_wild(&in);
		uint32_t type = (uint32_t)take(&in, 1) % (SMALT_MEM_TYPES + 2), before = map.count;

		if (fine(memmap_add(&map, pa, size, type, &fault), &fault) && map.count > before)
			told[count++] = (struct smalt_memory){ pa, size, type, 0 };
		PROMISE(map.count == count);
	}
	if (!fine(memmap_finish(&map, 4096, &fault), &fault))
		return 0;
	check(&map, told, count);
	memcpy(again, map.ranges, map.count * sizeof again[0]);
	copy.count = map.count;
	if (fine(memmap_finish(&copy, 4096, &fault), &fault))
		PROMISE(copy.count == map.count && memcmp(again, map.ranges, map.count * sizeof again[0]) == 0);
	for (uint32_t type = 0; type < SMALT_MEM_TYPES; type++)
		PROMISE(type == 0 || memmap_type_by_name(span_of(memmap_type_name(type))) == type);
	return 0;
}
