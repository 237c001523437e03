/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_ranges.c: the tree says what a look at every single address says.
 */
#include "ranges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "scratch.h"

enum { ADDRESSES = 48 };

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static struct ranges ranges_of(struct arena *arena, uint32_t capacity)
{
	struct ranges ranges;
	struct fault fault;

	assert_int_equal(ranges_init(&ranges, capacity, arena, "ranges", &fault), ST_OK);
	return ranges;
}

/* The model: which range an address is of, counted from 1; touching ranges are two. */
struct model {
	uint8_t of[ADDRESSES + 1];
};

static bool run_is_one(const struct model *model, uint64_t start, uint64_t bytes)
{
	for (uint64_t i = start; i < start + bytes; i++)
		if (i >= ADDRESSES || model->of[i] == 0 || model->of[i] != model->of[start])
			return false;
	return true;
}

static uint64_t model_lowest(const struct model *model, const struct ranges_wish *wish)
{
	for (uint64_t i = wish->from; i < ADDRESSES; i++)
		if (i % wish->align == wish->phase % wish->align && run_is_one(model, i, wish->bytes))
			return i;
	return ADDRESSES;
}

static uint64_t model_highest(const struct model *model, const struct ranges_wish *wish)
{
	for (uint64_t i = ADDRESSES; i-- > 0; )
		if (i % wish->align == wish->phase % wish->align && i + wish->bytes <= wish->from &&
		    run_is_one(model, i, wish->bytes))
			return i;
	return ADDRESSES;
}

/* Ascending, disjoint, no other than the model's; and its bytes and its longest are what they add up to. */
static void assert_agree(const struct ranges *ranges, const struct model *model)
{
	uint64_t longest = 0, bytes = 0, end = 0;

	for (uint32_t i; (i = ranges_behind(ranges, end)) != 0; ) {
		const struct ranges_node *node = &ranges->nodes[i];

		assert_true(node->start >= end && node->start < node->end && node->end <= ADDRESSES);
		for (; end < node->start; end++)
			assert_int_equal(model->of[end], 0);
		assert_true(run_is_one(model, node->start, node->end - node->start));
		assert_false(run_is_one(model, node->start, node->end - node->start + 1));
		end = node->end;
		bytes += end - node->start;
		longest = end - node->start > longest ? end - node->start : longest;
	}
	for (; end < ADDRESSES; end++)
		assert_int_equal(model->of[end], 0);
	assert_int_equal(ranges->bytes, bytes);
	assert_int_equal(ranges_largest(ranges), longest);
}

/* Every question that can be asked of so few addresses. */
static void assert_answers(const struct ranges *ranges, const struct model *model, uint32_t *seed)
{
	for (int i = 0; i < 60; i++) {
		struct ranges_wish wish = {
			next_random(seed) % (ADDRESSES + 4), 1 + next_random(seed) % 9,
			1ull << next_random(seed) % 4, next_random(seed) % 32,
		};
		uint64_t found = ADDRESSES, expected = model_lowest(model, &wish);

		assert_int_equal(ranges_lowest(ranges, &wish, &found), expected != ADDRESSES);
		assert_int_equal(found, expected);
		found = ADDRESSES;
		expected = model_highest(model, &wish);
		assert_int_equal(ranges_highest(ranges, &wish, &found), expected != ADDRESSES);
		assert_int_equal(found, expected);
		assert_int_equal(ranges_hold(ranges, wish.from, wish.bytes),
		                 run_is_one(model, wish.from, wish.bytes));
	}
}

static void add(struct ranges *ranges, struct model *model, uint64_t start, uint64_t bytes)
{
	uint32_t index = ranges_add(ranges, start, start + bytes);

	assert_int_equal(ranges->nodes[index].start, start);
	for (uint64_t i = start; i < start + bytes; i++)
		model->of[i] = (uint8_t)index;
}

/* What lies behind a cut through one range is a range of its own then. */
static void cut(struct ranges *ranges, struct model *model, uint64_t start, uint64_t end)
{
	static unsigned labels;
	uint64_t expected = 0, touched = 0;
	unsigned label = 100 + ++labels % 150;

	for (uint64_t i = start; i < end && i < ADDRESSES; i++) {
		expected += model->of[i] != 0;
		touched = model->of[i] != 0 ? model->of[i] : touched;
		model->of[i] = 0;
	}
	for (uint64_t i = end; touched != 0 && i < ADDRESSES && model->of[i] == touched; i++)
		model->of[i] = (uint8_t)label;
	assert_int_equal(ranges_cut(ranges, start, end), expected);
}

/* Rules: H3 */
static void ranges_are_found_as_a_look_at_every_address_finds_them(void **state)
{
	uint32_t seed = 11;

	(void)state;
	for (int round = 0; round < 600; round++) {
		struct arena arena = scratch(16 << 10);
		struct ranges ranges = ranges_of(&arena, 80);
		struct model model = { { 0 } };

		assert_answers(&ranges, &model, &seed);
		for (int i = 0; i < 30; i++) {
			uint64_t start = next_random(&seed) % ADDRESSES, bytes = 1 + next_random(&seed) % 9;
			bool empty = start + bytes <= ADDRESSES;

			for (uint64_t at = start; at < start + bytes && empty; at++)
				empty = model.of[at] == 0;
			if (empty)
				add(&ranges, &model, start, bytes);
			else if (next_random(&seed) % 2)
				cut(&ranges, &model, start, start + bytes);
			assert_agree(&ranges, &model);
			assert_answers(&ranges, &model, &seed);
		}
	}
}

/* Rules: H3 */
static void addresses_up_to_the_last_are_no_overflow(void **state)
{
	struct arena arena = scratch(16 << 10);
	struct ranges ranges = ranges_of(&arena, 4);
	struct ranges_wish wish = { 0, 0x1000, 1ull << 63, 0x1000 };
	uint64_t found;

	(void)state;
	(void)ranges_add(&ranges, 0xffffffffffff0000, UINT64_MAX);
	assert_false(ranges_lowest(&ranges, &wish, &found));
	wish.align = 0x1000;
	assert_true(ranges_lowest(&ranges, &wish, &found));
	assert_int_equal(found, 0xffffffffffff0000);
	wish.from = UINT64_MAX - 5;
	assert_false(ranges_lowest(&ranges, &wish, &found));
	wish = (struct ranges_wish){ UINT64_MAX - 5, 5, 1, 0 };
	assert_true(ranges_lowest(&ranges, &wish, &found));
	assert_int_equal(found, UINT64_MAX - 5);
	wish = (struct ranges_wish){ UINT64_MAX, 1, 1, 0 };
	assert_true(ranges_highest(&ranges, &wish, &found));
	assert_int_equal(found, UINT64_MAX - 1);
	wish.bytes = UINT64_MAX;
	assert_false(ranges_highest(&ranges, &wish, &found));
	assert_int_equal(ranges_behind(&ranges, UINT64_MAX - 1), 1);
	assert_int_equal(ranges_behind(&ranges, UINT64_MAX), 0);
}

static unsigned depth(const struct ranges *ranges, uint32_t at)
{
	unsigned left, right;

	if (at == 0)
		return 0;
	left = depth(ranges, ranges->nodes[at].left);
	right = depth(ranges, ranges->nodes[at].right);
	return 1 + (left > right ? left : right);
}

/* Rules: M19 */
static void the_tree_is_flat_in_whatever_order_ranges_come(void **state)
{
	enum { MANY = 16384, DEEP = 48 };        /* log2 is 14 */

	(void)state;
	for (unsigned order = 0; order < 4; order++) {
		struct arena arena = scratch(SCRATCH_BYTES);
		struct ranges ranges = ranges_of(&arena, MANY);
		static const unsigned factor[] = { 1, MANY - 1, 5, 12345 };

		for (unsigned i = 0; i < MANY; i++) {
			uint64_t at = (uint64_t)i * factor[order] % MANY;

			(void)ranges_add(&ranges, at * 10, at * 10 + 5);
		}
		assert_int_equal(ranges.bytes, MANY * 5);
		assert_true(depth(&ranges, ranges.root) <= DEEP);
		for (unsigned i = 0; i < MANY / 2; i++)          /* every second one goes */
			assert_int_equal(ranges_cut(&ranges, i * 20, i * 20 + 10), 5);
		assert_true(depth(&ranges, ranges.root) <= DEEP);
	}
}

/* Rules: M1 */
static void without_storage_there_are_no_ranges(void **state)
{
	(void)state;
	for (uint64_t bytes = 0; bytes <= 5 * sizeof(struct ranges_node); bytes++) {
		struct arena arena = scratch(bytes);
		struct ranges ranges = { .root = 77 };
		struct fault fault;
		bool enough = bytes == 5 * sizeof(struct ranges_node);

		assert_int_equal(ranges_init(&ranges, 4, &arena, "pieces", &fault),
		                 enough ? ST_OK : ST_NO_MEMORY);
		assert_int_equal(ranges.root, enough ? 0 : 77);
		if (!enough)
			assert_string_equal(fault.field, "pieces");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_found_as_a_look_at_every_address_finds_them),
		cmocka_unit_test(addresses_up_to_the_last_are_no_overflow),
		cmocka_unit_test(the_tree_is_flat_in_whatever_order_ranges_come),
		cmocka_unit_test(without_storage_there_are_no_ranges),
	};

	return cmocka_run_group_tests_name("ranges", tests, NULL, NULL);
}
