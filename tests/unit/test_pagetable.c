/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_pagetable.c: tables of both machines read back by a walker written from
 * the manuals, and all small maps of a machine with tables of four entries.
 */
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
#define TABLES_PA (16 * M)
#define MAX_TABLES 4096u

enum { RW = SMALT_R | SMALT_W, RX = SMALT_R | SMALT_X };

static uint64_t *storage;

static int make_storage(void **state)
{
	(void)state;
	storage = aligned_alloc(4096, (MAX_TABLES + 1) * 4096ul);
	return storage == NULL;
}

static int free_storage(void **state)
{
	(void)state;
	free(storage);
	return 0;
}

static struct pagetable fresh(const struct machine *machine, uint32_t leaf_mask)
{
	return (struct pagetable){ .machine = machine, .format = machine->format,
	                           .leaf_mask = leaf_mask, .tables_pa = TABLES_PA,
	                           .window = (uintptr_t)storage - TABLES_PA };
}

/* Counts, fills all memory with 0xAA, builds: exactly the counted tables are written. */
static void build(struct pagetable *pt, const struct map *maps, uint32_t count)
{
	uint64_t words = 1ull << pt->format->index_bits, end;
	struct fault fault;

	assert_int_equal(pagetable_count(pt, maps, count, &pt->table_count, &fault), ST_OK);
	assert_true(pt->table_count <= MAX_TABLES);
	end = pt->table_count * words;
	memset(storage, 0xaa, (end + words) * 8);
	pagetable_build(pt, maps, count);
	for (uint64_t i = 0; i < end; i++)
		if (storage[i] == 0xaaaaaaaaaaaaaaaa)
			fail_msg("word %lu was not written", (unsigned long)i);
	for (uint64_t i = end; i < end + words; i++)
		assert_int_equal(storage[i], 0xaaaaaaaaaaaaaaaa);
}

static struct walked at(const struct pagetable *pt, uint64_t va)
{
	return walk(pt->machine->elf_machine, pt->root_pa, pt->window, va);
}

/* ---- known answers ---- */

/* SDM Tables 4-18, 4-20; the walk: index 511, 510, 1, then 0 of a table or none. */
/* Rules: P7, M18 */
static void entries_of_x86_64_stand_where_the_manual_says(void **state)
{
	struct pagetable pt = fresh(&machine_x86_64, 7);
	struct map maps[] = {
		{ 0xffffffff80200000, 0x40000000, 2 * M, RX, 0 },
		{ 0xffffffff80400000, 0x12345000, 8 * K, RW, 0 },
		{ 0xffffffff80600000, 0xfee00000, 4 * K, RW, SMALT_CACHE_DEVICE },
	};

	(void)state;
	build(&pt, maps, 3);
	assert_int_equal(pt.table_count, 5);         /* PML4, PDPT, PD, two PT */
	assert_int_equal(pt.root_pa[0], TABLES_PA);
	assert_int_equal(pt.root_pa[1], 0);
	assert_int_equal(storage[511], 0x1001027);
	assert_int_equal(storage[512 + 510], 0x1002027);
	assert_int_equal(storage[1024 + 0], 0);
	assert_int_equal(storage[1024 + 1], 0x00000000400001a1);
	assert_int_equal(storage[1024 + 2], 0x1003027);
	assert_int_equal(storage[1024 + 3], 0x1004027);
	assert_int_equal(storage[1536 + 0], 0x8000000012345163);
	assert_int_equal(storage[1536 + 1], 0x8000000012346163);
	assert_int_equal(storage[1536 + 2], 0);
	assert_int_equal(storage[2048 + 0], 0x80000000fee0017b);
}

/* A run of 16 entries has the contiguous bit in each; halves have a root each. */
/* Rules: P7, M18, P3 */
static void entries_of_aarch64_stand_where_the_manual_says(void **state)
{
	struct pagetable pt = fresh(&machine_aarch64, 31);
	struct map maps[] = {
		{ 0x0000000000010000, 0x40010000, 68 * K, RW, 0 },
		{ 0xffff800000000000, 0x80000000, 32 * M, RX, 0 },
	};

	(void)state;
	build(&pt, maps, 2);
	assert_int_equal(pt.table_count, 7);
	assert_int_equal(pt.root_pa[0], TABLES_PA);
	assert_int_equal(pt.root_pa[1], TABLES_PA + 4096);
	assert_int_equal(storage[0], 0x1002003);
	assert_int_equal(storage[512 + 256], 0x1005003);
	for (uint64_t i = 0; i < 16; i++)
		assert_int_equal(storage[4 * 512 + 16 + i], 0x0070000040010703 + i * 4096);
	assert_int_equal(storage[4 * 512 + 32], 0x0060000040020703);
	for (uint64_t i = 0; i < 16; i++)
		assert_int_equal(storage[6 * 512 + i], 0x0050000080000781 + i * 2 * M);
	assert_int_equal(storage[6 * 512 + 16], 0);
}

/* Rules: M15 */
static void guarded_text_has_bit_50_where_the_machine_knows_it(void **state)
{
	struct map map = { 0xffff800000000000, 0x80000000, 68 * K, RX | SMALT_G, 0 };
	struct pagetable pt = fresh(&machine_aarch64, 31);
	struct fault fault;
	uint32_t tables;

	(void)state;
	build(&pt, &map, 1);
	for (uint64_t i = 0; i < 16; i++)            /* DDI 0487, D8: GP */
		assert_int_equal(storage[4 * 512 + i], 0x0054000080000783 + i * 4096);
	assert_int_equal(storage[4 * 512 + 16], 0x0044000080010783);
	map.prot = SMALT_R | SMALT_G;
	assert_int_equal(pagetable_count(&pt, &map, 1, &tables, &fault), ST_WX);
	map.prot = RX | SMALT_G | 32;
	assert_int_equal(pagetable_count(&pt, &map, 1, &tables, &fault), ST_WX);
	map.prot = RX | SMALT_G;
	pt = fresh(&machine_x86_64, 7);
	assert_int_equal(pagetable_count(&pt, &map, 1, &tables, &fault), ST_WX);
	map.prot = RX;
	assert_int_equal(pagetable_count(&pt, &map, 1, &tables, &fault), ST_OK);
}

/* Rules: P7 */
static void an_unused_half_is_an_empty_root(void **state)
{
	struct pagetable pt = fresh(&machine_aarch64, 31);
	struct map map = { 0xffff000040000000, 0x40000000, 4 * K, RW, 0 };

	(void)state;
	build(&pt, &map, 1);
	assert_int_equal(pt.table_count, 5);
	for (unsigned i = 0; i < 512; i++)
		assert_int_equal(storage[i], 0);
	assert_int_equal(at(&pt, map.va + 8).pa, map.pa + 8);
	build(&pt, NULL, 0);
	assert_int_equal(pt.table_count, 2);
}

/* Rules: M18 */
static void tables_of_el2_let_text_be_executed(void **state)
{
	struct pagetable pt = fresh(&machine_aarch64, 31);
	struct map maps[] = { { 4 * K, 4 * K, 4 * K, RX, 0 }, { 8 * K, 8 * K, 4 * K, RW, 0 } };

	(void)state;
	pt.format = &format_aarch64_el2;
	build(&pt, maps, 2);
	assert_int_equal(storage[4 * 512 + 1], 0x00000000000017c3);
	assert_int_equal(storage[4 * 512 + 2], 0x0040000000002743);
}

/* ---- the walker on larger maps ---- */

static void check_map(const struct pagetable *pt, const struct map *map, uint64_t step)
{
	for (uint64_t done = 0; done < map->bytes; done += step) {
		struct walked w = at(pt, map->va + done);

		assert_true(w.mapped);
		assert_int_equal(w.pa, map->pa + done);
		assert_int_equal(w.prot, map->prot);
		assert_int_equal(w.memory, map->memory);
		assert_int_equal(w.global, !(map->prot & SMALT_U));
	}
	assert_int_equal(at(pt, map->va + map->bytes - 1).pa, map->pa + map->bytes - 1);
}

/* Rules: P7, M18, P1 */
static void every_page_of_a_mixed_space_translates(void **state)
{
	struct map maps[] = {
		{ 64 * K, 5 * M + 64 * K, 9 * M + 12 * K, RX, 0 },
		{ 16 * M, 2 * M + 4 * K, 2 * M, SMALT_R, 0 },
		{ G - 4 * K, 3 * G - 4 * K, G + 8 * K, RW, 0 },
		{ 3 * G, 8 * G, 4 * K, RX | SMALT_U, 0 },
		{ 3 * G + 4 * K, 8 * G, 4 * K, SMALT_R | SMALT_U, 0 },
		{ 3 * G + 8 * K, 8 * G, 4 * K, RW | SMALT_U, 0 },
		{ 0xffff800000000000, 34 * M, 64 * M, RW, SMALT_CACHE_WRITE_COMBINE },
		{ -(64 * M), 96 * M, 64 * M, RW, SMALT_CACHE_DEVICE },
	};
	uint32_t count = sizeof(maps) / sizeof(maps[0]);

	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (uint32_t mask = 1; mask < 32; mask += 2) {
			struct pagetable pt = fresh(machines[m], mask);

			build(&pt, maps, count);
			for (uint32_t i = 0; i < count; i++)
				check_map(&pt, &maps[i], 4096);
			assert_false(at(&pt, 64 * K - 1).mapped);
			assert_false(at(&pt, 64 * K + maps[0].bytes).mapped);
			assert_false(at(&pt, 2 * G + 4 * K).mapped);
			assert_false(at(&pt, 0xffff800000000000 + 64 * M).mapped);
		}
}

/* Rules: P6, P1, P3 */
static void sixty_four_gib_take_few_tables(void **state)
{
	struct map map = { 0, 0, 64 * G, RW, 0 };
	struct pagetable pt;

	(void)state;
	map.va = machine_x86_64.format->direct_map_va;
	pt = fresh(&machine_x86_64, 7);
	build(&pt, &map, 1);
	/* root, PDPT; the first GiB has no large leaf at 0: its PD and one PT */
	assert_int_equal(pt.table_count, 4);
	assert_int_equal(at(&pt, map.va).leaf_bytes, 4 * K);
	assert_int_equal(at(&pt, map.va + 2 * M).leaf_bytes, 2 * M);
	assert_int_equal(at(&pt, map.va + G).leaf_bytes, G);
	check_map(&pt, &map, 2 * M);
	pt = fresh(&machine_x86_64, 3);
	build(&pt, &map, 1);
	assert_int_equal(pt.table_count, 1 + 1 + 64 + 1);
	check_map(&pt, &map, 2 * M);
	map.va = machine_aarch64.format->direct_map_va;
	pt = fresh(&machine_aarch64, 31);
	build(&pt, &map, 1);
	assert_int_equal(pt.table_count, 3);
	check_map(&pt, &map, 2 * M);
	pt = fresh(&machine_aarch64, 15);
	build(&pt, &map, 1);
	assert_int_equal(pt.table_count, 3 + 64);
	assert_int_equal(at(&pt, map.va + G).leaf_bytes, 32 * M);
	check_map(&pt, &map, 2 * M);
}

/* ---- all small maps ---- */

/* 4-entry tables of 32 bytes, 3 levels: 64 pages of 32 bytes, the upper 32 in a half of their own. */
static const struct format small_format = {
	.granule_shift = 5, .index_bits = 2, .levels = 3, .leaf_count = 5,
	.leaves = { { 5, 0, 0 }, { 6, 0, 1 }, { 7, 1, 0 }, { 8, 1, 1 }, { 9, 2, 0 } },
	.pa_mask = 0x7ffe0, .table = 2, .leaf = { 1, 5 }, .run = 8,
	.prot = { [0] = FORMAT_REFUSED, [SMALT_R] = 16 },
	.range_count = 2,
	.ranges = { { 0, 31 * 32 + 31, 0 }, { 0xf0000000 + 32 * 32, 0xf0000000 + 63 * 32 + 31, 1 } },
};
static const struct machine small_machine = {
	.name = "small", .root_count = 2,
	.format = &small_format,
};
#define SMALL_TABLES 0x40000ull
#define UNMAPPED UINT64_MAX

/* Reads one page as the small machine would: T or L in bits 0 and 1. */
static uint64_t small_walk(const struct pagetable *pt, unsigned page)
{
	uint64_t table = pt->root_pa[page >= 32];

	for (unsigned level = 3; level-- > 0;) {
		uint64_t entry = walker_read(pt->window, table, page >> 2 * level & 3);
		unsigned below = page & ((1u << 2 * level) - 1);

		if (entry == 0)
			return UNMAPPED;
		if (entry & 1) {
			assert_int_equal(entry & 0x17, level ? 0x15 : 0x11);
			return (entry & 0x7ffe0) / 32 + below;
		}
		assert_int_equal(entry & 0x1f, 2);
		table = entry & 0x7ffe0;
	}
	fail();
	return UNMAPPED;
}

static struct map small_map(unsigned page, unsigned pa, unsigned pages)
{
	uint64_t va = page * 32ull + (page >= 32 ? 0xf0000000 : 0);

	return (struct map){ va, pa * 32ull, pages * 32ull, SMALT_R, 0 };
}

static void check_small(uint32_t mask, const struct map *maps, uint32_t count)
{
	struct pagetable pt = { .machine = &small_machine, .format = &small_format,
	                        .leaf_mask = mask, .tables_pa = SMALL_TABLES,
	                        .window = (uintptr_t)storage - SMALL_TABLES };
	uint64_t expected[64];

	memset(expected, 0xff, sizeof(expected));
	for (uint32_t i = 0; i < count; i++)
		for (uint64_t done = 0; done < maps[i].bytes; done += 32)
			expected[(maps[i].va + done) / 32 % 64] = (maps[i].pa + done) / 32;
	build(&pt, maps, count);
	for (unsigned page = 0; page < 64; page++)
		assert_int_equal(small_walk(&pt, page), expected[page]);
}

/* Rules: P7, P1 */
static void all_single_small_maps_translate_page_by_page(void **state)
{
	(void)state;
	for (uint32_t mask = 1; mask < 32; mask += 2)
		for (unsigned page = 0; page < 64; page++)
			for (unsigned pages = 1; pages <= (page < 32 ? 32 : 64) - page; pages++)
				for (unsigned pa = 0; pa < 16; pa++) {
					struct map map = small_map(page, 64 + pa, pages);

					check_small(mask, &map, 1);
				}
}

/* Rules: P7, P1 */
static void all_pairs_of_small_maps_translate_page_by_page(void **state)
{
	(void)state;
	for (unsigned page = 0; page < 32; page++)
		for (unsigned pages = 1; pages <= 32 - page; pages += 3)
			for (unsigned next = page + pages; next < 64; next++)
				for (unsigned second = 1; second <= (next < 32 ? 32 : 64) - next;
				     second += 5) {
					struct map maps[] = { small_map(page, 64 + page, pages),
					                      small_map(next, 128 + next, second) };

					check_small(31, maps, 2);
				}
}

/* ---- refusals ---- */

static enum status count_two(const struct machine *machine, struct map a, struct map b)
{
	struct pagetable pt = fresh(machine, 31);
	struct map maps[] = { a, b };
	uint32_t tables = 77;
	struct fault fault;
	enum status status = pagetable_count(&pt, maps, 2, &tables, &fault);

	if (status != ST_OK)
		assert_int_equal(tables, 77);
	return status;
}

/* Rules: M19, M18 */
static void maps_that_no_table_can_hold_are_refused(void **state)
{
	struct map low = { 4 * K, 4 * K, 4 * K, SMALT_R, 0 };
	struct map good = { 64 * K, 64 * K, 4 * K, SMALT_R, 0 };
	struct map bad;

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		const struct machine *machine = machines[m];

		assert_int_equal(count_two(machine, low, good), ST_OK);
		assert_int_equal(count_two(machine, good, low), ST_OVERLAP);
		assert_int_equal(count_two(machine, low, low), ST_OVERLAP);
		bad = good;
		bad.va = 0x0001000000000000;
		assert_int_equal(count_two(machine, low, bad), ST_NO_ADDRESS);
		bad.va = machine->format->ranges[0].last - 4095;
		assert_int_equal(count_two(machine, low, bad), ST_OK);
		bad.bytes = 8 * K;
		assert_int_equal(count_two(machine, low, bad), ST_NO_ADDRESS);
		bad = good;
		bad.va = -(4 * K);
		bad.bytes = 8 * K;
		assert_int_equal(count_two(machine, low, bad), ST_NO_ADDRESS);
		bad = good;
		bad.pa = machine->format->pa_mask;
		assert_int_equal(count_two(machine, low, bad), ST_OK);
		bad.bytes = 8 * K;
		assert_int_equal(count_two(machine, low, bad), ST_NO_ADDRESS);
		bad = good;
		bad.bytes = 0;
		assert_int_equal(count_two(machine, low, bad), ST_INVALID);
		bad.bytes = 2 * K;
		assert_int_equal(count_two(machine, low, bad), ST_MISALIGNED);
		bad = good;
		bad.pa += 8;
		assert_int_equal(count_two(machine, low, bad), ST_MISALIGNED);
		bad = good;
		bad.prot = SMALT_W | SMALT_X;
		assert_int_equal(count_two(machine, low, bad), ST_WX);
		bad.prot = 16;
		assert_int_equal(count_two(machine, low, bad), ST_WX);
		bad = good;
		bad.memory = 3;
		assert_int_equal(count_two(machine, low, bad), ST_INVALID);
	}
}

/* Rules: M19 */
static void a_map_of_2_to_47_bytes_is_counted_at_once(void **state)
{
	struct pagetable pt = fresh(&machine_x86_64, 1);
	struct map map = { 0xffff800000000000, 0, (1ull << 47) - 4096, RW, 0 };
	struct fault fault;
	uint32_t tables;

	(void)state;
	/* 2^35 pages: 2^26 PT, 2^17 PD, 2^8 PDPT, the root */
	assert_int_equal(pagetable_count(&pt, &map, 1, &tables, &fault), ST_OK);
	assert_int_equal(tables, (1u << 26) + (1u << 17) + (1u << 8) + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_of_x86_64_stand_where_the_manual_says),
		cmocka_unit_test(entries_of_aarch64_stand_where_the_manual_says),
		cmocka_unit_test(guarded_text_has_bit_50_where_the_machine_knows_it),
		cmocka_unit_test(an_unused_half_is_an_empty_root),
		cmocka_unit_test(tables_of_el2_let_text_be_executed),
		cmocka_unit_test(every_page_of_a_mixed_space_translates),
		cmocka_unit_test(sixty_four_gib_take_few_tables),
		cmocka_unit_test(all_single_small_maps_translate_page_by_page),
		cmocka_unit_test(all_pairs_of_small_maps_translate_page_by_page),
		cmocka_unit_test(maps_that_no_table_can_hold_are_refused),
		cmocka_unit_test(a_map_of_2_to_47_bytes_is_counted_at_once),
	};

	return cmocka_run_group_tests_name("pagetable", tests, make_storage, free_storage);
}
