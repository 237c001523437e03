/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * format.c: which of the machine's page tables a kernel gets: the size of a page and the number of
 * levels that somebody asks for, or what nobody chooses.
 */
#include <stddef.h>

#include "align.h"
#include "boot.h"
#include "fmt.h"
#include "mem.h"

const struct format *machine_format(const struct machine *machine, uint32_t granule_shift,
                                    uint32_t levels)
{
	const struct format *const *other = machine->others, *format = machine->format;

	while (format && ((granule_shift != 0 && format->granule_shift != granule_shift) ||
	                  (levels != 0 && format->levels != levels)))
		format = other ? *other++ : NULL;
	return format;
}

/* Whoever has no such pages is named, and so are they: "64K". */
static enum status refuse_pages(uint32_t shift, const char *who, struct fault *fault)
{
	char word[sizeof fault->word];
	struct text text = { word, sizeof word, 0 };

	if (shift >= 10 && shift < 30)
		fmt(&text, "%s has no pages of %uK", who, 1u << (shift - 10));
	else
		fmt(&text, "%s has no such pages", who);
	fault_value(fault, ST_MISSING_CAPABILITY, "log2 of a page", shift);
	return fault_word(fault, (struct span){ (const uint8_t *)word, text.length });
}

static bool cpu_has(const struct boot *boot, uint32_t shift)
{
	return shift == boot->env->machine->format->granule_shift || (boot->env->cpu.granules >> shift & 1);
}

/* What is not known of the CPU is as the machine has it. */
static uint32_t levels_most(const struct env *env)
{
	uint64_t known = max_u64(env->cpu.levels, env->cpu.levels_most);

	return (uint32_t)max_u64(known, env->machine->format->levels);
}

static enum status refuse_levels(const struct boot *boot, uint32_t levels, struct fault *fault)
{
	fault_set(fault, ST_MISSING_CAPABILITY, "paging_levels", levels, levels_most(boot->env));
	return fault_in(fault, boot->objects[0].object.name);
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
	boot->format = machine_format(machine, shift != 0 ? shift : machine->format->granule_shift, levels);
	if (!machine_format(machine, shift, 0))
		return refuse_pages(shift, machine->name, fault);
	if (!boot->format && levels <= levels_most(boot->env)) {
		fault_set(fault, ST_BAD_CONFIG, "paging_levels of such pages", levels,
		          machine_format(machine, shift, 0)->levels);
		fault_hint(fault, "larger pages have levels of their own: leave paging_levels out");
		return fault_in(fault, boot->objects[0].object.name);
	}
	if (!boot->format || boot->format->levels > levels_most(boot->env))
		return refuse_levels(boot, levels, fault);
	return cpu_has(boot, boot->format->granule_shift) ? ST_OK : refuse_pages(shift, "this CPU", fault);
}

uint32_t format_leaves(const struct boot *boot)
{
	const struct format *known = boot->env->machine->format;

	if (boot->format->granule_shift == known->granule_shift)
		return boot->env->cpu.leaf_mask;
	return (1u << boot->format->leaf_count) - 1;
}

/* A page that several types share has the strongest of them, as memmap.h says. */
enum status format_memory(struct boot *boot, struct fault *fault)
{
	const struct memmap *exact = &boot->env->memory;
	struct memmap *whole;

	boot->memory = exact;
	if (boot->format->granule_shift == boot->env->machine->format->granule_shift)
		return ST_OK;
	whole = arena_take(boot->arena, 1, sizeof *whole, "memory map", fault);
	if (!whole || memmap_init(whole, 2 * exact->count, boot->arena, fault) != ST_OK)
		return fault->status;
	memcpy(whole->ranges, exact->ranges, exact->count * sizeof *exact->ranges);
	whole->count = exact->count;
	boot->memory = whole;
	return memmap_finish(whole, 1ull << boot->format->granule_shift, fault);
}
