/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * firmware.c: the devicetree that a firmware hands over beside, or instead of, ACPI tables. It says where
 * the devices are; about memory only the firmware's own map counts.
 */
#include "arch.h"

#include <stddef.h>

#include "devicetree.h"

enum { RANGES = 512 };

/* Beside ACPI a devicetree may be a part of one: what it leaves out stays as ACPI told it. */
static void take_told(struct env *env, const struct env *told)
{
	env->devicetree = told->devicetree;
	env->entropy = told->entropy;
	env->entropy_source = told->entropy_source;
	env->cpu.hypervisor |= told->cpu.hypervisor;
	for (unsigned i = 0; i < GEOMETRY_LEVELS; i++)
		if (told->cpu.caches[i].source != SMALT_CACHE_FROM_NOBODY)
			env->cpu.caches[i] = told->cpu.caches[i];
	if (told->psci_conduit != SMALT_PSCI_NONE)
		env->psci_conduit = told->psci_conduit;
	if (told->fwcfg_pa != 0)
		env->fwcfg_pa = told->fwcfg_pa;
	if (told->serial_kind == SMALT_SERIAL_NONE)
		return;
	env->serial_kind = told->serial_kind;
	env->serial_address = told->serial_address;
}

enum status arch_firmware_devicetree(uint64_t tree_pa, struct env *env, struct arena *arena,
                                     struct fault *fault)
{
	const void *at = (const void *)(uintptr_t)tree_pa;
	struct span tree = { at, tree_pa == 0 ? 0 : devicetree_bytes(at) };
	struct env *told;

	if (tree_pa == 0)
		return ST_OK;
	if (tree.bytes == 0)
		return fault_value(fault, ST_BAD_DEVICETREE, "address of the devicetree", tree_pa);
	told = arena_take(arena, 1, sizeof *told, "devicetree", fault);
	if (told == NULL || memmap_init(&told->memory, RANGES, arena, fault) != ST_OK ||
	    devicetree_read(tree, told, fault) != ST_OK)
		return fault->status;
	take_told(env, told);
	return devicetree_keep(env, arena, fault);
}

/* Every machine describes its console. */
uint32_t arch_serial(uint64_t *address)
{
	*address = 0;
	return SMALT_SERIAL_NONE;
}
