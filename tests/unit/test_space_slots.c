/* SPDX-License-Identifier: BSD-2-Clause */
/* test_space_slots.c: free places are counted, and found by number, as a look at every page says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "tiny_space.h"

/* The places one after another: free, with free granules around them, and in the window. */
static uint64_t model(const struct space *space, const struct slots *slots, uint64_t vas[PAGES])
{
	uint64_t count = 0;
	struct fault fault;

	for (uint64_t va = slots->first; va <= slots->last && va >= slots->first; va += PAGE)
		if (slots->last - va >= slots->bytes - 1 && va % slots->align == slots->phase &&
		    space_free_at(space, va, slots->bytes, SMALT_NONE, &fault) == ST_OK)
			vas[count++] = va;
	return count;
}

static void check(const struct space *space, const struct slots *slots)
{
	uint64_t vas[PAGES], count = model(space, slots, vas), va;

	for (uint64_t i = 0; i < count + 3; i++) {
		va = 0xaa;
		assert_true(space_slots(space, slots, i, &va) == count);
		assert_true(va == (i < count ? vas[i] : 0xaa));
	}
	assert_true(space_slots(space, slots, UINT64_MAX, &va) == count);
}

/* Some pages are somebody's; every window, size, alignment and phase is tried. */
static void try_all(const struct space *space, uint64_t low, uint64_t pages)
{
	for (uint64_t first = 0; first < pages; first += 3)
		for (uint64_t last = first; last < pages; last++)
			for (uint64_t align = PAGE; align <= 4 * PAGE; align *= 2)
				for (uint64_t phase = 0; phase < align; phase += PAGE)
					for (uint64_t bytes = 1; bytes <= 5; bytes += 2) {
						struct slots slots = {
							low + first * PAGE, low + last * PAGE + PAGE - 1,
							bytes * PAGE, align, phase,
						};

						check(space, &slots);
					}
}

/* Rules: M13, M14 */
static void places_are_counted_and_found_in_order(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < 12; round++) {
		struct arena arena = scratch(SCRATCH_BYTES);
		struct space space = space_of(&arena, 16, 1);
		struct fault fault;

		for (unsigned i = 0; i < round / 2; i++)
			(void)space_claim(&space, next_random(&seed) % LOW * PAGE,
			                  (1 + next_random(&seed) % 4) * PAGE, span_of("x"), i, &fault);
		(void)space_claim(&space, -(uint64_t)(2 + round) * PAGE, PAGE, span_of("y"), 99, &fault);
		try_all(&space, PAGE, LOW - 2);
		try_all(&space, -(uint64_t)HIGH * PAGE, HIGH - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_counted_and_found_in_order),
	};

	return cmocka_run_group_tests_name("space_slots", tests, NULL, NULL);
}
