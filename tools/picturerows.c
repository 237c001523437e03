/* SPDX-License-Identifier: BSD-2-Clause */
/* picturerows.c: the left side: what is mapped where, what is not, and which extents are drawn. */
#include "picture.h"

#define ROWS_FIRST (PICTURE_ROWS * 2 / 3)    /* drawn of too many; the rest are the last ones */

static void add_gap(struct picture *picture, uint64_t from, uint64_t to)
{
	bool one = to - from == picture->boot->space.granule;

	if (picture->left.count > 0 && from < to)
		picture_add(&picture->left, (struct band){
			.kind = one ? BAND_GUARD : BAND_GAP, .at = from, .bytes = to - from });
}

/* Of many extents the first ones and the last. */
static void join(struct picture *picture, uint32_t first, uint32_t end)
{
	uint32_t most = picture->simple ? PICTURE_PIECES / 2 : PICTURE_PIECES;

	for (uint32_t i = first; i < end; i++) {
		if (i - first >= most - 1 && i != end - 1)
			picture->extents_left_out++;
		else
			picture->joins[picture->join_count++] = (struct join){
				.extent = i, .row = picture->left.count - 1 };
	}
}

/* Pages that two rows share are drawn once. */
static void add_row(struct picture *picture, uint32_t index, uint64_t *end)
{
	const struct space *space = &picture->boot->space;
	const struct smalt_row *row = &space->rows[index];
	uint64_t from = max_u64(space_first_page(space, row), *end);
	uint64_t to = max_u64(space_end_page(space, row), from);

	add_gap(picture, *end, from);
	picture_add(&picture->left, (struct band){
		.kind = BAND_ROW, .index = index, .count = 1, .at = row->va, .bytes = row->mem_bytes });
	*end = to;
}

/* Rows that are left out become one band. */
static void leave_out(struct picture *picture, uint32_t index, uint64_t *end)
{
	const struct space *space = &picture->boot->space;
	const struct smalt_row *row = &space->rows[index];
	struct band *last = &picture->left.bands[picture->left.count - 1];

	if (last->kind != BAND_ROWS)
		last = picture_add(&picture->left, (struct band){ .kind = BAND_ROWS, .at = row->va });
	last->count++;
	last->bytes += row->mem_bytes;
	*end = max_u64(*end, space_end_page(space, row));
}

static void add_direct_map(struct picture *picture, uint64_t *end)
{
	const struct boot *boot = picture->boot;

	add_gap(picture, *end, boot->direct_map_va);
	picture_add(&picture->left, (struct band){
		.kind = BAND_DIRECT_MAP, .at = boot->direct_map_va, .bytes = boot->direct_map_bytes });
	*end = boot->direct_map_va + boot->direct_map_bytes;
}

void picture_rows(struct picture *picture)
{
	const struct boot *boot = picture->boot;
	const struct space *space = &boot->space;
	bool direct = boot->direct_map_bytes != 0, all = space->row_count <= PICTURE_ROWS;
	uint64_t end = 0;

	for (uint32_t i = 0, first = 0, next; i < space->row_count; i++, first = next) {
		for (next = first; next < space->extent_count && space->extents[next].row == i;)
			next++;
		if (direct && boot->direct_map_va < space->rows[i].va) {
			add_direct_map(picture, &end);
			direct = false;
		}
		if (!all && i >= ROWS_FIRST && i < space->row_count - (PICTURE_ROWS - ROWS_FIRST)) {
			leave_out(picture, i, &end);
			picture->extents_left_out += next - first;
			continue;
		}
		add_row(picture, i, &end);
		join(picture, first, next);
	}
	if (direct)
		add_direct_map(picture, &end);
}
