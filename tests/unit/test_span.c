/* SPDX-License-Identifier: BSD-2-Clause */
/* test_span.c: bytes that nobody vouches for are read within their bounds only. */
#include "span.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "scratch.h"

/* Rules: M19 */
static void a_part_is_granted_exactly_if_every_byte_of_it_is_there(void **state)
{
	static const uint8_t bytes[6] = { 0 };

	(void)state;
	for (uint64_t have = 0; have <= 6; have++)
	for (uint64_t offset = 0; offset <= 8; offset++)
	for (uint64_t count = 0; count <= 8; count++) {
		struct span s = { bytes, have }, part = { 0, 77 };
		bool all = true;

		for (uint64_t i = offset; i < offset + count; i++)
			all &= i < have;
		all &= offset <= have;
		assert_int_equal(span_sub(s, offset, count, &part), all);
		assert_int_equal(part.bytes, all ? count : 77);
		if (all)
			assert_ptr_equal(part.base, bytes + offset);
	}
}

/* Rules: M19 */
static void sums_that_wrap_grant_nothing(void **state)
{
	static const uint8_t bytes[16] = { 0 };
	struct span s = { bytes, 16 }, part;

	(void)state;
	assert_false(span_sub(s, UINT64_MAX, 2, &part));
	assert_false(span_sub(s, UINT64_MAX - 7, 16, &part));
	assert_false(span_sub(s, 8, UINT64_MAX, &part));
	assert_false(span_sub(s, 8, UINT64_MAX - 7, &part));
	assert_false(span_sub(s, UINT64_MAX, UINT64_MAX, &part));
	assert_int_equal(span_u64(s, UINT64_MAX - 3), 0);
}

/* Rules: M19 */
static void an_empty_span_without_an_address_is_a_span(void **state)
{
	struct span s = { 0, 0 }, part = { (const uint8_t *)"x", 1 };

	(void)state;
	assert_true(span_sub(s, 0, 0, &part));
	assert_int_equal(part.bytes, 0);
	assert_false(span_sub(s, 0, 1, &part));
	assert_true(span_equals(s, SPAN("")));
	assert_int_equal(span_u16(s, 0), 0);
}

/* Rules: M19 */
static void numbers_are_little_endian_at_every_address(void **state)
{
	static const uint8_t bytes[12] = { 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa };
	struct span s = { bytes, 12 };

	(void)state;
	assert_int_equal(span_u16(s, 0), 0x2211);
	assert_int_equal(span_u16(s, 1), 0x3322);
	assert_int_equal(span_u32(s, 0), 0x44332211);
	assert_int_equal(span_u32(s, 3), 0x77665544);
	assert_true(span_u64(s, 0) == 0x8877665544332211);
	assert_true(span_u64(s, 1) == 0x9988776655443322);
}

/* Rules: M19 */
static void a_number_that_is_not_all_there_is_zero(void **state)
{
	uint8_t *bytes = malloc(8);      /* one byte more is found by the sanitizer */
	struct span s = { bytes, 8 };

	(void)state;
	memset(bytes, 0xff, 8);
	assert_int_equal(span_u16(s, 6), 0xffff);
	assert_int_equal(span_u16(s, 7), 0);
	assert_true(span_u32(s, 4) == 0xffffffff);
	assert_int_equal(span_u32(s, 5), 0);
	assert_true(span_u64(s, 0) == UINT64_MAX);
	assert_int_equal(span_u64(s, 1), 0);
	free(bytes);
}

/* Rules: M20 */
static void texts_are_compared_whole_or_from_their_beginning(void **state)
{
	(void)state;
	assert_int_equal(span_of("kernel").bytes, 6);
	assert_int_equal(span_of("").bytes, 0);
	assert_true(span_is(SPAN("kernel"), "kernel"));
	assert_false(span_is(SPAN("kernel"), "kerne"));
	assert_false(span_is(SPAN("kernel"), "kernels"));
	assert_false(span_is(SPAN("kernel"), "kernem"));
	assert_false(span_is(SPAN("kernel"), "xernel"));
	assert_true(span_begins(SPAN("kernel"), "ker"));
	assert_true(span_begins(SPAN("kernel"), ""));
	assert_false(span_begins(SPAN("ker"), "kernel"));
	assert_false(span_begins(SPAN("kernel"), "kel"));
	assert_true(span_sums_to_zero(SPAN("")));
	assert_true(span_sums_to_zero(SPAN("\x80\x7f\x01")));
	assert_false(span_sums_to_zero(SPAN("\x80\x7f\x02")));
	assert_false(span_equals(SPAN("a\0b"), SPAN("a\0c")));
}

struct number { const char *text; bool legal; uint64_t value; };

/* Rules: M20 */
static void numbers_are_decimal_or_hexadecimal_with_a_unit_or_refused(void **state)
{
	static const struct number numbers[] = {
		{ "0", true, 0 }, { "7", true, 7 }, { "007", true, 7 }, { "1234567890", true, 1234567890 },
		{ "0x0", true, 0 }, { "0x1f", true, 0x1f }, { "0xabcdef", true, 0xabcdef },
		{ "0xABCDEF", true, 0xabcdef },
		{ "4K", true, 4096 }, { "2M", true, 2097152 }, { "1G", true, 1073741824 },
		{ "3T", true, 3298534883328 }, { "0x10K", true, 16384 }, { "0K", true, 0 },
		{ "18446744073709551615", true, UINT64_MAX }, { "18446744073709551616", false, 0 },
		{ "18446744073709551620", false, 0 }, { "99999999999999999999", false, 0 },
		{ "0xffffffffffffffff", true, UINT64_MAX }, { "0x10000000000000000", false, 0 },
		{ "18014398509481983K", true, 18014398509481983ull << 10 }, { "18014398509481984K", false, 0 },
		{ "16777215T", true, 16777215ull << 40 }, { "16777216T", false, 0 },
		{ "", false, 0 }, { "x", false, 0 }, { "0x", false, 0 }, { "K", false, 0 }, { "0xK", false, 0 },
		{ "1k", false, 0 }, { "1KK", false, 0 }, { "-1", false, 0 }, { "+1", false, 0 },
		{ " 1", false, 0 }, { "1 ", false, 0 }, { "0X1", false, 0 }, { "1f", false, 0 },
		{ "0x1g", false, 0 }, { "1.5", false, 0 }, { "1P", false, 0 },
	};

	uint64_t unchanged = 4711;

	(void)state;
	assert_false(span_number((struct span){ 0, 0 }, &unchanged));
	assert_int_equal(unchanged, 4711);
	for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		uint64_t value = 4711;

		if (span_number(span_of(numbers[i].text), &value) != numbers[i].legal)
			fail_msg("%s", numbers[i].text);
		assert_true(value == (numbers[i].legal ? numbers[i].value : 4711));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_is_granted_exactly_if_every_byte_of_it_is_there),
		cmocka_unit_test(sums_that_wrap_grant_nothing),
		cmocka_unit_test(an_empty_span_without_an_address_is_a_span),
		cmocka_unit_test(numbers_are_little_endian_at_every_address),
		cmocka_unit_test(a_number_that_is_not_all_there_is_zero),
		cmocka_unit_test(texts_are_compared_whole_or_from_their_beginning),
		cmocka_unit_test(numbers_are_decimal_or_hexadecimal_with_a_unit_or_refused),
	};

	return cmocka_run_group_tests_name("span", tests, NULL, NULL);
}
