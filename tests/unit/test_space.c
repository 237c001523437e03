/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_space.c: rows and extents stay in order whatever is added.
 */
#include "space.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tiny_space.h"

/* Rules: M3 */
static void rows_ascend_and_extents_keep_their_row_whatever_is_inserted(void **state)
{
	uint32_t seed = 11;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct arena arena = scratch(64 << 10);
		struct space space = space_of(&arena, 30, 30);
		struct fault fault;
		uint64_t next = 1;

		for (int batch = 0; batch < 6; batch++) {
			struct smalt_row rows[5];
			uint32_t count = next_random(&seed) % 6;

			/* Addresses of one batch ascend, those of different batches interleave */
			next = next_random(&seed) % 1000;
			for (uint32_t i = 0; i < count; i++) {
				next += 1 + next_random(&seed) % 300;
				rows[i] = (struct smalt_row){ .va = next * 16 + (uint64_t)batch, .mem_bytes = 1 };
			}
			assert_int_equal(space_add_rows(&space, rows, count, &fault), ST_OK);
			space_sort_rows(&space);
			for (uint32_t i = 0; i < space.row_count; i++) {
				bool is_new = space.rows[i].va % 16 == (uint64_t)batch;
				struct smalt_extent extent = { .va = space.rows[i].va, .bytes = 1, .row = i };

				if (is_new)
					assert_int_equal(space_add_extent(&space, &extent, &fault), ST_OK);
			}
		}
		space_sort_extents(&space);
		assert_int_equal(space.extent_count, space.row_count);
		for (uint32_t i = 0; i < space.row_count; i++) {
			assert_true(i == 0 || space.rows[i].va > space.rows[i - 1].va);
			assert_int_equal(space.rows[i].leaf_shift + space.rows[i].why, 0);
			assert_int_equal(space.extents[i].row, i);
			assert_int_equal(space.extents[i].va, space.rows[i].va);
			assert_ptr_equal(space_extent_at(&space, space.rows[i].va), &space.extents[i]);
			assert_null(space_extent_at(&space, space.rows[i].va + 8));
		}
	}
}

/* Rules: M1 */
static void rows_and_extents_that_do_not_fit_change_nothing(void **state)
{
	struct arena arena = scratch(SCRATCH_BYTES);
	struct space space = space_of(&arena, 2, 1);
	struct smalt_row rows[] = { { .va = 3 }, { .va = 5 }, { .va = 7 } };
	struct smalt_extent extent = { .va = 0x1000, .bytes = 0x1000 };
	struct fault fault;

	(void)state;
	assert_int_equal(space_add_rows(&space, rows, 3, &fault), ST_NO_MEMORY);
	assert_int_equal(space.row_count, 0);
	assert_int_equal(space_add_rows(&space, rows, 2, &fault), ST_OK);
	assert_int_equal(space_add_rows(&space, rows + 2, 1, &fault), ST_NO_MEMORY);
	assert_int_equal(fault.value, 3);
	assert_int_equal(space_add_extent(&space, &extent, &fault), ST_OK);
	assert_int_equal(space_add_extent(&space, &extent, &fault), ST_NO_MEMORY);
	assert_int_equal(fault.value, 2);
	assert_int_equal(fault.limit, 1);
	assert_int_equal(space.extent_count, 1);
}

/* Rules: M1 */
static void a_space_is_made_whole_or_not_at_all(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (uint64_t bytes = 0; bytes < 16000; bytes += 8) {
		struct arena arena = scratch(bytes);
		struct space space, untouched;
		struct fault fault;

		memset(&space, 0xaa, sizeof space);
		untouched = space;
		if (space_init(&space, paging_of(&tiny_machine, 7), 3, 2, &arena, &fault) == ST_OK)
			continue;
		failed++;
		assert_int_equal(fault.status, ST_NO_MEMORY);
		assert_memory_equal(&space, &untouched, sizeof space);
	}
	assert_in_range(failed, 1, 1999);
	assert_int_equal(space_init(&(struct space){ 0 }, paging_of(&tiny_machine, 7), UINT32_MAX, 1,
	                            &(struct arena){ 0 }, &(struct fault){ 0 }), ST_NO_MEMORY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_ascend_and_extents_keep_their_row_whatever_is_inserted),
		cmocka_unit_test(rows_and_extents_that_do_not_fit_change_nothing),
		cmocka_unit_test(a_space_is_made_whole_or_not_at_all),
	};

	return cmocka_run_group_tests_name("space", tests, NULL, NULL);
}
