/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_leaf.c: the closed forms against counting one leaf at a time, and against
 * the fewest leaves that any tiling has.
 */
#include "leaf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#define K 1024ull
#define M (1024 * K)
#define G (1024 * M)

/* Pages of 1 byte: leaves of 1, 2 (a run), 4, 8 (a run), 16. */
static struct format tiny_format(uint64_t small_below)
{
	return (struct format){
		.granule_shift = 0, .index_bits = 2, .levels = 3, .leaf_count = 5,
		.leaves = { { 0, 0, 0 }, { 1, 0, 1 }, { 2, 1, 0 }, { 3, 1, 1 }, { 4, 2, 0 } },
		.small_below = small_below,
	};
}

/* May a leaf of this size begin at pa, va? The rule, in words of division. */
static bool allowed(const struct format *f, uint32_t mask, unsigned i, uint64_t va, uint64_t pa)
{
	uint64_t size = 1ull << f->leaves[i].shift;

	if (i == 0)
		return true;
	return (mask >> i & 1) && va % size == 0 && pa % size == 0 && pa >= f->small_below;
}

#define PAGES 40

/* The fewest leaves of all tilings, from the end: no greed in it. */
static unsigned fewest(const struct format *f, uint32_t mask, const struct map *map)
{
	unsigned best[PAGES + 1];

	best[map->bytes] = 0;
	for (uint64_t at = map->bytes; at-- > 0;) {
		best[at] = 1 + best[at + 1];
		for (unsigned i = 1; i < f->leaf_count; i++) {
			uint64_t size = 1ull << f->leaves[i].shift;

			if (allowed(f, mask, i, map->va + at, map->pa + at) &&
			    size <= map->bytes - at && 1 + best[at + size] < best[at])
				best[at] = 1 + best[at + size];
		}
	}
	return best[0];
}

/* Leaf by leaf, the largest that is allowed; also checks leaf_at(). */
static void one_by_one(const struct format *f, uint32_t mask, const struct map *map,
                       uint64_t count[MACHINE_LEAVES])
{
	for (uint64_t at = 0; at < map->bytes;) {
		unsigned i = f->leaf_count - 1u;

		while (!allowed(f, mask, i, map->va + at, map->pa + at) ||
		       1ull << f->leaves[i].shift > map->bytes - at)
			i--;
		assert_int_equal(leaf_at(f, mask, map->va + at, map->pa + at, map->bytes - at), i);
		count[i]++;
		at += 1ull << f->leaves[i].shift;
	}
}

static void check_count(const struct format *f, uint32_t mask, const struct map *map)
{
	uint64_t expected[MACHINE_LEAVES] = { 0 }, count[MACHINE_LEAVES];
	unsigned largest = 0, sum = 0;

	memset(count, 0, sizeof(count));
	one_by_one(f, mask, map, expected);
	for (unsigned i = 0; i < f->leaf_count; i++)
		if (expected[i] != 0)
			largest = i;
	assert_int_equal(leaf_count(f, mask, map, count), largest);
	assert_memory_equal(count, expected, sizeof(count));
	for (unsigned i = 0; i < f->leaf_count; i++)
		sum += (unsigned)count[i];
	assert_int_equal(sum, fewest(f, mask, map));
}

/* All va and pa modulo the largest leaf, all lengths up to two of them, all masks. */
/* Rules: P1, P3 */
static void counts_are_minimal_for_all_small_pieces(void **state)
{
	(void)state;
	for (uint64_t small = 0; small <= 8; small += 4) {
		struct format f = tiny_format(small);

		for (uint32_t mask = 1; mask < 32; mask += 2)
			for (uint64_t va = 0; va < 16; va += mask == 31 ? 1 : 3)
				for (uint64_t pa = 0; pa < 20; pa++)
					for (uint64_t bytes = 1; bytes < PAGES; bytes++) {
						struct map map = { va, pa, bytes, 0, 0 };

						check_count(&f, mask, &map);
					}
	}
}

/* Rules: P1 */
static void covered_is_what_larger_leaves_map_in_one_piece(void **state)
{
	struct format f = tiny_format(4);

	(void)state;
	for (uint64_t va = 0; va < 16; va++)
		for (uint64_t bytes = 1; bytes < PAGES; bytes++) {
			struct map map = { va, va, bytes, 0, 0 };
			uint32_t usable = leaf_usable(&f, 31, &map);
			uint64_t count[MACHINE_LEAVES] = { 0 }, before = 77;

			one_by_one(&f, 31, &map, count);
			assert_int_equal(leaf_covered(&f, usable, &map, 0, &before), bytes);
			assert_int_equal(before, 0);
			for (unsigned i = 1; i < 5; i++) {
				uint64_t head = 0, sum = 0;

				for (unsigned j = i; j < 5; j++)
					sum += count[j] << f.leaves[j].shift;
				assert_int_equal(leaf_covered(&f, usable, &map, i, &head), sum);
				if (sum != 0)
					assert_true(allowed(&f, 31, i, va + head, va + head));
			}
		}
}

/* Rules: P1, P5 */
static void the_largest_leaf_is_found_for_all_small_pieces(void **state)
{
	struct format f = tiny_format(0);

	(void)state;
	for (uint32_t mask = 1; mask < 32; mask += 2)
		for (uint64_t va = 0; va < 16; va++)
			for (uint64_t bytes = 1; bytes < PAGES; bytes++) {
				struct map map = { va, va, bytes, 0, 0 };
				uint64_t count[MACHINE_LEAVES] = { 0 };
				unsigned largest = 0;

				one_by_one(&f, mask, &map, count);
				for (unsigned i = 0; i < 5; i++)
					if (count[i] != 0)
						largest = i;
				assert_int_equal(leaf_largest(&f, mask, va, bytes), largest);
			}
}

/* Rules: P3 */
static void nothing_large_begins_in_the_first_mib_of_x86_64(void **state)
{
	const struct format *f = machine_x86_64.format;
	struct map map = { 0xffff800000000000, 0, 4 * G, SMALT_R | SMALT_W, 0 };
	uint64_t count[MACHINE_LEAVES] = { 0 };

	(void)state;
	assert_int_equal(leaf_at(f, 7, 0, 0, G), 0);
	assert_int_equal(leaf_at(f, 7, G, G, G), 2);
	assert_int_equal(leaf_count(f, 7, &map, count), 2);
	/* 512 pages below 2 MiB, 511 of 2 MiB below 1 GiB, then 3 of 1 GiB */
	assert_int_equal(count[0], 512);
	assert_int_equal(count[1], 511);
	assert_int_equal(count[2], 3);
}

/* Rules: P1, P3 */
static void aarch64_counts_runs_as_leaves(void **state)
{
	const struct format *f = machine_aarch64.format;
	/* from 32M - 2M - 64K - 4K to 1G + 4K */
	struct map map = { 30 * M - 68 * K, 0x40000000 + 30 * M - 68 * K,
	                   G - 30 * M + 72 * K, SMALT_R, 0 };
	uint64_t count[MACHINE_LEAVES] = { 0 };

	(void)state;
	assert_int_equal(leaf_count(f, 31, &map, count), 3);
	assert_int_equal(count[0], 2);       /* one at each end */
	assert_int_equal(count[1], 1);
	assert_int_equal(count[2], 1);
	assert_int_equal(count[3], 31);      /* 32M up to 1G */
	assert_int_equal(count[4], 0);
}

/* Rules: P1 */
static void pieces_up_to_the_last_byte_of_64_bits_are_counted(void **state)
{
	const struct format *f = machine_aarch64.format;
	struct map map = { -(2 * M), 2 * M, 2 * M, SMALT_R, 0 };
	uint64_t count[MACHINE_LEAVES] = { 0 };

	(void)state;
	assert_int_equal(leaf_count(f, 31, &map, count), 2);
	assert_int_equal(count[2], 1);
	map.va = -(64 * K) - 4 * K;
	map.pa = G - 4 * K;
	map.bytes = 64 * K + 4 * K;
	assert_int_equal(leaf_count(f, 31, &map, count), 1);
	assert_int_equal(count[0], 1);
	assert_int_equal(count[1], 1);
	assert_int_equal(leaf_largest(f, 31, map.va, map.bytes), 1);
}

/* Rules: P3 */
static void a_leaf_the_cpu_lacks_is_never_used(void **state)
{
	const struct format *f = machine_x86_64.format;
	struct map map = { G, G, G, SMALT_R, 0 };
	uint64_t count[MACHINE_LEAVES] = { 0 };

	(void)state;
	assert_int_equal(leaf_usable(f, 3, &map), 3);
	assert_int_equal(leaf_usable(f, 7, &map), 7);
	assert_int_equal(leaf_usable(f, 0, &map), 1);
	assert_int_equal(leaf_count(f, 3, &map, count), 1);
	assert_int_equal(count[1], 512);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_minimal_for_all_small_pieces),
		cmocka_unit_test(covered_is_what_larger_leaves_map_in_one_piece),
		cmocka_unit_test(the_largest_leaf_is_found_for_all_small_pieces),
		cmocka_unit_test(nothing_large_begins_in_the_first_mib_of_x86_64),
		cmocka_unit_test(aarch64_counts_runs_as_leaves),
		cmocka_unit_test(pieces_up_to_the_last_byte_of_64_bits_are_counted),
		cmocka_unit_test(a_leaf_the_cpu_lacks_is_never_used),
	};

	return cmocka_run_group_tests_name("leaf", tests, NULL, NULL);
}
