/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stretch.c: frames for extents that follow each other without a gap in va.
 *
 * Invariant: every piece of frames has pa == va modulo the largest leaf that fits
 * into it (P2): where memory is in pieces, as many large leaves survive as it has.
 */
#include "stretch.h"

#include <stddef.h>

#include "align.h"
#include "partition.h"
#include "sort.h"

struct stretch stretch_of(struct space *space, struct frames *frames, uint32_t first, uint32_t end,
                          uint32_t *next)
{
	const struct smalt_extent *extents = space->extents;
	struct stretch s = {
		.space = space, .frames = frames, .color_mask = COLOR_ALL, .va = extents[first].va,
		.next = first, .type = SMALT_MEM_OBJECT,
	};

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

enum status stretch_give(struct stretch *s, uint64_t pa, uint64_t bytes, struct fault *fault)
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

/* One granule of the least loaded color that has one. */
static bool try_least(struct stretch *s, uint64_t va, uint64_t *pa)
{
	struct colors *colors = s->space->colors;
	uint64_t granule = s->space->granule, mask = COLOR_ALL;

	for (uint32_t tries = 0; tries < colors->count; tries++) {
		uint32_t color = colors_least(colors, mask);

		if (frames_try(s->frames, granule, colors_way(colors), color * granule, s->type, pa)) {
			colors_moved(colors, va, *pa);
			return true;
		}
		mask &= ~(1ull << color);
	}
	return false;
}

/* Frames in one piece, congruent modulo leaf: of the color of va, else of any that is there. */
static bool try_piece(struct stretch *s, uint64_t va, uint64_t bytes, uint64_t leaf, uint64_t *pa)
{
	struct colors *colors = s->space->colors;
	uint64_t granule = s->space->granule, way = colors ? colors_way(colors) : leaf;

	va += s->turn * granule;
	if (frames_try(s->frames, bytes, max_u64(leaf, way), va, s->type, pa))
		return true;
	if (way <= leaf || (bytes == granule ? !try_least(s, va, pa)
	                                     : !frames_try(s->frames, bytes, leaf, va, s->type, pa)))
		return false;
	colors->missed_color += bytes >> colors->shift;
	return true;
}

/* The frames right behind others, whose addresses they continue: of the right color by themselves. */
static bool try_next(struct stretch *s, uint64_t pa, uint64_t bytes)
{
	struct fault ignored;

	return ranges_hold(&s->frames->free, pa, bytes) &&
	       frames_take_at(s->frames, pa, bytes, s->type, NULL, &ignored) == ST_OK;
}

/* A stretch in parts, behind the extents until they are given; those with STRETCH_NO_PA wait. */
struct parts {
	struct stretch *stretch;
	struct smalt_extent *part;
	uint32_t count;
};

static enum status add_part(struct parts *parts, uint64_t va, uint64_t pa, uint64_t bytes,
                            struct fault *fault)
{
	const struct space *space = parts->stretch->space;
	uint64_t count = (uint64_t)space->extent_count + parts->count + 1;

	if (parts->count != 0) {
		struct smalt_extent *last = &parts->part[parts->count - 1];

		if (last->va + last->bytes == va && last->pa + last->bytes == pa) {
			last->bytes += bytes;
			return ST_OK;
		}
	}
	if (count > space->extent_capacity)
		return fault_set(fault, ST_NO_MEMORY, "extents", count, space->extent_capacity);
	parts->part[parts->count++] = (struct smalt_extent){ .va = va, .pa = pa, .bytes = bytes };
	return ST_OK;
}

/* As many leaves as there are for a part that waits; what is left of it waits on. */
static enum status take_leaves(struct parts *parts, uint32_t at, uint64_t leaf, struct fault *fault)
{
	struct smalt_extent *part = &parts->part[at];
	uint64_t head = -part->va & (leaf - 1), end = part->va + part->bytes;
	uint64_t first = part->va + head, va = first, pa = 0;
	enum status status = ST_OK;

	if (!range_fits(head, leaf, part->bytes))
		return ST_OK;
	for (; end - va >= leaf; va += leaf) {
		if (va != first && try_next(parts->stretch, pa + leaf, leaf))
			pa += leaf;
		else if (!try_piece(parts->stretch, va, leaf, leaf, &pa))
			break;
		if (add_part(parts, va, pa, leaf, fault) != ST_OK)
			return fault->status;
	}
	if (va == first)
		return ST_OK;
	part->bytes = head;
	if (va < end)
		status = add_part(parts, va, STRETCH_NO_PA, end - va, fault);
	return status;
}

/* What surely lies in one piece, in the color of its address: all but a way of the largest one. */
static uint64_t piece_most(const struct stretch *s, uint64_t bytes)
{
	const struct colors *colors = s->space->colors;
	uint64_t granule = s->space->granule, way = colors ? colors_way(colors) : granule;
	uint64_t largest = align_down(ranges_largest(&s->frames->free), granule);

	return largest > way ? min_u64(bytes, largest - way + granule) : granule;
}

/* All of a part that waits: together if that can be, else in the largest pieces that there are. */
static enum status take_pages(struct parts *parts, uint32_t at, uint64_t granule, struct fault *fault)
{
	struct stretch *s = parts->stretch;
	struct smalt_extent *part = &parts->part[at];
	enum status status = ST_OK;
	uint64_t pa = 0, bytes = 0;

	if (part->bytes == 0 || try_piece(s, part->va, part->bytes, granule, &part->pa))
		return ST_OK;
	for (uint64_t offset = 0; status == ST_OK && offset < part->bytes; offset += bytes) {
		uint64_t next = pa + bytes;

		bytes = granule;
		if (offset != 0 && try_next(s, next, granule)) {
			pa = next;
		} else {
			bytes = piece_most(s, part->bytes - offset);
			if (!try_piece(s, part->va + offset, bytes, granule, &pa))       /* only to say why */
				status = frames_take(s->frames, bytes, granule, 0, s->type, &pa, fault);
		}
		if (status == ST_OK)
			status = add_part(parts, part->va + offset, pa, bytes, fault);
	}
	part->bytes = 0;
	return status;
}

static enum status take_size(struct parts *parts, unsigned index, struct fault *fault)
{
	uint64_t leaf = leaf_bytes(parts->stretch->space->format, index);
	uint32_t count = parts->count;       /* what comes on top is taken, or too short */
	enum status status = ST_OK;

	for (uint32_t i = 0; status == ST_OK && i < count; i++)
		if (parts->part[i].pa == STRETCH_NO_PA)
			status = index == 0 ? take_pages(parts, i, leaf, fault)
			                    : take_leaves(parts, i, leaf, fault);
	return status;
}

/*
 * Every leaf of a size before any smaller one: what is small breaks no memory that a
 * large one could have had. So leaves are as few as this memory allows (P2).
 */
static enum status take_parts(struct stretch *s, unsigned index, struct fault *fault)
{
	struct space *space = s->space;
	struct parts parts = { s, space->extents + space->extent_count, 0 };
	enum status status = add_part(&parts, s->va, STRETCH_NO_PA, s->bytes, fault);

	for (index++; status == ST_OK && index-- > 0; )
		if (index == 0 || (space->leaf_mask >> index & 1))
			status = take_size(&parts, index, fault);
	if (status != ST_OK)
		return status;
	sort_entries(parts.part, parts.count, sizeof(*parts.part));
	for (uint32_t i = 0; status == ST_OK && i < parts.count; i++) {
		struct smalt_extent part = parts.part[i];    /* stretch_give() writes below i + 1 */

		status = stretch_give(s, part.pa, part.bytes, fault);
	}
	return status;
}

/* In one piece with the largest leaves that memory has, else in parts; turned against va it has none. */
static enum status take(struct stretch *s, struct fault *fault)
{
	const struct space *space = s->space;
	uint32_t usable = s->turn ? 1 : space->leaf_mask;
	unsigned index = leaf_largest(space->format, usable, s->va, s->bytes);
	uint64_t pa;

	for (;; index--) {
		uint64_t leaf = leaf_bytes(space->format, index);

		if (index != 0 && !(space->leaf_mask >> index & 1))
			continue;
		if (try_piece(s, s->va, s->bytes, leaf, &pa))
			return stretch_give(s, pa, s->bytes, fault);
		if (index == 0 || frames_find(s->frames, leaf, leaf, 0, &pa))
			return take_parts(s, index, fault);
	}
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
	return frames_take_at(s->frames, *pa, s->bytes, s->type, NULL, &ignored) == ST_OK;
}

/* Too much is refused at once, not after every page of it was tried. */
enum status stretch_take(struct stretch *stretch, struct fault *fault)
{
	const struct colors *colors = stretch->space->colors;
	uint64_t free_bytes = stretch->frames->free.bytes, pa;

	if (stretch->bytes > free_bytes)
		return fault_set(fault, ST_NO_MEMORY, "free bytes", stretch->bytes, free_bytes);
	if (colors && colors_narrow(colors, stretch->color_mask))
		return partition_take(stretch, fault);
	if (stretch->draw && take_drawn(stretch, &pa))
		return stretch_give(stretch, pa, stretch->bytes, fault);
	if (stretch->draw)
		stretch->draw->bits = 0;
	return take(stretch, fault);
}

enum status stretch_take_at(struct stretch *stretch, const struct memmap *map, struct fault *fault)
{
	enum status status = frames_take_at(stretch->frames, stretch->va, stretch->bytes,
	                                    stretch->type, map, fault);

	return status == ST_OK ? stretch_give(stretch, stretch->va, stretch->bytes, fault) : status;
}
