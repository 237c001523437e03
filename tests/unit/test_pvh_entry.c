/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_pvh_entry.c: from a PVH start info to the environment: where loader and arena go, what is kept
 * of what lies in memory that is free from then on, and what is said if there is too little of it.
 *
 * Source: Xen public/arch-x86/hvm/start_info.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../boot/pvh.c"

#include <stdlib.h>
#include <sys/mman.h>

#include "elf_maker.h"
#include "fake_self.h"
#include "starve.h"

enum { RAM_BYTES = 4 << 20, SELF_BYTES = 3 * PAGE, MODULE_AT = 0x10000, MODULE_BYTES = 0x123 };

#define LOW 0x20000000ul

static uint8_t *ram;                 /* at its own address: the loader has no window */
static jmp_buf back;
static struct {
	bool booted, quiet, exited;
	uint32_t exit_status;
	unsigned logs;
	struct fault logged;
	struct env *env;
	struct arena arena;
	uint64_t arena_bytes;
} seen;

/* --- the rest of the loader --- */

const struct machine *arch_machine(void) { return &machine_x86_64; }
uint64_t self_bytes(void) { return SELF_BYTES; }
uint64_t self_arena_bytes(uint64_t usable_bytes) { (void)usable_bytes; return seen.arena_bytes; }
void arch_cpu(struct cpu *cpu) { cpu->levels = 4; }
void arch_quiet(void) { seen.quiet = true; }
void log_open(uint32_t kind, uint64_t address) { assert_true(kind == SMALT_SERIAL_8250_PORT && address == 0x3f8); }

uint32_t arch_serial(uint64_t *address)
{
	*address = 0x3f8;
	return SMALT_SERIAL_8250_PORT;
}

void self_move(uint64_t home_pa, void (*next)(uint64_t), uint64_t argument)
{
	assert_true(home_pa == argument + seen.arena_bytes);
	next(argument);
	abort();
}

void self_describe(struct env *env)
{
	env->loader = (struct range){ (uint64_t)ram + RAM_BYTES - SELF_BYTES, SELF_BYTES };
}

enum status self_map(const struct env *env, struct arena *arena, struct fault *fault)
{
	assert_true(seen.quiet && env->memory.count > 0);
	return arena_pages(arena, 100, 16, "tables of the loader's map", fault) ? ST_OK : fault->status;
}

enum status fwcfg_files(uint64_t registers_pa, struct env *env, struct arena *arena, struct fault *fault)
{
	(void)env, (void)arena, (void)fault;
	assert_int_equal(registers_pa, 0);
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

void boot_main(struct env *env, struct arena *arena)
{
	seen.booted = true;
	seen.env = env;
	seen.arena = *arena;
	longjmp(back, 1);
}

/* --- a machine to start on --- */

/* A page with start info, memory map, list of one module and command line; `bytes` of memory from there on. */
static void describe(uint64_t bytes)
{
	uint64_t pa = (uint64_t)ram;

	memset(ram, 0xaa, RAM_BYTES);
	memset(ram, 0, 0x300);
	put32(ram, 0x336ec578);
	put32(ram + 4, 1);
	put32(ram + 12, 1);
	put64(ram + 16, pa + 0x200);
	put64(ram + 24, pa + 0x280);
	put64(ram + 40, pa + 0x100);
	put32(ram + 48, 2);
	put64(ram + 0x100, pa);
	put64(ram + 0x108, bytes);
	put32(ram + 0x110, 1);
	put64(ram + 0x118, 0x80000000);
	put64(ram + 0x120, 0x1000);
	put32(ram + 0x128, 2);
	put64(ram + 0x200, pa + MODULE_AT);
	put64(ram + 0x208, MODULE_BYTES);
	memcpy(ram + 0x280, "one two", 8);
}

static enum status start(uint64_t arena_bytes, struct fault *fault)
{
	memset(&seen, 0, sizeof seen);
	seen.arena_bytes = arena_bytes;
	if (setjmp(back) == 0)
		pvh_main((uint64_t)ram, 77);
	assert_true(seen.booted != seen.exited);
	if (seen.booted)
		return ST_OK;
	assert_int_equal(seen.exit_status, SMALT_EXIT_REFUSED);
	assert_int_equal(seen.logs, 1);
	*fault = seen.logged;
	return seen.logged.status;
}

/* Rules: H1, H3 */
static void the_environment_is_what_the_start_info_says(void **state)
{
	uint64_t arena_bytes = 1 << 20, home = (uint64_t)ram + RAM_BYTES - SELF_BYTES;
	struct fault fault;

	(void)state;
	describe(RAM_BYTES);
	assert_int_equal(start(arena_bytes, &fault), ST_OK);
	memset(ram, 0x55, PAGE);                     /* the start info's memory is free now */
	assert_int_equal(seen.env->path, SMALT_PATH_PVH);
	assert_int_equal(seen.env->counter_start, 77);
	assert_true(span_is(seen.env->cmdline, "one two"));
	assert_int_equal(seen.env->file_count, 1);
	assert_true(span_is(seen.env->files[0].name, "initrd"));
	assert_ptr_equal(seen.env->files[0].bytes.base, ram + MODULE_AT);
	/* As high as they fit: the arena, then the loader. */
	assert_ptr_equal(seen.arena.base, home - arena_bytes);
	assert_int_equal(seen.arena.bytes, arena_bytes);
	assert_int_equal(memmap_type(&seen.env->memory, (uint64_t)ram), SMALT_MEM_USABLE);
	assert_int_equal(memmap_type(&seen.env->memory, (uint64_t)ram + MODULE_AT), SMALT_MEM_RECLAIMABLE);
	assert_int_equal(memmap_type(&seen.env->memory, home - arena_bytes), SMALT_MEM_RECLAIMABLE);
	assert_int_equal(memmap_type(&seen.env->memory, home), SMALT_MEM_RECLAIMABLE);
	assert_true(memmap_bytes(&seen.env->memory, SMALT_MEM_USABLE) == RAM_BYTES - arena_bytes - SELF_BYTES - PAGE);
}

/* Behind three numbers that the first half leaves in it. */
static enum status start_in(struct arena *arena, struct fault *fault)
{
	describe(RAM_BYTES);
	return start(24 + arena->bytes, fault);
}

/* The start info, the module and where the loader went are nobody's to write to. */
static void check_untouched(void)
{
	for (uint64_t at = RAM_BYTES - SELF_BYTES; at < RAM_BYTES; at++)
		assert_int_equal(ram[at], 0xaa);
	for (uint64_t at = MODULE_AT; at < MODULE_AT + MODULE_BYTES; at++)
		assert_int_equal(ram[at], 0xaa);
	assert_memory_equal(ram + 0x280, "one two", 8);
}

/* Rules: M1 */
static void an_arena_that_ends_anywhere_is_refused_with_one_line(void **state)
{
	struct starve s = { .run = start_in, .refused = check_untouched };

	(void)state;
	starve(&s);
	assert_int_equal(s.refusals, 5);     /* environment, memory map, a name, the command line, tables */
	check_untouched();
}

/* Rules: M1, M20 */
static void memory_without_room_for_loader_and_arena_is_refused(void **state)
{
	/* The pages of start info and module are taken; the arena needs 16, the loader 3, in one piece. */
	static const struct { uint64_t bytes; enum status status; } sizes[] = {
		{ MODULE_AT + PAGE + 18 * PAGE, ST_NO_MEMORY }, { MODULE_AT + PAGE + 19 * PAGE, ST_OK },
	};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct fault fault = { .status = ST_OK };

		describe(sizes[i].bytes);
		assert_int_equal(start(16 * PAGE, &fault), sizes[i].status);
		assert_int_equal(fault.status, sizes[i].status);
		if (fault.status == ST_OK)
			continue;
		assert_int_equal(fault.value, 19 * PAGE);
		assert_int_equal(fault.limit, 18 * PAGE);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_environment_is_what_the_start_info_says),
		cmocka_unit_test(an_arena_that_ends_anywhere_is_refused_with_one_line),
		cmocka_unit_test(memory_without_room_for_loader_and_arena_is_refused),
	};

	ram = mmap((void *)LOW, RAM_BYTES, PROT_READ | PROT_WRITE,
	           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (ram == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests_name("pvh_entry", tests, NULL, NULL);
}
