/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * efi_runtime.c: the regions of UEFI's runtime services, from the table that was
 * made to tell their code from their data, else from the memory map.
 *
 * Source: UEFI 2.10, 4.6 (EFI_MEMORY_ATTRIBUTES_TABLE), 7.2.3. Nothing here refuses a boot:
 * only a kernel that wants efi_runtime=identity needs the regions, and is told then.
 */
#include "efi_runtime.h"

#include "efi_memory.h"
#include "sort.h"

enum {
	PAGE = 4096,
	HEADER_BYTES = 16, HEADER_COUNT = 4, HEADER_ENTRY_BYTES = 8,
};

/* From here nobody has to look at it again: whole entries, not more than a firmware can have. */
void efi_attributes_find(struct reach reach, uint64_t pa, struct efi *efi)
{
	struct span header, all;
	uint64_t bytes;

	efi->attributes = (struct span){ 0 };
	efi->attribute_bytes = 0;
	if (!reach_span(reach, pa, HEADER_BYTES, &header) || span_u32(header, 0) == 0 ||
	    span_u32(header, HEADER_ENTRY_BYTES) < EFI_DESCRIPTOR_BYTES)
		return;
	bytes = (uint64_t)span_u32(header, HEADER_COUNT) * span_u32(header, HEADER_ENTRY_BYTES);
	if (bytes == 0 || bytes > ENV_DESCRIPTORS_MOST ||
	    !reach_span(reach, pa, HEADER_BYTES + bytes, &all))
		return;
	efi->attributes = (struct span){ all.base + HEADER_BYTES, bytes };
	efi->attribute_bytes = span_u32(header, HEADER_ENTRY_BYTES);
}

/* Appends; a neighbour with the same rights makes the last region longer. Without room it counts. */
static void add(struct efi *efi, const struct efi_descriptor *d, uint32_t prot, uint32_t memory)
{
	struct runtime *last = &efi->runtime[efi->runtime_count];

	if (d->bytes == 0)
		return;
	if (efi->runtime_count > 0 && last[-1].pa + last[-1].bytes == d->pa &&
	    last[-1].prot == prot && last[-1].memory == memory) {
		last[-1].bytes += d->bytes;
		return;
	}
	efi->runtime_regions++;
	if (efi->runtime_count == ENV_RUNTIME)
		return;
	*last = (struct runtime){ d->pa, d->bytes, prot, memory };
	efi->runtime_count++;
}

static uint32_t rights(uint64_t attributes)
{
	return SMALT_R | (attributes & EFI_ATTRIBUTE_RO ? 0 : SMALT_W) |
	       (attributes & EFI_ATTRIBUTE_XP ? 0 : SMALT_X);
}

/* The table describes code and data of runtime services and nothing else. */
static bool add_attributes(struct efi *efi)
{
	struct efi_descriptor d;

	for (uint64_t at = 0; at < efi->attributes.bytes; at += efi->attribute_bytes) {
		if (!efi_descriptor_read(efi->attributes, at, &d) || d.pa % PAGE != 0 ||
		    (d.type != EFI_RUNTIME_CODE && d.type != EFI_RUNTIME_DATA))
			return false;
		add(efi, &d, rights(d.attributes), SMALT_CACHE_WRITE_BACK);
	}
	return efi->attributes.bytes > 0;
}

/* One descriptor of the memory map; memory: whether the attributes did not tell of memory. */
static void add_mapped(struct efi *efi, const struct efi_descriptor *d, bool memory)
{
	if (d->type == EFI_MMIO && (d->attributes & EFI_ATTRIBUTE_RUNTIME))
		add(efi, d, SMALT_R | SMALT_W, SMALT_CACHE_DEVICE);
	else if (memory && d->type == EFI_RUNTIME_CODE)
		add(efi, d, SMALT_R | SMALT_W | SMALT_X, SMALT_CACHE_WRITE_BACK);
	else if (memory && d->type == EFI_RUNTIME_DATA)
		add(efi, d, SMALT_R | SMALT_W, SMALT_CACHE_WRITE_BACK);
}

static bool add_map(struct efi *efi, struct span map, uint32_t descriptor_bytes, bool memory)
{
	struct efi_descriptor d;

	if (descriptor_bytes < EFI_DESCRIPTOR_BYTES)
		return false;
	for (uint64_t at = 0; range_fits(at, descriptor_bytes, map.bytes); at += descriptor_bytes) {
		if (!efi_descriptor_read(map, at, &d) || d.pa % PAGE != 0)
			return false;
		add_mapped(efi, &d, memory);
	}
	return true;
}

/* Ascending and disjoint: false if they overlap. */
static bool sort(struct efi *efi)
{
	const struct runtime *runtime = efi->runtime;

	sort_entries(efi->runtime, efi->runtime_count, sizeof *runtime);
	for (uint32_t i = 1; i < efi->runtime_count; i++)
		if (runtime[i].pa < runtime[i - 1].pa + runtime[i - 1].bytes)
			return false;
	return true;
}

static void forget(struct efi *efi)
{
	efi->runtime_count = 0;
	efi->runtime_regions = 0;
}

void efi_runtime_read(struct efi *efi, struct span map, uint32_t descriptor_bytes)
{
	forget(efi);
	if (!add_attributes(efi) || !add_map(efi, map, descriptor_bytes, false) || !sort(efi)) {
		forget(efi);
		if (!add_map(efi, map, descriptor_bytes, true) || !sort(efi))
			forget(efi);
	}
	if (efi->runtime_regions > ENV_RUNTIME)
		efi->runtime_count = 0;
}
