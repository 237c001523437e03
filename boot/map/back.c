/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * back.c: frames behind the rows of one object. What is prepared is backed segment by
 * segment, since each has its own source; then its extents are divided among the rows.
 *
 *     rows        |      A        |      B       |    by program header
 *     segments    |  file  |own|zero |    file   |    by backing
 *     extents     |in place|own|zero | |in place |
 */
#include <stddef.h>

#include "align.h"
#include "library.h"
#include "stretch.h"

/* What others are made from, too, stays as it is. */
static bool is_donated(const struct planned *p)
{
	if (p->prepared == NULL)
		return p->request->flags & SMALT_MAP_CONSUME;
	return (p->prepared->request.flags & SMALT_MAP_CONSUME) && (p->request->flags & SMALT_MAP_NOCOPY);
}

static struct extent_source source_of(const struct planned *p)
{
	return (struct extent_source){
		.bytes_pa = p->object->bytes_pa,
		.donated = is_donated(p),
		.copy_limit = p->request->copy_limit,
		.color_mask = p->request->color_mask != 0 ? p->request->color_mask : COLOR_ALL,
		.turn = p->placement.turn,
	};
}

/* A segment of a row as a row, for what extents need to know of it. */
static struct smalt_row row_of(const struct planned *p, const struct smalt_segment *segment,
                               const struct smalt_row *row, uint32_t index)
{
	return (struct smalt_row){
		.va = segment->va + p->placement.bias,
		.mem_bytes = segment->mem_bytes, .file_bytes = segment->file_bytes,
		.file_offset = segment->file_offset, .prot = row->prot, .object = row->object,
		.flags = row->flags & (SMALT_ROW_WX | SMALT_ROW_RELRO), .segment = index,
	};
}

/* Segments and rows ascend: each row is looked at once. */
static void list_segments(const struct planned *p, struct smalt_row *rows,
                          struct extent_own_pages *own)
{
	const struct smalt_row *row = p->rows, *last = p->rows + p->count - 1;

	for (uint32_t i = 0; i < p->prepared->count; i++) {
		const struct smalt_segment *segment = &p->prepared->segments[i];

		while (row < last && row->va + row->mem_bytes <= segment->va + p->placement.bias)
			row++;
		rows[i] = row_of(p, segment, row, i);
		own[i].pa = segment->flags & SMALT_SEGMENT_OWN ? segment->extent_pa : OBJECT_NOWHERE;
		own[i].writable = p->request->flags & SMALT_MAP_NOCOPY;
	}
}

/* Extents go over to the part's own rows, cut where a row's last page ends. */
static enum status divide(const struct space *from, struct space *part, struct fault *fault)
{
	uint32_t row = 0;

	for (uint32_t i = 0; i < from->extent_count; i++) {
		struct smalt_extent rest = from->extents[i];

		while (rest.bytes != 0) {
			struct smalt_extent extent = rest;

			while (space_end_page(part, &part->rows[row]) <= rest.va)
				row++;
			extent.row = row;
			extent.bytes = min_u64(rest.bytes, space_end_page(part, &part->rows[row]) - rest.va);
			if (space_add_extent(part, &extent, fault) != ST_OK)
				return fault->status;
			extent_flags(part, part->row_count, &extent);
			rest.va += extent.bytes;
			rest.pa += extent.bytes;
			rest.bytes -= extent.bytes;
		}
	}
	return ST_OK;
}

static enum status back_prepared(struct smalt_space *space, struct planned *p,
                                 struct space *part, struct arena *arena, struct fault *fault)
{
	struct extent_source source = source_of(p);
	uint32_t count = p->prepared->count;
	struct extent_own_pages *own = arena_take(arena, count, sizeof *own, "segments", fault);
	struct space segments = *part;
	enum status status;

	segments.rows = arena_take(arena, count, sizeof *segments.rows, "segments", fault);
	segments.extents = arena_pages(arena, part->extent_capacity * sizeof *segments.extents, 16,
	                               "extents", fault);
	if (own == NULL || segments.rows == NULL || segments.extents == NULL)
		return fault->status;
	segments.row_count = segments.row_capacity = count;
	list_segments(p, segments.rows, own);
	source.own = own;
	status = extent_object(&segments, 0, count, &source, &space->frames, &space->memory, fault);
	if (status != ST_OK)
		return status;
	space_sort_extents(&segments);
	p->filled = segments;
	return divide(&segments, part, fault);
}

enum status back_rows(struct smalt_space *space, struct planned *p, struct space *part,
                      struct arena *arena, struct fault *fault)
{
	struct extent_source source = source_of(p);
	enum status status;

	if (p->prepared != NULL)
		return back_prepared(space, p, part, arena, fault);
	status = extent_object(part, 0, part->row_count, &source, &space->frames, &space->memory, fault);
	space_sort_extents(part);
	p->filled = *part;
	return status;
}
