/* SPDX-License-Identifier: BSD-2-Clause */
/* test_self.c: the map that the loader runs on, of an image whose parts are a page each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../boot/self.c"

#include "fake_self.h"
#include "starve.h"
#include "walker.h"

#define DEVICETREE 0x40000000ull
#define TABLE      0x50000800ull
#define CONSOLE    0x9000000ull
#define FW_CFG     0x9020000ull

static const struct machine *const both[] = { &machine_x86_64, &machine_aarch64 };
static struct smalt_memory ranges[4];
static struct env env;
static struct pagetable pt;

const struct format *arch_loader_format(void)
{
	return env.machine->format;
}

void arch_own_map(const struct pagetable *own)
{
	assert_ptr_equal(own->machine, env.machine);
}

/* The image, free memory behind page 0, and a devicetree, a table and devices outside of memory. */
static void describe(const struct machine *machine)
{
	env = (struct env){
		.machine = machine, .memory = { ranges, 2, 4 },
		.cpu = { .leaf_mask = (1u << machine->format->leaf_count) - 1 },
		.devicetree = { .pa = DEVICETREE, .bytes = { NULL, 0x1001 } },
		.tables = { { TABLE, 0x100 } }, .table_count = 1,
		.serial_kind = SMALT_SERIAL_PL011, .serial_address = CONSOLE, .fwcfg_pa = FW_CFG,
	};
	ranges[0] = (struct smalt_memory){ 0, 0x800000, SMALT_MEM_USABLE, 0 };
	ranges[1] = (struct smalt_memory){ (uint64_t)image_start, self_bytes(), SMALT_MEM_RECLAIMABLE, 0 };
}

static enum status run(struct arena *arena, struct fault *fault)
{
	return self_map_build(&env, arena, &pt, fault);
}

static uint32_t rights_at(uint64_t va)
{
	struct walked walked = walk(env.machine->elf_machine, pt.root_pa, 0, va);

	assert_true(walked.prot == 0 || walked.pa == va);
	return walked.prot;
}

/* Pages of the image: what linker.ld promises of each. */
static void check_map(void)
{
	static const struct { uint8_t *at; uint32_t prot; } pages[] = {
		{ image_start, 6 }, { text_start, 5 }, { rodata_start, 4 }, { jump_start, 5 },
		{ reporter_rodata_start, 4 }, { cpu_start, 6 }, { stack_start, 0 }, { stack_start + PAGE, 6 },
	};
	static const struct { uint64_t pa; uint32_t prot; } others[] = {
		{ 0, 0 }, { PAGE, 6 }, { 0x7ff000, 6 }, { 0x800000, 0 }, { DEVICETREE, 4 }, { DEVICETREE + PAGE, 4 },
		{ DEVICETREE + 2 * PAGE, 0 }, { TABLE, 4 }, { TABLE + PAGE, 0 }, { CONSOLE, 6 }, { FW_CFG, 6 },
	};

	for (unsigned i = 0; i < sizeof pages / sizeof pages[0]; i++)
		assert_int_equal(rights_at((uint64_t)pages[i].at), pages[i].prot);
	for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
		assert_int_equal(rights_at(others[i].pa), others[i].prot);
}

/* Rules: M1, M12, P6 */
static void every_page_has_the_rights_of_its_part_with_exactly_enough_storage(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		struct starve s = { .run = run };

		describe(both[m]);
		starve(&s);
		assert_int_equal(s.refusals, 3);     /* two lists of pieces, then the tables */
		check_map();
	}
}

/* Rules: P6 */
static void a_map_is_taken_into_use_or_refused(void **state)
{
	static uint8_t memory[1 << 20] __attribute__((aligned(4096)));
	struct arena arena = { memory, sizeof memory, 0 };
	struct fault fault;

	(void)state;
	describe(&machine_x86_64);
	assert_int_equal(self_map(&env, &arena, &fault), ST_OK);
	assert_int_equal(self_map(&env, &(struct arena){ memory, 100, 0 }, &fault), ST_NO_MEMORY);
}

/* A 64th of the memory, within 512 KiB and 16 MiB, in whole pages. */
/* Rules: M19 */
static void the_arena_grows_with_memory(void **state)
{
	(void)state;
	assert_int_equal(self_arena_bytes(0), 512 << 10);
	assert_int_equal(self_arena_bytes((32 << 20) + (64 * 4096) - 1), 512 << 10);
	assert_int_equal(self_arena_bytes((32 << 20) + (64 * 4096)), (512 << 10) + 4096);
	assert_int_equal(self_arena_bytes(1ull << 40), 16 << 20);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_page_has_the_rights_of_its_part_with_exactly_enough_storage),
		cmocka_unit_test(a_map_is_taken_into_use_or_refused),
		cmocka_unit_test(the_arena_grows_with_memory),
	};

	return cmocka_run_group_tests_name("self", tests, NULL, NULL);
}
