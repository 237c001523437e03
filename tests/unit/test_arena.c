/* SPDX-License-Identifier: BSD-2-Clause */
/* test_arena.c: storage that is given once, zeroed, and never beyond its end. */
#include "arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "starve.h"

static uint8_t memory[4096] __attribute__((aligned(64)));

static struct arena fresh(uint64_t skipped, uint64_t bytes)
{
	memset(memory, 0xaa, sizeof memory);
	return (struct arena){ memory + skipped, bytes, 0 };
}

/* Rules: M1 */
static void entries_are_zeroed_and_aligned_wherever_the_arena_begins(void **state)
{
	static const uint8_t zeros[40];
	struct fault fault;

	(void)state;
	for (uint64_t skipped = 0; skipped < 32; skipped++) {
		struct arena arena = fresh(skipped, 1024);

		for (unsigned i = 0; i < 3; i++) {
			uint8_t *entries = arena_take(&arena, 5, 8, "entries", &fault);

			assert_non_null(entries);
			assert_int_equal((uintptr_t)entries % 16, 0);
			assert_memory_equal(entries, zeros, 40);
			assert_int_equal(entries[40], 0xaa);
			assert_true(entries >= arena.base && entries + 40 <= arena.base + arena.used);
			memset(entries, 0x55, 40);
		}
	}
}

/* Entries of 48 bytes from an arena whose first 16-byte boundary is `gap` bytes away. */
static void fill_up(uint64_t gap, uint64_t bytes)
{
	struct arena arena = fresh((16 - gap) % 16, bytes);
	uint64_t room = bytes > gap ? bytes - gap : 0, taken = 0, before;
	struct fault fault;

	for (before = 0; arena_take(&arena, 3, 16, "rows", &fault); before = arena.used)
		taken++;
	assert_int_equal(taken, room / 48);
	assert_int_equal(arena.used, before);
	assert_int_equal(fault.status, ST_NO_MEMORY);
	assert_string_equal(fault.field, "rows");
	assert_int_equal(fault.value, taken ? 48 : gap + 48);
	assert_int_equal(fault.limit, taken ? room % 48 : bytes);
	assert_int_equal(arena.base[bytes], 0xaa);
}

/* Rules: M1, M2 */
static void every_arena_that_is_too_small_refuses_and_stays_as_it_was(void **state)
{
	(void)state;
	for (uint64_t gap = 0; gap < 16; gap++) {
		for (uint64_t bytes = 0; bytes < 3 * 48; bytes++)
			fill_up(gap, bytes);
	}
}

/* Rules: M1 */
static void nothing_can_be_taken_from_a_full_arena(void **state)
{
	struct arena arena = fresh(0, 10);
	struct fault fault;

	(void)state;
	assert_non_null(arena_pages(&arena, 10, 1, "bytes", &fault));
	assert_non_null(arena_pages(&arena, 0, 1, "bytes", &fault));
	assert_null(arena_pages(&arena, 1, 1, "bytes", &fault));
	assert_int_equal(fault.value, 1);
	assert_int_equal(fault.limit, 0);
}

/* Rules: M2, M19 */
static void counts_that_overflow_are_refused(void **state)
{
	struct arena arena = fresh(0, 4096);
	struct fault fault;

	(void)state;
	assert_null(arena_take(&arena, UINT64_MAX, 56, "segments", &fault));
	assert_int_equal(fault.status, ST_NO_MEMORY);
	assert_null(arena_take(&arena, (UINT64_MAX >> 4) + 2, 16, "segments", &fault));
	assert_null(arena_take(&arena, UINT64_MAX, 1, "segments", &fault));
	assert_null(arena_pages(&arena, UINT64_MAX - 100, 64, "pages", &fault));
	assert_int_equal(arena.used, 0);
}

/* Rules: M1 */
static void pages_are_aligned_and_not_touched(void **state)
{
	struct fault fault;

	(void)state;
	for (uint64_t skipped = 0; skipped < 8; skipped++) {
		struct arena arena = fresh(skipped, 2048);
		uint8_t *pages = arena_pages(&arena, 512, 512, "tables", &fault);

		assert_non_null(pages);
		assert_int_equal((uintptr_t)pages % 512, 0);
		assert_int_equal(pages[0], 0xaa);
		assert_int_equal(pages[511], 0xaa);
		assert_true(pages + 512 == arena.base + arena.used);
	}
}

/* Rules: M1 */
static void an_alignment_behind_the_end_is_refused(void **state)
{
	struct arena arena = fresh(1, 30);
	struct fault fault;

	(void)state;
	assert_null(arena_pages(&arena, 0, 64, "tables", &fault));
	assert_int_equal(fault.status, ST_NO_MEMORY);
	assert_int_equal(fault.value, 63);       /* up to the boundary */
	assert_int_equal(fault.limit, 30);
	assert_int_equal(arena.used, 0);
	assert_null(arena_pages(&arena, UINT64_MAX, 64, "tables", &fault));
	assert_true(fault.value == UINT64_MAX);
}

/* --- the instrument of other tests --- */

static unsigned runs;
static uint64_t seen[16];

/* 10 bytes, at the next multiple of 16 entries of 40 bytes, nothing, and 5 bytes: to 16 + 40 + 8 + 5. */
static enum status take_four(struct arena *arena, struct fault *fault)
{
	seen[runs++ % 16] = arena->bytes;
	if (!arena_pages(arena, 10, 1, "first", fault) || !arena_take(arena, 5, 8, "second", fault) ||
	    !arena_take(arena, 0, 8, "third", fault) || !arena_pages(arena, 5, 1, "fourth", fault))
		return fault->status;
	return ST_OK;
}

/* Rules: M1 */
static void who_is_starved_fails_at_each_allocation_by_all_and_by_one_byte(void **state)
{
	static const uint64_t tries[] = { 0, 9, 10, 55, 56, 63, 64, 68, 69 };
	struct starve s = { .run = take_four };

	(void)state;
	starve(&s);
	assert_int_equal(s.refusals, 4);
	assert_int_equal(s.bytes, 69);
	assert_int_equal(runs, sizeof tries / sizeof tries[0]);
	assert_memory_equal(seen, tries, sizeof tries);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_zeroed_and_aligned_wherever_the_arena_begins),
		cmocka_unit_test(every_arena_that_is_too_small_refuses_and_stays_as_it_was),
		cmocka_unit_test(nothing_can_be_taken_from_a_full_arena),
		cmocka_unit_test(counts_that_overflow_are_refused),
		cmocka_unit_test(pages_are_aligned_and_not_touched),
		cmocka_unit_test(an_alignment_behind_the_end_is_refused),
		cmocka_unit_test(who_is_starved_fails_at_each_allocation_by_all_and_by_one_byte),
	};

	return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
