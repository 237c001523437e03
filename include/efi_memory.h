/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * efi_memory.h: memory maps of UEFI become maps of ours. Pure: descriptors are
 * bytes, so that the same code runs on the host.
 */
#ifndef EFI_MEMORY_H
#define EFI_MEMORY_H

#include "memmap.h"
#include "span.h"

/* EFI_MEMORY_DESCRIPTOR, UEFI 2.10, 7.2.3: pages have 4 KiB on every machine. */
struct efi_descriptor {
	uint32_t type;
	uint64_t pa, bytes;
	uint64_t attributes;
};

enum {
	EFI_DESCRIPTOR_BYTES = 40,       /* at least: later versions append */
	EFI_DESCRIPTOR_VA = 16,          /* offset of VirtualStart */
	EFI_RUNTIME_CODE = 5, EFI_RUNTIME_DATA = 6, EFI_MMIO = 11,
};
#define EFI_ATTRIBUTE_WB      (1ull << 3)
#define EFI_ATTRIBUTE_XP      (1ull << 14)
#define EFI_ATTRIBUTE_RO      (1ull << 17)
#define EFI_ATTRIBUTE_SP      (1ull << 18)
#define EFI_ATTRIBUTE_RUNTIME (1ull << 63)

/* The descriptor at this offset; false if it is not all there, or its pages wrap. */
bool efi_descriptor_read(struct span descriptors, uint64_t at, struct efi_descriptor *descriptor);

/*
 * Adds every descriptor to map by its type (H3); neighbours of one type as one range. strict:
 * ST_BAD_FIRMWARE for one that wraps, for descriptor_bytes below EFI_DESCRIPTOR_BYTES, for a
 * descriptor that is not whole; else those are skipped, and only map's capacity can fail: ST_TOO_SMALL.
 * As many ranges as descriptors are enough.
 */
MUST_CHECK enum status efi_memory_add(struct memmap *map, struct span descriptors,
                                      uint32_t descriptor_bytes, bool strict, struct fault *fault);

#endif
