/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uefi.c: from the entry of an EFI application to a filled environment, and the way back.
 *
 *     facts of the CPU ─▶ console ─▶ arena ─▶ archive, volume, options ─▶ tables, devices ─▶ boot_main()
 *
 * The memory map comes last, when the plan asks for it: everything before may allocate.
 */
#include "uefi.h"

#include <stddef.h>

#include <smalt/exit.h>

#include "arch.h"
#include "firmware.h"
#include "fwcfg.h"
#include "log.h"
#include "self.h"

static const EFI_GUID loaded_image = LOADED_IMAGE_PROTOCOL;

/* Large, and only one. */
static struct uefi uefi;

/* The entry of the image: head.ld. */
EFI_STATUS EFIAPI uefi_entry(EFI_HANDLE image, EFI_SYSTEM_TABLE *table);

/* What needs no memory; the first fault of all comes from here. */
MUST_CHECK static enum status begin(struct uefi *u, uint64_t counter, struct fault *fault)
{
	struct env *env = &u->env;

	env->path = SMALT_PATH_UEFI;
	env->machine = arch_machine();
	env->counter_start = counter;
	arch_cpu(&env->cpu);
	uefi_text_open(u);
	(void)u->table->BootServices->SetWatchdogTimer(0, 0, 0, NULL);
	u->loaded = uefi_protocol(u, u->image, &loaded_image);
	if (u->loaded == NULL)
		return fault_field(fault, ST_BAD_FIRMWARE, "EFI_LOADED_IMAGE_PROTOCOL");
	return ST_OK;
}

/* Its ports are not tried on machines that do not say that they have it. */
static bool has_fwcfg(const struct env *env)
{
	return env->fwcfg_pa != 0 || env->fwcfg_ports;
}

MUST_CHECK static enum status gather(struct uefi *u, struct fault *fault)
{
	struct env *env = &u->env;

	self_describe(env);
	uefi_protect(u);
	env->serial_kind = arch_serial(&env->serial_address);
	if (uefi_facts(u, fault) != ST_OK)
		return fault->status;
	log_open(env->serial_kind, env->serial_address);
	if (uefi_initrd(u, fault) != ST_OK ||
	    uefi_volume_open(u, fault) != ST_OK ||
	    uefi_options(u, fault) != ST_OK ||
	    (has_fwcfg(env) && fwcfg_files(env->fwcfg_pa, env, &u->arena, fault) != ST_OK))
		return fault->status;
	u->lasting_files = env->file_count;
	u->lasting_pages = u->pages;
	return ST_OK;
}

void firmware_refuse(enum status status)
{
	if (uefi.exit_when_refused)
		arch_exit(SMALT_EXIT_REFUSED);
	uefi_give_back(&uefi);
	uefi_unprotect(&uefi);
	uefi.table->BootServices->Exit(uefi.image, uefi_status(status), 0, NULL);
	arch_exit(SMALT_EXIT_REFUSED);   /* Exit() does not return */
}

EFI_STATUS EFIAPI uefi_entry(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
	uint64_t counter = arch_counter();
	struct fault fault;

	self_relocate(image_start, (uint64_t)image_start - image_link[0]);
	uefi.image = image;
	uefi.table = table;
	if (begin(&uefi, counter, &fault) != ST_OK || uefi_arena(&uefi, &fault) != ST_OK ||
	    gather(&uefi, &fault) != ST_OK) {
		log_fault(&fault);
		firmware_refuse(fault.status);
	}
	boot_main(&uefi.env, &uefi.arena);
}
