/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uefi_leave.c: the commit point under UEFI (2.10, 7.4): GetMemoryMap() and
 * ExitBootServices() with nothing between, again while the map changes under us. Before the first
 * try everything can still be refused; after it there is neither console nor file.
 */
#include "uefi.h"

#include <smalt/exit.h>

#include "arch.h"
#include "boot.h"
#include "check.h"
#include "efi_memory.h"
#include "firmware.h"
#include "handoff_firmware.h"
#include "log.h"
#include "self.h"

enum { PAGE = 4096 };

/* Whom the loader goes on in, on its own map and stack. */
struct leaving {
	struct uefi *uefi;
	struct boot *boot;
	void (*next)(struct boot *boot);
};

static EFI_STATUS get_last_map(struct uefi *uefi, UINTN *key)
{
	struct efi *efi = &uefi->env.efi;
	UINTN size = (UINTN)efi->descriptors_most * efi->descriptor_bytes, descriptor_bytes;
	UINT32 version;
	EFI_STATUS status = uefi->table->BootServices->GetMemoryMap(&size, efi->map, key,
	                                                            &descriptor_bytes, &version);

	if (status == EFI_SUCCESS)
		efi->descriptors = (uint32_t)(size / efi->descriptor_bytes);
	return status;
}

/* A test makes the key stale, as a timer of the firmware may. */
static void spoil(struct uefi *uefi)
{
	void *pool;

	if (uefi->spoil_exits == 0)
		return;
	uefi->spoil_exits--;
	(void)uefi->table->BootServices->AllocatePool(EfiLoaderData, PAGE, &pool);
}

static const char asking[] = "GetMemoryMap()", leaving_it[] = "ExitBootServices()";

/* *tried: nothing but these two calls is allowed any more. *call: the last one. */
static EFI_STATUS exit_services(struct uefi *uefi, bool *tried, const char **call)
{
	EFI_STATUS status = EFI_SUCCESS;
	UINTN key;

	*tried = false;
	for (unsigned i = 0; i < UEFI_EXIT_TRIES; i++) {
		*call = asking;
		status = get_last_map(uefi, &key);
		if (status != EFI_SUCCESS)
			return status;
		spoil(uefi);
		*tried = true;
		*call = leaving_it;
		status = uefi->table->BootServices->ExitBootServices(uefi->image, key);
		if (status == EFI_SUCCESS)
			break;
	}
	return status;
}

/* The firmware is half gone: a line on the port itself, then the machine ends. */
_Noreturn static void give_up(struct uefi *uefi, EFI_STATUS status, const char *call)
{
	struct fault fault;

	uefi_text_close();
	(void)uefi_fault(status, call, &fault);
	if (call == leaving_it)
		(void)fault_hint(&fault, "the firmware's memory map never stood still: report it to its authors");
	log_fault(&fault);
	if (!uefi->exit_when_refused)
		uefi->table->RuntimeServices->ResetSystem(EfiResetCold, status, 0, NULL);
	arch_exit(SMALT_EXIT_REFUSED);
}

static void go_on(void *argument)
{
	struct leaving *leaving = argument;
	struct env *env = &leaving->uefi->env;
	struct span map = { env->efi.map, (uint64_t)env->efi.descriptors * env->efi.descriptor_bytes };
	struct fault none;

	env->memory.count = 0;
	CHECK(efi_memory_add(&env->memory, map, env->efi.descriptor_bytes, false, &none) == ST_OK);
	CHECK(memmap_finish(&env->memory, PAGE, &none) == ST_OK);
	leaving->next(leaving->boot);
}

void firmware_leave(struct boot *boot, void (*next)(struct boot *boot))
{
	static struct leaving leaving;
	static struct pagetable own;
	struct uefi *uefi = uefi_of(boot->env);
	struct fault fault;
	const char *call;
	EFI_STATUS status;
	bool tried;

	leaving = (struct leaving){ uefi, boot, next };
	if (boot_handoff(boot) != NULL)      /* the kernel gets what the firmware writes */
		uefi->env.efi.map = handoff_efi_map(boot);
	if (self_map_build(boot->env, boot->arena, &own, &fault) != ST_OK) {
		log_fault(&fault);
		firmware_refuse(fault.status);
	}
	arch_clean((uint64_t)image_start, self_bytes());
	status = exit_services(uefi, &tried, &call);
	if (status != EFI_SUCCESS && !tried) {
		(void)uefi_fault(status, call, &fault);
		log_fault(&fault);
		firmware_refuse(ST_DEVICE);
	}
	if (status != EFI_SUCCESS)
		give_up(uefi, status, call);
	uefi_text_close();
	arch_alone(&own, go_on, &leaving);
}
