/* SPDX-License-Identifier: BSD-2-Clause */
/* test_policy.c: stable and random places, against all places that there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "place_maker.h"

enum { PAGE = 4096, DRAWS = 1000 };

#define M (1ull << 20)

static const struct machine *const both[] = { &machine_x86_64, &machine_aarch64 };

/* Windows as docs/config.md gives them: the last 2 GiB but for a page; 512 GiB. */
static const struct { uint64_t first, last; } windows[] = {
	{ 0xffffffff80000000, 0xffffffffffffefff }, { 0xffff800000000000, 0xffff807fffffffff },
};

static struct segment segment[1];
static struct object object;

/* A movable object of one segment of so many bytes. */
static struct place_request request_for(uint64_t bytes, uint64_t align, enum place_policy policy,
                                        const struct random *draw)
{
	struct place_request request;

	segment[0] = (struct segment){ .va = 0x1000, .file_offset = 0x1000, .file_bytes = bytes,
	                               .mem_bytes = bytes, .align = align, .prot = SMALT_R | SMALT_X };
	object = maker_object(OBJECT_MOVABLE, segment, 1);
	request = maker_request(&object);
	request.policy = policy;
	request.draw = draw;
	return request;
}

static struct random draw_of(uint32_t number)
{
	struct random draw = random_open(9);

	random_add(&draw, (struct span){ (const uint8_t *)&number, sizeof number });
	return draw;
}

static uint32_t floor_log2(uint64_t n)
{
	uint32_t bits = 0;

	while (n >>= 1)
		bits++;
	return bits;
}

/* The smallest machine: a window of so many pages at kernel_va. */
static struct machine narrow(const struct machine *machine, uint64_t pages)
{
	struct machine made = *machine;

	made.kernel_last = made.kernel_va + pages * PAGE - 1;
	return made;
}

/* Rules: M13 */
static void the_windows_lie_where_it_is_documented(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		assert_true(both[m]->kernel_va == windows[m].first);
		assert_true(both[m]->kernel_last == windows[m].last);
	}
}

/* 5 MiB of text: one place each 2 MiB, congruent so that text begins with a large leaf. */
static void check_spread(unsigned m, uint64_t places)
{
	struct space space = maker_space_of(both[m], m == 0 ? 7 : 31, MAKER_ROWS);
	uint64_t buckets[16] = { 0 };
	double squares = 0, expected = DRAWS / 16.0;

	for (uint32_t i = 0; i < DRAWS; i++) {
		struct random draw = draw_of(i);
		struct place_request request = request_for(5 * M, 0x1000, PLACE_RANDOM, &draw);
		struct placed p = maker_place(&space, &request);
		uint64_t place = (p.rows[0].va - windows[m].first) / (2 * M);

		assert_int_equal(p.status, ST_OK);
		assert_true(p.rows[0].va % (2 * M) == 0 && p.rows[0].va >= windows[m].first);
		assert_true(p.rows[0].va + 5 * M - 1 <= windows[m].last && place < places);
		assert_int_equal(p.placement.va_bits, floor_log2(places));
		assert_int_equal(p.rows[0].flags & SMALT_ROW_VA_MOVED, 0);
		buckets[place * 16 / places]++;
	}
	for (unsigned i = 0; i < 16; i++)
		squares += ((double)buckets[i] - expected) * ((double)buckets[i] - expected) / expected;
	assert_true(squares < 37.7);         /* 15 degrees of freedom: passed in 1 of 1000 */
}

/* Rules: M13, P2 */
static void random_places_are_spread_evenly_and_keep_large_leaves(void **state)
{
	(void)state;
	/* 1024 leaves of 2M, 262144: in the last two no 5 MiB begin */
	check_spread(0, 1022);
	check_spread(1, 262142);
}

/* Rules: M13 */
static void every_free_place_comes_up_and_no_other(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (unsigned taken = 0; taken < 3; taken++) {
			struct machine machine = narrow(both[m], 24);
			struct space space = maker_space_of(&machine, 1, MAKER_ROWS);
			bool seen[24] = { false };
			uint64_t count = 0;
			struct fault fault;

			for (unsigned i = 0; i < taken; i++)
				assert_int_equal(space_claim(&space, machine.kernel_va + (5 + 8 * i) * PAGE, PAGE,
				                             SPAN("x"), 90 + i, &fault), ST_OK);
			for (uint32_t i = 0; i < DRAWS; i++) {
				struct random draw = draw_of(i);
				struct place_request request = request_for(3 * PAGE, 0x1000, PLACE_RANDOM, &draw);
				struct placed p = maker_place(&space, &request);

				assert_int_equal(p.status, ST_OK);
				seen[(p.rows[0].va - machine.kernel_va) / PAGE] = true;
			}
			for (unsigned i = 0; i < 24; i++) {
				uint64_t va = machine.kernel_va + i * PAGE;
				bool fits = i + 3 <= 24 && space_free_at(&space, va, 3 * PAGE, SMALT_NONE,
				                                         &fault) == ST_OK;

				assert_int_equal(seen[i], fits);
				count += fits;
			}
			assert_true(count > 4);
		}
}

/* Rules: M13, M2 */
static void the_same_draw_gives_the_same_place_and_none_is_packed(void **state)
{
	struct space space = maker_space();
	struct random draw = draw_of(4711);
	struct place_request request = request_for(5 * M, 0x1000, PLACE_RANDOM, &draw);
	struct placed first = maker_place(&space, &request), again = maker_place(&space, &request), packed;

	(void)state;
	assert_true(first.rows[0].va == again.rows[0].va);
	request.draw = NULL;
	again = maker_place(&space, &request);
	request.policy = PLACE_PACKED;
	packed = maker_place(&space, &request);
	assert_true(again.rows[0].va == packed.rows[0].va && packed.rows[0].va != first.rows[0].va);
	assert_int_equal(again.placement.va_bits, 0);
}

/* Rules: M13 */
static void without_a_free_place_it_is_packed_where_there_is_one(void **state)
{
	(void)state;
	for (enum place_policy policy = PLACE_STABLE; policy <= PLACE_RANDOM; policy++) {
		struct machine machine = narrow(&machine_aarch64, 8);
		struct space space = maker_space_of(&machine, 1, MAKER_ROWS);
		struct random draw = draw_of(1);
		struct place_request request = request_for(9 * PAGE, 0x1000, policy, &draw);
		struct placed p;

		request.from = machine.kernel_va;
		p = maker_place(&space, &request);
		assert_int_equal(p.status, ST_OK);
		assert_true(p.rows[0].va == machine.kernel_va);
		assert_int_equal(p.placement.va_bits, 0);
		assert_int_equal((p.rows[0].flags & SMALT_ROW_VA_MOVED) != 0, policy == PLACE_STABLE);
	}
}

/* Rules: M13 */
static void a_stable_place_stays_or_is_the_next_free_one(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 40; n++) {
		struct machine machine = narrow(&machine_x86_64, 16);
		struct space space = maker_space_of(&machine, 1, MAKER_ROWS);
		struct random draw = draw_of(n);
		struct place_request request = request_for(2 * PAGE, 0x1000, PLACE_STABLE, &draw);
		uint64_t wanted = maker_place(&space, &request).rows[0].va;

		for (unsigned page = 0; page < 16; page++) {
			struct space other = maker_space_of(&machine, 1, MAKER_ROWS);
			struct fault fault;
			uint64_t expected = wanted;
			struct placed p;

			assert_int_equal(space_claim(&other, machine.kernel_va + page * PAGE, PAGE, SPAN("x"), 90,
			                             &fault), ST_OK);
			p = maker_place(&other, &request);
			assert_int_equal(p.status, ST_OK);
			while (space_free_at(&other, expected, 2 * PAGE, SMALT_NONE, &fault) != ST_OK ||
			       expected > machine.kernel_last - (2 * PAGE - 1))
				expected = expected >= machine.kernel_last - 2 * PAGE ? machine.kernel_va
				                                                      : expected + PAGE;
			assert_true(p.rows[0].va == expected);
			assert_int_equal((p.rows[0].flags & SMALT_ROW_VA_MOVED) != 0, expected != wanted);
			assert_int_equal(p.placement.va_bits, 0);
		}
	}
}

/* Rules: M13, P2 */
static void where_the_bytes_lie_counts_for_random_and_not_for_stable_places(void **state)
{
	struct space space = maker_space();
	struct random draw = draw_of(3);

	(void)state;
	for (uint64_t pa = 0x1000000; pa < 0x1200000; pa += 0x33000) {
		struct place_request request = request_for(5 * M, 0x1000, PLACE_STABLE, &draw);
		uint64_t nowhere = maker_place(&space, &request).rows[0].va;

		object.bytes_pa = pa;
		request.may_stay = true;
		assert_true(maker_place(&space, &request).rows[0].va == nowhere);
		request.policy = PLACE_RANDOM;
		assert_true(maker_place(&space, &request).rows[0].va % (2 * M) == (pa + 0x1000) % (2 * M));
		request.flags = 0;           /* the file as it is: in its page where its bytes are, or at its start */
		object.bytes_pa = pa + 0x123;
		assert_true(maker_place(&space, &request).rows[0].va % PAGE == 0x123);
		request.policy = PLACE_STABLE;
		assert_true(maker_place(&space, &request).rows[0].va % PAGE == 0);
	}
}

/* Rules: M13, M6, M8 */
static void alignment_and_padding_hold_for_every_policy(void **state)
{
	struct space space = maker_space();

	(void)state;
	for (uint32_t i = 0; i < 200; i++)
		for (enum place_policy policy = PLACE_STABLE; policy <= PLACE_RANDOM; policy++) {
			struct random draw = draw_of(i);
			struct place_request request = request_for(0x3000, 0x200000, policy, &draw);
			struct placed p;

			request.flags |= PLACE_PADDING;
			request.padding = 0x5000;
			p = maker_place(&space, &request);
			assert_int_equal(p.status, ST_OK);
			assert_int_equal(p.count, 3);
			assert_int_equal(p.placement.bias % 0x200000, 0);
			assert_true(p.placement.start >= windows[0].first && p.placement.start == p.rows[0].va);
			assert_true(p.placement.end - 1 <= windows[0].last);
		}
}

/* Rules: M13, M8 */
static void padding_counts_where_places_are_counted(void **state)
{
	(void)state;
	for (enum place_policy policy = PLACE_STABLE; policy <= PLACE_RANDOM; policy++) {
		struct machine machine = narrow(&machine_x86_64, 24);
		struct space space = maker_space_of(&machine, 1, MAKER_ROWS);
		bool seen[24] = { false };

		for (uint32_t i = 0; i < DRAWS; i++) {
			struct random draw = draw_of(i);
			struct place_request request = request_for(3 * PAGE, 0x1000, policy, &draw);
			struct placed p;

			request.flags |= PLACE_PADDING;
			request.padding = 2 * PAGE;
			p = maker_place(&space, &request);
			assert_int_equal(p.status, ST_OK);
			assert_true(p.placement.end - p.placement.start == 7 * PAGE);
			seen[(p.placement.start - machine.kernel_va) / PAGE] = true;
		}
		for (unsigned i = 0; i < 24; i++)
			assert_int_equal(seen[i], i + 7 <= 24);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_windows_lie_where_it_is_documented),
		cmocka_unit_test(random_places_are_spread_evenly_and_keep_large_leaves),
		cmocka_unit_test(every_free_place_comes_up_and_no_other),
		cmocka_unit_test(the_same_draw_gives_the_same_place_and_none_is_packed),
		cmocka_unit_test(without_a_free_place_it_is_packed_where_there_is_one),
		cmocka_unit_test(a_stable_place_stays_or_is_the_next_free_one),
		cmocka_unit_test(where_the_bytes_lie_counts_for_random_and_not_for_stable_places),
		cmocka_unit_test(alignment_and_padding_hold_for_every_policy),
		cmocka_unit_test(padding_counts_where_places_are_counted),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
