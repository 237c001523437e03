/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_map_policy.c: where the mapping call puts what can move, by policy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "map_bench.h"

static const uint32_t both[] = { 62, 183 };

/* A position-independent object; text tells one from another. */
static void make_object(uint64_t at, uint8_t entry)
{
	struct maker m = {
		.file = b.ram + at, .file_bytes = 0x2000, .type = 3, .machine = (uint16_t)b.machine,
		.entry = 0x1000 + (uint64_t)entry, .segment_count = 1,
		.segments = { { 1, 5, 0x1000, 0x1000, 0, 0x1000, 0x1000, 0x1000 } },
	};

	maker_write(&m);
}

static uint32_t map_at(uint64_t at, struct smalt_request request)
{
	request.object = b.ram + at;
	request.object_pa = RAM_PA + at;
	return map_it(&request);
}

static void begin(uint32_t machine)
{
	bench_begin(machine);
	make_object(0, 0);
	make_object(0x2000, 4);
	assert_int_equal(open_space(), SMALT_STATUS_OK);
}

/* Rules: M13 */
static void a_stable_object_goes_where_it_was_whatever_is_beside_it(void **state)
{
	uint64_t va, other;

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		struct smalt_request request;

		begin(both[m]);
		request = request_of(0x2000);
		request.policy = SMALT_VA_STABLE;
		assert_int_equal(map_at(0, request), SMALT_STATUS_OK);
		va = b.rows[0].va;
		request.instance = 1;
		assert_int_equal(map_at(0, request), SMALT_STATUS_OK);
		assert_true(b.rows[0].va != va);
		begin(both[m]);
		request.instance = 0;
		assert_int_equal(map_at(0x2000, request), SMALT_STATUS_OK);
		other = b.rows[0].va;
		assert_int_equal(map_at(0, request), SMALT_STATUS_OK);
		assert_true(b.rows[0].va == va && other != va);
	}
}

/* Rules: M13 */
static void a_seed_draws_an_address_and_says_how_many_bits_it_has(void **state)
{
	uint64_t first = 0;
	uint32_t different = 0, count;

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		for (uint8_t seed = 0; seed < 16; seed++) {
			struct smalt_request request;

			begin(both[m]);
			request = request_of(0x2000);
			request.policy = SMALT_VA_RANDOM;
			request.seed = &seed;
			request.seed_bytes = 1;
			assert_int_equal(map_at(0, request), SMALT_STATUS_OK);
			/* Pages of 2 GiB and more, but for the last, and what there is of guards */
			assert_true(smalt_objects(b.space, &count)->va_bits >= 9);
			assert_true(b.rows[0].va >= request.from);
			different += seed != 0 && b.rows[0].va != first;
			first = seed == 0 ? b.rows[0].va : first;
		}
	}
	assert_true(different >= 28);
}

/* Rules: M5, M13 */
static void a_policy_and_its_seed_come_together(void **state)
{
	static const uint8_t seed = 1;
	struct smalt_request request;

	(void)state;
	begin(62);
	request = request_of(0x2000);
	request.policy = 3;
	assert_int_equal(map_at(0, request), SMALT_STATUS_INVALID);
	request.policy = SMALT_VA_RANDOM;
	assert_int_equal(map_at(0, request), SMALT_STATUS_INVALID);
	request.seed = &seed;
	assert_int_equal(map_at(0, request), SMALT_STATUS_INVALID);
	request.seed_bytes = 1;
	request.policy = SMALT_VA_STABLE;
	assert_int_equal(map_at(0, request), SMALT_STATUS_INVALID);
	request.policy = SMALT_VA_RANDOM;
	assert_int_equal(map_at(0, request), SMALT_STATUS_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stable_object_goes_where_it_was_whatever_is_beside_it),
		cmocka_unit_test(a_seed_draws_an_address_and_says_how_many_bits_it_has),
		cmocka_unit_test(a_policy_and_its_seed_come_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
