/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_map_report.c: what the caller of the mapping call hears of problems.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "map_bench.h"

static struct smalt_fault told[16];
static uint32_t told_count, answer;

static uint32_t hear(void *context, const struct smalt_fault *fault)
{
	assert_ptr_equal(context, &told_count);
	assert_true(told_count < 16);
	told[told_count++] = *fault;
	return answer;
}

/* Segment 0 ends behind the file, 1 has more bytes in the file than in memory, 2 is good, 3 no power of two. */
static void make_object(void)
{
	struct maker m = {
		.file = b.ram, .file_bytes = 0x4000, .type = 2, .machine = (uint16_t)b.machine,
		.entry = 0x403000, .segment_count = 4,
		.segments = {
			{ 1, 4, 0x3000, 0x400000, 0, 0x2000, 0x2000, 0x1000 },
			{ 1, 4, 0x1000, 0x402000, 0, 0x20, 0x10, 0x1000 },
			{ 1, 5, 0x2000, 0x403000, 0, 0x1000, 0x1000, 0x1000 },
			{ 1, 6, 0x3000, 0x404000, 0, 0x1000, 0x1000, 0x1800 },
		},
	};

	maker_write(&m);
}

static uint32_t map_with(uint32_t wanted)
{
	struct smalt_request request;

	bench_begin(62);
	make_object();
	b.setup.report = hear;
	b.setup.context = &told_count;
	answer = wanted;
	told_count = 0;
	assert_int_equal(open_space(), SMALT_STATUS_OK);
	request = request_of(0x4000);
	memset(b.rows, 0x55, sizeof b.rows);
	return map_it(&request);
}

/* Rules: S10, M1, M2 */
static void every_problem_is_told_once_and_nothing_is_mapped(void **state)
{
	static const uint32_t statuses[] = {
		SMALT_STATUS_TRUNCATED, SMALT_STATUS_BAD_SEGMENT, SMALT_STATUS_MISALIGNED,
	};
	static const uint32_t segments[] = { 0, 1, 3 };
	uint32_t count;

	(void)state;
	assert_int_equal(map_with(SMALT_REPORT_GO_ON), SMALT_STATUS_TRUNCATED);
	assert_int_equal(told_count, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(told[i].status, statuses[i]);
		assert_int_equal(told[i].segment, segments[i]);
		assert_string_equal(told[i].object, "it");
	}
	assert_int_equal(b.fault.status, SMALT_STATUS_TRUNCATED);
	assert_int_equal(b.fault.value, 0x2000);
	assert_int_equal(b.fault.limit, 0x1000);
	assert_int_equal(b.count, 16);
	for (unsigned i = 0; i < sizeof b.rows; i++)
		assert_int_equal(((const uint8_t *)b.rows)[i], 0x55);
	(void)smalt_objects(b.space, &count);
	assert_int_equal(count, 0);
	(void)smalt_taken(b.space, &count);
	assert_int_equal(count, 0);
}

/* Rules: S10 */
static void who_says_stop_hears_of_one(void **state)
{
	(void)state;
	assert_int_equal(map_with(SMALT_REPORT_STOP), SMALT_STATUS_TRUNCATED);
	assert_int_equal(told_count, 1);
}

/* Rules: S10 */
static void preparing_tells_too(void **state)
{
	struct smalt_prepared *prepared = NULL;
	struct smalt_request request;

	(void)state;
	(void)map_with(SMALT_REPORT_GO_ON);
	told_count = 0;
	request = request_of(0x4000);
	assert_int_equal(smalt_prepare(b.space, &request, &prepared, &b.fault), SMALT_STATUS_TRUNCATED);
	assert_int_equal(told_count, 3);
	assert_null(prepared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_problem_is_told_once_and_nothing_is_mapped),
		cmocka_unit_test(who_says_stop_hears_of_one),
		cmocka_unit_test(preparing_tells_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
