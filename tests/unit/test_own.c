/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_own.c: rows for what UEFI leaves (framebuffer, SMBIOS tables, runtime services),
 * and what the handoff says of them: on made-up machines of both kinds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "bench.h"
#include "elf_maker.h"

#define FILE_BYTES 0x2000
#define SCREEN_PA  0x180000000ull        /* outside of RAM */
#define RUNTIME_PA 0x90000000ull

static uint8_t kernel_file[FILE_BYTES];

static void open_bench(const struct machine *machine)
{
	set_machine(machine, 0x3000000);
	b.env.path = SMALT_PATH_UEFI;
}

/* Plans a kernel of one text segment at this address. */
static enum status plan_at(uint64_t va)
{
	struct maker m = {
		.file = kernel_file, .file_bytes = FILE_BYTES, .type = 2,
		.machine = b.env.machine->elf_machine, .entry = va, .segment_count = 1,
		.segments = { { 1, 5, 0x1000, va, 0, 0x1000, 0x1000, 0x1000 } },
	};

	memset(kernel_file, 0, sizeof kernel_file);
	maker_write(&m);
	give_file(kernel_file, FILE_BYTES);
	return plan();
}

static void planned(void)
{
	char text[512];

	if (plan_at(0x400000) == ST_OK)
		return;
	fault_text(&b.fault, text, sizeof text);
	fail_msg("%s", text);
}

static uint32_t count_rows(uint32_t kind)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < b.boot.space.row_count; i++)
		count += b.boot.space.rows[i].kind == kind;
	return count;
}

/* The n-th row of a kind. */
static const struct smalt_row *row_of(uint32_t kind, uint32_t n)
{
	for (uint32_t i = 0; i < b.boot.space.row_count; i++)
		if (b.boot.space.rows[i].kind == kind && n-- == 0)
			return &b.boot.space.rows[i];
	fail_msg("no row of kind %u", kind);
	return NULL;
}

static const struct smalt_extent *extent_of(const struct smalt_row *row)
{
	const struct smalt_extent *extent = space_extent_at(&b.boot.space, row->va);

	assert_non_null(extent);
	assert_true(extent->va == row->va && extent->bytes == row->mem_bytes);
	return extent;
}

static void give_screen(uint64_t pa, uint64_t bytes)
{
	b.env.framebuffer = (struct framebuffer){ pa, bytes, 800, 600, 3200, SMALT_FRAMEBUFFER_MASK,
	                                          { 0xf800, 0x7e0, 0x1f } };
}

/* --- framebuffer --- */

/* Rules: H8, H3, P2 */
static void a_framebuffer_is_a_row_that_combines_writes(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		const struct smalt_extent *extent;
		const struct smalt_handoff *h;

		open_bench(both[m]);
		give_screen(SCREEN_PA + 0x345000, 0x500000);
		planned();
		extent = extent_of(row_of(SMALT_KIND_FRAMEBUFFER, 0));
		assert_int_equal(extent->prot, SMALT_R | SMALT_W);
		assert_int_equal(extent->memory, SMALT_CACHE_WRITE_COMBINE);
		assert_int_equal(extent->backing, SMALT_BACKING_DEVICE);
		assert_int_equal(extent->leaf_shift, 21);
		assert_true(extent->pa == SCREEN_PA + 0x345000 && extent->bytes == 0x500000);
		assert_int_equal(memmap_type(&b.boot.after, extent->pa), SMALT_MEM_MMIO);
		assert_int_equal(memmap_type(&b.boot.after, extent->pa + 0x4fffff), SMALT_MEM_MMIO);
		assert_int_equal(memmap_type(&b.boot.after, extent->pa - 1), 0);
		assert_int_equal(memmap_type(&b.boot.after, extent->pa + 0x500000), 0);
		h = boot_handoff(&b.boot);
		assert_true(h->framebuffer_va == extent->va && h->framebuffer_pa == extent->pa);
		assert_true(h->framebuffer_bytes == 0x500000);
		assert_int_equal(h->framebuffer_width, 800);
		assert_int_equal(h->framebuffer_height, 600);
		assert_int_equal(h->framebuffer_pitch, 3200);
		assert_int_equal(h->framebuffer_format, SMALT_FRAMEBUFFER_MASK);
		assert_memory_equal(h->framebuffer_mask, b.env.framebuffer.mask, 12);
	}
}

/* Rules: H8 */
static void a_framebuffer_may_begin_and_end_within_pages(void **state)
{
	const struct smalt_extent *extent;

	(void)state;
	open_bench(&machine_x86_64);
	give_screen(SCREEN_PA + 0x7f0, 0x1020);
	planned();
	extent = extent_of(row_of(SMALT_KIND_FRAMEBUFFER, 0));
	assert_true(extent->pa == SCREEN_PA && extent->bytes == 0x2000);
	assert_true(boot_handoff(&b.boot)->framebuffer_va == extent->va + 0x7f0);
}

/* Rules: H3 */
static void what_the_memory_map_says_of_a_framebuffer_stays(void **state)
{
	static const uint32_t types[] = {
		SMALT_MEM_MMIO, SMALT_MEM_RESERVED, SMALT_MEM_MMIO, SMALT_MEM_EFI_RUNTIME_DATA, SMALT_MEM_MMIO,
	};

	(void)state;
	open_bench(&machine_aarch64);
	add_memory(SCREEN_PA + 0x1000, 0x1000, SMALT_MEM_RESERVED);
	add_memory(SCREEN_PA + 0x3000, 0x1000, SMALT_MEM_EFI_RUNTIME_DATA);
	add_memory(SCREEN_PA + 0x6000, 0x1000, SMALT_MEM_BAD);
	give_screen(SCREEN_PA, 0x5000);
	planned();
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(memmap_type(&b.boot.after, SCREEN_PA + i * PAGE), types[i]);
	assert_int_equal(memmap_type(&b.boot.after, SCREEN_PA + 5 * PAGE), 0);
}

/* Rules: H3 */
static void a_framebuffer_in_listed_memory_claims_nothing(void **state)
{
	(void)state;
	open_bench(&machine_aarch64);
	add_memory(SCREEN_PA - 0x1000, 0x8000, SMALT_MEM_RESERVED);
	give_screen(SCREEN_PA, 0x5000);
	planned();
	for (uint64_t pa = SCREEN_PA; pa < SCREEN_PA + 0x5000; pa += PAGE)
		assert_int_equal(memmap_type(&b.boot.after, pa), SMALT_MEM_RESERVED);
}

static void without_a_framebuffer_there_is_neither_row_nor_number(void **state)
{
	static const struct framebuffer none;
	const struct smalt_handoff *h;

	(void)state;
	open_bench(&machine_x86_64);
	planned();
	h = boot_handoff(&b.boot);
	assert_int_equal(count_rows(SMALT_KIND_FRAMEBUFFER), 0);
	assert_true(h->framebuffer_va == 0 && h->framebuffer_pa == 0);
	assert_memory_equal(h->framebuffer_mask, none.mask, 12);
	assert_int_equal(h->framebuffer_format, SMALT_FRAMEBUFFER_NONE);
}

/* --- SMBIOS --- */

/* Rules: H8, M12 */
static void smbios_tables_are_read_only_rows_of_what_they_were(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		const struct smalt_handoff *h;

		open_bench(both[m]);
		add_memory(RUNTIME_PA, 0x4000, SMALT_MEM_EFI_RUNTIME_DATA);
		b.env.smbios_pa = RUNTIME_PA + 0x3018;
		b.env.smbios_bytes = 24;
		b.env.smbios_count = 2;
		b.env.smbios[0] = (struct range){ RUNTIME_PA, 0x2000 };
		b.env.smbios[1] = (struct range){ RUNTIME_PA + 0x3000, 0x1000 };
		planned();
		assert_int_equal(count_rows(SMALT_KIND_SMBIOS), 2);
		for (unsigned i = 0; i < 2; i++) {
			const struct smalt_extent *extent = extent_of(row_of(SMALT_KIND_SMBIOS, i));

			assert_int_equal(extent->prot, SMALT_R);
			assert_int_equal(extent->memory, SMALT_CACHE_WRITE_BACK);
			assert_true(extent->pa == b.env.smbios[i].pa);
			assert_int_equal(memmap_type(&b.boot.after, extent->pa), SMALT_MEM_EFI_RUNTIME_DATA);
		}
		h = boot_handoff(&b.boot);
		assert_true(h->smbios_pa == RUNTIME_PA + 0x3018);
		assert_int_equal(h->smbios_bytes, 24);
		assert_true(h->smbios_va == row_of(SMALT_KIND_SMBIOS, 1)->va + 0x18);
	}
}

/* Rules: H8 */
static void what_no_row_shows_has_no_address(void **state)
{
	const struct smalt_handoff *h;

	(void)state;
	open_bench(&machine_x86_64);
	b.env.smbios_pa = 0xf0000;
	b.env.tables[0] = (struct range){ 0, 0x1000 };
	b.env.table_count = 1;
	planned();
	h = boot_handoff(&b.boot);
	assert_true(h->smbios_pa == 0xf0000 && h->smbios_va == 0);
	assert_true(h->acpi_rsdp_va == 0);
	assert_true(h->efi_system_table_va == 0);
}

/* --- runtime services --- */

static void give_runtime(uint32_t code)
{
	static const char line[] = "smalt.efi_runtime=identity";

	add_memory(RUNTIME_PA, 0x3000, SMALT_MEM_EFI_RUNTIME_CODE);
	add_memory(RUNTIME_PA + 0x3000, 0x2000, SMALT_MEM_EFI_RUNTIME_DATA);
	b.env.efi = (struct efi){
		.system_table_pa = RUNTIME_PA + 0x4018, .descriptor_bytes = 48, .descriptor_version = 1,
		.descriptors_most = 100, .callable = true, .runtime_count = 4,
		.runtime = {
			{ 0x4000000, 0x1000, SMALT_R | SMALT_W, SMALT_CACHE_DEVICE },
			{ RUNTIME_PA, 0x2000, code, SMALT_CACHE_WRITE_BACK },
			{ RUNTIME_PA + 0x2000, 0x1000, SMALT_R, SMALT_CACHE_WRITE_BACK },
			{ RUNTIME_PA + 0x3000, 0x2000, SMALT_R | SMALT_W, SMALT_CACHE_WRITE_BACK },
		},
	};
	b.env.cmdline = span_of(line);
}

static void set_cmdline(const char *text)
{
	b.env.cmdline = span_of(text);
}

/* Rules: H9, M18 */
static void runtime_services_lie_at_their_physical_addresses(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		const struct smalt_handoff *h;

		open_bench(both[m]);
		give_runtime(SMALT_R | SMALT_X);
		planned();
		assert_int_equal(count_rows(SMALT_KIND_EFI_RUNTIME), 4);
		for (unsigned i = 0; i < 4; i++) {
			const struct runtime *runtime = &b.env.efi.runtime[i];
			const struct smalt_row *row = row_of(SMALT_KIND_EFI_RUNTIME, i);
			const struct smalt_extent *extent = extent_of(row);

			assert_true(row->va == runtime->pa && extent->pa == runtime->pa);
			assert_true(row->mem_bytes == runtime->bytes);
			assert_int_equal(row->prot, runtime->prot);
			assert_int_equal(row->flags, 0);
			assert_int_equal(row->object, SMALT_NONE);
			assert_int_equal(extent->memory, runtime->memory);
		}
		h = boot_handoff(&b.boot);
		assert_true(h->efi_system_table_pa == RUNTIME_PA + 0x4018);
		assert_true(h->efi_system_table_va == RUNTIME_PA + 0x4018);
		assert_int_equal(h->efi_runtime_callable, 1);
		assert_int_equal(memmap_type(&b.boot.after, RUNTIME_PA), SMALT_MEM_EFI_RUNTIME_CODE);
		assert_int_equal(memmap_type(&b.boot.after, RUNTIME_PA + 0x3000), SMALT_MEM_EFI_RUNTIME_DATA);
	}
}

/* Rules: H9, P6 */
static void without_the_setting_nothing_shows_runtime_memory(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (unsigned identity = 0; identity < 2; identity++) {
			uint32_t shown = 0;

			open_bench(both[m]);
			give_runtime(SMALT_R | SMALT_X);
			if (!identity)
				set_cmdline("smalt.efi_runtime=none");
			planned();
			for (uint32_t i = 0; i < b.boot.map_count; i++)
				shown += RUNTIME_PA < b.boot.maps[i].pa + b.boot.maps[i].bytes &&
				         b.boot.maps[i].pa < RUNTIME_PA + 0x5000;
			assert_int_equal(shown, identity ? 3 : 0);
			assert_int_equal(count_rows(SMALT_KIND_EFI_RUNTIME), identity ? 4 : 0);
			assert_true((boot_handoff(&b.boot)->efi_system_table_va != 0) == identity);
			assert_true(boot_handoff(&b.boot)->efi_system_table_pa != 0);
		}
}

/* Rules: M12, H9 */
static void writable_runtime_code_needs_wx_allow(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		open_bench(both[m]);
		give_runtime(SMALT_R | SMALT_W | SMALT_X);
		assert_int_equal(plan_at(0x400000), ST_WX);
		assert_true(b.fault.value == RUNTIME_PA);
		assert_non_null(strstr(b.fault.hint, "wx allow"));
		open_bench(both[m]);
		give_runtime(SMALT_R | SMALT_W | SMALT_X);
		set_cmdline("smalt.efi_runtime=identity smalt.wx=allow");
		planned();
		assert_int_equal(row_of(SMALT_KIND_EFI_RUNTIME, 1)->flags, SMALT_ROW_WX);
	}
}

/* Rules: M12, H9 */
static void the_first_region_counts_as_much_as_the_others(void **state)
{
	(void)state;
	open_bench(&machine_x86_64);
	give_runtime(SMALT_R | SMALT_X);
	b.env.efi.system_table_pa = 0x4000000;
	planned();
	assert_true(boot_handoff(&b.boot)->efi_system_table_va == 0x4000000);
	open_bench(&machine_x86_64);
	give_runtime(SMALT_R | SMALT_X);
	b.env.efi.runtime[0].prot = SMALT_R | SMALT_W | SMALT_X;
	assert_int_equal(plan_at(0x400000), ST_WX);
	assert_true(b.fault.value == 0x4000000);
}

/* Rules: H9, M20 */
static void identity_is_refused_where_nobody_left_runtime_services(void **state)
{
	(void)state;
	open_bench(&machine_x86_64);
	give_runtime(SMALT_R | SMALT_X);
	b.env.efi.system_table_pa = 0;
	assert_int_equal(plan_at(0x400000), ST_BAD_CONFIG);
	assert_string_equal(b.fault.field, "efi_runtime");
	assert_string_equal(b.fault.word, "identity");
	assert_non_null(strstr(b.fault.hint, "not booted from UEFI"));
}

/* Rules: H9, M20 */
static void a_system_table_that_no_region_holds_is_refused(void **state)
{
	static const uint64_t outside[] = { RUNTIME_PA - 1, RUNTIME_PA + 0x5000 };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		open_bench(&machine_x86_64);
		give_runtime(SMALT_R | SMALT_X);
		b.env.efi.system_table_pa = outside[i];
		assert_int_equal(plan_at(0x400000), ST_BAD_FIRMWARE);
		assert_true(b.fault.value == outside[i]);
	}
	open_bench(&machine_x86_64);
	give_runtime(SMALT_R | SMALT_X);
	b.env.efi.runtime_count = 0;
	assert_int_equal(plan_at(0x400000), ST_BAD_FIRMWARE);
}

/* Rules: M9, M14, H9 */
static void an_address_that_runtime_services_need_is_nobody_elses(void **state)
{
	static const struct { uint64_t va; enum status status; } kernels[] = {
		{ RUNTIME_PA - 0x3000, ST_OK }, { RUNTIME_PA - 0x1000, ST_ADDRESS_IN_USE },
		{ RUNTIME_PA + 0x4000, ST_ADDRESS_IN_USE }, { RUNTIME_PA + 0x5000, ST_ADDRESS_IN_USE },
		{ RUNTIME_PA + 0x6000, ST_OK },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
		open_bench(&machine_aarch64);
		give_runtime(SMALT_R | SMALT_X);
		assert_int_equal(plan_at(kernels[i].va), kernels[i].status);
		if (kernels[i].status != ST_OK)
			assert_string_equal(b.fault.word, "initrd");
	}
	open_bench(&machine_aarch64);
	give_runtime(SMALT_R | SMALT_X);
	set_cmdline("smalt.efi_runtime=identity smalt.direct_map=identity");
	assert_int_equal(plan_at(0xffff800000000000), ST_ADDRESS_IN_USE);
	assert_string_equal(b.fault.word, "the direct map");
	assert_non_null(strstr(b.fault.hint, "direct_map identity"));
}

/* --- the handoff's arrays --- */

/* Rules: H2, H9 */
static void the_last_memory_map_has_room_directly_behind_the_structure(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		const struct smalt_handoff *h;

		open_bench(both[m]);
		give_runtime(SMALT_R | SMALT_X);
		b.env.efi.descriptors = 77;
		planned();
		h = boot_handoff(&b.boot);
		assert_true(h->efi_memory.va == b.boot.handoff_va + 696);
		assert_int_equal(h->efi_memory.count, 77);
		assert_int_equal(h->efi_memory.entry_bytes, 48);
		assert_int_equal(h->efi_descriptor_version, 1);
		assert_true(h->rows.va == h->efi_memory.va + 4800);
		assert_true(h->total_bytes <= b.boot.handoff_bytes);
	}
}

/* Rules: H9 */
static void attributes_are_copied_where_there_are_bytes(void **state)
{
	static uint8_t bytes[3 * 48];

	(void)state;
	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i + 1);
	for (unsigned host = 0; host < 2; host++) {
		const struct smalt_handoff *h;
		const uint8_t *copy;

		open_bench(&machine_x86_64);
		give_runtime(SMALT_R | SMALT_X);
		b.env.efi.attributes = (struct span){ host ? NULL : bytes, sizeof bytes };
		b.env.efi.attribute_bytes = 48;
		planned();
		h = boot_handoff(&b.boot);
		assert_int_equal(h->efi_attributes.count, 3);
		assert_int_equal(h->efi_attributes.entry_bytes, 48);
		copy = (const uint8_t *)h + (h->efi_attributes.va - b.boot.handoff_va);
		for (unsigned at = 0; at < sizeof bytes; at++)
			assert_int_equal(copy[at], host ? 0 : bytes[at]);
	}
}

static void outside_of_uefi_every_such_member_is_0(void **state)
{
	static const struct smalt_array none;
	const struct smalt_handoff *h;

	(void)state;
	open_bench(&machine_aarch64);
	planned();
	h = boot_handoff(&b.boot);
	assert_memory_equal(&h->efi_memory, &none, sizeof none);
	assert_memory_equal(&h->efi_attributes, &none, sizeof none);
	assert_true(h->efi_system_table_pa == 0 && h->efi_system_table_va == 0);
	assert_int_equal(h->efi_runtime_callable, 0);
	assert_true(h->rows.va == b.boot.handoff_va + 696);
}

/* Rules: M2 */
static void as_many_rows_as_there_can_be_have_room(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		uint32_t own = 0;

		open_bench(both[m]);
		give_runtime(SMALT_R | SMALT_X);
		give_screen(SCREEN_PA, 0x10000);
		for (uint32_t i = 0; i < ENV_TABLES; i++)
			b.env.tables[b.env.table_count++] = (struct range){ 0x200000 + i * 0x2000, 0x1000 };
		for (uint32_t i = 0; i < ENV_SMBIOS; i++)
			b.env.smbios[b.env.smbios_count++] = (struct range){ 0x300000 + i * 0x2000, 0x1000 };
		for (uint32_t i = b.env.efi.runtime_count; i < ENV_RUNTIME; i++)
			b.env.efi.runtime[b.env.efi.runtime_count++] = (struct runtime){
				RUNTIME_PA + 0x10000 + i * 0x2000, 0x1000, SMALT_R, SMALT_CACHE_WRITE_BACK };
		planned();
		for (uint32_t i = 0; i < b.boot.space.row_count; i++)
			own += b.boot.space.rows[i].object == SMALT_NONE;
		/* Stack, fault stack, serial, screen, handoff; three parts. */
		assert_int_equal(own, 5 + 3 + ENV_TABLES + ENV_SMBIOS + ENV_RUNTIME);
		assert_int_equal(own_rows_most(&b.boot), OWN_KINDS + 3 + ENV_TABLES + ENV_SMBIOS + ENV_RUNTIME);
		b.boot.settings.efi_identity = false;
		assert_int_equal(own_rows_most(&b.boot), OWN_KINDS + 3 + ENV_TABLES + ENV_SMBIOS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_framebuffer_is_a_row_that_combines_writes),
		cmocka_unit_test(a_framebuffer_may_begin_and_end_within_pages),
		cmocka_unit_test(what_the_memory_map_says_of_a_framebuffer_stays),
		cmocka_unit_test(a_framebuffer_in_listed_memory_claims_nothing),
		cmocka_unit_test(without_a_framebuffer_there_is_neither_row_nor_number),
		cmocka_unit_test(smbios_tables_are_read_only_rows_of_what_they_were),
		cmocka_unit_test(what_no_row_shows_has_no_address),
		cmocka_unit_test(runtime_services_lie_at_their_physical_addresses),
		cmocka_unit_test(without_the_setting_nothing_shows_runtime_memory),
		cmocka_unit_test(writable_runtime_code_needs_wx_allow),
		cmocka_unit_test(the_first_region_counts_as_much_as_the_others),
		cmocka_unit_test(identity_is_refused_where_nobody_left_runtime_services),
		cmocka_unit_test(a_system_table_that_no_region_holds_is_refused),
		cmocka_unit_test(an_address_that_runtime_services_need_is_nobody_elses),
		cmocka_unit_test(the_last_memory_map_has_room_directly_behind_the_structure),
		cmocka_unit_test(attributes_are_copied_where_there_are_bytes),
		cmocka_unit_test(outside_of_uefi_every_such_member_is_0),
		cmocka_unit_test(as_many_rows_as_there_can_be_have_room),
	};

	return cmocka_run_group_tests_name("own", tests, NULL, NULL);
}
