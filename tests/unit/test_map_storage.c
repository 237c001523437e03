/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_map_storage.c: what the mapping call keeps of its caller's storage, and what its records say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "map_bench.h"

/* One page of text, position independent. */
static void make_object(void)
{
	struct maker m = {
		.file = b.ram, .file_bytes = 0x2000, .type = 3, .machine = (uint16_t)b.machine,
		.entry = 0x1000, .segment_count = 1,
		.segments = { { 1, 5, 0x1000, 0x1000, 0, 0xfff, 0xfff, 0x1000 } },
	};

	maker_write(&m);
}

static bool fits(uint64_t storage, unsigned objects)
{
	bench_begin(62);
	make_object();
	b.storage_bytes = storage;
	if (open_space() != SMALT_STATUS_OK)
		return false;
	for (unsigned i = 0; i < objects; i++) {
		struct smalt_request request = request_of(0x2000);

		if (map_it(&request) != SMALT_STATUS_OK)
			return false;
	}
	return true;
}

/* The least storage for so many objects. */
static uint64_t least(unsigned objects)
{
	uint64_t low = 0, high = STORAGE;

	while (low + 64 < high) {
		uint64_t middle = (low + high) / 2;

		if (fits(middle, objects))
			high = middle;
		else
			low = middle;
	}
	return high;
}

/* Rules: M1 */
static void what_a_call_needs_only_for_itself_is_there_for_the_next_one(void **state)
{
	(void)state;
	/* Of an object stay its segment and its row; the call itself used room for 256 extents of 48 bytes. */
	assert_true(least(7) - least(1) < 6 * 1024);
}

/* Rules: M8, M16 */
static void padding_is_no_part_of_the_image(void **state)
{
	struct smalt_request request;
	const struct smalt_object *object;
	uint32_t count;

	(void)state;
	bench_begin(183);
	make_object();
	assert_int_equal(open_space(), SMALT_STATUS_OK);
	request = request_of(0x2000);
	request.flags |= SMALT_MAP_PADDING;
	request.padding = 0x3000;
	assert_int_equal(map_it(&request), SMALT_STATUS_OK);
	assert_int_equal(b.count, 3);
	object = smalt_objects(b.space, &count);
	assert_true(object->image_start == b.rows[1].va);
	assert_true(object->image_end == b.rows[1].va + 0xfff);
}

/* Rules: S12, M1 */
static void what_is_released_when_no_more_can_be_taken_is_free_again(void **state)
{
	(void)state;
	bench_begin(62);
	make_object();
	b.setup.extent_most = 1;
	assert_int_equal(open_space(), SMALT_STATUS_OK);
	for (unsigned i = 0; i < 5; i++) {
		struct smalt_request request = request_of(0x2000);
		struct smalt_prepared *prepared, *copy;
		uint32_t taken;

		assert_int_equal(smalt_prepare(b.space, &request, &prepared, &b.fault), SMALT_STATUS_OK);
		assert_int_equal(smalt_make_mutable(prepared, 0, &b.fault), SMALT_STATUS_OK);
		assert_int_equal(smalt_clone(prepared, &copy, &b.fault), SMALT_STATUS_NO_MEMORY);
		assert_int_equal(smalt_taken(b.space, &taken)[0].bytes, PAGE);
		assert_int_equal(taken, 1);
		smalt_release(prepared);
		(void)smalt_taken(b.space, &taken);
		assert_int_equal(taken, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_call_needs_only_for_itself_is_there_for_the_next_one),
		cmocka_unit_test(padding_is_no_part_of_the_image),
		cmocka_unit_test(what_is_released_when_no_more_can_be_taken_is_free_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
