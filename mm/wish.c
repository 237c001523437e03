/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wish.c: of all addresses that an object may have, those that give it large leaves
 * (requirements M13, P2).
 *
 * Between the object's own alignment and the leaf lie the bits that are free to choose:
 * they come from the bytes' pa if those can stay (va == pa modulo the leaf), else they are
 * such that the largest segment begins with a leaf.
 */
#include "wish.h"

#include "align.h"

/* The wishes of P2 stop here: to align everything to 1G would spread objects over page tables. */
#define WISH_LEAF_MAX  (32ull << 20)
#define WISH_LEAF_MIN  (2ull << 20)      /* M13: the bits below 2M come from the bytes' pa */

/* The largest leaf, within the limit of wishes, that has at most so many bytes. */
static uint64_t leaf_within(const struct space *space, uint64_t bytes)
{
	uint64_t found = space->granule;

	for (unsigned i = 0; i < space->format->leaf_count; i++) {
		uint64_t leaf = 1ull << space->format->leaves[i].shift;

		if ((space->leaf_mask >> i & 1) && leaf <= bytes && leaf <= WISH_LEAF_MAX)
			found = max_u64(found, leaf);
	}
	return found;
}

/* The segment with most bytes, of the file's or in memory. */
static const struct segment *largest(const struct shape *shape, bool of_file)
{
	const struct segment *best = &shape->segments[0];
	uint64_t most = 0;

	for (uint32_t i = 0; i < shape->count; i++) {
		const struct segment *segment = &shape->segments[i];
		uint64_t bytes = of_file ? segment->file_bytes : segment->mem_bytes;

		if (bytes > most) {
			best = segment;
			most = bytes;
		}
	}
	return best;
}

/*
 * Is there a page of the segment that can stay? All of its bytes must be the file's,
 * but for a flat file, around which others may show (S11, M17).
 */
static bool can_stay(const struct space *space, const struct place_request *request,
                     const struct shape *shape, const struct segment *segment)
{
	uint64_t in_page = segment->va & (space->granule - 1);
	uint64_t file_page = (request->object->bytes_pa + segment->file_offset) &
	                     (space->granule - 1);
	uint64_t head = in_page == 0 ? 0 : space->granule - in_page;

	if (!request->may_stay || request->object->bytes_pa == OBJECT_NOWHERE || in_page != file_page)
		return false;
	return shape->flat || range_fits(head, space->granule, segment->file_bytes);
}

struct wish wish_make(const struct space *space, const struct place_request *request,
                      const struct shape *shape)
{
	const struct object *object = request->object;
	const struct segment *data = largest(shape, true), *big = largest(shape, false);
	uint64_t distance = object->bytes_pa + data->file_offset - data->va;
	struct wish wish = { 0 };

	if (request->like && request->policy != PLACE_STABLE) {
		wish.align = leaf_within(space, big->mem_bytes);
		wish.phase = request->like->bias;   /* the same place in every leaf that both have */
	} else if (request->policy != PLACE_STABLE && can_stay(space, request, shape, data)) {
		uint64_t least = shape->flat || request->policy == PLACE_RANDOM ? 0 : WISH_LEAF_MIN;

		wish.align = leaf_within(space, max_u64(data->file_bytes, least));
		wish.phase = distance;
		wish.stays = true;
	} else {
		wish.align = leaf_within(space, big->mem_bytes);
		wish.phase = -align_down(big->va, space->granule);
	}
	wish.leaf = max_u64(wish.align, min_u64(shape->align, space->tail_padding));
	wish.align = max_u64(wish.align, shape->align);
	wish.phase &= (wish.align - 1) & -shape->align;
	return wish;
}
