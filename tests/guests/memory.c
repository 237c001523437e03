/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory.c: the memory map is sorted, disjoint and complete, and every page of
 * every row is accounted for. Prints the map: the other side adds it up.
 */
#include "guest.h"

static void check_order(void)
{
	uint64_t end = 0, granule = 1ull << guest.handoff->granule_shift;
	uint32_t type = 0;

	for (uint32_t i = 0; i < guest.handoff->memory.count; i++) {
		const struct smalt_memory *m = smalt_nth_memory(guest.handoff, i);

		say_line("memory", m->pa);
		say_line("  bytes", m->bytes);
		say_line("  type", m->type);
		expect(m->pa >= end, "ranges ascend and are disjoint");
		expect(m->bytes > 0 && (m->pa | m->bytes) % granule == 0, "ranges are whole pages");
		expect(m->pa != end || m->type != type || i == 0, "neighbors differ in type");
		expect(m->type > 0 && m->type < SMALT_MEM_TYPES, "the type is one of the list");
		end = m->pa + m->bytes;
		type = m->type;
	}
}

/* The type that the frames of a row must have; 0: whatever the firmware said. */
static uint32_t type_of(const struct smalt_row *row)
{
	switch (row->kind) {
	case SMALT_KIND_OBJECT:
		return SMALT_MEM_OBJECT;
	case SMALT_KIND_JUMP:
		return SMALT_MEM_RECLAIMABLE;
	case SMALT_KIND_SERIAL:
	case SMALT_KIND_ACPI:
	case SMALT_KIND_FRAMEBUFFER:
	case SMALT_KIND_SMBIOS:
	case SMALT_KIND_EFI_RUNTIME:
		return 0;
	default:
		return SMALT_MEM_RESIDENT;
	}
}

static void check_extent(const struct smalt_extent *extent)
{
	uint32_t type = type_of(smalt_nth_row(guest.handoff, extent->row));
	const struct smalt_memory *m = smalt_memory_at(guest.handoff, extent->pa);

	if (type == 0)
		return;
	if (!expect(m != NULL, "the frames of an extent are in the memory map"))
		return;
	if (!expect_equal(m->type, type, "the type of an extent's frames"))
		say_line("    va", extent->va);
	expect(extent->pa + extent->bytes <= m->pa + m->bytes, "an extent lies in one range");
}

/* Frames of one type belong to extents; those of type OBJECT all do. */
static void check_owned(uint64_t pa, uint64_t end)
{
	while (pa < end) {
		uint64_t next = 0;

		for (uint32_t i = 0; i < guest.handoff->extents.count; i++) {
			const struct smalt_extent *e = smalt_nth_extent(guest.handoff, i);

			if (pa - e->pa < e->bytes && e->pa + e->bytes > next)
				next = e->pa + e->bytes;
		}
		if (!expect(next != 0, "a frame of type object is of a row")) {
			say_line("    pa", pa);
			return;
		}
		pa = next;
	}
}

/* Frames that are written belong to one extent only: nobody else may see them change. */
static void check_unique(void)
{
	uint32_t count = guest.handoff->extents.count;

	for (uint32_t i = 0; i < count; i++) {
		const struct smalt_extent *a = smalt_nth_extent(guest.handoff, i);

		for (uint32_t j = 0; j < count; j++) {
			const struct smalt_extent *b = smalt_nth_extent(guest.handoff, j);

			if (i != j && (a->prot | b->prot) & SMALT_W)
				expect(a->pa + a->bytes <= b->pa || b->pa + b->bytes <= a->pa,
				       "frames that are written have one owner");
		}
	}
}

void guest_main(void)
{
	const struct smalt_handoff *h = guest.handoff;

	check_order();
	for (uint32_t i = 0; i < h->extents.count; i++)
		check_extent(smalt_nth_extent(h, i));
	for (uint32_t i = 0; i < h->memory.count; i++)
		if (smalt_nth_memory(h, i)->type == SMALT_MEM_OBJECT)
			check_owned(smalt_nth_memory(h, i)->pa,
			            smalt_nth_memory(h, i)->pa + smalt_nth_memory(h, i)->bytes);
	check_unique();
	expect_equal(smalt_memory_at(h, h->tables_pa)->type, SMALT_MEM_TABLES, "the tables' type");
	expect_equal(smalt_memory_at(h, h->pa)->type, SMALT_MEM_RESIDENT, "the handoff's type");
}
