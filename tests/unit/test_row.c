/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_row.c: rights and flags of rows, as placement gives them.
 */
#include "row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "place_maker.h"

#define R   SMALT_R
#define RW  (SMALT_R | SMALT_W)
#define RX  (SMALT_R | SMALT_X)

/* Rules: M4 */
static void header_flags_tell_which_bytes_are_really_in_the_row(void **state)
{
	(void)state;
	for (uint64_t offset = 0; offset < 12; offset++)
		for (uint64_t bytes = 0; bytes < 12; bytes++)
			for (uint64_t table = 0; table < 12; table++) {
				struct segment segments[] = { { .va = 0x400000 + offset,
					.file_offset = offset, .file_bytes = bytes, .mem_bytes = 12,
					.prot = RX } };
				struct object object = maker_object(OBJECT_FIXED, segments, 1);
				struct place_request request = maker_request(&object);
				struct space space = maker_space();
				unsigned header = 0, phdrs = 0;
				struct placed p;

				object.header_bytes = 3;
				object.phdr_offset = table;
				object.phdr_count = 2;
				object.phdr_entry_bytes = 2;
				p = maker_place(&space, &request);
				for (uint64_t b = offset; b < offset + bytes; b++) {
					header += b < 3;
					phdrs += b >= table && b < table + 4;
				}
				assert_int_equal(!!(p.rows[0].flags & SMALT_ROW_ELF_HEADER), header == 3);
				assert_int_equal(!!(p.rows[0].flags & SMALT_ROW_PHDR_TABLE), phdrs == 4);
				assert_int_equal(!!(p.rows[0].flags & SMALT_ROW_BSS), bytes < 12);
				assert_int_equal(p.rows[0].data_offset, offset);
			}
}

/* Rules: M4, M7 */
static void the_header_of_an_a_out_file_has_a_flag_of_its_own(void **state)
{
	static const uint32_t formats[] = { SMALT_FORMAT_AOUT, SMALT_FORMAT_PLAN9 };

	(void)state;
	for (unsigned i = 0; i < 2; i++)
		for (uint64_t bytes = 39; bytes <= 40; bytes++) {
			struct segment segments[] = { { .va = 0x400000, .file_bytes = bytes, .mem_bytes = 40,
				.prot = RX } };
			struct object object = maker_object(OBJECT_FIXED, segments, 1);
			struct place_request request = maker_request(&object);
			struct space space = maker_space();

			object.format = formats[i];
			object.header_bytes = 40;
			object.phdr_count = 0;
			assert_int_equal(maker_place(&space, &request).rows[0].flags &
			                 (SMALT_ROW_ELF_HEADER | SMALT_ROW_AOUT_HEADER),
			                 bytes == 40 ? SMALT_ROW_AOUT_HEADER : 0);
		}
}

/* Rules: M12 */
static void writable_and_executable_is_refused_unless_allowed(void **state)
{
	struct segment segments[] = { { .va = 0x200000, .mem_bytes = 1, .prot = RX },
	                              { .va = 0x201000, .mem_bytes = 1, .prot = R | RW | RX } };
	struct object object = maker_object(OBJECT_FIXED, segments, 2);
	struct place_request request = maker_request(&object);
	struct space space = maker_space();
	struct placed p = maker_place(&space, &request);

	(void)state;
	assert_int_equal(p.status, ST_WX);
	assert_int_equal(p.fault.segment, 6);
	assert_string_equal(p.fault.field, "p_flags");
	request.flags |= PLACE_ALLOW_WX;
	p = maker_place(&space, &request);
	assert_int_equal(p.status, ST_OK);
	assert_int_equal(p.rows[0].flags & SMALT_ROW_WX, 0);
	assert_int_equal(p.rows[1].flags, SMALT_ROW_WX | SMALT_ROW_BSS);
	assert_int_equal(p.rows[1].prot, SMALT_R | SMALT_W | SMALT_X);
}

/* Rules: M15 */
static void text_is_guarded_if_it_was_made_for_it_and_the_cpu_has_it(void **state)
{
	static const struct machine *const both[] = { &machine_x86_64, &machine_aarch64 };

	(void)state;
	for (unsigned n = 0; n < 32; n++) {
		struct segment segments[] = {
			{ .va = 0x200000, .pa = 0x200000, .mem_bytes = 1, .prot = R },
			{ .va = 0x201000, .pa = 0x201000, .mem_bytes = 1, .prot = R | SMALT_X },
		};
		struct object object = maker_object(OBJECT_FIXED, segments, 2);
		struct place_request request = maker_request(&object);
		struct space space = maker_space_of(both[n & 1], 1, 4);
		bool physical = n >> 4 & 1;
		struct placed p;

		space.guards = n >> 1 & 1;
		object.feature_1_and = n >> 2 & 3;   /* bit 0: BTI */
		request.flags |= physical ? PLACE_PHYSICAL : 0;
		p = maker_place(&space, &request);
		assert_int_equal(p.status, ST_OK);
		assert_int_equal(p.rows[0].flags & SMALT_ROW_GUARDED, 0);
		assert_int_equal((p.rows[1].flags & SMALT_ROW_GUARDED) != 0,
		                 (n & 1) && space.guards && (object.feature_1_and & 1) && !physical);
	}
}

/* Rules: M23 */
static void what_must_not_run_has_no_executable_row(void **state)
{
	static const struct machine *const both[] = { &machine_x86_64, &machine_aarch64 };

	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (uint32_t prot = 0; prot < 8; prot++)
			for (uint32_t more = 0; more <= PLACE_PHYSICAL; more += PLACE_PHYSICAL) {
				struct segment segments[] = {
					{ .va = 0x200000, .pa = 0x200000, .mem_bytes = 1, .prot = R },
					{ .va = 0x201000, .pa = 0x201000, .mem_bytes = 1, .prot = prot },
				};
				struct object object = maker_object(OBJECT_FIXED, segments, 2);
				struct place_request request = maker_request(&object);
				struct space space = maker_space_of(both[m], 1, 4);
				struct placed p;

				object.entry = 0;
				request.flags |= PLACE_NOEXEC | PLACE_ALLOW_WX | more;
				p = maker_place(&space, &request);
				assert_int_equal(p.status, prot & SMALT_X ? ST_NOT_AUTHORIZED : ST_OK);
				if (p.status == ST_OK)
					continue;
				assert_int_equal(p.fault.segment, 6);
				assert_string_equal(p.fault.field, "p_flags");
				assert_int_equal(p.fault.value, prot);
			}
}

/* Rules: M18 */
static void rights_that_a_machine_cannot_express_are_widened_by_read(void **state)
{
	static const struct machine *const both[] = { &machine_x86_64, &machine_aarch64 };
	/* by PF_R|W|X of the file: rights in the table. Neither machine has a page that the
	 * kernel may write or execute, but not read. */
	static const uint32_t expected[8] = { 0, RX, RW, RW | SMALT_X, R, RX, RW, RW | SMALT_X };

	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (uint32_t prot = 0; prot < 8; prot++) {
			struct segment segments[] = { { .va = 0x200000, .mem_bytes = 1,
			                                .file_bytes = 1, .file_offset = 500,
			                                .prot = prot } };
			struct object object = maker_object(OBJECT_FIXED, segments, 1);
			struct place_request request = maker_request(&object);
			struct space space = maker_space_of(both[m], 7, 4);
			uint32_t flags = 0;
			struct placed p;

			request.flags |= PLACE_ALLOW_WX;
			object.entry = 0;
			p = maker_place(&space, &request);
			if (expected[prot] != prot)
				flags |= SMALT_ROW_WIDENED;
			if ((prot & SMALT_W) && (prot & SMALT_X))
				flags |= SMALT_ROW_WX;
			assert_int_equal(p.rows[0].prot, expected[prot]);
			assert_int_equal(p.rows[0].flags, flags);
		}
}

/* Rules: M12, M18 */
static void rights_that_a_machine_refuses_even_with_read_are_refused(void **state)
{
	static const struct format reads_only = {
		.granule_shift = 12, .leaf_count = 1, .leaves = { { .shift = 12 } },
		.pa_mask = 0x000ffffffffff000, .range_count = 1, .ranges = { { 0, 0x7fffffffffff, 0 } },
		.prot = { FORMAT_REFUSED, FORMAT_REFUSED, FORMAT_REFUSED, FORMAT_REFUSED, 0,
		          FORMAT_REFUSED, FORMAT_REFUSED, FORMAT_REFUSED },
	};
	struct machine machine = machine_x86_64;

	(void)state;
	machine.format = &reads_only;
	for (uint32_t prot = 0; prot < 8; prot++)
		for (int physical = 0; physical < 2; physical++) {
			struct segment segments[] = { { .va = 0x200000, .pa = 0x200000,
			                                .mem_bytes = 1, .prot = prot } };
			struct object object = maker_object(OBJECT_FIXED, segments, 1);
			struct place_request request = maker_request(&object);
			struct space space = maker_space_of(&machine, 1, 4);
			bool good = physical || prot == 0 || prot == R;

			request.flags |= PLACE_ALLOW_WX | (physical ? PLACE_PHYSICAL : 0);
			assert_int_equal(maker_place(&space, &request).status, good ? ST_OK : ST_WX);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_flags_tell_which_bytes_are_really_in_the_row),
		cmocka_unit_test(the_header_of_an_a_out_file_has_a_flag_of_its_own),
		cmocka_unit_test(writable_and_executable_is_refused_unless_allowed),
		cmocka_unit_test(text_is_guarded_if_it_was_made_for_it_and_the_cpu_has_it),
		cmocka_unit_test(what_must_not_run_has_no_executable_row),
		cmocka_unit_test(rights_that_a_machine_cannot_express_are_widened_by_read),
		cmocka_unit_test(rights_that_a_machine_refuses_even_with_read_are_refused),
	};

	return cmocka_run_group_tests_name("row", tests, NULL, NULL);
}
