/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * acpi_facts.c: what Smalt itself learns from ACPI tables: how firmware is called,
 * where the console is, where QEMU keeps files.
 *
 * Source: ACPI 6.4, 5.2.9.4 (ARM_BOOT_ARCH), 5.2.3.2 (addresses), 6.4.2.5 and
 * 6.4.3.4 (descriptors of I/O ports and memory), Microsoft's SPCR and DBG2; QEMU
 * docs/specs/fw_cfg.rst (QEMU0002). AML is not interpreted: the device's name and the
 * descriptor that follows it are bytes of the DSDT.
 */
#include "acpi.h"

enum {
	FADT_ARM_BOOT = 129,
	ARM_BOOT_PSCI = 1, ARM_BOOT_HVC = 2,
	SPCR_TYPE = 36, SPCR_SPACE = 40, SPCR_ADDRESS = 44, SPCR_BYTES = 52,  /* what is read of it */
	SPACE_MEMORY = 0, SPACE_PORTS = 1,
	UART_16550 = 0, UART_16450 = 1, UART_PL011 = 3, UART_SBSA_32 = 13, UART_SBSA = 14,
	NAME_BYTES = 8,
	NEAR_BYTES = 96,                 /* behind the name: _STA and _CCA come before _CRS */
	MEMORY_TAG = 0x86, MEMORY_LENGTH = 9, MEMORY_BASE = 4, MEMORY_BYTES = 12,
	PORTS_TAG = 0x47, PORTS_FIRST = 2, PORTS_BYTES = 8,
	FWCFG_PORT = 0x510,
};

static const char fwcfg_name[] = "QEMU0002";

/* On x86_64 the flags are reserved. */
static void read_fadt(struct span fadt, struct env *env)
{
	uint16_t flags = span_u16(fadt, FADT_ARM_BOOT);

	if (env->machine->elf_machine == SMALT_MACHINE_AARCH64 && (flags & ARM_BOOT_PSCI))
		env->psci_conduit = flags & ARM_BOOT_HVC ? SMALT_PSCI_HVC : SMALT_PSCI_SMC;
}

/* The console of a type in an address space; SMALT_SERIAL_NONE: not one that Smalt knows. */
static uint32_t console_kind(uint8_t type, uint8_t space)
{
	switch (type) {
	case UART_16550:
	case UART_16450:
		return space == SPACE_PORTS ? SMALT_SERIAL_8250_PORT : SMALT_SERIAL_NONE;
	case UART_PL011:
	case UART_SBSA_32:
	case UART_SBSA:
		return space == SPACE_MEMORY ? SMALT_SERIAL_PL011 : SMALT_SERIAL_NONE;
	default:
		return SMALT_SERIAL_NONE;
	}
}

/* Address 0: the firmware has a console, but does not let us use it. */
static void read_spcr(struct span spcr, struct env *env)
{
	uint64_t address = span_u64(spcr, SPCR_ADDRESS);
	uint32_t kind;

	if (spcr.bytes < SPCR_BYTES || address == 0)
		return;
	kind = console_kind(spcr.base[SPCR_TYPE], spcr.base[SPCR_SPACE]);
	if (kind == SMALT_SERIAL_NONE || (kind == SMALT_SERIAL_8250_PORT && address > UINT16_MAX))
		return;
	env->serial_kind = kind;
	env->serial_address = address;
}

/* How far the name may move on if this byte lies under its last character: Horspool's search. */
static unsigned skip(uint8_t byte)
{
	switch (byte) {
	case 'Q': return 7;
	case 'E': return 6;
	case 'M': return 5;
	case 'U': return 4;
	case '0': return 1;
	default:  return NAME_BYTES;
	}
}

/* What stands behind the name of the fw_cfg device; bytes 0: there is none. */
static struct span behind_name(struct span dsdt)
{
	struct span at, behind = { 0 };

	for (uint64_t i = 0; span_sub(dsdt, i, NAME_BYTES, &at); i += skip(at.base[NAME_BYTES - 1])) {
		if (at.base[NAME_BYTES - 1] != '2' || !span_is(at, fwcfg_name))
			continue;
		i += NAME_BYTES;
		(void)span_sub(dsdt, i, min_u64(NEAR_BYTES, dsdt.bytes - i), &behind);
		break;
	}
	return behind;
}

/* The first descriptor counts; a 0 is no register. */
static void read_dsdt(struct span dsdt, struct env *env)
{
	struct span near = behind_name(dsdt), at;

	for (uint64_t i = 0; i < near.bytes; i++) {
		if (near.base[i] == MEMORY_TAG && span_sub(near, i, MEMORY_BYTES, &at) &&
		    span_u16(at, 1) == MEMORY_LENGTH) {
			env->fwcfg_pa = span_u32(at, MEMORY_BASE);
			return;
		}
		if (near.base[i] == PORTS_TAG && span_sub(near, i, PORTS_BYTES, &at) &&
		    span_u16(at, PORTS_FIRST) == FWCFG_PORT) {
			env->fwcfg_ports = true;
			return;
		}
	}
}

enum status acpi_facts(struct reach reach, struct env *env, struct fault *fault)
{
	struct acpi_found found;

	if (acpi_find(reach, env->rsdp_pa, env->tables, &env->table_count, &found, fault) != ST_OK)
		return fault->status;
	read_fadt(found.fadt, env);
	read_spcr(found.spcr, env);
	read_dsdt(found.dsdt, env);
	return ST_OK;
}
