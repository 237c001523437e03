/* SPDX-License-Identifier: BSD-2-Clause */
/* test_pad.c: how far tails of rows are filled up, against a look at every page around them. */
#include "pad.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "extent.h"
#include "scene.h"

#define BASE 0xffffffff80000000u

static const struct scene_limits PLENTY = { 40, 60 };
static const struct smalt_memory RAM = { 16 * M, 256 * M, SMALT_MEM_USABLE, 0 };

/* ---- one row by itself ---- */

/* Rules: P4 */
static void a_tail_ends_with_the_largest_leaf_that_begins_in_the_row(void **state)
{
	static const struct {
		bool arm;
		uint64_t limit, start, end, pad, smaller;    /* smaller: the size below, if that one cannot be */
	} cases[] = {
		{ false, 0, 0, 1536 * K, 0, 0 },
		{ false, 64 * K, 0, 1536 * K, 0, 0 },        /* x86_64 has no such leaf */
		{ false, 2 * M, 0, 1536 * K, 512 * K, 0 },
		{ false, 2 * M, 0, 2 * M, 0, 0 },
		{ false, 2 * M, 0, 4 * K, 2044 * K, 0 },
		{ false, 2 * M, 4 * K, 1536 * K, 0, 0 },     /* the leaf would begin before the row */
		{ false, 2 * M, 4 * K, 3 * M, M, 0 },
		{ true, 64 * K, 0, 68 * K, 60 * K, 0 },
		{ true, 2 * M, 0, 68 * K, 1980 * K, 60 * K },
		{ true, 2 * M, 64 * K, 132 * K, 60 * K, 0 }, /* 2M begins before the row, 64K does not */
		{ true, 2 * M, 64 * K, 128 * K, 0, 0 },
		{ true, 2 * M, 4 * K, 60 * K, 0, 0 },
	};
	struct scene s;

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		unsigned index = cases[i].arm ? 5 : 3;
		uint64_t bytes = cases[i].end - cases[i].start;

		scene_open(&s, cases[i].arm ? &machine_aarch64 : &machine_x86_64, &RAM, 1, PLENTY);
		s.space.tail_padding = cases[i].limit;
		assert_int_equal(pad_next(&s.space, bytes, BASE + cases[i].end, &index), cases[i].pad);
		if (cases[i].pad != 0)
			assert_int_equal(pad_next(&s.space, bytes, BASE + cases[i].end, &index),
			                 cases[i].smaller);
	}
}

/* Rules: P4 */
static void sizes_that_the_cpu_lacks_fill_nothing_up(void **state)
{
	unsigned index = 5;
	struct scene s;

	(void)state;
	scene_open(&s, &machine_aarch64, &RAM, 1, PLENTY);
	s.space.tail_padding = 2 * M;
	s.space.leaf_mask = 1 | 1 << 1;              /* 4K and 64K */
	assert_int_equal(pad_next(&s.space, 68 * K, BASE + 68 * K, &index), 60 * K);
}

/* Rules: P4 */
static void memory_is_not_wasted_on_a_tail(void **state)
{
	static const struct { uint64_t ram, row, pad; } cases[] = {
		{ 32 * M, M, M },                    /* half of the leaf */
		{ 32 * M, M - 4 * K, 0 },            /* less, and more than 1/64 of 32M */
		{ 66 * M, M - 4 * K, M + 4 * K },
		{ 127 * M, 4 * K, 0 },
		{ 128 * M, 4 * K, 2 * M - 4 * K },
		{ 2 * M - 4 * K, M, 0 },             /* there is no such leaf */
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct smalt_memory ram = { 16 * M, cases[i].ram, SMALT_MEM_USABLE, 0 };
		struct scene s;

		scene_open(&s, &machine_x86_64, &ram, 1, PLENTY);
		s.space.tail_padding = 2 * M;
		scene_add(&s, scene_row(BASE, cases[i].row, 0, 0, RW));
		assert_int_equal(space_claim(&s.space, BASE, cases[i].row, span_of("kernel"), 0, &s.fault), ST_OK);
		pad_claim(&s.space, 0, 1, span_of("kernel"));
		assert_int_equal(pad_bytes(&s.space, &s.frames, 0, BASE), cases[i].pad);
	}
}

/* ---- two rows and another object, in all places ---- */

/* Leaves of 1, 2 and 8 pages. */
static struct format few_pages(void)
{
	struct format format = *machine_aarch64.format;

	format.leaf_count = 3;
	format.leaves[1].shift = 13;
	format.leaves[2].shift = 15;
	return format;
}

enum { FIRST = 16, MAP = 64 };       /* pages: BASE is page 0 */

struct stage {
	unsigned start[2], end[2];   /* of the rows */
	unsigned other;              /* page of another object, 0: none */
};

/* Is this page nobody's, and no guard of the other object? */
static bool is_nobodys(const struct stage *t, unsigned page)
{
	if (t->other != 0 && page + 1 >= t->other && page <= t->other + 1)
		return false;
	return !(page >= t->start[0] && page < t->end[0]) && !(page >= t->start[1] && page < t->end[1]);
}

static unsigned model(const struct stage *t, unsigned row)
{
	for (unsigned leaf = 8; leaf > 1; leaf = leaf == 8 ? 2 : 1) {
		unsigned from = (t->end[row] - 1) / leaf * leaf, page = t->end[row];

		if (from < t->start[row])
			continue;
		while (page < from + leaf && is_nobodys(t, page))
			page++;
		if (page == from + leaf)
			return page - t->end[row];
	}
	return 0;
}

static void check_stage(const struct stage *t)
{
	struct format format = few_pages();
	struct scene s;

	scene_open(&s, &machine_aarch64, &RAM, 1, PLENTY);
	s.space.format = &format;
	s.space.tail_padding = 32 * K;
	for (unsigned row = 0; row < 2; row++) {
		uint64_t va = BASE + t->start[row] * 4 * K, bytes = (t->end[row] - t->start[row]) * 4 * K;

		scene_add(&s, scene_row(va, bytes, 0, 0, row == 0 ? RX : RW));
		assert_int_equal(space_claim(&s.space, va, bytes, span_of("kernel"), 0, &s.fault), ST_OK);
	}
	if (t->other != 0 && space_claim(&s.space, BASE + t->other * 4 * K, 4 * K, span_of("other"), 1,
	                                 &s.fault) != ST_OK)
		return;              /* lies in the kernel, or beside it */
	pad_claim(&s.space, 0, 2, span_of("kernel"));
	for (unsigned row = 0; row < 2; row++)
		assert_int_equal(pad_bytes(&s.space, &s.frames, row, BASE + t->start[row] * 4 * K),
		                 model(t, row) * 4 * K);
}

/* Rules: M9, M14, P4 */
static void pads_are_in_nobodys_way_and_as_large_as_there_is_room(void **state)
{
	(void)state;
	for (unsigned phase = 0; phase < 8; phase++)
		for (unsigned pages = 1; pages < 12; pages += 2)
			for (unsigned gap = 0; gap < 9; gap++)
				for (unsigned more = 1; more < 9; more += 3)
					for (unsigned other = 0; other < 12; other++) {
						unsigned end = FIRST + phase + pages;
						struct stage t = {
							{ FIRST + phase, end + gap }, { end, end + gap + more },
							other == 0 ? 0 : end + gap + more + other,
						};

						check_stage(&t);
					}
}

/* Rules: M14, P4 */
static void another_object_in_a_gap_keeps_its_guards(void **state)
{
	(void)state;
	for (unsigned pages = 1; pages < 9; pages++)
		for (unsigned other = 1; other < 12; other++) {
			struct stage t = { { FIRST, FIRST + 16 }, { FIRST + pages, FIRST + 18 },
			                   FIRST + pages + other };

			check_stage(&t);
		}
}

/* ---- frames ---- */

/* Rules: P1, P4, S11 */
static void a_pad_has_frames_and_rights_of_its_row(void **state)
{
	static const struct extent_source source = { .bytes_pa = 64 * M, .donated = true,
	                                             .copy_limit = EXTENT_COPY_LIMIT };
	uint64_t count[MACHINE_LEAVES];
	struct scene s;

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		scene_open(&s, m == 0 ? &machine_x86_64 : &machine_aarch64, &RAM, 1, PLENTY);
		s.space.tail_padding = 2 * M;
		scene_add(&s, scene_row(BASE, 700 * K, 700 * K, 0, RX));
		scene_add(&s, scene_row(BASE + 2 * M, 300 * K, 8 * K, 2 * M, RW));
		assert_int_equal(space_claim(&s.space, BASE, 4 * M, span_of("module"), 0, &s.fault), ST_OK);
		assert_int_equal(extent_object(&s.space, 0, 2, &source, &s.frames, &s.map, &s.fault), ST_OK);
		space_sort_extents(&s.space);
		space_leaves(&s.space);
		space_leaf_sum(&s.space, count);
		assert_int_equal(count[m == 0 ? 1 : 2], 2);
		assert_int_equal(space_lower_bound(&s.space), 2);
		for (unsigned row = 0; row < 2; row++) {
			uint64_t end = BASE + row * 2 * M + (row == 0 ? 700 : 300) * K;
			const struct smalt_extent *pad = scene_at(&s, end);

			assert_int_equal(pad->va, end);
			assert_int_equal(pad->va + pad->bytes, BASE + (row + 1) * 2 * M);
			assert_int_equal(pad->backing, SMALT_BACKING_PAD);
			assert_int_equal(pad->row, row);
			assert_int_equal(pad->prot, row == 0 ? RX : RW);
			assert_int_equal(scene_type_after(&s, pad->pa + pad->bytes - 1), SMALT_MEM_OBJECT);
			assert_int_equal(scene_pa(&s, BASE + row * 2 * M) % (2 * M), 0);
		}
		assert_false(s.space.rows[0].flags & SMALT_ROW_IN_PLACE);
	}
}

/* More than may be copied stays where it is, and what lies behind it there is not ours. */
/* Rules: P4, S11 */
static void what_stays_in_place_is_not_filled_up(void **state)
{
	static const struct extent_source source = { .bytes_pa = 64 * M, .copy_limit = 600 * K };
	struct scene s;

	(void)state;
	scene_open(&s, &machine_x86_64, &RAM, 1, PLENTY);
	s.space.tail_padding = 2 * M;
	scene_add(&s, scene_row(BASE, 700 * K, 700 * K, 0, RX));
	assert_int_equal(space_claim(&s.space, BASE, 2 * M, span_of("module"), 0, &s.fault), ST_OK);
	assert_int_equal(extent_object(&s.space, 0, 1, &source, &s.frames, &s.map, &s.fault), ST_OK);
	assert_int_equal(s.space.extent_count, 1);
	assert_int_equal(s.space.extents[0].backing, SMALT_BACKING_IN_PLACE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tail_ends_with_the_largest_leaf_that_begins_in_the_row),
		cmocka_unit_test(sizes_that_the_cpu_lacks_fill_nothing_up),
		cmocka_unit_test(memory_is_not_wasted_on_a_tail),
		cmocka_unit_test(pads_are_in_nobodys_way_and_as_large_as_there_is_room),
		cmocka_unit_test(another_object_in_a_gap_keeps_its_guards),
		cmocka_unit_test(a_pad_has_frames_and_rights_of_its_row),
		cmocka_unit_test(what_stays_in_place_is_not_filled_up),
	};

	return cmocka_run_group_tests_name("pad", tests, NULL, NULL);
}
