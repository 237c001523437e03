/* SPDX-License-Identifier: BSD-2-Clause */
/* test_efi_memory.c: memory maps of UEFI, by its own words, become ours; damaged ones are refused or skipped. */
#include "efi_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "efi_maker.h"

static struct smalt_memory ranges[512];
static struct memmap map;
static struct fault fault;

static enum status convert(const struct efi_maker *m, uint32_t capacity, bool strict)
{
	map = (struct memmap){ ranges, 0, capacity };
	return efi_memory_add(&map, maker_span(m), STRIDE, strict, &fault);
}

static uint32_t type_of(uint32_t type, uint64_t attributes)
{
	struct efi_maker m = { 0 };

	maker_descriptor(&m, type, 0x100000, 3, attributes);
	assert_int_equal(convert(&m, 1, true), ST_OK);
	maker_free(&m);
	assert_int_equal(map.count, 1);
	assert_true(ranges[0].pa == 0x100000 && ranges[0].bytes == 0x3000);
	return ranges[0].type;
}

/* Rules: H3 */
static void every_type_of_uefi_has_one_of_ours(void **state)
{
	static const uint32_t ours[] = {
		SMALT_MEM_RESERVED, SMALT_MEM_RECLAIMABLE, SMALT_MEM_RECLAIMABLE, SMALT_MEM_BOOT_SERVICES,
		SMALT_MEM_BOOT_SERVICES, SMALT_MEM_EFI_RUNTIME_CODE, SMALT_MEM_EFI_RUNTIME_DATA,
		SMALT_MEM_USABLE, SMALT_MEM_BAD, SMALT_MEM_ACPI_RECLAIM, SMALT_MEM_ACPI_NVS, SMALT_MEM_MMIO,
		SMALT_MEM_MMIO, SMALT_MEM_RESERVED, SMALT_MEM_PERSISTENT, SMALT_MEM_UNACCEPTED,
		SMALT_MEM_RESERVED, SMALT_MEM_RESERVED,
	};

	(void)state;
	for (uint32_t type = 0; type < sizeof ours / sizeof ours[0]; type++)
		assert_int_equal(type_of(type, 0xf), ours[type]);
	assert_int_equal(type_of(0x70000000, 0xf), SMALT_MEM_RESERVED);
	assert_int_equal(type_of(UINT32_MAX, 0xf), SMALT_MEM_RESERVED);
}

/* Rules: H3 */
static void free_memory_must_be_cacheable_and_for_all(void **state)
{
	(void)state;
	assert_int_equal(type_of(7, WB), SMALT_MEM_USABLE);
	assert_int_equal(type_of(7, 0xf | XP | RO | RUNTIME), SMALT_MEM_USABLE);
	assert_int_equal(type_of(7, 0), SMALT_MEM_RESERVED);
	assert_int_equal(type_of(7, 0x7), SMALT_MEM_RESERVED);
	assert_int_equal(type_of(7, WB | SP), SMALT_MEM_SPECIFIC_PURPOSE);
	assert_int_equal(type_of(7, SP), SMALT_MEM_SPECIFIC_PURPOSE);
	assert_int_equal(type_of(4, SP), SMALT_MEM_BOOT_SERVICES);
	assert_int_equal(type_of(6, 0), SMALT_MEM_EFI_RUNTIME_DATA);
}

/* Rules: H3 */
static void neighbours_of_one_type_are_one_range(void **state)
{
	struct efi_maker m = { 0 };

	(void)state;
	maker_descriptor(&m, 7, 0x0, 1, WB);
	maker_descriptor(&m, 1, 0x1000, 1, WB);
	maker_descriptor(&m, 2, 0x2000, 2, WB);
	maker_descriptor(&m, 2, 0x5000, 1, WB);      /* a gap */
	maker_descriptor(&m, 2, 0x4000, 1, WB);      /* behind it, not in front */
	maker_descriptor(&m, 7, 0x6000, 0, WB);      /* nothing */
	maker_descriptor(&m, 7, 0x6000, 1, WB);
	maker_descriptor(&m, 7, 0x7000, 1, 0);
	assert_int_equal(convert(&m, 6, true), ST_OK);
	assert_int_equal(map.count, 6);
	assert_true(ranges[0].pa == 0 && ranges[0].bytes == 0x1000);
	assert_true(ranges[1].pa == 0x1000 && ranges[1].bytes == 0x3000);
	assert_true(ranges[2].pa == 0x5000 && ranges[2].bytes == 0x1000);
	assert_true(ranges[3].pa == 0x4000 && ranges[3].bytes == 0x1000);
	assert_true(ranges[4].pa == 0x6000 && ranges[4].bytes == 0x1000);
	assert_true(ranges[5].pa == 0x7000 && ranges[5].type == SMALT_MEM_RESERVED);
	assert_int_equal(convert(&m, 5, true), ST_TOO_SMALL);
	assert_int_equal(convert(&m, 5, false), ST_TOO_SMALL);
	assert_int_equal(convert(&m, 0, true), ST_TOO_SMALL);
	maker_free(&m);
}

/* The types of pages [0, 64), one descriptor after the other: later ones do not overlap. */
static void assert_pages(const uint32_t *expected)
{
	assert_int_equal(memmap_finish(&map, 4096, &fault), ST_OK);
	for (uint64_t page = 0; page < 64; page++)
		assert_int_equal(memmap_type(&map, page * 4096), expected[page]);
}

/* Rules: H3 */
static void every_page_keeps_its_type_in_any_map(void **state)
{
	uint32_t random = 1;

	(void)state;
	for (unsigned round = 0; round < 500; round++) {
		uint32_t expected[64] = { 0 };
		struct efi_maker m = { 0 };

		for (uint64_t page = 0, pages; page < 64; page += pages) {
			uint32_t type;

			random = random * 1664525 + 1013904223;
			type = 1 + (random >> 8) % 9;
			pages = 1 + (random >> 16) % 5;
			if (page + pages > 64)
				break;
			if (random >> 31)
				continue;
			maker_descriptor(&m, type, page * 4096, pages, WB);
			for (uint64_t i = 0; i < pages; i++)
				expected[page + i] = type_of(type, WB);
		}
		assert_int_equal(convert(&m, 512, round % 2), ST_OK);
		assert_pages(expected);
		maker_free(&m);
	}
}

/* Rules: H3, M20 */
static void a_descriptor_that_wraps_is_refused_or_skipped(void **state)
{
	static const struct { uint64_t pa, pages; bool good; } all[] = {
		{ 0x1000, 1ull << 52, false }, { 0x1000, UINT64_MAX, false }, { 0, 1ull << 52, false },
		{ UINT64_MAX - 0xfff, 1, false }, { UINT64_MAX - 0x1fff, 1, true },
		{ UINT64_MAX - 0xfff, 0, true }, { 0, (1ull << 52) - 1, true }, { 0x1000, (1ull << 52) - 1, false },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct efi_maker m = { 0 };

		maker_descriptor(&m, 5, 0x10000, 1, WB);
		maker_descriptor(&m, 0, all[i].pa, all[i].pages, WB);
		maker_descriptor(&m, 5, 0x20000, 1, WB);
		assert_int_equal(convert(&m, 3, true), all[i].good ? ST_OK : ST_BAD_FIRMWARE);
		if (!all[i].good) {
			assert_string_equal(fault.field, "pages of an EFI memory descriptor");
			assert_true(fault.value == all[i].pages);
			assert_true(fault.limit == (UINT64_MAX - all[i].pa) / 4096);
			assert_true(fault.offset == STRIDE);
		}
		assert_int_equal(convert(&m, 3, false), ST_OK);
		assert_int_equal(map.count, all[i].good && all[i].pages ? 3 : 2);
		maker_free(&m);
	}
}

/* Rules: M20 */
static void descriptors_that_are_too_short_or_not_whole_are_refused_or_skipped(void **state)
{
	struct efi_maker m = { 0 };

	(void)state;
	maker_descriptor(&m, 7, 0x10000, 1, WB);
	maker_descriptor(&m, 5, 0x20000, 1, WB);
	for (uint32_t bytes = 0; bytes <= 2 * STRIDE; bytes++) {
		bool whole = bytes >= 40 && 2 * STRIDE % bytes == 0;

		map = (struct memmap){ ranges, 0, 8 };
		assert_int_equal(efi_memory_add(&map, maker_span(&m), bytes, true, &fault),
		                 whole ? ST_OK : ST_BAD_FIRMWARE);
		if (!whole)
			assert_true(fault.value == (bytes < 40 ? bytes : 2 * STRIDE));
		if (!whole)
			assert_true(fault.limit == (bytes < 40 ? 40 : 2 * STRIDE / bytes * bytes));
		map = (struct memmap){ ranges, 0, 8 };
		assert_int_equal(efi_memory_add(&map, maker_span(&m), bytes, false, &fault), ST_OK);
		if (bytes < 40)
			assert_int_equal(map.count, 0);
		if (bytes == STRIDE)
			assert_int_equal(map.count, 2);
	}
	maker_free(&m);
}

static void descriptors_may_be_as_short_as_the_first_version_has_them(void **state)
{
	uint8_t bytes[2 * 40];
	struct efi_maker m = { 0 };

	(void)state;
	maker_descriptor(&m, 7, 0x10000, 1, WB);
	maker_descriptor(&m, 5, 0x20000, 1, WB);
	memcpy(bytes, m.bytes, 40);
	memcpy(bytes + 40, m.bytes + STRIDE, 40);
	maker_free(&m);
	for (unsigned strict = 0; strict < 2; strict++) {
		map = (struct memmap){ ranges, 0, 2 };
		assert_int_equal(efi_memory_add(&map, (struct span){ bytes, sizeof bytes }, 40, strict, &fault),
		                 ST_OK);
		assert_int_equal(map.count, 2);
		assert_int_equal(ranges[1].type, SMALT_MEM_EFI_RUNTIME_CODE);
	}
}

static void cut_off_anywhere_it_reads_what_is_whole(void **state)
{
	(void)state;
	for (uint64_t bytes = 0; bytes <= 2 * STRIDE; bytes++) {
		struct efi_maker m = { 0 };

		maker_descriptor(&m, 7, 0x10000, 1, WB);
		maker_descriptor(&m, 5, 0x20000, 1, WB);
		m.bytes = realloc(m.bytes, bytes ? bytes : 1);
		m.used = bytes;
		assert_int_equal(convert(&m, 2, false), ST_OK);
		assert_int_equal(map.count, bytes / STRIDE);
		maker_free(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_of_uefi_has_one_of_ours),
		cmocka_unit_test(free_memory_must_be_cacheable_and_for_all),
		cmocka_unit_test(neighbours_of_one_type_are_one_range),
		cmocka_unit_test(every_page_keeps_its_type_in_any_map),
		cmocka_unit_test(a_descriptor_that_wraps_is_refused_or_skipped),
		cmocka_unit_test(descriptors_that_are_too_short_or_not_whole_are_refused_or_skipped),
		cmocka_unit_test(descriptors_may_be_as_short_as_the_first_version_has_them),
		cmocka_unit_test(cut_off_anywhere_it_reads_what_is_whole),
	};

	return cmocka_run_group_tests_name("efi_memory", tests, NULL, NULL);
}
