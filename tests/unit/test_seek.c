/* SPDX-License-Identifier: BSD-2-Clause */
/* test_seek.c: a text is found exactly where memmem() finds it, however the input is cut. */
#include "../../tools/seek.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#define TEXT_LIMIT 4
#define INPUT_LIMIT 8

/* Bit i of bits becomes the i-th of count letters. */
static void letters(char *to, unsigned bits, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		to[i] = bits >> i & 1 ? 'b' : 'a';
}

/* Feeds input in two pieces; the answer after each must be that of what was fed by then. */
static void check(const char *text, unsigned text_count, const char *input, unsigned input_count,
                  unsigned cut)
{
	struct seek seek;

	assert_true(seek_begin(&seek, (struct span){ (const uint8_t *)text, text_count }));
	assert_int_equal(seek_feed(&seek, input, cut), memmem(input, cut, text, text_count) != NULL);
	assert_int_equal(seek_feed(&seek, input + cut, input_count - cut),
	                 memmem(input, input_count, text, text_count) != NULL);
}

static void every_short_text_is_found_in_every_short_input(void **state)
{
	char text[TEXT_LIMIT], input[INPUT_LIMIT];

	(void)state;
	for (unsigned text_count = 1; text_count <= TEXT_LIMIT; text_count++)
		for (unsigned t = 0; t < 1u << text_count; t++)
			for (unsigned i = 0; i < 1u << INPUT_LIMIT; i++)
				for (unsigned cut = 0; cut <= INPUT_LIMIT; cut++) {
					letters(text, t, text_count);
					letters(input, i, INPUT_LIMIT);
					check(text, text_count, input, INPUT_LIMIT, cut);
				}
}

static void an_empty_text_is_never_found(void **state)
{
	struct seek seek;

	(void)state;
	assert_true(seek_begin(&seek, (struct span){ 0 }));
	assert_false(seek_feed(&seek, "anything", 8));
}

static void a_text_of_the_limit_is_taken_and_a_longer_one_refused(void **state)
{
	static uint8_t text[SEEK_BYTES + 1];
	struct seek seek;

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_false(seek_begin(&seek, (struct span){ text, SEEK_BYTES + 1 }));
	assert_true(seek_begin(&seek, (struct span){ text, SEEK_BYTES }));
	assert_false(seek_feed(&seek, text, SEEK_BYTES - 1));
	assert_true(seek_feed(&seek, text, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_short_text_is_found_in_every_short_input),
		cmocka_unit_test(an_empty_text_is_never_found),
		cmocka_unit_test(a_text_of_the_limit_is_taken_and_a_longer_one_refused),
	};

	return cmocka_run_group_tests_name("seek", tests, NULL, NULL);
}
