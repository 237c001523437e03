/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_own.c: rows of Smalt's own and of what a firmware left (framebuffer, SMBIOS tables,
 * console, devicetree), and what the handoff says of them: on made-up machines of both kinds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "own_bench.h"

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

/* Rules: H3 */
static void a_framebuffer_below_all_memory_is_registers_too(void **state)
{
	(void)state;
	open_bench(&machine_aarch64);
	add_memory(0x10002000, 0x1000, SMALT_MEM_RESERVED);
	give_screen(0x10000000, 0x4000);
	planned();
	assert_int_equal(memmap_type(&b.boot.after, 0x10001fff), SMALT_MEM_MMIO);
	assert_int_equal(memmap_type(&b.boot.after, 0x10002000), SMALT_MEM_RESERVED);
	assert_int_equal(memmap_type(&b.boot.after, 0x10003000), SMALT_MEM_MMIO);
	assert_int_equal(memmap_type(&b.boot.after, 0x10004000), 0);
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

/* Rules: H8 */
static void an_address_is_that_of_the_row_which_has_its_bytes(void **state)
{
	const struct smalt_handoff *h;

	(void)state;
	open_bench(&machine_x86_64);
	b.env.rsdp_pa = RUNTIME_PA + 0x1014;
	b.env.tables[0] = (struct range){ RUNTIME_PA, 0x1000 };
	b.env.tables[1] = (struct range){ RUNTIME_PA + 0x1000, 0x1000 };
	b.env.table_count = 2;
	b.env.smbios_pa = RUNTIME_PA + 0x1000;           /* on the same page */
	b.env.smbios[0] = b.env.tables[0];
	b.env.smbios[1] = b.env.tables[1];
	b.env.smbios_count = 2;
	planned();
	h = boot_handoff(&b.boot);
	assert_true(h->acpi_rsdp_pa == RUNTIME_PA + 0x1014);
	assert_true(h->acpi_rsdp_va == row_of(SMALT_KIND_ACPI, 1)->va + 0x14);
	assert_true(h->smbios_va == row_of(SMALT_KIND_SMBIOS, 1)->va);
}

/* --- what every firmware tells --- */

/* Rules: H2, H8 */
static void a_devicetree_is_a_read_only_row(void **state)
{
	const struct smalt_handoff *h;
	const struct smalt_row *row;

	(void)state;
	open_bench(&machine_aarch64);
	b.env.devicetree = (struct file){ .pa = b.ram_pa + 0x8000000, .bytes = { NULL, 0x1234 } };
	planned();
	row = row_of(SMALT_KIND_DEVICETREE, 0);
	assert_true(extent_of(row)->pa == b.ram_pa + 0x8000000);
	assert_int_equal(row->prot, SMALT_R);
	assert_int_equal(memmap_type(&b.boot.after, b.ram_pa + 0x8001000), SMALT_MEM_RESIDENT);
	h = boot_handoff(&b.boot);
	assert_true(h->devicetree_va == row->va && h->devicetree_bytes == 0x1234);
}

/* Rules: H2, H10 */
static void numbers_are_passed_on(void **state)
{
	static const uint8_t seed[] = { 9, 8, 7 };

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		const struct smalt_handoff *h;

		open_bench(both[m]);
		b.env.cpu.counter_hz = 62500000;
		b.env.cpu.id = 0x80000003;
		b.env.psci_conduit = SMALT_PSCI_SMC;
		b.env.wall_clock = 1700000000;
		b.env.entropy = (struct span){ seed, sizeof seed };
		b.env.entropy_source = SMALT_ENTROPY_EFI_RNG;
		planned();
		h = boot_handoff(&b.boot);
		assert_int_equal(h->counter_kind, m ? SMALT_COUNTER_CNTVCT : SMALT_COUNTER_TSC);
		assert_true(h->counter_hz == 62500000 && h->boot_cpu == 0x80000003);
		assert_int_equal(h->psci_conduit, SMALT_PSCI_SMC);
		assert_true(h->wall_clock == 1700000000);
		assert_int_equal(h->entropy_source, SMALT_ENTROPY_EFI_RNG);
		assert_int_equal(h->entropy_bytes, sizeof seed);
		assert_memory_equal((const uint8_t *)h + (h->entropy_va - b.boot.handoff_va), seed, sizeof seed);
	}
}

/* Rules: H8 */
static void a_console_is_a_port_or_a_row_of_registers(void **state)
{
	const struct smalt_handoff *h;

	(void)state;
	open_bench(&machine_aarch64);
	b.env.serial_address = SERIAL_PA + 0x40;
	planned();
	h = boot_handoff(&b.boot);
	assert_int_equal(h->serial_kind, SMALT_SERIAL_PL011);
	assert_true(h->serial_pa == SERIAL_PA + 0x40);
	assert_true(h->serial_va == row_of(SMALT_KIND_SERIAL, 0)->va + 0x40);
	assert_int_equal(h->serial_port, 0);
	open_bench(&machine_x86_64);
	b.env.serial_kind = SMALT_SERIAL_8250_PORT;
	b.env.serial_address = 0x2f8;
	planned();
	h = boot_handoff(&b.boot);
	assert_int_equal(h->serial_kind, SMALT_SERIAL_8250_PORT);
	assert_int_equal(h->serial_port, 0x2f8);
	assert_true(h->serial_pa == 0 && h->serial_va == 0);
	assert_int_equal(count_rows(SMALT_KIND_SERIAL), 0);
}

/* --- parts of the loader --- */

/* Rules: H1 */
static void parts_keep_their_distances_and_the_reporter_can_be_left_out(void **state)
{
	(void)state;
	for (unsigned off = 0; off < 2; off++) {
		const struct smalt_row *jump;

		open_bench(&machine_x86_64);
		set_cmdline(off ? "smalt.reporter=off" : "smalt.reporter=on");
		planned();
		jump = row_of(SMALT_KIND_JUMP, 0);
		assert_true(jump->va - b.env.machine->kernel_va < 0x100000);
		assert_int_equal(count_rows(SMALT_KIND_REPORTER), off ? 0 : 2);
		assert_int_equal(count_rows(SMALT_KIND_FAULT_STACK), off ? 0 : 1);
		for (unsigned i = 0; !off && i < 2; i++)
			assert_true(row_of(SMALT_KIND_REPORTER, i)->va - jump->va ==
			            b.env.parts[i + 1].pa - b.env.parts[0].pa);
		assert_int_equal(memmap_type(&b.boot.after, b.env.parts[0].pa), SMALT_MEM_RECLAIMABLE);
	}
	open_bench(&machine_x86_64);
	b.env.part_count = 1;
	planned();
	assert_int_equal(count_rows(SMALT_KIND_JUMP), 1);
}

/* Rules: P6 */
static void smalts_own_frames_lie_beside_the_loader_or_below_the_machines_limit(void **state)
{
	(void)state;
	open_bench(&machine_aarch64);
	planned();
	assert_true(own_limit(&b.boot) == b.env.loader.pa + b.env.loader.bytes);
	open_bench(&machine_x86_64);
	planned();
	assert_true(own_limit(&b.boot) == 1ull << 32);
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
		cmocka_unit_test(a_framebuffer_below_all_memory_is_registers_too),
		cmocka_unit_test(smbios_tables_are_read_only_rows_of_what_they_were),
		cmocka_unit_test(what_no_row_shows_has_no_address),
		cmocka_unit_test(an_address_is_that_of_the_row_which_has_its_bytes),
		cmocka_unit_test(a_devicetree_is_a_read_only_row),
		cmocka_unit_test(numbers_are_passed_on),
		cmocka_unit_test(a_console_is_a_port_or_a_row_of_registers),
		cmocka_unit_test(parts_keep_their_distances_and_the_reporter_can_be_left_out),
		cmocka_unit_test(smalts_own_frames_lie_beside_the_loader_or_below_the_machines_limit),
		cmocka_unit_test(as_many_rows_as_there_can_be_have_room),
	};

	return cmocka_run_group_tests_name("own", tests, NULL, NULL);
}
