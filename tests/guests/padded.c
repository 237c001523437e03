/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * padded.c: tails are filled up with memory that is the object's own, so that every row of the
 * kernel is one leaf; it holds zeros, or traps where it can run, and is in nobody's way.
 */
#include "guest.h"

#define LEAF (2ull << 20)

static uint64_t filled_up;

/* What no code may fall into: INT3 (Intel SDM, Vol. 2), UDF #0 (Arm ARM, C6). */
static uint8_t filling(const struct smalt_extent *pad)
{
	bool int3 = guest.handoff->machine == SMALT_MACHINE_X86_64 && (pad->prot & SMALT_X);

	return int3 ? 0xcc : 0;
}

static void check_bytes(const struct smalt_extent *pad)
{
	for (uint64_t i = 0; i < pad->bytes; i++)
		if (!expect_equal(*at(pad->va + i), filling(pad), "a byte of a pad"))
			return;
	filled_up += pad->bytes;
}

static uint64_t end_of(const struct smalt_row *row)
{
	return (row->va + row->mem_bytes + 4095) & ~4095ull;
}

static void check_pad(const struct smalt_extent *pad)
{
	const struct smalt_row *row = smalt_nth_row(guest.handoff, pad->row);

	expect_equal(pad->va, end_of(row), "a pad begins where its row ends");
	expect_equal(pad->prot & ~(uint32_t)SMALT_G, row->prot, "a pad has the rights of its row");
	expect_equal((pad->va + pad->bytes) % LEAF, 0, "a pad ends with a leaf");
	expect_equal(pad->leaf_shift, 21, "leaf_shift of a pad");
	for (uint64_t pa = pad->pa; pa < pad->pa + pad->bytes; pa += 4096)
		expect_equal(smalt_memory_at(guest.handoff, pa)->type, SMALT_MEM_OBJECT, "whose memory a pad is");
	for (uint32_t i = 0; i < guest.handoff->rows.count; i++) {
		const struct smalt_row *other = smalt_nth_row(guest.handoff, i);
		uint64_t guard = other->object == row->object ? 0 : 4096;

		expect(other == row || end_of(other) <= pad->va ||
		       other->va >= pad->va + pad->bytes + guard, "a pad keeps away from other rows");
	}
	check_bytes(pad);
}

/* The bytes behind the row's own on its last page (M17). */
static void check_slack(const struct smalt_row *row)
{
	for (uint64_t va = row->va + row->mem_bytes; va < end_of(row); va++)
		if (!expect_equal(*at(va), 0, "slack in a row's last page"))
			return;
}

void guest_main(void)
{
	uint32_t pads = 0, rows = 0;

	for (uint32_t i = 0; i < guest.handoff->rows.count; i++) {
		const struct smalt_row *row = smalt_nth_row(guest.handoff, i);

		if (row->object != 0)
			continue;
		rows++;
		expect_equal(row->leaf_count[guest.handoff->machine == SMALT_MACHINE_X86_64 ? 1 : 2], 1,
		             "leaves of 2M of a row");
		check_slack(row);
	}
	for (uint32_t i = 0; i < guest.handoff->extents.count; i++)
		if (smalt_nth_extent(guest.handoff, i)->backing == SMALT_BACKING_PAD) {
			check_pad(smalt_nth_extent(guest.handoff, i));
			pads++;
		}
	expect_equal(pads, rows, "every row of the kernel has a pad");
	expect_equal(guest.handoff->profile.leaves_lower_bound, rows, "leaves of all rows");
	say_line("pads", pads);
	say_line("filled up", filled_up);
	say_line("zeroed", guest.handoff->profile.zeroed_bytes);
}
