/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uefi_protect.c: W^X for the loader's own image while the firmware's tables are in force, where the
 * firmware has a protocol for it (UEFI 2.10, 37.8). The sections of the image ask for the
 * same; older firmware does not listen to them.
 */
#include "uefi.h"

#include <stddef.h>

#include "self.h"

#define MEMORY_RO (1ull << 17)           /* EFI_MEMORY_RO, _XP: UEFI 2.10, 7.2 */
#define MEMORY_XP (1ull << 14)

static const EFI_GUID memory_attribute =
	{ 0xf4560cf6, 0x40ec, 0x4b4a, { 0xa1, 0x92, 0xbf, 0x1d, 0x57, 0xd0, 0xb1, 0x89 } };

struct memory_attribute {
	EFI_STATUS (EFIAPI *get)(struct memory_attribute *self, EFI_PHYSICAL_ADDRESS pa, UINT64 bytes,
	                         UINT64 *attributes);
	EFI_STATUS (EFIAPI *set)(struct memory_attribute *self, EFI_PHYSICAL_ADDRESS pa, UINT64 bytes,
	                         UINT64 attributes);
	EFI_STATUS (EFIAPI *clear)(struct memory_attribute *self, EFI_PHYSICAL_ADDRESS pa, UINT64 bytes,
	                           UINT64 attributes);
};

/*
 * Taking rights first, so that no page has both for a moment. A call that fails leaves what the firmware
 * thought right: that is no reason not to boot.
 */
static void protect(struct memory_attribute *protocol, const uint8_t *start, const uint8_t *end,
                    uint64_t attributes)
{
	uint64_t pa = (uint64_t)start, bytes = (uint64_t)(end - start);

	if (bytes == 0 || protocol->set(protocol, pa, bytes, attributes) != EFI_SUCCESS)
		return;
	(void)protocol->clear(protocol, pa, bytes, (MEMORY_RO | MEMORY_XP) & ~attributes);
}

void uefi_protect(const struct uefi *uefi)
{
	struct memory_attribute *protocol = uefi_locate(uefi, &memory_attribute);

	if (protocol == NULL)
		return;
	protect(protocol, text_start, text_end, MEMORY_RO);
	protect(protocol, rodata_start, rodata_end, MEMORY_RO | MEMORY_XP);
	protect(protocol, jump_start, reporter_text_end, MEMORY_RO);
	protect(protocol, reporter_rodata_start, reporter_rodata_end, MEMORY_RO | MEMORY_XP);
	protect(protocol, cpu_start, image_end, MEMORY_XP);
}
