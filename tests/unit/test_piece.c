/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_piece.c: every byte of every extent comes once, from where the rows say, against a look
 * at each byte of a memory that is 0xAA before.
 */
#include "piece.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tiny_space.h"

enum { BYTES = LOW * PAGE, NOTHING = 0xaa };

struct picture {
	bool read[3];                /* the objects' files are read into their frames */
	uint32_t rows, extents;
};

/* Rows of three objects, one behind the other, sometimes on one page; extents behind them. */
static struct picture draw(struct space *space, uint32_t *seed)
{
	struct picture p = { { false, next_random(seed) % 2, true }, 0, 0 };
	uint64_t va = PAGE;
	struct fault fault;

	while (va < (LOW - 8) * PAGE && p.rows < 6) {
		struct smalt_row row = { .va = va + next_random(seed) % 3000, .mem_bytes = 1 + next_random(seed) % 12000,
		                         .object = next_random(seed) % 4, .prot = SMALT_R };

		row.file_bytes = next_random(seed) % 3 ? row.mem_bytes * (next_random(seed) % 5) / 4 : 0;
		row.kind = next_random(seed) % 8 ? SMALT_KIND_OBJECT : SMALT_KIND_HANDOFF;
		if (row.object == 3)
			row.object = SMALT_NONE;
		assert_int_equal(space_add_rows(space, &row, 1, &fault), ST_OK);
		p.rows++;
		va = row.va + row.mem_bytes + next_random(seed) % 5000 * (next_random(seed) % 2);
	}
	return p;
}

/* Each page one extent with a frame that is no neighbor's; backing as it likes. */
static void back(struct space *space, struct picture *p, uint32_t *seed)
{
	uint64_t end = 0;
	struct fault fault;

	for (uint32_t row = 0; row < p->rows; row++) {
		uint64_t va = max_u64(space_first_page(space, &space->rows[row]), end);
		uint64_t row_end = space_end_page(space, &space->rows[row]);

		while (va < row_end) {
			uint64_t pages = 1 + next_random(seed) % ((row_end - va) / PAGE);
			struct smalt_extent extent = { .va = va, .pa = (LOW * PAGE - va - pages * PAGE) , .bytes = pages * PAGE,
			                               .row = row, .backing = next_random(seed) % 6 };

			assert_int_equal(space_add_extent(space, &extent, &fault), ST_OK);
			p->extents++;
			va += extent.bytes;
		}
		end = max_u64(end, row_end);
	}
}

/* What stands behind va: the lowest byte of row << 16 + offset in it, or 0. */
static uint64_t source(const struct space *space, uint64_t va)
{
	for (uint32_t i = 0; i < space->row_count; i++)
		if (va - space->rows[i].va < space->rows[i].file_bytes)
			return (uint64_t)(i + 1) << 16 | (va - space->rows[i].va);
	return 0;
}

static bool is_filled(const struct space *space, const struct smalt_extent *e)
{
	uint32_t object = space->rows[e->row].object;

	if (space->rows[e->row].kind == SMALT_KIND_HANDOFF)
		return false;
	return e->backing == SMALT_BACKING_COPY || e->backing == SMALT_BACKING_ZERO ||
	       e->backing == SMALT_BACKING_PAD ||
	       (e->backing == SMALT_BACKING_IN_PLACE && object != SMALT_NONE && space->read && space->read[object]);
}

/* Rules: M17, S11 */
static void every_byte_that_is_needed_comes_once_from_its_row_or_is_zero(void **state)
{
	static uint64_t memory[BYTES], expected[BYTES];
	uint32_t seed = 9;

	(void)state;
	for (int round = 0; round < 60; round++) {
		struct arena arena = scratch(SCRATCH_BYTES);
		struct space space = space_of(&arena, 8, 64);
		struct picture p = draw(&space, &seed);
		struct piece_cursor cursor = { .space = &space };
		struct piece piece;

		back(&space, &p, &seed);
		space.read = round % 3 ? p.read : NULL;
		for (uint64_t i = 0; i < BYTES; i++)
			memory[i] = expected[i] = NOTHING;
		for (uint32_t i = 0; i < p.extents; i++)
			for (uint64_t k = 0; is_filled(&space, &space.extents[i]) && k < space.extents[i].bytes; k++)
				expected[space.extents[i].pa + k] = space.extents[i].backing == SMALT_BACKING_ZERO ||
				                                    space.extents[i].backing == SMALT_BACKING_PAD
					? 0 : source(&space, space.extents[i].va + k);
		while (piece_next(&cursor, &piece)) {
			assert_true(piece.bytes > 0);
			for (uint64_t k = 0; k < piece.bytes; k++) {
				assert_true(memory[piece.to_pa + k] == NOTHING);
				memory[piece.to_pa + k] = piece.zero ? 0
					: (uint64_t)(piece.row + 1) << 16 | (piece.row_offset + k);
			}
		}
		assert_false(piece_next(&cursor, &piece));
		assert_memory_equal(memory, expected, sizeof memory);
	}
}

/* Rules: P4 */
static void pads_of_what_runs_trap_and_others_are_zero(void **state)
{
	static const struct { uint32_t backing, prot; bool trap; } cases[] = {
		{ SMALT_BACKING_PAD, SMALT_R | SMALT_X, true }, { SMALT_BACKING_PAD, SMALT_R | SMALT_X | SMALT_G, true },
		{ SMALT_BACKING_PAD, SMALT_R | SMALT_W, false }, { SMALT_BACKING_PAD, SMALT_R, false },
		{ SMALT_BACKING_ZERO, SMALT_R | SMALT_X, false }, { SMALT_BACKING_COPY, SMALT_R | SMALT_X, false },
	};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct arena arena = scratch(SCRATCH_BYTES);
		struct space space = space_of(&arena, 8, 64);
		struct smalt_row row = { .va = PAGE, .mem_bytes = PAGE, .prot = cases[i].prot, .object = 0 };
		struct smalt_extent extent = { .va = 2 * PAGE, .pa = 5 * PAGE, .bytes = 3 * PAGE, .row = 0,
		                               .backing = cases[i].backing, .prot = cases[i].prot };
		struct piece_cursor cursor = { .space = &space };
		struct piece piece;
		struct fault fault;

		assert_int_equal(space_add_rows(&space, &row, 1, &fault), ST_OK);
		assert_int_equal(space_add_extent(&space, &extent, &fault), ST_OK);
		assert_true(piece_next(&cursor, &piece));
		assert_true(piece.zero && piece.to_pa == 5 * PAGE && piece.bytes == 3 * PAGE);
		assert_int_equal(piece.trap, cases[i].trap);
		assert_false(piece_next(&cursor, &piece));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_that_is_needed_comes_once_from_its_row_or_is_zero),
		cmocka_unit_test(pads_of_what_runs_trap_and_others_are_zero),
	};

	return cmocka_run_group_tests_name("piece", tests, NULL, NULL);
}
