/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uefi_status.c: what a firmware is told when no entry boots: UEFI 2.10, appendix D.
 */
#include "uefi.h"

/* What stands in no row is an error in a file: EFI_LOAD_ERROR. */
static const struct { enum status status; EFI_STATUS efi; } rows[] = {
	{ ST_OK, EFI_SUCCESS },
	{ ST_INVALID, EFI_INVALID_PARAMETER },
	{ ST_NO_MEMORY, EFI_OUT_OF_RESOURCES },
	{ ST_TOO_SMALL, EFI_OUT_OF_RESOURCES },
	{ ST_MEMORY_CHANGED, EFI_OUT_OF_RESOURCES },
	{ ST_NOT_FOUND, EFI_NOT_FOUND },
	{ ST_DEVICE, EFI_DEVICE_ERROR },
	{ ST_TRUNCATED, EFI_END_OF_FILE },
	{ ST_WX, EFI_SECURITY_VIOLATION },
	{ ST_WRONG_CLASS, EFI_UNSUPPORTED },
	{ ST_WRONG_MACHINE, EFI_UNSUPPORTED },
	{ ST_MISSING_CAPABILITY, EFI_UNSUPPORTED },
	{ ST_BAD_FIRMWARE, EFI_INCOMPATIBLE_VERSION },
	{ ST_AUDIT, EFI_ABORTED },
};

EFI_STATUS uefi_status(enum status status)
{
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].status == status)
			return rows[i].efi;
	return EFI_LOAD_ERROR;
}
