/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_map_colors.c: cache colors of what the mapping call maps. A way has 64 KiB: 16 colors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "map_bench.h"

enum { COLORS = 16, OBJECT_BYTES = 0xa000 };
static const uint32_t both[] = { 62, 183 };

/* A page of text and eight of data, a way apart where the alignment is one. */
static struct smalt_request begin(uint32_t machine, uint32_t policy, uint64_t align)
{
	struct maker m = {
		.type = 3, .file_bytes = OBJECT_BYTES, .machine = (uint16_t)machine, .segment_count = 2,
		.segments = {
			{ 1, 5, 0x1000, 0, 0, 0x1000, 0x1000, align },
			{ 1, 6, 0x2000, align, 0, 0x7800, 0x8000, align },
		},
	};
	struct smalt_request request;

	bench_begin(machine);
	m.file = b.ram;
	for (unsigned i = 0; i < OBJECT_BYTES; i++)
		b.ram[i] = (uint8_t)(3 * i + 1);
	maker_write(&m);
	b.setup.color_policy = policy;
	b.setup.color_way = policy ? 64 << 10 : 0;
	b.setup.color_ways = 16;
	assert_int_equal(open_space(), SMALT_STATUS_OK);
	request = request_of(OBJECT_BYTES);
	request.object_pa = SMALT_NOWHERE;
	return request;
}

/* The frame of va, from the space's extents. */
static uint64_t frame_of(uint64_t va)
{
	uint32_t count;
	const struct smalt_extent *extents = smalt_extents(b.space, &count);

	for (uint32_t i = 0; i < count; i++)
		if (va - extents[i].va < extents[i].bytes) {
			uint64_t pa = extents[i].pa + (va - extents[i].va);

			if (b.setup.color_policy)
				assert_int_equal(extents[i].color, extents[i].pa / PAGE % COLORS);
			else
				assert_int_equal(extents[i].color, SMALT_NONE);
			return pa;
		}
	fail();
	return 0;
}

/* Rules: C2, M3, M13 */
static void starts_of_objects_rotate(void **state)
{
	static const uint64_t aligns[] = { 0x1000, 0x10000 };

	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (unsigned a = 0; a < 2; a++) {
			struct smalt_request request = begin(both[m], SMALT_COLOR_SPREAD, aligns[a]);
			uint32_t by_color[COLORS] = { 0 };

			for (unsigned i = 0; i < 8; i++) {
				assert_int_equal(map_it(&request), SMALT_STATUS_OK);
				for (uint64_t at = 0; at < 0x8000; at += PAGE)
					by_color[frame_of(b.rows[1].va + at) / PAGE % COLORS]++;
				assert_int_equal(b.rows[1].color, frame_of(b.rows[1].va) / PAGE % COLORS);
				request.from = b.rows[1].va + b.rows[1].mem_bytes;
			}
			for (unsigned i = 0; i < COLORS; i++)
				assert_true(by_color[i] >= 2 && by_color[i] <= 6);   /* 64 pages: 4 */
		}
}

/* Rules: C3 */
static void frames_keep_to_their_mask(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		struct smalt_request request = begin(both[m], SMALT_COLOR_PARTITION, 0x1000);

		for (unsigned i = 0; i < 2; i++) {
			request.color_mask = i == 0 ? 0x0f : 0xa0;
			assert_int_equal(map_it(&request), SMALT_STATUS_OK);
			for (uint64_t at = 0; at < 0x8000; at++) {
				uint64_t pa = frame_of(b.rows[1].va + at);

				assert_true(request.color_mask >> (pa / PAGE % COLORS) & 1);
				assert_int_equal(*(uint8_t *)at_pa(pa),
				                 at < 0x7800 ? b.ram[0x2000 + at] : 0);
			}
			request.from = b.rows[1].va + b.rows[1].mem_bytes;
		}
	}
}

/* Rules: M1 */
static void a_failure_leaves_the_colors_as_they_were(void **state)
{
	struct smalt_row before[2], after[2];
	struct smalt_request request, large;
	uint32_t count = 2;

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		request = begin(both[m], SMALT_COLOR_SPREAD, 0x1000);
		assert_int_equal(map_it(&request), SMALT_STATUS_OK);
		assert_int_equal(smalt_plan(b.space, &request, before, &count, &b.fault), SMALT_STATUS_OK);
		large = request;
		put64((uint8_t *)b.ram + 64 + 56 + 40, 64 << 20);        /* p_memsz of data */
		assert_int_equal(map_it(&large), SMALT_STATUS_NO_MEMORY);
		put64((uint8_t *)b.ram + 64 + 56 + 40, 0x8000);
		assert_int_equal(smalt_plan(b.space, &request, after, &count, &b.fault), SMALT_STATUS_OK);
		assert_memory_equal(before, after, sizeof before);
	}
}

static void off_means_no_color(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		struct smalt_request request = begin(both[m], SMALT_COLOR_OFF, 0x1000);

		assert_int_equal(map_it(&request), SMALT_STATUS_OK);
		assert_int_equal(b.rows[1].color, SMALT_NONE);
		(void)frame_of(b.rows[1].va);
		request.color_mask = 1;
		assert_int_equal(map_it(&request), SMALT_STATUS_INVALID);
	}
}

/* Rules: M5 */
static void what_contradicts_itself_is_invalid(void **state)
{
	struct smalt_request request;

	(void)state;
	request = begin(62, SMALT_COLOR_PARTITION, 0x1000);
	request.color_mask = 0x10001;
	assert_int_equal(map_it(&request), SMALT_STATUS_INVALID);
	assert_string_equal(b.fault.field, "smalt_request.color_mask");
	b.setup.color_way = 3 << 14;
	assert_int_equal(open_space(), SMALT_STATUS_INVALID);
	b.setup.color_way = 0;
	assert_int_equal(open_space(), SMALT_STATUS_INVALID);
	b.setup.color_policy = SMALT_COLOR_PARTITION + 1;
	assert_int_equal(open_space(), SMALT_STATUS_INVALID);
	/* One page a way: no colors, no fault */
	b.setup.color_policy = SMALT_COLOR_SPREAD;
	b.setup.color_way = PAGE;
	assert_int_equal(open_space(), SMALT_STATUS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_of_objects_rotate),
		cmocka_unit_test(frames_keep_to_their_mask),
		cmocka_unit_test(a_failure_leaves_the_colors_as_they_were),
		cmocka_unit_test(off_means_no_color),
		cmocka_unit_test(what_contradicts_itself_is_invalid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
