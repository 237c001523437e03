/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_wish.c: where an object goes that may go anywhere.
 */
#include "wish.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "place_maker.h"

enum { PAGE = 4096, PAGES = 4096 };
#define MIB (1ull << 20)
#define ARM_KERNEL_VA 0xffff800000000000

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* A kernel of so many bytes in a file at pa: text first, then data of an eighth. */
static struct placed kernel_at(const struct machine *machine, uint32_t leaf_mask, uint64_t from,
                               uint64_t text_bytes, uint64_t align, uint64_t pa)
{
	struct segment segments[] = {
		{ .va = 0, .file_offset = 0x1000, .file_bytes = text_bytes, .mem_bytes = text_bytes,
		  .prot = SMALT_R | SMALT_X, .align = align },
		{ .va = (text_bytes + 2 * align) / align * align, .file_offset = 0x1000 + text_bytes,
		  .file_bytes = text_bytes / 8, .mem_bytes = text_bytes, .prot = SMALT_R | SMALT_W,
		  .align = align },
	};
	struct object object = maker_object(OBJECT_MOVABLE, segments, 2);
	struct place_request request = maker_request(&object);
	struct space space = maker_space_of(machine, leaf_mask, MAKER_ROWS);
	struct placed p;

	object.bytes_pa = pa;
	request.may_stay = pa != OBJECT_NOWHERE;
	request.from = from;
	p = maker_place(&space, &request);
	assert_int_equal(p.status, ST_OK);
	assert_int_equal(p.placement.bias % align, 0);
	return p;
}

/* Rules: M13, P2 */
static void the_bits_below_2m_come_from_the_bytes_that_can_stay(void **state)
{
	struct placed p;

	(void)state;
	/* text's first byte lies at 0x1f9a0000 + 0x1000 */
	p = kernel_at(&machine_x86_64, 7, KERNEL_VA, 5 * MIB, PAGE, 0x1f9a0000);
	assert_int_equal(p.rows[0].va, KERNEL_VA + 0x1a1000);
	p = kernel_at(&machine_x86_64, 7, KERNEL_VA, 64 << 10, PAGE, 0x1f9a0000);
	assert_int_equal(p.rows[0].va, KERNEL_VA + 0x1a1000);
	/* p_align 64K, as lld's on aarch64: the file lies right */
	p = kernel_at(&machine_aarch64, 31, ARM_KERNEL_VA, 5 * MIB, 0x10000, 0x481af000);
	assert_int_equal(p.rows[0].va, ARM_KERNEL_VA + 0x1b0000);
	/* a page off: the bits above p_align all the same */
	p = kernel_at(&machine_aarch64, 31, ARM_KERNEL_VA, 5 * MIB, 0x10000, 0x481a0000);
	assert_int_equal(p.rows[0].va, ARM_KERNEL_VA + 0x1a0000);
	/* p_align 2M leaves nothing to choose */
	p = kernel_at(&machine_x86_64, 7, KERNEL_VA, 5 * MIB, 2 * MIB, 0x1f9a0000);
	assert_int_equal(p.rows[0].va, KERNEL_VA);
}

/* Rules: M13, P2 */
static void a_segment_that_fills_a_larger_leaf_is_congruent_to_it(void **state)
{
	struct placed p;

	(void)state;
	p = kernel_at(&machine_aarch64, 31, ARM_KERNEL_VA, 40 * MIB, PAGE, 0x49fff000);
	assert_int_equal(p.rows[0].va, ARM_KERNEL_VA);
	p = kernel_at(&machine_aarch64, 31, ARM_KERNEL_VA, 40 * MIB, PAGE, 0x49f0f000);
	assert_int_equal(p.rows[0].va, ARM_KERNEL_VA + 0x1f10000);
	/* not so large, or a CPU without 32M runs: modulo 2M */
	p = kernel_at(&machine_aarch64, 31, ARM_KERNEL_VA, 31 * MIB, PAGE, 0x49f0f000);
	assert_int_equal(p.rows[0].va, ARM_KERNEL_VA + 0x110000);
	p = kernel_at(&machine_aarch64, 7, ARM_KERNEL_VA, 40 * MIB, PAGE, 0x49f0f000);
	assert_int_equal(p.rows[0].va, ARM_KERNEL_VA + 0x110000);
	/* no object is aligned to 1G */
	p = kernel_at(&machine_x86_64, 7, KERNEL_VA, 500 * MIB, PAGE, 0x7fe0f000);
	assert_int_equal(p.rows[0].va, KERNEL_VA + 0x10000);
}

/* Rules: M13, P2, S11 */
static void bytes_without_a_whole_page_of_their_own_are_no_reason(void **state)
{
	(void)state;
	for (uint64_t va = 0; va < 0x1000; va += 0x7ff)
		for (uint64_t bytes = 1; bytes < 0x2800; bytes += 0x3ff) {
			struct segment segments[] = { { .va = va, .file_offset = va, .prot = SMALT_R,
				.file_bytes = bytes, .mem_bytes = 0x4000 } };
			struct object object = maker_object(OBJECT_MOVABLE, segments, 1);
			struct place_request request = maker_request(&object);
			struct space space = maker_space();
			bool whole = false;

			object.bytes_pa = 0x40015000;
			request.may_stay = true;
			for (uint64_t page = 0; page < 0x4000; page += PAGE)
				whole |= page >= va && page + PAGE <= va + bytes;
			assert_int_equal(maker_place(&space, &request).rows[0].va,
			                 KERNEL_VA + va + (whole ? 0x15000 : 0));
		}
}

/* Rules: M13, P2 */
static void the_segment_with_most_file_bytes_decides(void **state)
{
	struct segment segments[] = {
		{ .va = 0x0000, .file_offset = 0x1000, .file_bytes = 0x800, .mem_bytes = 0x800,
		  .prot = SMALT_R },
		{ .va = 0x5000, .file_offset = 0x2000, .file_bytes = 0x3000, .mem_bytes = 0x3000,
		  .prot = SMALT_R | SMALT_X },
		{ .va = 0x9000, .file_offset = 0x7000, .file_bytes = 0x2fff, .mem_bytes = 64 * MIB,
		  .prot = SMALT_R | SMALT_W },
	};
	struct object object = maker_object(OBJECT_MOVABLE, segments, 3);
	struct place_request request = maker_request(&object);
	struct space space = maker_space();
	struct placed p;

	(void)state;
	object.bytes_pa = 0x10000000;
	request.may_stay = true;
	p = maker_place(&space, &request);
	assert_int_equal(p.rows[1].va % (2 * MIB), 0x2000);
	/* not congruent modulo a page: nothing can stay, so the largest in memory decides */
	object.bytes_pa = 0x10000010;
	p = maker_place(&space, &request);
	assert_int_equal(p.rows[2].va % (2 * MIB), 0);
	assert_int_equal(p.rows[2].va, KERNEL_VA + 2 * MIB);
	/* nor if they are not in memory, or must not stay */
	object.bytes_pa = OBJECT_NOWHERE;
	assert_int_equal(maker_place(&space, &request).rows[2].va, KERNEL_VA + 2 * MIB);
	object.bytes_pa = 0x10000000;
	request.may_stay = false;
	assert_int_equal(maker_place(&space, &request).rows[2].va, KERNEL_VA + 2 * MIB);
	/* nothing is large: packed */
	segments[2].mem_bytes = 0x3000;
	assert_int_equal(maker_place(&space, &request).rows[0].va, KERNEL_VA);
	/* bss alone has nothing that could stay */
	segments[0].file_bytes = segments[1].file_bytes = segments[2].file_bytes = 0;
	request.may_stay = true;
	assert_int_equal(maker_place(&space, &request).rows[0].va, KERNEL_VA);
}

/* Rules: M5, M13, M17 */
static void a_flat_file_that_stays_has_its_own_place_in_the_page(void **state)
{
	struct object object = maker_flat(0x2345, 0x1ffd5679);
	struct place_request request = maker_request(&object);
	struct space space = maker_space();
	struct placed p;

	(void)state;
	request.may_stay = true;
	p = maker_place(&space, &request);
	assert_int_equal(p.rows[0].va, KERNEL_VA + 0x679);
	assert_int_equal(p.rows[0].data_offset, 0x679);
	assert_int_equal(p.rows[0].mem_bytes, 0x2345);
	assert_int_equal(p.rows[0].file_bytes, 0x2345);
	assert_int_equal(p.placement.base, KERNEL_VA);
	assert_int_equal(p.placement.end, KERNEL_VA + 0x3000);
	object.bytes.bytes = 3 * MIB;
	p = maker_place(&space, &request);
	assert_int_equal(p.rows[0].va, KERNEL_VA + 0x1d5679);
	request.may_stay = false;
	p = maker_place(&space, &request);
	assert_int_equal(p.rows[0].va, KERNEL_VA);
	object.bytes.bytes = 0x2345;
	object.bytes_pa = OBJECT_NOWHERE;
	request.may_stay = true;
	request.from = KERNEL_VA + 0x3001;
	p = maker_place(&space, &request);
	assert_int_equal(p.rows[0].va, KERNEL_VA + 0x4000);
}

/* Rules: M13 */
static void an_explicit_address_is_obeyed_or_refused(void **state)
{
	struct segment segments[] = { { .va = 0x7000, .mem_bytes = 0x5000, .prot = SMALT_R,
	                                .align = 0x4000 } };
	struct object object = maker_object(OBJECT_MOVABLE, segments, 1);
	struct place_request request = maker_request(&object);
	struct space space = maker_space();
	struct fault fault;
	struct placed p;

	(void)state;
	request.flags |= PLACE_ADDRESS;
	request.va = 0xffff900000004000;
	p = maker_place(&space, &request);
	assert_int_equal(p.status, ST_OK);
	assert_int_equal(p.placement.base, 0xffff900000004000);
	assert_int_equal(p.placement.bias, 0xffff900000000000);
	assert_int_equal(p.rows[0].va, 0xffff900000007000);
	request.va += PAGE;
	p = maker_place(&space, &request);
	assert_int_equal(p.status, ST_MISALIGNED);
	assert_int_equal(p.fault.value, 0xffff900000005000);
	assert_int_equal(p.fault.limit, 0x4000);
	request.va = 0x0000800000000000;
	assert_int_equal(maker_place(&space, &request).status, ST_NO_ADDRESS);
	request.va = 0xffff900000004000;
	assert_int_equal(space_claim(&space, 0xffff90000000d000, 1, SPAN("b.elf"), 8, &fault), ST_OK);
	assert_int_equal(maker_place(&space, &request).status, ST_OK);
	assert_int_equal(space_claim(&space, 0xffff900000006000, 1, SPAN("c.elf"), 8, &fault), ST_OK);
	p = maker_place(&space, &request);
	assert_int_equal(p.status, ST_ADDRESS_IN_USE);
	assert_string_equal(p.fault.word, "c.elf");
	/* its padding counts: pages 13 to 17 have four down to the guard of b.elf, three up to d.elf's */
	request.flags |= PLACE_PADDING;
	request.va = 0xffff900000010000;
	for (request.padding = PAGE; request.padding <= 6 * PAGE; request.padding += PAGE) {
		p = maker_place(&space, &request);
		assert_int_equal(p.status, request.padding <= 4 * PAGE ? ST_OK : ST_ADDRESS_IN_USE);
		if (p.status == ST_OK)
			assert_int_equal(p.placement.start, 0xffff900000013000 - request.padding);
	}
	assert_int_equal(space_claim(&space, 0xffff90000001c000, 1, SPAN("d.elf"), 8, &fault), ST_OK);
	request.padding = 3 * PAGE;
	assert_int_equal(maker_place(&space, &request).status, ST_OK);
	request.padding = 4 * PAGE;
	assert_int_equal(maker_place(&space, &request).status, ST_ADDRESS_IN_USE);
	request.flags &= ~(uint32_t)PLACE_PADDING;
	request.padding = 0;
	/* a flat file at an address keeps its place in the page */
	object = maker_flat(100, 0x5010);
	request.may_stay = true;
	request.va = 0xffffa00000000000;
	p = maker_place(&space, &request);
	assert_int_equal(p.rows[0].va, 0xffffa00000000010);
	request.va++;
	assert_int_equal(maker_place(&space, &request).status, ST_MISALIGNED);
}

/* Rules: M13 */
static void a_wish_that_cannot_come_true_is_given_up(void **state)
{
	struct segment segments[] = { { .va = 0, .file_bytes = 0x8000, .mem_bytes = 0x8000,
	                                .prot = SMALT_R } };
	struct object object = maker_object(OBJECT_MOVABLE, segments, 1);
	struct place_request request = maker_request(&object);
	struct space space = maker_space();
	struct placed p;

	(void)state;
	/* congruent would be 0xffffffffffffe000, where only a page is left */
	object.bytes_pa = 0x7fffe000;
	request.may_stay = true;
	request.from = 0xffffffffffe00000;
	p = maker_place(&space, &request);
	assert_int_equal(p.status, ST_OK);
	assert_int_equal(p.rows[0].va, 0xffffffffffe00000);
	request.from = 0xffffffffffff8000;
	p = maker_place(&space, &request);
	assert_int_equal(p.status, ST_NO_ADDRESS);
}

/* --- every address from the lowest on is tried, with a list of taken pages --- */

struct trial {
	bool taken[PAGES + 8];           /* pages from KERNEL_VA on, some behind */
	const struct object *object;
	uint64_t from, padding;
};

/* Is the object free here, with a guard around all of it? */
static bool is_free(const struct trial *trial, uint64_t bias)
{
	const struct segment *first = trial->object->segments;
	const struct segment *last = first + trial->object->segment_count - 1;
	uint64_t start = (first->va + bias) / PAGE * PAGE - trial->padding;
	uint64_t end = (last->va + last->mem_bytes + bias + PAGE - 1) / PAGE * PAGE + trial->padding;

	if (start < trial->from || start < KERNEL_VA + PAGE || end > KERNEL_VA + PAGES * PAGE)
		return false;
	for (uint64_t page = start / PAGE - 1; page <= end / PAGE; page++)
		if (trial->taken[page - KERNEL_VA / PAGE])
			return false;
	return true;
}

/* The lowest bias that is free, a multiple of align and makes va == pa modulo leaf; 0: none. */
static uint64_t lowest_bias(const struct trial *trial, uint64_t va, uint64_t pa, uint64_t leaf)
{
	uint64_t align = trial->object->align;

	for (uint64_t page = 0; page < PAGES; page++) {
		uint64_t bias = KERNEL_VA + page * PAGE - trial->object->segments[0].va / PAGE * PAGE;

		if (bias % align == 0 && (va + bias - pa) % leaf == 0 && is_free(trial, bias))
			return bias;
	}
	return 0;
}

static void fill(struct trial *trial, struct space *space, uint32_t *seed)
{
	struct fault fault;

	memset(trial->taken, 0, sizeof trial->taken);
	for (int i = 0; i < 12; i++) {
		uint64_t page = next_random(seed) % (PAGES - 40), count = 1 + next_random(seed) % 40;

		if (space_claim(space, KERNEL_VA + page * PAGE, count * PAGE, SPAN("x"), SMALT_NONE,
		                &fault) == ST_OK)
			memset(trial->taken + page, true, count);
	}
}

/* Rules: M6, M8, M9, M13, M14, P2 */
static void every_movable_object_goes_to_the_lowest_address_that_suits(void **state)
{
	uint32_t seed = 23, congruent = 0;

	(void)state;
	for (int round = 0; round < 1500; round++) {
		struct segment segments[2];
		struct object object;
		struct place_request request;
		struct space space = maker_space_of(&machine_x86_64, 7, 32);
		struct trial trial;
		uint64_t bias, wanted;
		struct placed p;

		segments[0] = (struct segment){ .va = next_random(&seed) % 0x20000,
			.mem_bytes = 1 + next_random(&seed) % 0x8000, .prot = SMALT_R };
		segments[1] = (struct segment){ .file_offset = next_random(&seed) % 16 * PAGE,
			.va = segments[0].va + segments[0].mem_bytes + next_random(&seed) % 0x8000,
			.mem_bytes = 0x2000 + next_random(&seed) % 0x6000, .prot = SMALT_R };
		/* the second has file bytes, at the same place in a page */
		segments[1].file_offset += segments[1].va % PAGE;
		segments[1].file_bytes = segments[1].mem_bytes;
		object = maker_object(OBJECT_MOVABLE, segments, 2);
		object.align = (uint64_t)PAGE << next_random(&seed) % 3;
		object.bytes_pa = 0x40000000 + next_random(&seed) % 1024 * PAGE;
		request = maker_request(&object);
		request.may_stay = true;
		request.flags |= PLACE_PADDING;
		request.padding = next_random(&seed) % 3 * PAGE;
		request.from = KERNEL_VA + PAGE + next_random(&seed) % 0x200000;
		trial.object = &object;
		trial.from = request.from;
		trial.padding = request.padding;
		fill(&trial, &space, &seed);

		wanted = object.bytes_pa + segments[1].file_offset;
		bias = lowest_bias(&trial, segments[1].va, wanted, 2 * MIB);
		if ((wanted - segments[1].va) % object.align != 0 || bias == 0)
			continue;                    /* not possible, or not in the model's window */
		congruent++;
		p = maker_place(&space, &request);
		assert_int_equal(p.status, ST_OK);
		assert_int_equal(p.placement.bias, bias);
		request.may_stay = false;
		bias = lowest_bias(&trial, 0, 0, 1);
		p = maker_place(&space, &request);
		assert_int_equal(p.status, ST_OK);
		assert_int_equal(p.placement.bias, bias);
	}
	assert_in_range(congruent, 300, 1500);
}

/* Rules: S3, P2 */
static void an_instance_lies_like_the_first_in_every_leaf_that_it_can_have(void **state)
{
	static const uint64_t texts[] = { 0x3000, 0x12345, 3 * MIB, 33 * MIB };
	/* x86_64: 4K, 2M; aarch64: 4K, 64K, 2M, 32M */
	static const uint64_t leaves[2][4] = { { PAGE, PAGE, 2 * MIB, 2 * MIB },
	                                       { PAGE, 64 << 10, 2 * MIB, 32 * MIB } };
	static const struct machine *const machines[] = { &machine_x86_64, &machine_aarch64 };

	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (unsigned t = 0; t < 4; t++)
			for (uint64_t bias = 0; bias < 64 * MIB; bias += 0x357000) {
				struct segment segments[] = { { .file_bytes = texts[t],
					.mem_bytes = texts[t], .prot = SMALT_R | SMALT_X, .align = PAGE } };
				struct object object = maker_object(OBJECT_MOVABLE, segments, 1);
				struct place_request request = maker_request(&object);
				struct space space = maker_space_of(machines[m], 31, MAKER_ROWS);
				struct placement first = { .bias = KERNEL_VA + bias };
				struct placed p;

				request.like = &first;
				p = maker_place(&space, &request);
				assert_int_equal(p.status, ST_OK);
				assert_int_equal((p.placement.bias - first.bias) % leaves[m][t], 0);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_bits_below_2m_come_from_the_bytes_that_can_stay),
		cmocka_unit_test(a_segment_that_fills_a_larger_leaf_is_congruent_to_it),
		cmocka_unit_test(bytes_without_a_whole_page_of_their_own_are_no_reason),
		cmocka_unit_test(the_segment_with_most_file_bytes_decides),
		cmocka_unit_test(a_flat_file_that_stays_has_its_own_place_in_the_page),
		cmocka_unit_test(an_explicit_address_is_obeyed_or_refused),
		cmocka_unit_test(a_wish_that_cannot_come_true_is_given_up),
		cmocka_unit_test(every_movable_object_goes_to_the_lowest_address_that_suits),
		cmocka_unit_test(an_instance_lies_like_the_first_in_every_leaf_that_it_can_have),
	};

	return cmocka_run_group_tests_name("wish", tests, NULL, NULL);
}
