/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * build.c: memory of the caller as rows, and page tables of everything.
 */
#include <stddef.h>

#include "align.h"
#include "audit.h"
#include "check.h"
#include "library.h"
#include "pagetable.h"

#define KEPT "kept"             /* as whose an address of the caller's rows is in use */

static enum status check_kept(const struct smalt_space *space, uint64_t va, uint64_t pa,
                              uint64_t bytes, struct fault *fault)
{
	uint64_t granule = space->space.granule;

	if (space->built)
		return fault_field(fault, ST_INVALID, "space whose page tables are built");
	if (((va | pa | bytes) & (granule - 1)) != 0 || bytes == 0)
		return fault_set(fault, ST_MISALIGNED, "va, pa or bytes to keep", va | pa | bytes, granule);
	if (range_wraps(pa, bytes))
		return fault_set(fault, ST_OVERFLOW, "bytes to keep", bytes, UINT64_MAX - pa);
	return ST_OK;
}

/* Kept free for an object, or an object's by now. */
static bool is_reserved(const struct smalt_space *space, uint64_t va, uint64_t bytes)
{
	for (uint32_t i = 0; i < space->reservation_count; i++) {
		const struct reserve *kept = &space->reservations[i].addresses;

		if (va <= kept->va + (kept->bytes - 1) && kept->va <= va + (bytes - 1))
			return true;
	}
	return false;
}

/* Rows of the caller's own may touch, and lie in one claim: the rows themselves are disjoint. */
static enum status check_disjoint(const struct space *s, uint64_t va, uint64_t bytes,
                                  struct fault *fault)
{
	for (uint32_t i = 0; i < s->row_count; i++) {
		if (space_first_page(s, &s->rows[i]) >= va + bytes || va >= space_end_page(s, &s->rows[i]))
			continue;
		(void)fault_value(fault, ST_ADDRESS_IN_USE, "virtual address", va);
		return fault_word(fault, span_of(KEPT));
	}
	return ST_OK;
}

/* Claimed by the caller for itself, or free: then it is claimed now. */
static enum status claim_kept(struct smalt_space *space, uint64_t va, uint64_t bytes,
                              struct fault *fault)
{
	struct space *s = &space->space;
	uint32_t at = ranges_behind(&s->used, va);

	if (at != 0 && s->claims[at].object == LIBRARY_CALLER && ranges_hold(&s->used, va, bytes) &&
	    !is_reserved(space, va, bytes))
		return check_disjoint(s, va, bytes, fault);
	return space_claim(s, va, bytes, span_of(KEPT), LIBRARY_CALLER, fault);
}

static enum status check_rights(const struct space *s, uint32_t prot, uint32_t memory,
                                struct fault *fault)
{
	if (prot == 0 || prot > 7 || s->format->prot[prot] == FORMAT_REFUSED ||
	    (prot & (SMALT_W | SMALT_X)) == (SMALT_W | SMALT_X))
		return fault_value(fault, ST_WX, "prot", prot);
	if (memory >= MACHINE_CACHES)
		return fault_set(fault, ST_INVALID, "memory", memory, MACHINE_CACHES - 1);
	return ST_OK;
}

static enum status keep(struct smalt_space *space, const struct smalt_row *row, uint64_t pa,
                        uint32_t memory, struct fault *fault)
{
	struct space *s = &space->space;
	struct smalt_extent extent = {
		.va = row->va, .pa = pa, .bytes = row->mem_bytes, .prot = row->prot, .memory = memory,
		.backing = SMALT_BACKING_DEVICE, .color = SMALT_NONE,
	};
	enum status status = check_kept(space, row->va, pa, row->mem_bytes, fault);

	if (status == ST_OK)
		status = check_rights(s, row->prot, memory, fault);
	if (status == ST_OK && s->row_count == s->row_capacity)
		status = fault_value(fault, ST_NO_MEMORY, "rows", s->row_capacity);
	if (status == ST_OK && s->extent_count == s->extent_capacity)
		status = fault_value(fault, ST_NO_MEMORY, "extents", s->extent_capacity);
	if (status == ST_OK)
		status = claim_kept(space, row->va, row->mem_bytes, fault);
	if (status == ST_OK)
		status = space_add_rows(s, row, 1, fault);
	if (status != ST_OK)
		return status;
	extent.row = s->row_count - 1;
	status = space_add_extent(s, &extent, fault);
	space_sort_rows(s);
	space_sort_extents(s);
	return status;
}

uint32_t smalt_keep(struct smalt_space *space, uint64_t va, uint64_t pa, uint64_t bytes,
                    uint32_t prot, uint32_t memory, struct smalt_fault *fault)
{
	struct smalt_row row = {
		.va = va, .mem_bytes = bytes, .prot = prot, .kind = SMALT_KIND_CALLER,
		.object = SMALT_NONE, .segment = SMALT_NONE, .color = SMALT_NONE,
	};
	struct fault inner;

	return fault_publish(keep(space, &row, pa, memory, &inner), &inner, fault);
}

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
		.elf_machine = pt->machine->elf_machine, .window = pt->window,
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
	space_leaves(&space->space);
	space->built = true;
	root_pa[0] = pt.root_pa[0];
	root_pa[1] = pt.root_pa[1];
	return audit(space, &pt, maps, count, fault);
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
