/* SPDX-License-Identifier: BSD-2-Clause */
/* pictureframes.c: the right side: frames of the extents that are drawn, and the memory between them. */
#include "picture.h"

#include <stdlib.h>

/* What lies between two extents, piece by piece. */
struct between {
	const struct memmap *memory;
	uint64_t at, end;
	uint32_t range;          /* the first one that ends behind `at` */
	uint32_t most;           /* pieces that are drawn */
};

static bool next_piece(struct between *b, struct band *band)
{
	const struct smalt_memory *range;
	uint64_t to = b->end;

	while (b->range < b->memory->count &&
	       b->memory->ranges[b->range].pa + b->memory->ranges[b->range].bytes <= b->at)
		b->range++;
	if (b->at >= b->end)
		return false;
	range = b->range < b->memory->count ? &b->memory->ranges[b->range] : NULL;
	*band = (struct band){ .kind = BAND_HOLE, .at = b->at };
	if (range && range->pa <= b->at) {
		*band = (struct band){ .kind = BAND_MEMORY, .index = range->type, .at = b->at };
		to = range->pa + range->bytes;
	} else if (range) {
		to = range->pa;
	}
	band->bytes = min_u64(to, b->end) - b->at;
	b->at += band->bytes;
	return true;
}

/* All of them, or the first and the last and between them how many more. */
static void add_between(struct picture *picture, struct between *between)
{
	struct between counting = *between;
	struct band band, *rest = NULL;
	uint32_t count = 0, i = 0;

	while (next_piece(&counting, &band))
		count++;
	for (; next_piece(between, &band); i++) {
		if (count <= between->most || i < between->most / 2 || i > count - between->most / 2) {
			picture_add(&picture->right, band);
			continue;
		}
		if (!rest)
			rest = picture_add(&picture->right, (struct band){ .kind = BAND_RANGES, .at = band.at });
		rest->count += band.kind == BAND_MEMORY;
		rest->bytes += band.kind == BAND_MEMORY ? band.bytes : 0;
	}
}

static const struct smalt_extent *extent_of(const struct picture *picture, const struct join *join)
{
	return &picture->boot->space.extents[join->extent];
}

/* A copy of a join that can be sorted without its picture. */
struct place { uint64_t pa; struct join *join; };

static int by_pa(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->pa != y->pa)
		return x->pa < y->pa ? -1 : 1;
	return x->join < y->join ? -1 : x->join > y->join;
}

/* Frames that several extents share are one band. */
static void add_frames(struct picture *picture, struct join *join, struct between *between)
{
	const struct smalt_extent *extent = extent_of(picture, join);
	struct side *right = &picture->right;
	struct band *last = right->count > 0 ? &right->bands[right->count - 1] : NULL;

	if (!last || last->kind != BAND_FRAMES || extent->pa >= last->at + last->bytes) {
		between->end = extent->pa;
		add_between(picture, between);
		last = picture_add(right, (struct band){ .kind = BAND_FRAMES, .index = join->extent, .at = extent->pa });
	}
	last->bytes = max_u64(last->bytes, extent->pa + extent->bytes - last->at);
	last->count++;
	between->at = last->at + last->bytes;
	join->frames = right->count - 1;
}

/* The whole side, with so many pieces between two extents. */
static void lay_out(struct picture *picture, const struct place *places, uint32_t most)
{
	const struct memmap *memory = &picture->boot->after;
	const struct smalt_memory *last = memory->count ? &memory->ranges[memory->count - 1] : NULL;
	struct between between = { .memory = memory, .most = most };

	picture->right.count = 0;
	if (last)
		between.at = memory->ranges[0].pa;
	if (picture->join_count > 0 && (!last || places[0].pa < between.at))
		between.at = places[0].pa;
	for (uint32_t i = 0; i < picture->join_count; i++)
		add_frames(picture, places[i].join, &between);
	between.end = last ? last->pa + last->bytes : 0;
	add_between(picture, &between);
}

void picture_frames(struct picture *picture)
{
	struct place places[PICTURE_JOINS];
	uint32_t most = PICTURE_BETWEEN;

	for (uint32_t i = 0; i < picture->join_count; i++)
		places[i] = (struct place){ extent_of(picture, &picture->joins[i])->pa, &picture->joins[i] };
	qsort(places, picture->join_count, sizeof(places[0]), by_pa);
	do {
		lay_out(picture, places, most);
		most /= 3;
	} while (most > 0 && picture->right.count > PICTURE_RIGHT);
}
