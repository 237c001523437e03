/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_parts.c: whole plans for aarch64 with pages of 16K and 64K: what stays of the loader has
 * pages of its own, and what a firmware told in 4K is seen only as far as it may be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "bench.h"
#include "elf_maker.h"

enum { KERNEL_BYTES = 0x2000, KERNELS = 0x3000000, TABLE = 0x2000000 };
enum { RX = SMALT_R | SMALT_X };

static const struct { const char *words; uint64_t page; } granules[] = {
	{ "smalt.pages=16K", 0x4000 }, { "smalt.pages=64K", 0x10000 },
	{ "smalt.pages=16K smalt.reporter=off", 0x4000 }, { "smalt.pages=64K smalt.reporter=off", 0x10000 },
};
enum { GRANULES = 2, WITHOUT = 4 };

static uint8_t kernel[KERNEL_BYTES];

static void set(const char *words)
{
	struct maker m = {
		.file = kernel, .file_bytes = KERNEL_BYTES, .type = 2, .machine = 183, .entry = 0x201000,
		.segment_count = 1, .segments = { { 1, 5, 0x1000, 0x201000, 0, 0x1000, 0x1000, 0x1000 } },
	};

	memset(kernel, 0, sizeof kernel);
	maker_write(&m);
	set_machine(&machine_aarch64, KERNELS);
	b.env.cmdline = span_of(words);
	b.env.cpu.granules = 1 << 12 | 1 << 14 | 1 << 16;
}

static enum status plan_with(const char *words)
{
	set(words);
	give_file(kernel, KERNEL_BYTES);
	return plan();
}

/* The image around and in the parts is bytes of 1, 2, 3, ... a page. */
static void fill_loader(void)
{
	uint8_t *at = env_pointer(&b.env, b.env.loader.pa);

	for (uint64_t i = 0; i < b.env.loader.bytes; i++)
		at[i] = (uint8_t)(1 + i / PAGE);
}

/* What the kernel reads at va. */
static const uint8_t *seen(uint64_t va)
{
	const struct smalt_extent *extent = space_extent_at(&b.boot.space, va);

	assert_non_null(extent);
	return env_pointer(&b.env, extent->pa + (va - extent->va));
}

static bool is_of_loader(const struct smalt_row *row)
{
	return row->kind == SMALT_KIND_JUMP || row->kind == SMALT_KIND_REPORTER;
}

/* Bytes of the extent that are neither zero nor in a row of the loader's. */
static void check_rest(const struct smalt_extent *extent)
{
	for (uint64_t va = extent->va; va < extent->va + extent->bytes; va++) {
		bool in_row = false;

		for (uint32_t r = 0; r < b.boot.space.row_count; r++) {
			const struct smalt_row *row = &b.boot.space.rows[r];

			in_row |= is_of_loader(row) && va - row->va < row->mem_bytes;
		}
		if (!in_row)
			assert_int_equal(*seen(va), 0);
	}
}

/* Rules: H1, P3 */
static void the_parts_are_copied_to_pages_where_nothing_else_is(void **state)
{
	(void)state;
	for (unsigned g = 0; g < WITHOUT; g++) {
		uint32_t rows = 0;
		struct range to;

		assert_int_equal(plan_with(granules[g].words), ST_OK);
		fill_loader();
		boot_execute(&b.boot);
		for (uint32_t i = 0; parts_copy(&b.boot, i, &to); i++)
			assert_int_equal(to.bytes, b.env.parts[i].bytes);
		for (uint32_t r = 0; r < b.boot.space.row_count; r++) {
			const struct smalt_row *row = &b.boot.space.rows[r];

			if (!is_of_loader(row))
				continue;
			for (uint64_t i = 0; i < row->mem_bytes; i += PAGE)
				assert_memory_equal(seen(row->va + i),
				                    env_pointer(&b.env, b.env.parts[rows].pa + i), PAGE);
			assert_int_equal(row->prot, b.env.parts[rows].prot);
			rows++;
		}
		assert_int_equal(rows, g < GRANULES ? 3 : 1);
		for (uint32_t i = 0; i < b.boot.space.extent_count; i++) {
			const struct smalt_extent *extent = &b.boot.space.extents[i];

			assert_int_equal((extent->va | extent->pa | extent->bytes) % granules[g].page, 0);
			if (is_of_loader(&b.boot.space.rows[extent->row]))
				check_rest(extent);
		}
	}
}

/* The reporter's code reaches its data by their distance. */
/* Rules: H1 */
static void the_reporters_parts_keep_their_distances_and_their_rights(void **state)
{
	(void)state;
	for (unsigned g = 0; g < GRANULES; g++) {
		const struct smalt_row *rows[3];
		uint32_t count = 0;

		assert_int_equal(plan_with(granules[g].words), ST_OK);
		for (uint32_t r = 0; r < b.boot.space.row_count; r++)
			if (is_of_loader(&b.boot.space.rows[r]))
				rows[count++] = &b.boot.space.rows[r];
		assert_int_equal(count, 3);
		assert_true(rows[2]->va - rows[1]->va == b.env.parts[2].pa - b.env.parts[1].pa);
		assert_int_equal(rows[2]->va % granules[g].page, 0);
		assert_int_equal(space_extent_at(&b.boot.space, rows[0]->va)->prot, RX);
		assert_int_equal(space_extent_at(&b.boot.space, rows[1]->va)->prot, RX);
		assert_int_equal(space_extent_at(&b.boot.space, rows[2]->va)->prot, SMALT_R | SMALT_W);
		assert_int_equal(memmap_type(&b.boot.after, space_extent_at(&b.boot.space, rows[0]->va)->pa),
		                 SMALT_MEM_RECLAIMABLE);
		assert_int_equal(memmap_type(&b.boot.after, space_extent_at(&b.boot.space, rows[1]->va)->pa),
		                 SMALT_MEM_RESIDENT);
	}
}

/* Rules: H1 */
static void with_pages_of_4k_the_parts_stay(void **state)
{
	struct range to;

	(void)state;
	assert_int_equal(plan_with("smalt.pages=4K"), ST_OK);
	assert_false(parts_copy(&b.boot, 0, &to));
	assert_true(space_extent_at(&b.boot.space, b.boot.own_va[SMALT_KIND_JUMP])->pa == b.env.parts[0].pa);
}

/* Rules: H3, P6 */
static void a_page_of_several_types_has_the_strongest_and_is_seen_as_that(void **state)
{
	(void)state;
	for (unsigned g = 0; g < GRANULES; g++) {
		uint64_t page = granules[g].page, pa, reserved;

		set(granules[g].words);
		pa = b.ram_pa + TABLE;
		reserved = pa + 2 * page + PAGE;
		add_memory(reserved, PAGE, SMALT_MEM_RESERVED);
		add_memory(pa + 4 * page + PAGE, PAGE, SMALT_MEM_RECLAIMABLE);
		give_file(kernel, KERNEL_BYTES);
		assert_int_equal(plan(), ST_OK);
		assert_int_equal(memmap_type(&b.boot.after, pa + 2 * page - 1), SMALT_MEM_USABLE);
		assert_int_equal(memmap_type(&b.boot.after, pa + 2 * page), SMALT_MEM_RESERVED);
		assert_int_equal(memmap_type(&b.boot.after, pa + 3 * page - 1), SMALT_MEM_RESERVED);
		assert_int_equal(memmap_type(&b.boot.after, pa + 3 * page), SMALT_MEM_USABLE);
		assert_int_equal(memmap_type(&b.boot.after, pa + 4 * page), SMALT_MEM_RECLAIMABLE);
		for (uint32_t i = 0; i < b.boot.map_count; i++) {
			const struct map *map = &b.boot.maps[i];

			assert_int_equal((map->va | map->pa | map->bytes) % page, 0);
			assert_true(map->pa >= pa + 3 * page || map->pa + map->bytes <= pa + 2 * page);
		}
		/* What the firmware said stays as it was, for an entry with other pages */
		assert_int_equal(memmap_type(&b.env.memory, reserved - 1), SMALT_MEM_USABLE);
	}
}

/* One ACPI table of a page, and a page of another type beside it in the same larger page. */
static enum status plan_beside(const char *words, uint32_t type)
{
	set(words);
	b.env.tables[0] = (struct range){ b.ram_pa + TABLE + PAGE, PAGE };
	b.env.table_count = 1;
	add_memory(b.ram_pa + TABLE + PAGE, PAGE, SMALT_MEM_ACPI_RECLAIM);
	add_memory(b.ram_pa + TABLE + 2 * PAGE, PAGE, type);
	give_file(kernel, KERNEL_BYTES);
	return plan();
}

/* Rules: P6, H8 */
static void what_lies_beside_a_table_must_be_plain_memory(void **state)
{
	static const struct { uint32_t type; bool good; } cases[] = {
		{ SMALT_MEM_USABLE, true }, { SMALT_MEM_RECLAIMABLE, true }, { SMALT_MEM_ACPI_NVS, true },
		{ SMALT_MEM_EFI_RUNTIME_DATA, true }, { SMALT_MEM_EFI_RUNTIME_CODE, true },
		{ SMALT_MEM_RESERVED, false }, { SMALT_MEM_MMIO, false }, { SMALT_MEM_BAD, false },
		{ SMALT_MEM_UNACCEPTED, false },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (unsigned g = 0; g < GRANULES; g++) {
			assert_int_equal(plan_beside(granules[g].words, cases[i].type),
			                 cases[i].good ? ST_OK : ST_MISALIGNED);
			if (!cases[i].good)
				assert_string_equal(b.fault.word, memmap_type_name(cases[i].type));
		}
		assert_int_equal(plan_beside("smalt.pages=4K", cases[i].type), ST_OK);
	}
}

/* Tables that firmware keeps in reserved memory are seen nevertheless (H8), and the rest of it beside them. */
/* Rules: H8 */
static void a_table_in_reserved_memory_is_a_row(void **state)
{
	(void)state;
	for (unsigned g = 0; g < GRANULES; g++) {
		const struct smalt_extent *extent;
		uint64_t va;

		set(granules[g].words);
		b.env.tables[0] = (struct range){ b.ram_pa + TABLE + PAGE, PAGE };
		b.env.table_count = 1;
		add_memory(b.ram_pa + TABLE, 4 * PAGE, SMALT_MEM_RESERVED);
		give_file(kernel, KERNEL_BYTES);
		assert_int_equal(plan(), ST_OK);
		va = b.boot.own_va[SMALT_KIND_ACPI];
		extent = space_extent_at(&b.boot.space, va);
		assert_int_equal(va % granules[g].page, PAGE);
		assert_true(extent->pa == b.ram_pa + TABLE);
		assert_int_equal(extent->prot, SMALT_R);
	}
}

/* A module stays where it is, but not beside what nobody may see. */
/* Rules: S11, M17, P6 */
static void a_module_stays_in_place_only_beside_plain_memory(void **state)
{
	static const char conf[] = "kernel kernel\nmodule data\n";

	(void)state;
	for (unsigned g = 0; g < GRANULES; g++)
		for (int reserved = 0; reserved < 3; reserved++) {
			uint64_t pa, bytes = granules[g].page;
			const struct smalt_extent *extent;

			set(granules[g].words);
			pa = b.ram_pa + TABLE + 2 * PAGE;
			memset(env_pointer(&b.env, pa), 'd', bytes);
			memcpy(env_pointer(&b.env, b.ram_pa + KERNELS), kernel, KERNEL_BYTES);
			b.env.files[0] = (struct file){ span_of("opt/smalt/smalt.conf"), b.ram_pa + KERNELS + 0x10000,
				{ (const uint8_t *)conf, sizeof conf - 1 }, true };
			b.env.files[1] = (struct file){ span_of("opt/smalt/kernel"), b.ram_pa + KERNELS,
				{ env_pointer(&b.env, b.ram_pa + KERNELS), KERNEL_BYTES }, true };
			b.env.files[2] = (struct file){ span_of("opt/smalt/data"), pa,
				{ env_pointer(&b.env, pa), bytes }, true };
			b.env.file_count = 3;
			add_memory(b.ram_pa + KERNELS, 0x20000, SMALT_MEM_RECLAIMABLE);
			add_memory(pa, bytes, SMALT_MEM_RECLAIMABLE);
			if (reserved)        /* in the first, in the last of its two pages */
				add_memory(b.ram_pa + TABLE + (reserved == 1 ? 0 : 2 * bytes - PAGE), PAGE,
				           SMALT_MEM_RESERVED);
			assert_int_equal(memmap_finish(&b.env.memory, PAGE, &b.fault), ST_OK);
			assert_int_equal(plan(), ST_OK);
			extent = space_extent_at(&b.boot.space, b.boot.objects[1].placement.base);
			assert_non_null(extent);
			assert_int_equal(extent->backing, reserved ? SMALT_BACKING_COPY : SMALT_BACKING_IN_PLACE);
			assert_int_equal(extent->pa == b.ram_pa + TABLE, !reserved);
		}
}

/* Rules: P1, P3 */
static void leaves_are_as_few_as_the_addresses_allow(void **state)
{
	(void)state;
	for (unsigned g = 0; g < GRANULES; g++) {
		uint64_t count[MACHINE_LEAVES], sum = 0;

		assert_int_equal(plan_with(granules[g].words), ST_OK);
		space_leaf_sum(&b.boot.space, count);
		for (unsigned i = 0; i < MACHINE_LEAVES; i++)
			sum += count[i];
		assert_int_equal(sum, space_lower_bound(&b.boot.space));
		assert_int_equal(boot_handoff(&b.boot)->granule_shift, g == 0 ? 14 : 16);
		assert_int_equal(boot_handoff(&b.boot)->paging_levels, g == 0 ? 4 : 3);
		assert_int_equal(boot_handoff(&b.boot)->leaf_shift[0], g == 0 ? 14 : 16);
		assert_int_equal(boot_handoff(&b.boot)->leaf_shift[3], g == 0 ? 30 : 34);
		assert_int_equal(boot_handoff(&b.boot)->leaf_shift[4], 0);
	}
}

/* Rules: H9 */
static void runtime_services_need_whole_pages(void **state)
{
	(void)state;
	for (unsigned g = 0; g < GRANULES; g++)
		for (int whole = 0; whole < 2; whole++) {
			set(g == 0 ? "smalt.pages=16K smalt.efi_runtime=identity"
			           : "smalt.pages=64K smalt.efi_runtime=identity");
			b.env.efi.system_table_pa = b.ram_pa + TABLE + 8;
			b.env.efi.runtime_count = b.env.efi.runtime_regions = 1;
			b.env.efi.runtime[0] = (struct runtime){ b.ram_pa + TABLE,
				whole ? granules[g].page : granules[g].page + PAGE, SMALT_R | SMALT_W, 0 };
			add_memory(b.ram_pa + TABLE, 2 * granules[g].page, SMALT_MEM_EFI_RUNTIME_DATA);
			give_file(kernel, KERNEL_BYTES);
			assert_int_equal(plan(), whole ? ST_OK : ST_MISALIGNED);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_parts_are_copied_to_pages_where_nothing_else_is),
		cmocka_unit_test(the_reporters_parts_keep_their_distances_and_their_rights),
		cmocka_unit_test(with_pages_of_4k_the_parts_stay),
		cmocka_unit_test(a_page_of_several_types_has_the_strongest_and_is_seen_as_that),
		cmocka_unit_test(what_lies_beside_a_table_must_be_plain_memory),
		cmocka_unit_test(a_table_in_reserved_memory_is_a_row),
		cmocka_unit_test(a_module_stays_in_place_only_beside_plain_memory),
		cmocka_unit_test(leaves_are_as_few_as_the_addresses_allow),
		cmocka_unit_test(runtime_services_need_whole_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
