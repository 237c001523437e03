/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_reserve.c: addresses that are kept free, against a look at every page.
 */
#include "reserve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tiny_space.h"

/* Bytes of pages 0 .. LOW: two reserves, not on pages, as random as can be. */
static void draw_reserves(struct reserve reserves[2], uint32_t *seed)
{
	for (int i = 0; i < 2; i++) {
		reserves[i].va = (2 + next_random(seed) % 6 + 14 * (uint64_t)i) * PAGE + next_random(seed) % 3 * 0x800;
		reserves[i].bytes = 1 + next_random(seed) % (6 * PAGE);
	}
}

static bool page_is_reserved(const struct reserve *reserve, uint64_t page)
{
	for (uint64_t i = page * PAGE; i < (page + 1) * PAGE; i += 0x100)
		if (i < reserve->va || i + 0x100 > reserve->va + reserve->bytes)
			return false;
	return true;
}

/* All pages of these bytes in one reserve? */
static bool model_holds(const struct reserve *reserve, uint64_t va, uint64_t bytes)
{
	for (uint64_t page = va / PAGE; page <= (va + bytes - 1) / PAGE; page++)
		if (!page_is_reserved(reserve, page))
			return false;
	return true;
}

static struct space claimed(const struct reserve reserves[2], struct arena *arena)
{
	struct space space = space_of(arena, 8, 8);
	struct fault fault;

	for (int i = 0; i < 2; i++)
		assert_int_equal(space_claim(&space, reserves[i].va, reserves[i].bytes,
		                             span_of("firmware"), 77, &fault), ST_OK);
	return space;
}

/* Rules: M9 */
static void a_place_is_free_if_one_reserve_has_all_its_pages(void **state)
{
	uint32_t seed = 3;

	(void)state;
	for (int round = 0; round < 400; round++) {
		struct arena arena = scratch(SCRATCH_BYTES);
		struct place_request request = { .flags = PLACE_RESERVED, .reserve_count = 2 };
		struct reserve reserves[2];
		struct space space;

		draw_reserves(reserves, &seed);
		request.reserves = reserves;
		space = claimed(reserves, &arena);
		for (int i = 0; i < 100; i++) {
			uint64_t va = (1 + next_random(&seed) % 26) * PAGE + next_random(&seed) % 4096;
			uint64_t bytes = 1 + next_random(&seed) % (3 * PAGE);
			bool free = model_holds(&reserves[0], va, bytes) || model_holds(&reserves[1], va, bytes);
			struct fault fault;
			enum status other = space_free_at(&space, va, bytes, SMALT_NONE, &fault);

			assert_int_equal(reserve_free_at(&space, &request, va, bytes, &fault),
			                 free ? ST_OK : other == ST_OK ? ST_NO_ADDRESS : other);
			request.flags = 0;
			assert_int_equal(reserve_free_at(&space, &request, va, bytes, &fault), other);
			request.flags = PLACE_RESERVED;
		}
	}
}

/* Rules: M9, M13 */
static void the_lowest_place_in_a_reserve_is_found(void **state)
{
	uint32_t seed = 4;
	unsigned found_some = 0, found_none = 0;

	(void)state;
	for (int round = 0; round < 1000; round++) {
		struct arena arena = scratch(SCRATCH_BYTES);
		uint64_t from = next_random(&seed) % 24 * PAGE, align = PAGE << next_random(&seed) % 3;
		uint64_t phase = next_random(&seed) % 8 * PAGE % align, bytes = (1 + next_random(&seed) % 5) * PAGE;
		struct reserve reserves[2], swapped[2];
		struct place_request request = { .flags = PLACE_RESERVED, .from = from, .reserve_count = 2 };
		uint64_t expected = 0, va = 0xaa;
		struct space space;
		struct fault fault;

		draw_reserves(reserves, &seed);
		swapped[0] = reserves[1];
		swapped[1] = reserves[0];
		request.reserves = round % 2 ? reserves : swapped;
		space = claimed(reserves, &arena);
		for (uint64_t page = 30; page-- > from / PAGE; )
			if ((page * PAGE - phase) % align == 0 && (model_holds(&reserves[0], page * PAGE, bytes) ||
			                                           model_holds(&reserves[1], page * PAGE, bytes)))
				expected = page * PAGE;
		assert_int_equal(reserve_find(&space, &request, bytes, align, phase, &va, &fault),
		                 expected != 0 ? ST_OK : ST_NO_ADDRESS);
		assert_int_equal(va, expected != 0 ? expected : 0xaa);
		found_some += expected != 0;
		found_none += expected == 0;
		if (expected == 0) {
			assert_int_equal(fault.value, bytes);
			assert_int_equal(fault.limit, max_u64(reserves[0].bytes, reserves[1].bytes));
		}
	}
	assert_in_range(found_some, 100, 900);
	assert_in_range(found_none, 100, 900);
}

/* Rules: M9, M19 */
static void places_at_the_ends_of_all_addresses_are_no_overflow(void **state)
{
	struct arena arena = scratch(SCRATCH_BYTES);
	struct space space = space_of(&arena, 8, 8);
	struct reserve reserve = { -(uint64_t)4 * PAGE, 3 * PAGE };
	struct place_request request = { .flags = PLACE_RESERVED, .reserves = &reserve, .reserve_count = 1 };
	struct fault fault;
	uint64_t va = 0xaa;

	(void)state;
	assert_int_equal(reserve_free_at(&space, &request, reserve.va, 3 * PAGE, &fault), ST_OK);
	assert_int_not_equal(reserve_free_at(&space, &request, reserve.va, 3 * PAGE + 1, &fault), ST_OK);
	assert_int_not_equal(reserve_free_at(&space, &request, reserve.va - 1, PAGE, &fault), ST_OK);
	assert_int_not_equal(reserve_free_at(&space, &request, reserve.va, 0, &fault), ST_OK);
	assert_int_not_equal(reserve_free_at(&space, &request, reserve.va, UINT64_MAX, &fault), ST_OK);
	assert_int_equal(reserve_find(&space, &request, 4 * PAGE, PAGE, 0, &va, &fault), ST_NO_ADDRESS);
	/* The next multiple is behind the last address */
	request.from = -(uint64_t)PAGE + 1;
	assert_int_equal(reserve_find(&space, &request, PAGE, PAGE, 0, &va, &fault), ST_NO_ADDRESS);
	assert_int_equal(va, 0xaa);
	request.from = 0;
	assert_int_equal(reserve_find(&space, &request, 3 * PAGE, PAGE, 0, &va, &fault), ST_OK);
	assert_int_equal(va, reserve.va);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_is_free_if_one_reserve_has_all_its_pages),
		cmocka_unit_test(the_lowest_place_in_a_reserve_is_found),
		cmocka_unit_test(places_at_the_ends_of_all_addresses_are_no_overflow),
	};

	return cmocka_run_group_tests_name("reserve", tests, NULL, NULL);
}
