/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_granules.c: tables of aarch64 with pages of 4K, 16K and 64K, read back by a walker
 * written from the manual, and audited.
 */
#include "audit.h"
#include "pagetable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "walker.h"

#define K 1024ull
#define M (1024 * K)
#define G (1024 * M)
#define TABLES_PA (64 * M)
#define STORAGE (16 * M)

enum { RW = SMALT_R | SMALT_W, RX = SMALT_R | SMALT_X, GRANULES = 3 };

static const uint32_t shifts[GRANULES] = { 12, 14, 16 };

static uint64_t *storage;
static struct fault fault;

static int make_storage(void **state)
{
	(void)state;
	storage = aligned_alloc(64 * K, STORAGE);
	return storage == NULL;
}

static int free_storage(void **state)
{
	(void)state;
	free(storage);
	return 0;
}

/* Fills all memory with 0xAA and builds: every word of every table is written, and no other. */
static struct pagetable build(uint32_t shift, const struct map *maps, uint32_t count)
{
	const struct format *format = machine_format(&machine_aarch64, shift, 0);
	struct pagetable pt = {
		.machine = &machine_aarch64, .format = format,
		.leaf_mask = (1u << format->leaf_count) - 1, .tables_pa = TABLES_PA,
		.window = (uintptr_t)storage - TABLES_PA,
	};
	uint64_t end;

	assert_int_equal(pagetable_count(&pt, maps, count, &pt.table_count, &fault), ST_OK);
	end = ((uint64_t)pt.table_count << shift) / 8;
	assert_true(end < STORAGE / 8);
	memset(storage, 0xaa, STORAGE);
	pagetable_build(&pt, maps, count);
	for (uint64_t i = 0; i < end; i++)
		if (storage[i] == 0xaaaaaaaaaaaaaaaa)
			fail_msg("word %lu was not written", (unsigned long)i);
	assert_int_equal(storage[end], 0xaaaaaaaaaaaaaaaa);
	return pt;
}

static enum status audit(const struct pagetable *pt, const struct map *maps, uint32_t count,
                         struct audit_leaves *leaves)
{
	struct audit_tables t = {
		.elf_machine = 183, .granule_shift = pt->format->granule_shift,
		.levels = pt->format->levels,
		.root_pa = { pt->root_pa[0], pt->root_pa[1] }, .window = pt->window,
		.tables_pa = pt->tables_pa,
		.tables_bytes = (uint64_t)pt->table_count << pt->format->granule_shift,
	};

	*leaves = (struct audit_leaves){ .direct_bytes = 0 };
	return audit_tables(&t, maps, count, leaves, &fault);
}

/*
 * DDI 0487 D8, 16 KiB granule: level 0 is bit 47, levels 1 and 2 bits 46:36 and 35:25, pages 24:14.
 * 0x8000_0000_0000 of the upper half: 1, 0, 0, 0. A run of 128 pages, one page, a run of 32 blocks.
 */
/* Rules: P3, P7, M18 */
static void entries_of_16k_stand_where_the_manual_says(void **state)
{
	static const struct map maps[] = {
		{ 0xffff800000000000, 0x40000000, 2 * M + 16 * K, RW, 0 },
		{ 0xffff800040000000, 0x80000000, G, RX, 0 },
	};
	struct pagetable pt = build(14, maps, 2);
	const uint64_t words = 2048;

	(void)state;
	assert_int_equal(pt.table_count, 5);         /* two roots, level 1, level 2, pages */
	assert_int_equal(pt.root_pa[1], TABLES_PA + 0x4000);
	assert_int_equal(storage[0] | storage[1] | storage[words], 0);
	assert_int_equal(storage[words + 1], 0x4008003);
	assert_int_equal(storage[2 * words], 0x400c003);
	assert_int_equal(storage[3 * words], 0x4010003);
	for (uint64_t i = 0; i < 128; i++)
		assert_int_equal(storage[4 * words + i], 0x0070000040000703 + i * 0x4000);
	assert_int_equal(storage[4 * words + 128], 0x0060000040200703);
	for (uint64_t i = 0; i < 32; i++)
		assert_int_equal(storage[3 * words + 32 + i], 0x0050000080000781 + i * 32 * M);
}

/* 64 KiB: level 1 is bits 47:42, level 2 41:29, pages 28:16. A run of 32 pages, a page, a block. */
/* Rules: P3, P7, M18 */
static void entries_of_64k_stand_where_the_manual_says(void **state)
{
	static const struct map maps[] = {
		{ 0xffff800000000000, 0x40000000, 2 * M + 64 * K, RW, 0 },
		{ 0xffff800020000000, 0x80000000, 512 * M, RX, 0 },
		{ 0xffff800400000000, 0x400000000, 16 * G, RW, 0 },
	};
	struct pagetable pt = build(16, maps, 3);
	const uint64_t words = 8192;

	(void)state;
	assert_int_equal(pt.table_count, 4);
	assert_int_equal(pt.root_pa[1], TABLES_PA + 0x10000);
	assert_int_equal(storage[words + 32], 0x4020003);
	assert_int_equal(storage[2 * words], 0x4030003);
	for (uint64_t i = 0; i < 32; i++)
		assert_int_equal(storage[3 * words + i], 0x0070000040000703 + i * 0x10000);
	assert_int_equal(storage[3 * words + 32], 0x0060000040200703);
	assert_int_equal(storage[2 * words + 1], 0x0040000080000781);
	for (uint64_t i = 0; i < 32; i++)
		assert_int_equal(storage[2 * words + 32 + i], 0x0070000400000701 + i * 512 * M);
}

static uint64_t seed = 1;

static uint64_t random_below(uint64_t bound)
{
	seed = seed * 6364136223846793005 + 1442695040888963407;
	return (seed >> 20) % bound;
}

/* Up to eight pieces, small and large ones, congruent modulo something or not, in both halves. */
static uint32_t random_maps(uint32_t shift, struct map *maps)
{
	static const uint32_t rights[] = { SMALT_R, RW, RX, SMALT_U | RX };
	uint32_t count = 1 + (uint32_t)random_below(8);
	uint64_t va = (1 + random_below(64)) << shift;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t most = 1ull << (shift + random_below(13));
		uint64_t bytes = (1ull << shift) * (1 + random_below(most >> shift));
		uint64_t apart = random_below(2) << (shift + random_below(14));

		if (i == count / 2)
			va = 0xffff000000000000 + (random_below(1ull << 24) << shift);
		maps[i] = (struct map){ va, ((va & 0xffffffff) + apart) & 0xffffffffff, bytes,
		                        rights[random_below(4)], (uint32_t)random_below(3) };
		va += bytes + (random_below(3) << (shift + random_below(8)));
	}
	return count;
}

/* The first and last byte of the pages of each piece, and what lies around it. */
static void check_piece(const struct pagetable *pt, const struct map *map, bool free_before)
{
	unsigned shift = pt->format->granule_shift;

	for (uint64_t at = 0; at < map->bytes; at += 1ull << shift) {
		struct walked w = walk_granule(shift, pt->root_pa, pt->window, map->va + at + 5);

		assert_true(w.mapped);
		assert_int_equal(w.pa, map->pa + at + 5);
		assert_int_equal(w.prot, map->prot);
		assert_int_equal(w.memory, map->memory);
	}
	if (free_before)
		assert_false(walk_granule(shift, pt->root_pa, pt->window, map->va - 1).mapped);
}

static uint64_t sum(const uint64_t *count)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < 40; i++)
		all += count[i];
	return all;
}

/* Leaves that a walk from va to va meets, one after the other. */
static uint64_t walked_leaves(const struct pagetable *pt, const struct map *map)
{
	uint64_t leaves = 0;

	for (uint64_t at = 0; at < map->bytes; leaves++)
		at += walk_granule(pt->format->granule_shift, pt->root_pa, pt->window, map->va + at).leaf_bytes;
	return leaves;
}

/* Rules: P1, P3, P7 */
static void random_maps_translate_page_by_page_and_are_what_the_audit_counts(void **state)
{
	struct map maps[8];

	(void)state;
	for (unsigned round = 0; round < 200; round++)
		for (unsigned g = 0; g < GRANULES; g++) {
			uint32_t count = random_maps(shifts[g], maps);
			struct pagetable pt = build(shifts[g], maps, count);
			struct audit_leaves leaves;
			uint64_t met = 0;

			for (uint32_t i = 0; i < count; i++) {
				check_piece(&pt, &maps[i], i == 0 || maps[i - 1].va + maps[i - 1].bytes != maps[i].va);
				met += walked_leaves(&pt, &maps[i]);
			}
			assert_int_equal(audit(&pt, maps, count, &leaves), ST_OK);
			assert_int_equal(leaves.tables, pt.table_count);
			assert_int_equal(sum(leaves.rows), met);
		}
}

/* Rules: P7 */
static void each_bit_of_each_entry_that_is_broken_is_found(void **state)
{
	struct audit_leaves leaves;

	(void)state;
	for (unsigned g = 1; g < GRANULES; g++) {
		uint64_t page = 1ull << shifts[g];
		const struct map maps[] = {
			{ page, 3 * page, 2 * page, RX, 0 },
			{ 4 * M, 8 * M, 2 * M, RW, 0 },
			{ 0xffff800000000000, 2 * G, 512 * M, SMALT_R, 0 },
			{ -2 * page, 5 * page, page, RW, SMALT_CACHE_DEVICE },
		};
		struct pagetable pt = build(shifts[g], maps, 4);
		unsigned root_entries = shifts[g] == 14 ? 2 : 64;

		assert_int_equal(audit(&pt, maps, 4, &leaves), ST_OK);
		for (uint64_t i = 0; i < (uint64_t)pt.table_count << shifts[g] >> 3; i++) {
			bool root = i >> (shifts[g] - 3) < 2;
			bool read = !root || i % (page / 8) < root_entries;
			uint64_t was = storage[i];

			/* Of empty entries some, else it takes minutes */
			if (was == 0 && i % 97 != 0 && !(root && read))
				continue;
			for (unsigned bit = 0; bit < 64; bit += was != 0 ? 1 : 21) {
				storage[i] = was ^ 1ull << bit;
				if (audit(&pt, maps, 4, &leaves) != (read ? ST_AUDIT : ST_OK))
					fail_msg("granule %u word %lu bit %u", shifts[g], (unsigned long)i, bit);
			}
			storage[i] = was;
		}
		assert_int_equal(audit(&pt, maps, 4, &leaves), ST_OK);
	}
}

/* Rules: P7 */
static void tables_of_a_granule_that_no_manual_has_are_refused(void **state)
{
	const struct map map = { 64 * K, 64 * K, 64 * K, RW, 0 };
	struct pagetable pt = build(16, &map, 1);
	struct audit_tables t = { .elf_machine = 183, .granule_shift = 13, .levels = 4, .window = pt.window };
	struct audit_leaves leaves = { .direct_bytes = 0 };

	(void)state;
	assert_int_equal(audit_tables(&t, &map, 1, &leaves, &fault), ST_AUDIT);
	t.elf_machine = 62;
	t.granule_shift = 16;
	t.levels = 3;
	assert_int_equal(audit_tables(&t, &map, 1, &leaves, &fault), ST_AUDIT);
}

/* ARM DDI 0487: what no granule has: a piece that is not whole pages of its own. */
/* Rules: M19 */
static void pieces_of_smaller_pages_are_refused(void **state)
{
	(void)state;
	for (unsigned g = 1; g < GRANULES; g++) {
		const struct format *format = machine_format(&machine_aarch64, shifts[g], 0);
		struct pagetable pt = { .machine = &machine_aarch64, .format = format, .leaf_mask = 1 };
		struct map map = { 1 * G, 1 * G, 4 * K, RW, 0 };
		uint32_t tables;

		assert_int_equal(pagetable_count(&pt, &map, 1, &tables, &fault), ST_MISALIGNED);
		assert_int_equal(fault.limit, 1u << shifts[g]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_of_16k_stand_where_the_manual_says),
		cmocka_unit_test(entries_of_64k_stand_where_the_manual_says),
		cmocka_unit_test(random_maps_translate_page_by_page_and_are_what_the_audit_counts),
		cmocka_unit_test(each_bit_of_each_entry_that_is_broken_is_found),
		cmocka_unit_test(tables_of_a_granule_that_no_manual_has_are_refused),
		cmocka_unit_test(pieces_of_smaller_pages_are_refused),
	};

	return cmocka_run_group_tests(tests, make_storage, free_storage);
}
