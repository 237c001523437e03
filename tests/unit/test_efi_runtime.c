/* SPDX-License-Identifier: BSD-2-Clause */
/* test_efi_runtime.c: runtime regions by EFI_MEMORY_ATTRIBUTES_TABLE, by the memory map, and of damaged ones. */
#include "efi_runtime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "efi_maker.h"
#include "fake_ram.h"

enum { RWX = SMALT_R | SMALT_W | SMALT_X, RX = SMALT_R | SMALT_X, RW = SMALT_R | SMALT_W };

static struct efi efi;

/* Reads with these attributes, as if there had been regions before. */
static void read_regions(const struct efi_maker *attributes, const struct efi_maker *map)
{
	efi = (struct efi){ .runtime_count = 7, .attributes = maker_span(attributes),
	                    .attribute_bytes = attributes->used ? STRIDE : 0 };
	efi_runtime_read(&efi, maker_span(map), STRIDE);
}

static void assert_region(uint32_t i, uint64_t pa, uint64_t pages, uint32_t prot, uint32_t memory)
{
	assert_true(i < efi.runtime_count);
	assert_true(efi.runtime[i].pa == pa && efi.runtime[i].bytes == pages * 4096);
	assert_int_equal(efi.runtime[i].prot, prot);
	assert_int_equal(efi.runtime[i].memory, memory);
}

/* A memory map with runtime code, data, flash, and what has nothing to do with it. */
static struct efi_maker usual_map(void)
{
	struct efi_maker m = { 0 };

	maker_descriptor(&m, 7, 0x100000, 16, WB);
	maker_descriptor(&m, 5, 0x7000000, 8, WB | RUNTIME);
	maker_descriptor(&m, 6, 0x7008000, 4, WB | RUNTIME);
	maker_descriptor(&m, 11, 0x9000000, 1, 1);           /* registers of nobody */
	maker_descriptor(&m, 11, 0x4000000, 64, 1 | RUNTIME);
	maker_descriptor(&m, 7, 0x8000000, 1, WB | RUNTIME);
	return m;
}

static struct efi_maker usual_attributes(void)
{
	struct efi_maker m = { 0 };

	maker_descriptor(&m, 5, 0x7000000, 1, RUNTIME | XP);
	maker_descriptor(&m, 5, 0x7001000, 5, RUNTIME | RO);
	maker_descriptor(&m, 5, 0x7006000, 2, RUNTIME | RO | XP);
	maker_descriptor(&m, 6, 0x7008000, 4, RUNTIME | XP);
	return m;
}

/* Rules: H9 */
static void the_attributes_tell_code_from_data(void **state)
{
	struct efi_maker attributes = usual_attributes(), map = usual_map();

	(void)state;
	read_regions(&attributes, &map);
	assert_int_equal(efi.runtime_count, 5);
	assert_region(0, 0x4000000, 64, RW, SMALT_CACHE_DEVICE);
	assert_region(1, 0x7000000, 1, RW, SMALT_CACHE_WRITE_BACK);
	assert_region(2, 0x7001000, 5, RX, SMALT_CACHE_WRITE_BACK);
	assert_region(3, 0x7006000, 2, SMALT_R, SMALT_CACHE_WRITE_BACK);
	assert_region(4, 0x7008000, 4, RW, SMALT_CACHE_WRITE_BACK);
	maker_free(&attributes);
	maker_free(&map);
}

/* Rules: H9 */
static void without_attributes_code_is_all_of_it(void **state)
{
	struct efi_maker attributes = { 0 }, map = usual_map();

	(void)state;
	read_regions(&attributes, &map);
	assert_int_equal(efi.runtime_count, 3);
	assert_region(0, 0x4000000, 64, RW, SMALT_CACHE_DEVICE);
	assert_region(1, 0x7000000, 8, RWX, SMALT_CACHE_WRITE_BACK);
	assert_region(2, 0x7008000, 4, RW, SMALT_CACHE_WRITE_BACK);
	maker_free(&map);
}

/* Rules: H9 */
static void attributes_without_any_protection_are_code_that_can_be_written(void **state)
{
	struct efi_maker attributes = { 0 }, map = { 0 };

	(void)state;
	maker_descriptor(&attributes, 5, 0x7000000, 8, RUNTIME);
	read_regions(&attributes, &map);
	assert_int_equal(efi.runtime_count, 1);
	assert_region(0, 0x7000000, 8, RWX, SMALT_CACHE_WRITE_BACK);
	maker_free(&attributes);
}

/* Rules: H9 */
static void neighbours_with_the_same_rights_are_one_region(void **state)
{
	struct efi_maker attributes = { 0 }, map = { 0 };

	(void)state;
	maker_descriptor(&attributes, 6, 0x7000000, 1, XP);
	maker_descriptor(&attributes, 5, 0x7001000, 0, RO);          /* nothing */
	maker_descriptor(&attributes, 5, 0x7001000, 2, XP);
	maker_descriptor(&attributes, 6, 0x7004000, 1, XP);          /* a gap */
	maker_descriptor(&attributes, 5, 0x7005000, 1, RO);
	maker_descriptor(&map, 11, 0x7006000, 1, RUNTIME);
	maker_descriptor(&map, 11, 0x7007000, 1, RUNTIME);
	maker_descriptor(&map, 11, 0x6fff000, 1, RUNTIME);
	read_regions(&attributes, &map);
	assert_int_equal(efi.runtime_count, 5);
	assert_region(0, 0x6fff000, 1, RW, SMALT_CACHE_DEVICE);
	assert_region(1, 0x7000000, 3, RW, SMALT_CACHE_WRITE_BACK);
	assert_region(2, 0x7004000, 1, RW, SMALT_CACHE_WRITE_BACK);
	assert_region(3, 0x7005000, 1, RX, SMALT_CACHE_WRITE_BACK);
	assert_region(4, 0x7006000, 2, RW, SMALT_CACHE_DEVICE);
	maker_free(&attributes);
	maker_free(&map);
}

static void descriptors_may_be_as_short_as_the_first_version_has_them(void **state)
{
	struct efi_maker m = { 0 };

	(void)state;
	maker_descriptor(&m, 6, 0x7000000, 1, RUNTIME);
	efi = (struct efi){ 0 };
	efi_runtime_read(&efi, (struct span){ m.bytes, 40 }, 40);
	assert_int_equal(efi.runtime_count, 1);
	efi = (struct efi){ .attributes = { m.bytes, 40 }, .attribute_bytes = 40 };
	efi_runtime_read(&efi, (struct span){ 0 }, 40);
	assert_int_equal(efi.runtime_count, 1);
	assert_region(0, 0x7000000, 1, RWX, SMALT_CACHE_WRITE_BACK);
	maker_free(&m);
}

/* Registers that touch memory with the same rights are no memory. */
static void a_region_has_one_kind_of_memory(void **state)
{
	struct efi_maker attributes = { 0 }, map = { 0 };

	(void)state;
	maker_descriptor(&attributes, 6, 0x7000000, 1, XP);
	maker_descriptor(&map, 11, 0x7001000, 1, RUNTIME);
	read_regions(&attributes, &map);
	assert_int_equal(efi.runtime_count, 2);
	assert_region(0, 0x7000000, 1, RW, SMALT_CACHE_WRITE_BACK);
	assert_region(1, 0x7001000, 1, RW, SMALT_CACHE_DEVICE);
	maker_free(&attributes);
	maker_free(&map);
}

/* Rules: H9 */
static void attributes_that_contradict_themselves_count_as_none(void **state)
{
	static const struct { uint32_t type; uint64_t pa, pages; } bad[] = {
		{ 5, 0x7009000, 1 },                 /* overlaps data */
		{ 5, 0x4010000, 1 },                 /* overlaps flash */
		{ 5, 0x6fff800, 1 }, { 5, 0x6000000, 1ull << 52 }, { 5, UINT64_MAX - 0xfff, 1 },
		{ 4, 0x6000000, 1 }, { 7, 0x6000000, 1 }, { 0, 0x6000000, 1 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct efi_maker attributes = usual_attributes(), map = usual_map();

		maker_descriptor(&attributes, bad[i].type, bad[i].pa, bad[i].pages, RO);
		read_regions(&attributes, &map);
		assert_int_equal(efi.runtime_count, 3);
		assert_region(1, 0x7000000, 8, RWX, SMALT_CACHE_WRITE_BACK);
		maker_free(&attributes);
		maker_free(&map);
	}
}

static void a_memory_map_that_contradicts_itself_has_no_regions(void **state)
{
	static const struct { uint32_t type; uint64_t pa, pages; } bad[] = {
		{ 6, 0x7007000, 1 }, { 11, 0x4010000, 1 }, { 7, 0x1800, 1 }, { 0, 0, 1ull << 52 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
		for (unsigned with = 0; with < 2; with++) {
			struct efi_maker attributes = { 0 }, map = usual_map();

			if (with)
				attributes = usual_attributes();
			maker_descriptor(&map, bad[i].type, bad[i].pa, bad[i].pages, RUNTIME);
			read_regions(&attributes, &map);
			/* Memory is looked at in the map only where the attributes do not tell */
			assert_int_equal(efi.runtime_count, with && i == 0 ? 5 : 0);
			maker_free(&attributes);
			maker_free(&map);
		}
	{
		struct efi_maker map = usual_map();

		efi = (struct efi){ 0 };
		efi_runtime_read(&efi, maker_span(&map), 39);
		assert_int_equal(efi.runtime_count, 0);
		efi_runtime_read(&efi, maker_span(&map), 0);
		assert_int_equal(efi.runtime_count, 0);
		efi_runtime_read(&efi, (struct span){ map.bytes, 3 * STRIDE - 1 }, STRIDE);
		assert_int_equal(efi.runtime_count, 1);      /* the third is not whole */
		maker_free(&map);
	}
}

/* Rules: H9 */
static void as_many_regions_as_there_is_room_for(void **state)
{
	(void)state;
	for (uint32_t count = ENV_RUNTIME - 1; count <= ENV_RUNTIME + 1; count++) {
		struct efi_maker attributes = { 0 }, map = { 0 };

		for (uint32_t i = count; i-- > 0;)           /* descending: they are sorted */
			maker_descriptor(&attributes, 5, 0x7000000 + i * 0x2000, 1, RO);
		maker_descriptor(&map, 5, 0x7000000, 2 * count, RUNTIME);
		read_regions(&attributes, &map);
		assert_int_equal(efi.runtime_count, count <= ENV_RUNTIME ? count : 0);
		assert_int_equal(efi.runtime_regions, count);
		for (uint32_t i = 0; i < efi.runtime_count; i++)
			assert_region(i, 0x7000000 + i * 0x2000, 1, RX, SMALT_CACHE_WRITE_BACK);
		maker_free(&attributes);
		for (uint32_t i = 0; i < ENV_RUNTIME; i++)
			maker_descriptor(&map, 6, 0x6000000 + i * 0x2000, 1, RUNTIME);
		read_regions(&attributes, &map);             /* one more than that, without attributes */
		assert_int_equal(efi.runtime_count, 0);
		assert_int_equal(efi.runtime_regions, ENV_RUNTIME + 1);
		maker_free(&map);
	}
}

/* --- the table's header --- */

enum { TABLE = 0x1008 };

static struct fake_ram ram_with(uint32_t version, uint32_t count, uint32_t bytes, uint64_t limit)
{
	struct fake_ram ram = ram_new(limit);

	ram_put(&ram, TABLE, 4, version);
	ram_put(&ram, TABLE + 4, 4, count);
	ram_put(&ram, TABLE + 8, 4, bytes);
	ram_put(&ram, TABLE + 12, 4, 0);
	return ram;
}

static void find(struct fake_ram *ram, uint64_t pa)
{
	static uint8_t old[1];

	efi = (struct efi){ .attributes = { old, 1 }, .attribute_bytes = 1 };
	efi_attributes_find(ram_reach(ram), pa, &efi);
	ram_free(ram);
}

/* Rules: H9 */
static void the_table_has_as_many_descriptors_as_its_header_says(void **state)
{
	static const struct { uint32_t version, count, bytes; uint64_t found; } tables[] = {
		{ 1, 3, 48, 144 }, { 2, 3, 40, 120 }, { 3, 1, 64, 64 }, { 0, 3, 48, 0 }, { 1, 0, 48, 0 },
		{ 1, 3, 39, 0 }, { 1, 3, 0, 0 }, { 1, UINT32_MAX, 48, 0 }, { 1, UINT32_MAX, UINT32_MAX, 0 },
		{ 1, 21, 48, 1008 }, { 1, 22, 48, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		struct fake_ram ram = ram_with(tables[i].version, tables[i].count, tables[i].bytes,
		                               TABLE + 16 + 1008);
		const uint8_t *first = ram.bytes + TABLE + 16;

		find(&ram, TABLE);
		assert_true(efi.attributes.bytes == tables[i].found);
		assert_int_equal(efi.attribute_bytes, tables[i].found ? tables[i].bytes : 0);
		assert_ptr_equal(efi.attributes.base, tables[i].found ? first : NULL);
	}
}

static void a_table_has_at_most_16_mib(void **state)
{
	(void)state;
	for (uint32_t over = 0; over < 2; over++) {
		struct fake_ram ram = ram_with(1, 4096 + over, 4096, 0x1100000);

		find(&ram, TABLE);
		assert_int_equal(efi.attributes.bytes, over ? 0 : 16 << 20);
	}
}

static void nothing_behind_what_can_be_read_is_touched(void **state)
{
	(void)state;
	for (uint64_t limit = TABLE - 1; limit < TABLE + 200; limit++) {
		struct fake_ram ram = ram_with(1, 3, 48, limit);

		find(&ram, TABLE);
		assert_int_equal(efi.attributes.bytes, limit >= TABLE + 160 ? 144 : 0);
	}
	for (unsigned i = 0; i < 2; i++) {
		struct fake_ram ram = ram_with(1, 3, 48, 0x2000);

		find(&ram, i ? UINT64_MAX - 8 : 0);
		assert_int_equal(efi.attributes.bytes, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_attributes_tell_code_from_data),
		cmocka_unit_test(without_attributes_code_is_all_of_it),
		cmocka_unit_test(attributes_without_any_protection_are_code_that_can_be_written),
		cmocka_unit_test(neighbours_with_the_same_rights_are_one_region),
		cmocka_unit_test(descriptors_may_be_as_short_as_the_first_version_has_them),
		cmocka_unit_test(a_region_has_one_kind_of_memory),
		cmocka_unit_test(attributes_that_contradict_themselves_count_as_none),
		cmocka_unit_test(a_memory_map_that_contradicts_itself_has_no_regions),
		cmocka_unit_test(as_many_regions_as_there_is_room_for),
		cmocka_unit_test(the_table_has_as_many_descriptors_as_its_header_says),
		cmocka_unit_test(a_table_has_at_most_16_mib),
		cmocka_unit_test(nothing_behind_what_can_be_read_is_touched),
	};

	return cmocka_run_group_tests_name("efi_runtime", tests, NULL, NULL);
}
