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

struct piece {
	const uint8_t *start, *end;
	uint64_t attributes;     /* of MEMORY_RO and MEMORY_XP: what it shall have, or had */
};

static void get_pieces(struct piece pieces[UEFI_IMAGE_PIECES])
{
	pieces[0] = (struct piece){ text_start, text_end, MEMORY_RO };
	pieces[1] = (struct piece){ rodata_start, rodata_end, MEMORY_RO | MEMORY_XP };
	pieces[2] = (struct piece){ jump_start, reporter_text_end, MEMORY_RO };
	pieces[3] = (struct piece){ reporter_rodata_start, reporter_rodata_end, MEMORY_RO | MEMORY_XP };
	pieces[4] = (struct piece){ cpu_start, image_end, MEMORY_XP };
}

/*
 * Taking rights first, so that no page has both for a moment. A call that fails leaves what the firmware
 * thought right: that is no reason not to boot.
 */
static void protect(struct memory_attribute *protocol, const struct piece *piece)
{
	uint64_t pa = (uint64_t)piece->start, bytes = (uint64_t)(piece->end - piece->start);
	uint64_t others = (MEMORY_RO | MEMORY_XP) & ~piece->attributes;

	if (piece->attributes != 0 && protocol->set(protocol, pa, bytes, piece->attributes) != EFI_SUCCESS)
		return;
	(void)protocol->clear(protocol, pa, bytes, others);
}

void uefi_protect(struct uefi *uefi)
{
	struct memory_attribute *protocol = uefi_locate(uefi, &memory_attribute);
	struct piece pieces[UEFI_IMAGE_PIECES];

	get_pieces(pieces);
	for (unsigned i = 0; protocol != NULL && i < UEFI_IMAGE_PIECES; i++) {
		uint64_t bytes = (uint64_t)(pieces[i].end - pieces[i].start), before;

		if (protocol->get(protocol, (uint64_t)pieces[i].start, bytes, &before) != EFI_SUCCESS)
			continue;
		protect(protocol, &pieces[i]);
		uefi->image_attributes[i] = before & (MEMORY_RO | MEMORY_XP);
		uefi->image_changed |= 1u << i;
	}
}

/* Whoever gets these pages next may write to them. */
void uefi_unprotect(struct uefi *uefi)
{
	struct memory_attribute *protocol = uefi_locate(uefi, &memory_attribute);
	struct piece pieces[UEFI_IMAGE_PIECES];

	get_pieces(pieces);
	for (unsigned i = 0; protocol != NULL && i < UEFI_IMAGE_PIECES; i++) {
		if ((uefi->image_changed & 1u << i) == 0)
			continue;
		pieces[i].attributes = uefi->image_attributes[i];
		protect(protocol, &pieces[i]);
	}
	uefi->image_changed = 0;
}
