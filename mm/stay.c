/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stay.c: decides for one row between the file's own pages and a copy (requirements
 * S2, S11, P2).
 *
 * A copy is worth its bytes only for what it saves: leaves. Which pages of a
 * row can be in place at all is cut.c's business.
 */
#include "stay.h"

#include "align.h"
#include "object.h"
#include "pad.h"
#include "row.h"

static uint64_t leaves(const struct space *space, uint64_t va, uint64_t pa, uint64_t bytes)
{
	struct map map = { .va = va, .pa = pa, .bytes = bytes };
	uint64_t count[MACHINE_LEAVES] = { 0 }, sum = 0;

	leaf_count(space->format, space->leaf_mask, &map, count);
	for (unsigned i = 0; i < MACHINE_LEAVES; i++)
		sum += count[i];
	return sum;
}

/* The same where pa is free: congruent to va modulo every leaf, and not at 0. */
static uint64_t fewest_leaves(const struct space *space, uint64_t va, uint64_t bytes)
{
	uint64_t largest = leaf_bytes(space->format, space->format->leaf_count - 1u);

	return leaves(space, va, largest + (va & (largest - 1)), bytes);
}

/* Leaves if everything stays that can, and what is around it gets the best frames. */
static uint64_t leaves_in_place(const struct space *space, const struct cut *cut)
{
	struct run runs[CUT_MAX];
	uint32_t count = cut_row(cut, space->granule, runs);
	uint64_t sum = 0, frames = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t pa = cut->bytes_pa + (runs[i].va - cut->va);

		if (runs[i].backing != SMALT_BACKING_IN_PLACE) {
			frames += runs[i].bytes;
			if (i + 1 == count)
				sum += fewest_leaves(space, runs[i].va + runs[i].bytes - frames, frames);
			continue;
		}
		if (frames != 0)
			sum += fewest_leaves(space, runs[i].va - frames, frames);
		frames = 0;
		sum += leaves(space, runs[i].va, pa, runs[i].bytes);
	}
	return sum;
}

static bool has_piece(struct frames *frames, uint64_t va, uint64_t bytes, uint64_t align)
{
	uint64_t pa;

	return frames_find(frames, bytes, align, va, &pa);
}

/* Bytes that would fill up the tail of a copy. */
static uint64_t pad_of(const struct space *space, struct frames *frames,
                       const struct smalt_row *row, const struct cut *cut)
{
	uint64_t start = space_first_page(space, row) + (cut->first_shared ? space->granule : 0);

	if (cut->last_shared)
		return 0;
	return pad_bytes(space, frames, (uint32_t)(row - space->rows), start);
}

bool stay_in_place(const struct space *space, const struct extent_source *source,
                   struct frames *frames, const struct smalt_row *row, const struct cut *cut)
{
	uint64_t va = align_down(row->va, space->granule);
	uint64_t bytes = align_up(row->va + row->mem_bytes, space->granule) - va;
	uint64_t apart = cut->bytes_pa ^ row->va, align, pad;
	struct cut kept = *cut;

	if (source->bytes_pa == OBJECT_NOWHERE || row->file_bytes == 0 || source->draw ||
	    (space->colors && colors_narrow(space->colors, source->color_mask)))
		return false;
	if (row_is_written(row) && !source->donated)
		return false;
	if (source->physical)
		return apart == 0;
	if ((apart & (space->granule - 1)) != 0)
		return false;
	pad = extent_may_pad(space, source) ? pad_of(space, frames, row, cut) : 0;
	bytes += pad;
	align = leaf_bytes(space->format, leaf_largest(space->format, space->leaf_mask, va, bytes));
	if (((apart & (align - 1)) == 0 && pad == 0) || row->file_bytes > source->copy_limit)
		return true;
	kept.in_place = true;
	return leaves_in_place(space, &kept) <= fewest_leaves(space, va, bytes) ||
	       !has_piece(frames, va, bytes, align);
}
