/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_bridge.c: plans for another number of levels than the one that is on: what lies on the
 * way is mapped on both sides and nothing else is; who changes nothing has no way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "bench.h"
#include "elf_maker.h"
#include "walker.h"

#define FILE_BYTES 0x3000
#define LOW_END    (1ull << 32)

static uint8_t kernel_file[FILE_BYTES];

static void make_kernel(const char *cmdline)
{
	struct maker m = {
		.file = kernel_file, .file_bytes = FILE_BYTES, .type = 2, .machine = b.env.machine->elf_machine,
		.entry = 0x401000, .segment_count = 2,
		.segments = {
			{ 1, 4, 0, 0x400000, 0, 0x800, 0x800, 0x1000 },
			{ 1, 5, 0x1000, 0x401000, 0, 0x1800, 0x1800, 0x1000 },
		},
	};

	maker_write(&m);
	give_file(kernel_file, FILE_BYTES);
	b.env.cmdline = span_of(cmdline);
}

static enum status plan_levels(const struct machine *machine, uint32_t on, uint32_t most,
                               const char *cmdline)
{
	set_machine(machine, 0x3000000);
	b.env.cpu.levels = on;
	b.env.cpu.levels_most = most;
	make_kernel(cmdline);
	return plan();
}

static struct walked at(const struct pagetable *pt, uint64_t va)
{
	return walk_intel(pt->root_pa[0], pt->format->levels == 5 ? 48 : 39, pt->window, va);
}

static void assert_page(const struct pagetable *pt, uint64_t va, uint64_t pa)
{
	struct walked w = at(pt, va);

	assert_true(w.mapped);
	assert_int_equal(w.pa, pa);
	assert_int_equal(w.prot, SMALT_R | SMALT_X);
	assert_int_equal(w.memory, SMALT_CACHE_WRITE_BACK);
}

/* Leaves of one table and those below it: there is no address that is looked at in vain. */
static unsigned leaves_of(const struct pagetable *pt, uint64_t table_pa, unsigned level)
{
	const uint64_t *table = env_pointer(&b.env, table_pa);
	unsigned leaves = 0;

	assert_true(table_pa < LOW_END);
	for (unsigned i = 0; i < 512; i++)
		if (table[i] & 1)
			leaves += level == 0 || (table[i] & 0x80) ? 1
				: leaves_of(pt, table[i] & 0x000ffffffffff000, level - 1);
	return leaves;
}

static uint32_t type_after(uint64_t pa)
{
	return memmap_type(&b.boot.after, pa);
}

/* The whole way from `on` to `to` levels. */
static void check_bridge(uint32_t on, uint32_t to)
{
	const struct bridge *bridge = &b.boot.bridge;
	uint64_t jump_pa = b.env.parts[0].pa, jump_va = b.boot.own_va[SMALT_KIND_JUMP];

	assert_int_equal(bridge->near.format->levels, on);
	assert_int_equal(bridge->far.format->levels, to);
	assert_int_equal(boot_handoff(&b.boot)->paging_levels, to);
	assert_true(bridge->code_pa >= 1 << 20 && bridge->code_pa < LOW_END);
	assert_page(&bridge->near, bridge->code_pa, bridge->code_pa);
	assert_page(&bridge->near, jump_pa, jump_pa);
	assert_page(&bridge->far, bridge->code_pa, bridge->code_pa);
	assert_page(&bridge->far, jump_va, jump_pa);
	assert_page(&b.boot.pt, jump_va, jump_pa);
	assert_int_equal(leaves_of(&bridge->near, bridge->near.root_pa[0], on - 1), 2);
	assert_int_equal(leaves_of(&bridge->far, bridge->far.root_pa[0], to - 1), 2);
	assert_false(at(&b.boot.pt, bridge->code_pa).mapped);        /* the kernel sees nothing of it */
	assert_int_equal(type_after(bridge->code_pa), SMALT_MEM_RECLAIMABLE);
	for (uint32_t i = 0; i < bridge->near.table_count; i++)
		assert_int_equal(type_after(bridge->near.tables_pa + i * PAGE), SMALT_MEM_RECLAIMABLE);
	for (uint32_t i = 0; i < bridge->far.table_count; i++)
		assert_int_equal(type_after(bridge->far.tables_pa + i * PAGE), SMALT_MEM_RECLAIMABLE);
	assert_true(bridge->near.tables_pa >= bridge->code_pa + PAGE);
	assert_true(bridge->far.tables_pa >= bridge->near.tables_pa + bridge->near.table_count * PAGE);
}

/* Rules: P3, P7, H1, H3 */
static void both_sides_have_the_code_and_the_jump_page_and_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(plan_levels(&machine_x86_64, 4, 5, "smalt.paging_levels=5"), ST_OK);
	check_bridge(4, 5);
	assert_int_equal(plan_levels(&machine_x86_64, 5, 5, "smalt.paging_levels=4"), ST_OK);
	check_bridge(5, 4);
	assert_int_equal(plan_levels(&machine_x86_64, 5, 5, ""), ST_OK);     /* the default is 4 */
	check_bridge(5, 4);
}

/* Rules: P3 */
static void who_changes_nothing_has_no_bridge(void **state)
{
	static const struct { const struct machine *machine; uint32_t on; const char *cmdline; } cases[] = {
		{ &machine_x86_64, 4, "" }, { &machine_x86_64, 4, "smalt.paging_levels=4" },
		{ &machine_x86_64, 5, "smalt.paging_levels=5" }, { &machine_x86_64, 0, "" },
		{ &machine_x86_64, 0, "smalt.paging_levels=5" }, { &machine_aarch64, 4, "" },
		{ &machine_aarch64, 5, "" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(plan_levels(cases[i].machine, cases[i].on, 5, cases[i].cmdline), ST_OK);
		assert_int_equal(b.boot.bridge.code_pa, 0);
		assert_int_equal(b.boot.bridge.far.table_count, 0);
	}
	set_machine(&machine_x86_64, 0x3000000);
	b.env.cpu.levels = 5;
	b.env.part_count = 0;                        /* nothing is there that could cross */
	make_kernel("");
	assert_int_equal(plan(), ST_OK);
	assert_int_equal(b.boot.bridge.code_pa, 0);
}

/* Rules: H4, H7, P3, P6 */
static void five_levels_put_the_direct_map_at_the_start_of_their_upper_half(void **state)
{
	const struct smalt_handoff *h;

	(void)state;
	assert_int_equal(plan_levels(&machine_x86_64, 4, 5, "smalt.paging_levels=5"), ST_OK);
	h = boot_handoff(&b.boot);
	assert_int_equal(h->paging_levels, 5);
	assert_int_equal(h->direct_map_va, 0xff00000000000000);
	assert_int_equal(at(&b.boot.pt, h->direct_map_va + h->pa).pa, h->pa);
	assert_int_equal(at(&b.boot.pt, 0x401000).pa & 0xfff, 0);
	assert_true(at(&b.boot.pt, 0x401000).mapped);
	assert_true(h->stack_top > 0xffffffff80000000);      /* Smalt's own rows are where they always are */
}

/* Rules: P3, M15, M20, M1 */
static void more_levels_than_the_cpu_has_are_refused(void **state)
{
	static const struct { const struct machine *machine; uint32_t on, most; } cases[] = {
		{ &machine_x86_64, 4, 4 }, { &machine_x86_64, 4, 0 }, { &machine_x86_64, 0, 0 },
		{ &machine_aarch64, 4, 4 },
	};
	char text[256];

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(plan_levels(cases[i].machine, cases[i].on, cases[i].most, "smalt.paging_levels=5"),
		                 ST_MISSING_CAPABILITY);
		fault_text(&b.fault, text, sizeof text);
		assert_ptr_equal(strstr(text, "initrd: paging_levels: 0x5 > 0x4: MISSING_CAPABILITY, "), text);
		assert_memory_equal(env_pointer(&b.env, b.file_pa), kernel_file, FILE_BYTES);
		assert_int_equal(b.boot.frames.taken_bytes, 0);
	}
	/* What is on is there, whatever the environment says of what could be. */
	assert_int_equal(plan_levels(&machine_x86_64, 5, 0, "smalt.paging_levels=5"), ST_OK);
}

/* Rules: P3, M20 */
static void a_number_of_levels_that_no_cpu_has_on_is_refused(void **state)
{
	static const uint32_t levels[] = { 1, 3, 6, 9, UINT32_MAX };

	(void)state;
	for (unsigned i = 0; i < sizeof levels / sizeof levels[0]; i++) {
		assert_int_equal(plan_levels(&machine_x86_64, levels[i], 0, ""), ST_MISSING_CAPABILITY);
		assert_int_equal(b.fault.value, levels[i]);
	}
}

/* All of RAM lies at 4 GiB and above: the window is moved, not the bytes. */
/* Rules: P3, M20 */
static void without_memory_below_4_gib_levels_cannot_change(void **state)
{
	(void)state;
	for (uint32_t on = 4; on <= 5; on++) {
		set_machine(&machine_x86_64, 0x3000000);
		b.env.memory.count = 0;
		b.env.window -= LOW_END;
		b.file_pa += LOW_END;
		b.env.loader.pa += LOW_END;
		for (uint32_t i = 0; i < b.env.part_count; i++)
			b.env.parts[i].pa += LOW_END;
		add_memory(LOW_END, RAM_BYTES, SMALT_MEM_USABLE);
		add_memory(b.env.loader.pa, b.env.loader.bytes, SMALT_MEM_RECLAIMABLE);
		b.env.cpu.levels = on;
		make_kernel("");
		assert_int_equal(plan(), on == 4 ? ST_OK : ST_NO_MEMORY);
		if (on == 5)
			assert_string_equal(b.fault.field, "code below 4 GiB for other paging_levels");
	}
}

/* The loader lies above 4 GiB, as a firmware may load it: what crosses lies below. */
/* Rules: P3 */
static void a_loader_above_4_gib_crosses_below(void **state)
{
	uint64_t jump_pa;

	(void)state;
	set_machine(&machine_x86_64, 0x3000000);
	for (uint32_t i = 0; i < b.env.part_count; i++)
		b.env.parts[i].pa += 7 * LOW_END;
	jump_pa = b.env.parts[0].pa;
	b.env.cpu.levels = 5;
	make_kernel("");
	assert_int_equal(plan(), ST_OK);
	check_bridge(5, 4);
	assert_page(&b.boot.bridge.near, jump_pa, jump_pa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_sides_have_the_code_and_the_jump_page_and_nothing_else),
		cmocka_unit_test(who_changes_nothing_has_no_bridge),
		cmocka_unit_test(five_levels_put_the_direct_map_at_the_start_of_their_upper_half),
		cmocka_unit_test(more_levels_than_the_cpu_has_are_refused),
		cmocka_unit_test(a_number_of_levels_that_no_cpu_has_on_is_refused),
		cmocka_unit_test(without_memory_below_4_gib_levels_cannot_change),
		cmocka_unit_test(a_loader_above_4_gib_crosses_below),
	};

	return cmocka_run_group_tests_name("bridge", tests, NULL, NULL);
}
