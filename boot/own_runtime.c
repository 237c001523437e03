/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * own_runtime.c: with efi_runtime=identity, what runtime services of UEFI need as
 * rows where va == pa: nobody moves them, because SetVirtualAddressMap() is never
 * called (requirements H9).
 */
#include "boot.h"

/* What a kernel calls runtime services by: all of it is there, or nothing is. */
static enum status check_runtime(const struct boot *boot, struct fault *fault)
{
	const struct efi *efi = &boot->env->efi;
	bool found = false;

	if (efi->system_table_pa == 0) {
		fault_field(fault, ST_BAD_CONFIG, "efi_runtime");
		fault_word(fault, span_of("identity"));
		return fault_hint(fault, "not booted from UEFI: leave it none");
	}
	if (efi->runtime_regions > ENV_RUNTIME) {
		fault_set(fault, ST_TOO_SMALL, "EFI runtime regions", efi->runtime_regions, ENV_RUNTIME);
		return fault_hint(fault, "this firmware has more than Smalt keeps: leave efi_runtime none");
	}
	for (uint32_t i = 0; i < efi->runtime_count; i++) {
		const struct runtime *runtime = &efi->runtime[i];

		found |= efi->system_table_pa - runtime->pa < runtime->bytes;
		if ((runtime->pa | runtime->bytes) & (boot->space.granule - 1)) {
			fault_set(fault, ST_MISALIGNED, "EFI runtime services", runtime->pa, boot->space.granule);
			return fault_hint(fault, "this firmware needs smaller pages, or leave efi_runtime none");
		}
		if (!(runtime->prot & SMALT_W) || !(runtime->prot & SMALT_X) || boot->settings.wx_allowed)
			continue;
		fault_value(fault, ST_WX, "EFI runtime services", runtime->pa);
		return fault_hint(fault, "the firmware does not tell its code from its data "
		                         "(EFI_MEMORY_ATTRIBUTES_TABLE): leave efi_runtime none, or write wx allow");
	}
	return found ? ST_OK : fault_value(fault, ST_BAD_FIRMWARE, "EFI system table outside of runtime memory",
	                                   efi->system_table_pa);
}

/* The index behind the last region of those that touch one another. */
static uint32_t block_end(const struct efi *efi, uint32_t first)
{
	const struct runtime *runtime = efi->runtime;

	for (first++; first < efi->runtime_count; first++)
		if (runtime[first].pa != runtime[first - 1].pa + runtime[first - 1].bytes)
			break;
	return first;
}

static enum status place_block(struct boot *boot, uint32_t first, uint32_t end, struct fault *fault)
{
	const struct runtime *runtime = boot->env->efi.runtime;
	uint64_t pa = runtime[first].pa;
	enum status status = space_claim(&boot->space, pa, runtime[end - 1].pa + runtime[end - 1].bytes - pa,
	                                 span_of("EFI runtime services"), SMALT_NONE, fault);

	if (status == ST_ADDRESS_IN_USE)
		return fault_hint(fault, "efi_runtime identity needs this address: link the object elsewhere, "
		                         "or leave efi_runtime none; direct_map identity excludes it");
	for (uint32_t i = first; status == ST_OK && i < end; i++)
		status = own_add(boot, SMALT_KIND_EFI_RUNTIME, runtime[i].bytes, runtime[i].prot,
		                 (struct own){ .va = runtime[i].pa, .pa = runtime[i].pa,
		                               .memory = runtime[i].memory }, fault);
	return status;
}

enum status own_runtime(struct boot *boot, struct fault *fault)
{
	const struct efi *efi = &boot->env->efi;
	enum status status;

	if (!boot->settings.efi_identity)
		return ST_OK;
	status = check_runtime(boot, fault);
	for (uint32_t i = 0, end; status == ST_OK && i < efi->runtime_count; i = end) {
		end = block_end(efi, i);
		status = place_block(boot, i, end, fault);
	}
	return status;
}
