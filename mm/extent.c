/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * extent.c: gives rows their physical memory.
 *
 * Three steps: rows are cut into extents, those of a file's own pages with their
 * pa; then frames are taken for each stretch of the others, in one piece if
 * that can be; the rows' flags are set last, when nothing can fail.
 *
 *     row        |        A          |     B      |
 *     extents    |copy|in place |copy|copy |zero  |   the third: a page of A and B
 *     frames     |one |         |    one piece    |
 *
 * Invariant: pieces that frames are taken for have pa == va modulo the largest
 * leaf that fits into them (P2).
 */
#include "extent.h"

#include "align.h"
#include "cut.h"
#include "object.h"
#include "pad.h"
#include "stay.h"
#include "stretch.h"

/* One object on its way. */
struct backer {
	struct space *space;
	uint32_t first, end;     /* its rows */
	const struct extent_source *source;
	struct frames *frames;
	const struct memmap *map;
	struct fault *fault;
};

static uint64_t first_page(const struct space *space, const struct smalt_row *row)
{
	return align_down(row->va, space->granule);
}

static uint64_t last_page(const struct space *space, const struct smalt_row *row)
{
	return align_down(row->va + (row->mem_bytes - 1), space->granule);
}

/* ---- rows into extents ---- */

/* The nearest row of the object with any rights, forward (1) or backward (-1); NULL: none. */
static const struct smalt_row *neighbor(const struct backer *b, uint32_t row, int step)
{
	for (row += (uint32_t)step; row - b->first < b->end - b->first; row += (uint32_t)step)
		if (b->space->rows[row].prot != 0)
			return &b->space->rows[row];
	return 0;
}

/* Pages of the row's own come before the object's (S1); what is written needs them for itself (S2, S3). */
static void use_own_pages(const struct backer *b, const struct smalt_row *row,
                          const struct extent_own_pages *own, struct cut *cut)
{
	bool written = (row->prot & SMALT_W) || (row->flags & SMALT_ROW_RELRO);

	cut->bytes_pa = own->pa + (row->va & (b->space->granule - 1));
	cut->whole_pages = true;
	cut->in_place = !written || own->writable;
}

/* Pages larger than those in which memory is told show more than the file: it must be what a kernel may see (P6). */
static bool may_show(const struct backer *b, const struct cut *cut)
{
	uint64_t last = cut->bytes_pa + max_u64(cut->file_bytes, 1) - 1;

	return space_is_exact(b->space) || (memmap_is_shown(memmap_type(b->map, cut->bytes_pa)) &&
	                                    memmap_is_shown(memmap_type(b->map, last)));
}

static struct cut describe(const struct backer *b, uint32_t row_index)
{
	const struct extent_own_pages *own = b->source->own ? &b->source->own[row_index - b->first] : 0;
	const struct smalt_row *row = &b->space->rows[row_index];
	const struct smalt_row *before = neighbor(b, row_index, -1);
	const struct smalt_row *behind = neighbor(b, row_index, 1);
	struct cut cut = {
		.va = row->va,
		.mem_bytes = row->mem_bytes,
		.file_bytes = row->file_bytes,
		.bytes_pa = b->source->read ? row->va : b->source->bytes_pa + row->file_offset,
		.whole_pages = b->source->whole_pages && !b->source->read,
		.first_shared = before && last_page(b->space, before) == first_page(b->space, row),
		.last_shared = behind && first_page(b->space, behind) == last_page(b->space, row),
	};

	if (own && own->pa != OBJECT_NOWHERE) {
		use_own_pages(b, row, own, &cut);
		return cut;
	}
	/* What is read lies where it is read to. */
	cut.in_place = b->source->read || (stay_in_place(b->space, b->source, b->frames, row, &cut) &&
	                                   may_show(b, &cut));
	return cut;
}

static bool may_be_wx(const struct space *space, uint32_t first, uint32_t last)
{
	for (uint32_t i = first; i <= last; i++)
		if (space->rows[i].flags & SMALT_ROW_WX)
			return true;
	return false;
}

/* In the page tables: with SMALT_G where the row is guarded. */
static uint32_t rights_of(const struct smalt_row *row)
{
	return row->prot | (row->flags & SMALT_ROW_GUARDED ? SMALT_G : 0);
}

/* Of a page of two rows: guarded only if all of it that runs is. */
static uint32_t both_rights(uint32_t a, uint32_t b)
{
	bool open = ((a & SMALT_X) && !(a & SMALT_G)) || ((b & SMALT_X) && !(b & SMALT_G));

	return (a | b) & ~(uint32_t)(open ? SMALT_G : 0);
}

/* The last page of what was cut so far is the first page of this row too: one extent with all rights. */
static enum status share_page(struct backer *b, uint32_t row_index)
{
	const struct smalt_row *row = &b->space->rows[row_index];
	struct smalt_extent *last = &b->space->extents[b->space->extent_count - 1];
	struct smalt_extent page = *last;
	enum status status;

	if (last->bytes > b->space->granule) {
		last->bytes -= b->space->granule;
		page.va += last->bytes;
		page.bytes = b->space->granule;
		status = space_add_extent(b->space, &page, b->fault);
		if (status != ST_OK)
			return status;
		last = &b->space->extents[b->space->extent_count - 1];
	}
	last->prot = both_rights(last->prot, rights_of(row));
	if (row->file_bytes != 0)
		last->backing = SMALT_BACKING_COPY;
	if ((last->prot & SMALT_W) && (last->prot & SMALT_X) &&
	    !may_be_wx(b->space, last->row, row_index)) {
		(void)fault_value(b->fault, ST_WX, "page of several segments", last->va);
		if (!space_is_exact(b->space))
			(void)fault_hint(b->fault, "link with -z separate-code -z max-page-size=65536, "
			                           "or use smaller pages");
		return fault_segment(b->fault, row->segment);
	}
	return ST_OK;
}

bool extent_may_pad(const struct space *space, const struct extent_source *source)
{
	return space->tail_padding != 0 && source->turn == 0 &&
	       !(space->colors && colors_narrow(space->colors, source->color_mask));
}

/* Fills up the row's tail, if frames are taken for it: they come with the row's. */
static enum status pad_row(struct backer *b, uint32_t row_index)
{
	struct space *space = b->space;
	uint32_t first = space->extent_count;
	struct smalt_extent pad;

	while (first > 0 && space->extents[first - 1].row == row_index &&
	       space->extents[first - 1].pa == STRETCH_NO_PA)
		first--;
	if (!extent_may_pad(space, b->source) || first == space->extent_count)
		return ST_OK;
	pad = space->extents[space->extent_count - 1];
	pad.va += pad.bytes;
	pad.bytes = pad_bytes(space, b->frames, row_index, space->extents[first].va);
	pad.backing = SMALT_BACKING_PAD;
	return pad.bytes == 0 ? ST_OK : space_add_extent(space, &pad, b->fault);
}

static enum status cut_one(struct backer *b, uint32_t row_index)
{
	const struct smalt_row *row = &b->space->rows[row_index];
	struct cut cut = describe(b, row_index);
	struct run runs[CUT_MAX];
	uint32_t count = cut_row(&cut, b->space->granule, runs);
	enum status status = ST_OK;

	if (cut.first_shared)
		status = share_page(b, row_index);
	for (uint32_t i = 0; status == ST_OK && i < count; i++) {
		struct smalt_extent extent = {
			.va = runs[i].va,
			.pa = STRETCH_NO_PA,
			.bytes = runs[i].bytes,
			.row = row_index,
			.backing = runs[i].backing,
			.prot = rights_of(row),
			.memory = SMALT_CACHE_WRITE_BACK,
			.color = SMALT_NONE,
		};

		if (extent.backing == SMALT_BACKING_IN_PLACE && !b->source->read)
			extent.pa = cut.bytes_pa + (extent.va - cut.va);
		status = space_add_extent(b->space, &extent, b->fault);
	}
	return status == ST_OK ? pad_row(b, row_index) : status;
}

/* ---- frames for extents ---- */

/* Extents [first, end) are the object's, ascending. */
static enum status back_extents(struct backer *b, uint32_t first, uint32_t end)
{
	const struct space *space = b->space;
	enum status status = ST_OK;

	for (uint32_t i = first, next; status == ST_OK && i < end; i = next) {
		const struct smalt_extent *extent = &space->extents[i];
		struct stretch s;

		next = i + 1;
		if (extent->pa != STRETCH_NO_PA) {
			status = frames_claim(b->frames, extent->pa, extent->bytes, SMALT_MEM_OBJECT,
			                      b->fault);
			continue;
		}
		s = stretch_of(b->space, b->frames, i, end, &next);
		s.draw = b->source->draw;
		s.turn = b->source->turn;
		s.color_mask = b->source->color_mask;
		status = b->source->physical ? stretch_take_at(&s, b->map, b->fault)
		                             : stretch_take(&s, b->fault);
	}
	return status;
}

/* ---- flags ---- */

static const uint32_t flag_of[] = {
	[SMALT_BACKING_IN_PLACE] = SMALT_ROW_IN_PLACE, [SMALT_BACKING_COPY] = SMALT_ROW_COPIED,
	[SMALT_BACKING_ZERO] = 0, [SMALT_BACKING_PAD] = 0, [SMALT_BACKING_DEVICE] = 0,
	[SMALT_BACKING_SHARED] = SMALT_ROW_SHARED,
};

/* Rows without rights have no memory: whatever page they lie on is not theirs. */
void extent_flags(struct space *space, uint32_t end_row, const struct smalt_extent *extent)
{
	struct smalt_row *rows = space->rows;
	uint32_t end = extent->row, sharers = 0, flags = flag_of[extent->backing];

	for (; end < end_row && rows[end].va < extent->va + extent->bytes; end++)
		sharers += rows[end].prot != 0;
	if (sharers > 1)
		flags |= SMALT_ROW_SHARED_PAGE;
	if ((extent->prot & SMALT_W) && (extent->prot & SMALT_X))
		flags |= SMALT_ROW_WX;
	for (uint32_t i = extent->row; i < end; i++)
		rows[i].flags |= rows[i].prot != 0 ? flags : 0;
}

enum status extent_object(struct space *space, uint32_t first, uint32_t count,
                          const struct extent_source *source, struct frames *frames,
                          const struct memmap *map, struct fault *fault)
{
	struct backer b = { space, first, first + count, source, frames, map, fault };
	uint32_t before = space->extent_count;
	enum status status = ST_OK;

	for (uint32_t i = first; status == ST_OK && i < b.end; i++)
		if (space->rows[i].prot != 0)
			status = cut_one(&b, i);
	if (status == ST_OK)
		status = back_extents(&b, before, space->extent_count);
	if (status != ST_OK)
		return status;
	for (uint32_t i = before; i < space->extent_count; i++)
		extent_flags(space, b.end, &space->extents[i]);
	return ST_OK;
}

/* ---- Smalt's own rows ---- */

static struct smalt_extent whole_row(const struct space *space, uint32_t row_index)
{
	const struct smalt_row *row = &space->rows[row_index];
	uint64_t va = first_page(space, row);

	return (struct smalt_extent){
		.va = va,
		.bytes = last_page(space, row) - va + space->granule,
		.row = row_index,
		.prot = row->prot,
		.color = SMALT_NONE,
	};
}

/* Frames of the colors of Smalt's own, a piece here and a piece there. */
static enum status take_parted(struct space *space, uint32_t row, uint32_t type,
                               struct frames *frames, struct fault *fault)
{
	struct smalt_extent extent = whole_row(space, row);
	uint32_t first = space->extent_count, next;
	struct stretch s;
	enum status status;

	extent.backing = SMALT_BACKING_ZERO;
	extent.pa = STRETCH_NO_PA;
	status = space_add_extent(space, &extent, fault);
	if (status != ST_OK)
		return status;
	s = stretch_of(space, frames, first, first + 1, &next);
	s.type = type;
	s.color_mask = space->colors->own_mask;
	return stretch_take(&s, fault);
}

enum status extent_own(struct space *space, uint32_t row, uint32_t type, uint64_t limit,
                       struct frames *frames, struct fault *fault)
{
	struct colors *colors = space->colors;
	struct smalt_extent extent = whole_row(space, row);
	uint64_t align = leaf_bytes(space->format, leaf_largest(space->format, space->leaf_mask,
	                                                        extent.va, extent.bytes));
	struct ranges_wish wish = { limit, extent.bytes, align, extent.va };

	if (colors && colors_narrow(colors, colors->own_mask) &&
	    space->rows[row].kind != SMALT_KIND_HANDOFF)
		return take_parted(space, row, type, frames, fault);
	extent.backing = SMALT_BACKING_ZERO;
	if (colors)
		wish.align = max_u64(align, colors_way(colors));
	if (!frames_try_high(frames, &wish, type, &extent.pa)) {
		if (frames_take_high(frames, extent.bytes, space->granule, limit, type, &extent.pa,
		                     fault) != ST_OK)
			return fault->status;
		if (colors)
			colors->missed_color += extent.bytes >> colors->shift;
	}
	return space_add_extent(space, &extent, fault);
}

enum status extent_fixed(struct space *space, uint32_t row, uint64_t pa, uint32_t memory,
                         struct fault *fault)
{
	uint32_t kind = space->rows[row].kind;
	bool image = kind == SMALT_KIND_JUMP || kind == SMALT_KIND_CPU ||
	             kind == SMALT_KIND_REPORTER;
	struct smalt_extent extent = whole_row(space, row);

	if (((pa ^ space->rows[row].va) & (space->granule - 1)) != 0)
		return fault_set(fault, ST_MISALIGNED, "physical address of a row", pa,
		                 space->granule);
	extent.pa = align_down(pa, space->granule);
	extent.backing = image ? SMALT_BACKING_IN_PLACE : SMALT_BACKING_DEVICE;
	extent.memory = memory;
	return space_add_extent(space, &extent, fault);
}
