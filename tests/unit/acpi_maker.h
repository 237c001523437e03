/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * acpi_maker.h: ACPI tables in a memory of a test's own, written by the offsets of
 * ACPI 6.4, 5.2.5 to 5.2.10.
 */
#ifndef ACPI_MAKER_H
#define ACPI_MAKER_H

#include "fake_ram.h"

enum {
	RSDP = 0x1f5e0, XSDT = 0x3000, RSDT = 0x5000, FADT = 0x8100, DSDT = 0xafff, FACS = 0xf000,
	MADT = 0x11800, END = 0x20000,
};

/* Makes the bytes of [pa, pa + bytes) add up to 0 through the one at `sum`. */
static inline void fix_sum(struct fake_ram *ram, uint64_t pa, uint64_t bytes, uint64_t sum)
{
	uint8_t total = 0;

	ram_put(ram, pa + sum, 1, 0);
	for (uint64_t i = 0; i < bytes; i++)
		total = (uint8_t)(total + (pa + i < ram->limit ? ram->bytes[pa + i] : 0));
	ram_put(ram, pa + sum, 1, (uint8_t)-total);
}

static inline void put_header(struct fake_ram *ram, uint64_t pa, const char *signature, uint32_t bytes)
{
	ram_text(ram, pa, signature, 4);
	ram_put(ram, pa + 4, 4, bytes);
}

static inline void put_rsdp(struct fake_ram *ram, unsigned revision, uint64_t rsdt, uint64_t xsdt)
{
	ram_text(ram, RSDP, "RSD PTR ", 8);
	ram_put(ram, RSDP + 15, 1, revision);
	ram_put(ram, RSDP + 16, 4, rsdt);
	fix_sum(ram, RSDP, 20, 8);
	ram_put(ram, RSDP + 20, 4, 36);
	ram_put(ram, RSDP + 24, 8, xsdt);
	fix_sum(ram, RSDP, 36, 32);
}

static inline void put_root(struct fake_ram *ram, uint64_t pa, const char *signature, unsigned entry_bytes,
                     const uint64_t *entries, unsigned count)
{
	put_header(ram, pa, signature, 36 + count * entry_bytes);
	for (unsigned i = 0; i < count; i++)
		ram_put(ram, pa + 36 + i * entry_bytes, entry_bytes, entries[i]);
	fix_sum(ram, pa, 36 + count * entry_bytes, 9);
}

static inline void put_fadt(struct fake_ram *ram, uint32_t bytes, uint32_t facs, uint32_t dsdt,
                     uint64_t x_facs, uint64_t x_dsdt)
{
	put_header(ram, FADT, "FACP", bytes);
	ram_put(ram, FADT + 36, 4, facs);
	ram_put(ram, FADT + 40, 4, dsdt);
	if (bytes >= 148) {
		ram_put(ram, FADT + 132, 8, x_facs);
		ram_put(ram, FADT + 140, 8, x_dsdt);
	}
	fix_sum(ram, FADT, bytes, 9);
}

/* XSDT -> FADT -> FACS, DSDT; MADT. */
static inline void put_all(struct fake_ram *ram)
{
	const uint64_t entries[] = { FADT, 0, MADT };

	put_rsdp(ram, 2, 0, XSDT);
	put_root(ram, XSDT, "XSDT", 8, entries, 3);
	put_fadt(ram, 276, 0, 0, FACS, DSDT);
	put_header(ram, FACS, "FACS", 64);
	put_header(ram, DSDT, "DSDT", 0x1002);
	put_header(ram, MADT, "APIC", 0x900);
}

#endif
