/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_relro.c: where PT_GNU_RELRO parts a writable segment, page by page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "bench.h"
#include "elf_maker.h"

#define KERNEL_BYTES 0x8000
#define BASE         0x400000ull
#define GNU_RELRO    0x6474e552

static uint8_t kernel[KERNEL_BYTES];

/* Text at 0x1000; before at 0x2000 (if it has bytes); data from data_va on; RELRO as told. */
struct layout {
	uint64_t before_bytes;
	uint64_t data_va, data_bytes, data_memory;
	uint64_t relro_va, relro_bytes;
	uint32_t data_flags;
};

static void make_kernel(const struct layout *l)
{
	struct maker m = {
		.file = kernel, .file_bytes = KERNEL_BYTES, .type = 2, .machine = 62,
		.entry = BASE + 0x1000, .segment_count = 4,
		.segments = {
			{ 1, 5, 0x1000, BASE + 0x1000, 0, 0x1000, 0x1000, 0x1000 },
			{ 1, 6, 0x2000, BASE + 0x2000, 0, l->before_bytes, l->before_bytes, 0x1000 },
			{ 1, l->data_flags, l->data_va & 0x7fff, BASE + l->data_va, 0, l->data_bytes,
			  l->data_memory, 0x1000 },
			{ GNU_RELRO, 4, l->relro_va & 0x7fff, BASE + l->relro_va, 0, 0, l->relro_bytes, 1 },
		},
	};

	for (unsigned i = 0; i < KERNEL_BYTES; i++)
		kernel[i] = (uint8_t)(i * 5 + (i >> 8));
	maker_write(&m);
}

static void plan_layout(const struct layout *l, const char *cmdline)
{
	make_kernel(l);
	set_machine(&machine_x86_64, 0x3000000);
	b.env.cmdline = span_of(cmdline);
	give_file(kernel, KERNEL_BYTES);
	if (plan() != ST_OK) {
		char text[256];

		fault_text(&b.fault, text, sizeof text);
		fail_msg("%s", text);
	}
}

/* The rights of the page at va (without BASE), 0 if no row of the kernel is there. */
static uint32_t rights_at(uint64_t va)
{
	const struct smalt_extent *extent = space_extent_at(&b.boot.space, BASE + va);

	return extent ? extent->prot : 0;
}

/* Exactly the pages of [first, end) are read-only; all others of the data are writable. */
static void check_pages(const struct layout *l, uint64_t first, uint64_t end)
{
	uint64_t data_end = (l->data_va + l->data_memory + PAGE - 1) & -PAGE;

	for (uint64_t va = l->data_va & -PAGE; va < data_end; va += PAGE)
		assert_int_equal(rights_at(va), va >= first && va < end ? SMALT_R : SMALT_R | SMALT_W);
}

/* Rows ascend, add up to the segment, and one of them is flagged if there is a read-only page. */
static void check_rows(const struct layout *l, bool has_relro)
{
	uint64_t memory = 0, file = 0, at = BASE + l->data_va;
	bool found = false;

	for (uint32_t i = 0; i < b.boot.space.row_count; i++) {
		const struct smalt_row *row = &b.boot.space.rows[i];

		if (row->object != 0 || row->segment != 2)
			continue;
		assert_true(row->va == at);
		if (row->file_bytes > 0)
			assert_true(row->file_offset - (row->va - BASE) == (l->data_va & 0x7fff) - l->data_va);
		assert_int_equal((row->flags & SMALT_ROW_RELRO) != 0, row->prot == SMALT_R);
		found |= row->prot == SMALT_R;
		memory += row->mem_bytes;
		file += row->file_bytes;
		at += row->mem_bytes;
	}
	assert_true(memory == l->data_memory && file == l->data_bytes);
	assert_int_equal(found, has_relro);
}

static void check(const struct layout *l, uint64_t first, uint64_t end)
{
	plan_layout(l, "");
	check_pages(l, first, end);
	check_rows(l, first < end);
	boot_execute(&b.boot);
	for (uint64_t i = 0; i < l->data_memory; i += 17) {
		const struct smalt_extent *extent = space_extent_at(&b.boot.space, BASE + l->data_va + i);
		const uint8_t *byte = env_pointer(&b.env, extent->pa + (BASE + l->data_va + i - extent->va));

		assert_int_equal(*byte, i < l->data_bytes ? kernel[(l->data_va & 0x7fff) + i] : 0);
	}
}

/* Rules: M3, M4, S9 */
static void the_beginning_of_a_segment_is_protected_up_to_its_last_whole_page(void **state)
{
	struct layout l = { 0, 0x4000, 0x3000, 0x5000, 0x4000, 0x2000, 6 };

	(void)state;
	check(&l, 0x4000, 0x6000);
	l.relro_bytes = 0x2fff;
	check(&l, 0x4000, 0x6000);
	l.relro_bytes = 0xfff;
	check(&l, 0, 0);
	l.relro_bytes = 0;
	check(&l, 0, 0);
}

/* Rules: M3, S9 */
static void a_first_page_that_is_writable_otherwise_stays_writable(void **state)
{
	struct layout unaligned = { 0, 0x4123, 0x2e00, 0x2e00, 0x4123, 0x1edd, 6 };
	struct layout shared = { 0x2080, 0x4123, 0x2e00, 0x2e00, 0x4123, 0x1edd, 6 };
	struct layout inside = { 0, 0x4000, 0x3000, 0x3000, 0x4100, 0x1f00, 6 };
	struct layout page_inside = { 0, 0x4000, 0x3000, 0x4000, 0x5000, 0x1000, 6 };

	(void)state;
	check(&unaligned, 0x4000, 0x6000);
	check(&shared, 0x5000, 0x6000);
	check(&inside, 0x5000, 0x6000);
	check(&page_inside, 0x5000, 0x6000);
}

/* Rules: M3, S9 */
static void a_range_beyond_file_bytes_or_segment_ends_with_the_segment(void **state)
{
	struct layout beyond_file = { 0, 0x4000, 0x800, 0x3000, 0x4000, 0x2000, 6 };
	struct layout rounded_by_lld = { 0, 0x4000, 0x1800, 0x1800, 0x4000, 0x2000, 6 };
	struct layout all_memory = { 0, 0x4000, 0x1800, 0x1800, 0x4000, 0x100000, 6 };

	(void)state;
	check(&beyond_file, 0x4000, 0x6000);
	check(&rounded_by_lld, 0x4000, 0x6000);
	check(&all_memory, 0x4000, 0x6000);
}

/* Rules: S9 */
static void what_is_not_writable_or_not_there_is_left_as_it_is(void **state)
{
	struct layout read_only = { 0, 0x4000, 0x3000, 0x3000, 0x4000, 0x2000, 4 };
	struct layout nowhere = { 0, 0x4000, 0x3000, 0x3000, 0x9000, 0x2000, 6 };

	(void)state;
	plan_layout(&read_only, "");
	assert_int_equal(rights_at(0x4000), SMALT_R);
	for (uint32_t i = 0; i < b.boot.space.row_count; i++)
		assert_false(b.boot.space.rows[i].flags & SMALT_ROW_RELRO);
	check(&nowhere, 0, 0);
}

/* Rules: S9 */
static void an_object_that_relocates_itself_protects_itself(void **state)
{
	struct layout l = { 0, 0x4000, 0x3000, 0x5000, 0x4000, 0x2000, 6 };

	(void)state;
	plan_layout(&l, "smalt.relocate=no");
	check_pages(&l, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_beginning_of_a_segment_is_protected_up_to_its_last_whole_page),
		cmocka_unit_test(a_first_page_that_is_writable_otherwise_stays_writable),
		cmocka_unit_test(a_range_beyond_file_bytes_or_segment_ends_with_the_segment),
		cmocka_unit_test(what_is_not_writable_or_not_there_is_left_as_it_is),
		cmocka_unit_test(an_object_that_relocates_itself_protects_itself),
	};

	return cmocka_run_group_tests_name("relro", tests, NULL, NULL);
}
