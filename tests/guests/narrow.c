/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * narrow.c: after the jump a kernel can unmap a module and take the right to
 * write from a row with nothing but the table that it got (requirements M22).
 */
#include "guest.h"

#include <smalt/pages.h>

static uint32_t index_of(const char *name)
{
	uint32_t i = 0;

	while (smalt_nth_object(guest.handoff, i) != smalt_module(guest.handoff, name))
		i++;
	return i;
}

static const struct smalt_row *writable_row(uint32_t object)
{
	for (uint32_t i = 0; i < guest.handoff->rows.count; i++) {
		const struct smalt_row *row = smalt_nth_row(guest.handoff, i);

		if (row->object == object && (row->prot & SMALT_W))
			return row;
	}
	return NULL;
}

static const struct smalt_row *row_of(const struct smalt_extent *extent)
{
	return smalt_nth_row(guest.handoff, extent->row);
}

/* Every page of the table is mapped as it says but for what was changed. */
static void check_extent(const struct smalt_extent *extent, uint32_t gone, const struct smalt_row *narrowed)
{
	uint32_t prot = extent->prot & (row_of(extent) == narrowed ? ~(uint32_t)SMALT_W : ~0u);
	struct smalt_leaf leaf;
	uint32_t shift = guest.handoff->granule_shift;

	for (uint64_t at = 0; at < extent->bytes; at += 4096) {
		int mapped = smalt_leaf_at(guest.handoff, extent->va + at, &leaf);
		uint32_t level = 0;

		if (row_of(extent)->object == gone) {
			expect(!mapped, "nothing of the module is mapped");
			continue;
		}
		if (!expect(mapped, "what was not unmapped is mapped"))
			return;
		while ((uint64_t)leaf.count << (shift + (shift - 3) * level) < leaf.bytes)
			level++;
		expect_equal(guest_decode(leaf.entries[0], level).prot, prot, "rights of what was not unmapped");
	}
}

/* Nothing else shows the module's frames: they can hold what the kernel likes. */
static void take_frames(const struct smalt_extent *extent)
{
	uint64_t *words = smalt_direct(guest.handoff, extent->pa);

	expect_equal(smalt_memory_at(guest.handoff, extent->pa)->type, SMALT_MEM_OBJECT, "whose frames they were");
	for (uint32_t i = 0; i < guest.handoff->extents.count; i++) {
		const struct smalt_extent *other = smalt_nth_extent(guest.handoff, i);

		expect(other == extent || other->pa - extent->pa >= extent->bytes, "a frame has one owner");
	}
	for (uint64_t i = 0; (extent->prot & SMALT_W) && i < extent->bytes / 8; i++)
		words[i] = ~i;
}

static void check_all(uint32_t gone, const struct smalt_row *narrowed)
{
	for (uint32_t i = 0; i < guest.handoff->extents.count; i++) {
		const struct smalt_extent *extent = smalt_nth_extent(guest.handoff, i);

		check_extent(extent, gone, narrowed);
		if (row_of(extent)->object == gone)
			take_frames(extent);
	}
}

static void expect_refused(const struct smalt_row *row)
{
	struct smalt_row longer = *row, shared = *row;

	longer.mem_bytes += 1ull << guest.handoff->granule_shift;
	shared.flags |= SMALT_ROW_SHARED_PAGE;
	expect(!smalt_narrow(guest.handoff, &longer, 0), "what is not all mapped is not narrowed");
	expect(!smalt_narrow(guest.handoff, &shared, 0), "what is another's too is not narrowed");
}

/* smalt_leaf_at() steps over the row leaf by leaf, runs as one. */
static void check_leaves(const struct smalt_row *row)
{
	const struct smalt_handoff *h = guest.handoff;
	struct smalt_leaf leaf = { NULL, 0, 0, 0 };
	uint32_t count[7] = { 0 };

	for (uint64_t at = 0; at < row->data_offset + row->mem_bytes; at += leaf.bytes) {
		if (!expect(smalt_leaf_at(h, row->va - row->data_offset + at, &leaf), "the row is mapped"))
			return;
		for (unsigned i = 0; i < 7; i++)
			count[i] += h->leaf_shift[i] != 0 && leaf.bytes == 1ull << h->leaf_shift[i];
	}
	for (unsigned i = 0; i < 7; i++)
		expect_equal(count[i], row->leaf_count[i], "leaves of the row");
}

void guest_main(void)
{
	const struct smalt_object *gone = smalt_module(guest.handoff, "gone");
	const struct smalt_object *kept = smalt_module(guest.handoff, "kept");
	const struct smalt_row *row;
	uint8_t first;

	if (!expect(gone && kept, "the modules are there"))
		return;
	row = writable_row(index_of("kept"));
	say_line("leaf", row->leaf_shift);
	check_leaves(row);
	expect_equal(((int (*)(int))kept->entry)(5), 47, "what code of a module returns");
	first = *at(row->va);
	smalt_unmap_object(guest.handoff, index_of("gone"));
	expect_refused(row);
	expect(smalt_narrow(guest.handoff, row, SMALT_R), "a row is narrowed");
	check_all(index_of("gone"), row);
	if (!expect_equal(*at(row->va), first, "the row is still readable") || guest.violations)
		return;
	say("narrowed\n");
	if (smalt_same((const char *)guest.handoff->cmdline_va, "module"))
		(void)*at(gone->image_start);
	else
		*at(row->va) = 2;
	expect(false, "what was narrowed is still there");
}
