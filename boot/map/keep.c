/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keep.c: memory of the caller's own as rows.
 */
#include <stddef.h>

#include "align.h"
#include "library.h"

#define KEPT "kept"             /* as whose an address of the caller's rows is in use */

static enum status check_kept(const struct smalt_space *space, uint64_t va, uint64_t pa,
                              uint64_t bytes, struct fault *fault)
{
	uint64_t granule = space->space.granule;
	uint64_t pa_end = (space->space.format->pa_mask | (granule - 1)) + 1;

	if (space->built)
		return fault_field(fault, ST_INVALID, "space whose page tables are built");
	if (((va | pa | bytes) & (granule - 1)) != 0 || bytes == 0)
		return fault_set(fault, ST_MISALIGNED, "va, pa or bytes to keep", va | pa | bytes, granule);
	if (!range_fits(pa, bytes, pa_end))
		return fault_set(fault, ST_NO_ADDRESS, "pa to keep", pa, pa_end);
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
