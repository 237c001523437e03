/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * efi_memory.c: what GetMemoryMap() returns becomes ranges of our types.
 *
 * Source: UEFI 2.10, 7.2.3 (EFI_MEMORY_DESCRIPTOR), 7.2.1, "Memory Type Usage after
 * ExitBootServices()". Requirements H3.
 */
#include "efi_memory.h"

#include "align.h"

enum {
	PAGE_SHIFT = 12,
	AT_PA = 8, AT_PAGES = 24, AT_ATTRIBUTES = 32,
};

/* By EFI_MEMORY_TYPE. What the loader allocated is free when it is gone. */
static const uint8_t types[] = {
	SMALT_MEM_RESERVED, SMALT_MEM_RECLAIMABLE, SMALT_MEM_RECLAIMABLE,
	SMALT_MEM_BOOT_SERVICES, SMALT_MEM_BOOT_SERVICES,
	SMALT_MEM_EFI_RUNTIME_CODE, SMALT_MEM_EFI_RUNTIME_DATA,
	SMALT_MEM_USABLE, SMALT_MEM_BAD, SMALT_MEM_ACPI_RECLAIM, SMALT_MEM_ACPI_NVS,
	SMALT_MEM_MMIO, SMALT_MEM_MMIO, SMALT_MEM_RESERVED, SMALT_MEM_PERSISTENT,
	SMALT_MEM_UNACCEPTED,
};

/* Free memory that cannot be cached is none, and what is meant for somebody is not for all. */
static uint32_t type_of(const struct efi_descriptor *d)
{
	uint32_t type = d->type < sizeof types ? types[d->type] : SMALT_MEM_RESERVED;

	if (type != SMALT_MEM_USABLE)
		return type;
	if (d->attributes & EFI_ATTRIBUTE_SP)
		return SMALT_MEM_SPECIFIC_PURPOSE;
	return d->attributes & EFI_ATTRIBUTE_WB ? SMALT_MEM_USABLE : SMALT_MEM_RESERVED;
}

bool efi_descriptor_read(struct span descriptors, uint64_t at, struct efi_descriptor *d)
{
	struct span one;
	uint64_t pages;

	if (!span_sub(descriptors, at, EFI_DESCRIPTOR_BYTES, &one))
		return false;
	pages = span_u64(one, AT_PAGES);
	*d = (struct efi_descriptor){
		.type = span_u32(one, 0), .pa = span_u64(one, AT_PA), .bytes = pages << PAGE_SHIFT,
		.attributes = span_u64(one, AT_ATTRIBUTES),
	};
	return pages <= UINT64_MAX >> PAGE_SHIFT && !range_wraps(d->pa, d->bytes);
}

static enum status bad(struct span descriptors, uint64_t at, struct fault *fault)
{
	fault_set(fault, ST_BAD_FIRMWARE, "pages of an EFI memory descriptor",
	          span_u64(descriptors, at + AT_PAGES),
	          (UINT64_MAX - span_u64(descriptors, at + AT_PA)) >> PAGE_SHIFT);
	return fault_at(fault, at);
}

static enum status check_bytes(uint64_t bytes, uint32_t descriptor_bytes, struct fault *fault)
{
	if (descriptor_bytes < EFI_DESCRIPTOR_BYTES)
		return fault_set(fault, ST_BAD_FIRMWARE, "bytes of an EFI memory descriptor",
		                 descriptor_bytes, EFI_DESCRIPTOR_BYTES);
	if (bytes % descriptor_bytes != 0)
		return fault_set(fault, ST_BAD_FIRMWARE, "bytes of the EFI memory map", bytes,
		                 bytes - bytes % descriptor_bytes);
	return ST_OK;
}

/* The range that grows while neighbours follow: maps of firmware are mostly such pieces. */
struct growing {
	uint64_t pa, bytes;      /* bytes 0: none yet */
	uint32_t type;
};

MUST_CHECK static enum status put(struct memmap *map, struct growing *last,
                                  const struct efi_descriptor *d, struct fault *fault)
{
	uint32_t type = type_of(d);
	enum status status;

	if (last->type == type && last->pa + last->bytes == d->pa) {
		last->bytes += d->bytes;
		return ST_OK;
	}
	status = memmap_add(map, last->pa, last->bytes, last->type, fault);
	*last = (struct growing){ d->pa, d->bytes, type };
	return status;
}

enum status efi_memory_add(struct memmap *map, struct span descriptors, uint32_t descriptor_bytes,
                           bool strict, struct fault *fault)
{
	struct growing last = { .type = SMALT_MEM_RESERVED };
	struct efi_descriptor d;
	enum status status = strict ? check_bytes(descriptors.bytes, descriptor_bytes, fault) : ST_OK;

	if (status != ST_OK || descriptor_bytes < EFI_DESCRIPTOR_BYTES)
		return status;
	for (uint64_t at = 0; status == ST_OK && range_fits(at, descriptor_bytes, descriptors.bytes);
	     at += descriptor_bytes) {
		if (efi_descriptor_read(descriptors, at, &d))
			status = put(map, &last, &d, fault);
		else if (strict)
			return bad(descriptors, at, fault);
	}
	return status == ST_OK ? memmap_add(map, last.pa, last.bytes, last.type, fault) : status;
}
