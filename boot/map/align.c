/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * align.c: the page on which file bytes and zero fill meet becomes an extent (requirements S4, S5).
 *
 *     before   |file file fi|zero zero|
 *     after    |file file|fi..|   zero|     the page of both is one frame, an entry of its own
 */
#include <stddef.h>

#include "align.h"
#include "frames_saved.h"
#include "segments.h"

/* Does a page of the entry have file bytes and zero fill? */
static bool has_mixed_page(const struct smalt_prepared *prepared, const struct smalt_segment *segment)
{
	uint64_t end = segment->va + segment->file_bytes;

	return segment->file_bytes != 0 && segment->file_bytes != segment->mem_bytes &&
	       (end & (prepared->space->space.granule - 1)) != 0;
}

/* Cuts the mixed page off: true if the entry that has it is the next one now. */
static bool cut_mixed_page(struct smalt_prepared *prepared, uint32_t at)
{
	struct smalt_segment *body = &prepared->segments[at], page = *body;
	uint64_t start = align_down(body->va + body->file_bytes, prepared->space->space.granule);

	if (start <= body->va)
		return false;
	page.va = start;
	page.mem_bytes -= start - body->va;
	page.file_bytes -= start - body->va;
	page.file_offset += start - body->va;
	body->mem_bytes = body->file_bytes = start - body->va;
	segments_insert(prepared, at, page);
	return true;
}

/* Is the mixed page nobody else's? What is shared is put together when it is mapped. */
static bool can_align(const struct smalt_prepared *prepared, uint32_t at)
{
	const struct smalt_segment *segment = &prepared->segments[at];
	uint64_t granule = prepared->space->space.granule;
	uint64_t page = align_down(segment->va + segment->file_bytes, granule);

	if (!has_mixed_page(prepared, segment))
		return false;
	if (at > 0 && segment[-1].va + segment[-1].mem_bytes > page)
		return false;
	return at + 1 == prepared->count || segment[1].va >= page + granule;
}

static enum status take_all(struct smalt_prepared *prepared, uint64_t *pas, struct fault *fault)
{
	uint64_t granule = prepared->space->space.granule;

	for (uint32_t i = 0; i < prepared->count; i++) {
		if (!can_align(prepared, i))
			continue;
		if (frames_take(&prepared->space->frames, granule, granule, 0, SMALT_MEM_OBJECT, pas++,
		                fault) != ST_OK)
			return segments_fault(prepared, &prepared->segments[i],
			                      "frame for the page where zeros begin", fault);
	}
	return ST_OK;
}

static void align_all(struct smalt_prepared *prepared, const uint64_t *pas, bool seal)
{
	for (uint32_t i = 0; i < prepared->count; i++) {
		if (!can_align(prepared, i))
			continue;
		if (cut_mixed_page(prepared, i))
			i++;
		segments_give(prepared, i, *pas++);
		if (seal)
			prepared->segments[i].flags |= SMALT_SEGMENT_SEALED;
	}
}

/* Work that can fail comes first; fields change when nothing can. */
static enum status align(struct smalt_prepared *prepared, bool seal, struct arena *scratch,
                         struct fault *fault)
{
	struct smalt_space *space = prepared->space;
	struct frames_saved saved;
	uint64_t *pas = arena_take(scratch, prepared->count, sizeof *pas, "segments", fault);
	enum status status;

	if (pas == NULL || frames_save(&space->frames, &saved, scratch, fault) != ST_OK)
		return fault->status;
	status = take_all(prepared, pas, fault);
	if (status != ST_OK)
		frames_restore(&space->frames, &saved);
	else
		align_all(prepared, pas, seal);
	return status;
}

uint32_t smalt_align_segments(struct smalt_prepared *prepared, uint32_t seal,
                              struct smalt_fault *fault)
{
	struct arena scratch = prepared->space->arena;
	struct fault inner;
	enum status status = segments_check_plain(prepared, &inner);

	if (status == ST_OK)
		status = align(prepared, seal != 0, &scratch, &inner);
	return fault_publish(status, &inner, fault);
}
