/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_space_leaves.c: rows have the leaves that a look at every page gives them.
 */
#include "space.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tiny_space.h"

struct page {
	uint64_t pa;             /* in pages; 0: not mapped */
	uint32_t prot, extent;
	uint32_t rows;           /* bit i: row i has a byte here */
	bool fixed;
	unsigned leaf;           /* log2 of the leaf that maps it, found out here */
	bool begins;             /* a leaf begins here */
};

struct model {
	struct page pages[PAGES];
	uint64_t leaves, fewest, ideal;
};

static bool joined(const struct page *page, bool any_pa)
{
	return page->pa != 0 && page[-1].pa != 0 && page->prot == page[-1].prot &&
	       (page->rows & page[-1].rows) != 0 && (any_pa || page->pa == page[-1].pa + 1);
}

/* The run of pages from `at` on that one leaf may lie in. */
static unsigned run_end(const struct model *model, unsigned at, bool any_pa)
{
	for (at++; at < LOW && joined(&model->pages[at], any_pa); at++)
		;
	return at;
}

static bool leaf_fits(const struct model *model, uint32_t mask, unsigned index, unsigned at,
                      unsigned end, bool any_pa)
{
	unsigned size = 1u << 2 * index;

	return (mask >> index & 1) && at % size == 0 && at + size <= end &&
	       (any_pa || model->pages[at].pa % size == 0);
}

/* The fewest leaves for pages [at, end): every choice is tried. */
static uint64_t fewest(const struct model *model, uint32_t mask, unsigned at, unsigned end,
                       bool any_pa)
{
	uint64_t best[LOW + 1];

	best[end] = 0;
	for (unsigned i = end; i-- > at; ) {
		best[i] = UINT64_MAX;
		for (unsigned index = 0; index < 3; index++)
			if (leaf_fits(model, mask, index, i, end, any_pa) &&
			    1 + best[i + (1u << 2 * index)] < best[i])
				best[i] = 1 + best[i + (1u << 2 * index)];
	}
	return best[at];
}

static void map_pages(struct model *model, uint32_t mask)
{
	for (unsigned at = 0, end; at < LOW; at = end) {
		end = run_end(model, at, false);
		if (model->pages[at].pa == 0)
			continue;
		model->fewest += fewest(model, mask, at, end, false);
		for (unsigned i = at, index; i < end; i += 1u << 2 * index) {
			for (index = 2; !leaf_fits(model, mask, index, i, end, false); index--)
				;
			model->pages[i].begins = true;
			model->leaves++;
			for (unsigned k = i; k < i + (1u << 2 * index); k++)
				model->pages[k].leaf = 12 + 2 * index;
		}
	}
	for (unsigned at = 0, end; at < LOW; at = end) {
		end = run_end(model, at, true);
		if (model->pages[at].pa != 0)
			model->ideal += fewest(model, mask, at, end, true);
	}
}

/* Rows at random bytes of the low pages; some share pages. Extents and model as cut.c would make them. */
static void fill(struct space *space, struct model *model, uint32_t *seed)
{
	uint64_t at = PAGE + next_random(seed) % 8 * 512;
	struct fault fault;

	while (space->row_count < 6 && at < (LOW - 4) * PAGE) {
		uint64_t bytes = 1 + next_random(seed) % (next_random(seed) % 2 ? PAGE : 24 * PAGE);
		struct smalt_row row = { .va = at, .mem_bytes = bytes,
			.prot = next_random(seed) % 3 ? SMALT_R : SMALT_R | SMALT_W };

		if (at + bytes > (LOW - 2) * PAGE)
			row.mem_bytes = (LOW - 2) * PAGE - at;
		for (uint64_t b = at / PAGE; b <= (at + row.mem_bytes - 1) / PAGE; b++) {
			model->pages[b].rows |= 1u << space->row_count;
			model->pages[b].prot |= row.prot;
		}
		at += row.mem_bytes;
		if (next_random(seed) % 2)
			at = (at + PAGE - 1) / PAGE * PAGE;
		if (next_random(seed) % 3 == 0)
			at += next_random(seed) % 3 * PAGE;
		assert_int_equal(space_add_rows(space, &row, 1, &fault), ST_OK);
	}
}

static void back(struct space *space, struct model *model, uint32_t *seed)
{
	uint64_t pa = 64 + next_random(seed) % 2 * next_random(seed) % 16;
	struct fault fault;
	bool fixed = false;

	for (unsigned i = 0; i < LOW; i++) {
		struct page *page = &model->pages[i];
		struct smalt_extent *last = &space->extents[space->extent_count - 1];
		struct smalt_extent extent = { .va = i * (uint64_t)PAGE, .bytes = PAGE };

		if (page->rows == 0)
			continue;
		if (next_random(seed) % 12 == 0)
			pa += next_random(seed) % 8;
		if (next_random(seed) % 12 == 0)
			fixed = !fixed;
		page->pa = i + pa;
		page->fixed = fixed;
		extent.pa = page->pa * PAGE;
		extent.row = (uint32_t)__builtin_ctz(page->rows);
		extent.prot = page->prot;
		extent.backing = fixed ? SMALT_BACKING_IN_PLACE : SMALT_BACKING_ZERO;
		if (space->extent_count != 0 && last->va + last->bytes == extent.va &&
		    last->pa + last->bytes == extent.pa && last->row == extent.row &&
		    last->prot == extent.prot && last->backing == extent.backing)
			last->bytes += PAGE;
		else
			assert_int_equal(space_add_extent(space, &extent, &fault), ST_OK);
		page->extent = space->extent_count - 1;
	}
}

/* Is there a block of such pages: naturally aligned, all of the row, of one prot, of frames? */
static bool has_block(const struct model *model, uint32_t row, unsigned size, bool prot, bool frames)
{
	for (unsigned at = 0; at + size <= LOW; at += size) {
		bool good = true;

		for (unsigned i = at; i < at + size; i++) {
			const struct page *page = &model->pages[i];

			good = good && (page->rows >> row & 1) &&
			       (!prot || page->prot == model->pages[at].prot) &&
			       (!frames || !page->fixed);
		}
		if (good)
			return true;
	}
	return false;
}

static uint32_t model_why(const struct model *model, uint32_t row, uint32_t mask, unsigned shift)
{
	unsigned larger = 0, pages = 0;

	for (unsigned index = 2; index > 0; index--)
		if ((mask >> index & 1) && 12 + 2 * index > shift)
			larger = 1u << 2 * index;
	for (unsigned i = 0; i < LOW; i++)
		pages += model->pages[i].rows >> row & 1;
	if (larger == 0)
		return SMALT_WHY_NOTHING;
	if (pages < larger)
		return SMALT_WHY_SIZE;
	if (!has_block(model, row, larger, false, false))
		return SMALT_WHY_ALIGNMENT;
	if (!has_block(model, row, larger, true, false))
		return SMALT_WHY_RIGHTS;
	return has_block(model, row, larger, true, true) ? SMALT_WHY_FRAGMENTATION
	                                                 : SMALT_WHY_IN_PLACE;
}

static void assert_row(const struct space *space, const struct model *model, uint32_t row,
                       unsigned seen[7])
{
	const struct smalt_row *r = &space->rows[row];
	unsigned largest = 0, count[3] = { 0 };

	for (unsigned i = 0; i < LOW; i++) {
		const struct page *page = &model->pages[i];

		if ((page->rows >> row & 1) && page->leaf > largest)
			largest = page->leaf;
		if (page->begins && space->extents[page->extent].row == row)
			count[(page->leaf - 12) / 2]++;
	}
	assert_int_equal(r->leaf_shift, largest);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(r->leaf_count[i], count[i]);
	for (unsigned i = 3; i < 7; i++)
		assert_int_equal(r->leaf_count[i], 0);
	assert_int_equal(r->why, model_why(model, row, space->leaf_mask, largest));
	seen[r->why]++;
}

static void assert_maps(const struct space *space, const struct model *model)
{
	struct map maps[LOW];
	uint32_t count = space_maps(space, NULL), n = 0;

	assert_int_equal(space_maps(space, maps), count);
	for (unsigned at = 0, end; at < LOW; at = end) {
		end = run_end(model, at, false);
		if (model->pages[at].pa == 0)
			continue;
		assert_int_equal(maps[n].va, at * (uint64_t)PAGE);
		assert_int_equal(maps[n].pa, model->pages[at].pa * PAGE);
		assert_int_equal(maps[n].bytes, (end - at) * (uint64_t)PAGE);
		assert_int_equal(maps[n].prot, model->pages[at].prot);
		n++;
	}
	assert_int_equal(n, count);
}

/* Rules: P1, P5 */
static void rows_have_the_fewest_leaves_and_know_why_not_larger_ones(void **state)
{
	uint32_t seed = 17;
	unsigned seen[7] = { 0 };

	(void)state;
	for (int round = 0; round < 2500; round++) {
		struct arena arena = scratch(32 << 10);
		struct space space = space_of(&arena, 8, LOW);
		struct model model = { 0 };
		uint64_t sum[MACHINE_LEAVES];

		space.leaf_mask = 1 | next_random(&seed) % 4 << 1;
		fill(&space, &model, &seed);
		back(&space, &model, &seed);
		map_pages(&model, space.leaf_mask);
		space_sort_extents(&space);
		for (uint32_t i = 0; i < space.row_count; i++) {
			memset(space.rows[i].leaf_count, 0xaa, sizeof space.rows[i].leaf_count);
			space.rows[i].leaf_shift = 0xaa;
		}
		space_leaves(&space);
		for (uint32_t i = 0; i < space.row_count; i++)
			assert_row(&space, &model, i, seen);
		for (unsigned i = 0; i < LOW; i++) {
			const struct page *page = &model.pages[i];

			if (page->pa != 0)
				assert_true(space.extents[page->extent].leaf_shift >= page->leaf);
		}
		assert_maps(&space, &model);
		space_leaf_sum(&space, sum);
		assert_int_equal(sum[0] + sum[1] + sum[2], model.leaves);
		assert_int_equal(model.leaves, model.fewest);
		assert_int_equal(space_lower_bound(&space), model.fewest);
		assert_int_equal(space_ideal(&space), model.ideal);
	}
	for (unsigned why = SMALT_WHY_NOTHING; why <= SMALT_WHY_IN_PLACE; why++)
		assert_in_range(seen[why], 8, UINT32_MAX);
}

/* A row of x86_64 with one extent, and what space_leaves() makes of it. */
static struct smalt_row leaves_of(uint64_t va, uint64_t pa, uint64_t bytes, uint32_t leaf_mask,
                                  uint32_t object)
{
	struct arena arena = scratch(SCRATCH_BYTES);
	struct smalt_row row = { .va = va, .mem_bytes = bytes, .prot = SMALT_R, .object = object };
	struct smalt_extent extent = { .va = va, .pa = pa, .bytes = bytes, .prot = SMALT_R };
	struct space space;
	struct fault fault;

	assert_int_equal(space_init(&space, paging_of(&machine_x86_64, leaf_mask), 1, 1, &arena, &fault), ST_OK);
	assert_int_equal(space_add_rows(&space, &row, 1, &fault), ST_OK);
	assert_int_equal(space_add_extent(&space, &extent, &fault), ST_OK);
	space_leaves(&space);
	assert_int_equal(space.extents[0].leaf_shift, space.rows[0].leaf_shift);
	assert_int_equal(space_lower_bound(&space), object == SMALT_NONE ? 0 :
	                 space.rows[0].leaf_count[0] + space.rows[0].leaf_count[1] +
	                 space.rows[0].leaf_count[2]);
	return space.rows[0];
}

/* Rules: P1, P3, P5 */
static void leaves_of_x86_64_are_counted_as_by_hand(void **state)
{
	const uint64_t top = 0xffffffff80000000;
	struct smalt_row row;

	(void)state;
	/* 1 GiB and 2 MiB and a page, aligned: 1 + 1 + 1 */
	row = leaves_of(top, 1ull << 32, (1ull << 30) + (2 << 20) + PAGE, 7, 0);
	assert_int_equal(row.leaf_count[0], 1);
	assert_int_equal(row.leaf_count[1], 1);
	assert_int_equal(row.leaf_count[2], 1);
	assert_int_equal(row.leaf_shift, 30);
	assert_int_equal(row.why, SMALT_WHY_NOTHING);
	/* without 1G leaves, as TCG's default CPU: 513 of 2M */
	row = leaves_of(top, 1ull << 32, (1ull << 30) + (2 << 20) + PAGE, 3, 0);
	assert_int_equal(row.leaf_count[0], 1);
	assert_int_equal(row.leaf_count[1], 513);
	assert_int_equal(row.leaf_count[2], 0);
	assert_int_equal(row.leaf_shift, 21);
	assert_int_equal(row.why, SMALT_WHY_NOTHING);
	/* 4 MiB whose pa differs by a page: 1024 pages, frames could have been had elsewhere */
	row = leaves_of(top, (1ull << 32) + PAGE, 4 << 20, 7, SMALT_NONE);
	assert_int_equal(row.leaf_count[0], 1024);
	assert_int_equal(row.leaf_shift, 12);
	assert_int_equal(row.why, SMALT_WHY_IN_PLACE);
	/* 2 MiB that begin a page too late, 8 KiB */
	assert_int_equal(leaves_of(top + PAGE, (1ull << 32) + PAGE, 2 << 20, 7, 0).why,
	                 SMALT_WHY_ALIGNMENT);
	assert_int_equal(leaves_of(top, 1ull << 32, 2 * PAGE, 7, 0).why, SMALT_WHY_SIZE);
}

/* Rules: P1 */
static void a_terabyte_is_counted_without_a_walk(void **state)
{
	struct smalt_row row = leaves_of(0xffff900000000000, (1ull << 40) + PAGE, 1ull << 40, 7, 0);

	(void)state;
	assert_int_equal(row.leaf_count[0], 1u << 28);
	assert_int_equal(row.leaf_shift, 12);
}

/* Rules: M18, P5 */
static void a_reserved_row_is_not_mapped(void **state)
{
	struct arena arena = scratch(SCRATCH_BYTES);
	struct space space = space_of(&arena, 2, 2);
	struct smalt_row rows[] = {
		{ .va = 0x4000, .mem_bytes = 0x4800, .prot = SMALT_R },
		{ .va = 0x8800, .mem_bytes = 0x4000, .prot = 0 },
	};
	struct smalt_extent extent = { .va = 0x4000, .pa = 0x4000, .bytes = 0x5000,
	                               .prot = SMALT_R, .backing = SMALT_BACKING_ZERO };
	struct fault fault;

	(void)state;
	assert_int_equal(space_add_rows(&space, rows, 2, &fault), ST_OK);
	assert_int_equal(space_add_extent(&space, &extent, &fault), ST_OK);
	space_leaves(&space);
	assert_int_equal(space.rows[0].leaf_shift, 14);
	assert_int_equal(space.rows[1].leaf_shift, 0);
	assert_int_equal(space.rows[1].why, SMALT_WHY_NOTHING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_have_the_fewest_leaves_and_know_why_not_larger_ones),
		cmocka_unit_test(leaves_of_x86_64_are_counted_as_by_hand),
		cmocka_unit_test(a_terabyte_is_counted_without_a_walk),
		cmocka_unit_test(a_reserved_row_is_not_mapped),
	};

	return cmocka_run_group_tests_name("space_leaves", tests, NULL, NULL);
}
