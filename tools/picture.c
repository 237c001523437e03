/* SPDX-License-Identifier: BSD-2-Clause */
/* picture.c: how high every band is, and where it stands. */
#include "picture.h"

#include <stdlib.h>

#include "check.h"

int picture_log(const struct picture *picture, uint64_t bytes)
{
	int log = 0;

	for (bytes /= picture->boot->space.granule; bytes > 1; bytes /= 2)
		log++;
	return log;
}

struct band *picture_add(struct side *side, struct band band)
{
	CHECK(side->count < SIDE_BANDS);
	side->bands[side->count] = band;
	return &side->bands[side->count++];
}

/* Pixels: what the text needs, and more the more bytes there are. */
struct room { int least, simple, each; };

static const struct room rooms[] = {
	[BAND_ROW] = { 40, 19, 2 },     [BAND_DIRECT_MAP] = { 40, 34, 1 },
	[BAND_GUARD] = { 8, 6, 0 },     [BAND_GAP] = { 20, 18, 0 },
	[BAND_ROWS] = { 34, 34, 0 },    [BAND_FRAMES] = { 17, 15, 2 },
	[BAND_MEMORY] = { 17, 15, 1 },  [BAND_HOLE] = { 13, 11, 0 },
	[BAND_RANGES] = { 17, 15, 0 },
};

/* Smalt's own rows have one line of text in every picture. */
static bool is_small(const struct picture *picture, const struct band *band)
{
	return picture->simple ||
	       (band->kind == BAND_ROW && picture->boot->space.rows[band->index].object == SMALT_NONE);
}

/* Returns the height of all. */
static int measure(const struct picture *picture, struct side *side)
{
	int sum = 0;

	for (uint32_t i = 0; i < side->count; i++) {
		struct band *band = &side->bands[i];
		const struct room *room = &rooms[band->kind];

		band->height = (is_small(picture, band) ? room->simple : room->least) +
		               room->each * picture_log(picture, band->bytes);
		sum += band->height;
	}
	return sum;
}

/* Stretches a side to the height of the higher one: both begin and end together. */
static void stand(struct side *side, int top, int sum, int height)
{
	int64_t from = 0;

	for (uint32_t i = 0; i < side->count; i++) {
		int64_t end = from + side->bands[i].height;

		side->bands[i].y = top + (int)(from * height / sum);
		side->bands[i].height = top + (int)(end * height / sum) - side->bands[i].y;
		from = end;
	}
}

/* The extents of a row divide its height. */
static void divide(struct picture *picture)
{
	for (uint32_t i = 0, next; i < picture->join_count; i = next) {
		const struct band *band = &picture->left.bands[picture->joins[i].row];
		int64_t sum = 0, from = 0, height = band->height - 2;

		for (next = i; next < picture->join_count && picture->joins[next].row == picture->joins[i].row; next++)
			sum += 2 + picture_log(picture, picture->boot->space.extents[picture->joins[next].extent].bytes);
		for (uint32_t n = i; n < next; n++) {
			struct join *join = &picture->joins[n];
			int64_t end = from + 2 + picture_log(picture, picture->boot->space.extents[join->extent].bytes);

			join->y = band->y + (int)(from * height / sum);
			join->height = band->y + (int)(end * height / sum) - join->y;
			from = end;
		}
	}
}

struct picture *picture_make(const struct boot *boot, int top)
{
	struct picture *picture = calloc(1, sizeof(*picture));
	int left, right, height;

	if (!picture)
		return NULL;
	picture->boot = boot;
	picture->simple = boot->space.row_count > PICTURE_SIMPLE;
	plan_colors(boot, &picture->colors);
	picture_rows(picture);
	picture_frames(picture);
	left = measure(picture, &picture->left);
	right = measure(picture, &picture->right);
	height = left > right ? left : right;
	stand(&picture->left, top, left, height);
	stand(&picture->right, top, right, height);
	divide(picture);
	picture->top = top;
	picture->bottom = top + height;
	return picture;
}
