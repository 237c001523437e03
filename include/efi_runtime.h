/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * efi_runtime.h: which pages runtime services of UEFI need, and with which rights.
 */
#ifndef EFI_RUNTIME_H
#define EFI_RUNTIME_H

#include "env.h"
#include "reach.h"

/*
 * Sets efi->attributes and attribute_bytes from EFI_MEMORY_ATTRIBUTES_TABLE at pa (0: there is
 * none). A table that contradicts its header counts as none.
 */
void efi_attributes_find(struct reach reach, uint64_t pa, struct efi *efi);

/*
 * Fills efi->runtime: memory by efi->attributes, or, where they are none or contradict themselves,
 * by the memory map with its code rwx; registers by the memory map. None if they overlap, or are
 * more than ENV_RUNTIME: efi->runtime_regions says how many.
 */
void efi_runtime_read(struct efi *efi, struct span map, uint32_t descriptor_bytes);

#endif
