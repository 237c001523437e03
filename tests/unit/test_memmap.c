/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_memmap.c: a memory map is what a slow look at every page says.
 */
#include "memmap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <time.h>

#include "scratch.h"

enum { PAGE = 8, PAGES = 64, RANGES = 16 };

/* From the type that gives way to all others to the one that gives way to none. */
static const uint32_t weak_to_strong[] = {
	SMALT_MEM_USABLE, SMALT_MEM_BOOT_SERVICES, SMALT_MEM_RECLAIMABLE, SMALT_MEM_OBJECT,
	SMALT_MEM_TABLES, SMALT_MEM_RESIDENT, SMALT_MEM_SPECIFIC_PURPOSE, SMALT_MEM_PERSISTENT,
	SMALT_MEM_UNACCEPTED, SMALT_MEM_ACPI_RECLAIM, SMALT_MEM_ACPI_NVS,
	SMALT_MEM_EFI_RUNTIME_DATA, SMALT_MEM_EFI_RUNTIME_CODE, SMALT_MEM_RESERVED,
	SMALT_MEM_MMIO, SMALT_MEM_BAD,
};

static struct memmap map_of(uint32_t capacity)
{
	static struct smalt_memory ranges[40000];

	memset(ranges, 0xaa, capacity * sizeof ranges[0]);
	return (struct memmap){ ranges, 0, capacity };
}

static void add(struct memmap *map, uint64_t pa, uint64_t bytes, uint32_t type)
{
	struct fault fault;

	assert_int_equal(memmap_add(map, pa, bytes, type, &fault), ST_OK);
}

static void finish(struct memmap *map, uint64_t granule)
{
	struct fault fault;

	assert_int_equal(memmap_finish(map, granule, &fault), ST_OK);
}

static void assert_range(const struct memmap *map, uint32_t i, uint64_t pa, uint64_t bytes,
                         uint32_t type)
{
	assert_true(i < map->count);
	assert_int_equal(map->ranges[i].pa, pa);
	assert_int_equal(map->ranges[i].bytes, bytes);
	assert_int_equal(map->ranges[i].type, type);
	assert_int_equal(map->ranges[i].reserved, 0);
}

static int rank(uint32_t type)
{
	for (int i = 0; i < 16; i++)
		if (weak_to_strong[i] == type)
			return i + 1;
	return 0;
}

/* The type of one page, found byte by byte. */
static uint32_t page_type(const struct smalt_memory *ranges, uint32_t count, uint64_t page)
{
	uint32_t type = 0;

	for (uint32_t i = 0; i < count; i++) {
		unsigned inside = 0;

		for (uint64_t b = page * PAGE; b < (page + 1) * PAGE; b++)
			inside += b >= ranges[i].pa && b < ranges[i].pa + ranges[i].bytes;
		if ((ranges[i].type == SMALT_MEM_USABLE ? inside == PAGE : inside > 0) &&
		    rank(ranges[i].type) > rank(type))
			type = ranges[i].type;
	}
	return type;
}

static void assert_as_page_by_page(const struct smalt_memory *ranges, uint32_t count)
{
	struct memmap map = map_of(2 * RANGES);
	uint64_t at = 0;

	for (uint32_t i = 0; i < count; i++)
		add(&map, ranges[i].pa, ranges[i].bytes, ranges[i].type);
	finish(&map, PAGE);
	for (uint32_t i = 0; i < map.count; i++) {
		const struct smalt_memory *r = &map.ranges[i];

		if (r->pa < at || r->bytes == 0 || r->pa % PAGE || r->bytes % PAGE)
			fail_msg("range %u is not above the one before, empty or no page", i);
		if (i > 0 && r->pa == at && r->type == r[-1].type)
			fail_msg("ranges %u and %u are one", i - 1, i);
		at = r->pa + r->bytes;
	}
	for (uint64_t page = 0; page < PAGES; page++)
		if (memmap_type(&map, page * PAGE + 3) != page_type(ranges, count, page))
			fail_msg("page %u has another type", (unsigned)page);
}

/* Rules: H3 */
static void every_pair_of_small_ranges_is_resolved_as_page_by_page(void **state)
{
	static const uint32_t types[] = { SMALT_MEM_USABLE, SMALT_MEM_OBJECT, SMALT_MEM_RESERVED };
	struct smalt_memory all[3 * 12 * 11];
	uint32_t count = 0;

	(void)state;
	for (uint64_t start = 0; start < 12; start++)
		for (uint64_t bytes = 0; bytes < 2 * 11; bytes += 2)
			for (int type = 0; type < 3; type++)
				all[count++] = (struct smalt_memory){ start, bytes, types[type], 0 };
	for (uint32_t a = 0; a < count; a += 1 + a % 2)
		for (uint32_t b = 0; b < count; b++) {
			struct smalt_memory pair[] = { all[a], all[b] };

			assert_as_page_by_page(pair, 2);
		}
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Rules: H3 */
static void many_overlapping_ranges_are_resolved_as_page_by_page(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 4000; round++) {
		struct smalt_memory ranges[RANGES];
		uint32_t count = 1 + next_random(&seed) % RANGES;

		for (uint32_t i = 0; i < count; i++)
			ranges[i] = (struct smalt_memory){
				next_random(&seed) % (PAGES * PAGE - 100), next_random(&seed) % 100,
				1 + next_random(&seed) % 16, 0 };
		assert_as_page_by_page(ranges, count);
	}
}

/* Rules: H3 */
static void of_two_types_the_one_with_more_reason_to_be_left_alone_wins(void **state)
{
	(void)state;
	for (int weak = 0; weak < 16; weak++)
		for (int strong = weak; strong < 16; strong++)
			for (int order = 0; order < 2; order++) {
				struct memmap map = map_of(4);

				add(&map, 0x1000, 0x1000, weak_to_strong[order ? weak : strong]);
				add(&map, 0x1000, 0x1000, weak_to_strong[order ? strong : weak]);
				finish(&map, 4096);
				assert_int_equal(map.count, 1);
				assert_range(&map, 0, 0x1000, 0x1000, weak_to_strong[strong]);
			}
}

/* Rules: H3 */
static void the_map_of_a_q35_comes_out_as_qemu_describes_it(void **state)
{
	struct memmap map = map_of(64);

	(void)state;
	/* QEMU 7.2, q35, 512 MiB, SeaBIOS: its e820 entries, in another order */
	add(&map, 0xfd00000000, 0x300000000, SMALT_MEM_RESERVED);
	add(&map, 0x100000, 0x1fedf000, SMALT_MEM_USABLE);
	add(&map, 0x0, 0x9fc00, SMALT_MEM_USABLE);
	add(&map, 0x9fc00, 0x400, SMALT_MEM_RESERVED);
	add(&map, 0xf0000, 0x10000, SMALT_MEM_RESERVED);
	add(&map, 0x1ffdf000, 0x21000, SMALT_MEM_RESERVED);
	add(&map, 0xb0000000, 0x10000000, SMALT_MEM_RESERVED);
	/* what the loader adds: the module's bytes, 0x1234 of them, just below the top */
	add(&map, 0x1ffdd000, 0x1234, SMALT_MEM_RECLAIMABLE);
	finish(&map, 4096);
	assert_int_equal(map.count, 8);
	assert_range(&map, 0, 0x0, 0x9f000, SMALT_MEM_USABLE);
	assert_range(&map, 1, 0x9f000, 0x1000, SMALT_MEM_RESERVED);
	assert_range(&map, 2, 0xf0000, 0x10000, SMALT_MEM_RESERVED);
	assert_range(&map, 3, 0x100000, 0x1fedd000, SMALT_MEM_USABLE);
	assert_range(&map, 4, 0x1ffdd000, 0x2000, SMALT_MEM_RECLAIMABLE);
	assert_range(&map, 5, 0x1ffdf000, 0x21000, SMALT_MEM_RESERVED);
	assert_range(&map, 6, 0xb0000000, 0x10000000, SMALT_MEM_RESERVED);
	assert_range(&map, 7, 0xfd00000000, 0x300000000, SMALT_MEM_RESERVED);
	assert_int_equal(memmap_bytes(&map, SMALT_MEM_USABLE), 0x9f000 + 0x1fedd000);
	assert_int_equal(memmap_bytes(&map, SMALT_MEM_BAD), 0);
	assert_int_equal(memmap_type(&map, 0x9f000), SMALT_MEM_RESERVED);
	assert_int_equal(memmap_type(&map, 0xa0000), 0);
	assert_int_equal(memmap_type(&map, 0xeffff), 0);
	assert_int_equal(memmap_type(&map, 0x1ffddfff), SMALT_MEM_RECLAIMABLE);
	assert_int_equal(memmap_type(&map, UINT64_MAX), 0);
}

/* Rules: H3 */
static void sixteen_tebibytes_with_a_hole_are_two_ranges(void **state)
{
	struct memmap map = map_of(8);

	(void)state;
	add(&map, 0x100000, (16ull << 40) - 0x100000, SMALT_MEM_USABLE);
	add(&map, 1ull << 40, 4097, SMALT_MEM_RESERVED);
	finish(&map, 4096);
	assert_int_equal(map.count, 3);
	assert_range(&map, 0, 0x100000, (1ull << 40) - 0x100000, SMALT_MEM_USABLE);
	assert_range(&map, 1, 1ull << 40, 0x2000, SMALT_MEM_RESERVED);
	assert_range(&map, 2, (1ull << 40) + 0x2000, (15ull << 40) - 0x2000, SMALT_MEM_USABLE);
}

/* Rules: H3 */
static void a_range_may_end_at_the_last_byte_but_not_behind_it(void **state)
{
	struct memmap map = map_of(8);
	struct fault fault;

	(void)state;
	add(&map, UINT64_MAX - 0x17ff, 0x1800, SMALT_MEM_RESERVED);
	add(&map, UINT64_MAX, 1, SMALT_MEM_MMIO);
	assert_int_equal(memmap_add(&map, UINT64_MAX, 2, SMALT_MEM_USABLE, &fault), ST_OVERFLOW);
	assert_int_equal(fault.value, 2);
	assert_int_equal(fault.limit, 0);
	assert_int_equal(memmap_add(&map, 1, UINT64_MAX, SMALT_MEM_BAD, &fault), ST_OK);
	map.count--;
	finish(&map, 4096);
	assert_int_equal(map.count, 2);
	assert_range(&map, 0, 0xffffffffffffe000, 0x1000, SMALT_MEM_RESERVED);
	assert_range(&map, 1, 0xfffffffffffff000, 0x1000, SMALT_MEM_MMIO);
	assert_int_equal(memmap_type(&map, UINT64_MAX), SMALT_MEM_MMIO);
}

/* Rules: H3 */
static void a_map_of_one_type_up_to_the_last_byte_is_refused(void **state)
{
	struct memmap map = map_of(8);
	struct fault fault;

	(void)state;
	add(&map, 0, UINT64_MAX, SMALT_MEM_RESERVED);
	assert_int_equal(memmap_finish(&map, 4096, &fault), ST_OVERFLOW);
}

/* Rules: H3 */
static void empty_ranges_are_nothing_and_unknown_types_are_refused(void **state)
{
	struct memmap map = map_of(8);
	struct fault fault;

	(void)state;
	add(&map, 0xd0000, 0, SMALT_MEM_RESERVED);
	assert_int_equal(map.count, 0);
	assert_int_equal(memmap_add(&map, 0, 0, 0, &fault), ST_INVALID);
	assert_int_equal(memmap_add(&map, 0, 4096, SMALT_MEM_TYPES, &fault), ST_INVALID);
	assert_int_equal(fault.value, 17);
	assert_int_equal(fault.limit, 16);
	assert_int_equal(memmap_add(&map, 0, 4096, UINT32_MAX, &fault), ST_INVALID);
	assert_int_equal(map.count, 0);
	finish(&map, 4096);
	assert_int_equal(map.count, 0);
	assert_int_equal(memmap_type(&map, 0), 0);
}

/* Rules: H3 */
static void a_map_without_room_is_too_small_and_unchanged(void **state)
{
	struct memmap map = map_of(3);
	struct smalt_memory before[2];
	struct fault fault;

	(void)state;
	add(&map, 0x3000, 1, SMALT_MEM_BAD);
	add(&map, 0x1000, 1, SMALT_MEM_BAD);
	memcpy(before, map.ranges, sizeof before);
	assert_int_equal(memmap_finish(&map, 4096, &fault), ST_TOO_SMALL);
	assert_int_equal(fault.value, 4);
	assert_int_equal(fault.limit, 3);
	assert_memory_equal(map.ranges, before, sizeof before);
	add(&map, 0x5000, 1, SMALT_MEM_BAD);
	assert_int_equal(memmap_add(&map, 0x6000, 1, SMALT_MEM_BAD, &fault), ST_TOO_SMALL);
	assert_int_equal(fault.value, 4);
	assert_int_equal(map.count, 3);
}

/* Rules: H3 */
static void what_is_added_later_is_cut_out_of_a_finished_map(void **state)
{
	struct memmap map = map_of(8);

	(void)state;
	add(&map, 0, 0x100000, SMALT_MEM_USABLE);
	finish(&map, 4096);
	finish(&map, 4096);
	assert_int_equal(map.count, 1);
	assert_range(&map, 0, 0, 0x100000, SMALT_MEM_USABLE);
	add(&map, 0x21e0, 48, SMALT_MEM_RECLAIMABLE);
	finish(&map, 4096);
	assert_int_equal(map.count, 3);
	assert_range(&map, 0, 0, 0x2000, SMALT_MEM_USABLE);
	assert_range(&map, 1, 0x2000, 0x1000, SMALT_MEM_RECLAIMABLE);
	assert_range(&map, 2, 0x3000, 0xfd000, SMALT_MEM_USABLE);
}

/* Not timed by an assertion: machines differ. Prints what it took. */
/* Rules: H3 */
static void ten_thousand_ranges_in_the_worst_order_are_resolved(void **state)
{
	struct memmap map = map_of(20000);
	clock_t start = clock();

	(void)state;
	/* Nested like an onion: each begins before and ends behind all that came earlier */
	for (uint64_t i = 0; i < 10000; i++)
		add(&map, (10000 - i) << 12, (2 * i + 1) << 12,
		    i % 2 ? SMALT_MEM_USABLE : SMALT_MEM_RESERVED);
	finish(&map, 4096);
	assert_int_equal(map.count, 3);
	assert_range(&map, 0, 1 << 12, 1 << 12, SMALT_MEM_USABLE);
	assert_range(&map, 1, 2 << 12, 19997ull << 12, SMALT_MEM_RESERVED);
	map = map_of(20000);
	for (uint64_t i = 0; i < 10000; i++)
		add(&map, (i * 7919 % 10000) << 13, 4096, SMALT_MEM_USABLE);
	finish(&map, 4096);
	assert_int_equal(map.count, 10000);
	for (uint32_t i = 0; i < 10000; i++)
		assert_range(&map, i, (uint64_t)i << 13, 4096, SMALT_MEM_USABLE);
	print_message("2 * 10000 ranges: %ld us\n",
	              (long)((clock() - start) * 1000000 / CLOCKS_PER_SEC));
}

/* Rules: H3 */
static void every_type_has_its_word_and_the_word_its_type(void **state)
{
	static const char *const words[] = {
		"usable", "reclaimable", "boot-services", "object", "smalt-tables",
		"smalt-resident", "acpi-reclaim", "acpi-nvs", "efi-runtime-code",
		"efi-runtime-data", "reserved", "mmio", "bad", "persistent", "specific-purpose",
		"unaccepted",
	};

	(void)state;
	for (uint32_t type = 1; type <= 16; type++) {
		assert_string_equal(memmap_type_name(type), words[type - 1]);
		assert_int_equal(memmap_type_by_name(span_of(words[type - 1])), type);
	}
	assert_null(memmap_type_name(0));
	assert_null(memmap_type_name(17));
	assert_int_equal(memmap_type_by_name(SPAN("Usable")), 0);
	assert_int_equal(memmap_type_by_name(SPAN("usabl")), 0);
	assert_int_equal(memmap_type_by_name(SPAN("")), 0);
}

/* Rules: H3 */
static void a_map_is_made_whole_or_not_at_all(void **state)
{
	(void)state;
	for (uint64_t bytes = 0; bytes < 10 * sizeof(struct smalt_memory); bytes++) {
		struct arena arena = scratch(bytes);
		struct fault fault;
		struct memmap map = { NULL, 77, 77 };

		assert_int_equal(memmap_init(&map, 9, &arena, &fault),
		                 bytes < 9 * 24 ? ST_NO_MEMORY : ST_OK);
		assert_int_equal(map.capacity, bytes < 9 * 24 ? 77 : 9);
		assert_int_equal(map.count, bytes < 9 * 24 ? 77 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair_of_small_ranges_is_resolved_as_page_by_page),
		cmocka_unit_test(many_overlapping_ranges_are_resolved_as_page_by_page),
		cmocka_unit_test(of_two_types_the_one_with_more_reason_to_be_left_alone_wins),
		cmocka_unit_test(the_map_of_a_q35_comes_out_as_qemu_describes_it),
		cmocka_unit_test(sixteen_tebibytes_with_a_hole_are_two_ranges),
		cmocka_unit_test(a_range_may_end_at_the_last_byte_but_not_behind_it),
		cmocka_unit_test(a_map_of_one_type_up_to_the_last_byte_is_refused),
		cmocka_unit_test(empty_ranges_are_nothing_and_unknown_types_are_refused),
		cmocka_unit_test(a_map_without_room_is_too_small_and_unchanged),
		cmocka_unit_test(what_is_added_later_is_cut_out_of_a_finished_map),
		cmocka_unit_test(ten_thousand_ranges_in_the_worst_order_are_resolved),
		cmocka_unit_test(every_type_has_its_word_and_the_word_its_type),
		cmocka_unit_test(a_map_is_made_whole_or_not_at_all),
	};

	return cmocka_run_group_tests_name("memmap", tests, NULL, NULL);
}
