/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_fwcfg.c: a device that does what QEMU's docs/specs/fw_cfg.rst says, with
 * memory of our own behind it.
 */
#include "fwcfg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "arch.h"
#include "fake_ram.h"
#include "memmap.h"

enum { END = 0x200000, ARENA = 0x1000, ARENA_BYTES = 0x8000, FREE = 0x100000, REGISTERS = 0x9020000 };

struct item {
	uint16_t key;
	const char *name;
	const char *text;
};

/* What the device is and was asked; arch_fwcfg() has no other way to know. */
static struct {
	bool present;
	uint16_t failing_key;
	struct fake_ram ram;
	const struct item *items;
	uint32_t item_count;
	uint32_t told_count;             /* 0: item_count */
	uint8_t selected[8192];
	uint64_t selected_bytes, at;
	uint64_t registers_pa;
} device;

static uint32_t big(const uint8_t *bytes, unsigned count)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < count; i++)
		value = value << 8 | bytes[i];
	return value;
}

static void put_big(uint8_t *to, unsigned count, uint32_t value)
{
	while (count-- > 0) {
		to[count] = (uint8_t)value;
		value >>= 8;
	}
}

static void select_directory(void)
{
	uint32_t count = device.told_count != 0 ? device.told_count : device.item_count;

	put_big(device.selected, 4, count);
	device.selected_bytes = 4 + 64 * device.item_count;
	for (uint32_t i = 0; i < device.item_count; i++) {
		uint8_t *entry = device.selected + 4 + 64 * i;

		memset(entry, 0, 64);
		put_big(entry, 4, (uint32_t)strlen(device.items[i].text));
		put_big(entry + 4, 2, device.items[i].key);
		strncpy((char *)entry + 8, device.items[i].name, 56);
	}
}

static void select_item(uint16_t key)
{
	device.at = 0;
	device.selected_bytes = 0;
	if (key == 0x19)
		select_directory();
	for (uint32_t i = 0; i < device.item_count; i++) {
		if (device.items[i].key == key) {
			device.selected_bytes = strlen(device.items[i].text);
			memcpy(device.selected, device.items[i].text, device.selected_bytes);
		}
	}
}

bool arch_fwcfg(uint64_t registers_pa, uint64_t request_pa)
{
	uint8_t *request = device.ram.bytes + request_pa;
	uint32_t control, bytes, pa;

	device.registers_pa = registers_pa;
	if (!device.present)
		return false;
	assert_true(request_pa + 16 <= END);
	control = big(request, 4);
	bytes = big(request + 4, 4);
	assert_int_equal(big(request + 8, 4), 0);
	pa = big(request + 12, 4);
	assert_true(bytes <= END && pa <= END - bytes);
	assert_int_equal(control & ~0xffff000au, 0);     /* select and read only */
	assert_int_equal(control & 2, 2);
	if (control & 8)
		select_item((uint16_t)(control >> 16));
	if ((control & 8) != 0 && device.failing_key == control >> 16) {
		put_big(request, 4, 1);
		return true;
	}
	for (uint32_t i = 0; i < bytes; i++, device.at++)    /* behind the item's end: zeros */
		device.ram.bytes[pa + i] = device.at < device.selected_bytes ? device.selected[device.at] : 0;
	put_big(request, 4, 0);
	return true;
}

static const struct item files[] = {
	{ 0x20, "etc/e820", "xxxxxxxxxxxxxxxxxxxx" },
	{ 0x30, "opt/smalt/kernel", "\x7f" "ELF" },
	{ 0x31, "opt/other/kernel", "other" },
	{ 0x32, "opt/smalt/empty", "" },
	{ 0x33, "opt/smalt/", "nameless" },
	{ 0x34, "opt/smal", "almost" },
};

struct scene {
	struct env env;
	struct arena arena;
	struct fault fault;
};

static void scene_open(struct scene *s, uint64_t arena_bytes, uint64_t free_bytes)
{
	memset(&device, 0, sizeof device);
	device.present = true;
	device.ram = ram_new(END);
	device.items = files;
	device.item_count = 6;
	memset(s, 0, sizeof *s);
	s->env.window = ram_reach(&device.ram).window;
	s->env.machine = &machine_x86_64;
	s->arena = (struct arena){ device.ram.bytes + ARENA, ARENA_BYTES, 0 };
	assert_int_equal(memmap_init(&s->env.memory, 16, &s->arena, &s->fault), ST_OK);
	assert_int_equal(memmap_add(&s->env.memory, FREE, free_bytes, SMALT_MEM_USABLE, &s->fault), ST_OK);
	assert_int_equal(memmap_finish(&s->env.memory, 4096, &s->fault), ST_OK);
	s->arena.bytes = s->arena.used + arena_bytes;
}

static void scene_close(void)
{
	ram_free(&device.ram);
}

static enum status read_files(struct scene *s)
{
	return fwcfg_files(REGISTERS, &s->env, &s->arena, &s->fault);
}

static void assert_file(const struct scene *s, uint32_t i, const char *name, const char *text)
{
	const struct file *file = &s->env.files[i];

	assert_true(i < s->env.file_count);
	assert_int_equal(file->name.bytes, strlen(name));
	assert_memory_equal(file->name.base, name, file->name.bytes);
	assert_int_equal(file->bytes.bytes, strlen(text));
	assert_memory_equal(file->bytes.base, text, file->bytes.bytes);
	assert_ptr_equal(file->bytes.base, device.ram.bytes + file->pa);
	assert_int_equal(file->pa % 4096, 0);
	assert_true(file->donated);
}

/* Rules: H3 */
static void files_of_ours_are_read_into_pages_of_their_own(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 0x4000, 0x10000);
	assert_int_equal(read_files(&s), ST_OK);
	assert_int_equal(device.registers_pa, REGISTERS);
	assert_int_equal(s.env.file_count, 3);
	assert_file(&s, 0, "opt/smalt/kernel", "\x7f" "ELF");
	assert_file(&s, 1, "opt/smalt/empty", "");
	assert_file(&s, 2, "opt/smalt/", "nameless");
	assert_int_equal(s.env.files[1].pa, s.env.files[0].pa + 4096);
	assert_int_equal(s.env.files[2].pa, s.env.files[0].pa + 8192);
	scene_close();
}

/* Rules: H3 */
static void their_memory_is_not_usable_any_more(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 0x4000, 0x10000);
	assert_int_equal(read_files(&s), ST_OK);
	assert_int_equal(s.env.memory.count, 2);
	assert_int_equal(memmap_type(&s.env.memory, FREE), SMALT_MEM_USABLE);
	assert_int_equal(memmap_bytes(&s.env.memory, SMALT_MEM_USABLE), 0xd000);
	assert_int_equal(memmap_bytes(&s.env.memory, SMALT_MEM_RECLAIMABLE), 0x3000);
	assert_int_equal(memmap_type(&s.env.memory, s.env.files[0].pa), SMALT_MEM_RECLAIMABLE);
	assert_int_equal(memmap_type(&s.env.memory, s.env.files[2].pa), SMALT_MEM_RECLAIMABLE);
	scene_close();
}

/* Rules: H3 */
static void without_a_device_or_files_of_ours_nothing_happens(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 0x4000, 0x10000);
	device.present = false;
	assert_int_equal(read_files(&s), ST_OK);
	assert_int_equal(s.env.file_count, 0);
	device.present = true;
	device.item_count = 1;
	assert_int_equal(read_files(&s), ST_OK);
	assert_int_equal(s.env.file_count, 0);
	device.item_count = 0;
	assert_int_equal(read_files(&s), ST_OK);
	assert_int_equal(s.env.file_count, 0);
	assert_int_equal(memmap_bytes(&s.env.memory, SMALT_MEM_USABLE), 0x10000);
	scene_close();
}

/* Rules: M20 */
static void an_error_of_the_device_is_the_firmwares(void **state)
{
	static const uint16_t keys[] = { 0x19, 0x30, 0x33 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct scene s;

		scene_open(&s, 0x4000, 0x10000);
		device.failing_key = keys[i];
		assert_int_equal(read_files(&s), ST_BAD_FIRMWARE);
		assert_string_equal(s.fault.field, "fw_cfg error at key");
		assert_int_equal(s.fault.value, keys[i]);
		scene_close();
	}
}

/* Rules: M20 */
static void a_directory_that_nobody_believes_is_refused(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 0x4000, 0x10000);
	device.told_count = 1024;                /* all but six are zeros */
	assert_int_equal(read_files(&s), ST_NO_MEMORY);
	device.told_count = 1025;
	assert_int_equal(read_files(&s), ST_BAD_FIRMWARE);
	device.told_count = UINT32_MAX;
	assert_int_equal(read_files(&s), ST_BAD_FIRMWARE);
	assert_string_equal(s.fault.field, "files of fw_cfg");
	scene_close();
}

/* Rules: M20 */
static void a_name_that_does_not_end_is_cut(void **state)
{
	static const struct item endless[] = {
		{ 0x20, "opt/smalt/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "text" },
	};
	struct scene s;

	(void)state;
	scene_open(&s, 0x4000, 0x10000);
	device.items = endless;
	device.item_count = 1;
	assert_int_equal(read_files(&s), ST_OK);
	assert_int_equal(s.env.files[0].name.bytes, 55);
	scene_close();
}

/* Rules: M20 */
static void a_full_list_of_files_is_refused(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 0x4000, 0x10000);
	s.env.file_count = ENV_FILES - 2;
	assert_int_equal(read_files(&s), ST_BAD_FIRMWARE);
	assert_int_equal(s.env.file_count, ENV_FILES);
	scene_close();
}

/* Rules: M1 */
static void too_little_memory_is_an_answer_at_every_step(void **state)
{
	struct scene s;
	enum status status = ST_NO_MEMORY;
	unsigned steps = 0;

	(void)state;
	for (uint64_t bytes = 0; status == ST_NO_MEMORY; bytes += 16, steps++) {
		scene_open(&s, bytes, 0x10000);
		status = read_files(&s);
		scene_close();
	}
	assert_int_equal(status, ST_OK);
	assert_in_range(steps, 20, 100);
	scene_open(&s, 0x4000, 0x2000);
	assert_int_equal(read_files(&s), ST_NO_MEMORY);  /* three pages are needed */
	assert_int_equal(s.env.file_count, 0);
	scene_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_ours_are_read_into_pages_of_their_own),
		cmocka_unit_test(their_memory_is_not_usable_any_more),
		cmocka_unit_test(without_a_device_or_files_of_ours_nothing_happens),
		cmocka_unit_test(an_error_of_the_device_is_the_firmwares),
		cmocka_unit_test(a_directory_that_nobody_believes_is_refused),
		cmocka_unit_test(a_name_that_does_not_end_is_cut),
		cmocka_unit_test(a_full_list_of_files_is_refused),
		cmocka_unit_test(too_little_memory_is_an_answer_at_every_step),
	};

	return cmocka_run_group_tests_name("fwcfg", tests, NULL, NULL);
}
