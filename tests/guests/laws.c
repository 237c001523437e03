/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * laws.c: what holds in the handoff of every boot, counted anew, a frame at a time:
 * the colors of what is mapped, in use and free (requirements C4, C5).
 */
#include "guest.h"

#define COLORS_MOST 64

static uint64_t granule(void)
{
	return 1ull << guest.handoff->colors.shift;
}

static uint32_t color_of(uint64_t pa)
{
	return (uint32_t)(pa >> guest.handoff->colors.shift) & (guest.handoff->colors.count - 1);
}

/* Frames of these memory types, by color. */
static uint64_t count_memory(uint32_t types, uint64_t *counts)
{
	uint64_t all = 0;

	for (uint32_t i = 0; i < guest.handoff->memory.count; i++) {
		const struct smalt_memory *m = smalt_nth_memory(guest.handoff, i);

		if (!(types >> m->type & 1))
			continue;
		expect(m->pa % granule() == 0 && m->bytes % granule() == 0, "memory has whole frames");
		for (uint64_t pa = m->pa; pa < m->pa + m->bytes; pa += granule())
			counts[color_of(pa)]++;
		all += m->bytes / granule();
	}
	return all;
}

static void check_counts(void)
{
	static const char *const names[2] = { "used of a color", "free of a color" };
	static const uint32_t types[2] = {
		1u << SMALT_MEM_OBJECT | 1u << SMALT_MEM_TABLES | 1u << SMALT_MEM_RESIDENT,
		1u << SMALT_MEM_USABLE,
	};
	const struct smalt_array *frames = &guest.handoff->coloring.frames;

	expect_equal(frames->count, guest.handoff->colors.count, "one record for each color");
	for (unsigned which = 0; which < 2; which++) {
		uint64_t counts[COLORS_MOST] = { 0 };
		uint64_t all = count_memory(types[which], counts);

		for (uint32_t i = 0; i < frames->count; i++) {
			const struct smalt_color *color = smalt_entry(frames, i);
			uint64_t said = which == 0 ? color->used : color->free;

			expect_equal(said, counts[i], names[which]);
			all -= said;
		}
		expect_equal(all, 0, "the sum of all colors is all frames");
	}
}

/* The colors that the frames of a row are held to: an object's; the stacks are the kernel's. */
static uint64_t mask_of(const struct smalt_row *row)
{
	const struct smalt_object *object = smalt_nth_object(guest.handoff, row->object);

	if (object)
		return object->color_mask;
	return row->kind == SMALT_KIND_STACK || row->kind == SMALT_KIND_FAULT_STACK
		? guest.handoff->coloring.kernel_mask : UINT64_MAX;
}

/* Frames that are of none of their object's colors. */
static uint64_t missed_by(const struct smalt_extent *e)
{
	uint64_t mask = mask_of(smalt_nth_row(guest.handoff, e->row)), missed = 0;

	for (uint64_t pa = e->pa; pa < e->pa + e->bytes; pa += granule())
		missed += !(mask >> color_of(pa) & 1);
	return missed;
}

/* Page tables, and the frames of extents that Smalt took for them. */
static void check_masks(void)
{
	const struct smalt_handoff *h = guest.handoff;
	uint64_t missed = 0;

	for (uint32_t i = 0; i < h->extents.count; i++) {
		const struct smalt_extent *e = smalt_nth_extent(h, i);

		if (e->backing < SMALT_BACKING_DEVICE)
			missed += missed_by(e);
	}
	for (uint32_t i = 0; i < h->memory.count; i++) {
		const struct smalt_memory *m = smalt_nth_memory(h, i);

		for (uint64_t pa = m->pa; m->type == SMALT_MEM_TABLES && pa < m->pa + m->bytes; pa += granule())
			missed += !(h->coloring.tables_mask >> color_of(pa) & 1);
	}
	expect_equal(h->coloring.missed_mask, missed, "frames of a color that is not theirs");
	if (h->coloring.flags & SMALT_COLORING_STRICT)
		expect_equal(missed, 0, "strict: no frame of a color that is not its object's");
}

/* Rows and extents say the color of their first frame. */
static void check_rows(void)
{
	for (uint32_t i = 0; i < guest.handoff->extents.count; i++) {
		const struct smalt_extent *e = smalt_nth_extent(guest.handoff, i);
		const struct smalt_row *row = smalt_nth_row(guest.handoff, e->row);

		if (smalt_memory_at(guest.handoff, e->pa) && e->backing != SMALT_BACKING_DEVICE)
			expect_equal(e->color, color_of(e->pa), "color of an extent");
		if (e->va <= row->va && row->va < e->va + e->bytes && e->color != SMALT_NONE)
			expect_equal(row->color, color_of(e->pa + (row->va - e->va)), "color of a row");
	}
}

static void check_off(void)
{
	const struct smalt_handoff *h = guest.handoff;

	expect_equal(h->colors.count, 1, "off: one color");
	expect_equal(h->colors.shift | h->colors.bits, 0, "off: no bits");
	expect_equal(h->coloring.frames.count, 0, "off: no records");
	expect_equal(h->coloring.kernel_mask | h->coloring.module_mask | h->coloring.tables_mask |
	             h->coloring.free_mask, 0, "off: no masks");
	for (uint32_t i = 0; i < h->objects.count; i++)
		expect_equal(smalt_nth_object(h, i)->color_mask, 0, "off: no mask of an object");
	for (uint32_t i = 0; i < h->rows.count; i++)
		expect_equal(smalt_nth_row(h, i)->color, SMALT_NONE, "off: no color of a row");
}

/* What the handoff points to lies in its row. */
static void check_room(void)
{
	const struct smalt_handoff *h = guest.handoff;
	const struct smalt_row *row = smalt_row_at(h, (uint64_t)(uintptr_t)h);

	if (expect(row && row->kind == SMALT_KIND_HANDOFF, "the handoff lies in its row"))
		expect(h->total_bytes <= row->mem_bytes, "the handoff fits into its row");
}

void guest_laws(void)
{
	const struct smalt_colors *colors = &guest.handoff->colors;

	check_room();

	if (colors->policy == SMALT_COLOR_OFF) {
		check_off();
		return;
	}
	if (!expect(colors->count >= 2 && colors->count <= COLORS_MOST &&
	            colors->count == 1u << colors->bits, "colors: a power of two"))
		return;
	check_counts();
	check_masks();
	check_rows();
}
