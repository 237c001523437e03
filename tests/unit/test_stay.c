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

/* 4 MiB fit if what must be skipped for the phase is not more than what the range has beyond them. */
/* Rules: P2 */
static void a_free_piece_is_one_with_the_phase_of_the_address(void **state)
{
	(void)state;
	for (uint64_t start = 0; start < 4 * M; start += 512 * K)
		for (uint64_t shift = 0; shift < 2 * M; shift += 256 * K)
			for (uint64_t extra = 0; extra < 2 * M; extra += 256 * K) {
				struct smalt_memory ram[2] = {
					{ 16 * M, 64 * K, SMALT_MEM_USABLE, 0 },
					{ 20 * M + start, 4 * M + extra, SMALT_MEM_USABLE, 0 },
				};
				struct question q = { .va = 0x400000 + shift, .pa = 128 * M + shift + 4 * K,
				                      .mem_bytes = 4 * M, .file_bytes = 4 * M,
				                      .prot = RX, .ram = ram };
				uint64_t skip = (4 * M + shift - start) % (2 * M);

				assert_int_equal(stays(q), skip > extra);
			}
}

/* ---- P2 against counting leaves page by page ---- */

#define MOST_PAGES 1400u

/* The pages of a row, by their pa: one more at the end, which continues nothing. */
struct pages {
	uint64_t va, count;
	uint64_t pa[MOST_PAGES + 1];
};

/* Is there a leaf of so many pages at page i? */
static bool leaf_here(const struct pages *p, uint64_t i, uint64_t size)
{
	if ((p->va + i * 4096) % (size * 4096) != 0 || p->pa[i] % (size * 4096) != 0 ||
	    size > p->count - i)
		return false;
	for (uint64_t k = 1; k < size; k++)
		if (p->pa[i + k] != p->pa[i] + k * 4096)
			return false;
	return true;
}

static unsigned count_leaves(const struct pages *p, const uint64_t *sizes, unsigned size_count)
{
	unsigned leaves = 0;

	for (uint64_t i = 0; i < p->count; leaves++) {
		unsigned k = size_count;

		while (k > 0 && !leaf_here(p, i, sizes[k - 1]))
			k--;
		i += k > 0 ? sizes[k - 1] : 1;
	}
	return leaves;
}

/* Leaves of the row with its whole file pages at pa, or with all pages in the best frames. */
static unsigned leaves_of(struct question q, bool in_place, const uint64_t *sizes, unsigned size_count)
{
	static struct pages p;
	uint64_t frames = 1ull << 40;        /* congruent to anything that is added to it */

	p.va = q.va / 4096 * 4096;
	p.count = (q.va + q.mem_bytes - p.va + 4095) / 4096;
	assert_true(p.count <= MOST_PAGES);
	for (uint64_t i = 0; i < p.count; i++) {
		uint64_t va = p.va + i * 4096;
		bool whole = va >= q.va && va + 4096 <= q.va + q.file_bytes;

		if (in_place && whole)
			frames += 1ull << 40;        /* what comes behind is another piece */
		p.pa[i] = in_place && whole ? q.pa + (va - q.va) : frames + va;
	}
	return count_leaves(&p, sizes, size_count);
}

static bool worth_staying(struct question q, const uint64_t *sizes, unsigned size_count)
{
	uint64_t first = q.va / 4096 * 4096, end = (q.va + q.mem_bytes + 4095) / 4096 * 4096;

	while (size_count > 0) {             /* the largest leaf that fits */
		uint64_t size = sizes[size_count - 1] * 4096;

		if ((first + size - 1) / size * size + size <= end)
			break;
		size_count--;
	}
	if (q.pa % 4096 != q.va % 4096)
		return false;
	if (size_count == 0 || (q.pa - q.va) % (sizes[size_count - 1] * 4096) == 0)
		return true;
	if (q.file_bytes > q.copy_limit)
		return true;
	return leaves_of(q, true, sizes, size_count) <= leaves_of(q, false, sizes, size_count);
}

static uint64_t draw(uint64_t *seed, uint64_t limit)
{
	*seed = *seed * 6364136223846793005 + 1442695040888963407;
	return (*seed >> 33) % limit;
}

/* Rules: P2, S11 */
static void bytes_stay_exactly_where_a_copy_saves_no_leaf(void **state)
{
	static const uint64_t x86_64[] = { 512 }, aarch64[] = { 16, 512 };
	static const uint64_t odd[] = { 0, 0, 0, 0x800 }, step[] = { 4 * K, 64 * K, 512 * K };
	unsigned stayed = 0, copied = 0;
	uint64_t seed = 3;

	(void)state;
	for (unsigned round = 0; round < 1500; round++) {
		bool x86 = round % 2;
		struct question q = { .machine = x86 ? &machine_x86_64 : &machine_aarch64,
		                      .prot = RW, .copy_limit = M + draw(&seed, 4) * M };
		uint64_t unit = step[draw(&seed, 3)], offset = odd[draw(&seed, 4)];
		bool expected;

		q.va = 0x400000 + draw(&seed, 8) * unit + offset;
		q.pa = 128 * M + draw(&seed, 8) * step[draw(&seed, 3)] + offset;
		q.mem_bytes = 1 + draw(&seed, 5 * M / unit) * unit + draw(&seed, 2) * 0xfff;
		q.file_bytes = 1 + draw(&seed, q.mem_bytes);
		if (draw(&seed, 2))
			q.file_bytes = q.mem_bytes;
		expected = worth_staying(q, x86 ? x86_64 : aarch64, x86 ? 1 : 2);
		assert_int_equal(stays(q), expected);
		stayed += expected;
		copied += !expected;
	}
	assert_true(stayed > 300 && copied > 300);
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
		cmocka_unit_test(a_free_piece_is_one_with_the_phase_of_the_address),
		cmocka_unit_test(bytes_stay_exactly_where_a_copy_saves_no_leaf),
		cmocka_unit_test(physical_placement_keeps_only_what_lies_there_already),
	};

	return cmocka_run_group_tests_name("stay", tests, NULL, NULL);
}
