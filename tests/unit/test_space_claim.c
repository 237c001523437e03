/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_space_claim.c: addresses are free or not as a look at every page says.
 */
#include "space.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tiny_space.h"

enum { NOBODY = 0xfff };

static uint64_t va_of(unsigned page)
{
	return page < LOW ? page * (uint64_t)PAGE : -(uint64_t)(PAGES - page) * PAGE;
}

/* The page that holds va, PAGES if there is none. */
static unsigned page_of(uint64_t va)
{
	if (va / PAGE < LOW)
		return (unsigned)(va / PAGE);
	return va >= va_of(LOW) ? LOW + (unsigned)((va - va_of(LOW)) / PAGE) : PAGES;
}

/* Page 0 and the last page of both ranges can never be had. */
static bool may_exist(unsigned page)
{
	return page != 0 && page != LOW - 1 && page < PAGES - 1;
}

static enum status model_free_at(const uint32_t owner[PAGES], uint64_t va, uint64_t bytes,
                                 uint32_t object)
{
	unsigned first = page_of(va), last = page_of(va + bytes - 1);
	enum status status = ST_OK;

	if (va + bytes - 1 < va || first == PAGES || last == PAGES || (first < LOW) != (last < LOW))
		return ST_NO_ADDRESS;
	for (unsigned i = first; i <= last; i++)
		if (!may_exist(i))
			return ST_NO_ADDRESS;
	for (unsigned i = first; i <= last; i++)
		if (owner[i] != NOBODY)
			status = ST_ADDRESS_IN_USE;
	for (unsigned i = first - 1; i <= last + 1; i += last + 1 - (first - 1))
		if ((i < LOW) == (first < LOW) && owner[i] != NOBODY &&
		    (owner[i] != object || object == SMALT_NONE))
			status = ST_ADDRESS_IN_USE;
	return status;
}

/* Rules: M9, M14 */
static void an_address_is_free_if_its_pages_and_their_neighbors_are(void **state)
{
	uint32_t seed = 3;

	(void)state;
	for (int round = 0; round < 400; round++) {
		struct arena arena = scratch(64 << 10);
		struct space space = space_of(&arena, 64, 1);
		uint32_t owner[PAGES];

		for (unsigned i = 0; i < PAGES; i++)
			owner[i] = NOBODY;
		for (int i = 0; i < 40; i++) {
			uint64_t va = va_of(next_random(&seed) % PAGES) + next_random(&seed) % PAGE;
			uint64_t bytes = 1 + next_random(&seed) % (3 * PAGE);
			uint32_t object = next_random(&seed) % 4 ? next_random(&seed) % 3 : SMALT_NONE;
			enum status expected = model_free_at(owner, va, bytes, object);
			struct fault fault;

			assert_int_equal(space_free_at(&space, va, bytes, object, &fault), expected);
			assert_int_equal(space_claim(&space, va, bytes, SPAN("me"), object, &fault),
			                 expected);
			if (expected == ST_ADDRESS_IN_USE)
				assert_string_equal(fault.word, "me");
			for (unsigned p = page_of(va); expected == ST_OK &&
			     p <= page_of(va + bytes - 1); p++)
				owner[p] = object;
		}
		for (unsigned i = 0; i < PAGES; i++)
			assert_int_equal(ranges_hold(&space.used, va_of(i), PAGE), owner[i] != NOBODY);
	}
}

/* Rules: M9, M14 */
static void the_lowest_free_address_with_the_phase_is_found(void **state)
{
	enum { STEP = 1024 };
	uint32_t seed = 9;

	(void)state;
	for (int round = 0; round < 1500; round++) {
		struct arena arena = scratch(32 << 10);
		struct space space = space_of(&arena, 64, 1);
		uint64_t align = STEP << next_random(&seed) % 5, found = 0xaa, expected = 0xaa;
		uint64_t phase = next_random(&seed) % 64 * STEP;
		uint64_t from = va_of(next_random(&seed) % PAGES) + next_random(&seed) % 3 * 1000;
		uint64_t bytes = 1 + next_random(&seed) % (4 * PAGE);
		uint32_t owner[PAGES];
		struct fault fault;
		enum status status;

		for (unsigned i = 0; i < PAGES; i++)
			owner[i] = NOBODY;
		for (uint32_t i = next_random(&seed) % 8; i > 0; i--) {
			unsigned page = next_random(&seed) % PAGES;

			if (space_claim(&space, va_of(page), PAGE, SPAN("it"), i, &fault) == ST_OK)
				owner[page] = i;
		}
		for (unsigned step = PAGES * (PAGE / STEP); step-- > 0; ) {
			uint64_t va = va_of(step / 4) + step % 4 * STEP;

			if (va >= from && (va - phase) % align == 0 &&
			    model_free_at(owner, va, bytes, SMALT_NONE) == ST_OK)
				expected = va;
		}
		status = space_find(&space, from, bytes, align, phase, &found, &fault);
		assert_int_equal(status, expected == 0xaa ? ST_NO_ADDRESS : ST_OK);
		assert_int_equal(found, expected);
	}
}

/* Rules: M14, M19 */
static void addresses_that_no_machine_has_are_refused(void **state)
{
	static const uint64_t bad[][2] = {
		{ 0, 1 }, { 0xfff, 1 }, { 0xfff, 2 },                       /* page 0 */
		{ 0x00007ffffffff000, 1 }, { 0x00007fffffffefff, 2 },       /* last of the low half */
		{ 0x0000800000000000, 1 }, { 0x0000900000000000, 0x1000 },  /* not canonical */
		{ 0xffff7fffffffffff, 1 }, { 0xffff7ffffffff000, 0x2000 },
		{ 0xfffffffffffff000, 1 }, { 0xffffffffffffefff, 2 },       /* the last granule */
		{ 0x200000, 1ull << 62 }, { 0x1000, 0xffff800000000000 },
		{ 0xffffffffffffe000, UINT64_MAX },                         /* wraps */
	};
	struct arena arena = scratch(SCRATCH_BYTES);
	struct space space;
	struct fault fault;

	(void)state;
	assert_int_equal(space_init(&space, paging_of(&machine_x86_64, 7), 4, 4, &arena, &fault), ST_OK);
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(space_claim(&space, bad[i][0], bad[i][1], SPAN("x"), 0, &fault),
		                 ST_NO_ADDRESS);
	assert_int_equal(space_claim(&space, 0x200000, 0, SPAN("x"), 0, &fault), ST_INVALID);
	assert_int_equal(space_find(&space, 0, 0, PAGE, 0, &(uint64_t){ 0 }, &fault), ST_INVALID);
	assert_int_equal(space.claim_count, 0);
	assert_int_equal(space_claim(&space, 0x1000, 0x00007fffffffe000, SPAN("low"), 0, &fault),
	                 ST_OK);
	assert_int_equal(space_claim(&space, 0xffff800000000000, 0x00007ffffffff000, SPAN("high"),
	                             1, &fault), ST_OK);
	assert_int_equal(space_find(&space, 0, 1, PAGE, 0, &(uint64_t){ 0 }, &fault), ST_NO_ADDRESS);
}

/* Rules: M9, M14 */
static void the_search_is_exact_to_the_byte(void **state)
{
	const uint64_t top = 0xfffffffffffff000;     /* the last granule: never */
	struct arena arena = scratch(SCRATCH_BYTES);
	struct space space;
	struct fault fault;
	uint64_t va;

	(void)state;
	assert_int_equal(space_init(&space, paging_of(&machine_x86_64, 7), 4, 4, &arena, &fault), ST_OK);
	assert_int_equal(space_find(&space, top - 0x123, 0x123, 1, 0, &va, &fault), ST_OK);
	assert_int_equal(va, top - 0x123);
	assert_int_equal(space_find(&space, top - 0x123, 0x124, 1, 0, &va, &fault), ST_NO_ADDRESS);
	assert_int_equal(space_find(&space, top - 1, 1, 1, 0, &va, &fault), ST_OK);
	assert_int_equal(va, top - 1);
	assert_int_equal(space_find(&space, top, 1, 1, 0, &va, &fault), ST_NO_ADDRESS);
	assert_int_equal(space_find(&space, 0, 1, 1, 0, &va, &fault), ST_OK);
	assert_int_equal(va, 0x1000);
	/* behind a claim comes its guard, and then the first byte that is free */
	assert_int_equal(space_claim(&space, top - 0x5000, 0x2000, SPAN("a"), 0, &fault), ST_OK);
	assert_int_equal(space_find(&space, top - 0x5abc, 0x1000, 1, 0, &va, &fault), ST_OK);
	assert_int_equal(va, top - 0x2000);
	assert_int_equal(space_find(&space, top - 0x5abc, 0x2000, 1, 0, &va, &fault), ST_OK);
	assert_int_equal(va, top - 0x2000);
	assert_int_equal(space_find(&space, top - 0x5abc, 0x2001, 1, 0, &va, &fault), ST_NO_ADDRESS);
	/* before it too */
	assert_int_equal(space_find(&space, top - 0x6fff, 0xfff, 1, 0, &va, &fault), ST_OK);
	assert_int_equal(va, top - 0x6fff);
	assert_int_equal(space_find(&space, top - 0x6fff, 0x1000, 1, 0, &va, &fault), ST_OK);
	assert_int_equal(va, top - 0x2000);
	/* and where only the guard would be left, nothing */
	assert_int_equal(space_claim(&space, top - 0x2000, 1, SPAN("b"), 1, &fault), ST_OK);
	assert_int_equal(space_find(&space, top - 0x5abc, 1, 1, 0, &va, &fault), ST_NO_ADDRESS);
}

/* Rules: M19, M20 */
static void a_refused_address_says_what_would_have_been_possible(void **state)
{
	static const struct { uint64_t va, bytes, limit; } cases[] = {
		{ 0x1000, 0x00007fffffffe001, 0x00007fffffffe000 },
		{ 0x00007fffffffefff, 2, 1 },
		{ 0xffff800000000000, 0x00007ffffffff001, 0x00007ffffffff000 },
		{ 0xffffffffffffeff0, 0x11, 0x10 },
	};
	struct arena arena = scratch(SCRATCH_BYTES);
	struct space space;
	struct fault fault;

	(void)state;
	assert_int_equal(space_init(&space, paging_of(&machine_x86_64, 7), 4, 4, &arena, &fault), ST_OK);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(space_free_at(&space, cases[i].va, cases[i].bytes, 0, &fault),
		                 ST_NO_ADDRESS);
		assert_int_equal(fault.value, cases[i].bytes);
		assert_int_equal(fault.has, FAULT_VALUE | FAULT_LIMIT);
		assert_int_equal(fault.limit, cases[i].limit);
	}
	assert_int_equal(space_free_at(&space, 0xfff, 1, 0, &fault), ST_NO_ADDRESS);
	assert_int_equal(fault.value, 0xfff);
	assert_int_equal(fault.has, FAULT_VALUE);
}

/* Rules: M9 */
static void claims_that_run_out_are_no_memory(void **state)
{
	struct arena arena = scratch(SCRATCH_BYTES);
	struct space space = space_of(&arena, 1, 1);
	struct fault fault;

	(void)state;
	space.claim_capacity = 1;
	assert_int_equal(space_claim(&space, 0x5000, 1, SPAN("a"), 0, &fault), ST_OK);
	assert_int_equal(space_claim(&space, 0x8000, 1, SPAN("a"), 0, &fault), ST_NO_MEMORY);
	assert_int_equal(fault.value, 2);
	assert_int_equal(fault.limit, 1);
	assert_int_equal(space.claim_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_free_if_its_pages_and_their_neighbors_are),
		cmocka_unit_test(the_lowest_free_address_with_the_phase_is_found),
		cmocka_unit_test(addresses_that_no_machine_has_are_refused),
		cmocka_unit_test(the_search_is_exact_to_the_byte),
		cmocka_unit_test(a_refused_address_says_what_would_have_been_possible),
		cmocka_unit_test(claims_that_run_out_are_no_memory),
	};

	return cmocka_run_group_tests_name("space_claim", tests, NULL, NULL);
}
