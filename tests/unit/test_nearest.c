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

/* The definition: delete the first of a, the first of b, or take both. */
static uint32_t distance(const char *a, const char *b)
{
	uint32_t delete, insert, change, best;

	if (!*a || !*b)
		return (uint32_t)(strlen(a) + strlen(b));
	delete = distance(a + 1, b) + 1;
	insert = distance(a, b + 1) + 1;
	change = distance(a + 1, b + 1) + (*a != *b);
	best = delete < insert ? delete : insert;
	return best < change ? best : change;
}

#define LETTERS 4

/* The index-th word of at most LETTERS letters a and b. */
static void word_of(unsigned index, char word[LETTERS + 1])
{
	unsigned length = 0;

	for (index++; index > 1; index >>= 1)
		word[length++] = index & 1 ? 'b' : 'a';
	word[length] = '\0';
}

static void every_short_word_has_the_distance_of_the_definition(void **state)
{
	(void)state;
	for (unsigned i = 0; i < (2u << LETTERS) - 1; i++)
		for (unsigned k = 0; k < (2u << LETTERS) - 1; k++) {
			char unknown[LETTERS + 1], known[LETTERS + 1];
			struct nearest nearest;
			uint32_t edits;

			word_of(i, unknown);
			word_of(k, known);
			edits = distance(unknown, known);
			nearest = nearest_to(span_of(unknown));
			nearest_offer(&nearest, known);
			if (edits <= NEAREST_EDITS && edits < strlen(known)) {
				assert_ptr_equal(nearest.word, known);
				assert_int_equal(nearest.edits, edits);
			} else {
				assert_null(nearest.word);
			}
		}
}

static void words_of_32_bytes_are_compared_and_longer_ones_are_not(void **state)
{
	static const char known[] = "abcdefghijklmnopqrstuvwxyz012345", longer[] = "abcdefghijklmnopqrstuvwxyz0123456";
	struct nearest nearest = nearest_to(span_of(known));

	(void)state;
	nearest_offer(&nearest, longer);
	assert_null(nearest.word);
	nearest_offer(&nearest, known);
	assert_ptr_equal(nearest.word, known);
	assert_int_equal(nearest.edits, 0);
	nearest = nearest_to(span_of(longer));
	nearest_offer(&nearest, known);
	assert_null(nearest.word);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_changed_a_missing_and_a_superfluous_letter_are_near),
		cmocka_unit_test(a_word_that_shares_nothing_is_near_to_none),
		cmocka_unit_test(the_nearest_of_two_near_words_wins),
		cmocka_unit_test(every_short_word_has_the_distance_of_the_definition),
		cmocka_unit_test(words_of_32_bytes_are_compared_and_longer_ones_are_not),
	};

	return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
