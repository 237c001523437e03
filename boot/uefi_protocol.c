/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uefi_protocol.c: how the firmware is asked for its protocols (UEFI 2.10, 7.3), and what a call that
 * failed becomes.
 */
#include "uefi.h"

#include <stddef.h>

void *uefi_protocol(const struct uefi *u, EFI_HANDLE handle, const EFI_GUID *guid)
{
	void *protocol = NULL;

	if (handle == NULL || u->table->BootServices->HandleProtocol(handle, (EFI_GUID *)(uintptr_t)guid,
	                                                             &protocol) != EFI_SUCCESS)
		return NULL;
	return protocol;
}

void *uefi_locate(const struct uefi *u, const EFI_GUID *guid)
{
	void *protocol = NULL;

	if (u->table->BootServices->LocateProtocol((EFI_GUID *)(uintptr_t)guid, NULL, &protocol) != EFI_SUCCESS)
		return NULL;
	return protocol;
}

bool uefi_is_node(const EFI_DEVICE_PATH *node)
{
	return node != NULL && !IsDevicePathEndType(node) && DevicePathNodeLength(node) >= (int)sizeof *node;
}

enum status uefi_fault(EFI_STATUS status, const char *what, struct fault *fault)
{
	return fault_value(fault, ST_DEVICE, what, status & ~EFI_ERROR_MASK);
}
