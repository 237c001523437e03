/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_coloring.c: whole boots with cache colors, judged by the table that the kernel gets.
 * The cache is told by the configuration: 512K, 8 ways, so 16 colors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "bench.h"
#include "elf_maker.h"

enum { MODULES = 6, COLORS = 16, MODULE_BYTES = 0xb000 };
#define CACHE "llc_size 512K\nllc_ways 8\nllc_line 64\n"

static uint8_t kernel_file[0x60000], module_file[MODULE_BYTES];
static char conf[1000];

static void give(const char *name, uint64_t pa, const void *bytes, uint64_t count)
{
	const uint8_t *base = memcpy(env_pointer(&b.env, pa), bytes, count);

	b.env.files[b.env.file_count++] = (struct file){ span_of(name), pa, { base, count }, true };
}

/* A kernel of 256K text at a fixed address, and modules of a page of text and 9 of data that do not lie in whole pages. */
static enum status plan_with(unsigned m, uint64_t align, const char *settings)
{
	struct maker kernel = {
		.file = kernel_file, .file_bytes = sizeof kernel_file, .type = 2,
		.machine = both[m]->elf_machine, .entry = both[m]->kernel_va + 0x100000, .segment_count = 2,
		.segments = {
			{ 1, 5, 0x1000, both[m]->kernel_va + 0x100000, 0, 0x40000, 0x40000, 0x1000 },
			{ 1, 6, 0x41000, both[m]->kernel_va + 0x145000, 0, 0x3000, 0x28000, 0x1000 },
		},
	};
	struct maker module = {
		.file = module_file, .file_bytes = sizeof module_file, .type = 3,
		.machine = both[m]->elf_machine, .segment_count = 2,
		.segments = {
			{ 1, 5, 0x1800, 0x800, 0, 0x200, 0x200, align },
			{ 1, 6, 0x1a00, align + 0x200, 0, 0x8800, 0x8e00, align },
		},
	};
	int at = snprintf(conf, sizeof conf, "kernel kernel\n" CACHE "%smodule raw name=data\n", settings);

	set_machine(both[m], 0x3000000);
	add_memory(b.file_pa, 0x900000, SMALT_MEM_RECLAIMABLE);
	maker_write(&kernel);
	maker_write(&module);
	for (unsigned i = 0; i < MODULES; i++)
		at += snprintf(conf + at, sizeof conf - (unsigned)at, "module m%u role=map\n", i);
	give("smalt.conf", b.file_pa, conf, (uint64_t)at);
	give("kernel", b.file_pa + 0x10000, kernel_file, sizeof kernel_file);
	give("raw", b.file_pa + 0x200000, kernel_file, 0x5123);
	for (unsigned i = 0; i < MODULES; i++) {
		static const char *const names[MODULES] = { "m0", "m1", "m2", "m3", "m4", "m5" };

		give(names[i], b.file_pa + 0x300000 + i * 0x100000, module_file, sizeof module_file);
	}
	assert_int_equal(memmap_finish(&b.env.memory, PAGE, &b.fault), ST_OK);
	return plan();
}

/* ---- the laws, page by page (C5) ---- */

static const void *in_handoff(const struct smalt_handoff *h, uint64_t va)
{
	return (const uint8_t *)h + (va - b.boot.handoff_va);
}

static void check_counts(const struct smalt_handoff *h)
{
	const struct smalt_color *frames = in_handoff(h, h->coloring.frames.va);
	const struct smalt_memory *memory = in_handoff(h, h->memory.va);
	uint64_t used[COLORS] = { 0 }, free[COLORS] = { 0 }, handed_out = 0, sum = 0;

	assert_int_equal(h->colors.count, COLORS);
	assert_int_equal(h->colors.shift, 12);
	assert_int_equal(h->colors.bits, 4);
	assert_int_equal(h->coloring.frames.count, COLORS);
	assert_int_equal(h->coloring.frames.entry_bytes, sizeof(struct smalt_color));
	for (uint32_t i = 0; i < h->memory.count; i++)
		for (uint64_t pa = memory[i].pa; pa < memory[i].pa + memory[i].bytes; pa += PAGE) {
			bool taken = memory[i].type >= SMALT_MEM_OBJECT && memory[i].type <= SMALT_MEM_RESIDENT;

			handed_out += taken;
			used[pa / PAGE % COLORS] += taken;
			free[pa / PAGE % COLORS] += memory[i].type == SMALT_MEM_USABLE;
		}
	for (unsigned i = 0; i < COLORS; i++) {
		assert_int_equal(frames[i].used, used[i]);
		assert_int_equal(frames[i].free, free[i]);
		assert_true(frames[h->coloring.next].used <= frames[i].used);
		sum += frames[i].used;
	}
	assert_int_equal(sum, handed_out);
}

/* Tables below one, however many levels; in how many colors they must be. */
static uint64_t check_tables(uint64_t pa, unsigned level, uint64_t mask)
{
	const uint64_t *entries = env_pointer(&b.env, pa);
	uint64_t count = 1, small = b.env.machine->elf_machine == SMALT_MACHINE_X86_64 ? 0x81 : 3;
	uint64_t table = b.env.machine->elf_machine == SMALT_MACHINE_X86_64 ? 1 : 3;

	assert_true(mask >> (pa / PAGE % COLORS) & 1);
	for (unsigned i = 0; level > 0 && i < 512; i++)
		if ((entries[i] & small) == table)
			count += check_tables(entries[i] & 0x0000fffffffff000, level - 1, mask);
	return count;
}

static void check_masks(const struct smalt_handoff *h, uint64_t tables_mask)
{
	const struct smalt_extent *extents = in_handoff(h, h->extents.va);
	const struct smalt_row *rows = in_handoff(h, h->rows.va);
	const struct smalt_object *objects = in_handoff(h, h->objects.va);
	uint64_t tables = check_tables(h->root_pa[0], 3, tables_mask);

	assert_true(h->total_bytes <= b.boot.handoff_bytes);
	if (h->root_pa[1] != 0)
		tables += check_tables(h->root_pa[1], 3, tables_mask);
	assert_int_equal(tables, h->tables_count);
	for (uint32_t i = 0; i < h->extents.count; i++) {
		const struct smalt_row *row = &rows[extents[i].row];
		uint64_t mask = row->object != SMALT_NONE ? objects[row->object].color_mask
		                                          : h->coloring.kernel_mask;

		if (row->object == SMALT_NONE && row->kind != SMALT_KIND_STACK && row->kind != SMALT_KIND_FAULT_STACK)
			continue;
		assert_int_equal(extents[i].color, extents[i].pa / PAGE % COLORS);
		for (uint64_t pa = extents[i].pa; pa < extents[i].pa + extents[i].bytes; pa += PAGE)
			assert_true(mask >> (pa / PAGE % COLORS) & 1);
	}
}

/* The color of the first page of a module's data, and of its address. */
static uint64_t start_of(const struct smalt_handoff *h, uint32_t object, uint64_t *of_va)
{
	const struct smalt_row *rows = in_handoff(h, h->rows.va);

	for (uint32_t i = 0; i < h->rows.count; i++)
		if (rows[i].object == object && (rows[i].prot & SMALT_W)) {
			*of_va = rows[i].va / PAGE % COLORS;
			return rows[i].color;
		}
	fail();
	return 0;
}

/* Rules: C2, C4, C5 */
static void by_default_modules_begin_at_different_colors(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (unsigned a = 0; a < 3; a++) {
			static const uint64_t aligns[] = { 0x1000, 0x10000, 0x200000 };
			const struct smalt_handoff *h;
			uint64_t seen = 0, colors = 0, of_va;

			assert_int_equal(plan_with(m, aligns[a], ""), ST_OK);
			h = boot_handoff(&b.boot);
			assert_int_equal(h->colors.policy, SMALT_COLOR_SPREAD);
			check_counts(h);
			check_masks(h, 0xffff);
			assert_int_equal(h->coloring.missed_color, 0);
			for (uint32_t i = 2; i < 2 + MODULES; i++) {
				uint64_t color = start_of(h, i, &of_va);

				colors += !(seen >> color & 1);
				seen |= 1ull << color;
				if (a == 0)
					assert_int_equal(of_va, color);
				else
					assert_int_equal(of_va, 0);
			}
			assert_true(colors >= MODULES - 1);      /* not all different, but spread */
		}
}

/* Rules: C3, C4, C5 */
static void every_class_has_frames_of_its_colors(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		const struct smalt_object *objects;
		const struct smalt_handoff *h;

		/* Each table is a range of memory of its own */
		assert_int_equal(plan_with(m, 0x1000, "color partition,strict\ndirect_map none\ncolors.kernel 0\n"
		                           "colors.module 1\ncolors.tables 9\n"), ST_OK);
		check_masks(boot_handoff(&b.boot), 1 << 9);
		assert_int_equal(plan_with(m, 0x1000, "color partition,strict\ncolors.kernel 0-3,15\ncolors.module 4-7\n"
		                           "colors.module.m2 8\ncolors.tables 9-10\ncolors.free 11-14\n"), ST_OK);
		h = boot_handoff(&b.boot);
		objects = in_handoff(h, h->objects.va);
		assert_int_equal(h->colors.policy, SMALT_COLOR_PARTITION);
		assert_int_equal(h->coloring.flags, SMALT_COLORING_STRICT);
		assert_int_equal(h->coloring.kernel_mask, 0x800f);
		assert_int_equal(h->coloring.module_mask, 0x00f0);
		assert_int_equal(h->coloring.tables_mask, 0x0600);
		assert_int_equal(h->coloring.free_mask, 0x7800);
		assert_int_equal(objects[0].color_mask, 0x800f);
		assert_int_equal(objects[1].color_mask, 0x00f0);
		assert_int_equal(objects[4].color_mask, 0x0100);
		assert_int_equal(h->coloring.missed_mask, 0);
		check_counts(h);
		check_masks(h, 0x0600);
	}
}

/* What boots by a partition has the same bytes as without: each page of each row. Rules: C3 */
static void colors_change_no_byte(void **state)
{
	static const char *const policies[] = {
		"color off\n", "color match\n", "", "color partition\ncolors.kernel 0-2\ncolors.module 3-15\n",
	};

	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (unsigned p = 0; p < 4; p++) {
			assert_int_equal(plan_with(m, 0x10000, policies[p]), ST_OK);
			boot_execute(&b.boot);
			for (uint32_t i = 0; i < b.boot.space.row_count; i++) {
				const struct smalt_row *row = &b.boot.space.rows[i];
				const uint8_t *file = row->object == 0 || row->object == 1 ? kernel_file : module_file;

				for (uint64_t at = 0; row->object != SMALT_NONE && at < row->mem_bytes; at++) {
					const struct smalt_extent *e = space_extent_at(&b.boot.space, row->va + at);
					const uint8_t *byte = env_pointer(&b.env, e->pa + (row->va + at - e->va));

					assert_int_equal(*byte, at < row->file_bytes ? file[row->file_offset + at] : 0);
				}
			}
		}
}

/* Rules: C2 */
static void off_says_nothing_but_the_cache(void **state)
{
	static const struct smalt_array none;
	const struct smalt_handoff *h;

	(void)state;
	assert_int_equal(plan_with(0, 0x1000, "color off\n"), ST_OK);
	h = boot_handoff(&b.boot);
	assert_int_equal(h->colors.policy, SMALT_COLOR_OFF);
	assert_int_equal(h->colors.count, 1);
	assert_memory_equal(&h->coloring.frames, &none, sizeof none);
	assert_int_equal(h->coloring.cache.bytes, 512 << 10);
	assert_int_equal(((const struct smalt_object *)in_handoff(h, h->objects.va))->color_mask, 0);
	assert_true(b.boot.space.colors == NULL);
}

static void check_refused(const char *settings, enum status status, const char *field)
{
	assert_int_equal(plan_with(0, 0x1000, settings), status);
	assert_string_equal(b.fault.field, field);
}

/* Rules: C3, M20 */
static void what_cannot_be_is_refused(void **state)
{
	(void)state;
	check_refused("color partition\ncolors.kernel 0-16\n", ST_BAD_CONFIG, "colors.kernel");
	assert_int_equal(b.fault.value, 16);
	assert_int_equal(b.fault.limit, 15);
	check_refused("color partition\ncolors.module.m3 63\n", ST_BAD_CONFIG, "colors.module.NAME");
	check_refused("color partition\ncolors.module.m9 1\n", ST_BAD_CONFIG, "colors.module of no module");
	check_refused("colors.kernel 3-1\n", ST_BAD_CONFIG, "colors.kernel");
	check_refused("colors.kernel 1,1\n", ST_BAD_CONFIG, "colors.kernel");
	check_refused("colors.kernel 64\n", ST_BAD_CONFIG, "colors.kernel");
	check_refused("colors.kernel 1-\n", ST_BAD_CONFIG, "colors.kernel");
	check_refused("colors.kernel ,1\n", ST_BAD_CONFIG, "colors.kernel");
	check_refused("colors.module.m3 1;2\n", ST_BAD_CONFIG, "colors.module");
	check_refused("color even\n", ST_BAD_CONFIG, "color");
}

/* Other policies know no classes, whatever the configuration says of them. Rules: C4 */
static void masks_are_a_partitions(void **state)
{
	const struct smalt_handoff *h;

	(void)state;
	assert_int_equal(plan_with(0, 0x1000, "colors.free 40-63\ncolors.module 60\n"), ST_OK);
	h = boot_handoff(&b.boot);
	assert_int_equal(h->coloring.free_mask, 0xffff);
	assert_int_equal(h->coloring.module_mask, 0xffff);
	assert_int_equal(plan_with(0, 0x1000, "color partition\ncolors.kernel 0-3\ncolors.free 2-3\n"), ST_OK);
	h = boot_handoff(&b.boot);
	assert_true(h->coloring.next == 2 || h->coloring.next == 3);
}

/* A color of 1 GiB has 64 MiB. Rules: C3 */
static void strict_fails_where_a_color_is_too_small(void **state)
{
	(void)state;
	check_refused("color partition,strict\nstack 80M\ncolors.kernel 3\n", ST_NO_MEMORY,
	              "free bytes of its colors");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_default_modules_begin_at_different_colors),
		cmocka_unit_test(every_class_has_frames_of_its_colors),
		cmocka_unit_test(colors_change_no_byte),
		cmocka_unit_test(off_says_nothing_but_the_cache),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(masks_are_a_partitions),
		cmocka_unit_test(strict_fails_where_a_color_is_too_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
