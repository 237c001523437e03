/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_partition.c: frames of some colors only, page by page.
 */
#include "partition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "extent.h"
#include "scene.h"

enum { PAGE = 4096 };
static const uint64_t VA = 0xffff800000000000;
static const struct smalt_memory ram = { 16 * M + 12 * K, 64 * M, SMALT_MEM_USABLE, 0 };
static const struct machine *const both[] = { &machine_x86_64, &machine_aarch64 };

static struct colors open_colors(uint32_t count, bool strict)
{
	struct geometry geometry = { .cache.ways = 16, .colors = count, .shift = 12 };
	struct colors colors;

	colors_init(&colors, &geometry, SMALT_COLOR_PARTITION, strict);
	return colors;
}

static enum status back(struct scene *s, struct colors *colors, uint64_t va, uint64_t pages, uint64_t mask)
{
	struct extent_source source = { .bytes_pa = OBJECT_NOWHERE, .color_mask = mask };
	uint32_t row = s->space.row_count;

	s->space.colors = colors;
	scene_add(s, scene_row(va, pages * PAGE, 0, 0, RW));
	return extent_object(&s->space, row, 1, &source, &s->frames, &s->map, &s->fault);
}

/* How many pages of each color; each lies in free memory, no two are one. */
static void count_pages(const struct scene *s, uint64_t va, uint64_t pages, uint32_t count,
                        uint64_t by_color[64])
{
	for (uint64_t i = 0; i < pages; i++) {
		uint64_t pa = scene_pa(s, va + i * PAGE);

		assert_int_equal(memmap_type(&s->map, pa), SMALT_MEM_USABLE);
		by_color[pa / PAGE % count]++;
	}
	for (uint32_t i = 0; i < s->space.extent_count; i++)
		for (uint32_t j = 0; j < i; j++) {
			const struct smalt_extent *a = &s->space.extents[i], *b = &s->space.extents[j];

			assert_true(a->pa + a->bytes <= b->pa || b->pa + b->bytes <= a->pa);
		}
	assert_int_equal(s->frames.taken_bytes, pages * PAGE);
}

/* Every mask of 8 colors, odd ones of 32. Rules: C3 */
static void every_frame_has_a_color_of_its_mask(void **state)
{
	static const uint64_t masks[] = { 0xff, 0xff0000, 0x80000001, 0x0f0f0f0f, 0x55555555, 0x7fffffff };

	(void)state;
	for (unsigned i = 1; i < 255 + 6; i++) {
		uint32_t count = i < 255 ? 8 : 32;
		uint64_t mask = i < 255 ? i : masks[i - 255], by_color[64] = { 0 }, least = UINT64_MAX, most = 0;
		struct colors colors = open_colors(count, true);
		struct scene s;

		scene_open(&s, both[i % 2], &ram, 1, (struct scene_limits){ 300, 300 });
		assert_int_equal(back(&s, &colors, VA + 5 * PAGE, 157, mask), ST_OK);
		count_pages(&s, VA + 5 * PAGE, 157, count, by_color);
		for (uint32_t color = 0; color < count; color++) {
			if (!(mask >> color & 1)) {
				assert_int_equal(by_color[color], 0);
				continue;
			}
			least = by_color[color] < least ? by_color[color] : least;
			most = by_color[color] > most ? by_color[color] : most;
		}
		assert_true(most - least <= 1 || i % 2 == 1);    /* aarch64: where runs of 64K begin */
		assert_int_equal(colors.missed_mask, 0);
	}
}

/* Sixteen neighbors of 32 colors hold runs of 64K, fifteen do not. Rules: C3, P3 */
static void a_mask_with_an_aligned_run_keeps_its_leaves(void **state)
{
	static const struct { uint64_t mask; unsigned shift; } cases[] = {
		{ 0x0000ffff, 16 }, { 0xffff0000, 16 }, { 0x00ffff00, 12 }, { 0x00007fff, 12 },
	};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		uint64_t count[MACHINE_LEAVES] = { 0 };
		struct colors colors = open_colors(32, true);
		struct scene s;

		scene_open(&s, &machine_aarch64, &ram, 1, (struct scene_limits){ 200, 200 });
		assert_int_equal(back(&s, &colors, VA + 14 * PAGE, 2 + 8 * 16 + 3, cases[i].mask), ST_OK);
		space_sort_extents(&s.space);
		space_leaves(&s.space);
		space_leaf_sum(&s.space, count);
		assert_int_equal(count[1], cases[i].shift == 16 ? 8 : 0);
		assert_int_equal(count[0], cases[i].shift == 16 ? 5 : 5 + 128);
		assert_int_equal(s.space.rows[0].leaf_shift, cases[i].shift);
	}
}

/* Rules: C3, P5 */
static void the_color_is_why_leaves_are_small(void **state)
{
	struct colors colors = open_colors(64, true);
	bool colored[1] = { true };
	struct scene s;

	(void)state;
	scene_open(&s, &machine_x86_64, &ram, 1, (struct scene_limits){ 200, 200 });
	assert_int_equal(back(&s, &colors, 0xffffffff80000000, 1024, 0xff00), ST_OK);
	s.space.colored = colored;
	space_sort_extents(&s.space);
	space_leaves(&s.space);
	assert_int_equal(s.space.rows[0].why, SMALT_WHY_COLOR);
	assert_int_equal(s.space.rows[0].color, 8);
	for (uint32_t i = 0; i < s.space.extent_count; i++)
		assert_int_equal(s.space.extents[i].color, s.space.extents[i].pa / PAGE % 64);
}

/* 4 MiB have 128 pages of 8 of 64 colors. Rules: C3 */
static void shortage_is_counted_or_fails(void **state)
{
	static const struct smalt_memory little = { 16 * M, 4 * M, SMALT_MEM_USABLE, 0 };

	(void)state;
	for (int strict = 0; strict < 2; strict++) {
		struct colors colors = open_colors(64, strict);
		uint64_t by_color[64] = { 0 };
		struct scene s;

		scene_open(&s, &machine_x86_64, &little, 1, (struct scene_limits){ 300, 300 });
		assert_int_equal(back(&s, &colors, VA, 128, 0xff), ST_OK);
		assert_int_equal(colors.missed_mask, 0);
		scene_open(&s, &machine_x86_64, &little, 1, (struct scene_limits){ 300, 300 });
		assert_int_equal(back(&s, &colors, VA, 130, 0xff), strict ? ST_NO_MEMORY : ST_OK);
		if (strict) {
			assert_string_equal(s.fault.field, "free bytes of its colors");
			continue;
		}
		assert_int_equal(colors.missed_mask, 2);
		count_pages(&s, VA, 130, 64, by_color);
		for (unsigned color = 0; color < 8; color++)
			assert_int_equal(by_color[color], 16);
	}
}

/* Rules: C3, M1 */
static void running_out_of_takes_or_extents_is_reported(void **state)
{
	(void)state;
	for (uint32_t takes = 0; takes < 20; takes++)
		for (uint32_t extents = 1; extents < 20; extents++) {
			struct colors colors = open_colors(16, false);
			struct scene s;

			scene_open(&s, &machine_x86_64, &ram, 1, (struct scene_limits){ takes, extents });
			assert_int_equal(back(&s, &colors, VA, 40, 0xf0),
			                 takes >= 10 && extents >= 10 ? ST_OK : ST_NO_MEMORY);
		}
}

/* As many pieces as there can be. Rules: C3 */
static void pieces_are_counted_before(void **state)
{
	(void)state;
	for (uint64_t mask = 1; mask < 255; mask++)
		for (uint64_t pages = 1; pages < 60; pages += 6) {
			struct colors colors = open_colors(8, true);
			struct scene s;

			scene_open(&s, &machine_x86_64, &ram, 1, (struct scene_limits){ 100, 100 });
			assert_int_equal(back(&s, &colors, VA, pages, mask), ST_OK);
			assert_true(s.space.extent_count <= partition_pieces(&colors, mask, pages));
		}
}

/* Rules: C3 */
static void tables_lie_in_their_colors_within_one_piece(void **state)
{
	(void)state;
	for (uint64_t mask = 1; mask < 255; mask++)
		for (uint64_t tables = 1; tables < 20; tables++) {
			struct colors colors = open_colors(8, true);
			uint64_t pa, bytes, found = 0;
			struct scene s;

			scene_open(&s, &machine_x86_64, &ram, 1, (struct scene_limits){ 30, 1 });
			colors.tables_mask = mask;
			assert_true(partition_tables(&colors, &s.frames, tables, 40 * M, &pa, &bytes));
			assert_true(pa + bytes <= 40 * M && pa + bytes + 64 * K > 40 * M);
			for (uint64_t at = pa; at < pa + bytes; at += PAGE) {
				bool ours = mask >> (at / PAGE % 8) & 1;

				assert_int_equal(scene_type_after(&s, at), ours ? SMALT_MEM_TABLES : SMALT_MEM_USABLE);
				found += ours;
			}
			assert_int_equal(found, tables);
			assert_int_equal(s.frames.taken_bytes, tables * PAGE);
		}
}

/* Rules: C3 */
static void stacks_are_the_kernels_and_the_handoff_is_one_piece(void **state)
{
	struct colors colors = open_colors(64, true);
	struct scene s;

	(void)state;
	scene_open(&s, &machine_x86_64, &ram, 1, (struct scene_limits){ 100, 100 });
	s.space.colors = &colors;
	colors.own_mask = 0xf0;
	for (unsigned i = 0; i < 2; i++) {
		struct smalt_row row = scene_row(0xffffffff80000000 + i * M, 64 * K, 0, 0, RW);

		row.kind = i == 0 ? SMALT_KIND_STACK : SMALT_KIND_HANDOFF;
		row.object = SMALT_NONE;
		scene_add(&s, row);
		assert_int_equal(extent_own(&s.space, i, SMALT_MEM_RESIDENT, UINT64_MAX, &s.frames, &s.fault), ST_OK);
	}
	for (unsigned page = 0; page < 16; page++) {
		uint64_t pa = scene_pa(&s, 0xffffffff80000000 + page * PAGE);

		assert_true(0xf0 >> (pa / PAGE % 64) & 1);
		assert_int_equal(scene_type_after(&s, pa), SMALT_MEM_RESIDENT);
	}
	assert_int_equal(scene_at(&s, 0xffffffff80000000 + M)->bytes, 64 * K);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_frame_has_a_color_of_its_mask),
		cmocka_unit_test(a_mask_with_an_aligned_run_keeps_its_leaves),
		cmocka_unit_test(the_color_is_why_leaves_are_small),
		cmocka_unit_test(shortage_is_counted_or_fails),
		cmocka_unit_test(running_out_of_takes_or_extents_is_reported),
		cmocka_unit_test(pieces_are_counted_before),
		cmocka_unit_test(tables_lie_in_their_colors_within_one_piece),
		cmocka_unit_test(stacks_are_the_kernels_and_the_handoff_is_one_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
