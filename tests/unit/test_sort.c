/* SPDX-License-Identifier: BSD-2-Clause */
/* test_sort.c: entries ascend by their first word, and are all still there. */
#include "sort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

enum { ENTRIES = 400, WORDS_MAX = 17 };

/*
 * Sorts entries of so many words: key, complement of the key, place before, and the place again
 * in the last word. Afterwards keys ascend, every entry is whole, and each is there once.
 */
static void sort_and_check(const uint64_t *keys, unsigned count, unsigned words)
{
	static uint64_t entries[(ENTRIES + 1) * WORDS_MAX];
	bool seen[ENTRIES] = { false };

	memset(entries, 0xaa, (count + 1) * words * sizeof entries[0]);
	for (unsigned i = 0; i < count; i++) {
		entries[i * words] = keys[i];
		entries[i * words + 1] = ~keys[i];
		entries[i * words + 2] = entries[i * words + words - 1] = i;
	}
	sort_entries(entries, count, words * sizeof entries[0]);
	for (unsigned i = 0; i < count; i++) {
		const uint64_t *entry = &entries[i * words];

		assert_true(i == 0 || entry[0] >= entries[(i - 1) * words]);
		assert_int_equal(entry[1], ~entry[0]);
		assert_true(entry[2] < count && !seen[entry[2]]);
		assert_int_equal(entry[0], keys[entry[2]]);
		assert_int_equal(entry[words - 1], entry[2]);
		seen[entry[2]] = true;
	}
	for (unsigned i = 0; i < words; i++)
		assert_int_equal(entries[count * words + i], 0xaaaaaaaaaaaaaaaa);
}

/* Rules: H3 */
static void every_small_array_is_sorted(void **state)
{
	(void)state;
	for (unsigned count = 0; count <= 6; count++)
		for (unsigned code = 0; code < 7776 * 6; code++) {
			uint64_t keys[6];
			unsigned rest = code;

			for (unsigned i = 0; i < 6; i++, rest /= 6)
				keys[i] = rest % 6 == 5 ? UINT64_MAX : rest % 6;
			if (count < 6 && code >= 7776)
				break;
			sort_and_check(keys, count, 3);
		}
}

/* Random, descending, and in order but for the last entries: what is cheap must be right too. */
/* Rules: H3 */
static void longer_arrays_are_sorted_whatever_their_order(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (unsigned round = 0; round < 900; round++) {
		uint64_t keys[ENTRIES];
		unsigned count = 7 + round * 31 % (ENTRIES - 7), late = round % 40;

		for (unsigned i = 0; i < count; i++) {
			seed = seed * 1664525 + 1013904223;
			keys[i] = (seed >> 8) % 300;
			if (round % 3 == 1)
				keys[i] = count - i;
			if (round % 3 == 2 && i + late < count)
				keys[i] = i;
		}
		sort_and_check(keys, count, 3 + round % (WORDS_MAX - 2));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_small_array_is_sorted),
		cmocka_unit_test(longer_arrays_are_sorted_whatever_their_order),
	};

	return cmocka_run_group_tests_name("sort", tests, NULL, NULL);
}
