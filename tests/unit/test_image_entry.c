/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_image_entry.c: from a devicetree to the environment: the maps that the loader makes one after the
 * other, where its arena goes, and what is said if there is too little of it.
 *
 * Source: Linux Documentation/arch/arm64/booting.rst.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../boot/image.c"

#include <sys/mman.h>

#include "fake_self.h"
#include "starve.h"
#include "tree_maker.h"

#define LOW 0x40000000ul

enum { RAM_BYTES = 4 << 20, INITRD_AT = 0x100000, INITRD_BYTES = 0x123, MAPS = 8 };

static uint8_t *ram;                 /* at its own address, with the tree in front: the loader has no window */
static jmp_buf back;
static struct {
	bool booted, exited;
	uint32_t exit_status;
	unsigned logs, maps;
	uint32_t ranges[MAPS];           /* of the memory that each map knew */
	struct fault logged;
	struct arena arena;
	uint64_t arena_bytes, table_bytes;
} seen;

/* --- the rest of the loader --- */

const struct machine *arch_machine(void) { return &machine_aarch64; }
uint64_t self_arena_bytes(uint64_t usable_bytes) { (void)usable_bytes; return seen.arena_bytes; }
void arch_cpu(struct cpu *cpu) { cpu->levels = 4; }

void log_open(uint32_t kind, uint64_t address)
{
	assert_int_equal(kind, SMALT_SERIAL_PL011);
	assert_int_equal(address, 0x9000000);
}

void self_describe(struct env *e)
{
	e->loader = (struct range){ (uint64_t)image_start, (uint64_t)(image_end - image_start) };
}

/* The map of all memory needs what the test says, one of image and arena a page. */
enum status self_map(const struct env *e, struct arena *arena, struct fault *fault)
{
	uint64_t bytes = e->memory.count > 2 ? seen.table_bytes : PAGE;

	assert_true(seen.maps < MAPS);
	seen.ranges[seen.maps++] = e->memory.count;
	return arena_pages(arena, bytes, 16, "tables of the loader's map", fault) ? ST_OK : fault->status;
}

enum status fwcfg_files(uint64_t registers_pa, struct env *e, struct arena *arena, struct fault *fault)
{
	(void)e, (void)arena, (void)fault;
	assert_int_equal(registers_pa, 0x9020000);
	return ST_OK;
}

void log_fault(const struct fault *fault)
{
	seen.logged = *fault;
	seen.logs++;
}

void arch_exit(uint32_t status)
{
	seen.exited = true;
	seen.exit_status = status;
	longjmp(back, 1);
}

void boot_main(struct env *e, struct arena *arena)
{
	assert_ptr_equal(e, &env);
	seen.booted = true;
	seen.arena = *arena;
	longjmp(back, 1);
}

/* --- a machine to start on --- */

static void describe(void)
{
	struct world world = qemu_virt();
	struct span tree;

	world.memory_pa = LOW;
	world.memory_bytes = RAM_BYTES;
	world.initrd_start = LOW + INITRD_AT;
	world.initrd_end = LOW + INITRD_AT + INITRD_BYTES;
	tree = tree_make(&world);
	memset(ram, 0xaa, RAM_BYTES);
	memcpy(ram, tree.base, tree.bytes);
	free((void *)(uintptr_t)tree.base);
}

static enum status start(uint64_t arena_bytes, uint64_t table_bytes, struct fault *fault)
{
	memset(&seen, 0, sizeof seen);
	memset(&env, 0, sizeof env);
	seen.arena_bytes = arena_bytes;
	seen.table_bytes = table_bytes;
	if (setjmp(back) == 0)
		image_main(LOW, 77);
	assert_true(seen.booted != seen.exited);
	if (seen.booted)
		return ST_OK;
	assert_int_equal(seen.exit_status, SMALT_EXIT_REFUSED);
	assert_int_equal(seen.logs, 1);
	*fault = seen.logged;
	return seen.logged.status;
}

/* Rules: H1, H3 */
static void the_environment_is_what_the_devicetree_says(void **state)
{
	struct fault fault;

	(void)state;
	describe();
	assert_int_equal(start(1 << 20, PAGE, &fault), ST_OK);
	assert_int_equal(env.path, SMALT_PATH_IMAGE);
	assert_int_equal(env.counter_start, 77);
	assert_true(span_is(env.cmdline, "a b"));
	assert_ptr_equal(env_file(&env, "initrd")->bytes.base, ram + INITRD_AT);
	assert_int_equal(seen.arena.bytes, 1 << 20);
	assert_ptr_equal(seen.arena.base, ram + RAM_BYTES - seen.arena.bytes);      /* as near to the image as it gets */
	assert_true(env.devicetree.bytes.base >= seen.arena.base && env.devicetree.bytes.bytes < 2048);
	assert_int_equal(memmap_type(&env.memory, LOW + INITRD_AT), SMALT_MEM_RECLAIMABLE);
	assert_int_equal(memmap_type(&env.memory, LOW + INITRD_AT + PAGE), SMALT_MEM_USABLE);
	assert_int_equal(memmap_type(&env.memory, LOW + RAM_BYTES - 1), SMALT_MEM_RECLAIMABLE);
	assert_int_equal(memmap_type(&env.memory, (uint64_t)image_start), SMALT_MEM_RECLAIMABLE);
	assert_int_equal(seen.maps, 2);      /* the image; then all */
	assert_int_equal(seen.ranges[0], 1);
	assert_true(seen.ranges[1] > 2);
}

/* Tables for all memory that are more than a place in the image, and those that are not. */
static uint64_t tables;

static enum status start_in(struct arena *arena, struct fault *fault)
{
	describe();
	return start(arena->bytes, tables, fault);
}

static void check_untouched(void)
{
	for (uint64_t at = INITRD_AT; at < INITRD_AT + INITRD_BYTES; at++)
		assert_int_equal(ram[at], 0xaa);
	assert_int_equal(fdt_check_header(ram), 0);
}

/* Rules: M1 */
static void an_arena_that_ends_anywhere_is_refused_with_one_line(void **state)
{
	struct starve s = { .run = start_in, .refused = check_untouched };

	(void)state;
	tables = PAGE;
	starve(&s);
	assert_int_equal(s.refusals, 1);     /* the devicetree's copy */
	tables = 100 * PAGE;
	starve(&s);
	assert_int_equal(s.refusals, 2);
	assert_int_equal(seen.maps, 4);      /* the image; all, in vain; with the arena; all */
	assert_int_equal(seen.ranges[2], 2);
}

/* Rules: M1, M20 */
static void memory_without_room_for_the_arena_is_refused_with_its_size(void **state)
{
	struct fault fault;

	(void)state;
	describe();
	assert_int_equal(start(RAM_BYTES, PAGE, &fault), ST_NO_MEMORY);
	assert_string_equal(fault.field, "bytes of the arena");
	assert_int_equal(fault.value, RAM_BYTES);
}

/* Rules: M20 */
static void what_is_no_devicetree_is_refused_by_its_address(void **state)
{
	struct fault fault;

	(void)state;
	describe();
	ram[0] = 0;
	assert_int_equal(check_tree(ram, &(struct span){ NULL, 0 }, &fault), ST_BAD_DEVICETREE);
	assert_true(fault.value == LOW);
	assert_ptr_equal(find_tree(0), align_down((uint64_t)image_start, 1 << 30));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_environment_is_what_the_devicetree_says),
		cmocka_unit_test(an_arena_that_ends_anywhere_is_refused_with_one_line),
		cmocka_unit_test(memory_without_room_for_the_arena_is_refused_with_its_size),
		cmocka_unit_test(what_is_no_devicetree_is_refused_by_its_address),
	};

	ram = mmap((void *)LOW, RAM_BYTES, PROT_READ | PROT_WRITE,
	           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (ram == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests_name("image_entry", tests, NULL, NULL);
}
