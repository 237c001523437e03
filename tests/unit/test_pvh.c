/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_pvh.c: what a PVH kernel is told, read back by the offsets of Xen's
 * public/arch-x86/hvm/start_info.h.
 */
#include "protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <sys/mman.h>

#include "scratch.h"

#define GIB (1ull << 30)

enum { MODULES = 3, RAM_GIB = 6, FRAMES_TAKES = 8 };

struct scene {
	uint8_t *ram;
	struct env env;
	struct smalt_memory ranges[32];
	struct frames frames;
	struct arena arena;
	struct segment segment;
	struct object kernel;
	struct protocol_module modules[MODULES];
	struct protocol_boot boot;
	struct fault fault;
};

/* One mapping stands for all of physical memory; only what is touched exists. */
static uint8_t *physical(void)
{
	static uint8_t *ram;

	if (ram == NULL)
		ram = mmap(NULL, RAM_GIB * GIB, PROT_READ | PROT_WRITE,
		           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(ram, MAP_FAILED);
	return ram;
}

static void add(struct scene *s, uint64_t pa, uint64_t bytes, uint32_t type)
{
	assert_int_equal(memmap_add(&s->env.memory, pa, bytes, type, &s->fault), ST_OK);
}

/* RAM with the loader in it, ACPI and the rest; free_bytes of it from 1 GiB on. */
static void put_memory(struct scene *s, uint64_t free_bytes)
{
	s->env.memory = (struct memmap){ s->ranges, 0, 32 };
	add(s, 0, 0x9f000, SMALT_MEM_RECLAIMABLE);
	add(s, GIB, free_bytes, SMALT_MEM_USABLE);
	add(s, GIB + free_bytes, 0x10000, SMALT_MEM_RECLAIMABLE);
	add(s, 3 * GIB, 0x1000, SMALT_MEM_ACPI_RECLAIM);
	add(s, 3 * GIB + 0x1000, 0x1000, SMALT_MEM_ACPI_NVS);
	add(s, 3 * GIB + 0x2000, 0x1000, SMALT_MEM_RESERVED);
	add(s, 3 * GIB + 0x3000, 0x1000, SMALT_MEM_MMIO);
	add(s, 3 * GIB + 0x4000, 0x1000, SMALT_MEM_BAD);
	add(s, 3 * GIB + 0x5000, 0x1000, SMALT_MEM_PERSISTENT);
	add(s, 5 * GIB, 0x100000, SMALT_MEM_USABLE);
	assert_int_equal(memmap_finish(&s->env.memory, 4096, &s->fault), ST_OK);
}

static void scene_open(struct scene *s, uint64_t free_bytes, uint32_t takes)
{
	memset(s, 0, sizeof *s);
	s->ram = physical();
	s->arena = scratch(SCRATCH_BYTES);
	s->env.window = (uint64_t)(uintptr_t)s->ram;
	s->env.machine = &machine_x86_64;
	s->env.rsdp_pa = 0xf59e0;
	put_memory(s, free_bytes);
	memset(s->ram + GIB, 0xaa, free_bytes);
	assert_int_equal(frames_init(&s->frames, &s->env.memory, 4096, 1 << 20, takes, &s->arena,
	                             &s->fault), ST_OK);
	s->segment = (struct segment){ .va = 0xffffffff81000000, .pa = 0x1000000,
	                               .file_bytes = 0x1000, .mem_bytes = 0x2000,
	                               .prot = SMALT_R | SMALT_X };
	s->kernel = (struct object){ .segments = &s->segment, .segment_count = 1,
	                             .pvh_entry = 0x1000fff, .has_pvh = true };
	s->boot = (struct protocol_boot){
		.env = &s->env, .kernel = &s->kernel, .cmdline = SPAN("console=ttyS0"),
		.modules = s->modules, .frames = &s->frames, .arena = &s->arena,
	};
}

static enum status prepare(struct scene *s)
{
	s->boot.ranges_most = s->env.memory.count;
	if (protocol_pvh.reserve(&s->boot, &s->fault) != ST_OK)
		return s->fault.status;
	protocol_pvh.finish(&s->boot);
	return ST_OK;
}

static uint64_t number(const struct scene *s, uint64_t pa, unsigned bytes)
{
	uint64_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | s->ram[pa + bytes];
	return value;
}

static void assert_text(const struct scene *s, uint64_t pa, const char *text)
{
	assert_memory_equal(s->ram + pa, text, strlen(text) + 1);
}

/* Rules: M21 */
static void the_start_info_says_what_xen_defines(void **state)
{
	struct scene s;
	uint64_t info;

	(void)state;
	scene_open(&s, 0x40000, FRAMES_TAKES);
	assert_int_equal(prepare(&s), ST_OK);
	info = s.boot.argument_pa;
	assert_int_equal(s.boot.entry_pa, 0x1000fff);
	assert_true(info != 0 && info % 4096 == 0 && info < 4 * GIB);
	assert_int_equal(number(&s, info, 4), 0x336ec578);
	assert_int_equal(number(&s, info + 4, 4), 1);
	assert_int_equal(number(&s, info + 8, 4), 0);
	assert_int_equal(number(&s, info + 12, 4), 0);
	assert_int_equal(number(&s, info + 16, 8), 0);
	assert_text(&s, number(&s, info + 24, 8), "console=ttyS0");
	assert_int_equal(number(&s, info + 32, 8), 0xf59e0);
	assert_int_equal(number(&s, info + 52, 4), 0);
}

/* Rules: M21, H3 */
static void the_memory_map_is_as_the_firmware_gave_it(void **state)
{
	static const struct { uint64_t pa, bytes; uint32_t type; } expected[] = {
		{ 0, 0x9f000, 1 }, { GIB, 0x50000, 1 },     /* with what the loader holds of it */
		{ 3 * GIB, 0x1000, 3 }, { 3 * GIB + 0x1000, 0x1000, 4 },
		{ 3 * GIB + 0x2000, 0x2000, 2 }, { 3 * GIB + 0x4000, 0x1000, 5 },
		{ 3 * GIB + 0x5000, 0x1000, 7 }, { 5 * GIB, 0x100000, 1 },
	};
	struct scene s;
	uint64_t memory;

	(void)state;
	scene_open(&s, 0x40000, FRAMES_TAKES);
	assert_int_equal(prepare(&s), ST_OK);
	memory = number(&s, s.boot.argument_pa + 40, 8);
	assert_int_equal(number(&s, s.boot.argument_pa + 48, 4), 8);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(number(&s, memory + i * 24, 8), expected[i].pa);
		assert_int_equal(number(&s, memory + i * 24 + 8, 8), expected[i].bytes);
		assert_int_equal(number(&s, memory + i * 24 + 16, 4), expected[i].type);
		assert_int_equal(number(&s, memory + i * 24 + 20, 4), 0);
	}
}

/* Rules: M21 */
static void modules_stay_where_they_lie_if_a_kernel_can_use_them_there(void **state)
{
	struct scene s;
	uint64_t list;

	(void)state;
	scene_open(&s, 0x40000, FRAMES_TAKES);
	memset(s.ram + 2 * GIB, 'a', 0x1000);
	memset(s.ram + 2 * GIB + 0x2008, 'b', 0x1801);
	memset(s.ram + 5 * GIB, 'c', 0x1000);
	s.modules[0] = (struct protocol_module){ 2 * GIB, 0x1000, SPAN("first"), 0 };
	s.modules[1] = (struct protocol_module){ 2 * GIB + 0x2008, 0x1801, SPAN(""), 0 };
	s.modules[2] = (struct protocol_module){ 5 * GIB, 0x1000, SPAN("third word"), 0 };
	s.boot.module_count = 3;
	assert_int_equal(prepare(&s), ST_OK);
	list = number(&s, s.boot.argument_pa + 16, 8);
	assert_int_equal(number(&s, s.boot.argument_pa + 12, 4), 3);
	assert_int_equal(number(&s, list, 8), 2 * GIB);
	for (unsigned i = 0; i < 3; i++) {
		uint64_t pa = number(&s, list + i * 32, 8);
		uint64_t bytes = number(&s, list + i * 32 + 8, 8);

		assert_int_equal(pa % 4096, 0);
		assert_true(pa + bytes <= 4 * GIB);
		assert_int_equal(bytes, i == 1 ? 0x1801 : 0x1000);
		assert_int_equal(s.ram[pa], 'a' + i);
		assert_int_equal(s.ram[pa + bytes - 1], 'a' + i);
		assert_text(&s, number(&s, list + i * 32 + 16, 8), i == 0 ? "first" : i == 1 ? "" : "third word");
	}
	assert_text(&s, number(&s, s.boot.argument_pa + 24, 8), "console=ttyS0");
}

/* Rules: M21, H3 */
static void all_that_it_names_is_taken_below_4_gib(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 0x40000, FRAMES_TAKES);
	s.modules[0] = (struct protocol_module){ 5 * GIB, 0x3000, SPAN(""), 0 };
	s.boot.module_count = 1;
	assert_int_equal(prepare(&s), ST_OK);
	assert_int_equal(s.frames.taken_bytes, 0x4000);
	for (uint32_t i = 0; i < s.frames.taken.count; i++)
		assert_true(s.frames.taken.ranges[i].pa + s.frames.taken.ranges[i].bytes <= 4 * GIB);
}

/* Rules: M21 */
static void a_long_command_line_gets_all_its_pages(void **state)
{
	static char words[4000];
	struct scene s;

	(void)state;
	memset(words, 'w', sizeof words - 1);
	for (uint64_t bytes = 3700; bytes < 3900; bytes++) {
		uint64_t needed;

		scene_open(&s, 0x40000, FRAMES_TAKES);
		needed = 56 + s.env.memory.count * 24 + bytes + 1;   /* start info, ranges, NUL */
		s.boot.cmdline = (struct span){ (uint8_t *)words, bytes };
		assert_int_equal(prepare(&s), ST_OK);
		assert_int_equal(s.frames.taken_bytes, needed <= 4096 ? 4096 : 8192);
	}
}

/* Rules: M20, M21 */
static void without_memory_below_4_gib_it_is_refused(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 0x1000, FRAMES_TAKES);
	s.modules[0] = (struct protocol_module){ 5 * GIB, 0x1000, SPAN(""), 0 };
	s.boot.module_count = 1;
	assert_int_equal(prepare(&s), ST_NO_MEMORY);
	scene_open(&s, 0x40000, 0);
	assert_int_equal(prepare(&s), ST_NO_MEMORY);
}

/* Rules: M20, M21 */
static void a_loader_that_cannot_turn_paging_off_is_refused(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s, 0x40000, FRAMES_TAKES);
	s.env.loader = (struct range){ 4 * GIB - 0x10000, 0x10000 };
	assert_int_equal(prepare(&s), ST_OK);
	scene_open(&s, 0x40000, FRAMES_TAKES);
	s.env.loader = (struct range){ 4 * GIB - 0x10000, 0x11000 };
	assert_int_equal(prepare(&s), ST_NO_MEMORY);
}

/* Rules: M21 */
static void an_entry_outside_of_code_is_refused(void **state)
{
	static const struct { uint64_t entry; uint32_t prot; enum status status; } entries[] = {
		{ 0x1000000, SMALT_R | SMALT_X, ST_OK },
		{ 0x1000000, SMALT_R | SMALT_W | SMALT_X, ST_OK },   /* Debian's vmlinux */
		{ 0x1000fff, SMALT_R | SMALT_X, ST_OK },
		{ 0x1001000, SMALT_R | SMALT_X, ST_BAD_ENTRY },      /* bss */
		{ 0x0ffffff, SMALT_R | SMALT_X, ST_BAD_ENTRY },
		{ 0x1000000, SMALT_R | SMALT_W, ST_BAD_ENTRY },
		{ 0xffffffff81000000, SMALT_R | SMALT_X, ST_BAD_ENTRY },
		{ 0x101000000, SMALT_R | SMALT_X, ST_BAD_ENTRY },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof entries / sizeof entries[0]; i++) {
		struct scene s;

		scene_open(&s, 0x40000, FRAMES_TAKES);
		s.kernel.pvh_entry = entries[i].entry;
		s.segment.prot = entries[i].prot;
		assert_int_equal(prepare(&s), entries[i].status);
		if (entries[i].status != ST_OK)
			assert_string_equal(s.fault.field, "XEN_ELFNOTE_PHYS32_ENTRY");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_start_info_says_what_xen_defines),
		cmocka_unit_test(the_memory_map_is_as_the_firmware_gave_it),
		cmocka_unit_test(modules_stay_where_they_lie_if_a_kernel_can_use_them_there),
		cmocka_unit_test(all_that_it_names_is_taken_below_4_gib),
		cmocka_unit_test(a_long_command_line_gets_all_its_pages),
		cmocka_unit_test(without_memory_below_4_gib_it_is_refused),
		cmocka_unit_test(a_loader_that_cannot_turn_paging_off_is_refused),
		cmocka_unit_test(an_entry_outside_of_code_is_refused),
	};

	return cmocka_run_group_tests_name("pvh", tests, NULL, NULL);
}
