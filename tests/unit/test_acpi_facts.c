/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_acpi_facts.c: what is read of ACPI tables: PSCI, console, fw_cfg. The devices'
 * AML is that of QEMU 7.2 (iasl -d), written down byte by byte.
 */
#include "acpi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "acpi_maker.h"

enum { SPCR = 0x14000 };

static struct env env;

/* As put_all(), and a console table of these bytes. */
static struct fake_ram ram_with(uint32_t spcr_bytes)
{
	const uint64_t entries[] = { FADT, MADT, SPCR };
	struct fake_ram ram = ram_new(END);

	put_all(&ram);
	put_root(&ram, XSDT, "XSDT", 8, entries, 3);
	put_header(&ram, SPCR, "SPCR", spcr_bytes);
	return ram;
}

static void put_spcr(struct fake_ram *ram, unsigned type, unsigned space, uint64_t address)
{
	ram_put(ram, SPCR + 36, 1, type);
	ram_put(ram, SPCR + 40, 1, space);
	ram_put(ram, SPCR + 44, 8, address);
}

/* Reads the facts of a machine whose firmware said nothing else. */
static void read_facts(const struct machine *machine, struct fake_ram *ram)
{
	struct fault fault;

	env = (struct env){ .machine = machine, .rsdp_pa = RSDP };
	assert_int_equal(acpi_facts(ram_reach(ram), &env, &fault), ST_OK);
	assert_true(env.table_count >= 6);
}

/* --- console --- */

/* Rules: H8 */
static void the_console_is_what_the_spcr_says_if_smalt_knows_it(void **state)
{
	static const struct { unsigned type, space; uint64_t address; uint32_t kind; } consoles[] = {
		{ 3, 0, 0x9000000, SMALT_SERIAL_PL011 }, { 13, 0, 0x123456789000, SMALT_SERIAL_PL011 },
		{ 14, 0, 0x9000000, SMALT_SERIAL_PL011 }, { 3, 1, 0x3f8, SMALT_SERIAL_NONE },
		{ 3, 0, 0, SMALT_SERIAL_NONE }, { 0, 1, 0x3f8, SMALT_SERIAL_8250_PORT },
		{ 1, 1, 0x2f8, SMALT_SERIAL_8250_PORT }, { 0, 1, 0xffff, SMALT_SERIAL_8250_PORT },
		{ 0, 1, 0x10000, SMALT_SERIAL_NONE }, { 0, 0, 0xfe000000, SMALT_SERIAL_NONE },
		{ 1, 0, 0xfe000000, SMALT_SERIAL_NONE }, { 2, 1, 0x3f8, SMALT_SERIAL_NONE },
		{ 12, 0, 0x9000000, SMALT_SERIAL_NONE }, { 15, 0, 0x9000000, SMALT_SERIAL_NONE },
		{ 18, 0, 0x9000000, SMALT_SERIAL_NONE }, { 14, 2, 0x9000000, SMALT_SERIAL_NONE },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof consoles / sizeof consoles[0]; i++) {
		struct fake_ram ram = ram_with(80);

		put_spcr(&ram, consoles[i].type, consoles[i].space, consoles[i].address);
		read_facts(&machine_aarch64, &ram);
		assert_int_equal(env.serial_kind, consoles[i].kind);
		assert_int_equal(env.serial_address, consoles[i].kind ? consoles[i].address : 0);
		ram_free(&ram);
	}
}

/* Rules: H8 */
static void a_console_that_is_cut_off_or_unknown_leaves_the_one_that_was_known(void **state)
{
	static const struct { uint32_t bytes; unsigned type; uint32_t kind; } consoles[] = {
		{ 52, 3, SMALT_SERIAL_PL011 }, { 51, 3, SMALT_SERIAL_8250_PORT },
		{ 36, 3, SMALT_SERIAL_8250_PORT }, { 80, 2, SMALT_SERIAL_8250_PORT },
	};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct fake_ram ram = ram_with(consoles[i].bytes);
		struct fault fault;

		put_spcr(&ram, consoles[i].type, 0, 0x9000000);
		env = (struct env){ .machine = &machine_x86_64, .rsdp_pa = RSDP,
		                    .serial_kind = SMALT_SERIAL_8250_PORT, .serial_address = 0x3f8 };
		assert_int_equal(acpi_facts(ram_reach(&ram), &env, &fault), ST_OK);
		assert_int_equal(env.serial_kind, consoles[i].kind);
		ram_free(&ram);
	}
}

/* --- PSCI --- */

/* Rules: H10 */
static void the_psci_conduit_is_what_the_fadt_says(void **state)
{
	static const struct { unsigned flags; uint32_t conduit; } methods[] = {
		{ 0, SMALT_PSCI_NONE }, { 1, SMALT_PSCI_SMC }, { 2, SMALT_PSCI_NONE }, { 3, SMALT_PSCI_HVC },
		{ 0xfffc, SMALT_PSCI_NONE }, { 0xffff, SMALT_PSCI_HVC },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof methods / sizeof methods[0]; i++) {
		struct fake_ram ram = ram_with(80);

		ram_put(&ram, FADT + 129, 2, methods[i].flags);
		fix_sum(&ram, FADT, 276, 9);
		read_facts(&machine_aarch64, &ram);
		assert_int_equal(env.psci_conduit, methods[i].conduit);
		read_facts(&machine_x86_64, &ram);
		assert_int_equal(env.psci_conduit, SMALT_PSCI_NONE);
		ram_free(&ram);
	}
}

/* Rules: H10 */
static void a_fadt_from_before_psci_says_nothing_of_it(void **state)
{
	struct fake_ram ram = ram_with(80);

	(void)state;
	ram_put(&ram, FADT + 4, 4, 130);
	ram_put(&ram, FADT + 40, 4, DSDT);
	ram_put(&ram, FADT + 36, 4, FACS);
	ram_put(&ram, FADT + 129, 2, 3);
	fix_sum(&ram, FADT, 130, 9);
	read_facts(&machine_aarch64, &ram);
	assert_int_equal(env.psci_conduit, SMALT_PSCI_NONE);
	ram_free(&ram);
}

/* --- fw_cfg --- */

/* Device (FWCF): Name _HID "QEMU0002", _STA 11, _CCA 1, _CRS { Memory32Fixed (ReadWrite, 0x09020000, 0x18) } */
static const uint8_t device_virt[] = {
	0x5b, 0x82, 0x3e, 'F', 'W', 'C', 'F',
	0x08, '_', 'H', 'I', 'D', 0x0d, 'Q', 'E', 'M', 'U', '0', '0', '0', '2', 0x00,
	0x08, '_', 'S', 'T', 'A', 0x0a, 0x0b, 0x08, '_', 'C', 'C', 'A', 0x01,
	0x08, '_', 'C', 'R', 'S', 0x11, 0x11, 0x0a, 0x0e,
	0x86, 0x09, 0x00, 0x01, 0x00, 0x00, 0x02, 0x09, 0x18, 0x00, 0x00, 0x00, 0x79, 0x00,
};

/* The same with _CRS { IO (Decode16, 0x0510, 0x0510, 0x01, 0x0C) } */
static const uint8_t device_q35[] = {
	0x5b, 0x82, 0x33, 'F', 'W', 'C', 'F',
	0x08, '_', 'H', 'I', 'D', 0x0d, 'Q', 'E', 'M', 'U', '0', '0', '0', '2', 0x00,
	0x08, '_', 'S', 'T', 'A', 0x0a, 0x0b,
	0x08, '_', 'C', 'R', 'S', 0x11, 0x0d, 0x0a, 0x0a,
	0x47, 0x01, 0x10, 0x05, 0x10, 0x05, 0x01, 0x0c, 0x79, 0x00,
};

/* A DSDT that ends behind these bytes of AML. */
static struct fake_ram ram_with_aml(const uint8_t *aml, uint32_t bytes, uint32_t offset)
{
	struct fake_ram ram = ram_with(80);

	put_header(&ram, DSDT, "DSDT", 36 + offset + bytes);
	ram_text(&ram, DSDT + 36 + offset, (const char *)aml, bytes);
	return ram;
}

static void fw_cfg_is_found_wherever_its_device_stands(void **state)
{
	(void)state;
	for (uint32_t offset = 0; offset < 200; offset++) {
		struct fake_ram ram = ram_with_aml(device_virt, sizeof device_virt, offset);

		read_facts(&machine_aarch64, &ram);
		assert_int_equal(env.fwcfg_pa, 0x9020000);
		assert_false(env.fwcfg_ports);
		ram_free(&ram);
		ram = ram_with_aml(device_q35, sizeof device_q35, offset);
		read_facts(&machine_x86_64, &ram);
		assert_int_equal(env.fwcfg_pa, 0);
		assert_true(env.fwcfg_ports);
		ram_free(&ram);
	}
}

/* Every byte before the name may be one of the name's own. */
static void letters_of_the_name_before_it_do_not_hide_it(void **state)
{
	static const char letters[] = "QEMU02";
	uint32_t random = 1;

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		uint8_t aml[40 + sizeof device_virt];
		uint32_t before = (random >> 8) % 40;
		struct fake_ram ram;

		for (uint32_t i = 0; i < before; i++) {
			random = random * 1664525 + 1013904223;
			aml[i] = (uint8_t)letters[(random >> 16) % 6];
		}
		memcpy(aml + before, device_virt + 13, sizeof device_virt - 13);
		random = random * 1664525 + 1013904223;
		ram = ram_with_aml(aml, before + sizeof device_virt - 13, 0);
		read_facts(&machine_aarch64, &ram);
		assert_int_equal(env.fwcfg_pa, 0x9020000);
		ram_free(&ram);
	}
}

static void a_device_that_is_cut_off_anywhere_is_none(void **state)
{
	(void)state;
	for (uint32_t bytes = 0; bytes <= sizeof device_virt; bytes++) {
		struct fake_ram ram = ram_with_aml(device_virt, bytes, 0);

		read_facts(&machine_aarch64, &ram);
		assert_int_equal(env.fwcfg_pa, bytes >= sizeof device_virt - 2 ? 0x9020000 : 0);
		ram_free(&ram);
	}
	for (uint32_t bytes = 0; bytes <= sizeof device_q35; bytes++) {
		struct fake_ram ram = ram_with_aml(device_q35, bytes, 0);

		read_facts(&machine_x86_64, &ram);
		assert_int_equal(env.fwcfg_ports, bytes >= sizeof device_q35 - 2);
		ram_free(&ram);
	}
}

static void another_device_is_not_fw_cfg(void **state)
{
	static const struct { unsigned at; uint8_t value; } changed[] = {
		{ 13, 'q' }, { 19, '1' }, { 20, '3' }, { 45, 10 }, { 46, 1 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof changed / sizeof changed[0]; i++) {
		uint8_t aml[sizeof device_virt];
		struct fake_ram ram;

		memcpy(aml, device_virt, sizeof aml);
		aml[changed[i].at] = changed[i].value;
		ram = ram_with_aml(aml, sizeof aml, 0);
		read_facts(&machine_aarch64, &ram);
		assert_int_equal(env.fwcfg_pa, 0);
		ram_free(&ram);
	}
}

static void ports_elsewhere_and_what_is_far_away_are_not_fw_cfgs(void **state)
{
	uint8_t aml[200] = { 0 };
	struct fake_ram ram;

	(void)state;
	memcpy(aml, device_q35, sizeof device_q35);
	aml[40] = 0x20;                              /* the ports' first number: 0x520 */
	ram = ram_with_aml(aml, sizeof aml, 0);
	read_facts(&machine_x86_64, &ram);
	assert_false(env.fwcfg_ports);
	ram_free(&ram);
	for (unsigned distance = 80; distance < 90; distance++) {
		memset(aml, 0, sizeof aml);
		memcpy(aml, device_virt + 13, 8);
		memcpy(aml + 8 + distance, device_virt + 44, 12);
		ram = ram_with_aml(aml, sizeof aml, 0);
		read_facts(&machine_aarch64, &ram);
		assert_int_equal(env.fwcfg_pa, distance <= 84 ? 0x9020000 : 0);
		ram_free(&ram);
	}
}

/* --- the walk --- */

/* Rules: H8 */
static void the_tables_are_those_of_the_walk(void **state)
{
	struct fake_ram ram = ram_with(80);
	struct range tables[ENV_TABLES];
	uint32_t count;
	struct fault fault;

	(void)state;
	read_facts(&machine_aarch64, &ram);
	assert_int_equal(acpi_tables(ram_reach(&ram), RSDP, tables, &count, &fault), ST_OK);
	assert_int_equal(env.table_count, count);
	assert_memory_equal(env.tables, tables, count * sizeof tables[0]);
	ram_free(&ram);
}

/* Rules: H8, M20 */
static void what_the_walk_refuses_is_refused_and_nothing_is_learned(void **state)
{
	struct fake_ram ram = ram_with(80);
	struct fault fault;

	(void)state;
	put_spcr(&ram, 3, 0, 0x9000000);
	ram_put(&ram, MADT + 4, 4, 0);
	env = (struct env){ .machine = &machine_aarch64, .rsdp_pa = RSDP };
	assert_int_equal(acpi_facts(ram_reach(&ram), &env, &fault), ST_BAD_FIRMWARE);
	assert_int_equal(env.table_count, 0);
	assert_int_equal(env.serial_kind, SMALT_SERIAL_NONE);
	ram_free(&ram);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_console_is_what_the_spcr_says_if_smalt_knows_it),
		cmocka_unit_test(a_console_that_is_cut_off_or_unknown_leaves_the_one_that_was_known),
		cmocka_unit_test(the_psci_conduit_is_what_the_fadt_says),
		cmocka_unit_test(a_fadt_from_before_psci_says_nothing_of_it),
		cmocka_unit_test(fw_cfg_is_found_wherever_its_device_stands),
		cmocka_unit_test(letters_of_the_name_before_it_do_not_hide_it),
		cmocka_unit_test(a_device_that_is_cut_off_anywhere_is_none),
		cmocka_unit_test(another_device_is_not_fw_cfg),
		cmocka_unit_test(ports_elsewhere_and_what_is_far_away_are_not_fw_cfgs),
		cmocka_unit_test(the_tables_are_those_of_the_walk),
		cmocka_unit_test(what_the_walk_refuses_is_refused_and_nothing_is_learned),
	};

	return cmocka_run_group_tests_name("acpi_facts", tests, NULL, NULL);
}
