/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_startinfo.c: PVH start infos, written by the offsets of Xen's
 * public/arch-x86/hvm/start_info.h, good and bad.
 */
#include "startinfo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "fake_ram.h"
#include "scratch.h"
#include "starve.h"

enum { INFO = 0x21e0, MODULES = 0x2300, MEMORY = 0x2400, CMDLINE = 0x2600, INITRD = 0x3001, END = 0x8000 };

static void put_range(struct fake_ram *ram, unsigned index, uint64_t pa, uint64_t bytes, uint32_t type)
{
	ram_put(ram, MEMORY + index * 24u, 8, pa);
	ram_put(ram, MEMORY + index * 24u + 8, 8, bytes);
	ram_put(ram, MEMORY + index * 24u + 16, 4, type);
}

static void put_module(struct fake_ram *ram, unsigned index, uint64_t pa, uint64_t bytes)
{
	ram_put(ram, MODULES + index * 32u, 8, pa);
	ram_put(ram, MODULES + index * 32u + 8, 8, bytes);
}

/* As QEMU 7.2 writes it for q35 with one gibibyte, shortened. */
static void put_info(struct fake_ram *ram)
{
	ram_put(ram, INFO, 4, 0x336ec578);
	ram_put(ram, INFO + 4, 4, 1);
	ram_put(ram, INFO + 8, 4, 0);
	ram_put(ram, INFO + 12, 4, 1);
	ram_put(ram, INFO + 16, 8, MODULES);
	ram_put(ram, INFO + 24, 8, CMDLINE);
	ram_put(ram, INFO + 32, 8, 0xf59e0);
	ram_put(ram, INFO + 40, 8, MEMORY);
	ram_put(ram, INFO + 48, 4, 3);
	put_module(ram, 0, INITRD, 0x234);
	put_range(ram, 0, 0, 0x9fc00, 1);
	put_range(ram, 1, 0x100000, 0x3ff00000, 1);
	put_range(ram, 2, 0xb0000000, 0x10000000, 2);
	ram_text(ram, CMDLINE, "one two", 8);
}

static struct fake_ram good_ram(void)
{
	struct fake_ram ram = ram_new(END);

	put_info(&ram);
	return ram;
}

static struct startinfo read_good(const struct fake_ram *ram)
{
	struct startinfo info;
	struct fault fault;

	memset(&info, 0xaa, sizeof info);
	assert_int_equal(startinfo_read(&info, ram_reach(ram), INFO, &fault), ST_OK);
	return info;
}

static struct memmap map_of(struct arena *arena)
{
	struct memmap map;
	struct fault fault;

	assert_int_equal(memmap_init(&map, 64, arena, &fault), ST_OK);
	return map;
}

static void assert_range(const struct memmap *map, uint32_t i, uint64_t pa, uint64_t bytes, uint32_t type)
{
	assert_true(i < map->count);
	assert_int_equal(map->ranges[i].pa, pa);
	assert_int_equal(map->ranges[i].bytes, bytes);
	assert_int_equal(map->ranges[i].type, type);
}

/* Rules: H3 */
static void everything_that_it_names_is_found(void **state)
{
	struct fake_ram ram = good_ram();
	struct startinfo info = read_good(&ram);

	(void)state;
	assert_span(info.cmdline, "one two");
	assert_int_equal(info.rsdp_pa, 0xf59e0);
	assert_int_equal(info.memory_count, 3);
	assert_int_equal(info.module_count, 1);
	ram_free(&ram);
}

/* Rules: H3 */
static void every_type_of_memory_becomes_ours(void **state)
{
	static const uint32_t expected[] = {
		[1] = SMALT_MEM_USABLE, [2] = SMALT_MEM_RESERVED, [3] = SMALT_MEM_ACPI_RECLAIM,
		[4] = SMALT_MEM_ACPI_NVS, [5] = SMALT_MEM_BAD, [6] = SMALT_MEM_RESERVED,
		[7] = SMALT_MEM_PERSISTENT,
	};
	struct arena arena = scratch(SCRATCH_BYTES);
	struct fault fault;

	(void)state;
	for (uint32_t type = 1; type <= 7; type++) {
		struct fake_ram ram = good_ram();
		struct memmap map = map_of(&arena);
		struct startinfo info;

		put_range(&ram, 1, 0x123000, 0x4000, type);
		info = read_good(&ram);
		assert_int_equal(startinfo_memory(&info, &map, &fault), ST_OK);
		assert_int_equal(map.count, 3);
		assert_range(&map, 0, 0, 0x9fc00, SMALT_MEM_USABLE);
		assert_range(&map, 1, 0x123000, 0x4000, expected[type]);
		assert_range(&map, 2, 0xb0000000, 0x10000000, SMALT_MEM_RESERVED);
		ram_free(&ram);
	}
}

/* Rules: H3 */
static void empty_ranges_and_undefined_types_are_nothing(void **state)
{
	static const struct { uint64_t pa, bytes; uint32_t type; } nothing[] = {
		{ 0, 0, 0 },                     /* the end of QEMU's microvm's list */
		{ 0x100000, 0, 1 },
		{ 0x100000, 0x1000, 0 },
		{ 0x100000, 0x1000, 8 },
		{ 0xaaaaaaaaaaaaaaaa, 0xaaaaaaaaaaaaaaaa, 0xaaaaaaaa },
	};
	struct arena arena = scratch(SCRATCH_BYTES);
	struct fault fault;

	(void)state;
	for (unsigned i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
		struct fake_ram ram = good_ram();
		struct memmap map = map_of(&arena);
		struct startinfo info;

		put_range(&ram, 1, nothing[i].pa, nothing[i].bytes, nothing[i].type);
		info = read_good(&ram);
		assert_int_equal(startinfo_memory(&info, &map, &fault), ST_OK);
		assert_int_equal(map.count, 2);
		assert_range(&map, 1, 0xb0000000, 0x10000000, SMALT_MEM_RESERVED);
		ram_free(&ram);
	}
}

/* Rules: H3 */
static void an_empty_range_may_stand_anywhere(void **state)
{
	struct fake_ram ram = good_ram();
	struct arena arena = scratch(SCRATCH_BYTES);
	struct memmap map = map_of(&arena);
	struct startinfo info;
	struct fault fault;

	(void)state;
	put_range(&ram, 1, UINT64_MAX, 0, 1);
	info = read_good(&ram);
	assert_int_equal(startinfo_memory(&info, &map, &fault), ST_OK);
	assert_int_equal(map.count, 2);
	ram_free(&ram);
}

/* Rules: H3, M20 */
static void memory_behind_the_last_physical_address_is_refused(void **state)
{
	static const struct { uint64_t pa, bytes; enum status status; } ranges[] = {
		{ (1ull << 52) - 0x1000, 0x1000, ST_OK },
		{ (1ull << 52) - 0x1000, 0x1001, ST_BAD_FIRMWARE },
		{ 0x1000, UINT64_MAX, ST_BAD_FIRMWARE },
		{ UINT64_MAX, 1, ST_BAD_FIRMWARE },
	};
	struct arena arena = scratch(SCRATCH_BYTES);

	(void)state;
	for (unsigned i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
		struct fake_ram ram = good_ram();
		struct memmap map = map_of(&arena);
		struct startinfo info;
		struct fault fault;

		put_range(&ram, 1, ranges[i].pa, ranges[i].bytes, 1);
		info = read_good(&ram);
		assert_int_equal(startinfo_memory(&info, &map, &fault), ranges[i].status);
		if (ranges[i].status != ST_OK)
			assert_string_equal(fault.field, "memmap addr");
		ram_free(&ram);
	}
}

/* Rules: H3 */
static void what_must_not_be_overwritten_is_claimed_to_the_byte(void **state)
{
	struct fake_ram ram = good_ram();
	struct arena arena = scratch(SCRATCH_BYTES);
	struct memmap map = map_of(&arena);
	struct startinfo info = read_good(&ram);
	struct fault fault;

	(void)state;
	assert_int_equal(startinfo_claim_self(&info, &map, &fault), ST_OK);
	assert_int_equal(map.count, 4);
	assert_range(&map, 0, INFO, 56, SMALT_MEM_RECLAIMABLE);
	assert_range(&map, 1, MEMORY, 3 * 24, SMALT_MEM_RECLAIMABLE);
	assert_range(&map, 2, MODULES, 32, SMALT_MEM_RECLAIMABLE);
	assert_range(&map, 3, CMDLINE, 8, SMALT_MEM_RECLAIMABLE);   /* with its NUL */
	assert_int_equal(startinfo_claim_modules(&info, &map, &fault), ST_OK);
	assert_int_equal(map.count, 5);
	assert_range(&map, 4, INITRD, 0x234, SMALT_MEM_RECLAIMABLE);
	ram_free(&ram);
}

/* Rules: H3 */
static void modules_are_files_in_their_order(void **state)
{
	struct fake_ram ram = good_ram();
	struct arena arena = scratch(SCRATCH_BYTES);
	struct env env = { .window = ram_reach(&ram).window };
	struct startinfo info;
	struct fault fault;

	(void)state;
	ram_put(&ram, INFO + 12, 4, 3);
	put_module(&ram, 1, 0x4000, 1);
	put_module(&ram, 2, 0x7fff, 1);
	info = read_good(&ram);
	assert_int_equal(startinfo_files(&info, &env, &arena, &fault), ST_OK);
	assert_int_equal(env.file_count, 3);
	assert_span(env.files[0].name, "initrd");
	assert_span(env.files[1].name, "module1");
	assert_span(env.files[2].name, "module2");
	assert_int_equal(env.files[0].pa, INITRD);
	assert_int_equal(env.files[0].bytes.bytes, 0x234);
	assert_ptr_equal(env.files[0].bytes.base, ram.bytes + INITRD);
	assert_ptr_equal(env.files[2].bytes.base, ram.bytes + 0x7fff);
	assert_true(env.files[2].donated);
	ram_free(&ram);
}

/* Rules: H3, M20 */
static void more_files_than_there_is_room_for_are_refused(void **state)
{
	struct fake_ram ram = good_ram();
	struct arena arena = scratch(SCRATCH_BYTES);
	struct env env = { .file_count = ENV_FILES };
	struct startinfo info = read_good(&ram);
	struct fault fault;

	(void)state;
	assert_int_equal(startinfo_files(&info, &env, &arena, &fault), ST_BAD_FIRMWARE);
	assert_int_equal(env.file_count, ENV_FILES);
	ram_free(&ram);
}

static struct startinfo three;

static enum status list_files(struct arena *arena, struct fault *fault)
{
	struct env env = { .file_count = 0 };
	enum status status = startinfo_files(&three, &env, arena, fault);

	assert_int_equal(env.file_count, arena->used / 16);      /* those that have a name */
	return status;
}

/* Rules: M1 */
static void every_file_needs_storage_for_its_name(void **state)
{
	struct starve s = { .run = list_files };
	struct fake_ram ram = good_ram();

	(void)state;
	ram_put(&ram, INFO + 12, 4, 3);
	put_module(&ram, 1, 0x4000, 1);
	put_module(&ram, 2, 0x7fff, 1);
	three = read_good(&ram);
	starve(&s);
	assert_int_equal(s.refusals, 3);
	assert_int_equal(s.bytes, 3 * 16);
	ram_free(&ram);
}

/* Rules: H3 */
static void without_modules_and_command_line_there_is_nothing(void **state)
{
	struct fake_ram ram = good_ram();
	struct arena arena = scratch(SCRATCH_BYTES);
	struct memmap map = map_of(&arena);
	struct startinfo info;
	struct fault fault;

	(void)state;
	ram_put(&ram, INFO + 12, 4, 0);
	ram_put(&ram, INFO + 16, 8, 0);
	ram_put(&ram, INFO + 24, 8, 0);
	ram_put(&ram, INFO + 32, 8, 0);
	info = read_good(&ram);
	assert_int_equal(info.cmdline.bytes, 0);
	assert_int_equal(info.module_count, 0);
	assert_int_equal(info.rsdp_pa, 0);
	assert_int_equal(startinfo_claim_self(&info, &map, &fault), ST_OK);
	assert_int_equal(map.count, 2);
	ram_free(&ram);
}

/* Rules: H3, M20 */
static void every_wrong_number_is_refused_by_its_name(void **state)
{
	static const struct { uint64_t pa; unsigned bytes; uint64_t value; const char *field; } wrong[] = {
		{ INFO, 4, 0x336ec579, "start info magic" },
		{ INFO + 4, 4, 0, "start info version" },
		{ INFO + 12, 4, 17, "nr_modules" },
		{ INFO + 12, 4, UINT32_MAX, "nr_modules" },
		{ INFO + 16, 8, 0, "modlist_paddr" },
		{ INFO + 16, 8, END - 31, "modlist_paddr" },
		{ INFO + 16, 8, UINT64_MAX, "modlist_paddr" },
		{ INFO + 24, 8, END, "cmdline_paddr" },
		{ INFO + 24, 8, UINT64_MAX - 3, "cmdline_paddr" },
		{ INFO + 40, 8, 0, "memmap_paddr" },
		{ INFO + 40, 8, END - 71, "memmap_paddr" },
		{ INFO + 48, 4, 0, "memmap_entries" },
		{ INFO + 48, 4, 129, "memmap_entries" },
		{ MODULES, 8, END, "module paddr" },
		{ MODULES, 8, 0, "module paddr" },
		{ MODULES + 8, 8, END - INITRD + 1, "module paddr" },
		{ MODULES + 8, 8, UINT64_MAX, "module paddr" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct fake_ram ram = good_ram();
		struct startinfo info;
		struct fault fault;

		ram_put(&ram, wrong[i].pa, wrong[i].bytes, wrong[i].value);
		assert_int_equal(startinfo_read(&info, ram_reach(&ram), INFO, &fault), ST_BAD_FIRMWARE);
		assert_string_equal(fault.field, wrong[i].field);
		ram_free(&ram);
	}
}

/* Rules: H3 */
static void a_command_line_ends_before_the_end_of_memory_and_within_64_kib(void **state)
{
	struct fake_ram ram = ram_new(0x20000);
	struct startinfo info;
	struct fault fault;

	(void)state;
	put_info(&ram);
	memset(ram.bytes + CMDLINE, 'x', 0x10000);
	ram.bytes[CMDLINE + 0xffff] = 0;
	assert_int_equal(startinfo_read(&info, ram_reach(&ram), INFO, &fault), ST_OK);
	assert_int_equal(info.cmdline.bytes, 0xffff);
	ram.bytes[CMDLINE + 0xffff] = 'x';
	ram.bytes[CMDLINE + 0x10000] = 0;
	assert_int_equal(startinfo_read(&info, ram_reach(&ram), INFO, &fault), ST_BAD_FIRMWARE);
	ram_free(&ram);
}

/* Rules: H3 */
static void nothing_behind_what_can_be_read_is_touched(void **state)
{
	(void)state;
	for (uint64_t limit = 0; limit < END; limit += limit < 0x2000 ? 0x100 : 1) {
		struct fake_ram ram = ram_new(limit);
		struct startinfo info;
		struct fault fault;

		put_info(&ram);
		assert_int_equal(startinfo_read(&info, ram_reach(&ram), INFO, &fault),
		                 limit < INITRD + 0x234 ? ST_BAD_FIRMWARE : ST_OK);
		ram_free(&ram);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_that_it_names_is_found),
		cmocka_unit_test(every_type_of_memory_becomes_ours),
		cmocka_unit_test(empty_ranges_and_undefined_types_are_nothing),
		cmocka_unit_test(an_empty_range_may_stand_anywhere),
		cmocka_unit_test(memory_behind_the_last_physical_address_is_refused),
		cmocka_unit_test(what_must_not_be_overwritten_is_claimed_to_the_byte),
		cmocka_unit_test(modules_are_files_in_their_order),
		cmocka_unit_test(more_files_than_there_is_room_for_are_refused),
		cmocka_unit_test(every_file_needs_storage_for_its_name),
		cmocka_unit_test(without_modules_and_command_line_there_is_nothing),
		cmocka_unit_test(every_wrong_number_is_refused_by_its_name),
		cmocka_unit_test(a_command_line_ends_before_the_end_of_memory_and_within_64_kib),
		cmocka_unit_test(nothing_behind_what_can_be_read_is_touched),
	};

	return cmocka_run_group_tests_name("startinfo", tests, NULL, NULL);
}
