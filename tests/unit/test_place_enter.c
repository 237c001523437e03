/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_place_enter.c: what was placed is in the space afterwards, or nothing is.
 */
#include "place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "place_maker.h"

enum { PAGE = 4096 };
#define R  SMALT_R
#define RW (SMALT_R | SMALT_W)

static void assert_claim(const struct space *space, uint32_t i, uint64_t first, uint64_t last,
                         const char *owner)
{
	uint32_t at = ranges_behind(&space->used, 0);

	for (; i > 0; i--)
		at = ranges_behind(&space->used, space->used.nodes[at].end);
	assert_true(at != 0);
	assert_int_equal(space->used.nodes[at].start, first);
	assert_int_equal(space->used.nodes[at].end - 1, last);
	assert_true(span_is(space->claims[at].owner, owner));
}

/* Rules: M9, M14 */
static void a_fixed_object_claims_the_pages_of_its_rows_and_no_others(void **state)
{
	struct segment segments[] = {
		{ .va = 0x100000, .mem_bytes = 0x1800, .prot = R },          /* shares a page with ... */
		{ .va = 0x101900, .mem_bytes = 0x800, .prot = R },
		{ .va = 0x103000, .mem_bytes = 0x10, .prot = RW },           /* touches it */
		{ .va = 0x105000, .mem_bytes = 0x10, .prot = RW },           /* a page between */
		{ .va = KERNEL_VA, .mem_bytes = 0x5000, .prot = R },
	};
	struct object object = maker_object(OBJECT_FIXED, segments, 5);
	struct place_request request = maker_request(&object);
	struct space space = maker_space();
	struct placed p = maker_place(&space, &request);
	struct fault fault;

	(void)state;
	maker_enter(&space, &request, &p);
	assert_int_equal(space.claim_count, 3);
	assert_claim(&space, 0, 0x100000, 0x103fff, "a.elf");
	assert_claim(&space, 1, 0x105000, 0x105fff, "a.elf");
	assert_claim(&space, 2, KERNEL_VA, KERNEL_VA + 0x4fff, "a.elf");
	assert_int_equal(space.row_count, 5);
	assert_memory_equal(space.rows, p.rows, 5 * sizeof p.rows[0]);
	assert_int_equal(space_free_at(&space, 0x107000, 1ull << 40, SMALT_NONE, &fault), ST_OK);
	/* the same object again, as another instance, would lie on itself */
	request.instance = 1;
	p = maker_place(&space, &request);
	assert_int_equal(p.status, ST_ADDRESS_IN_USE);
	assert_string_equal(p.fault.word, "a.elf");
}

/* Rules: M8, M9 */
static void a_movable_object_claims_everything_between_its_paddings(void **state)
{
	struct segment segments[] = { { .va = 0x1000, .mem_bytes = 1, .prot = R },
	                              { .va = 0x9000, .mem_bytes = 1, .prot = RW } };
	struct object object = maker_object(OBJECT_MOVABLE, segments, 2);
	struct place_request request = maker_request(&object);
	struct space space = maker_space();
	struct placed p;

	(void)state;
	request.flags |= PLACE_PADDING;
	request.padding = 0x2000;
	p = maker_place(&space, &request);
	maker_enter(&space, &request, &p);
	assert_int_equal(space.claim_count, 1);
	assert_claim(&space, 0, KERNEL_VA, KERNEL_VA + 0xcfff, "a.elf");
	assert_int_equal(space.row_count, 4);
	assert_int_equal(space.rows[0].flags, SMALT_ROW_PADDING);
	assert_int_equal(space.rows[3].flags, SMALT_ROW_PADDING);
}

/* Rules: M8 */
static void a_fixed_object_claims_its_paddings(void **state)
{
	struct segment segments[] = { { .va = 0x100800, .mem_bytes = 1, .prot = R },
	                              { .va = 0x900000, .mem_bytes = 1, .prot = RW } };
	struct object object = maker_object(OBJECT_FIXED, segments, 2);
	struct place_request request = maker_request(&object);
	struct space space = maker_space();
	struct placed p;

	(void)state;
	request.flags |= PLACE_PADDING;
	request.padding = 0x2000;
	p = maker_place(&space, &request);
	assert_int_equal(p.placement.base, 0x100000);
	maker_enter(&space, &request, &p);
	assert_int_equal(space.claim_count, 2);
	assert_claim(&space, 0, 0xfe000, 0x100fff, "a.elf");
	assert_claim(&space, 1, 0x900000, 0x902fff, "a.elf");
}

/* Needs three rows and `needed` claims, beside one of each that is there. */
static void enter_with_any_room(const struct place_request *request, uint32_t needed)
{
	for (uint32_t rows = 1; rows <= 5; rows++)
		for (uint32_t claims = 1; claims <= 5; claims++) {
			struct space space = maker_space_of(&machine_x86_64, 7, rows), before;
			struct placed p = maker_place(&space, request);
			struct fault fault;
			enum status status;
			uint64_t va;

			assert_int_equal(place_own(&space, SMALT_KIND_STACK, 1, RW,
			                           0xffffa00000000000, PAGE, 0, &va, &fault), ST_OK);
			space.claim_capacity = claims;
			before = space;
			status = place_enter(&space, request, p.rows, p.count, &p.placement, &fault);
			assert_int_equal(status, rows >= 4 && claims >= 1 + needed ? ST_OK
			                                                           : ST_NO_MEMORY);
			if (status == ST_OK)
				continue;
			assert_memory_equal(&space, &before, sizeof before);
			assert_true(span_is(fault.object, "a.elf"));
			assert_int_equal(fault.value, rows < 4 ? 4 : 1 + needed);
			assert_int_equal(fault.limit, rows < 4 ? rows : claims);
		}
}

/* Rules: M1 */
static void without_room_nothing_is_entered(void **state)
{
	struct segment segments[] = { { .va = 0x100000, .pa = 0x100000, .mem_bytes = 1, .prot = R },
	                              { .va = 0x200000, .pa = 0x200000, .mem_bytes = 1, .prot = R },
	                              { .va = 0x300000, .pa = 0x300000, .mem_bytes = 1, .prot = R } };
	struct object object = maker_object(OBJECT_FIXED, segments, 3);
	struct place_request request = maker_request(&object);

	(void)state;
	enter_with_any_room(&request, 3);
	object.kind = OBJECT_MOVABLE;
	enter_with_any_room(&request, 1);
	request.flags |= PLACE_PHYSICAL;
	enter_with_any_room(&request, 0);
}

/* Rules: H1, M3, M14 */
static void own_rows_have_a_guard_on_both_sides_and_no_object(void **state)
{
	struct space space = maker_space();
	struct fault fault;
	uint64_t va;

	(void)state;
	assert_int_equal(place_own(&space, SMALT_KIND_STACK, 0x10000, RW, KERNEL_VA, PAGE, 0, &va,
	                           &fault), ST_OK);
	assert_int_equal(va, KERNEL_VA);
	assert_int_equal(place_own(&space, SMALT_KIND_FAULT_STACK, 0x4000, RW, KERNEL_VA, PAGE, 0,
	                           &va, &fault), ST_OK);
	assert_int_equal(va, KERNEL_VA + 0x11000);
	assert_int_equal(place_own(&space, SMALT_KIND_ACPI, 0x24, R, KERNEL_VA, 0x2000, 0x9e0, &va,
	                           &fault), ST_OK);
	assert_int_equal(va, KERNEL_VA + 0x169e0);
	assert_int_equal(place_own(&space, SMALT_KIND_SERIAL, PAGE, RW, KERNEL_VA, PAGE, 0, &va,
	                           &fault), ST_OK);
	assert_int_equal(va, KERNEL_VA + 0x18000);
	assert_int_equal(space.row_count, 4);
	assert_int_equal(space.rows[2].va, KERNEL_VA + 0x169e0);
	assert_int_equal(space.rows[2].mem_bytes, 0x24);
	assert_int_equal(space.rows[2].data_offset, 0x9e0);
	assert_int_equal(space.rows[2].kind, SMALT_KIND_ACPI);
	assert_int_equal(space.rows[2].prot, R);
	assert_int_equal(space.rows[2].file_bytes, 0);
	assert_int_equal(space.rows[2].object, SMALT_NONE);
	assert_int_equal(space.rows[2].segment, SMALT_NONE);
	assert_int_equal(space_claim(&space, KERNEL_VA + 0x10000, 1, SPAN("x"), 0, &fault),
	                 ST_ADDRESS_IN_USE);
	assert_string_equal(fault.word, "boot stack");
	assert_claim(&space, 1, KERNEL_VA + 0x11000, KERNEL_VA + 0x14fff, "fault stack");
	assert_claim(&space, 2, KERNEL_VA + 0x16000, KERNEL_VA + 0x16fff, "ACPI tables");
	assert_claim(&space, 3, KERNEL_VA + 0x18000, KERNEL_VA + 0x18fff, "serial console");
}

/* Rules: M3 */
static void every_kind_of_own_row_can_be_entered(void **state)
{
	(void)state;
	for (uint32_t kind = SMALT_KIND_STACK; kind <= SMALT_KIND_FRAMEBUFFER; kind++) {
		struct space space = maker_space_of(&machine_aarch64, 7, 1);
		struct fault fault;
		uint64_t va;

		assert_int_equal(place_own(&space, kind, 1, R, 0, PAGE, 0, &va, &fault), ST_OK);
		assert_int_equal(va, PAGE);
		assert_int_equal(space.rows[0].kind, kind);
		assert_int_equal(space_free_at(&space, PAGE, 1, 0, &fault), ST_ADDRESS_IN_USE);
		assert_true(fault.word[0] != '\0');
	}
}

/* Rules: M13, M14 */
static void an_own_row_that_is_too_long_for_the_gaps_goes_to_the_start_of_the_high_half(void **state)
{
	struct space space = maker_space_of(&machine_x86_64, 7, 1);
	uint64_t high = 0xffff800000000000, va;
	struct fault fault;

	(void)state;
	assert_int_equal(space_claim(&space, KERNEL_VA + (1 << 30), PAGE, span_of("in the middle"), 0,
	                             &fault), ST_OK);
	assert_int_equal(space_claim(&space, high, PAGE, span_of("first"), 1, &fault), ST_OK);
	assert_int_equal(place_own(&space, SMALT_KIND_HANDOFF, (1 << 30) + PAGE, R, KERNEL_VA, PAGE, 0,
	                           &va, &fault), ST_OK);
	assert_int_equal(va, high + 2 * PAGE);
	assert_int_equal(space.rows[0].va, va);
}

/* Rules: M1 */
static void an_own_row_that_does_not_fit_changes_nothing(void **state)
{
	struct space space = maker_space_of(&machine_x86_64, 7, 1), before;
	struct fault fault;
	uint64_t va = 0xaa;

	(void)state;
	before = space;
	assert_int_equal(place_own(&space, SMALT_KIND_STACK, 0, RW, KERNEL_VA, PAGE, 0, &va, &fault),
	                 ST_INVALID);
	assert_int_equal(place_own(&space, SMALT_KIND_STACK, 1ull << 47, RW, KERNEL_VA, PAGE, 0, &va,
	                           &fault), ST_NO_ADDRESS);
	assert_memory_equal(&space, &before, sizeof before);
	space.claim_capacity = 0;
	assert_int_equal(place_own(&space, SMALT_KIND_STACK, 1, RW, KERNEL_VA, PAGE, 0, &va, &fault),
	                 ST_NO_MEMORY);
	space.claim_capacity = 4;
	space.row_capacity = 0;
	assert_int_equal(place_own(&space, SMALT_KIND_STACK, 1, RW, KERNEL_VA, PAGE, 0, &va, &fault),
	                 ST_NO_MEMORY);
	assert_int_equal(space.claim_count, 0);
	assert_int_equal(va, 0xaa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fixed_object_claims_the_pages_of_its_rows_and_no_others),
		cmocka_unit_test(a_movable_object_claims_everything_between_its_paddings),
		cmocka_unit_test(a_fixed_object_claims_its_paddings),
		cmocka_unit_test(without_room_nothing_is_entered),
		cmocka_unit_test(own_rows_have_a_guard_on_both_sides_and_no_object),
		cmocka_unit_test(every_kind_of_own_row_can_be_entered),
		cmocka_unit_test(an_own_row_that_is_too_long_for_the_gaps_goes_to_the_start_of_the_high_half),
		cmocka_unit_test(an_own_row_that_does_not_fit_changes_nothing),
	};

	return cmocka_run_group_tests_name("place_enter", tests, NULL, NULL);
}
