/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stretch.c: frames for extents that follow each other without a gap in va.
 *
 * Invariant: every piece of frames has pa == va modulo the largest leaf that fits
 * into it (P2): large leaves survive where memory is in pieces, one by one.
 */
#include "stretch.h"

#include <stddef.h>

#include "align.h"

struct stretch stretch_of(struct space *space, struct frames *frames, uint32_t first, uint32_t end,
                          uint32_t *next)
{
	const struct smalt_extent *extents = space->extents;
	struct stretch s = { .space = space, .frames = frames, .va = extents[first].va, .next = first };

	for (; first < end && extents[first].pa == STRETCH_NO_PA &&
	       extents[first].va == s.va + s.bytes; first++)
		s.bytes += extents[first].bytes;
	*next = first;
	return s;
}

/* Adds an extent behind all others for the rest of `from`. */
static enum status add_rest(struct stretch *s, uint64_t pa, uint64_t bytes, struct fault *fault)
{
	struct smalt_extent rest = s->space->extents[s->at];
	enum status status;

	rest.va += rest.bytes;
	rest.pa = pa;
	rest.bytes = bytes;
	status = space_add_extent(s->space, &rest, fault);
	s->at = s->space->extent_count - 1;
	return status;
}

/* Gives a piece of frames to the extents that come next. */
static enum status give(struct stretch *s, uint64_t pa, uint64_t bytes, struct fault *fault)
{
	enum status status = ST_OK;

	for (uint64_t part; status == ST_OK && bytes > 0; pa += part, bytes -= part) {
		struct smalt_extent *extent;

		if (s->left == 0) {
			s->at = s->next++;
			s->left = s->space->extents[s->at].bytes;
		}
		extent = &s->space->extents[s->at];
		part = min_u64(bytes, s->left);
		s->left -= part;
		if (extent->pa == STRETCH_NO_PA) {
			extent->pa = pa;
			extent->bytes = part;
		} else if (extent->pa + extent->bytes == pa) {
			extent->bytes += part;
		} else {
			status = add_rest(s, pa, part, fault);
		}
	}
	return status;
}

static enum status take(struct stretch *s, uint64_t va, uint64_t bytes, struct fault *fault);

/* What lies between two boundaries of a chunk is taken by itself: head, chunks, tail. */
static enum status take_chunks(struct stretch *s, uint64_t bytes, uint64_t va, uint64_t chunk,
                               struct fault *fault)
{
	enum status status = ST_OK;

	for (uint64_t part; status == ST_OK && bytes > 0; va += part, bytes -= part) {
		part = min_u64(bytes, chunk - (va & (chunk - 1)));
		status = take(s, va, part, fault);
	}
	return status;
}

/* The whole piece, else its chunks. No deeper than twice the number of leaf sizes. */
static enum status take(struct stretch *s, uint64_t va, uint64_t bytes, struct fault *fault)
{
	const struct space *space = s->space;
	unsigned index = leaf_largest(space->format, space->leaf_mask, va, bytes);
	uint64_t chunk = leaf_bytes(space->format, index), pa;

	if (frames_try(s->frames, bytes, chunk, va & (chunk - 1), SMALT_MEM_OBJECT, &pa))
		return give(s, pa, bytes, fault);
	if (bytes == space->granule)         /* only to say why */
		return frames_take(s->frames, bytes, chunk, 0, SMALT_MEM_OBJECT, &pa, fault);
	if (bytes == chunk) {
		index = leaf_largest(space->format, space->leaf_mask, va, bytes - 1);
		chunk = leaf_bytes(space->format, index);
	}
	return take_chunks(s, bytes, va, chunk, fault);
}

/* One piece anywhere. False, and nothing taken: there is none, or no room to record it. */
static bool take_drawn(struct stretch *s, uint64_t *pa)
{
	const struct space *space = s->space;
	unsigned index = leaf_largest(space->format, space->leaf_mask, s->va, s->bytes);
	uint64_t chunk = leaf_bytes(space->format, index), count;
	struct slots slots = { 0, UINT64_MAX, s->bytes, chunk, s->va & (chunk - 1) };
	struct fault ignored;

	count = slots_free(&slots, &s->frames->free, SLOTS_COUNT, pa);
	if (count == 0)
		return false;
	(void)slots_free(&slots, &s->frames->free, random_below(&s->draw->random, count), pa);
	s->draw->bits = (uint32_t)min_u64(s->draw->bits, log2_floor(count));
	return frames_take_at(s->frames, *pa, s->bytes, SMALT_MEM_OBJECT, NULL, &ignored) == ST_OK;
}

/* Too much is refused at once, not after every page of it was tried. */
enum status stretch_take(struct stretch *stretch, struct fault *fault)
{
	uint64_t free_bytes = stretch->frames->free.bytes, pa;

	if (stretch->bytes > free_bytes)
		return fault_set(fault, ST_NO_MEMORY, "free bytes", stretch->bytes, free_bytes);
	if (stretch->draw && take_drawn(stretch, &pa))
		return give(stretch, pa, stretch->bytes, fault);
	if (stretch->draw)
		stretch->draw->bits = 0;
	return take(stretch, stretch->va, stretch->bytes, fault);
}

enum status stretch_take_at(struct stretch *stretch, const struct memmap *map, struct fault *fault)
{
	enum status status = frames_take_at(stretch->frames, stretch->va, stretch->bytes,
	                                    SMALT_MEM_OBJECT, map, fault);

	return status == ST_OK ? give(stretch, stretch->va, stretch->bytes, fault) : status;
}
