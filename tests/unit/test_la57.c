/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_la57.c: tables of five levels: entries where the manual says, read back by a walker
 * and by the audit, and addresses that only five levels have.
 */
#include "pagetable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "audit.h"
#include "scratch.h"
#include "space.h"
#include "walker.h"

#define K 1024ull
#define M (1024 * K)
#define G (1024 * M)
#define TABLES_PA (16 * M)
#define MAX_TABLES 64u

enum { RW = SMALT_R | SMALT_W, RX = SMALT_R | SMALT_X };

static uint64_t storage[MAX_TABLES + 1][512] __attribute__((aligned(4096)));
static struct audit_leaves leaves;
static struct fault fault;

/* Ends and middles of both halves; SDM Vol. 1, 3.3.7.1: bits 63:56 are equal. */
static const struct map maps[] = {
	{ 4 * K, 3 * M, 8 * K, RX, 0 },
	{ 0x00007fffffe00000, 4 * M, 4 * M, SMALT_R, 0 },    /* over the end of what 4 levels have */
	{ 0x00fffffffffff000, 9 * M, 4 * K, RW | SMALT_U, 0 },
	{ 0xff00000000000000, 0, 4 * M, RW, 0 },
	{ 0xff00000040000000, G, 2 * G, RW, 0 },
	{ 0xff80000000000000, 5 * G, 2 * M, RX, 0 },
	{ 0xffff800000000000, 6 * G, G, RW, SMALT_CACHE_WRITE_COMBINE },
	{ 0xfffffffffffff000, 8 * G, 4 * K, RW, SMALT_CACHE_DEVICE },
};
#define MAPS 8u

static const struct format *la57(void)
{
	return machine_format(&machine_x86_64, 12, 5);
}

static struct pagetable fresh(uint32_t leaf_mask)
{
	return (struct pagetable){ .machine = &machine_x86_64, .format = la57(), .leaf_mask = leaf_mask,
	                           .tables_pa = TABLES_PA, .window = (uintptr_t)storage - TABLES_PA };
}

/* Exactly the counted tables are written. */
static void build(struct pagetable *pt, const struct map *list, uint32_t count)
{
	assert_int_equal(pagetable_count(pt, list, count, &pt->table_count, &fault), ST_OK);
	assert_true(pt->table_count <= MAX_TABLES);
	memset(storage, 0xaa, sizeof storage);
	pagetable_build(pt, list, count);
	for (uint32_t i = 0; i < (pt->table_count + 1) * 512; i++)
		assert_int_equal(storage[i / 512][i % 512] == 0xaaaaaaaaaaaaaaaa, i / 512 == pt->table_count);
}

static enum status audit(const struct pagetable *pt, uint32_t levels)
{
	struct audit_tables t = {
		.elf_machine = 62, .granule_shift = 12, .levels = levels, .root_pa = { pt->root_pa[0], 0 }, .window = pt->window,
		.tables_pa = TABLES_PA, .tables_bytes = pt->table_count * 4096ull,
	};

	leaves = (struct audit_leaves){ .direct_va = 0xff00000000000000, .direct_bytes = 4 * G };
	return audit_tables(&t, maps, MAPS, &leaves, &fault);
}

/* Rules: P3, H7 */
static void only_x86_64_has_five_levels_and_only_if_asked(void **state)
{
	const struct format *four = machine_x86_64.format, *five = la57();

	(void)state;
	assert_int_equal(four->levels, 4);
	assert_ptr_equal(machine_format(&machine_x86_64, 0, 4), four);
	assert_ptr_equal(machine_format(&machine_x86_64, 0, 0), four);
	assert_int_equal(five->levels, 5);
	assert_null(machine_format(&machine_x86_64, 14, 5));
	assert_null(machine_format(&machine_x86_64, 0, 6));
	assert_null(machine_format(&machine_aarch64, 0, 5));
	assert_int_equal(five->direct_map_va, 0xff00000000000000);
	assert_int_equal(five->ranges[0].first, 0);
	assert_int_equal(five->ranges[0].last, 0x00ffffffffffffff);
	assert_int_equal(five->ranges[1].first, 0xff00000000000000);
	assert_int_equal(five->ranges[1].last, UINT64_MAX);
}

/* SDM Vol. 3A, Tables 4-14 (PML5E: P, R/W, U/S, A), 4-18; the way: 384, 0, 0, 1. */
/* Rules: P3, P7, M18 */
static void an_entry_of_the_fifth_level_stands_where_the_manual_says(void **state)
{
	static const struct map map = { 0xff80000000200000, 0x40000000, 2 * M, RX, 0 };
	struct pagetable pt = fresh(7);

	(void)state;
	build(&pt, &map, 1);
	assert_int_equal(pt.table_count, 4);         /* PML5, PML4, PDPT, PD */
	assert_int_equal(storage[0][384], 0x1001027);
	assert_int_equal(storage[1][0], 0x1002027);
	assert_int_equal(storage[2][0], 0x1003027);
	assert_int_equal(storage[3][1], 0x00000000400001a1);
}

/* Rules: P1, P3, P7, M18 */
static void every_page_of_both_halves_translates(void **state)
{
	(void)state;
	for (uint32_t mask = 3; mask <= 7; mask += 4) {
		struct pagetable pt = fresh(mask);

		build(&pt, maps, MAPS);
		for (uint32_t i = 0; i < MAPS; i++) {
			for (uint64_t at = 0; at < maps[i].bytes; at += 4096) {
				struct walked w = walk_la57(pt.root_pa[0], pt.window, maps[i].va + at);

				assert_true(w.mapped);
				assert_int_equal(w.pa, maps[i].pa + at);
				assert_int_equal(w.prot, maps[i].prot);
				assert_int_equal(w.memory, maps[i].memory);
			}
			if (i == 0 || maps[i - 1].va + maps[i - 1].bytes != maps[i].va)
				assert_false(walk_la57(pt.root_pa[0], pt.window, maps[i].va - 1).mapped);
			if (maps[i].va + maps[i].bytes != 0)
				assert_false(walk_la57(pt.root_pa[0], pt.window, maps[i].va + maps[i].bytes).mapped);
		}
	}
}

/* Rules: P7 */
static void the_audit_reads_five_levels_with_its_own_eyes(void **state)
{
	struct pagetable pt = fresh(7);

	(void)state;
	build(&pt, maps, MAPS);
	assert_int_equal(audit(&pt, 5), ST_OK);
	assert_int_equal(leaves.tables, pt.table_count);
	assert_int_equal(leaves.direct[12], 512);    /* nothing large at PA 0 */
	assert_int_equal(leaves.direct[21], 1);
	assert_int_equal(leaves.direct[30], 2);
	assert_int_equal(leaves.rows[12], 2 + 1 + 1);
	assert_int_equal(leaves.rows[21], 2 + 1);
	assert_int_equal(leaves.rows[30], 1);
	assert_int_equal(audit(&pt, 4), ST_AUDIT);
	assert_int_equal(audit(&pt, 6), ST_AUDIT);
	assert_int_equal(audit(&pt, 0), ST_AUDIT);
}

/* Rules: P7 */
static void the_audit_finds_every_bit_that_is_broken(void **state)
{
	struct pagetable pt = fresh(7);

	(void)state;
	build(&pt, maps, MAPS);
	for (uint32_t i = 0; i < pt.table_count * 512; i++) {
		uint64_t *entry = &storage[i / 512][i % 512], was = *entry;
		unsigned step = was != 0 ? 1 : 21;

		for (unsigned bit = 0; bit < 64; bit += step) {
			*entry = was ^ 1ull << bit;
			if (audit(&pt, 5) != ST_AUDIT)
				fail_msg("table %u entry %u bit %u", i / 512, i % 512, bit);
		}
		*entry = was;
	}
	assert_int_equal(audit(&pt, 5), ST_OK);
}

/* Addresses, and how many levels they need; 0: no number is enough. */
/* Rules: P3, M19 */
static void an_address_exists_with_as_many_levels_as_it_needs(void **state)
{
	static const struct { uint64_t va; uint32_t levels; } cases[] = {
		{ 0x00007fffffffd000, 4 }, { 0x0000800000000000, 5 }, { 0x00ffffffffffd000, 5 },
		{ 0x0100000000000000, 0 }, { 0xfefffffffffff000, 0 }, { 0xff00000000001000, 5 },
		{ 0xffff7fffffffd000, 5 }, { 0xffff800000001000, 4 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (uint32_t levels = 4; levels <= 5; levels++) {
			struct paging paging = { &machine_x86_64, machine_format(&machine_x86_64, 0, levels), 7 };
			struct map map = { cases[i].va, G, 4 * K, RW, 0 };
			bool exists = cases[i].levels != 0 && levels >= cases[i].levels;
			struct arena arena = scratch(SCRATCH_BYTES);
			struct pagetable pt = fresh(7);
			struct space space;
			uint32_t tables;

			pt.format = paging.format;
			assert_int_equal(space_init(&space, paging, 4, 4, &arena, &fault), ST_OK);
			assert_int_equal(space_claim(&space, map.va, map.bytes, SPAN("x"), 0, &fault),
			                 exists ? ST_OK : ST_NO_ADDRESS);
			assert_int_equal(pagetable_count(&pt, &map, 1, &tables, &fault),
			                 exists ? ST_OK : ST_NO_ADDRESS);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_x86_64_has_five_levels_and_only_if_asked),
		cmocka_unit_test(an_entry_of_the_fifth_level_stands_where_the_manual_says),
		cmocka_unit_test(every_page_of_both_halves_translates),
		cmocka_unit_test(the_audit_reads_five_levels_with_its_own_eyes),
		cmocka_unit_test(the_audit_finds_every_bit_that_is_broken),
		cmocka_unit_test(an_address_exists_with_as_many_levels_as_it_needs),
	};

	return cmocka_run_group_tests_name("la57", tests, NULL, NULL);
}
