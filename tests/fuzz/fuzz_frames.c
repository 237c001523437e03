/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_frames.c: takes of every kind from a small memory, against a model that knows who owns each page:
 * nothing is handed out twice, and the map behind it is what was taken over what was there.
 */
#include "fuzz.h"

#include "align.h"
#include "frames.h"

enum { PAGE = 4096, PAGES = 96, TAKEN = 128 };
#define NOWHERE UINT64_MAX

static uint8_t owner[PAGES];     /* type, TAKEN what was taken */
static uint64_t last_pa, last_bytes;     /* what a search took last, to be given back; 0 bytes: nothing */

static void describe(struct memmap *map, struct input *in)
{
	static const uint8_t types[] = { SMALT_MEM_USABLE, SMALT_MEM_BOOT_SERVICES, SMALT_MEM_RESERVED, SMALT_MEM_RECLAIMABLE };
	struct fault fault;

	memset(owner, 0, sizeof owner);
	for (uint64_t page = 0, left = take(in, 1) % 16; left-- > 0 && page < PAGES; ) {
		uint64_t how = take(in, 1), count = how % 16 + 1, type = types[how >> 4 & 3];

		page = min_u64(page + (how >> 6), PAGES);
		count = min_u64(count, PAGES - page);
		PROMISE(memmap_add(map, page * PAGE, count * PAGE, (uint32_t)type, &fault) == ST_OK);
		memset(owner + page, (int)type, count);
		page += count;
	}
	PROMISE(memmap_finish(map, PAGE, &fault) == ST_OK);
}

/* Pages [pa, pa + bytes) belong to a take from now on; claims may take what was taken. */
static void give(const struct frames *frames, uint64_t pa, uint64_t bytes, bool claim)
{
	PROMISE(pa % PAGE == 0 && (claim || pa >= frames->floor));
	for (uint64_t page = pa / PAGE; page < (pa + bytes + PAGE - 1) / PAGE && page < PAGES; page++) {
		PROMISE(claim || owner[page] == SMALT_MEM_USABLE || owner[page] == SMALT_MEM_BOOT_SERVICES);
		owner[page] = TAKEN;
	}
}

/* Page by page: the lowest address of so many free bytes, or NOWHERE. */
static uint64_t lowest(const struct frames *frames, uint64_t bytes, uint64_t align, uint64_t phase)
{
	for (uint64_t pa = phase; bytes <= PAGES * PAGE && pa + bytes <= PAGES * PAGE; pa += align) {
		uint64_t page = pa / PAGE, end = (pa + bytes + PAGE - 1) / PAGE;

		while (page < end && owner[page] == SMALT_MEM_USABLE && page * PAGE >= frames->floor)
			page++;
		if (page == end)
			return pa;
	}
	return NOWHERE;
}

/* A part of the last take, which nobody claimed since; without room for a record it stays taken. */
static void give_back(struct frames *frames, uint64_t how)
{
	uint64_t first = (how >> 2 & 3) * PAGE, counted = frames->taken_bytes, bytes = last_bytes - first;

	if (last_bytes <= first)
		return;
	if (how & 16 && bytes > PAGE)
		bytes -= PAGE;
	frames_give(frames, last_pa + first, bytes);
	if (frames->taken_bytes != counted) {
		PROMISE(frames->taken_bytes == counted - bytes);
		memset(owner + (last_pa + first) / PAGE, SMALT_MEM_USABLE, bytes / PAGE);
	}
	last_bytes = 0;
}

/* What a search found is its caller's. */
static void keep(const struct frames *frames, uint64_t pa, uint64_t bytes)
{
	give(frames, pa, bytes, false);
	last_pa = pa;
	last_bytes = (bytes + PAGE - 1) & -(uint64_t)PAGE;
}

static void act(struct frames *frames, const struct memmap *map, struct input *in)
{
	uint64_t how = take(in, 1), bytes = take(in, 2) + 1, where = take(in, 1) * (PAGE / 2);
	uint64_t align = (uint64_t)PAGE << (how >> 2 & 7), phase = where & (align - 1) & -(uint64_t)PAGE, pa;
	struct fault fault;

	if ((how & 96) == 96) {
		give_back(frames, how);
		return;
	}
	if (how & 128)
		bytes = take_wild(in) | 1;
	switch (how & 3) {
	case 0:
		if (fine(frames_take(frames, bytes, align, phase, SMALT_MEM_OBJECT, &pa, &fault), &fault)) {
			PROMISE(pa == lowest(frames, bytes, align, phase));
			keep(frames, pa, bytes);
		} else {
			PROMISE(frames->taken.count == frames->taken.capacity || lowest(frames, bytes, align, phase) == NOWHERE);
		}
		return;
	case 1:
		if (fine(frames_take_high(frames, bytes, align, where, SMALT_MEM_TABLES, &pa, &fault), &fault)) {
			PROMISE(pa % align == 0);
			keep(frames, pa, bytes);
		}
		return;
	case 2:
		if (fine(frames_take_at(frames, where, bytes, SMALT_MEM_OBJECT, map, &fault), &fault))
			give(frames, where & -(uint64_t)PAGE, bytes + where % PAGE, false);
		return;
	default:
		last_bytes = 0;
		if (fine(frames_claim(frames, where, bytes, SMALT_MEM_RESIDENT, &fault), &fault))
			give(frames, where & -(uint64_t)PAGE, bytes + where % PAGE, true);
	}
}

static void check_free(const struct frames *frames)
{
	for (unsigned page = 0; page < PAGES; page++) {
		bool above = page * PAGE >= frames->floor;

		PROMISE(ranges_hold(&frames->free, page * PAGE, PAGE) == (owner[page] == SMALT_MEM_USABLE && above));
		PROMISE(ranges_hold(&frames->later, page * PAGE, PAGE) == (owner[page] == SMALT_MEM_BOOT_SERVICES && above));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = { data, bytes };
	struct arena arena = take_arena(&in);
	uint64_t floor = take(&in, 1) * 1024;
	uint32_t takes = (uint32_t)(take(&in, 1) % 40), actions = (uint32_t)(take(&in, 1) % 40);
	struct memmap map, after;
	struct frames frames;
	struct fault fault;

	if (!fine(memmap_init(&map, 32, &arena, &fault), &fault))
		return 0;
	describe(&map, &in);
	if (!fine(frames_init(&frames, &map, PAGE, floor, takes, &arena, &fault), &fault))
		return 0;
	last_bytes = 0;
	while (actions-- > 0)
		act(&frames, &map, &in);
	check_free(&frames);
	if (!fine(memmap_init(&after, (uint32_t)take(&in, 1), &arena, &fault), &fault) ||
	    !fine(frames_map(&frames, &map, &after, &fault), &fault))
		return 0;
	for (uint64_t page = 0; page < PAGES; page++)
		if (owner[page] != TAKEN)
			PROMISE(memmap_type(&after, page * PAGE) == owner[page]);
	return 0;
}
