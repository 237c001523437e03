/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * holes.c: an EFI application that leaves the memory map in pieces: every other page of many
 * stays allocated.
 */
#include <efi.h>

enum { PAGES = 512 };

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
	static EFI_PHYSICAL_ADDRESS pages[PAGES];
	EFI_BOOT_SERVICES *services = table->BootServices;
	EFI_PHYSICAL_ADDRESS block;

	(void)image;
	if (services->AllocatePages(AllocateAnyPages, EfiLoaderData, PAGES, &block) != EFI_SUCCESS)
		return EFI_OUT_OF_RESOURCES;
	services->FreePages(block, PAGES);
	for (int i = 0; i < PAGES; i++) {
		pages[i] = block + (EFI_PHYSICAL_ADDRESS)i * 4096;
		if (services->AllocatePages(AllocateAddress, i % 2 ? EfiLoaderData : EfiLoaderCode, 1, &pages[i]) != EFI_SUCCESS)
			return EFI_OUT_OF_RESOURCES;
	}
	for (int i = 0; i < PAGES; i += 2)
		services->FreePages(pages[i], 1);
	return EFI_SUCCESS;
}
