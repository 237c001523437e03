/* SPDX-License-Identifier: BSD-2-Clause */
/* test_nearest.c: the word that a misspelled one was meant to be. */
#include "nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

static const char *nearest_of(const char *unknown)
{
	static const char *const words[] = { "kernel", "module", "memory", "machine", "pa" };
	struct nearest nearest = nearest_to(span_of(unknown));

	for (unsigned i = 0; i < 5; i++)
		nearest_offer(&nearest, words[i]);
	return nearest.word;
}

static void a_changed_a_missing_and_a_superfluous_letter_are_near(void **state)
{
	(void)state;
	assert_string_equal(nearest_of("kernal"), "kernel");
	assert_string_equal(nearest_of("modul"), "module");
	assert_string_equal(nearest_of("mmemory"), "memory");
	assert_string_equal(nearest_of("mahcine"), "machine");
}

static void a_word_that_shares_nothing_is_near_to_none(void **state)
{
	char longer[64];

	(void)state;
	memset(longer, 'm', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_null(nearest_of("xyz"));
	assert_null(nearest_of(""));
	assert_null(nearest_of("kernel-of-another"));
	assert_null(nearest_of(longer));
}

static void the_nearest_of_two_near_words_wins(void **state)
{
	struct nearest nearest = nearest_to(span_of("plam"));

	(void)state;
	nearest_offer(&nearest, "play-");
	nearest_offer(&nearest, "plan");
	nearest_offer(&nearest, "clam");
	assert_string_equal(nearest.word, "plan");
	assert_int_equal(nearest.edits, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_changed_a_missing_and_a_superfluous_letter_are_near),
		cmocka_unit_test(a_word_that_shares_nothing_is_near_to_none),
		cmocka_unit_test(the_nearest_of_two_near_words_wins),
	};

	return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
