/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_spread.c: where objects begin that may go anywhere, and which color their frames get.
 */
#include "spread.h"

#include "extent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "place_maker.h"
#include "scene.h"

enum { PAGE = 4096 };
static const struct machine *const both[] = { &machine_x86_64, &machine_aarch64 };

static struct colors open_colors(uint32_t count, uint32_t ways, uint32_t policy)
{
	struct geometry geometry = { .cache.ways = ways, .colors = count, .shift = 12 };
	struct colors colors;

	colors_init(&colors, &geometry, policy, false);
	return colors;
}

/* A module of text and data, as a linker lays it out with this alignment: data in the same place of its page. */
static struct object module_of(struct segment segments[2], uint64_t align, uint64_t text, uint64_t data)
{
	segments[0] = (struct segment){ .va = 0, .file_bytes = text, .mem_bytes = text,
	                                .prot = RX, .align = align };
	segments[1] = (struct segment){ .va = align_up(text, align), .file_offset = text, .file_bytes = data,
	                                .mem_bytes = data, .prot = RW, .align = align };
	return maker_object(OBJECT_MOVABLE, segments, 2);
}

/* Places so many modules; how many data pages have each color, with the turn. */
static uint32_t place_all(unsigned m, struct colors *colors, uint64_t align, uint64_t data_pages,
                          uint32_t by_color[64], uint32_t *turned)
{
	struct space space = maker_space_of(both[m], (1u << both[m]->format->leaf_count) - 1, 60);
	uint64_t from = both[m]->kernel_va;
	uint32_t most = 0;

	space.colors = colors;
	for (unsigned i = 0; i < 24; i++) {
		struct segment segments[2];
		struct object object = module_of(segments, align, PAGE, data_pages * PAGE);
		struct place_request request = maker_request(&object);
		struct placed p;

		request.from = from;
		p = maker_place(&space, &request);
		maker_enter(&space, &request, &p);
		assert_int_equal(p.placement.bias % align, 0);
		from = p.placement.end;
		*turned += p.placement.turn != 0;
		for (uint64_t page = 0; page < data_pages; page++) {
			uint64_t color = (p.rows[1].va / PAGE + page + p.placement.turn) % colors->count;

			most = ++by_color[color] > most ? by_color[color] : most;
		}
	}
	return most;
}

/* Rules: C2 */
static void modules_of_pages_are_moved_in_va(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (uint64_t pages = 8; pages < 40; pages++) {
			struct colors colors = open_colors(16, 16, SMALT_COLOR_SPREAD);
			uint32_t by_color[64] = { 0 }, turned = 0;
			uint64_t rounds = (24 * pages + 15) / 16;

			assert_true(place_all(m, &colors, PAGE, pages, by_color, &turned) <= rounds + 4);
			assert_int_equal(turned, 0);
		}
}

/* Rules: C2 */
static void what_is_aligned_to_a_way_is_turned_against_its_addresses(void **state)
{
	static const uint64_t aligns[] = { 64 * K, 2 * M };

	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (unsigned a = 0; a < 2; a++) {
			struct colors colors = open_colors(16, 16, SMALT_COLOR_SPREAD);
			uint32_t by_color[64] = { 0 }, turned = 0;

			assert_true(place_all(m, &colors, aligns[a], 8, by_color, &turned) <= 16);
			assert_true(turned > 16);
		}
}

/* Also where there is room enough: two modules are enough. Rules: C2 */
static void the_second_of_two_is_turned(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		struct colors colors = open_colors(16, 16, SMALT_COLOR_SPREAD);
		struct space space = maker_space_of(both[m], 1, 60);
		struct placed p;

		space.colors = &colors;
		for (unsigned i = 0; i < 2; i++) {
			struct segment segments[2];
			struct object object = module_of(segments, 64 * K, PAGE, 8 * PAGE);
			struct place_request request = maker_request(&object);

			request.from = both[m]->kernel_va + i * M;
			p = maker_place(&space, &request);
			maker_enter(&space, &request, &p);
			assert_int_equal(p.placement.turn != 0, i == 1);
		}
	}
}

/* 64K linked, a way of 128K with 8 ways: two starts are not enough for 192 of 256 pages. */
static void runs_are_given_up_before_a_cache_overflows(void **state)
{
	struct colors colors = open_colors(32, 8, SMALT_COLOR_SPREAD);
	uint32_t by_color[64] = { 0 }, turned = 0;

	(void)state;
	assert_true(place_all(1, &colors, 64 * K, 8, by_color, &turned) <= 8);
	assert_true(turned > 0 && turned < 24);
}

/* Rules: C2 */
static void other_policies_move_nothing(void **state)
{
	static const uint32_t policies[] = { SMALT_COLOR_MATCH, SMALT_COLOR_PARTITION };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct colors colors = open_colors(16, 16, policies[i]);
		uint32_t by_color[64] = { 0 }, turned = 0;

		assert_int_equal(place_all(0, &colors, 2 * M, 8, by_color, &turned), 24);
		assert_int_equal(turned, 0);
	}
}

/* Rules: C2, P2 */
static void an_object_with_large_leaves_keeps_them(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		struct colors colors = open_colors(16, 16, SMALT_COLOR_SPREAD);
		struct space space = maker_space_of(both[m], 7, 60);
		uint64_t from = both[m]->kernel_va;

		space.colors = &colors;
		for (unsigned i = 0; i < 6; i++) {
			struct segment segments[2];
			struct object object = module_of(segments, PAGE, PAGE, 4 * M);
			struct place_request request = maker_request(&object);
			struct placed p;

			request.from = from;
			p = maker_place(&space, &request);
			maker_enter(&space, &request, &p);
			from = p.placement.end;
			assert_int_equal(p.placement.turn, 0);
			assert_int_equal(p.rows[1].va % (2 * M), 0);
		}
	}
}

/* An address that somebody asked for stays; only frames can be others. Rules: C2, M13 */
static void an_asked_address_is_kept(void **state)
{
	struct colors colors = open_colors(16, 16, SMALT_COLOR_SPREAD);
	struct space space = maker_space_of(&machine_x86_64, 7, 60);
	uint32_t turned = 0;

	(void)state;
	space.colors = &colors;
	for (unsigned i = 0; i < 6; i++) {
		struct segment segments[2];
		struct object object = module_of(segments, i < 3 ? PAGE : 2 * M, PAGE, 8 * PAGE);
		struct place_request request = maker_request(&object);
		struct placed p;

		request.flags |= PLACE_ADDRESS;
		request.va = KERNEL_VA + i * 16 * M;
		p = maker_place(&space, &request);
		maker_enter(&space, &request, &p);
		assert_int_equal(p.placement.base, request.va);
		if (i < 3)
			assert_int_equal(p.placement.turn, 0);
		turned += p.placement.turn != 0;
	}
	assert_true(turned >= 2);
}

/* Rules: C2 */
static void rows_of_smalt_begin_at_different_colors(void **state)
{
	struct colors colors = open_colors(64, 16, SMALT_COLOR_SPREAD);
	struct space space = maker_space();
	uint64_t from = KERNEL_VA, va, seen = 0;
	struct fault fault;

	(void)state;
	space.colors = &colors;
	/* With its guard each would begin where the one before did */
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(place_own(&space, SMALT_KIND_STACK, 63 * PAGE, RW, from, PAGE, 0, &va,
		                           &fault), ST_OK);
		assert_int_equal(seen >> (va / PAGE % 64) & 1, 0);
		seen |= 1ull << (va / PAGE % 64);
		from = va + 64 * PAGE;
	}
	/* Registers lie where they lie */
	assert_int_equal(place_own(&space, SMALT_KIND_SERIAL, PAGE, RW, from, PAGE, 0, &va, &fault), ST_OK);
	assert_int_equal(va, from);
	assert_int_equal(colors.starts, 4);
}

/* ---- frames ---- */

static const struct smalt_memory ram = { 16 * M + 12 * K, 64 * M, SMALT_MEM_USABLE, 0 };

/* Rules: C2 */
static void frames_have_the_color_of_their_address_turned(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (uint32_t turn = 0; turn < 16; turn += 5)
			for (uint32_t policy = SMALT_COLOR_MATCH; policy <= SMALT_COLOR_SPREAD; policy++) {
				struct colors colors = open_colors(16, 16, policy);
				struct extent_source source = { .bytes_pa = OBJECT_NOWHERE, .turn = turn,
				                                .color_mask = COLOR_ALL };
				struct scene s;

				scene_open(&s, both[m], &ram, 1, (struct scene_limits){ 40, 40 });
				s.space.colors = &colors;
				scene_add(&s, scene_row(0xffffffff80003000, 5 * PAGE, PAGE, 0, RX));
				scene_add(&s, scene_row(0xffffffff8000d123, 100 * K, 100, 0, RW));
				assert_int_equal(extent_object(&s.space, 0, 2, &source, &s.frames, &s.map, &s.fault), ST_OK);
				space_sort_extents(&s.space);
				for (uint64_t page = 3; page < 8; page++)
					assert_int_equal(scene_pa(&s, 0xffffffff80000000 + page * PAGE) / PAGE % 16,
					                 (page + turn) % 16);
				for (uint64_t page = 13; page < 13 + 25; page++)
					assert_int_equal(scene_pa(&s, 0xffffffff80000000 + page * PAGE) / PAGE % 16,
					                 (page + turn) % 16);
				assert_int_equal(colors.missed_color, 0);
			}
}

/* Single pages are free, none of the right color: the least loaded, counted. Rules: C2, C3 */
static void a_color_that_is_not_there_is_replaced_and_counted(void **state)
{
	struct smalt_memory pages[3] = { 0 };
	static const uint32_t free_colors[] = { 5, 9, 12 };
	struct colors colors = open_colors(16, 16, SMALT_COLOR_SPREAD);
	struct extent_source source = { .bytes_pa = OBJECT_NOWHERE, .color_mask = COLOR_ALL };
	struct scene s;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		pages[i] = (struct smalt_memory){ 16 * M + i * M + free_colors[i] * PAGE, PAGE,
		                                  SMALT_MEM_USABLE, 0 };
	scene_open(&s, &machine_x86_64, pages, 3, (struct scene_limits){ 40, 40 });
	s.space.colors = &colors;
	colors.load[5] = 2;
	colors.load[9] = 1;
	colors.load[12] = 3;
	scene_add(&s, scene_row(0xffffffff80003000, PAGE, 0, 0, RW));
	assert_int_equal(extent_object(&s.space, 0, 1, &source, &s.frames, &s.map, &s.fault), ST_OK);
	assert_int_equal(scene_pa(&s, 0xffffffff80003000), 17 * M + 9 * PAGE);
	assert_int_equal(colors.missed_color, 1);
	scene_add(&s, scene_row(0xffffffff8000c000, PAGE, 0, 0, RW));
	assert_int_equal(extent_object(&s.space, 1, 1, &source, &s.frames, &s.map, &s.fault), ST_OK);
	assert_int_equal(scene_pa(&s, 0xffffffff8000c000), 18 * M + 12 * PAGE);
	assert_int_equal(colors.missed_color, 1);
}

/* Ranges that begin in the middle of a way: as many pieces as without colors, and no color missed. Rules: C2, P2 */
static void torn_memory_makes_no_more_pieces_than_it_has(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (uint32_t policy = SMALT_COLOR_MATCH; policy <= SMALT_COLOR_SPREAD; policy++) {
			struct colors colors = open_colors(16, 8, policy);
			struct extent_source source = { .bytes_pa = OBJECT_NOWHERE, .color_mask = COLOR_ALL };
			struct smalt_memory torn[8];
			struct scene s;

			for (unsigned i = 0; i < 8; i++)
				torn[i] = (struct smalt_memory){ 16 * M + i * 2 * M + (3 + 5 * i) * PAGE,
				                                 M + i * PAGE, SMALT_MEM_USABLE, 0 };
			scene_open(&s, both[m], torn, 8, (struct scene_limits){ 60, 60 });
			s.space.colors = &colors;
			scene_add(&s, scene_row(0xffffffff80003000, 4 * M, 0, 0, RW));
			assert_int_equal(extent_object(&s.space, 0, 1, &source, &s.frames, &s.map, &s.fault), ST_OK);
			assert_true(s.space.extent_count <= 24);
			assert_true(colors.missed_color <= 64);
		}
}

/* Rules: C2 */
static void frames_of_smalt_have_the_color_of_their_address(void **state)
{
	struct colors colors = open_colors(64, 16, SMALT_COLOR_SPREAD);
	struct scene s;

	(void)state;
	scene_open(&s, &machine_x86_64, &ram, 1, (struct scene_limits){ 40, 40 });
	s.space.colors = &colors;
	scene_add(&s, scene_row(0xffffffff80009000, 16 * PAGE, 0, 0, RW));
	assert_int_equal(extent_own(&s.space, 0, SMALT_MEM_RESIDENT, UINT64_MAX, &s.frames, &s.fault), ST_OK);
	assert_int_equal(s.space.extents[0].pa % (256 * K), 9 * PAGE);
	assert_true(s.space.extents[0].pa + 16 * PAGE + 256 * K > ram.pa + ram.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modules_of_pages_are_moved_in_va),
		cmocka_unit_test(what_is_aligned_to_a_way_is_turned_against_its_addresses),
		cmocka_unit_test(the_second_of_two_is_turned),
		cmocka_unit_test(runs_are_given_up_before_a_cache_overflows),
		cmocka_unit_test(other_policies_move_nothing),
		cmocka_unit_test(an_object_with_large_leaves_keeps_them),
		cmocka_unit_test(an_asked_address_is_kept),
		cmocka_unit_test(rows_of_smalt_begin_at_different_colors),
		cmocka_unit_test(frames_have_the_color_of_their_address_turned),
		cmocka_unit_test(a_color_that_is_not_there_is_replaced_and_counted),
		cmocka_unit_test(torn_memory_makes_no_more_pieces_than_it_has),
		cmocka_unit_test(frames_of_smalt_have_the_color_of_their_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
