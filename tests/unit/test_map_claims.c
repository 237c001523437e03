/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_map_claims.c: addresses that the caller has, and those that it keeps free for one object.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "map_request.h"

/* Rules: M9, M14 */
static void a_claim_anywhere_in_or_beside_a_fixed_object_is_refused_by_its_owners_name(void **state)
{
	(void)state;
	for (int page = -4; page < 17; page++) {
		bool clash = page >= -1 && page <= 13;
		struct smalt_request r;

		begin(both[page & 1], 2);
		b.claims[0] = (struct smalt_claim){ 0x400000 + (uint64_t)page * PAGE, PAGE, "firmware", 0 };
		b.setup.claim_count = 1;
		say(open_space());
		r = request(0);
		assert_int_equal(map_it(&r), clash ? IS(ADDRESS_IN_USE) : OK);
		if (clash)
			assert_string_equal(b.fault.word, "firmware");
	}
}

/* Rules: M9 */
static void claims_that_overlap_or_say_nothing_are_refused(void **state)
{
	static const struct { struct smalt_claim claim; uint32_t status; } second[] = {
		{ { 0x400000, 0x2000, "b", 0 }, OK }, { { 0x404000, 0x2000, "b", 0 }, OK },
		{ { 0x401000, 0x2000, "b", 0 }, IS(ADDRESS_IN_USE) },
		{ { 0x403fff, 1, "b", 7 }, IS(ADDRESS_IN_USE) },
		{ { 0x400000, 0, "b", 0 }, IS(INVALID) }, { { 0x400000, 1, NULL, 0 }, IS(INVALID) },
		{ { 0x400000, -0x3fffffull, "b", 0 }, IS(INVALID) },
		/* No table can map these: nobody will ask for them */
		{ { 0, 0x1000, "b", 0 }, OK }, { { 0x0001000000000000, PAGE, "b", 0 }, OK },
		{ { 0xfffffffffffff000, 0x1000, "b", 0 }, OK },
	};

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof second / sizeof second[0]; i++) {
		struct smalt_space *none = (void *)&i;

		begin(both[i & 1], 2);
		b.claims[i & 1] = (struct smalt_claim){ 0x402000, 0x2000, "a", 0 };
		b.claims[!(i & 1)] = second[i / 2].claim;
		b.setup.claim_count = 2;
		b.space = none;
		assert_int_equal(open_space(), second[i / 2].status);
		assert_int_equal(b.space == none, second[i / 2].status != OK);
	}
}

static uint32_t map_reserved(uint64_t tag)
{
	struct smalt_request r = request(SMALT_MAP_RESERVATION);

	r.reservation = tag;
	return map_it(&r);
}

/* Rules: M9 */
static void each_segment_of_a_fixed_object_lies_wholly_in_one_reservation(void **state)
{
	(void)state;
	/* Cuts at every page: good where no segment has bytes on both sides */
	for (uint64_t page = 1; page < 13; page++) {
		bool good = page == 1 || page == 3 || page == 8 || page == 9 || page == 12;
		struct picture before;

		begin(62, 2);
		b.claims[0] = (struct smalt_claim){ 0x400000, page * PAGE, "kept", 5 };
		b.claims[1] = (struct smalt_claim){ 0x400000 + page * PAGE, (13 - page) * PAGE, "kept", 5 };
		b.setup.claim_count = 2;
		say(open_space());
		before = draw(NULL);
		assert_int_equal(map_it(&(struct smalt_request){ 0 }), IS(INVALID));
		assert_int_equal(map_plain(), IS(ADDRESS_IN_USE));
		assert_string_equal(b.fault.word, "kept");
		assert_int_equal(map_reserved(6), IS(NOT_FOUND));
		assert_true(b.fault.value == 6);
		if (!good) {
			assert_int_equal(map_reserved(5), IS(ADDRESS_IN_USE));
			assert_same(&before, NULL);
			continue;
		}
		say(map_reserved(5));
		/* It is the object's now */
		assert_int_equal(map_reserved(5), IS(NOT_FOUND));
		assert_int_equal(map_plain(), IS(ADDRESS_IN_USE));
	}
}

/* Rules: M9 */
static void what_can_move_goes_to_the_lowest_reservation_that_holds_it_all(void **state)
{
	uint64_t from = 0xffffffff80000000;
	uint32_t count;

	(void)state;
	begin(62, 3);
	b.claims[0] = (struct smalt_claim){ from + 0x100000, 0xc000, "kept", 5 };
	b.claims[1] = (struct smalt_claim){ from + 0x801000, 0xe000, "kept", 5 };
	b.claims[2] = (struct smalt_claim){ from + 0x400800, 0xe000, "kept", 5 };
	b.claims[3] = (struct smalt_claim){ from + 0x200000, 0x100000, "other's", 6 };
	b.setup.claim_count = 4;
	say(open_space());
	say(map_reserved(5));
	assert_true(b.rows[0].va == from + 0x401000);
	assert_int_equal(map_reserved(5), IS(NOT_FOUND));
	/* The caller has no say in what is kept for others */
	assert_int_equal(smalt_keep(b.space, from + 0x200000, 0xfee00000, PAGE, 6, 2, &b.fault), IS(ADDRESS_IN_USE));
	assert_string_equal(b.fault.word, "other's");
	(void)smalt_rows(b.space, &count);
	assert_int_equal(count, OBJECT_PARTS);
	say(map_reserved(6));
	assert_true(b.rows[0].va == from + 0x200000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_claim_anywhere_in_or_beside_a_fixed_object_is_refused_by_its_owners_name),
		cmocka_unit_test(claims_that_overlap_or_say_nothing_are_refused),
		cmocka_unit_test(each_segment_of_a_fixed_object_lies_wholly_in_one_reservation),
		cmocka_unit_test(what_can_move_goes_to_the_lowest_reservation_that_holds_it_all),
	};

	return cmocka_run_group_tests_name("map_claims", tests, NULL, NULL);
}
