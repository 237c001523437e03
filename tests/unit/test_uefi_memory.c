/* SPDX-License-Identifier: BSD-2-Clause */
/* test_uefi_memory.c: pages are taken as they are needed, and given back to the last one. */
#include "fake_volume.h"

#include "firmware.h"
#include "scratch.h"
#include "starve.h"

enum { PAGE = 4096, MIB = 256 /* pages */ };

static struct uefi u;
static struct fault fault;
static struct frames frames;

static int open_memory(void **state)
{
	(void)state;
	fake_open();
	fake_start(&u, scratch(SCRATCH_BYTES));
	return 0;
}

static int close_memory(void **state)
{
	(void)state;
	fake_close();
	return 0;
}

static uint64_t page_of(uint64_t pa)
{
	return (pa - fake_pa(0)) / PAGE;
}

/* --- the arena --- */

/* Rules: M1 */
static void the_arena_is_smaller_where_memory_is_short(void **state)
{
	static const struct { uint64_t free, arena; } sizes[] = {
		{ 8 * MIB, 8 * MIB }, { 8 * MIB - 1, 4 * MIB }, { 4 * MIB, 4 * MIB }, { 2 * MIB, 2 * MIB },
		{ 2 * MIB - 1, MIB }, { MIB, MIB }, { MIB - 1, MIB / 2 }, { MIB / 2, MIB / 2 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		fake_set(0, FAKE_PAGES, EfiReservedMemoryType);
		fake_set(100, sizes[i].free, EfiConventionalMemory);
		assert_int_equal(uefi_arena(&u, &fault), ST_OK);
		assert_int_equal(u.arena.bytes, sizes[i].arena * PAGE);
		assert_int_equal(u.arena.used, 0);
		assert_int_equal(fake_free(), sizes[i].free - sizes[i].arena);
		assert_true(fake_all(page_of((uint64_t)(uintptr_t)u.arena.base), sizes[i].arena, EfiLoaderData));
	}
}

/* Rules: M1 */
static void without_half_a_mebibyte_there_is_no_arena(void **state)
{
	(void)state;
	u.arena = (struct arena){ 0 };
	fake_set(0, FAKE_PAGES, EfiReservedMemoryType);
	fake_set(100, MIB / 2 - 1, EfiConventionalMemory);
	assert_int_equal(uefi_arena(&u, &fault), ST_NO_MEMORY);
	assert_string_equal(fault.field, "bytes of the arena");
	assert_int_equal(fault.value, 512 << 10);
	assert_int_equal(u.arena.bytes, 0);
	assert_int_equal(fake_free(), MIB / 2 - 1);
}

/* Rules: H5 */
static void the_arena_ends_below_the_machines_limit(void **state)
{
	(void)state;
	fw.machine.loader_limit = fake_pa(9 * MIB);
	assert_int_equal(uefi_arena(&u, &fault), ST_OK);
	assert_ptr_equal(u.arena.base, fw.ram + MIB * PAGE);
	fw.machine.loader_limit = UINT64_MAX;
	assert_int_equal(uefi_arena(&u, &fault), ST_OK);
	assert_ptr_equal(u.arena.base, fw.ram + 24 * MIB * PAGE);
}

/* --- pages --- */

/* Rules: P3, M1 */
static void what_an_alignment_takes_too_much_goes_back(void **state)
{
	uint64_t pa;

	(void)state;
	for (unsigned above = 0; above < 5; above++)
		for (uint64_t align = PAGE; align <= 4 * PAGE; align *= 2)
			for (uint64_t bytes = 1; bytes <= 3 * PAGE + 1; bytes += PAGE / 2) {
				uint64_t pages = (bytes + PAGE - 1) / PAGE;

				fake_set(0, FAKE_PAGES, EfiConventionalMemory);
				fake_set(FAKE_PAGES - above, above, EfiRuntimeServicesData);
				u.pages = NULL;
				assert_int_equal(uefi_take_pages(&u, bytes, align, &pa, &fault), ST_OK);
				assert_int_equal(pa % align, 0);
				assert_true(fake_all(page_of(pa), pages, EfiLoaderData));
				assert_int_equal(fake_free(), FAKE_PAGES - above - pages);
				firmware_release(&u.env);
				assert_int_equal(fake_free(), FAKE_PAGES - above);
			}
}

/* Rules: P3, M1 */
static void an_alignment_needs_no_page_more_than_the_worst_place(void **state)
{
	uint64_t pa;

	(void)state;
	fake_set(0, FAKE_PAGES, EfiReservedMemoryType);
	fake_set(1001, 3 + 2, EfiConventionalMemory);    /* 1001 is one behind a multiple of four */
	assert_int_equal(uefi_take_pages(&u, 2 * PAGE, 4 * PAGE, &pa, &fault), ST_OK);
	assert_int_equal(page_of(pa), 1004);
	assert_int_equal(fake_free(), 3);
}

/* Rules: M1 */
static void pages_that_are_not_there_are_refused(void **state)
{
	static const uint64_t sizes[] = { FAKE_PAGES * 4096ull + 1, 1ull << 63, (1ull << 63) + 1, UINT64_MAX - 1,
	                                 UINT64_MAX };
	uint64_t pa;

	(void)state;
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		assert_int_equal(uefi_take_pages(&u, sizes[i], PAGE, &pa, &fault), ST_NO_MEMORY);
		assert_true(fault.value == sizes[i]);
	}
	assert_int_equal(fake_free(), FAKE_PAGES);
	assert_null(u.pages);
}

/* Rules: M1 */
static void pages_that_cannot_be_noted_go_back(void **state)
{
	uint64_t pa;

	(void)state;
	u.arena = scratch(0);
	assert_int_equal(uefi_take_pages(&u, 5 * PAGE, 4 * PAGE, &pa, &fault), ST_NO_MEMORY);
	assert_int_equal(fake_free(), FAKE_PAGES);
}

/* Rules: M1 */
static void room_for_files_of_others_is_of_whole_pages(void **state)
{
	uint64_t pa;

	(void)state;
	assert_int_equal(firmware_room(&u.env, 2 * PAGE + 1, &u.arena, &pa, &fault), ST_OK);
	assert_true(fake_all(page_of(pa), 3, EfiLoaderData));
	assert_int_equal(fake_free(), FAKE_PAGES - 3);
}

/* Rules: M1 */
static void pages_that_last_outlast_a_try_and_not_the_loader(void **state)
{
	uint64_t pa;

	(void)state;
	u.arena = (struct arena){ 0 };
	assert_int_equal(uefi_arena(&u, &fault), ST_OK);
	assert_int_equal(uefi_take_pages(&u, 3 * PAGE, PAGE, &pa, &fault), ST_OK);
	assert_int_equal(uefi_take_pages(&u, PAGE, PAGE, &pa, &fault), ST_OK);
	u.lasting_pages = u.pages;
	for (unsigned again = 0; again < 2; again++) {
		assert_int_equal(uefi_take_pages(&u, 2 * PAGE, PAGE, &pa, &fault), ST_OK);
		assert_int_equal(uefi_take_pages(&u, 5 * PAGE, PAGE, &pa, &fault), ST_OK);
		firmware_release(&u.env);
		assert_int_equal(fake_count(EfiLoaderData), 8 * MIB + 4);
	}
	assert_int_equal(uefi_take_pages(&u, 2 * PAGE, PAGE, &pa, &fault), ST_OK);
	uefi_give_back(&u);
	assert_int_equal(fake_free(), FAKE_PAGES);
	fake_start(&u, (struct arena){ 0 });     /* nothing was taken yet */
	trace_clear();
	uefi_give_back(&u);
	assert_string_equal(fw.trace, "");
}

/* Rules: M1 */
static void files_of_a_try_are_closed_and_in_the_end_all_are(void **state)
{
	(void)state;
	fake_volume();
	u.env.file_count = 4;
	u.lasting_files = 2;
	u.opened[1] = fake_handle_new(NULL);
	u.opened[2] = fake_handle_new(NULL);     /* the last one is not of the volume */
	u.root = fake_handle_new(NULL);
	firmware_release(&u.env);
	assert_int_equal(u.env.file_count, 2);
	assert_int_equal(vol.open_count, 2);
	u.arena = (struct arena){ 0 };
	uefi_give_back(&u);
	assert_int_equal(u.env.file_count, 0);
	assert_int_equal(vol.open_count, 0);
}

/* --- the map --- */

/* Rules: H3 */
static void the_map_is_the_firmwares(void **state)
{
	const struct memmap *memory = &u.env.memory;

	(void)state;
	fake_set(0, 16, EfiReservedMemoryType);
	fake_set(16, 4, EfiBootServicesCode);
	fake_set(20, 4, EfiLoaderCode);
	fake_set(FAKE_PAGES - 8, 8, EfiRuntimeServicesData);
	fw.descending = true;
	assert_int_equal(firmware_memory(&u.env, &fault), ST_OK);
	assert_int_equal(memory->count, 5);
	assert_int_equal(memmap_type(memory, fake_pa(15)), SMALT_MEM_RESERVED);
	assert_int_equal(memmap_type(memory, fake_pa(16)), SMALT_MEM_BOOT_SERVICES);
	assert_int_equal(memmap_type(memory, fake_pa(23)), SMALT_MEM_RECLAIMABLE);
	assert_int_equal(memmap_type(memory, fake_pa(24)), SMALT_MEM_USABLE);
	assert_int_equal(memmap_bytes(memory, SMALT_MEM_USABLE), (FAKE_PAGES - 32) * (uint64_t)PAGE);
	assert_int_equal(memmap_bytes(memory, SMALT_MEM_EFI_RUNTIME_DATA), 8 * PAGE);
	assert_int_equal(u.env.efi.runtime_count, 1);
	assert_true(u.env.efi.runtime[0].pa == fake_pa(FAKE_PAGES - 8));
	assert_string_equal(fw.trace, "M");
}

/* Rules: H3 */
static void there_is_room_for_a_last_map_that_grew(void **state)
{
	struct efi *efi = &u.env.efi;

	(void)state;
	fake_set(0, 16, EfiReservedMemoryType);
	assert_int_equal(firmware_memory(&u.env, &fault), ST_OK);
	assert_int_equal(efi->descriptors, 2);
	assert_int_equal(efi->descriptors_most, 2 * 2 + 128);
	assert_int_equal(efi->descriptor_bytes, 48);
	assert_int_equal(efi->descriptor_version, 1);
	assert_true(u.env.memory.capacity >= 2 * efi->descriptors_most);
	memset(efi->map, 0xbb, (size_t)efi->descriptors_most * 48);
	assert_ptr_equal(u.env.memory.ranges, (uint8_t *)efi->map + 132 * 48);   /* 16 divides it */
	assert_int_not_equal(u.env.memory.ranges[0].type, 0xbbbbbbbb);
}

/* Rules: H3 */
static void more_ranges_that_may_be_taken_have_more_room(void **state)
{
	(void)state;
	fake_set(0, 16, EfiReservedMemoryType);
	u.env.efi.takes = 300;
	assert_int_equal(firmware_memory(&u.env, &fault), ST_OK);
	assert_int_equal(u.env.efi.descriptors_most, 2 * 2 + 128 + 2 * 300);
}

/* Rules: H3 */
static void a_map_that_needs_more_room_gets_it(void **state)
{
	uint64_t usable = 0;

	(void)state;
	for (unsigned page = 0; page < 1500; page++)     /* 72000 bytes of descriptors */
		fw.types[page] = page % 2 ? EfiConventionalMemory : EfiReservedMemoryType;
	assert_int_equal(firmware_memory(&u.env, &fault), ST_OK);
	assert_int_equal(u.env.efi.descriptors, 1500);   /* the last one is free to the end */
	assert_int_equal(u.env.memory.count, 1500);
	for (unsigned page = 0; page < FAKE_PAGES; page++)
		usable += fw.types[page] == EfiConventionalMemory;
	assert_int_equal(memmap_bytes(&u.env.memory, SMALT_MEM_USABLE), usable * PAGE);
	assert_string_equal(fw.trace, "MM");
}

/* Rules: H3 */
static void descriptors_may_be_of_any_size_that_holds_one(void **state)
{
	static const unsigned sizes[] = { 40, 48, 56, 4096 };

	(void)state;
	fake_set(0, 16, EfiReservedMemoryType);
	for (unsigned i = 0; i < 4; i++) {
		fw.descriptor_bytes = sizes[i];
		u.arena.used = 0;
		assert_int_equal(firmware_memory(&u.env, &fault), ST_OK);
		assert_int_equal(u.env.efi.descriptor_bytes, sizes[i]);
		assert_int_equal(u.env.efi.descriptors, 2);
		assert_int_equal(u.env.memory.count, 2);
		assert_int_equal(memmap_type(&u.env.memory, fake_pa(16)), SMALT_MEM_USABLE);
	}
}

static EFI_STATUS EFIAPI empty_map(UINTN *size, EFI_MEMORY_DESCRIPTOR *map, UINTN *key,
                                   UINTN *descriptor_bytes, UINT32 *version)
{
	(void)map;
	*size = 0;
	*key = 0;
	*descriptor_bytes = fw.descriptor_bytes;
	*version = 1;
	return EFI_SUCCESS;
}

/* Rules: H3, M20 */
static void absurd_sizes_of_descriptors_are_refused(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 39, 4097, 1ull << 32, UINT64_MAX };

	(void)state;
	fw.boot.GetMemoryMap = empty_map;
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		fw.descriptor_bytes = sizes[i];
		assert_int_equal(firmware_memory(&u.env, &fault), ST_BAD_FIRMWARE);
		assert_string_equal(fault.field, "descriptor bytes of the memory map");
		assert_true(fault.value == sizes[i]);
		assert_int_equal(fault.limit, 40);
	}
}

/* Rules: M20 */
static void a_map_that_cannot_be_got_is_the_firmwares_fault(void **state)
{
	(void)state;
	fw.map_status = EFI_DEVICE_ERROR;
	assert_int_equal(firmware_memory(&u.env, &fault), ST_DEVICE);
	assert_string_equal(fault.field, "GetMemoryMap()");
	assert_int_equal(fault.value, 7);
	assert_int_equal(u.env.memory.count, 0);
}

static enum status ask(struct arena *arena, struct fault *f)
{
	enum status status;

	u.arena = *arena;
	u.env.memory.count = 0;
	u.env.efi.map = NULL;
	status = firmware_memory(&u.env, f);
	arena->used = u.arena.used;
	return status;
}

/* Rules: M1 */
static void an_arena_that_is_too_small_is_an_answer_at_every_step(void **state)
{
	struct starve s = { .run = ask };

	(void)state;
	starve(&s);
	assert_int_equal(s.refusals, 3);         /* the map, its last one, the ranges */
	assert_non_null(u.env.efi.map);
	assert_true(u.env.memory.count > 0);
}

/* --- frames --- */

/* Free memory of 64 pages from page 1000 on, with boot services' in its middle (1020 to 1027). */
static void plan_memory(void)
{
	fake_set(0, FAKE_PAGES, EfiReservedMemoryType);
	fake_set(1000, 64, EfiConventionalMemory);
	fake_set(1020, 8, EfiBootServicesData);
	u.arena.used = 0;
	assert_int_equal(firmware_memory(&u.env, &fault), ST_OK);
	assert_int_equal(memmap_init(&frames.taken, 32, &u.arena, &fault), ST_OK);
	trace_clear();
}

static void take(uint64_t page, uint64_t pages)
{
	assert_int_equal(memmap_add(&frames.taken, fake_pa(page), pages * PAGE, SMALT_MEM_OBJECT, &fault), ST_OK);
}

static void assert_ours(uint64_t page, uint64_t pages)
{
	assert_true(fake_all(page, pages, EfiLoaderData));
}

/* Rules: H3 */
static void exactly_what_was_taken_becomes_ours(void **state)
{
	(void)state;
	plan_memory();
	take(1050, 3);
	take(1002, 1);
	take(1010, 5);
	assert_int_equal(firmware_claim(&u.env, &frames, &fault), ST_OK);
	assert_ours(1002, 1);
	assert_ours(1010, 5);
	assert_ours(1050, 3);
	assert_int_equal(fake_count(EfiLoaderData), 9);
	assert_string_equal(fw.trace, "AAA");
	firmware_release(&u.env);
	assert_int_equal(fake_free(), 56);
	assert_int_equal(u.env.memory.count, 0);
	assert_null(u.pages);
}

/* Rules: H3, M20 */
static void a_last_map_that_might_not_fit_is_refused_before_anything_is_taken(void **state)
{
	(void)state;
	for (uint32_t room = 32; room <= 40; room++) {
		plan_memory();
		take(1002, 1);
		take(1050, 3);
		take(1003, 1);           /* beside the first */
		u.env.efi.descriptors_most = u.env.efi.descriptors + room;
		if (room < 32 + 2 * 2) {
			assert_int_equal(firmware_claim(&u.env, &frames, &fault), ST_TOO_SMALL);
			assert_int_equal(fault.value, u.env.efi.descriptors + 36);
			assert_int_equal(fault.limit, u.env.efi.descriptors + room);
			assert_string_equal(fw.trace, "");
		} else {
			assert_int_equal(firmware_claim(&u.env, &frames, &fault), ST_OK);
			firmware_release(&u.env);
		}
	}
}

/* Rules: H3 */
static void neighbours_are_one_call_in_any_order(void **state)
{
	(void)state;
	plan_memory();
	take(1006, 2);
	take(1002, 2);
	take(1004, 2);
	take(1009, 1);
	take(1003, 1);           /* as one that is claimed twice */
	assert_int_equal(firmware_claim(&u.env, &frames, &fault), ST_OK);
	assert_ours(1002, 6);
	assert_ours(1009, 1);
	assert_int_equal(fake_count(EfiLoaderData), 7);
	assert_string_equal(fw.trace, "AA");
}

/* Rules: H3 */
static void a_short_neighbour_inside_a_long_one_does_not_shorten_it(void **state)
{
	(void)state;
	plan_memory();
	take(1002, 10);
	take(1003, 1);
	take(1012, 1);
	assert_int_equal(firmware_claim(&u.env, &frames, &fault), ST_OK);
	assert_ours(1002, 11);
	assert_int_equal(fake_count(EfiLoaderData), 11);
	assert_string_equal(fw.trace, "A");
}

/* Rules: H3 */
static void what_is_not_free_now_is_left_alone(void **state)
{
	(void)state;
	plan_memory();
	take(990, 45);           /* reserved, free, boot services', free */
	take(1060, 10);
	assert_int_equal(firmware_claim(&u.env, &frames, &fault), ST_OK);
	assert_ours(1000, 20);
	assert_ours(1028, 7);
	assert_ours(1060, 4);
	assert_int_equal(fake_count(EfiLoaderData), 31);
	assert_int_equal(fake_count(EfiBootServicesData), 8);
	firmware_release(&u.env);
	assert_int_equal(fake_free(), 56);
}

/* Rules: H3 */
static void the_first_and_the_last_range_count_too(void **state)
{
	(void)state;
	plan_memory();
	fake_set(0, 2, EfiConventionalMemory);
	fake_set(FAKE_PAGES - 2, 2, EfiConventionalMemory);
	assert_int_equal(firmware_memory(&u.env, &fault), ST_OK);
	take(0, FAKE_PAGES);
	assert_int_equal(firmware_claim(&u.env, &frames, &fault), ST_OK);
	assert_ours(0, 2);
	assert_ours(FAKE_PAGES - 2, 2);
	assert_int_equal(fake_free(), 0);
}

/* Rules: H3 */
static void nothing_free_taken_is_nothing_claimed(void **state)
{
	(void)state;
	plan_memory();
	take(1020, 8);           /* boot services', between free memory */
	assert_int_equal(firmware_claim(&u.env, &frames, &fault), ST_OK);
	assert_string_equal(fw.trace, "");
}

/* Rules: H3, M1 */
static void somebody_who_was_faster_changes_the_memory(void **state)
{
	(void)state;
	plan_memory();
	take(1002, 2);
	take(1005, 2);
	fake_set(1006, 1, EfiBootServicesData);
	assert_int_equal(firmware_claim(&u.env, &frames, &fault), ST_MEMORY_CHANGED);
	assert_true(fault.value == fake_pa(1005));
	assert_ours(1002, 2);
	firmware_release(&u.env);
	assert_int_equal(fake_free(), 55);
	assert_int_equal(fake_count(EfiLoaderData), 0);
}

/* Rules: M1 */
static void a_failure_at_any_call_leaves_nothing_behind(void **state)
{
	enum status status = ST_MEMORY_CHANGED;
	unsigned n = 1;

	(void)state;
	for (; status == ST_MEMORY_CHANGED; n++) {
		plan_memory();
		for (unsigned i = 0; i < 8; i++)
			take(1001 + 6 * i, 4);
		fw.fail_allocation = n;
		status = firmware_claim(&u.env, &frames, &fault);
		firmware_release(&u.env);
		assert_int_equal(fake_free(), 56);
		fw.fail_allocation = 0;
	}
	assert_int_equal(status, ST_OK);
	assert_int_equal(n, 1 + 8 + 1);  /* each of the eight has a page that is free */
}

/* What the plan took before counts as used. */
static enum status claim(struct arena *arena, struct fault *f)
{
	enum status status;

	u.arena = scratch(SCRATCH_BYTES);
	plan_memory();
	for (unsigned i = 0; i < 4; i++)
		take(1001 + 4 * i, 2);
	u.arena = *arena;
	status = firmware_claim(&u.env, &frames, f);
	arena->used = u.arena.used;
	return status;
}

static void give_back(void)
{
	firmware_release(&u.env);
	assert_int_equal(fake_free(), 56);
}

/* Rules: M1 */
static void an_arena_that_ends_while_claiming_leaves_nothing_behind(void **state)
{
	struct starve s = { .run = claim, .refused = give_back };

	(void)state;
	starve(&s);
	assert_int_equal(s.refusals, 1 + 4);     /* the list, and a note for each */
	give_back();
}

#define MEMORY_TEST(name) cmocka_unit_test_setup_teardown(name, open_memory, close_memory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MEMORY_TEST(the_arena_is_smaller_where_memory_is_short),
		MEMORY_TEST(without_half_a_mebibyte_there_is_no_arena),
		MEMORY_TEST(the_arena_ends_below_the_machines_limit),
		MEMORY_TEST(what_an_alignment_takes_too_much_goes_back),
		MEMORY_TEST(an_alignment_needs_no_page_more_than_the_worst_place),
		MEMORY_TEST(pages_that_are_not_there_are_refused),
		MEMORY_TEST(pages_that_cannot_be_noted_go_back),
		MEMORY_TEST(room_for_files_of_others_is_of_whole_pages),
		MEMORY_TEST(pages_that_last_outlast_a_try_and_not_the_loader),
		MEMORY_TEST(files_of_a_try_are_closed_and_in_the_end_all_are),
		MEMORY_TEST(the_map_is_the_firmwares),
		MEMORY_TEST(there_is_room_for_a_last_map_that_grew),
		MEMORY_TEST(more_ranges_that_may_be_taken_have_more_room),
		MEMORY_TEST(a_map_that_needs_more_room_gets_it),
		MEMORY_TEST(descriptors_may_be_of_any_size_that_holds_one),
		MEMORY_TEST(absurd_sizes_of_descriptors_are_refused),
		MEMORY_TEST(a_map_that_cannot_be_got_is_the_firmwares_fault),
		MEMORY_TEST(an_arena_that_is_too_small_is_an_answer_at_every_step),
		MEMORY_TEST(exactly_what_was_taken_becomes_ours),
		MEMORY_TEST(a_last_map_that_might_not_fit_is_refused_before_anything_is_taken),
		MEMORY_TEST(neighbours_are_one_call_in_any_order),
		MEMORY_TEST(a_short_neighbour_inside_a_long_one_does_not_shorten_it),
		MEMORY_TEST(what_is_not_free_now_is_left_alone),
		MEMORY_TEST(the_first_and_the_last_range_count_too),
		MEMORY_TEST(nothing_free_taken_is_nothing_claimed),
		MEMORY_TEST(somebody_who_was_faster_changes_the_memory),
		MEMORY_TEST(a_failure_at_any_call_leaves_nothing_behind),
		MEMORY_TEST(an_arena_that_ends_while_claiming_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
