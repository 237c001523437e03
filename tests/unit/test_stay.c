/* SPDX-License-Identifier: BSD-2-Clause */
/* test_stay.c: when a file's own pages stay, and when a copy is worth its bytes. */
#include "stay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "scene.h"

static const struct smalt_memory RAM[] = {
	{ 16 * M, 112 * M, SMALT_MEM_USABLE, 0 }, { 128 * M, 64 * M, SMALT_MEM_RECLAIMABLE, 0 },
};
static const struct scene_limits PLENTY = { 16, 16 };

/* A row of bytes at pa, in a scene with so much memory: does it stay? */
struct question {
	const struct machine *machine;
	uint64_t va, pa, mem_bytes, file_bytes;
	uint32_t prot;
	bool kept, physical;         /* not donated */
	uint64_t copy_limit;         /* 0: the default */
	const struct smalt_memory *ram;
};

static bool stays(struct question q)
{
	struct extent_source source = { .bytes_pa = q.pa == OBJECT_NOWHERE ? q.pa : q.pa - 4096,
	                                .donated = !q.kept, .physical = q.physical,
	                                .copy_limit = q.copy_limit ? q.copy_limit
	                                                           : EXTENT_COPY_LIMIT };
	struct smalt_row row = scene_row(q.va, q.mem_bytes, q.file_bytes, 4096, q.prot);
	struct cut cut = { .va = q.va, .mem_bytes = q.mem_bytes, .file_bytes = q.file_bytes,
	                   .bytes_pa = q.pa };
	struct scene s;

	scene_open(&s, q.machine ? q.machine : &machine_x86_64, q.ram ? q.ram : RAM, 2, PLENTY);
	return stay_in_place(&s.space, &source, &s.frames, &row, &cut);
}

/* Rules: S2, S11 */
static void bytes_stay_only_if_they_are_there_and_may_be_used(void **state)
{
	struct question q = { .va = 0x400000, .pa = 128 * M, .mem_bytes = 64 * K,
	                      .file_bytes = 64 * K, .prot = RX };

	(void)state;
	assert_true(stays(q));
	q.kept = true;
	assert_true(stays(q));               /* nobody writes to it */
	q.prot = RW;
	assert_false(stays(q));
	q.kept = false;
	assert_true(stays(q));
	q.file_bytes = 0;
	assert_false(stays(q));
	q.file_bytes = 64 * K;
	q.pa = OBJECT_NOWHERE;
	assert_false(stays(q));
}

/* Rules: S11 */
static void bytes_that_are_not_congruent_to_a_page_never_stay(void **state)
{
	struct question q = { .va = 0x400000, .mem_bytes = 64 * K, .file_bytes = 64 * K, .prot = RX };

	(void)state;
	for (unsigned phase = 1; phase < 4096; phase++) {
		q.pa = 128 * M + phase;
		assert_false(stays(q));
	}
	q.va += 0x123;
	q.pa = 128 * M + 0x5123;
	assert_true(stays(q));
}

/* 8 MiB of text: congruent modulo 2 MiB, 4 leaves either way. */
/* Rules: P2 */
static void bytes_congruent_to_the_largest_leaf_stay(void **state)
{
	struct question q = { .va = 0x400000, .pa = 128 * M, .mem_bytes = 8 * M, .file_bytes = 8 * M,
	                      .prot = RX };

	(void)state;
	assert_true(stays(q));
	q.machine = &machine_aarch64;
	assert_true(stays(q));
	/* first and last page are shared with other bytes: two pages are copied, no more */
	q.va = 0x400800;
	q.pa = 128 * M + 0x800;
	assert_true(stays(q));
}

/* At 128M + 4K no leaf of 2M is possible in place: 1024 leaves against 2. */
/* Rules: P2 */
static void up_to_the_limit_a_copy_that_saves_leaves_is_made(void **state)
{
	struct question q = { .va = 0x400000, .pa = 128 * M + 4 * K, .mem_bytes = 4 * M,
	                      .file_bytes = 4 * M, .prot = RX };

	(void)state;
	assert_false(stays(q));
	q.file_bytes = q.mem_bytes = 4 * M + 1;
	assert_true(stays(q));
	q.copy_limit = 4 * M + 1;
	assert_false(stays(q));
	q.copy_limit = 64 * K;
	q.file_bytes = q.mem_bytes = 4 * M;
	assert_true(stays(q));
}

/* 1 MiB cannot have a leaf of 2 MiB; on aarch64 it can have sixteen of 64K. */
/* Rules: P2 */
static void a_copy_that_saves_no_leaf_is_not_made(void **state)
{
	struct question q = { .va = 0x400000, .pa = 128 * M + 4 * K, .mem_bytes = M,
	                      .file_bytes = M, .prot = RX };

	(void)state;
	assert_true(stays(q));
	q.machine = &machine_aarch64;
	assert_false(stays(q));
	q.pa = 128 * M + 64 * K;
	assert_true(stays(q));
	q.mem_bytes = q.file_bytes = 32 * K;
	q.pa = 128 * M + 4 * K;
	assert_true(stays(q));
}

/* One page of data and 4 MiB of bss that begin in it: apart from the page bss has large leaves anyway. */
/* Rules: P2 */
static void bss_behind_the_data_counts(void **state)
{
	struct question q = { .va = 0x3ff000, .pa = 128 * M, .file_bytes = 4 * K,
	                      .mem_bytes = 4 * M + 4 * K, .prot = RW };

	(void)state;
	/* in place: 1 + 2 leaves; copied: the same */
	assert_true(stays(q));
	/* data in the middle of the 2 MiB: 1 + 511 + 1 leaves against 2 */
	q.va = 0x400000;
	q.pa += 4 * K;
	q.mem_bytes = 4 * M;
	assert_false(stays(q));
}

/* Rules: P2 */
static void without_a_free_piece_nothing_is_copied_to_save_leaves(void **state)
{
	static const struct smalt_memory torn[] = {
		{ 16 * M + 4 * K, 4 * M, SMALT_MEM_USABLE, 0 }, { 64 * M, 3 * M, SMALT_MEM_USABLE, 0 },
	};
	static const struct smalt_memory whole[] = {
		{ 16 * M, 4 * M, SMALT_MEM_USABLE, 0 }, { 64 * M, 3 * M, SMALT_MEM_USABLE, 0 },
	};
	struct question q = { .va = 0x400000, .pa = 128 * M + 4 * K, .mem_bytes = 4 * M,
	                      .file_bytes = 4 * M, .prot = RX, .ram = torn };

	(void)state;
	assert_true(stays(q));
	q.ram = whole;
	assert_false(stays(q));
}

/* Rules: M21, S11 */
static void physical_placement_keeps_only_what_lies_there_already(void **state)
{
	struct question q = { .va = 128 * M + 4 * K, .pa = 128 * M + 4 * K, .mem_bytes = 4 * M,
	                      .file_bytes = 4 * M, .prot = RX, .physical = true };

	(void)state;
	assert_true(stays(q));
	q.va += 2 * M;
	assert_false(stays(q));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_stay_only_if_they_are_there_and_may_be_used),
		cmocka_unit_test(bytes_that_are_not_congruent_to_a_page_never_stay),
		cmocka_unit_test(bytes_congruent_to_the_largest_leaf_stay),
		cmocka_unit_test(up_to_the_limit_a_copy_that_saves_leaves_is_made),
		cmocka_unit_test(a_copy_that_saves_no_leaf_is_not_made),
		cmocka_unit_test(bss_behind_the_data_counts),
		cmocka_unit_test(without_a_free_piece_nothing_is_copied_to_save_leaves),
		cmocka_unit_test(physical_placement_keeps_only_what_lies_there_already),
	};

	return cmocka_run_group_tests_name("stay", tests, NULL, NULL);
}
