/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * walk.c: the page tables in use map exactly the extents and the direct map,
 * with their rights and nothing more, and no alias grants what a row does not.
 * Read with the manual's bits, from the root register on.
 */
#include "guest.h"

static struct totals {
	uint64_t extent_bytes, direct_bytes;
	uint64_t tables;
	/* By log2 of bytes; a run counts as one. Smalt's own rows are apart from the objects'. */
	uint64_t object_leaves[40], own_leaves[40], direct_leaves[40];
} totals;

struct leaf {
	uint64_t va, pa, bytes;
	uint32_t prot, memory;
};

/* Shall the direct map leave W out of some page of [pa, pa + bytes)? And out of every page? */
static void aliases_of(uint64_t pa, uint64_t bytes, bool *some, uint64_t *read_only_bytes)
{
	*some = false;
	*read_only_bytes = 0;
	for (uint32_t i = 0; i < guest.handoff->extents.count; i++) {
		const struct smalt_extent *e = smalt_nth_extent(guest.handoff, i);
		uint64_t start = e->pa > pa ? e->pa : pa;
		uint64_t end = e->pa + e->bytes < pa + bytes ? e->pa + e->bytes : pa + bytes;

		if (start >= end || e->prot & SMALT_W)
			continue;
		*some = true;
		*read_only_bytes += end - start;
	}
}

/* One range of the direct map that is in one leaf. */
static void check_direct(const struct leaf *leaf)
{
	bool some;
	uint64_t read_only_bytes, pa = leaf->pa;

	expect_equal(leaf->pa, leaf->va - guest.handoff->direct_map_va, "pa of the direct map");
	expect(leaf->pa + leaf->bytes <= guest.handoff->direct_map_bytes, "the direct map's end");
	expect_equal(leaf->memory, SMALT_CACHE_WRITE_BACK, "memory type of the direct map");
	while (pa < leaf->pa + leaf->bytes) {
		const struct smalt_memory *m = smalt_memory_at(guest.handoff, pa);

		if (!expect(m && smalt_type_is_direct(m->type), "the direct map shows only what it may")) {
			say_line("    pa", pa);
			return;
		}
		pa = m->pa + m->bytes;
	}
	aliases_of(leaf->pa, leaf->bytes, &some, &read_only_bytes);
	if (some && read_only_bytes >= leaf->bytes)
		expect_equal(leaf->prot, SMALT_R, "rights of the direct map over read-only rows");
	else
		expect_equal(leaf->prot, SMALT_R | (some ? 0 : SMALT_W), "rights of the direct map");
	totals.direct_bytes += leaf->bytes;
}

/* The part of the leaf that lies in this extent. */
static void check_extent(const struct leaf *leaf, const struct smalt_extent *extent)
{
	expect_equal(leaf->pa, extent->pa + (leaf->va - extent->va), "pa of an extent");
	expect_equal(leaf->prot, extent->prot, "rights of an extent");
	expect_equal(leaf->memory, extent->memory, "memory type of an extent");
	totals.extent_bytes += leaf->bytes;
}

static bool in_direct_map(uint64_t va)
{
	return va >= guest.handoff->direct_map_va &&
	       va - guest.handoff->direct_map_va < guest.handoff->direct_map_bytes;
}

static void check_leaf(struct leaf leaf)
{
	while (leaf.bytes > 0 && guest.violations < 10) {
		const struct smalt_extent *extent = smalt_extent_at(guest.handoff, leaf.va);
		struct leaf part = leaf;

		if (extent && extent->va + extent->bytes - leaf.va < part.bytes)
			part.bytes = extent->va + extent->bytes - leaf.va;
		if (extent)
			check_extent(&part, extent);
		else if (in_direct_map(leaf.va))
			check_direct(&part);
		else if (!expect(false, "something is mapped that no extent has"))
			say_line("    va", leaf.va);
		leaf.va += part.bytes;
		leaf.pa += part.bytes;
		leaf.bytes -= part.bytes;
	}
}

/* Where to count a leaf. */
static uint64_t *leaves_of(uint64_t va)
{
	const struct smalt_extent *extent = smalt_extent_at(guest.handoff, va);

	if (!extent)
		return totals.direct_leaves;
	return smalt_nth_row(guest.handoff, extent->row)->object == SMALT_NONE ? totals.own_leaves
	                                                                        : totals.object_leaves;
}

static unsigned log2_of(uint64_t x)
{
	return 63u - (unsigned)__builtin_clzll(x);
}

static unsigned level_shift(unsigned level)
{
	return guest.handoff->granule_shift + (guest.handoff->granule_shift - 3) * level;
}

/* aarch64 translates 48 bits: the first table has entries for what is left of them (Arm ARM D8.2). */
static unsigned entries_of(unsigned level)
{
	unsigned bits = guest.handoff->granule_shift - 3, shift = level_shift(level);

	if (guest.handoff->machine == SMALT_MACHINE_AARCH64 && shift + bits > 48)
		bits = 48 - shift;
	return 1u << bits;
}

/* Entries of a run (Arm ARM D8.6.1, "Contiguous bit"). */
static unsigned run_of(unsigned level)
{
	if (guest.handoff->granule_shift == 14)
		return level == 0 ? 128 : 32;
	return guest.handoff->granule_shift == 12 ? 16 : 32;
}

/* A contiguous run: entries alike, aligned in va and pa. */
static void check_run(const uint64_t *table, unsigned index, unsigned level)
{
	unsigned run = run_of(level), first = index & (0 - run);
	uint64_t bytes = 1ull << level_shift(level);

	for (unsigned i = first; i < first + run; i++) {
		struct guest_pte pte = guest_decode(table[i], level);

		expect(pte.present && pte.run, "every entry of a run has the bit");
		expect_equal(pte.pa, guest_decode(table[first], level).pa + (i - first) * bytes, "pa in a run");
		expect_equal(pte.prot, guest_decode(table[first], level).prot, "rights in a run");
	}
	expect_equal(guest_decode(table[first], level).pa % (run * bytes), 0, "alignment of a run");
}

/* Intel SDM volume 1, 3.3.7.1: the upper bits repeat the highest one that is translated. */
static uint64_t canonical(uint64_t va, unsigned bits)
{
	return (uint64_t)((int64_t)(va << (64 - bits)) >> (64 - bits));
}

/* Levels from the root to the page: an array instead of recursion bounds the stack. */
static void walk_root(uint64_t root_pa, uint64_t root_va)
{
	struct { const uint64_t *table; uint64_t va; unsigned index; uint32_t prot; } stack[5];
	unsigned depth = 0, levels = guest.handoff->paging_levels;

	stack[0].table = smalt_direct(guest.handoff, root_pa);
	stack[0].va = root_va;
	stack[0].index = 0;
	stack[0].prot = SMALT_R | SMALT_W | SMALT_X | SMALT_U;
	totals.tables++;
	for (;;) {
		unsigned level = levels - 1 - depth, index = stack[depth].index;
		uint64_t bytes = 1ull << level_shift(level), va;
		struct guest_pte pte;

		if (index == entries_of(level)) {
			if (depth-- == 0)
				return;
			continue;
		}
		stack[depth].index++;
		pte = guest_decode(stack[depth].table[index], level);
		if (!pte.present)
			continue;
		va = stack[depth].va + index * bytes;
		if (guest.handoff->machine == SMALT_MACHINE_X86_64)
			va = canonical(va, 12 + 9 * levels);
		if (pte.table) {
			const struct smalt_memory *m = smalt_memory_at(guest.handoff, pte.pa);

			expect(m && m->type == SMALT_MEM_TABLES, "a table lies in memory of type smalt-tables");
			expect(pte.pa - guest.handoff->tables_pa < guest.handoff->tables_bytes,
			       "a table lies where the handoff says");
			totals.tables++;
			depth++;
			stack[depth].table = smalt_direct(guest.handoff, pte.pa);
			stack[depth].va = va;
			stack[depth].index = 0;
			stack[depth].prot = stack[depth - 1].prot & pte.prot;
		} else {
			struct leaf leaf = { va, pte.pa, bytes, pte.prot & stack[depth].prot, pte.memory };
			uint64_t *count = leaves_of(va);

			if (pte.run && index % run_of(level) == 0)
				check_run(stack[depth].table, index, level);
			if (!pte.run || index % run_of(level) == 0)
				count[log2_of(pte.run ? run_of(level) * bytes : bytes)]++;
			check_leaf(leaf);
		}
	}
}

/* Everything that should be mapped was found: what was found is disjoint, so the sums decide. */
static void check_totals(void)
{
	const struct smalt_handoff *h = guest.handoff;
	uint64_t extents = 0, direct = 0;

	for (uint32_t i = 0; i < h->extents.count; i++)
		extents += smalt_nth_extent(h, i)->bytes;
	for (uint32_t i = 0; h->direct_map_bytes != 0 && i < h->memory.count; i++)
		if (smalt_type_is_direct(smalt_nth_memory(h, i)->type))
			direct += smalt_nth_memory(h, i)->bytes;
	if (h->direct_map_bytes != 0 && h->direct_map_va == 0 && smalt_memory_at(h, 0) &&
	    smalt_type_is_direct(smalt_memory_at(h, 0)->type))
		direct -= 1ull << h->granule_shift;
	expect_equal(totals.extent_bytes, extents, "bytes of all extents");
	expect_equal(totals.direct_bytes, direct, "bytes of the direct map");
	expect_equal(totals.tables, h->tables_count, "tables_count");
	expect_equal(totals.tables << h->granule_shift, h->tables_bytes, "tables_bytes");
	for (unsigned i = 0; i < 7 && h->leaf_shift[i] != 0; i++) {
		expect_equal(h->profile.leaves[i], totals.object_leaves[h->leaf_shift[i]], "leaves of objects");
		expect_equal(h->profile.direct_map_leaves[i], totals.direct_leaves[h->leaf_shift[i]],
		             "leaves of the direct map");
	}
}

/* A row's bytes are in extents with its rights; a page that rows share has the union. */
static void check_row(const struct smalt_row *row)
{
	uint64_t va = row->va;

	while (row->prot != 0 && va < row->va + row->mem_bytes) {
		const struct smalt_extent *e = smalt_extent_at(guest.handoff, va);

		if (!expect(e != NULL, "every byte of a row is in an extent"))
			return;
		if (row->flags & SMALT_ROW_SHARED_PAGE)
			expect_equal(e->prot & row->prot, row->prot, "a shared page has the row's rights");
		else
			expect_equal(e->prot, row->prot, "an extent has the row's rights");
		va = e->va + e->bytes;
	}
}

void guest_main(void)
{
	uint64_t pa[GUEST_ROOTS], va[GUEST_ROOTS];
	unsigned roots = guest_roots(pa, va), page = guest.handoff->granule_shift;

	expect(guest.handoff->direct_map_bytes != 0, "there is a direct map to look through");
	for (unsigned i = 0; i < roots; i++) {
		expect_equal(pa[i], guest.handoff->root_pa[i], "root_pa");
		walk_root(pa[i], va[i]);
	}
	check_totals();
	for (uint32_t i = 0; i < guest.handoff->rows.count; i++)
		check_row(smalt_nth_row(guest.handoff, i));
	expect(totals.own_leaves[page] != 0, "there are pages at all");
	say_line("tables", totals.tables);
}
