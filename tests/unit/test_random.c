/* SPDX-License-Identifier: BSD-2-Clause */
/* test_random.c: ChaCha20's known answers; numbers that are even, and that the seed decides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "random.h"

/* RFC 8439, 2.3.2. */
static void a_block_is_that_of_the_rfc(void **state)
{
	static const uint32_t input[4] = { 1, 0x09000000, 0x4a000000, 0 };
	static const uint32_t expected[16] = {
		0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3, 0xc7f4d1c7, 0x0368c033, 0x9aaa2204, 0x4e6cd4c3,
		0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9, 0xd19c12b5, 0xb94e16de, 0xe883d0cb, 0x4e3c50a2,
	};
	uint32_t key[8], block[16];

	(void)state;
	for (uint32_t i = 0; i < 8; i++)
		key[i] = 0x03020100 + 0x04040404 * i;
	memset(block, 0xaa, sizeof block);
	random_block(key, input, block);
	assert_memory_equal(block, expected, sizeof expected);
}

/* RFC 8439, A.1, test vector 1. */
static void a_block_of_nothing_is_that_of_the_rfc(void **state)
{
	static const uint8_t expected[64] = {
		0x76, 0xb8, 0xe0, 0xad, 0xa0, 0xf1, 0x3d, 0x90, 0x40, 0x5d, 0x6a, 0xe5, 0x53, 0x86, 0xbd, 0x28,
		0xbd, 0xd2, 0x19, 0xb8, 0xa0, 0x8d, 0xed, 0x1a, 0xa8, 0x36, 0xef, 0xcc, 0x8b, 0x77, 0x0d, 0xc7,
		0xda, 0x41, 0x59, 0x7c, 0x51, 0x57, 0x48, 0x8d, 0x77, 0x24, 0xe0, 0x3f, 0xb8, 0xd8, 0x4a, 0x37,
		0x6a, 0x43, 0xb8, 0xf4, 0x15, 0x18, 0xa1, 0x1c, 0xc3, 0x87, 0xb6, 0x69, 0xb2, 0xee, 0x65, 0x86,
	};
	static const uint32_t zero[8];
	uint32_t block[16];

	(void)state;
	random_block(zero, zero, block);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(block[i / 4] >> 8 * (i % 4) & 0xff, expected[i]);
}

static uint64_t first_of(uint32_t domain, const char *first, uint64_t bytes, const char *second)
{
	struct random r = random_open(domain);

	random_add(&r, (struct span){ (const uint8_t *)first, bytes });
	if (second)
		random_add(&r, span_of(second));
	return random_below(&r, 1ull << 63);
}

/* Rules: M13 */
static void every_byte_its_place_and_the_domain_decide(void **state)
{
	uint64_t known[80];
	char bytes[40] = { 0 };
	unsigned count = 0;

	(void)state;
	for (uint64_t n = 0; n <= sizeof bytes; n++)         /* zeros of every length */
		known[count++] = first_of(1, bytes, n, NULL);
	for (unsigned i = 0; i < 33; i++) {
		bytes[i] = 1;
		known[count++] = first_of(1, bytes, 33, NULL);
		bytes[i] = 0;
	}
	known[count++] = first_of(2, bytes, 33, NULL);
	known[count++] = first_of(1, "ab", 2, "c");
	known[count++] = first_of(1, "a", 1, "bc");
	known[count++] = first_of(1, "abc", 3, NULL);
	for (unsigned i = 0; i < count; i++)
		for (unsigned j = 0; j < i; j++)
			assert_true(known[i] != known[j]);
	assert_true(first_of(1, "abc", 3, NULL) == known[count - 1]);
}

/* Rules: M13 */
static void numbers_below_every_limit_are_even(void **state)
{
	(void)state;
	for (uint64_t limit = 1; limit <= 40; limit++) {
		struct random r = random_open(7);
		uint64_t counts[40] = { 0 };
		double squares = 0, expected = 4000.0 / (double)limit;

		random_add(&r, span_of("seed"));
		for (unsigned i = 0; i < 4000; i++) {
			uint64_t number = random_below(&r, limit);

			assert_true(number < limit);
			counts[number]++;
		}
		for (uint64_t i = 0; i < limit; i++)
			squares += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
		/* chi-square of up to 39 degrees of freedom: 72.05 is passed in 1 of 1000 */
		assert_true(squares < 72.05);
	}
}

/* Rules: M13 */
static void a_limit_that_does_not_divide_2_64_has_no_bias(void **state)
{
	/* Three quarters: without rejection the lowest third would come up twice as often. */
	const uint64_t limit = 3ull << 62;
	struct random r = random_open(7);
	unsigned low = 0;

	(void)state;
	for (unsigned i = 0; i < 3000; i++)
		low += random_below(&r, limit) < 1ull << 62;
	assert_true(low > 900 && low < 1100);
	for (unsigned i = 0; i < 100; i++)
		assert_true(random_below(&r, UINT64_MAX) < UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_block_is_that_of_the_rfc),
		cmocka_unit_test(a_block_of_nothing_is_that_of_the_rfc),
		cmocka_unit_test(every_byte_its_place_and_the_domain_decide),
		cmocka_unit_test(numbers_below_every_limit_are_even),
		cmocka_unit_test(a_limit_that_does_not_divide_2_64_has_no_bias),
	};

	return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
