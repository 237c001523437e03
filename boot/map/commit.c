/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * commit.c: what was planned becomes part of the space.
 *
 * Room is checked first, then frames are taken behind a part that is not yet the space's; only
 * when nothing can fail any more is anything of the space changed.
 */
#include <stddef.h>

#include "align.h"
#include "check.h"
#include "frames_saved.h"
#include "library.h"
#include "record.h"

static enum status check_room(const struct smalt_space *space, const struct planned *p,
                              struct fault *fault)
{
	const struct space *s = &space->space;

	if (space->built)
		return fault_field(fault, ST_INVALID, "space whose page tables are built");
	if (p->count > s->row_capacity - s->row_count)
		return fault_set(fault, ST_NO_MEMORY, "rows", (uint64_t)s->row_count + p->count,
		                 s->row_capacity);
	return ST_OK;
}

/* The object's rows as a space of their own. */
static enum status make_part(const struct smalt_space *space, const struct planned *p,
                             struct space *part, struct arena *arena, struct fault *fault)
{
	uint32_t left = space->space.extent_capacity - space->space.extent_count;

	*part = space->space;
	part->rows = p->rows;
	part->row_count = part->row_capacity = p->count;
	part->extent_count = 0;
	part->extent_capacity = left;
	part->extents = arena_pages(arena, left * sizeof *part->extents, 16, "extents", fault);
	return part->extents != NULL ? ST_OK : fault->status;
}

static uint32_t row_at(const struct space *space, uint64_t va)
{
	uint32_t low = 0, high = space->row_count;

	while (low + 1 < high) {
		uint32_t middle = low + (high - low) / 2;

		if (space->rows[middle].va <= va)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Extents name their rows by index: those of the part by the index that the rows have now. */
static void enter(struct smalt_space *space, const struct planned *p, const struct space *part)
{
	struct fault none;

	CHECK(place_enter(&space->space, &p->place, p->rows, p->count, &p->placement, &none) == ST_OK);
	space_sort_rows(&space->space);
	for (uint32_t i = 0; i < part->extent_count; i++) {
		struct smalt_extent extent = part->extents[i];

		extent.row = row_at(&space->space, part->rows[extent.row].va);
		CHECK(space_add_extent(&space->space, &extent, &none) == ST_OK);
	}
	space_sort_extents(&space->space);
}

/* The reservations belong to an object now. */
static void use_reservations(struct smalt_space *space, uint64_t tag)
{
	for (uint32_t i = 0; i < space->reservation_count; i++)
		if (tag != SMALT_CLAIM_TAKEN && space->reservations[i].tag == tag)
			space->reservations[i].tag = SMALT_CLAIM_TAKEN;
}

static void note_object(struct smalt_space *space, const struct planned *p)
{
	bool relocated = (p->request->flags & SMALT_MAP_RELOCATE) ||
	                 (p->prepared != NULL && p->prepared->relocated);
	uint32_t role = p->request->flags & SMALT_MAP_ENTRY ? SMALT_ROLE_KERNEL : SMALT_ROLE_MAP;
	struct smalt_object *record = &space->objects[space->object_count++];

	*record = record_of(p->object, &p->placement,
	                    p->request->flags & SMALT_MAP_INTERPRET ? role : SMALT_ROLE_RAW, relocated);
	record->tls_module = p->link->tls_module;
	record->tls_offset = p->link->tls_offset;
	record->instance = p->request->instance;
	for (uint32_t i = 0; i < p->count; i++)
		record_row(record, p->object, &p->rows[i]);
	/* Others look for its symbols in whole segments. */
	p->link->object.segments = p->whole;
	p->link->object.segment_count = p->whole_count;
	use_reservations(space, p->request->reservation);
	if (p->prepared != NULL)
		prepared_used(p->prepared, p->request->flags);
}

/* What is only needed until then lies behind what stays, and is overwritten by the next call. */
enum status commit_make(struct smalt_space *space, struct planned *p, struct fault *fault)
{
	struct linkage set = link_set(space, NULL);
	struct arena scratch = space->arena;
	struct colors colors = space->colors;
	struct frames_saved saved;
	struct space part;
	enum status status = check_room(space, p, fault);

	if (status == ST_OK)
		status = make_part(space, p, &part, &scratch, fault);
	if (status == ST_OK)
		status = frames_save(&space->frames, &saved, &scratch, fault);
	if (status != ST_OK)
		return fault_in(fault, p->object->name);
	status = back_rows(space, p, &part, &scratch, fault);
	if (status != ST_OK) {
		frames_restore(&space->frames, &saved);
		space->colors = colors;
		return fault_in(fault, p->object->name);
	}
	if (part.colors != NULL)
		space_colors(&part);
	fill_rows(space, p);
	if (p->link->relocate)
		relocate_execute(&set, &p->filled, space->window);
	enter(space, p, &part);
	note_object(space, p);
	return ST_OK;
}
