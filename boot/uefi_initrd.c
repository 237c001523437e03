/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uefi_initrd.c: a boot archive (or a bare kernel) that came with the loader: the
 * section .initrd that somebody appended to its image, as for unified kernel images, else what a
 * boot manager offers by LoadFile2 under Linux' name.
 *
 * Sources: Microsoft PE Format, "COFF File Header", "Section Table"; UEFI 2.10, 13.2
 * (LoadFile2); Linux Documentation/arch/x86/boot.rst and drivers/firmware/efi/libstub (the GUID).
 */
#include "uefi.h"

#include <stddef.h>

#include "align.h"
#include "mem.h"

enum {
	PAGE = 4096, LARGE = 2 << 20,
	DOS_PE_OFFSET = 0x3c, COFF_SECTIONS = 6, COFF_OPTIONAL_BYTES = 20, COFF_BYTES = 24,
	SECTION_BYTES = 40, SECTION_NAME = 8, SECTION_MEM_BYTES = 8, SECTION_VA = 12, SECTION_FILE_BYTES = 16,
};

static const EFI_GUID load_file_2 =
	{ 0x4006c0c1, 0xfcb3, 0x403e, { 0x99, 0x6d, 0x4a, 0x6c, 0x87, 0x24, 0xe0, 0x6d } };

/* LINUX_EFI_INITRD_MEDIA_GUID, as the only node of a device path. */
static const struct {
	VENDOR_DEVICE_PATH vendor;
	EFI_DEVICE_PATH end;
} initrd_path = {
	{ { MEDIA_DEVICE_PATH, MEDIA_VENDOR_DP, { sizeof(VENDOR_DEVICE_PATH), 0 } },
	  { 0x5568e427, 0x68fc, 0x4f3d, { 0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68 } } },
	{ END_DEVICE_PATH_TYPE, END_ENTIRE_DEVICE_PATH_SUBTYPE, { sizeof(EFI_DEVICE_PATH), 0 } },
};

/* The image as the firmware laid it out: its headers are in front. */
bool uefi_section(const struct uefi *uefi, const char *name, struct span *section)
{
	struct span image = { uefi->loaded->ImageBase, uefi->loaded->ImageSize };
	uint64_t coff = span_u32(image, DOS_PE_OFFSET);
	uint64_t at = coff + COFF_BYTES + span_u16(image, coff + COFF_OPTIONAL_BYTES);
	struct span header, wanted = span_of(name);

	for (unsigned i = span_u16(image, coff + COFF_SECTIONS); i > 0; i--, at += SECTION_BYTES) {
		uint64_t bytes;

		if (!span_sub(image, at, SECTION_BYTES, &header))
			return false;
		/* A name of less than eight characters ends with a NUL. */
		if (memcmp(header.base, wanted.base, wanted.bytes) != 0 ||
		    (wanted.bytes < SECTION_NAME && header.base[wanted.bytes] != '\0'))
			continue;
		bytes = min_u64(span_u32(header, SECTION_MEM_BYTES), span_u32(header, SECTION_FILE_BYTES));
		return span_sub(image, span_u32(header, SECTION_VA), bytes, section) && bytes != 0;
	}
	return false;
}

static void enter(struct uefi *uefi, struct span bytes)
{
	uefi->env.files[uefi->env.file_count++] = (struct file){
		.name = span_of("initrd"), .pa = (uint64_t)(uintptr_t)bytes.base, .bytes = bytes, .donated = true,
	};
}

MUST_CHECK static enum status load(struct uefi *uefi, EFI_LOAD_FILE_INTERFACE *loader,
                                   struct fault *fault)
{
	EFI_DEVICE_PATH *path = (EFI_DEVICE_PATH *)(uintptr_t)&initrd_path.end;
	UINTN size = 0;
	EFI_STATUS status = loader->LoadFile(loader, path, FALSE, &size, NULL);
	uint64_t pa;

	if (status == EFI_NOT_FOUND || (size == 0 && (status == EFI_BUFFER_TOO_SMALL || status == EFI_SUCCESS)))
		return ST_OK;
	if (status != EFI_BUFFER_TOO_SMALL)
		return uefi_fault(status, "LoadFile()", fault);
	if (uefi_take_pages(uefi, size, size < LARGE ? PAGE : LARGE, &pa, fault) != ST_OK)
		return fault->status;
	status = loader->LoadFile(loader, path, FALSE, &size, (void *)(uintptr_t)pa);
	if (status != EFI_SUCCESS)
		return uefi_fault(status, "LoadFile()", fault);
	enter(uefi, (struct span){ (const uint8_t *)(uintptr_t)pa, size });
	return ST_OK;
}

enum status uefi_initrd(struct uefi *uefi, struct fault *fault)
{
	EFI_DEVICE_PATH *path = (EFI_DEVICE_PATH *)(uintptr_t)&initrd_path;
	EFI_LOAD_FILE_INTERFACE *loader;
	EFI_HANDLE handle;
	struct span section;

	if (uefi_section(uefi, ".initrd", &section)) {
		enter(uefi, section);
		return ST_OK;
	}
	if (uefi->table->BootServices->LocateDevicePath((EFI_GUID *)(uintptr_t)&load_file_2, &path,
	                                                &handle) != EFI_SUCCESS)
		return ST_OK;
	loader = uefi_protocol(uefi, handle, &load_file_2);
	if (loader == NULL)
		return ST_OK;
	if (load(uefi, loader, fault) != ST_OK)
		return fault_in(fault, span_of("initrd"));
	return ST_OK;
}
