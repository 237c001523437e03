/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bridge.c: the way to tables of another number of levels, on a machine that changes it only while
 * paging is off (x86_64, requirements P3).
 *
 *     loader's map ─▶ near tables ─▶ paging off, on ─▶ far tables ─▶ kernel's map
 *
 * The page of code has its physical address on all of this way, and lies where code without paging
 * reaches it. The near tables have the jump page where the loader has it, the far ones where the kernel
 * does; neither has anything else. All of it is reclaimable.
 */
#include <stddef.h>

#include "boot.h"

enum { MAPS = 2 };

static bool needed(const struct boot *boot)
{
	const struct env *env = boot->env;

	return env->machine->bridge_limit != 0 && env->part_count != 0 && env->cpu.levels != 0 &&
	       env->cpu.levels != boot->format->levels;
}

/* At most so many: the maps have at least the root in common. */
static uint64_t tables_most(const struct format *format)
{
	return 1 + MAPS * (format->levels - 1u);
}

/* The page of code, and the jump page at this address; ascending. */
static void list(const struct boot *boot, uint64_t jump_va, struct map maps[MAPS])
{
	const struct part *jump = &boot->env->parts[0];
	uint64_t code_pa = boot->bridge.code_pa;
	unsigned first = jump_va < code_pa;

	maps[first] = (struct map){ code_pa, code_pa, boot->space.granule, SMALT_R | SMALT_X,
	                            SMALT_CACHE_WRITE_BACK };
	maps[!first] = (struct map){ jump_va, jump->pa, jump->bytes, SMALT_R | SMALT_X,
	                             SMALT_CACHE_WRITE_BACK };
}

static uint64_t near_va(const struct boot *boot)
{
	return boot->env->parts[0].pa;
}

static uint64_t far_va(const struct boot *boot)
{
	return boot->own_va[SMALT_KIND_JUMP];
}

static enum status count(const struct boot *boot, const struct format *format, uint64_t jump_va,
                         struct pagetable *pt, struct fault *fault)
{
	struct map maps[MAPS];

	list(boot, jump_va, maps);
	*pt = (struct pagetable){
		.machine = boot->env->machine, .format = format, .leaf_mask = boot->space.leaf_mask,
		.window = boot->env->window, .tables_pa = pt->tables_pa,
	};
	return pagetable_count(pt, maps, MAPS, &pt->table_count, fault);
}

/* One run for the code and the tables of both sides. */
static enum status take(struct boot *boot, const struct format *near, struct fault *fault)
{
	struct bridge *bridge = &boot->bridge;
	uint64_t page = boot->space.granule, limit = boot->env->machine->bridge_limit;
	uint64_t bytes = (1 + tables_most(near) + tables_most(boot->format)) * page;

	if (frames_take_high(&boot->frames, bytes, page, limit, SMALT_MEM_RECLAIMABLE, &bridge->code_pa,
	                     fault) != ST_OK)
		return fault->status;
	if (bridge->code_pa > limit - bytes)
		return fault_set(fault, ST_NO_MEMORY, "code below 4 GiB for other paging_levels",
		                 bridge->code_pa, limit);
	bridge->near.tables_pa = bridge->code_pa + page;
	bridge->far.tables_pa = bridge->near.tables_pa + tables_most(near) * page;
	return ST_OK;
}

enum status bridge_reserve(struct boot *boot, struct fault *fault)
{
	const struct env *env = boot->env;
	const struct format *near;
	enum status status;

	if (!needed(boot))
		return ST_OK;
	near = machine_format(env->machine, boot->format->granule_shift, env->cpu.levels);
	if (near == NULL)
		return fault_value(fault, ST_MISSING_CAPABILITY, "cpu levels", env->cpu.levels);
	status = take(boot, near, fault);
	if (status == ST_OK)
		status = count(boot, near, near_va(boot), &boot->bridge.near, fault);
	if (status == ST_OK)
		status = count(boot, boot->format, far_va(boot), &boot->bridge.far, fault);
	return status;
}

static enum status build(const struct boot *boot, uint64_t jump_va, struct pagetable *pt,
                         struct fault *fault)
{
	struct map maps[MAPS];
	struct audit_leaves leaves = { .direct_bytes = 0 };
	struct audit_tables tables = {
		.elf_machine = boot->env->machine->elf_machine,
		.granule_shift = pt->format->granule_shift, .levels = pt->format->levels,
		.window = pt->window, .tables_pa = pt->tables_pa,
		.tables_bytes = pt->table_count * boot->space.granule,
	};

	list(boot, jump_va, maps);
	pagetable_build(pt, maps, MAPS);
	tables.root_pa[0] = pt->root_pa[0];
	return audit_tables(&tables, maps, MAPS, &leaves, fault);
}

enum status bridge_build(struct boot *boot, struct fault *fault)
{
	enum status status;

	if (boot->bridge.far.table_count == 0)
		return ST_OK;
	status = build(boot, near_va(boot), &boot->bridge.near, fault);
	return status == ST_OK ? build(boot, far_va(boot), &boot->bridge.far, fault) : status;
}
