/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * format.c: which of the machine's page tables a kernel gets: the size of a page and the number of
 * levels that somebody asks for, or what nobody chooses.
 */
#include <stddef.h>

#include "boot.h"

const struct format *machine_format(const struct machine *machine, uint32_t granule_shift,
                                    uint32_t levels)
{
	const struct format *const *other = machine->others, *format = machine->format;

	while (format && ((granule_shift != 0 && format->granule_shift != granule_shift) ||
	                  (levels != 0 && format->levels != levels)))
		format = other ? *other++ : NULL;
	return format;
}

/* A foreign kernel builds its own. */
enum status format_choose(struct boot *boot, struct fault *fault)
{
	const struct machine *machine = boot->env->machine;
	const struct config_entry *settings = &boot->settings;
	uint32_t shift = settings->granule_shift, levels = settings->paging_levels;

	boot->format = machine->format;
	if (boot->protocol || (shift == 0 && levels == 0))
		return ST_OK;
	boot->format = machine_format(machine, shift, levels);
	if (boot->format)
		return ST_OK;
	if (machine_format(machine, shift, 0))
		return fault_set(fault, ST_MISSING_CAPABILITY, "paging_levels", levels, machine->format->levels);
	return fault_set(fault, ST_MISSING_CAPABILITY, "granule_shift", shift, machine->format->granule_shift);
}

uint32_t format_leaves(const struct boot *boot)
{
	const struct format *known = boot->env->machine->format;

	if (boot->format->granule_shift == known->granule_shift)
		return boot->env->cpu.leaf_mask;
	return (1u << boot->format->leaf_count) - 1;
}
