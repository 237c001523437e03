/* SPDX-License-Identifier: BSD-2-Clause */
/* test_fmt.c: text into a buffer, never behind its end. */
#include "fmt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"

static char buffer[256];

static struct text fresh(void)
{
	memset(buffer, 0xaa, sizeof buffer);
	return (struct text){ buffer, sizeof buffer, 0 };
}

/* Rules: M20 */
static void every_conversion_prints_what_fmt_h_says(void **state)
{
	struct text text = fresh();
	struct span name = { (const uint8_t *)"kernel.elf, and more", 10 };

	(void)state;
	fmt(&text, "%s|%S|%c|%u|%U|%x|%X|%%", "word", &name, 'c', 42u, (uint64_t)43, 0xbeefu,
	    (uint64_t)0xdeadbeefcafe);
	assert_string_equal(buffer, "word|kernel.elf|c|42|43|beef|deadbeefcafe|%");
	assert_int_equal(text.length, strlen(buffer));
}

/* Rules: M20 */
static void the_largest_and_the_smallest_numbers_are_whole(void **state)
{
	struct text text = fresh();

	(void)state;
	fmt(&text, "%u %U %x %X %u %X", UINT32_MAX, UINT64_MAX, UINT32_MAX, UINT64_MAX, 0u, (uint64_t)0);
	assert_string_equal(buffer, "4294967295 18446744073709551615 ffffffff ffffffffffffffff 0 0");
}

/* Rules: M20 */
static void a_width_pads_numbers_with_zeros_and_texts_with_blanks(void **state)
{
	struct text text = fresh();
	struct span name = SPAN("ab");

	(void)state;
	fmt(&text, "%4u|%12U|%2x|%16X|%5s|%3S|%1s|", 7u, (uint64_t)8, 0xabcdu, (uint64_t)0x1234, "xy", &name,
	    "long");
	assert_string_equal(buffer, "0007|000000000008|abcd|0000000000001234|xy   |ab |long|");
	text = fresh();
	fmt(&text, "%9u|%10u", 7u, 8u);
	assert_string_equal(buffer, "000000007|0000000008");
}

/* Rules: M20 */
static void a_text_grows_from_call_to_call(void **state)
{
	struct text text = fresh();

	(void)state;
	fmt(&text, "a");
	fmt_char(&text, 'b');
	fmt(&text, "%u", 1u);
	assert_string_equal(buffer, "ab1");
}

/* Rules: M20 */
static void what_does_not_fit_is_dropped_at_every_capacity(void **state)
{
	char whole[64];

	(void)state;
	snprintf(whole, sizeof whole, "%s-%08x-%d", "segment", 0x1234, 99);
	for (uint32_t capacity = 1; capacity < 40; capacity++) {
		char *small = malloc(capacity);
		struct text text = { small, capacity, 0 };

		memset(small, 0xaa, capacity);
		fmt(&text, "%s-%8x-%u", "segment", 0x1234u, 99u);
		assert_int_equal(text.length, strnlen(whole, capacity - 1));
		assert_memory_equal(small, whole, text.length);
		assert_int_equal(small[text.length], 0);
		free(small);
	}
}

/* Rules: M20 */
static void an_empty_format_still_ends_the_text(void **state)
{
	struct text text = fresh();

	(void)state;
	fmt(&text, "");
	assert_string_equal(buffer, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_conversion_prints_what_fmt_h_says),
		cmocka_unit_test(the_largest_and_the_smallest_numbers_are_whole),
		cmocka_unit_test(a_width_pads_numbers_with_zeros_and_texts_with_blanks),
		cmocka_unit_test(a_text_grows_from_call_to_call),
		cmocka_unit_test(what_does_not_fit_is_dropped_at_every_capacity),
		cmocka_unit_test(an_empty_format_still_ends_the_text),
	};

	return cmocka_run_group_tests_name("fmt", tests, NULL, NULL);
}
