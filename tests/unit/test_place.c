/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_place.c: rows of objects at the addresses that the rules of M give them.
 */
#include "place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "place_maker.h"

enum { PAGE = 4096 };
#define MIB (1ull << 20)
#define R   SMALT_R
#define RW  (SMALT_R | SMALT_W)
#define RX  (SMALT_R | SMALT_X)

/* text, read-only data, data with bss: as lld links them */
static struct object usual(enum object_kind kind, uint64_t lowest, struct segment segments[3])
{
	segments[0] = (struct segment){ .va = lowest, .file_offset = 0, .file_bytes = 0x5432,
	                                .mem_bytes = 0x5432, .prot = RX };
	segments[1] = (struct segment){ .va = lowest + 0x6440, .file_offset = 0x5440,
	                                .file_bytes = 0x200, .mem_bytes = 0x200, .prot = R };
	segments[2] = (struct segment){ .va = lowest + 0x8640, .file_offset = 0x5640,
	                                .file_bytes = 0x100, .mem_bytes = 0x3000, .prot = RW };
	return maker_object(kind, segments, 3);
}

static void assert_row(const struct smalt_row *row, uint64_t va, uint64_t mem_bytes,
                       uint64_t file_bytes, uint32_t prot, uint32_t flags)
{
	assert_int_equal(row->va, va);
	assert_int_equal(row->mem_bytes, mem_bytes);
	assert_int_equal(row->file_bytes, file_bytes);
	assert_int_equal(row->data_offset, va % PAGE);
	assert_int_equal(row->prot, prot);
	assert_int_equal(row->flags, flags);
	assert_int_equal(row->kind, SMALT_KIND_OBJECT);
	assert_int_equal(row->object, 3);
	assert_int_equal(row->leaf_shift, 0);
	assert_int_equal(row->color, SMALT_NONE);
}

/* Rules: M3, M4, M6 */
static void a_fixed_object_gets_exactly_its_own_addresses(void **state)
{
	struct segment segments[3];
	struct object object = usual(OBJECT_FIXED, 0x200000, segments);
	struct place_request request = maker_request(&object);
	struct space space = maker_space();
	struct placed p;

	(void)state;
	request.instance = 9;
	p = maker_place(&space, &request);
	assert_int_equal(p.status, ST_OK);
	assert_int_equal(p.count, 3);
	assert_row(&p.rows[0], 0x200000, 0x5432, 0x5432, RX,
	           SMALT_ROW_ELF_HEADER | SMALT_ROW_PHDR_TABLE);
	assert_row(&p.rows[1], 0x206440, 0x200, 0x200, R, 0);
	assert_row(&p.rows[2], 0x208640, 0x3000, 0x100, RW, SMALT_ROW_BSS);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(p.rows[i].segment, i + 5);
		assert_int_equal(p.rows[i].file_offset, segments[i].file_offset);
		assert_int_equal(p.rows[i].instance, 9);
	}
	assert_int_equal(p.placement.base, 0x200000);
	assert_int_equal(p.placement.bias, 0);
	assert_int_equal(p.placement.start, 0x200000);
	assert_int_equal(p.placement.end, 0x20c000);
}

/* Rules: M6, H7 */
static void a_movable_object_goes_to_the_lowest_address_with_its_distances(void **state)
{
	static const uint64_t lowest[] = { 0, 0x1000, 0x400000, 0x12345678, 0xffff800000000000 };

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct segment segments[3];
		struct object object = usual(OBJECT_MOVABLE, lowest[i], segments);
		struct place_request request = maker_request(&object);
		struct space space = maker_space();
		struct placed p = maker_place(&space, &request);

		assert_int_equal(p.status, ST_OK);
		assert_int_equal(p.placement.base, KERNEL_VA);
		assert_int_equal(p.placement.bias, KERNEL_VA - lowest[i] / PAGE * PAGE);
		for (uint32_t k = 0; k < 3; k++)
			assert_int_equal(p.rows[k].va, segments[k].va + p.placement.bias);
	}
}

/* Rules: M6, X4 */
static void the_bias_is_a_multiple_of_the_largest_alignment(void **state)
{
	static const uint64_t aligns[] = { 1, 0x1000, 0x10000, 0x200000, 0x1000000 };

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		for (int stays = 0; stays < 2; stays++) {
			struct segment segments[3];
			struct object object = usual(OBJECT_MOVABLE, 0x3000, segments);
			struct place_request request = maker_request(&object);
			struct space space = maker_space();
			struct placed p;

			object.align = aligns[i];
			object.bytes_pa = 0x7ffd3000;
			request.may_stay = stays;
			request.from = KERNEL_VA + 0x5000;
			p = maker_place(&space, &request);
			assert_int_equal(p.status, ST_OK);
			assert_int_equal(p.placement.bias % aligns[i], 0);
			assert_int_equal(p.placement.base % aligns[i], 0);
			assert_in_range(p.rows[0].va, request.from, request.from + 0x1000000);
		}
}

/* Rules: M2 */
static void any_capacity_below_the_number_of_rows_is_told_that_number(void **state)
{
	(void)state;
	for (uint32_t n = 1; n <= 8; n++)
		for (int padded = 0; padded < 2; padded++)
			for (int kind = OBJECT_FLAT; kind <= OBJECT_MOVABLE; kind++) {
				struct segment segments[8] = { 0 };
				struct object object;
				struct place_request request;
				struct space space = maker_space();
				uint32_t rows = (kind == OBJECT_FLAT ? 1 : n) + (padded ? 2 : 0);

				for (uint32_t i = 0; i < n; i++)
					segments[i] = (struct segment){ .va = 0x400000 + i * 0x1000,
						.mem_bytes = 0x800, .prot = RX };
				object = maker_object((enum object_kind)kind, segments, n);
				request = maker_request(&object);
				if (padded) {
					request.flags |= PLACE_PADDING;
					request.padding = 1;
				}
				for (uint32_t capacity = 0; capacity <= rows + 1; capacity++) {
					struct placed p = maker_place_with(&space, &request, capacity);

					assert_int_equal(p.status, capacity < rows ? ST_TOO_SMALL
					                                           : ST_OK);
					assert_int_equal(p.count, rows);
				}
			}
}

/* Rules: M5 */
static void without_interpretation_the_file_is_one_read_only_row(void **state)
{
	struct segment segments[3];
	struct object object = usual(OBJECT_FIXED, 0x200000, segments);
	struct place_request request = maker_request(&object);
	struct space space = maker_space();
	struct placed p;

	(void)state;
	object.bytes.bytes = 0x12345;
	request.flags = 0;
	p = maker_place(&space, &request);
	assert_int_equal(p.status, ST_OK);
	assert_int_equal(p.count, 1);
	assert_row(&p.rows[0], KERNEL_VA, 0x12345, 0x12345, R, 0);
	assert_int_equal(p.rows[0].segment, SMALT_NONE);
	assert_int_equal(p.rows[0].file_offset, 0);
	request.flags = PLACE_PADDING;
	request.padding = 0x1001;
	p = maker_place(&space, &request);
	assert_int_equal(p.count, 3);
	assert_row(&p.rows[0], KERNEL_VA, 0x2000, 0, 0, SMALT_ROW_PADDING);
	assert_row(&p.rows[1], KERNEL_VA + 0x2000, 0x12345, 0x12345, R, 0);
	assert_row(&p.rows[2], KERNEL_VA + 0x15000, 0x2000, 0, 0, SMALT_ROW_PADDING);
	assert_int_equal(p.placement.base, KERNEL_VA + 0x2000);
	assert_int_equal(p.placement.start, KERNEL_VA);
	assert_int_equal(p.placement.end, KERNEL_VA + 0x17000);
	request.flags = 0;
	request.padding = 0;
	object.bytes.bytes = 0;
	assert_int_equal(maker_place(&space, &request).status, ST_NOT_MAPPABLE);
}

/* Rules: M4, M6 */
static void a_relocatable_file_is_one_row_that_has_its_header(void **state)
{
	struct object object = maker_flat(0x9000, OBJECT_NOWHERE);
	struct place_request request = maker_request(&object);
	struct space space = maker_space();
	struct placed p;

	(void)state;
	p = maker_place(&space, &request);
	assert_row(&p.rows[0], KERNEL_VA, 0x9000, 0x9000, R, 0);
	object.header_bytes = 64;
	p = maker_place(&space, &request);
	assert_row(&p.rows[0], KERNEL_VA, 0x9000, 0x9000, R, SMALT_ROW_ELF_HEADER);
	object.phdr_count = 2;
	p = maker_place(&space, &request);
	assert_row(&p.rows[0], KERNEL_VA, 0x9000, 0x9000, R,
	           SMALT_ROW_ELF_HEADER | SMALT_ROW_PHDR_TABLE);
	object.bytes.bytes = 63;
	p = maker_place(&space, &request);
	assert_row(&p.rows[0], KERNEL_VA, 63, 63, R, 0);
	request.entry_required = true;
	assert_int_equal(maker_place(&space, &request).status, ST_BAD_ENTRY);
}

/* Rules: M5 */
static void contradictions_between_flags_and_arguments_are_invalid(void **state)
{
	struct segment segments[3];
	struct object fixed = usual(OBJECT_FIXED, 0x200000, segments);
	struct object movable = fixed, flat = maker_flat(PAGE, OBJECT_NOWHERE);
	const struct { const struct object *object; uint32_t flags; uint64_t padding, va; } bad[] = {
		{ &movable, 64, 0, 0 }, { &movable, 1u << 31, 0, 0 },
		{ &movable, PLACE_INTERPRET, 1, 0 }, { &movable, PLACE_INTERPRET, 0, 0x400000 },
		{ &movable, PLACE_INTERPRET | PLACE_ADDRESS, 0, 0 },
		{ &fixed, PLACE_INTERPRET | PLACE_ADDRESS, 0, 0x400000 },
		{ &fixed, PLACE_INTERPRET | PLACE_PHYSICAL | PLACE_PADDING, PAGE, 0 },
		{ &movable, PLACE_INTERPRET | PLACE_PHYSICAL | PLACE_ADDRESS, 0, 0x400000 },
		{ &flat, PLACE_PHYSICAL, 0, 0 },
	};
	struct space space = maker_space();

	(void)state;
	movable.kind = OBJECT_MOVABLE;
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct place_request request = maker_request(bad[i].object);

		request.flags = bad[i].flags;
		request.padding = bad[i].padding;
		request.va = bad[i].va;
		assert_int_equal(maker_place(&space, &request).status, ST_INVALID);
	}
}

/* Rules: M8 */
static void padding_surrounds_the_object_and_keeps_its_alignment(void **state)
{
	(void)state;
	for (uint64_t padding = 0; padding < 0x6000; padding += 0x7ff)
		for (uint64_t align = 0x1000; align <= 0x10000; align *= 4) {
			uint64_t whole = (padding + 0xfff) / 0x1000 * 0x1000;
			struct segment segments[3];
			struct object object = usual(OBJECT_MOVABLE, 0, segments);
			struct place_request request = maker_request(&object);
			struct space space = maker_space();
			uint32_t first = padding != 0;
			struct placed p;

			object.align = align;
			request.flags |= PLACE_PADDING;
			request.padding = padding;
			p = maker_place(&space, &request);
			assert_int_equal(p.status, ST_OK);
			assert_int_equal(p.count, 3 + 2 * first);
			assert_int_equal(p.placement.base % align, 0);
			assert_int_equal(p.rows[first].va, p.placement.base);
			assert_int_equal(p.placement.start, p.placement.base - whole);
			assert_int_equal(p.placement.end, p.placement.base + 0xc000 + whole);
			if (first) {
				assert_row(&p.rows[0], p.placement.start, whole, 0, 0, SMALT_ROW_PADDING);
				assert_row(&p.rows[4], p.placement.base + 0xc000, whole, 0, 0,
				           SMALT_ROW_PADDING);
				assert_int_equal(p.rows[0].segment, SMALT_NONE);
			}
		}
}

/* Rules: M8 */
static void padding_that_overflows_is_no_memory(void **state)
{
	static const uint64_t paddings[] = { UINT64_MAX, UINT64_MAX - 0xffe, 1ull << 63,
	                                     (1ull << 63) - 0x6000 };
	struct segment segments[3];
	struct object object = usual(OBJECT_MOVABLE, 0, segments);
	struct place_request request = maker_request(&object);
	struct space space = maker_space();

	(void)state;
	request.flags |= PLACE_PADDING;
	for (unsigned i = 0; i < 4; i++) {
		request.padding = paddings[i];
		assert_int_equal(maker_place(&space, &request).status, ST_NO_MEMORY);
		object.kind = OBJECT_FIXED;
		assert_int_equal(maker_place(&space, &request).status, ST_NO_MEMORY);
		object.kind = OBJECT_MOVABLE;
	}
	request.padding = 1ull << 62;
	assert_int_equal(maker_place(&space, &request).status, ST_NO_ADDRESS);
}

/* Rules: M8, M9 */
static void padding_of_a_fixed_object_must_be_free_too(void **state)
{
	struct segment segments[3];
	struct object object = usual(OBJECT_FIXED, 0x400000, segments);
	struct place_request request = maker_request(&object);
	struct fault fault;

	(void)state;
	request.flags |= PLACE_PADDING;
	for (uint64_t padding = 0x1000; padding < 0x6000; padding += 0x1000)
		for (int above = 0; above < 2; above++) {
			struct space space = maker_space();

			/* three free pages beside the object, one of them the guard */
			assert_int_equal(space_claim(&space, above ? 0x40f000 : 0x3fc000, PAGE,
			                             SPAN("other"), 1, &fault), ST_OK);
			request.padding = padding;
			assert_int_equal(maker_place(&space, &request).status,
			                 padding <= 0x2000 ? ST_OK : ST_ADDRESS_IN_USE);
		}
}

/* Rules: M9, M14 */
static void nothing_is_placed_over_or_beside_something(void **state)
{
	(void)state;
	for (uint64_t page = 0x1fc; page < 0x210; page++) {
		struct segment segments[3];
		struct object object = usual(OBJECT_FIXED, 0x200000, segments);
		struct place_request request = maker_request(&object);
		struct space space = maker_space();
		/* pages 0x200..0x205, 0x206, 0x208..0x20b, and one beside each; 0x207 is beside two */
		bool hit = page >= 0x1ff && page <= 0x20c;
		struct fault fault;
		struct placed p;

		assert_int_equal(space_claim(&space, page << 12, 1, SPAN("owner"), 3, &fault), ST_OK);
		p = maker_place(&space, &request);
		assert_int_equal(p.status, hit ? ST_ADDRESS_IN_USE : ST_OK);
		if (!hit)
			continue;
		assert_string_equal(p.fault.word, "owner");
		/* the first segment on a page that is taken or beside one that is */
		assert_true(p.fault.has & FAULT_SEGMENT);
		assert_int_equal(p.fault.segment, page <= 0x206 ? 5 : page == 0x207 ? 6 : 7);
	}
}

/* Rules: M9, M14 */
static void objects_of_one_kind_leave_a_guard_between_them(void **state)
{
	struct segment segments[3];
	struct object object = usual(OBJECT_MOVABLE, 0, segments);
	struct place_request request = maker_request(&object);
	struct space space = maker_space();

	(void)state;
	for (uint64_t i = 0; i < 4; i++) {
		struct placed p = maker_place(&space, &request);

		/* 0xc pages each, one between */
		assert_int_equal(p.placement.base, KERNEL_VA + i * 0xd000);
		maker_enter(&space, &request, &p);
	}
	assert_int_equal(space.row_count, 12);
	assert_int_equal(space.claim_count, 4);
	assert_int_equal(space.used.bytes, 4 * 0xc000);
	assert_true(ranges_hold(&space.used, KERNEL_VA, 0xc000));
}

/* Rules: M19 */
static void an_entry_must_be_inside_an_executable_row(void **state)
{
	static const struct { uint64_t entry; bool in_text; } cases[] = {
		{ 0, false }, { 0x1fffff, false }, { 0x200000, true }, { 0x205431, true },
		{ 0x205432, false }, { 0x206440, false }, { 0x208640, false }, { UINT64_MAX, false },
	};

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		for (int moves = 0; moves < 2; moves++) {
			struct segment segments[3];
			struct object object = usual(moves ? OBJECT_MOVABLE : OBJECT_FIXED, 0x200000,
			                             segments);
			struct place_request request = maker_request(&object);
			struct space space = maker_space();
			bool module_good = cases[i].in_text || cases[i].entry == 0;

			object.entry = cases[i].entry;
			request.entry_required = true;
			assert_int_equal(maker_place(&space, &request).status,
			                 cases[i].in_text ? ST_OK : ST_BAD_ENTRY);
			request.entry_required = false;
			assert_int_equal(maker_place(&space, &request).status,
			                 module_good ? ST_OK : ST_BAD_ENTRY);
			request.flags = 0;
			assert_int_equal(maker_place(&space, &request).status, ST_OK);
		}
}

/* Rules: M14, M19 */
static void addresses_that_do_not_exist_are_refused_at_once(void **state)
{
	static const struct { uint64_t va, bytes; enum status x86_64, aarch64; } cases[] = {
		{ 0, 1, ST_NO_ADDRESS, ST_NO_ADDRESS },
		{ 0xfff, 1, ST_NO_ADDRESS, ST_NO_ADDRESS },
		{ 0x1000, 1, ST_OK, ST_OK },
		{ 0x00007fffffffe000, 0x1000, ST_OK, ST_OK },
		{ 0x00007fffffffe000, 0x1001, ST_NO_ADDRESS, ST_OK },
		{ 0x0000800000000000, 0x1000, ST_NO_ADDRESS, ST_OK },
		{ 0x0000ffffffffe000, 0x1001, ST_NO_ADDRESS, ST_NO_ADDRESS },
		{ 0x0001000000000000, 0x1000, ST_NO_ADDRESS, ST_NO_ADDRESS },
		{ 0xfffeffffffffffff, 1, ST_NO_ADDRESS, ST_NO_ADDRESS },
		{ 0xffff000000000000, 1, ST_NO_ADDRESS, ST_OK },
		{ 0xffff800000000000, 1, ST_OK, ST_OK },
		{ 0xffffffffffffefff, 1, ST_OK, ST_OK },
		{ 0xffffffffffffefff, 2, ST_NO_ADDRESS, ST_NO_ADDRESS },
		{ 0xfffffffffffff000, 0xfff, ST_NO_ADDRESS, ST_NO_ADDRESS },
		{ 0x200000, 1ull << 62, ST_NO_ADDRESS, ST_NO_ADDRESS },
		{ 0x200000, UINT64_MAX - 0x200000, ST_NO_ADDRESS, ST_NO_ADDRESS },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (int arm = 0; arm < 2; arm++) {
			struct segment segments[] = { { .va = cases[i].va, .mem_bytes = cases[i].bytes,
			                                .prot = R } };
			struct object object = maker_object(OBJECT_FIXED, segments, 1);
			struct place_request request = maker_request(&object);
			struct space space = maker_space_of(arm ? &machine_aarch64 : &machine_x86_64,
			                                    7, 4);
			struct placed p = maker_place(&space, &request);

			assert_int_equal(p.status, arm ? cases[i].aarch64 : cases[i].x86_64);
			if (p.status != ST_OK)
				assert_int_equal(p.fault.segment, 5);
			object.kind = OBJECT_MOVABLE;
			if (cases[i].bytes >= 1ull << 62)
				assert_int_equal(maker_place(&space, &request).status, ST_NO_ADDRESS);
		}
}

/* Rules: M6 */
static void an_object_that_spans_all_of_the_space_has_no_address(void **state)
{
	struct segment segments[] = { { .va = 0, .mem_bytes = 1, .prot = R },
	                              { .va = UINT64_MAX - 5, .mem_bytes = 5, .prot = R } };
	struct object object = maker_object(OBJECT_MOVABLE, segments, 2);
	struct place_request request = maker_request(&object);
	struct space space = maker_space();

	(void)state;
	assert_int_equal(maker_place(&space, &request).status, ST_NO_ADDRESS);
	segments[0].va = 0x1000;
	assert_int_equal(maker_place(&space, &request).status, ST_NO_ADDRESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fixed_object_gets_exactly_its_own_addresses),
		cmocka_unit_test(a_movable_object_goes_to_the_lowest_address_with_its_distances),
		cmocka_unit_test(the_bias_is_a_multiple_of_the_largest_alignment),
		cmocka_unit_test(any_capacity_below_the_number_of_rows_is_told_that_number),
		cmocka_unit_test(without_interpretation_the_file_is_one_read_only_row),
		cmocka_unit_test(a_relocatable_file_is_one_row_that_has_its_header),
		cmocka_unit_test(contradictions_between_flags_and_arguments_are_invalid),
		cmocka_unit_test(padding_surrounds_the_object_and_keeps_its_alignment),
		cmocka_unit_test(padding_that_overflows_is_no_memory),
		cmocka_unit_test(padding_of_a_fixed_object_must_be_free_too),
		cmocka_unit_test(nothing_is_placed_over_or_beside_something),
		cmocka_unit_test(objects_of_one_kind_leave_a_guard_between_them),
		cmocka_unit_test(an_entry_must_be_inside_an_executable_row),
		cmocka_unit_test(addresses_that_do_not_exist_are_refused_at_once),
		cmocka_unit_test(an_object_that_spans_all_of_the_space_has_no_address),
	};

	return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
