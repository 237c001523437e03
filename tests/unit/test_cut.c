/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_cut.c: every small row against a model that asks each byte of each page
 * whose it is. Pages have 8 bytes.
 */
#include "cut.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <smalt/handoff.h>

#define PAGE 8u
#define NOTHING 99u

/* Byte by byte: the backing of one page, NOTHING if it is not this row's to map. */
static uint32_t backing_of(const struct cut *c, uint64_t page)
{
	uint64_t file_bytes = 0, zero_bytes = 0;
	bool first = c->va / PAGE * PAGE == page;
	bool last = (c->va + c->mem_bytes - 1) / PAGE * PAGE == page;

	for (uint64_t va = page; va < page + PAGE; va++) {
		if (va < c->va || va - c->va >= c->mem_bytes)
			continue;
		if (va - c->va < c->file_bytes)
			file_bytes++;
		else
			zero_bytes++;
	}
	if (file_bytes + zero_bytes == 0 || (first && c->first_shared))
		return NOTHING;
	if (file_bytes == 0)
		return SMALT_BACKING_ZERO;
	if (c->in_place && c->bytes_pa % PAGE == c->va % PAGE && !(last && c->last_shared) &&
	    (file_bytes == PAGE || (c->whole_pages && zero_bytes == 0)))
		return SMALT_BACKING_IN_PLACE;
	return SMALT_BACKING_COPY;
}

static void check_row(const struct cut *c)
{
	struct run runs[CUT_MAX];
	uint32_t count = cut_row(c, PAGE, runs), run = 0;
	uint64_t done = 0;

	assert_true(count <= CUT_MAX);
	for (uint32_t i = 0; i < count; i++) {
		assert_true(runs[i].bytes > 0 && runs[i].bytes % PAGE == 0);
		if (i > 0) {
			assert_int_equal(runs[i].va, runs[i - 1].va + runs[i - 1].bytes);
			assert_int_not_equal(runs[i].backing, runs[i - 1].backing);
		}
	}
	for (uint64_t page = c->va / PAGE * PAGE; page < c->va + c->mem_bytes; page += PAGE) {
		uint32_t expected = backing_of(c, page);

		if (expected == NOTHING)
			continue;
		assert_true(run < count);
		assert_int_equal(runs[run].va + done, page);
		assert_int_equal(runs[run].backing, expected);
		done += PAGE;
		if (done == runs[run].bytes) {
			run++;
			done = 0;
		}
	}
	assert_int_equal(run, count);
}

/* All bytes of a row of up to 5 pages, all combinations of flags, all phases of the file. */
/* Rules: S11, M17, M10 */
static void all_small_rows_are_cut_as_their_bytes_say(void **state)
{
	(void)state;
	for (uint32_t flags = 0; flags < 16; flags++)
		for (uint64_t phase = 0; phase < PAGE; phase++)
			for (uint64_t va = 64; va < 64 + PAGE; va++)
				for (uint64_t mem = 1; mem <= 4 * PAGE + 1; mem++)
					for (uint64_t file = 0; file <= mem; file++)
						check_row(&(struct cut){
							.va = va, .mem_bytes = mem,
							.file_bytes = file,
							.bytes_pa = 160 + phase,
							.in_place = flags & 1,
							.whole_pages = flags & 2,
							.first_shared = flags & 4,
							.last_shared = flags & 8,
						});
}

/* Rules: M17 */
static void a_row_at_the_end_of_the_address_space_does_not_wrap(void **state)
{
	struct cut c = { .va = -(3ull << 12) + 8, .mem_bytes = 0x1800, .file_bytes = 0x10 };
	struct run runs[CUT_MAX];

	(void)state;
	assert_int_equal(cut_row(&c, 4096, runs), 2);
	assert_int_equal(runs[0].va, -(3ull << 12));
	assert_int_equal(runs[0].bytes, 4096);
	assert_int_equal(runs[0].backing, SMALT_BACKING_COPY);
	assert_int_equal(runs[1].va, -(2ull << 12));
	assert_int_equal(runs[1].bytes, 4096);
	assert_int_equal(runs[1].backing, SMALT_BACKING_ZERO);
}

/* The picture of cut.h, in pages of 4 KiB. */
/* Rules: S11, M17 */
static void a_congruent_row_copies_two_pages_at_most(void **state)
{
	struct cut c = { .va = 0x400800, .mem_bytes = 0x5000, .file_bytes = 0x3000,
	                 .bytes_pa = 0x1234800, .in_place = true };
	struct run runs[CUT_MAX];

	(void)state;
	assert_int_equal(cut_row(&c, 4096, runs), 4);
	assert_int_equal(runs[0].backing, SMALT_BACKING_COPY);
	assert_int_equal(runs[0].bytes, 0x1000);
	assert_int_equal(runs[1].backing, SMALT_BACKING_IN_PLACE);
	assert_int_equal(runs[1].va, 0x401000);
	assert_int_equal(runs[1].bytes, 0x2000);
	assert_int_equal(runs[2].backing, SMALT_BACKING_COPY);
	assert_int_equal(runs[2].bytes, 0x1000);
	assert_int_equal(runs[3].backing, SMALT_BACKING_ZERO);
	assert_int_equal(runs[3].va + runs[3].bytes, 0x406000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_small_rows_are_cut_as_their_bytes_say),
		cmocka_unit_test(a_row_at_the_end_of_the_address_space_does_not_wrap),
		cmocka_unit_test(a_congruent_row_copies_two_pages_at_most),
	};

	return cmocka_run_group_tests_name("cut", tests, NULL, NULL);
}
