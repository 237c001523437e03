/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tables.c: the kernel's page tables: every row and the direct map in one
 * ascending list, counted, built in frames that lie together or in colors of their own, audited.
 */
#include <stddef.h>

#include "boot.h"
#include "directmap.h"
#include "mem.h"
#include "partition.h"

/* The direct map is one block of addresses that no row is in: before, it, behind. */
static void merge(struct boot *boot, const struct map *rows, uint32_t row_count,
                  const struct map *direct, uint32_t direct_count)
{
	uint32_t below = 0;

	while (below < row_count && rows[below].va < boot->direct_map_va)
		below++;
	memcpy(boot->maps, rows, below * sizeof *rows);
	memcpy(boot->maps + below, direct, direct_count * sizeof *rows);
	memcpy(boot->maps + below + direct_count, rows + below, (row_count - below) * sizeof *rows);
	boot->map_count = row_count + direct_count;
}

static enum status make_maps(struct boot *boot, struct fault *fault)
{
	uint32_t row_count = space_maps(&boot->space, NULL);
	uint32_t direct_count = boot->memory->count + 2 * boot->space.extent_count;
	struct map *rows, *direct;

	rows = arena_take(boot->arena, row_count, sizeof *rows, "maps", fault);
	direct = arena_take(boot->arena, direct_count, sizeof *direct, "maps", fault);
	boot->maps = arena_take(boot->arena, (uint64_t)row_count + direct_count, sizeof *rows, "maps",
	                        fault);
	if (!rows || !direct || !boot->maps)
		return ST_NO_MEMORY;
	space_maps(&boot->space, rows);
	if (boot->direct_map_bytes == 0) {
		direct_count = 0;
	} else {
		enum status status = directmap_maps(&boot->space, boot->memory,
		                                    boot->direct_map_va, direct, &direct_count,
		                                    boot->arena, fault);
		if (status != ST_OK)
			return status;
	}
	merge(boot, rows, row_count, direct, direct_count);
	return ST_OK;
}

/* In one piece, wherever it lies; what has not its color is counted. */
static enum status take_any(struct boot *boot, struct fault *fault)
{
	struct colors *colors = boot->space.colors;
	struct pagetable *pt = &boot->pt;
	uint64_t granule = boot->space.granule;

	if (frames_take_high(&boot->frames, boot->tables_bytes, granule, own_limit(boot),
	                     SMALT_MEM_TABLES, &pt->tables_pa, fault) != ST_OK)
		return fault->status;
	for (uint64_t at = 0; colors && at < boot->tables_bytes; at += granule)
		colors->missed_mask += !(colors->tables_mask >> color_of(colors, pt->tables_pa + at) & 1);
	return ST_OK;
}

/* They begin with a color that is not crowded. */
static bool take_spread(struct boot *boot)
{
	struct colors *colors = boot->space.colors;
	struct ranges_wish wish = { own_limit(boot), boot->tables_bytes, colors_way(colors), 0 };
	struct footprint footprint = { 0 };
	uint32_t turn;

	colors_add(colors, &footprint, 0, boot->tables_bytes);
	turn = colors_turn(colors, &footprint, 1);
	colors_give(colors, &footprint, turn);
	wish.phase = turn * boot->space.granule;
	return frames_try_high(&boot->frames, &wish, SMALT_MEM_TABLES, &boot->pt.tables_pa);
}

/* They lie apart, in colors of their own. */
static bool take_parted(struct boot *boot)
{
	const struct colors *colors = boot->space.colors;
	struct pagetable *pt = &boot->pt;

	uint64_t bytes;

	if (!partition_tables(colors, &boot->frames, pt->table_count, own_limit(boot), &pt->tables_pa,
	                      &bytes))
		return false;
	boot->tables_bytes = bytes;
	pt->color_mask = colors->tables_mask;
	pt->color_count = colors->count;
	return true;
}

static enum status take_tables(struct boot *boot, struct fault *fault)
{
	const struct colors *colors = boot->space.colors;
	struct pagetable *pt = &boot->pt;
	enum status status;

	*pt = (struct pagetable){
		.machine = boot->env->machine, .format = boot->space.format,
		.leaf_mask = boot->space.leaf_mask, .window = boot->env->window,
	};
	status = pagetable_count(pt, boot->maps, boot->map_count, &pt->table_count, fault);
	if (status != ST_OK)
		return status;
	boot->tables_bytes = pt->table_count * boot->space.granule;
	if (colors && colors->policy == SMALT_COLOR_SPREAD && take_spread(boot))
		return ST_OK;
	if (colors && colors_narrow(colors, colors->tables_mask)) {
		if (take_parted(boot))
			return ST_OK;
		if (colors->strict)
			return partition_refuse(boot->tables_bytes, fault);
	}
	return take_any(boot, fault);
}

static enum status audit(struct boot *boot, struct fault *fault)
{
	const struct pagetable *pt = &boot->pt;
	struct audit_tables tables = {
		.elf_machine = boot->env->machine->elf_machine,
		.granule_shift = pt->format->granule_shift,
		.levels = pt->format->levels,
		.root_pa = { pt->root_pa[0], pt->root_pa[1] },
		.window = pt->window,
		.tables_pa = pt->tables_pa,
		.tables_bytes = boot->tables_bytes,
	};

	boot->leaves = (struct audit_leaves){
		.direct_va = boot->direct_map_va, .direct_bytes = boot->direct_map_bytes,
	};
	return audit_tables(&tables, boot->maps, boot->map_count, &boot->leaves, fault);
}

enum status tables_reserve(struct boot *boot, struct fault *fault)
{
	enum status status = make_maps(boot, fault);

	return status == ST_OK ? take_tables(boot, fault) : status;
}

enum status tables_build(struct boot *boot, struct fault *fault)
{
	pagetable_build(&boot->pt, boot->maps, boot->map_count);
	space_leaves(&boot->space);
	return audit(boot, fault);
}
