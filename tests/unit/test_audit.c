/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_audit.c: the audit accepts tables that are right, and no others: each bit
 * of each entry is broken once. The small tables of the first tests are written by hand.
 */
#include "audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "pagetable.h"

#define K 1024ull
#define M (1024 * K)
#define G (1024 * M)
#define TABLES_PA (16 * M)
#define MAX_TABLES 128u

enum { RW = SMALT_R | SMALT_W, RX = SMALT_R | SMALT_X };

static uint64_t storage[MAX_TABLES][512] __attribute__((aligned(4096)));
static struct audit_leaves leaves;
static struct fault fault;

static struct audit_tables tables_of(uint32_t elf_machine, uint64_t count)
{
	struct audit_tables t = { .elf_machine = elf_machine, .granule_shift = 12, .levels = 4,
	                          .root_pa = { TABLES_PA, 0 },
	                          .window = (uintptr_t)storage - TABLES_PA,
	                          .tables_pa = TABLES_PA, .tables_bytes = count * 4096 };

	if (elf_machine == SMALT_MACHINE_AARCH64)
		t.root_pa[1] = TABLES_PA + 4096;
	return t;
}

static enum status audit(const struct audit_tables *t, const struct map *maps, uint32_t count)
{
	memset(&leaves, 0xaa, sizeof(leaves));
	leaves.direct_va = 0xffff800000000000;
	leaves.direct_bytes = 64 * G;
	return audit_tables(t, maps, count, &leaves, &fault);
}

/* Does the audit refuse, with this entry and this one expected, at va? */
static void assert_differs(enum status status, const char *va, uint64_t found, uint64_t expected)
{
	assert_int_equal(status, ST_AUDIT);
	assert_int_equal(fault.status, ST_AUDIT);
	assert_string_equal(fault.word, va);
	assert_int_equal(fault.value, found);
	assert_int_equal(fault.limit, expected);
}

/* PML4[511] -> PDPT[510] -> PD[1]: 2M RX, PD[2] -> PT[0]: 4K RW. Tables 4-15 to 4-20. */
static void write_x86_64(void)
{
	memset(storage, 0, sizeof(storage));
	storage[0][511] = 0x1001027;
	storage[1][510] = 0x1002027;
	storage[2][1] = 0x00000000400001a1;
	storage[2][2] = 0x1003027;
	storage[3][0] = 0x8000000012345163;
}

static const struct map x86_64_maps[] = {
	{ 0xffffffff80200000, 0x40000000, 2 * M, RX, 0 },
	{ 0xffffffff80400000, 0x12345000, 4 * K, RW, 0 },
};

/* Rules: P7 */
static void tables_written_by_hand_for_x86_64_are_accepted(void **state)
{
	struct audit_tables t = tables_of(62, 4);

	(void)state;
	write_x86_64();
	assert_int_equal(audit(&t, x86_64_maps, 2), ST_OK);
	assert_int_equal(leaves.tables, 4);
	assert_int_equal(leaves.rows[21], 1);
	assert_int_equal(leaves.rows[12], 1);
	assert_int_equal(leaves.rows[30] + leaves.direct[12] + leaves.direct[21], 0);
}

/* Rules: P7 */
static void what_is_wrong_is_named_with_its_address_and_both_entries(void **state)
{
	struct audit_tables t = tables_of(62, 4);
	struct map maps[2];

	(void)state;
	write_x86_64();
	storage[3][0] |= 0x80;               /* PAT: another memory type */
	assert_differs(audit(&t, x86_64_maps, 2), "va 0xffffffff80400000",
	               0x80000000123451e3, 0x8000000012345163);
	write_x86_64();
	storage[3][0] = 0;
	assert_differs(audit(&t, x86_64_maps, 2), "va 0xffffffff80400000", 0, 0x8000000012345163);
	write_x86_64();
	storage[3][7] = 0x8000000012346163;  /* one too many, at the end */
	assert_differs(audit(&t, x86_64_maps, 2), "va 0xffffffff80407000", 0x8000000012346163, 0);
	write_x86_64();
	memcpy(maps, x86_64_maps, sizeof(maps));
	maps[0].prot = SMALT_R | SMALT_W | SMALT_X;
	assert_differs(audit(&t, maps, 2), "va 0xffffffff80200000",
	               0x00000000400001a1, 0x00000000400001e3);
	assert_int_equal(audit(&t, x86_64_maps, 1), ST_AUDIT);
}

/* TTBR0 empty; TTBR1: [256] -> [0] -> block run of 32M at 0; then PT: 64K run. DDI 0487 D8. */
static void write_aarch64(void)
{
	memset(storage, 0, sizeof(storage));
	storage[1][256] = 0x1002003;
	storage[2][0] = 0x1003003;
	for (uint64_t i = 0; i < 16; i++)
		storage[3][i] = 0x0050000080000781 + i * 2 * M;
	storage[3][16] = 0x1004003;
	for (uint64_t i = 0; i < 16; i++)
		storage[4][i] = 0x0070000040010703 + i * 4096;
	storage[4][16] = 0x0060000040020703;
}

static const struct map aarch64_maps[] = {
	{ 0xffff800000000000, 0x80000000, 32 * M, RX, 0 },
	{ 0xffff800002000000, 0x40010000, 68 * K, RW, 0 },
};

/* Rules: P7, P3 */
static void runs_of_aarch64_count_as_one_leaf(void **state)
{
	struct audit_tables t = tables_of(183, 5);

	(void)state;
	write_aarch64();
	memset(&leaves, 0, sizeof(leaves));
	assert_int_equal(audit_tables(&t, aarch64_maps, 2, &leaves, &fault), ST_OK);
	assert_int_equal(leaves.tables, 5);
	assert_int_equal(leaves.rows[25], 1);
	assert_int_equal(leaves.rows[16], 1);
	assert_int_equal(leaves.rows[12], 1);
	assert_int_equal(leaves.rows[21], 0);
}

/* Rules: P7, M15 */
static void a_guard_that_is_missing_or_too_much_is_found(void **state)
{
	struct audit_tables t = tables_of(183, 5);
	struct map maps[2];

	(void)state;
	memcpy(maps, aarch64_maps, sizeof(maps));
	maps[0].prot = RX | 16;              /* SMALT_G */
	write_aarch64();
	assert_differs(audit(&t, maps, 2), "va 0xffff800000000000", 0x0050000080000781, 0x0044000080000781);
	for (uint64_t i = 0; i < 16; i++)
		storage[3][i] |= 0x0004000000000000;
	assert_int_equal(audit(&t, maps, 2), ST_OK);
	assert_int_equal(audit(&t, aarch64_maps, 2), ST_AUDIT);
	maps[0].prot = RX;
	maps[1].prot = RW | 16;              /* data is never guarded */
	write_aarch64();
	assert_int_equal(audit(&t, maps, 2), ST_AUDIT);
	write_x86_64();                      /* this machine has none */
	t = tables_of(62, 4);
	memcpy(maps, x86_64_maps, sizeof(maps));
	maps[0].prot = RX | 16;
	assert_int_equal(audit(&t, maps, 2), ST_AUDIT);
}

/* Rules: P7, P3 */
static void a_run_that_is_not_whole_is_refused(void **state)
{
	struct audit_tables t = tables_of(183, 5);
	struct map maps[2];

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		write_aarch64();
		storage[4][i] &= ~0x0010000000000000ull;
		assert_int_equal(audit(&t, aarch64_maps, 2), ST_AUDIT);
		/* without its first entry it begins at the second, unaligned */
		assert_int_equal(fault.value, i == 0 ? 0x0070000040011703 : storage[4][i]);
		assert_int_equal(fault.limit, i == 0 ? 0x0060000040011703
		                                     : 0x0070000040010703 + i * 4096);
	}
	write_aarch64();
	storage[4][16] |= 0x0010000000000000ull;     /* begins a run that the plan does not fill */
	assert_differs(audit(&t, aarch64_maps, 2), "va 0xffff800002010000",
	               0x0070000040020703, 0x0060000040020703);
	write_aarch64();
	storage[3][15] = 0;
	assert_differs(audit(&t, aarch64_maps, 2), "va 0xffff800001e00000", 0, 0x0050000081e00781);
	/* all sixteen there, but pa is not aligned to the run */
	write_aarch64();
	memcpy(maps, aarch64_maps, sizeof(maps));
	maps[1].pa += 4096;
	for (unsigned i = 0; i < 17; i++)
		storage[4][i] += 4096;
	assert_differs(audit(&t, maps, 2), "va 0xffff800002000000",
	               0x0070000040011703, 0x0060000040011703);
}

/* ---- built tables, broken bit by bit ---- */

static uint32_t build(const struct machine *machine, const struct map *maps, uint32_t count)
{
	struct pagetable pt = { .machine = machine, .format = machine->format, .leaf_mask = 31,
	                        .tables_pa = TABLES_PA,
	                        .window = (uintptr_t)storage - TABLES_PA };

	assert_int_equal(pagetable_count(&pt, maps, count, &pt.table_count, &fault), ST_OK);
	assert_true(pt.table_count <= MAX_TABLES);
	memset(storage, 0xaa, sizeof(storage));
	pagetable_build(&pt, maps, count);
	return pt.table_count;
}

static const struct map mixed_maps[] = {
	{ 4 * K, 4 * K, 8 * K, RX, 0 },
	{ 2 * M, 4 * M, 2 * M, SMALT_R, 0 },
	{ 4 * M, 8 * M, 64 * K, RW | SMALT_U, 0 },
	{ 0xffff800000000000, 0, 4 * M, RW, 0 },
	{ 0xffff800040000000, G, 2 * G, RW, 0 },
	{ 0xfffffffffffe0000, 3 * G, 4 * K, RW, SMALT_CACHE_WRITE_COMBINE },
	{ 0xfffffffffffe1000, 4 * G, 4 * K, RW, SMALT_CACHE_DEVICE },
};
#define MIXED 7u

/* Rules: P7 */
static void the_direct_map_is_counted_apart(void **state)
{
	struct audit_tables t = tables_of(62, build(&machine_x86_64, mixed_maps, MIXED));

	(void)state;
	assert_int_equal(audit(&t, mixed_maps, MIXED), ST_OK);
	assert_int_equal(leaves.direct[12], 512);    /* nothing large at PA 0 */
	assert_int_equal(leaves.direct[21], 1);
	assert_int_equal(leaves.direct[30], 2);
	assert_int_equal(leaves.rows[12], 2 + 16 + 2);
	assert_int_equal(leaves.rows[21], 1);
	assert_int_equal(leaves.rows[30], 0);
}

/* The bits of builder and audit come from two readings of the manuals: they must agree. */
/* Rules: P7, M18 */
static void all_rights_and_memory_types_are_read_as_they_are_written(void **state)
{
	struct map maps[48];
	uint32_t count = 0;

	(void)state;
	for (uint32_t prot = 0; prot < 16; prot++)
		for (uint32_t memory = 0; (prot & SMALT_R) && memory < 3; memory++) {
			uint64_t at = (count + 1) * 2 * M;

			maps[count++] = (struct map){ at, G + at + 4 * K, 4 * K, prot, memory };
			maps[count++] = (struct map){ at + 2 * M, G + at, 2 * M, prot, memory };
		}
	assert_int_equal(count, 48);
	for (unsigned m = 0; m < 2; m++) {
		struct audit_tables t = tables_of(machines[m]->elf_machine,
		                                  build(machines[m], maps, count));

		assert_int_equal(audit(&t, maps, count), ST_OK);
		assert_int_equal(leaves.rows[12], 24);
		assert_int_equal(leaves.rows[21], 24);
	}
}

/* Bit 47 is a sign only where both halves have one root (aarch64: TCR_EL1.T0SZ = T1SZ = 16). */
/* Rules: P7 */
static void bit_47_of_aarch64_belongs_to_the_address(void **state)
{
	static const struct map maps[] = {
		{ 0x0000800000000000, G, 4 * K, RX, 0 },
		{ 0x0000fffffffff000, G + 4 * K, 4 * K, RW, 0 },
		{ 0xffff000000000000, G + 8 * K, 4 * K, RW, 0 },
		{ 0xffff7ffffffff000, G + 12 * K, 4 * K, RW, 0 },
	};
	struct audit_tables t = tables_of(183, build(&machine_aarch64, maps, 4));

	(void)state;
	assert_int_equal(audit(&t, maps, 4), ST_OK);
	assert_int_equal(leaves.rows[12], 4);
}

/* Entries that hold something: all 64 bits. Empty ones: some bits, next to others and far away. */
/* Rules: P7 */
static void each_bit_of_each_entry_that_is_broken_is_found(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		uint32_t count = build(machines[m], mixed_maps, MIXED);
		struct audit_tables t = tables_of(machines[m]->elf_machine, count);

		assert_int_equal(audit(&t, mixed_maps, MIXED), ST_OK);
		assert_int_equal(leaves.tables, count);
		for (uint32_t i = 0; i < count * 512; i++) {
			uint64_t *entry = &storage[i / 512][i % 512], was = *entry;
			unsigned step = was != 0 ? 1 : 21;

			for (unsigned bit = 0; bit < 64; bit += step) {
				*entry = was ^ 1ull << bit;
				if (audit(&t, mixed_maps, MIXED) != ST_AUDIT)
					fail_msg("table %u entry %u bit %u", i / 512, i % 512, bit);
			}
			*entry = was;
		}
		assert_int_equal(audit(&t, mixed_maps, MIXED), ST_OK);
	}
}

/* Rules: P7 */
static void a_piece_more_or_less_or_elsewhere_is_found(void **state)
{
	struct map maps[MIXED];

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		uint32_t count = build(machines[m], mixed_maps, MIXED);
		struct audit_tables t = tables_of(machines[m]->elf_machine, count);

		for (unsigned i = 0; i < MIXED; i++) {
			memcpy(maps, mixed_maps, sizeof(maps));
			memmove(maps + i, maps + i + 1, (MIXED - 1 - i) * sizeof(maps[0]));
			assert_int_equal(audit(&t, maps, MIXED - 1), ST_AUDIT);
			memcpy(maps, mixed_maps, sizeof(maps));
			maps[i].pa += 64 * G;
			assert_int_equal(audit(&t, maps, MIXED), ST_AUDIT);
			maps[i].pa -= 64 * G;
			maps[i].bytes -= 4096;
			if (maps[i].bytes != 0)
				assert_int_equal(audit(&t, maps, MIXED), ST_AUDIT);
			maps[i].bytes += 8192;
			assert_int_equal(audit(&t, maps, MIXED), ST_AUDIT);
			maps[i].bytes -= 4096;
			maps[i].prot ^= SMALT_W;
			assert_int_equal(audit(&t, maps, MIXED), ST_AUDIT);
		}
	}
}

/* A piece of small pages over the end of a page table: the next table follows in memory too. */
/* Rules: P7 */
static void a_piece_in_two_tables_ends_where_the_plan_ends(void **state)
{
	struct map map = { 2 * M - 8 * K, 64 * M - 8 * K + 4 * K, 16 * K, RW, 0 };
	uint64_t last = 0x8000000000000163 + map.pa + 12 * K;

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		uint32_t count = build(machines[m], &map, 1);
		struct audit_tables t = tables_of(machines[m]->elf_machine, count);
		uint64_t *table = storage[count - 1];

		assert_int_equal(audit(&t, &map, 1), ST_OK);
		assert_int_equal(leaves.rows[12], 4);
		table[2] = table[1] + 4096;          /* goes on behind the plan's end */
		assert_int_equal(audit(&t, &map, 1), ST_AUDIT);
		assert_string_equal(fault.word, "va 0x202000");
		assert_int_equal(fault.value, table[2]);
		assert_int_equal(fault.limit, 0);
		table[2] = 0;
		table[0] = 0;                        /* a hole: what is missing is told */
		assert_int_equal(audit(&t, &map, 1), ST_AUDIT);
		assert_string_equal(fault.word, "va 0x200000");
		if (m == 0)
			assert_int_equal(fault.limit, last - 4 * K);
		table[1] = 0;
		assert_int_equal(audit(&t, &map, 1), ST_AUDIT);
		assert_string_equal(fault.word, "va 0x200000");
		if (m == 0)
			assert_int_equal(fault.limit, last - 4 * K);
	}
}

/* Rules: P7 */
static void the_direct_map_ends_where_it_ends(void **state)
{
	struct map map = { 0xffff800000000000, 4 * G, 2 * M, RW, 0 };
	struct map maps[] = { map, map };
	struct audit_tables t;

	(void)state;
	maps[1].va += 2 * M;
	maps[1].pa += 4 * M;
	t = tables_of(62, build(&machine_x86_64, maps, 2));
	leaves.direct_va = map.va;
	leaves.direct_bytes = 2 * M;
	assert_int_equal(audit_tables(&t, maps, 2, &leaves, &fault), ST_OK);
	assert_int_equal(leaves.direct[21], 1);
	assert_int_equal(leaves.rows[21], 1);
	leaves.direct_va = maps[1].va + 2 * M;
	assert_int_equal(audit_tables(&t, maps, 2, &leaves, &fault), ST_OK);
	assert_int_equal(leaves.direct[21], 0);
	assert_int_equal(leaves.rows[21], 2);
}

/* ---- tables that lie ---- */

/* Bit 7 of a PML4E is reserved: there are no leaves of 512 GiB. */
/* Rules: P7, P3 */
static void a_leaf_in_the_root_is_refused(void **state)
{
	struct map map = { 512 * G, 512 * G, 512 * G, RW, 0 };
	struct audit_tables t = tables_of(62, 1);

	(void)state;
	memset(storage, 0, sizeof(storage));
	storage[0][1] = 0x80000080000001e3;
	assert_int_equal(audit(&t, &map, 1), ST_AUDIT);
}

/* Rights and memory types that no machine has, found in the plan, match nothing. */
/* Rules: P7, M18 */
static void a_plan_that_no_entry_can_fulfil_is_refused(void **state)
{
	static const uint32_t rights[] = { 0, SMALT_W, SMALT_X, SMALT_W | SMALT_X, SMALT_U, 16, 20,
	                                   UINT32_MAX };
	struct map map = { 2 * M, G, 4 * K, RW, 0 };

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		struct audit_tables t = tables_of(machines[m]->elf_machine,
		                                  build(machines[m], &map, 1));

		assert_int_equal(audit(&t, &map, 1), ST_OK);
		for (unsigned i = 0; i < 8; i++) {
			struct map odd = map;

			odd.prot = rights[i];
			assert_int_equal(audit(&t, &odd, 1), ST_AUDIT);
		}
		for (uint32_t memory = 3; memory < 6; memory++) {
			struct map odd = map;

			odd.memory = memory;
			assert_int_equal(audit(&t, &odd, 1), ST_AUDIT);
		}
	}
}

/* Rules: P7, P3 */
static void a_large_leaf_at_pa_0_of_x86_64_is_refused(void **state)
{
	struct map map = { 0xffff800000000000, 0, 2 * M, RW, 0 };
	struct audit_tables t = tables_of(62, 3);

	(void)state;
	memset(storage, 0, sizeof(storage));
	storage[0][256] = 0x1001027;
	storage[1][0] = 0x1002027;
	storage[2][0] = 0x80000000000001e3;
	assert_differs(audit(&t, &map, 1), "va 0xffff800000000000",
	               0x80000000000001e3, 0x8000000000000163);
	map.pa = 2 * M;
	storage[2][0] = 0x80000000002001e3;
	assert_int_equal(audit(&t, &map, 1), ST_OK);
}

/* 2 MiB from an odd page: PAT is bit 12 of the entry, so that bits alone could look right. */
/* Rules: P7 */
static void a_large_leaf_at_an_odd_page_is_refused(void **state)
{
	struct map map = { 2 * M, 2 * M + 4 * K, 2 * M, RW, 0 };
	struct audit_tables t = tables_of(62, 3);

	(void)state;
	memset(storage, 0, sizeof(storage));
	storage[0][0] = 0x1001027;
	storage[1][0] = 0x1002027;
	storage[2][1] = 0x80000000002011e3;
	assert_int_equal(audit(&t, &map, 1), ST_AUDIT);
}

/* Rules: P7 */
static void tables_outside_of_their_frames_are_not_read(void **state)
{
	struct audit_tables t = tables_of(62, 4);

	(void)state;
	write_x86_64();
	t.tables_bytes = 3 * 4096;           /* the fourth lies behind */
	assert_differs(audit(&t, x86_64_maps, 2), "va 0xffffffff80400000", 0x1003000, 0x1003000);
	t.tables_bytes = 4 * 4096;
	storage[1][510] = 0x0fff027;         /* before */
	assert_int_equal(audit(&t, x86_64_maps, 2), ST_AUDIT);
	storage[1][510] = 0x000ffffffffff027;
	assert_int_equal(audit(&t, x86_64_maps, 2), ST_AUDIT);
	write_x86_64();
	t.root_pa[0] = TABLES_PA - 4096;
	assert_int_equal(audit(&t, x86_64_maps, 2), ST_AUDIT);
	t.root_pa[0] = TABLES_PA + 8;
	assert_int_equal(audit(&t, x86_64_maps, 2), ST_AUDIT);
}

/* Rules: P7 */
static void a_table_reached_twice_or_for_nothing_is_refused(void **state)
{
	struct audit_tables t = tables_of(62, 5);

	(void)state;
	write_x86_64();
	storage[2][3] = 0x1003027;           /* the page table of entry 2 once more */
	assert_int_equal(audit(&t, x86_64_maps, 2), ST_AUDIT);
	write_x86_64();
	storage[2][3] = 0x1000027;           /* the root itself */
	assert_int_equal(audit(&t, x86_64_maps, 2), ST_AUDIT);
	write_x86_64();
	storage[2][3] = 0x1004027;           /* an empty one */
	assert_differs(audit(&t, x86_64_maps, 2), "va 0xffffffff80600000", 0x1004027, 0);
}

/* Rules: P7 */
static void an_unknown_machine_is_refused(void **state)
{
	struct audit_tables t = tables_of(3, 4);

	(void)state;
	assert_int_equal(audit(&t, NULL, 0), ST_AUDIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_written_by_hand_for_x86_64_are_accepted),
		cmocka_unit_test(what_is_wrong_is_named_with_its_address_and_both_entries),
		cmocka_unit_test(runs_of_aarch64_count_as_one_leaf),
		cmocka_unit_test(a_guard_that_is_missing_or_too_much_is_found),
		cmocka_unit_test(a_run_that_is_not_whole_is_refused),
		cmocka_unit_test(the_direct_map_is_counted_apart),
		cmocka_unit_test(all_rights_and_memory_types_are_read_as_they_are_written),
		cmocka_unit_test(bit_47_of_aarch64_belongs_to_the_address),
		cmocka_unit_test(each_bit_of_each_entry_that_is_broken_is_found),
		cmocka_unit_test(a_piece_more_or_less_or_elsewhere_is_found),
		cmocka_unit_test(a_piece_in_two_tables_ends_where_the_plan_ends),
		cmocka_unit_test(the_direct_map_ends_where_it_ends),
		cmocka_unit_test(a_leaf_in_the_root_is_refused),
		cmocka_unit_test(a_plan_that_no_entry_can_fulfil_is_refused),
		cmocka_unit_test(a_large_leaf_at_pa_0_of_x86_64_is_refused),
		cmocka_unit_test(a_large_leaf_at_an_odd_page_is_refused),
		cmocka_unit_test(tables_outside_of_their_frames_are_not_read),
		cmocka_unit_test(a_table_reached_twice_or_for_nothing_is_refused),
		cmocka_unit_test(an_unknown_machine_is_refused),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
