/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_preparing.c: each way in which preparing fails says what could not be done, to which
 * segment, and where its bytes stand in the file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "map_bench.h"

#define DATA 0x2000u             /* of the segment: in the file and in memory */

static struct smalt_prepared *prepared;

/* Text, then data with half a page of zeros; one relative relocation of the data. */
static void make_object(void)
{
	struct maker m = {
		.file = b.ram, .file_bytes = 0x4000, .type = 3, .machine = (uint16_t)b.machine,
		.segment_count = 3,
		.segments = {
			{ 1, 5, 0x1000, 0x1000, 0, 0x1000, 0x1000, 0x1000 },
			{ 1, 6, DATA, DATA, 0, 0x1800, 0x4000, 0x1000 },
			{ 2, 6, DATA + 0x100, DATA + 0x100, 0, 64, 64, 8 },
		},
	};
	uint64_t dynamic[8] = { 7, DATA + 0x200, 8, 24, 9, 24, 0, 0 };
	uint64_t rela[3] = { DATA + 0x300, b.machine == 62 ? 8 : 1027, 0x1010 };

	maker_write(&m);
	memcpy(b.ram + DATA + 0x100, dynamic, sizeof dynamic);
	memcpy(b.ram + DATA + 0x200, rela, sizeof rela);
}

static void prepare(uint32_t machine, bool with_frames)
{
	struct smalt_request request;

	bench_begin(machine);
	make_object();
	b.setup.memory_count = with_frames ? 2 : 1;
	assert_int_equal(open_space(), SMALT_STATUS_OK);
	request = request_of(0x4000);
	assert_int_equal(smalt_prepare(b.space, &request, &prepared, &b.fault), SMALT_STATUS_OK);
}

static void says(uint32_t status, const char *what, uint64_t offset)
{
	assert_int_equal(b.fault.status, status);
	assert_string_equal(b.fault.field, what);
	assert_int_equal(b.fault.has & SMALT_FAULT_OFFSET, SMALT_FAULT_OFFSET);
	assert_int_equal(b.fault.offset, offset);
	assert_int_equal(b.fault.segment, 1);
	assert_string_equal(b.fault.object, "it");
}

static const uint32_t both[] = { 62, 183 };

/* Rules: S10, S4, S6, S7, M1 */
static void without_frames_each_step_has_a_text_of_its_own(void **state)
{
	uint32_t count;

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		prepare(both[m], false);
		assert_int_equal(smalt_make_mutable(prepared, 1, &b.fault), SMALT_STATUS_NO_MEMORY);
		says(SMALT_STATUS_NO_MEMORY, "extent for a copy of file bytes", DATA);
		assert_int_equal(smalt_align_segments(prepared, 0, &b.fault), SMALT_STATUS_NO_MEMORY);
		says(SMALT_STATUS_NO_MEMORY, "frame for the page where zeros begin", DATA);
		assert_int_equal(smalt_relocate(prepared, 0x100000, &b.fault), SMALT_STATUS_NO_MEMORY);
		says(SMALT_STATUS_NO_MEMORY, "extent to relocate", DATA);
		(void)smalt_segments(prepared, &count);
		assert_int_equal(count, 2);
	}
}

/* Rules: S10, S5, S7 */
static void a_sealed_extent_is_not_relocated(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		prepare(both[m], true);
		/* The page of the zeros is 0x3000, the relocated word is before it: all of it is sealed here */
		put64(b.ram + DATA + 0x200, DATA + 0x1300);
		assert_int_equal(smalt_align_segments(prepared, 1, &b.fault), SMALT_STATUS_OK);
		assert_int_equal(smalt_relocate(prepared, 0x100000, &b.fault), SMALT_STATUS_NOT_AUTHORIZED);
		says(SMALT_STATUS_NOT_AUTHORIZED, "relocation of a sealed extent", DATA + 0x1000);
	}
}

/* Rules: S10, S6 */
static void zero_fill_is_never_made_mutable(void **state)
{
	const struct smalt_segment *segments;
	uint32_t count;

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		prepare(both[m], true);
		assert_int_equal(smalt_align_segments(prepared, 0, &b.fault), SMALT_STATUS_OK);
		segments = smalt_segments(prepared, &count);
		assert_int_equal(count, 4);
		assert_int_equal(segments[3].file_bytes, 0);
		assert_int_equal(smalt_make_mutable(prepared, 3, &b.fault), SMALT_STATUS_INVALID);
		says(SMALT_STATUS_INVALID, "zero fill to make mutable", segments[3].file_offset);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_frames_each_step_has_a_text_of_its_own),
		cmocka_unit_test(a_sealed_extent_is_not_relocated),
		cmocka_unit_test(zero_fill_is_never_made_mutable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
