/* SPDX-License-Identifier: BSD-2-Clause */
/* test_words.c: small numbers and their words, rights and their letters. */
#include "words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include <smalt/handoff.h>

static const struct word colors[] = { { "red", 1 }, { "green", 7 }, { NULL, 0 } };

static void words_and_values_find_each_other(void **state)
{
	uint32_t value = 0xaaaaaaaa;

	(void)state;
	assert_string_equal(words_text(colors, 7), "green");
	assert_null(words_text(colors, 0));
	assert_null(words_text(colors, 2));
	assert_true(words_value(colors, span_of("red"), &value));
	assert_int_equal(value, 1);
	assert_false(words_value(colors, span_of("blue"), &value));
	assert_int_equal(value, 1);
	assert_string_equal(words_nearest(colors, span_of("gren")), "green");
	assert_null(words_nearest(colors, span_of("magenta")));
}

/* The ELF gABI's PF_X 1, PF_W 2, PF_R 4; U is ours: 8. */
static void every_combination_of_rights_has_its_letters(void **state)
{
	static const char *const texts[16] = {
		"---", "--x", "-w-", "-wx", "r--", "r-x", "rw-", "rwx",
		"---u", "--xu", "-w-u", "-wxu", "r--u", "r-xu", "rw-u", "rwxu",
	};

	(void)state;
	for (uint32_t prot = 0; prot < 16; prot++) {
		char text[RIGHTS_BYTES];
		uint32_t back = 0xaa;

		memset(text, 0xaa, sizeof(text));
		words_rights(prot, text);
		assert_string_equal(text, texts[prot]);
		assert_true(words_rights_value(span_of(text), &back));
		assert_int_equal(back, prot);
	}
}

static void what_is_no_rights_is_refused(void **state)
{
	static const char *const wrong[] = { "", "r", "rw", "wr-", "x--", "r-x-", "rwxx", "rwxuu", "RWX", "r w" };
	uint32_t prot = 0xaa;

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(words_rights_value(span_of(wrong[i]), &prot));
	assert_int_equal(prot, 0xaa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_values_find_each_other),
		cmocka_unit_test(every_combination_of_rights_has_its_letters),
		cmocka_unit_test(what_is_no_rights_is_refused),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
