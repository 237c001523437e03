/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_physical.c: rows at p_paddr, as foreign protocols want them.
 */
#include "physical.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "place_maker.h"

static struct place_request physical(const struct object *object)
{
	struct place_request request = maker_request(object);

	request.flags |= PLACE_PHYSICAL;
	request.entry_required = true;
	return request;
}

/* Rules: M21 */
static void rows_stand_at_p_paddr_in_its_order_with_the_files_rights(void **state)
{
	/* as Debian's vmlinux: a per-CPU segment at va 0, one that is writable and executable */
	struct segment segments[] = {
		{ .va = 0, .pa = 0x2e3d000, .mem_bytes = 0x2d000, .file_bytes = 0x2d000,
		  .file_offset = 0x2000000, .prot = SMALT_R | SMALT_W },
		{ .va = 0xffffffff81000000, .pa = 0x1000000, .mem_bytes = 0x12, .file_bytes = 0x12,
		  .file_offset = 0x200000, .prot = SMALT_X },
		{ .va = 0xffffffff82e6a000, .pa = 0x2e6a000, .mem_bytes = 0x1000,
		  .prot = SMALT_R | SMALT_W | SMALT_X },
	};
	struct object object = maker_object(OBJECT_FIXED, segments, 3);
	struct place_request request = physical(&object);
	struct space space = maker_space();
	struct fault fault;
	struct placed p;

	(void)state;
	object.entry = 0x1000000;            /* physical: in no segment's va */
	assert_int_equal(space_claim(&space, 0x1000000, 1, SPAN("other"), 1, &fault), ST_OK);
	p = maker_place(&space, &request);
	assert_int_equal(p.status, ST_OK);
	assert_int_equal(p.count, 3);
	assert_int_equal(p.rows[0].va, 0x1000000);
	assert_int_equal(p.rows[0].segment, 6);
	assert_int_equal(p.rows[0].prot, SMALT_X);
	assert_int_equal(p.rows[0].flags, 0);
	assert_int_equal(p.rows[1].va, 0x2e3d000);
	assert_int_equal(p.rows[1].segment, 5);
	assert_int_equal(p.rows[1].file_offset, 0x2000000);
	assert_int_equal(p.rows[2].va, 0x2e6a000);
	assert_int_equal(p.rows[2].prot, SMALT_R | SMALT_W | SMALT_X);
	assert_int_equal(p.rows[2].flags, SMALT_ROW_BSS | SMALT_ROW_WX);
	assert_int_equal(p.placement.bias, 0);
	assert_int_equal(p.placement.base, 0x1000000);
	assert_int_equal(p.placement.start, 0x1000000);
	assert_int_equal(p.placement.end, 0x2e6b000);
	maker_enter(&space, &request, &p);
	assert_int_equal(space.row_count, 3);
	assert_int_equal(space.claim_count, 1);
}

/* Rules: M19, M21 */
static void no_row_wraps_or_leaves_physical_memory(void **state)
{
	static const struct { uint64_t pa, bytes; enum status x86_64, aarch64; } cases[] = {
		{ 0, 1, ST_OK, ST_OK },
		{ 0x000ffffffffff000, 0x1000, ST_OK, ST_NO_ADDRESS },      /* 52 bits */
		{ 0x000ffffffffff000, 0x1001, ST_NO_ADDRESS, ST_NO_ADDRESS },
		{ 0x0000fffffffff000, 0x1000, ST_OK, ST_OK },              /* 48 bits */
		{ 0x0000fffffffff000, 0x1001, ST_OK, ST_NO_ADDRESS },
		{ 0xfffffffffffff000, 0xfff, ST_NO_ADDRESS, ST_NO_ADDRESS },
		{ 0xfffffffffffff000, 0x1000, ST_OVERFLOW, ST_OVERFLOW },
		{ 1, UINT64_MAX, ST_OVERFLOW, ST_OVERFLOW },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (int arm = 0; arm < 2; arm++) {
			struct segment segments[] = {
				{ .va = 0x1000, .pa = 0x5000, .mem_bytes = 1, .prot = SMALT_R },
				{ .va = 0x2000, .pa = cases[i].pa, .mem_bytes = cases[i].bytes,
				  .prot = SMALT_R },
			};
			struct object object = maker_object(OBJECT_MOVABLE, segments, 2);
			struct place_request request = physical(&object);
			struct space space = maker_space_of(arm ? &machine_aarch64 : &machine_x86_64,
			                                    7, 4);
			struct placed p = maker_place(&space, &request);

			assert_int_equal(p.status, arm ? cases[i].aarch64 : cases[i].x86_64);
			if (p.status != ST_OK)
				assert_int_equal(p.fault.segment, 6);
		}
}

/* Rules: M19, M21 */
static void segments_that_overlap_in_physical_memory_are_refused(void **state)
{
	enum { SPAN_BYTES = 7 };

	(void)state;
	/* three segments at every place and of some lengths, in any order */
	for (unsigned code = 0; code < SPAN_BYTES * SPAN_BYTES * SPAN_BYTES * 27; code++) {
		unsigned place = code / 27, length = code % 27, bytes[3 * SPAN_BYTES] = { 0 };
		struct segment segments[3] = { { 0 } };
		struct object object;
		struct place_request request;
		struct space space;
		bool overlaps = false;

		for (unsigned i = 0; i < 3; i++, place /= SPAN_BYTES, length /= 3) {
			segments[i].va = 0x1000 * i;
			segments[i].pa = 0x100000 + place % SPAN_BYTES;
			segments[i].mem_bytes = 1 + length % 3;
			for (uint64_t b = 0; b < segments[i].mem_bytes; b++)
				overlaps |= bytes[place % SPAN_BYTES + b]++ != 0;
		}
		space = (struct space){ .machine = &machine_x86_64, .granule = 4096,
		                        .format = machine_x86_64.format };
		object = maker_object(OBJECT_FIXED, segments, 3);
		request = physical(&object);
		assert_int_equal(maker_place(&space, &request).status, overlaps ? ST_OVERLAP : ST_OK);
	}
}

/* Rules: M21 */
static void a_flat_file_stays_where_its_bytes_lie(void **state)
{
	struct object object = maker_flat(0x2345, 0x1ffd5678);
	struct place_request request = physical(&object);
	struct space space = maker_space();
	struct placed p;

	(void)state;
	p = maker_place(&space, &request);
	assert_int_equal(p.status, ST_OK);
	assert_int_equal(p.rows[0].va, 0x1ffd5678);
	assert_int_equal(p.rows[0].mem_bytes, 0x2345);
	assert_int_equal(p.rows[0].prot, SMALT_R);
	assert_int_equal(p.placement.end, 0x1ffd8000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_stand_at_p_paddr_in_its_order_with_the_files_rights),
		cmocka_unit_test(no_row_wraps_or_leaves_physical_memory),
		cmocka_unit_test(segments_that_overlap_in_physical_memory_are_refused),
		cmocka_unit_test(a_flat_file_stays_where_its_bytes_lie),
	};

	return cmocka_run_group_tests_name("physical", tests, NULL, NULL);
}
