/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_color.c: starts spread over the colors of a cache, against a count of every page.
 */
#include "color.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

enum { PAGE = 4096, MOST = GEOMETRY_COLORS_MOST };

static struct colors colors_of_cache(uint32_t count, uint32_t ways)
{
	struct geometry geometry = { .cache.ways = ways, .colors = count, .shift = 12 };
	struct colors colors;

	memset(&colors, 0xaa, sizeof colors);
	colors_init(&colors, &geometry, SMALT_COLOR_SPREAD, false);
	return colors;
}

static void granules_are_counted_by_color_without_looking_at_each(void **state)
{
	(void)state;
	for (uint32_t count = 1; count <= MOST; count *= 2)
		for (uint64_t first = 0; first < 70; first += 3)
			for (uint64_t pages = 0; pages < 200; pages += 7) {
				uint64_t found[MOST] = { 0 }, expected[MOST] = { 0 };

				for (uint64_t page = first; page < first + pages; page++)
					expected[page % count]++;
				colors_count(count, 12, first * PAGE, pages * PAGE, found);
				assert_memory_equal(found, expected, sizeof found);
			}
}

static void bytes_count_for_all_the_pages_they_touch(void **state)
{
	struct colors colors = colors_of_cache(16, 16);
	struct footprint footprint = { 0 };

	(void)state;
	colors_add(&colors, &footprint, 0xffffffff80003ff0, 0x11);       /* pages 3 and 4 */
	colors_add(&colors, &footprint, 0xffffffff8000f000, 0x1001);     /* 15 and 16: color 0 */
	assert_int_equal(footprint.total, 4);
	assert_int_equal(footprint.start, 3);
	assert_int_equal(footprint.granules[3] + footprint.granules[4] + footprint.granules[15] +
	                 footprint.granules[0], 4);
	colors_give(&colors, &footprint, 2);
	assert_int_equal(colors.total, 4);
	assert_int_equal(colors.load[5], 1);
	assert_int_equal(colors.load[6], 1);
	assert_int_equal(colors.load[1], 1);
	assert_int_equal(colors.load[2], 1);
	assert_int_equal(colors_least(&colors, 1 << 5 | 1 << 7), 7);
	assert_int_equal(colors_least(&colors, 1 << 5 | 1 << 6), 5);
}

/* A row of objects, each behind a guard; hot pages of each begin at `offset`. How many a color gets at most. */
static uint32_t hottest(uint32_t count, uint32_t ways, uint32_t objects, uint64_t pages,
                        uint32_t hot, uint32_t offset)
{
	struct colors colors = colors_of_cache(count, ways);
	uint32_t by_color[MOST] = { 0 }, most = 0;
	uint64_t page = 0;

	for (uint32_t i = 0; i < objects; i++) {
		struct footprint footprint = { 0 };

		colors_add(&colors, &footprint, ++page * PAGE, pages * PAGE);
		if (!colors_fit(&colors, &footprint)) {
			page += colors_turn(&colors, &footprint, 1);
			footprint = (struct footprint){ 0 };
			colors_add(&colors, &footprint, page * PAGE, pages * PAGE);
		}
		colors_give(&colors, &footprint, 0);
		for (uint32_t h = 0; h < hot; h++)
			by_color[(page + offset + h) % count]++;
		page += pages;
	}
	for (uint32_t i = 0; i < count; i++)
		most = by_color[i] > most ? by_color[i] : most;
	return most;
}

/*
 * Hot pages fill three quarters of the cache (one row: 7/8), whichever pages of the objects they are and however
 * long these are: no color gets more than it has ways, so nothing is ever evicted.
 *
 * Rules: C2
 */
static void alike_objects_never_overload_a_color(void **state)
{
	static const struct { uint32_t count, ways, hot, objects; } caches[] = {
		{ 16, 16, 8, 24 }, { 32, 8, 8, 24 }, { 64, 16, 8, 96 }, { 32, 16, 8, 48 },
		{ 16, 16, 7, 32 }, { 16, 16, 4, 48 }, { 16, 8, 8, 12 }, { 16, 16, 2, 96 },
	};

	(void)state;
	for (unsigned c = 0; c < sizeof caches / sizeof caches[0]; c++)
		for (uint32_t pages = caches[c].hot; pages < 2 * caches[c].count + 3; pages++)
			for (uint32_t offset = 0; offset + caches[c].hot <= pages; offset += 5)
				assert_true(hottest(caches[c].count, caches[c].ways, caches[c].objects,
				                    pages, caches[c].hot, offset) <= caches[c].ways);
}

/* As it would be without: a period of a whole way puts every object to the same color. */
static void that_is_not_so_by_itself(void **state)
{
	uint32_t most = 0, by_color[16] = { 0 };

	(void)state;
	for (uint64_t page = 0; page < 24 * 16; page += 16)
		for (uint32_t h = 0; h < 8; h++)
			if (++by_color[(page + h) % 16] > most)
				most = by_color[(page + h) % 16];
	assert_int_equal(most, 24);
}

/* Rules: C2 */
static void a_turn_is_a_multiple_of_the_step_and_the_least_loaded(void **state)
{
	(void)state;
	for (uint32_t step = 1; step < 16; step *= 2) {
		struct colors colors = colors_of_cache(16, 4);
		struct footprint heavy = { 0 }, small = { 0 };
		uint32_t turn;

		/* Colors 0 to 7 have 20 pages each, the others none: fair is 12 at most */
		for (unsigned i = 0; i < 20; i++)
			colors_add(&colors, &heavy, 0, 8 * PAGE);
		colors_give(&colors, &heavy, 0);
		colors_add(&colors, &small, 0x10000, 4 * PAGE);
		assert_true(colors_loaded(&colors, &small));
		assert_false(colors_fit(&colors, &small));
		turn = colors_turn(&colors, &small, step);
		assert_int_equal(turn % step, 0);
		assert_true(turn >= 8 && turn <= 12);
	}
}

static void a_mask_is_narrow_if_a_color_is_missing(void **state)
{
	struct colors colors = colors_of_cache(16, 16), most = colors_of_cache(64, 16);

	(void)state;
	assert_false(colors_narrow(&colors, COLOR_ALL));
	assert_false(colors_narrow(&colors, 0xffff));
	assert_true(colors_narrow(&colors, 0x7fff));
	assert_true(colors_narrow(&most, 0xffff));
	assert_false(colors_narrow(&most, COLOR_ALL));
	assert_int_equal(colors_of_mask(&colors, COLOR_ALL), 0xffff);
	assert_int_equal(colors_way(&most), 256 << 10);
	assert_int_equal(color_of(&colors, 0xffffffff8001f123), 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(granules_are_counted_by_color_without_looking_at_each),
		cmocka_unit_test(bytes_count_for_all_the_pages_they_touch),
		cmocka_unit_test(alike_objects_never_overload_a_color),
		cmocka_unit_test(that_is_not_so_by_itself),
		cmocka_unit_test(a_turn_is_a_multiple_of_the_step_and_the_least_loaded),
		cmocka_unit_test(a_mask_is_narrow_if_a_color_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
