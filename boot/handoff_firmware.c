/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handoff_firmware.c: the part of the handoff that passes on what a firmware told.
 *
 * Rows are what is mapped: a va is looked up there, and absent where no row has it.
 */
#include "handoff_firmware.h"

#include "align.h"
#include "mem.h"

/* The va of a physical address in a row of this kind, 0 if none has it. */
static uint64_t va_in(const struct boot *boot, uint32_t kind, uint64_t pa)
{
	const struct space *space = &boot->space;

	for (uint32_t i = 0; pa != 0 && i < space->extent_count; i++) {
		const struct smalt_extent *extent = &space->extents[i];

		if (space->rows[extent->row].kind == kind && pa - extent->pa < extent->bytes)
			return extent->va + (pa - extent->pa);
	}
	return 0;
}

static void describe_firmware_tables(const struct boot *boot, struct smalt_handoff *h)
{
	const struct env *env = boot->env;

	h->acpi_rsdp_pa = env->rsdp_pa;
	h->acpi_rsdp_va = va_in(boot, SMALT_KIND_ACPI, env->rsdp_pa);
	h->smbios_pa = env->smbios_pa;
	h->smbios_va = va_in(boot, SMALT_KIND_SMBIOS, env->smbios_pa);
	h->smbios_bytes = env->smbios_bytes;
	h->devicetree_va = boot->own_va[SMALT_KIND_DEVICETREE];
	h->devicetree_bytes = env->devicetree.bytes.bytes;
}

static void describe_framebuffer(const struct boot *boot, struct smalt_handoff *h)
{
	const struct framebuffer *f = &boot->env->framebuffer;

	if (f->bytes == 0)
		return;
	h->framebuffer_va = boot->own_va[SMALT_KIND_FRAMEBUFFER] + f->pa % boot->space.granule;
	h->framebuffer_pa = f->pa;
	h->framebuffer_bytes = f->bytes;
	h->framebuffer_width = f->width;
	h->framebuffer_height = f->height;
	h->framebuffer_pitch = f->pitch;
	h->framebuffer_format = f->format;
	memcpy(h->framebuffer_mask, f->mask, sizeof f->mask);
}

void handoff_efi_memory(const struct boot *boot, struct smalt_handoff *h, struct book *book)
{
	const struct efi *efi = &boot->env->efi;
	uint64_t bytes = (uint64_t)efi->descriptors_most * efi->descriptor_bytes;

	if (bytes)
		h->efi_memory = (struct smalt_array){ book->va + book_reserve(book, bytes), efi->descriptors,
		                                      efi->descriptor_bytes };
}

void *handoff_efi_map(const struct boot *boot)
{
	return env_pointer(boot->env, boot->handoff_pa + align_up(sizeof(struct smalt_handoff), 8));
}

static void describe_efi(const struct boot *boot, struct smalt_handoff *h, struct book *book)
{
	const struct efi *efi = &boot->env->efi;

	h->efi_system_table_pa = efi->system_table_pa;
	h->efi_system_table_va = va_in(boot, SMALT_KIND_EFI_RUNTIME, efi->system_table_pa);
	h->efi_runtime_callable = efi->callable;
	h->efi_descriptor_version = efi->descriptor_version;
	if (efi->attributes.bytes)
		h->efi_attributes = book_put_array(book, efi->attributes.base,
		                                   (uint32_t)(efi->attributes.bytes / efi->attribute_bytes),
		                                   efi->attribute_bytes);
}

static void describe_serial(const struct boot *boot, struct smalt_handoff *h)
{
	const struct env *env = boot->env;

	h->serial_kind = env->serial_kind;
	if (env->serial_kind == SMALT_SERIAL_8250_PORT) {
		h->serial_port = (uint32_t)env->serial_address;
	} else if (env->serial_kind == SMALT_SERIAL_PL011) {
		h->serial_pa = env->serial_address;
		h->serial_va = boot->own_va[SMALT_KIND_SERIAL] +
		               env->serial_address % boot->space.granule;
	}
}

void handoff_firmware(const struct boot *boot, struct smalt_handoff *h, struct book *book)
{
	const struct env *env = boot->env;

	describe_firmware_tables(boot, h);
	describe_framebuffer(boot, h);
	describe_efi(boot, h, book);
	describe_serial(boot, h);
	h->entropy_source = env->entropy_source;
	h->entropy_bytes = (uint32_t)env->entropy.bytes;
	h->entropy_va = book_put_blob(book, env->entropy);
	h->counter_kind = env->machine->counter_kind;
	h->counter_hz = env->cpu.counter_hz;
	h->psci_conduit = env->psci_conduit;
	h->wall_clock = env->wall_clock;
	h->boot_cpu = env->cpu.id;
}
