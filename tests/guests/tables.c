/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tables.c: no page table is there that could be spared: each holds something, and none
 * maps what one leaf above it could (requirements P1, P7). Counted from the roots on.
 */
#include "guest.h"

static unsigned index_bits(void)
{
	return guest.handoff->granule_shift - 3;
}

static unsigned entry_shift(unsigned level)
{
	return guest.handoff->granule_shift + index_bits() * level;
}

/* A size that the CPU has, as far as a boot can tell: 1G on x86_64 only where it is used. */
static bool has_leaf(unsigned shift)
{
	const struct smalt_handoff *h = guest.handoff;

	for (unsigned i = 0; i < 7; i++)
		if (h->leaf_shift[i] == shift)
			return shift < 30 || h->machine == SMALT_MACHINE_AARCH64 || h->profile.leaves[i] != 0 ||
			       h->profile.direct_map_leaves[i] != 0;
	return false;
}

/* Is [va, va + bytes) all of one row, or of the direct map? Leaves end where rows do. */
static bool is_of_one(uint64_t va, uint64_t bytes)
{
	const struct smalt_extent *first = smalt_extent_at(guest.handoff, va);
	const struct smalt_extent *last = smalt_extent_at(guest.handoff, va + bytes - 1);

	return first ? last && first->row == last->row
	             : va - guest.handoff->direct_map_va < guest.handoff->direct_map_bytes;
}

/* All entries are leaves, one behind the other in pa, with the same attributes, and aligned as one leaf of `shift` is. */
static bool is_one_leaf(const uint64_t *table, unsigned level, unsigned shift)
{
	struct guest_pte first = guest_decode(table[0], level);
	uint64_t bytes = 1ull << entry_shift(level);

	/* x86_64: no large leaf over the first MiB (Intel SDM Vol. 3A, "Large Page Size Considerations") */
	if (!first.present || first.table || first.pa % (1ull << shift) != 0 || first.pa < 1 << 20)
		return false;
	for (unsigned i = 1; i < 1u << index_bits(); i++) {
		struct guest_pte pte = guest_decode(table[i], level);

		if (!pte.present || pte.table || pte.pa != first.pa + i * bytes ||
		    pte.prot != first.prot || pte.memory != first.memory)
			return false;
	}
	return true;
}

/* aarch64 translates 48 bits: its root may be short (Arm ARM D8.2). */
static unsigned entries_of(unsigned level)
{
	unsigned bits = index_bits(), shift = entry_shift(level);

	if (guest.handoff->machine == SMALT_MACHINE_AARCH64 && shift + bits > 48)
		bits = 48 - shift;
	return 1u << bits;
}

/* The table and those below it. va: with the upper bits that the processor wants. */
static uint64_t count_tables(uint64_t pa, unsigned level, uint64_t va, bool root)
{
	const uint64_t *table = smalt_direct(guest.handoff, pa);
	unsigned above = entry_shift(level + 1), used = 0;
	uint64_t count = 1;

	for (unsigned i = 0; i < entries_of(level); i++) {
		struct guest_pte pte = guest_decode(table[i], level);
		uint64_t at = va + ((uint64_t)i << entry_shift(level));

		if (root && guest.handoff->machine == SMALT_MACHINE_X86_64 && i >= 256)
			at |= -1ull << (entry_shift(level) + 8);
		used += pte.present;
		if (pte.present && pte.table)
			count += count_tables(pte.pa, level - 1, at, false);
	}
	if (root)
		return count;
	expect(used > 0, "no page table is empty");
	if (has_leaf(above) && is_one_leaf(table, level, above) && is_of_one(va, 1ull << above)) {
		expect(false, "no page table maps what one leaf could");
		say_line("    va", va);
	}
	return count;
}

/* Where there is no direct map nobody can read them. */
void guest_tables(void)
{
	static const uint64_t root_va[2] = { 0, 0xffff000000000000 };
	const struct smalt_handoff *h = guest.handoff;
	uint64_t count = 0;

	if (h->direct_map_bytes == 0)
		return;
	for (unsigned i = 0; i < 2; i++)
		if (h->root_pa[i] != 0)
			count += count_tables(h->root_pa[i], h->paging_levels - 1, root_va[i], true);
	expect_equal(count, h->tables_count, "page tables from the roots on");
}
