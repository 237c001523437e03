/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_frames.c: what is taken is what a search page by page would have taken.
 */
#include "frames_saved.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "scratch.h"

enum { PAGE = 4096, PAGES = 64 };

/* The model: one entry for each page. 0: does not exist. */
struct pages {
	uint8_t free[PAGES];
	uint8_t type[PAGES];
	uint8_t later[PAGES];        /* the firmware's, until it is left */
};

/* The runs of one type become ranges of a finished map. */
static struct memmap map_of_pages(const struct pages *pages, struct arena *arena)
{
	struct memmap map;
	struct fault fault;

	assert_int_equal(memmap_init(&map, 2 * PAGES, arena, &fault), ST_OK);
	for (uint64_t i = 0; i < PAGES; i++)
		if (pages->type[i] != 0)
			assert_int_equal(memmap_add(&map, i * PAGE, PAGE, pages->type[i], &fault),
			                 ST_OK);
	assert_int_equal(memmap_finish(&map, PAGE, &fault), ST_OK);
	return map;
}

static struct frames frames_of(const struct memmap *map, uint64_t floor, uint32_t takes,
                               struct arena *arena)
{
	struct frames frames;
	struct fault fault;

	assert_int_equal(frames_init(&frames, map, PAGE, floor, takes, arena, &fault), ST_OK);
	return frames;
}

static bool run_is_free(const struct pages *pages, uint64_t first, uint64_t count)
{
	for (uint64_t i = first; i < first + count; i++)
		if (i >= PAGES || !pages->free[i])
			return false;
	return true;
}

/* A fixed place may also be where the firmware still is. */
static bool run_may_be_taken(const struct pages *pages, uint64_t first, uint64_t count)
{
	for (uint64_t i = first; i < first + count; i++)
		if (i >= PAGES || !(pages->free[i] || pages->later[i]))
			return false;
	return true;
}

static void take_pages(struct pages *pages, uint64_t first, uint64_t count, uint8_t type)
{
	for (uint64_t i = first; i < first + count; i++) {
		pages->free[i] = pages->later[i] = 0;
		pages->type[i] = type;
	}
}

/* The lowest page of such a run, PAGES: none. */
static uint64_t lowest(const struct pages *pages, uint64_t count, uint64_t align, uint64_t phase)
{
	for (uint64_t i = 0; i < PAGES; i++)
		if (i % align == phase % align && run_is_free(pages, i, count))
			return i;
	return PAGES;
}

static uint64_t highest(const struct pages *pages, uint64_t count, uint64_t align, uint64_t limit)
{
	for (uint64_t i = PAGES; i-- > 0; )
		if (i % align == 0 && i + count <= limit && run_is_free(pages, i, count))
			return i;
	return PAGES;
}

/* Is free what the model says, and does the map afterwards agree with it page by page? */
static void assert_agree(const struct frames *frames, const struct pages *pages,
                         const struct memmap *before)
{
	struct smalt_memory ranges[4 * PAGES];
	struct memmap after = { ranges, 0, 4 * PAGES };
	uint64_t free = 0, later = 0;
	struct fault fault;

	for (uint64_t i = 0; i < PAGES; i++) {
		assert_int_equal(ranges_hold(&frames->free, i * PAGE, PAGE), pages->free[i]);
		assert_int_equal(ranges_hold(&frames->later, i * PAGE, PAGE), pages->later[i]);
		free += pages->free[i] * PAGE;
		later += pages->later[i] * PAGE;
	}
	assert_int_equal(frames->free.bytes, free);
	assert_int_equal(frames->later.bytes, later);
	memset(ranges, 0xaa, sizeof ranges);
	assert_int_equal(frames_map(frames, before, &after, &fault), ST_OK);
	for (uint64_t i = 0; i < PAGES; i++)
		if (memmap_type(&after, i * PAGE) != pages->type[i])
			fail_msg("page %u is of type %u, expected %u", (unsigned)i,
			         memmap_type(&after, i * PAGE), pages->type[i]);
}

/* Pages 0 to 7 as the bits say, the rest is not there. */
static struct pages pages_of_bits(unsigned bits)
{
	struct pages pages = { { 0 }, { 0 }, { 0 } };

	for (unsigned i = 0; i < 8; i++)
		pages.type[i] = (bits >> i & 1) ? SMALT_MEM_USABLE : SMALT_MEM_RESERVED;
	for (unsigned i = 1; i < 8; i++)
		pages.free[i] = bits >> i & 1;
	return pages;
}

/* Rules: H3, C5 */
static void the_lowest_run_that_fits_is_taken_from_every_small_memory(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 256; bits++) {
		struct arena arena = scratch(SCRATCH_BYTES);
		struct pages pages = pages_of_bits(bits);
		struct memmap map = map_of_pages(&pages, &arena);
		uint64_t used = arena.used;

		for (unsigned wish = 0; wish < 5 * 4 * 4; wish++) {
			uint64_t count = 1 + wish % 5, align = 1u << wish / 5 % 4, phase = wish / 20 % 4;
			struct frames frames;
			struct pages model = pages;
			uint64_t pa = 0xaa, at = lowest(&pages, count, align, phase);
			struct fault fault;
			enum status status;

			arena.used = used;
			frames = frames_of(&map, 0, 1, &arena);
			status = frames_take(&frames, count * PAGE - wish % 2, align * PAGE,
			                     phase * PAGE, SMALT_MEM_OBJECT, &pa, &fault);
			assert_int_equal(status, at == PAGES ? ST_NO_MEMORY : ST_OK);
			assert_int_equal(pa, at == PAGES ? 0xaa : at * PAGE);
			assert_int_equal(frames.taken_bytes, at == PAGES ? 0 : count * PAGE);
			if (at != PAGES)
				take_pages(&model, at, count, SMALT_MEM_OBJECT);
			assert_agree(&frames, &model, &map);
		}
	}
}

/* Rules: H3 */
static void the_highest_run_below_the_limit_is_taken_from_every_small_memory(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 256; bits++) {
		struct arena arena = scratch(SCRATCH_BYTES);
		struct pages pages = pages_of_bits(bits);
		struct memmap map = map_of_pages(&pages, &arena);
		uint64_t used = arena.used;

		for (unsigned wish = 0; wish < 4 * 3 * 10; wish++) {
			uint64_t count = 1 + wish % 4, align = 1u << wish / 4 % 3, limit = wish / 12;
			uint64_t pa = 0xaa, at = highest(&pages, count, align, limit);
			struct frames frames;
			struct fault fault;

			if (at == PAGES)             /* above the limit only if there is none below */
				at = highest(&pages, count, align, PAGES);
			arena.used = used;
			frames = frames_of(&map, 0, 1, &arena);
			assert_int_equal(frames_take_high(&frames, count * PAGE, align * PAGE,
			                                  limit * PAGE + wish % 2, SMALT_MEM_TABLES,
			                                  &pa, &fault),
			                 at == PAGES ? ST_NO_MEMORY : ST_OK);
			assert_int_equal(pa, at == PAGES ? 0xaa : at * PAGE);
		}
	}
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static struct pages random_pages(uint32_t *seed, uint64_t floor)
{
	static const uint8_t types[] = { SMALT_MEM_USABLE, SMALT_MEM_USABLE, SMALT_MEM_USABLE,
	                                 SMALT_MEM_RECLAIMABLE, SMALT_MEM_RESERVED,
	                                 SMALT_MEM_BOOT_SERVICES, 0 };
	struct pages pages = { { 0 }, { 0 }, { 0 } };

	for (unsigned i = 0; i < PAGES; i++) {
		pages.type[i] = i > 0 && next_random(seed) % 3 ? pages.type[i - 1]
		                                               : types[next_random(seed) % 7];
		pages.free[i] = pages.type[i] == SMALT_MEM_USABLE && i > 0 && i * PAGE >= floor;
		pages.later[i] = pages.type[i] == SMALT_MEM_BOOT_SERVICES && i > 0 && i * PAGE >= floor;
	}
	return pages;
}

/* One random act, in the frames and in the model. */
static void act(struct frames *frames, struct pages *pages, const struct memmap *map,
                uint32_t *seed)
{
	uint64_t count = 1 + next_random(seed) % 5, align = 1u << next_random(seed) % 4;
	uint64_t phase = next_random(seed) % align, page = next_random(seed) % (PAGES - 8);
	uint64_t pa, at;
	struct fault fault;
	enum status status;

	switch (next_random(seed) % 4) {
	case 0:
		at = lowest(pages, count, align, phase);
		status = frames_try(frames, count * PAGE, align * PAGE, phase * PAGE,
		                    SMALT_MEM_OBJECT, &pa) ? ST_OK : ST_NO_MEMORY;
		break;
	case 1:
		at = highest(pages, count, align, PAGES);
		status = frames_take_high(frames, count * PAGE, align * PAGE, UINT64_MAX,
		                          SMALT_MEM_OBJECT, &pa, &fault);
		break;
	case 2:
		at = run_may_be_taken(pages, page, count) ? page : PAGES;
		pa = page * PAGE;
		status = frames_take_at(frames, pa + 7, count * PAGE - 7, SMALT_MEM_OBJECT, map,
		                        &fault);
		break;
	default:
		at = pa = page;
		while (at < page + count && pages->type[at] == SMALT_MEM_RECLAIMABLE)
			at++;
		if (at == page)
			return;
		count = at - page;
		at = page;
		pa = page * PAGE;
		status = frames_claim(frames, pa, count * PAGE, SMALT_MEM_OBJECT, &fault);
	}
	assert_int_equal(status == ST_OK, at != PAGES);
	if (status != ST_OK)
		return;
	assert_int_equal(pa, at * PAGE);
	take_pages(pages, at, count, SMALT_MEM_OBJECT);
}

/* Rules: H3, C5 */
static void memory_adds_up_after_any_sequence_of_takes(void **state)
{
	uint32_t seed = 5;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct arena arena = scratch(64 << 10);
		uint64_t floor = next_random(&seed) % 4 * PAGE;
		struct pages pages = random_pages(&seed, floor);
		struct memmap map = map_of_pages(&pages, &arena);
		struct frames frames = frames_of(&map, floor, 64, &arena);

		assert_agree(&frames, &pages, &map);
		for (int i = 0; i < 30; i++) {
			act(&frames, &pages, &map, &seed);
			assert_agree(&frames, &pages, &map);
		}
	}
}

/* 2 MiB to 16 MiB and 32 MiB to 8 GiB are usable, ACPI tables lie between. */
static struct memmap usual_map(struct arena *arena)
{
	struct memmap map;
	struct fault fault;

	assert_int_equal(memmap_init(&map, 8, arena, &fault), ST_OK);
	assert_int_equal(memmap_add(&map, 2 << 20, 14 << 20, SMALT_MEM_USABLE, &fault), ST_OK);
	assert_int_equal(memmap_add(&map, 16 << 20, 16 << 20, SMALT_MEM_ACPI_RECLAIM, &fault), ST_OK);
	assert_int_equal(memmap_add(&map, 32 << 20, (8ull << 30) - (32 << 20), SMALT_MEM_USABLE,
	                            &fault), ST_OK);
	assert_int_equal(memmap_finish(&map, PAGE, &fault), ST_OK);
	return map;
}

/* Rules: H3 */
static void nothing_is_taken_below_the_floor_nor_at_address_zero(void **state)
{
	struct arena arena = scratch(SCRATCH_BYTES);
	struct smalt_memory low = { 0, 2 << 20, SMALT_MEM_USABLE, 0 };
	struct memmap map = { &low, 1, 1 };
	struct frames frames = frames_of(&map, 0, 4, &arena);
	struct fault fault;
	uint64_t pa;

	(void)state;
	assert_int_equal(frames_take(&frames, 1, PAGE, 0, SMALT_MEM_OBJECT, &pa, &fault), ST_OK);
	assert_int_equal(pa, 0x1000);
	assert_int_equal(frames_take_at(&frames, 0, 1, SMALT_MEM_OBJECT, &map, &fault), ST_NO_MEMORY);
	frames = frames_of(&map, 1 << 20, 4, &arena);
	assert_int_equal(frames_take(&frames, 1, PAGE, 0, SMALT_MEM_OBJECT, &pa, &fault), ST_OK);
	assert_int_equal(pa, 0x100000);
	assert_int_equal(frames_take_at(&frames, 0xff000, PAGE, SMALT_MEM_OBJECT, &map, &fault),
	                 ST_NO_MEMORY);
	assert_int_equal(fault.value, 0xff000);
	assert_int_equal(fault.limit, 0x100000);
	frames = frames_of(&map, (1 << 20) + 1, 4, &arena);
	assert_int_equal(frames_take(&frames, 1, PAGE, 0, SMALT_MEM_OBJECT, &pa, &fault), ST_OK);
	assert_int_equal(pa, 0x101000);
	frames = frames_of(&map, 2 << 20, 4, &arena);
	assert_int_equal(frames.free.bytes, 0);
}

/* Rules: H3 */
static void free_memory_ends_below_the_last_granule(void **state)
{
	struct arena arena = scratch(SCRATCH_BYTES);
	struct smalt_memory top[] = { { 0xffffffffffff0000, 0x10000, SMALT_MEM_USABLE, 0 } };
	struct memmap map = { top, 1, 1 };
	struct frames frames = frames_of(&map, 0, 4, &arena);
	struct fault fault;
	uint64_t pa;

	(void)state;
	assert_int_equal(frames.free.bytes, 0xf000);
	assert_int_equal(frames_take_high(&frames, PAGE, PAGE, UINT64_MAX, SMALT_MEM_OBJECT, &pa,
	                                  &fault), ST_OK);
	assert_int_equal(pa, 0xffffffffffffe000);
	assert_int_equal(frames_init(&frames, &map, PAGE, 0, UINT32_MAX, &arena, &fault),
	                 ST_NO_MEMORY);
	assert_int_equal(fault.limit, UINT32_MAX - 1);
}

/* Rules: H3 */
static void what_cannot_be_had_says_how_much_there_is(void **state)
{
	struct arena arena = scratch(SCRATCH_BYTES);
	struct memmap map = usual_map(&arena);
	struct frames frames = frames_of(&map, 1 << 20, 4, &arena);
	struct fault fault;
	uint64_t pa = 0xaa;

	(void)state;
	assert_int_equal(frames_take(&frames, 8ull << 30, PAGE, 0, SMALT_MEM_OBJECT, &pa, &fault),
	                 ST_NO_MEMORY);
	assert_int_equal(fault.value, 8ull << 30);
	assert_int_equal(fault.limit, (8ull << 30) - (32 << 20));
	assert_int_equal(frames_take(&frames, UINT64_MAX, PAGE, 0, SMALT_MEM_OBJECT, &pa, &fault),
	                 ST_NO_MEMORY);
	assert_int_equal(frames_take_high(&frames, UINT64_MAX, PAGE, 0, SMALT_MEM_OBJECT, &pa,
	                                  &fault), ST_NO_MEMORY);
	assert_int_equal(frames_take(&frames, 6ull << 30, 4ull << 30, 0, SMALT_MEM_OBJECT, &pa,
	                             &fault), ST_NO_MEMORY);
	assert_int_equal(pa, 0xaa);
	assert_int_equal(frames.taken.count, 0);
	assert_int_equal(frames_take(&frames, 1 << 30, 1 << 30, 3 << 20, SMALT_MEM_OBJECT, &pa,
	                             &fault), ST_OK);
	assert_int_equal(pa, (1 << 30) + (3 << 20));
	assert_int_equal(frames_take_high(&frames, 3 * PAGE, PAGE, 1ull << 32, SMALT_MEM_TABLES, &pa,
	                                  &fault), ST_OK);
	assert_int_equal(pa, (1ull << 32) - 3 * PAGE);
}

/* Rules: H3, M21 */
static void a_wanted_place_is_refused_with_the_type_that_is_there(void **state)
{
	struct arena arena = scratch(SCRATCH_BYTES);
	struct memmap map = usual_map(&arena);
	struct frames frames = frames_of(&map, 1 << 20, 8, &arena);
	struct fault fault;

	(void)state;
	assert_int_equal(frames_take_at(&frames, 0x200123, 0x2000, SMALT_MEM_OBJECT, &map, &fault),
	                 ST_OK);
	assert_int_equal(frames.taken_bytes, 0x3000);
	assert_int_equal(frames_take_at(&frames, 0x202000, 1, SMALT_MEM_TABLES, &map, &fault),
	                 ST_ADDRESS_IN_USE);
	assert_int_equal(fault.value, 0x202000);
	assert_string_equal(fault.word, "object");
	assert_int_equal(frames_take_at(&frames, 0xfff000, 0x2000, SMALT_MEM_OBJECT, &map, &fault),
	                 ST_ADDRESS_IN_USE);
	assert_int_equal(fault.value, 0x1000000);
	assert_string_equal(fault.word, "acpi-reclaim");
	assert_int_equal(frames_take_at(&frames, 9ull << 30, PAGE, SMALT_MEM_OBJECT, &map, &fault),
	                 ST_NO_MEMORY);
	assert_int_equal(fault.value, 9ull << 30);
	assert_int_equal(frames_take_at(&frames, UINT64_MAX - 5, 4, SMALT_MEM_OBJECT, &map, &fault),
	                 ST_NO_MEMORY);
	assert_int_equal(frames_take_at(&frames, UINT64_MAX - 5, 40, SMALT_MEM_OBJECT, &map, &fault),
	                 ST_NO_MEMORY);
	assert_int_equal(fault.value, UINT64_MAX - 5);
	assert_int_equal(fault.limit, UINT64_MAX - 40);
	assert_int_equal(frames.taken_bytes, 0x3000);
	assert_int_equal(frames.taken.count, 1);
}

/* Rules: H3 */
static void claimed_memory_changes_its_type_and_is_not_counted_as_taken(void **state)
{
	struct arena arena = scratch(SCRATCH_BYTES);
	struct smalt_memory before[] = {
		{ 0x100000, 0x10000, SMALT_MEM_USABLE, 0 },
		{ 0x110000, 0x8000, SMALT_MEM_RECLAIMABLE, 0 },
		{ 0x118000, 0x8000, SMALT_MEM_RESERVED, 0 },
	};
	struct memmap map = { before, 3, 3 }, after;
	struct frames frames = frames_of(&map, 0, 8, &arena);
	struct fault fault;

	(void)state;
	assert_int_equal(frames_claim(&frames, 0x112800, 0x1000, SMALT_MEM_OBJECT, &fault), ST_OK);
	assert_int_equal(frames.taken_bytes, 0);
	/* Firmware's memory stays firmware's, whatever is mapped from it */
	assert_int_equal(frames_claim(&frames, 0x118000, 0x1000, SMALT_MEM_RESIDENT, &fault), ST_OK);
	/* Only a wrong environment has a file in free memory: it is not handed out again */
	assert_int_equal(frames_claim(&frames, 0x108000, 0x8000, SMALT_MEM_OBJECT, &fault), ST_OK);
	assert_int_equal(memmap_init(&after, 12, &arena, &fault), ST_OK);
	assert_int_equal(frames_map(&frames, &map, &after, &fault), ST_OK);
	assert_int_equal(after.count, 6);
	assert_int_equal(memmap_type(&after, 0x107fff), SMALT_MEM_USABLE);
	assert_int_equal(memmap_type(&after, 0x108000), SMALT_MEM_OBJECT);
	assert_int_equal(memmap_type(&after, 0x111fff), SMALT_MEM_RECLAIMABLE);
	assert_int_equal(memmap_type(&after, 0x112000), SMALT_MEM_OBJECT);
	assert_int_equal(memmap_type(&after, 0x113fff), SMALT_MEM_OBJECT);
	assert_int_equal(memmap_type(&after, 0x114000), SMALT_MEM_RECLAIMABLE);
	assert_int_equal(memmap_type(&after, 0x118000), SMALT_MEM_RESERVED);
	assert_int_equal(frames.free.bytes, 0x8000);
	assert_int_equal(frames.taken_bytes, 0);
	assert_int_equal(frames_claim(&frames, UINT64_MAX, 1, SMALT_MEM_OBJECT, &fault), ST_NO_MEMORY);
	assert_int_equal(frames_claim(&frames, UINT64_MAX, 9, SMALT_MEM_OBJECT, &fault), ST_NO_MEMORY);
	assert_int_equal(fault.value, UINT64_MAX);
	assert_int_equal(fault.limit, UINT64_MAX - 9);
}

/* Rules: H3 */
static void takes_that_touch_are_one_record_and_records_run_out_cleanly(void **state)
{
	struct arena arena = scratch(SCRATCH_BYTES);
	struct memmap map = usual_map(&arena);
	struct frames frames = frames_of(&map, 1 << 20, 2, &arena);
	struct fault fault;
	uint64_t pa;

	(void)state;
	assert_true(frames_try(&frames, PAGE, PAGE, 0, SMALT_MEM_OBJECT, &pa));
	assert_true(frames_try(&frames, PAGE, PAGE, 0, SMALT_MEM_OBJECT, &pa));
	assert_int_equal(pa, 0x201000);
	assert_int_equal(frames.taken.count, 1);
	assert_int_equal(frames.taken.ranges[0].bytes, 0x2000);
	assert_true(frames_try(&frames, PAGE, PAGE, 0, SMALT_MEM_TABLES, &pa));
	assert_int_equal(frames.taken.count, 2);
	pa = 0xaa;
	assert_false(frames_try(&frames, PAGE, PAGE, 0, SMALT_MEM_OBJECT, &pa));
	assert_int_equal(frames_take(&frames, PAGE, PAGE, 0, SMALT_MEM_OBJECT, &pa, &fault),
	                 ST_NO_MEMORY);
	assert_int_equal(fault.value, 3);
	assert_int_equal(fault.limit, 2);
	assert_int_equal(frames_take_high(&frames, PAGE, PAGE, 0, SMALT_MEM_OBJECT, &pa, &fault),
	                 ST_NO_MEMORY);
	assert_int_equal(frames_take_at(&frames, 0x800000, PAGE, SMALT_MEM_OBJECT, &map, &fault),
	                 ST_NO_MEMORY);
	assert_int_equal(frames_claim(&frames, 0x1800000, PAGE, SMALT_MEM_OBJECT, &fault),
	                 ST_NO_MEMORY);
	assert_int_equal(pa, 0xaa);
	assert_int_equal(frames.taken_bytes, 0x3000);
}

/* Rules: H3 */
static void a_map_without_room_for_what_was_taken_is_too_small(void **state)
{
	struct arena arena = scratch(SCRATCH_BYTES);
	struct memmap map = usual_map(&arena);
	struct frames frames = frames_of(&map, 1 << 20, 2, &arena);
	uint64_t pa;

	(void)state;
	assert_true(frames_try(&frames, PAGE, PAGE, 0, SMALT_MEM_OBJECT, &pa));
	for (uint32_t capacity = 0; capacity < 10; capacity++) {
		struct smalt_memory ranges[10];
		struct memmap after = { ranges, 0, capacity };
		struct fault fault;

		assert_int_equal(frames_map(&frames, &map, &after, &fault),
		                 capacity < 8 ? ST_TOO_SMALL : ST_OK);
		if (capacity < 8)
			assert_int_equal(fault.value, 8);
	}
}

/* Rules: M1 */
static void frames_are_made_whole_or_not_at_all(void **state)
{
	struct smalt_memory ranges[] = { { 0x100000, 0x10000, SMALT_MEM_USABLE, 0 } };
	struct memmap map = { ranges, 1, 1 };
	uint64_t needed = (1 + 1 + 3) * sizeof(struct ranges_node) + 3 * sizeof ranges;
	unsigned failed = 0;

	(void)state;
	for (uint64_t bytes = 0; bytes < needed + 8; bytes++) {
		struct arena arena = scratch(bytes);
		struct frames frames, untouched;
		struct fault fault;

		memset(&frames, 0xaa, sizeof frames);
		untouched = frames;
		if (frames_init(&frames, &map, PAGE, 0, 3, &arena, &fault) == ST_OK) {
			assert_true(bytes >= needed);
			continue;
		}
		failed++;
		assert_int_equal(fault.status, ST_NO_MEMORY);
		assert_memory_equal(&frames, &untouched, sizeof frames);
	}
	assert_int_equal(failed, needed);
}

/* What was claimed twice lies there twice; which of the two the map says is all the same. */
static bool is_recorded(const struct frames *frames, uint64_t page)
{
	for (uint32_t i = 0; i < frames->taken.count; i++)
		if (page * PAGE - frames->taken.ranges[i].pa < frames->taken.ranges[i].bytes)
			return true;
	return false;
}

/* A take or a gift of a random part of what is taken; the model forgets and finds page by page. */
static void take_or_give(struct frames *frames, struct pages *pages, uint32_t *seed)
{
	uint64_t count = 1 + next_random(seed) % 5, align = 1u << next_random(seed) % 4;
	uint64_t page = next_random(seed) % (PAGES - 8), pa, at;

	if (next_random(seed) % 2) {
		at = lowest(pages, count, align, 0);
		assert_int_equal(frames_try(frames, count * PAGE, align * PAGE, 0, SMALT_MEM_OBJECT, &pa), at != PAGES);
		if (at == PAGES)
			return;
		assert_int_equal(pa, at * PAGE);
		take_pages(pages, at, count, SMALT_MEM_OBJECT);
		return;
	}
	for (at = page; at < page + count && pages->type[at] == SMALT_MEM_OBJECT; at++) {
		pages->free[at] = 1;
		pages->type[at] = SMALT_MEM_USABLE;
	}
	if (at != page)
		frames_give(frames, page * PAGE, (at - page) * PAGE);
}

/* Rules: S12, H3 */
static void what_is_given_back_can_be_taken_again_for_ever(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (unsigned round = 0; round < 50; round++) {
		struct arena arena = scratch(SCRATCH_BYTES);
		struct pages pages = random_pages(&seed, 0);
		struct memmap map = map_of_pages(&pages, &arena);
		struct frames frames = frames_of(&map, 0, PAGES, &arena);
		uint8_t behind[256];

		/* Frames write into their own arrays only */
		memset(arena.base + arena.used, 0x55, sizeof behind);
		memset(behind, 0x55, sizeof behind);
		for (unsigned i = 0; i < 600; i++) {
			uint64_t taken = 0;

			take_or_give(&frames, &pages, &seed);
			assert_agree(&frames, &pages, &map);
			for (uint64_t page = 0; page < PAGES; page++) {
				assert_int_equal(is_recorded(&frames, page), pages.type[page] == SMALT_MEM_OBJECT);
				taken += pages.type[page] == SMALT_MEM_OBJECT;
			}
			assert_int_equal(frames.taken_bytes, taken * PAGE);
		}
		assert_memory_equal(arena.base + arena.used, behind, sizeof behind);
	}
}

/* Rules: S12 */
static void pieces_that_are_given_back_join_what_is_free_beside_them(void **state)
{
	static const uint8_t orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 },
	                                      { 2, 0, 1 }, { 2, 1, 0 } };

	(void)state;
	for (unsigned order = 0; order < 6; order++) {
		struct arena arena = scratch(SCRATCH_BYTES);
		struct memmap map = usual_map(&arena);
		struct frames frames = frames_of(&map, 1 << 20, 4, &arena);
		uint64_t largest = ranges_largest(&frames.free), pa[3], whole;

		for (unsigned i = 0; i < 3; i++)
			assert_true(frames_try(&frames, PAGE, PAGE, 0, i + 1, &pa[i]));
		assert_true(pa[1] == pa[0] + PAGE && pa[2] == pa[1] + PAGE);
		for (unsigned i = 0; i < 3; i++)
			frames_give(&frames, pa[orders[order][i]], PAGE);
		assert_int_equal(ranges_largest(&frames.free), largest);
		assert_int_equal(frames.taken.count, 0);
		assert_int_equal(frames.taken_bytes, 0);
		/* A search that found nothing before looks again */
		assert_true(frames_try(&frames, largest, PAGE, 0, SMALT_MEM_OBJECT, &whole));
	}
}

/* Rules: S12 */
static void while_takes_are_used_up_only_the_middle_of_a_piece_stays_taken(void **state)
{
	struct arena arena = scratch(SCRATCH_BYTES);
	struct memmap map = usual_map(&arena);
	struct frames frames = frames_of(&map, 1 << 20, 1, &arena), before;
	uint64_t pa, other;

	(void)state;
	assert_true(frames_try(&frames, 3 * PAGE, PAGE, 0, SMALT_MEM_OBJECT, &pa));
	before = frames;
	frames_give(&frames, pa + PAGE, PAGE);
	assert_memory_equal(&frames, &before, sizeof frames);
	assert_false(frames_try(&frames, PAGE, PAGE, 0, SMALT_MEM_OBJECT, &other));
	frames_give(&frames, pa, PAGE);          /* from both ends, and then all of it */
	frames_give(&frames, pa + 2 * PAGE, PAGE);
	assert_int_equal(frames.taken_bytes, PAGE);
	frames_give(&frames, pa + PAGE, PAGE);
	assert_int_equal(frames.taken.count, 0);
	assert_true(frames_try(&frames, 3 * PAGE, PAGE, 0, SMALT_MEM_OBJECT, &other) && other == pa);
}

/* A piece inside one record, of which something remains on both sides. */
static bool is_inside(const struct frames *frames, uint64_t pa, uint64_t end)
{
	for (uint32_t i = 0; i < frames->taken.count; i++) {
		const struct smalt_memory *range = &frames->taken.ranges[i];

		if (range->pa < pa && range->pa + range->bytes > end)
			return true;
	}
	return false;
}

/* Rules: S12, M1 */
static void with_any_number_of_takes_what_can_be_given_back_is_free_again(void **state)
{
	uint32_t seed = 5;

	(void)state;
	for (uint32_t takes = 1; takes < 8; takes++) {
		struct arena arena = scratch(SCRATCH_BYTES);
		struct memmap map = usual_map(&arena);
		struct frames frames = frames_of(&map, 1 << 20, takes, &arena);
		uint64_t largest = ranges_largest(&frames.free), whole;

		for (unsigned i = 0; i < 400; i++) {
			uint32_t all = frames.taken.count;
			struct smalt_memory range;
			uint64_t pa, bytes, taken = frames.taken_bytes;
			bool stays;

			seed = seed * 1664525 + 1013904223;
			if (frames_try(&frames, ((seed >> 8) % 5 + 1) * PAGE, PAGE, 0, 1 + (seed >> 12) % 2, &pa))
				continue;
			assert_int_equal(all, takes);
			range = frames.taken.ranges[(seed >> 16) % all];
			pa = range.pa + (seed >> 20) % (range.bytes / PAGE) * PAGE;
			bytes = (1 + (seed >> 24) % ((range.pa + range.bytes - pa) / PAGE)) * PAGE;
			stays = is_inside(&frames, pa, pa + bytes);
			frames_give(&frames, pa, bytes);
			assert_int_equal(frames.taken_bytes, stays ? taken : taken - bytes);
			assert_int_equal(ranges_hold(&frames.free, pa, bytes), !stays);
			assert_true(frames.taken.count <= takes);
		}
		while (frames.taken.count > 0)
			frames_give(&frames, frames.taken.ranges[0].pa, frames.taken.ranges[0].bytes);
		assert_int_equal(frames.taken_bytes, 0);
		assert_true(frames_try(&frames, largest, PAGE, 0, 1, &whole));
	}
}

/* Rules: S12, M1 */
static void frames_that_were_saved_are_as_they_were(void **state)
{
	uint32_t seed = 11;
	unsigned failed = 0;

	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		struct arena arena = scratch(SCRATCH_BYTES);
		struct pages pages = random_pages(&seed, 0), model;
		struct memmap map = map_of_pages(&pages, &arena);
		struct frames frames = frames_of(&map, 0, PAGES, &arena);
		struct frames_saved saved;
		struct fault fault;

		for (unsigned i = 0; i < 20; i++)
			take_or_give(&frames, &pages, &seed);
		arena.bytes = arena.used + 16 * round;
		model = pages;
		if (frames_save(&frames, &saved, &arena, &fault) != ST_OK) {
			assert_int_equal(fault.status, ST_NO_MEMORY);
			failed++;
			continue;
		}
		for (unsigned i = 0; i < 20; i++)
			take_or_give(&frames, &pages, &seed);
		frames_restore(&frames, &saved);
		assert_agree(&frames, &model, &map);
		for (unsigned i = 0; i < 20; i++)
			take_or_give(&frames, &model, &seed);
		assert_agree(&frames, &model, &map);
	}
	assert_in_range(failed, 20, 180);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lowest_run_that_fits_is_taken_from_every_small_memory),
		cmocka_unit_test(the_highest_run_below_the_limit_is_taken_from_every_small_memory),
		cmocka_unit_test(memory_adds_up_after_any_sequence_of_takes),
		cmocka_unit_test(nothing_is_taken_below_the_floor_nor_at_address_zero),
		cmocka_unit_test(free_memory_ends_below_the_last_granule),
		cmocka_unit_test(what_cannot_be_had_says_how_much_there_is),
		cmocka_unit_test(a_wanted_place_is_refused_with_the_type_that_is_there),
		cmocka_unit_test(claimed_memory_changes_its_type_and_is_not_counted_as_taken),
		cmocka_unit_test(takes_that_touch_are_one_record_and_records_run_out_cleanly),
		cmocka_unit_test(a_map_without_room_for_what_was_taken_is_too_small),
		cmocka_unit_test(frames_are_made_whole_or_not_at_all),
		cmocka_unit_test(what_is_given_back_can_be_taken_again_for_ever),
		cmocka_unit_test(pieces_that_are_given_back_join_what_is_free_beside_them),
		cmocka_unit_test(while_takes_are_used_up_only_the_middle_of_a_piece_stays_taken),
		cmocka_unit_test(with_any_number_of_takes_what_can_be_given_back_is_free_again),
		cmocka_unit_test(frames_that_were_saved_are_as_they_were),
	};

	return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
