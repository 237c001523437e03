/* SPDX-License-Identifier: BSD-2-Clause */
/* test_sort.c: entries ascend by their first word, and are all still there. */
#include "sort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

struct entry {
	uint64_t va;
	uint64_t twin;           /* ~va: goes with it */
	uint64_t place;          /* where it was */
};

/* Does entries[] hold in ascending order what it held, place by place, before? */
static void assert_sorted(const struct entry *entries, const uint64_t *before, unsigned count)
{
	uint64_t seen = 0;

	for (unsigned i = 0; i < count; i++) {
		assert_true(i == 0 || entries[i].va >= entries[i - 1].va);
		assert_int_equal(entries[i].twin, ~entries[i].va);
		assert_int_equal(entries[i].va, before[entries[i].place]);
		assert_false(seen >> entries[i].place & 1);
		seen |= 1ull << entries[i].place;
	}
}

static void sort_and_check(const uint64_t *keys, unsigned count)
{
	struct entry entries[33];

	for (unsigned i = 0; i < count; i++)
		entries[i] = (struct entry){ keys[i], ~keys[i], i };
	entries[count] = (struct entry){ 0, 1, 2 };
	sort_entries(entries, count, sizeof entries[0]);
	assert_sorted(entries, keys, count);
	assert_int_equal(entries[count].va, 0);
	assert_int_equal(entries[count].twin, 1);
	assert_int_equal(entries[count].place, 2);
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
			sort_and_check(keys, count);
		}
}

/* Rules: H3 */
static void longer_arrays_are_sorted(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		uint64_t keys[32];
		unsigned count = 7 + (unsigned)round % 26;

		for (unsigned i = 0; i < count; i++) {
			seed = seed * 1664525 + 1013904223;
			keys[i] = (seed >> 8) % 40;
		}
		sort_and_check(keys, count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_small_array_is_sorted),
		cmocka_unit_test(longer_arrays_are_sorted),
	};

	return cmocka_run_group_tests_name("sort", tests, NULL, NULL);
}
