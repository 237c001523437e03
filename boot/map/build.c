/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * build.c: page tables of everything that is in the space, and a look at what there is.
 */
#include <stddef.h>

#include "audit.h"
#include "library.h"
#include "pagetable.h"

static enum status take_tables(struct smalt_space *space, struct pagetable *pt, struct map **maps,
                               uint32_t *count, struct fault *fault)
{
	uint64_t granule = space->space.granule;
	enum status status;

	*count = space_maps(&space->space, NULL);
	*maps = arena_take(&space->arena, *count, sizeof **maps, "maps", fault);
	if (*maps == NULL)
		return fault->status;
	space_maps(&space->space, *maps);
	*pt = (struct pagetable){
		.machine = space->space.machine, .format = space->space.format,
		.leaf_mask = space->space.leaf_mask, .window = space->window,
	};
	status = pagetable_count(pt, *maps, *count, &pt->table_count, fault);
	if (status != ST_OK)
		return status;
	return frames_take_high(&space->frames, pt->table_count * granule, granule,
	                        pt->machine->loader_limit, SMALT_MEM_TABLES, &pt->tables_pa, fault);
}

static enum status audit(const struct smalt_space *space, const struct pagetable *pt,
                         const struct map *maps, uint32_t count, struct fault *fault)
{
	struct audit_tables tables = {
		.elf_machine = pt->machine->elf_machine, .granule_shift = pt->format->granule_shift,
		.levels = pt->format->levels, .window = pt->window,
		.root_pa = { pt->root_pa[0], pt->root_pa[1] }, .tables_pa = pt->tables_pa,
		.tables_bytes = pt->table_count * space->space.granule,
	};
	struct audit_leaves leaves = { .direct_bytes = 0 };

	return audit_tables(&tables, maps, count, &leaves, fault);
}

static enum status build(struct smalt_space *space, uint64_t root_pa[2], struct fault *fault)
{
	struct pagetable pt;
	struct map *maps;
	uint32_t count;
	enum status status;

	if (space->built)
		return fault_field(fault, ST_INVALID, "space whose page tables are built");
	status = take_tables(space, &pt, &maps, &count, fault);
	if (status != ST_OK)
		return status;
	pagetable_build(&pt, maps, count);
	status = audit(space, &pt, maps, count, fault);
	if (status != ST_OK) {
		frames_give(&space->frames, pt.tables_pa, pt.table_count * space->space.granule);
		return status;
	}
	space_leaves(&space->space);
	space->built = true;
	root_pa[0] = pt.root_pa[0];
	root_pa[1] = pt.root_pa[1];
	return ST_OK;
}

uint32_t smalt_tables(struct smalt_space *space, uint64_t root_pa[2], struct smalt_fault *fault)
{
	struct arena before = space->arena;
	struct fault inner;
	enum status status = build(space, root_pa, &inner);

	space->arena = before;
	return fault_publish(status, &inner, fault);
}

const struct smalt_row *smalt_rows(const struct smalt_space *space, uint32_t *count)
{
	*count = space->space.row_count;
	return space->space.rows;
}

const struct smalt_extent *smalt_extents(const struct smalt_space *space, uint32_t *count)
{
	*count = space->space.extent_count;
	return space->space.extents;
}

const struct smalt_object *smalt_objects(const struct smalt_space *space, uint32_t *count)
{
	*count = space->object_count;
	return space->objects;
}

const struct smalt_memory *smalt_taken(const struct smalt_space *space, uint32_t *count)
{
	*count = space->frames.taken.count;
	return space->frames.taken.ranges;
}
