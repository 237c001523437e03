/* SPDX-License-Identifier: 0BSD */
/*
 * pages.h: unmaps an object of Smalt's, or takes rights from a row, in the tables that Smalt made.
 *
 * Needs a direct map, which shows the tables, and that these are still in use. An object is
 * whole leaves, and so is a row that shares no page with another (SMALT_ROW_SHARED_PAGE):
 * no leaf is ever split. Flushes this processor's translations (aarch64: those of all in the
 * inner shareable domain). The caller must not run on what it changes, nor have its stack there.
 *
 * Frames of an unmapped object are the kernel's, with what they hold: those of its extents but
 * for SMALT_BACKING_SHARED, and, of instance 0 of several, those of rows with SMALT_ROW_SHARED.
 * The direct map shows them with the rights that it had.
 *
 * Self-contained: kernel.h, C99, C++; x86_64 and aarch64.
 */
#ifndef SMALT_PAGES_H
#define SMALT_PAGES_H

#include <smalt/kernel.h>

/* One leaf: an entry, or those of a contiguous run of aarch64, where the direct map shows them. */
struct smalt_leaf {
	volatile uint64_t *entries;
	uint32_t count;
	uint64_t va;             /* of the first byte */
	uint64_t bytes;          /* of all entries */
};

#if defined(__x86_64__)

/* Intel SDM volume 3, tables 4-15 to 4-20: PS, or a page; bits 51:12. */
static inline int smalt_entry_is_leaf(uint64_t entry, uint32_t level)
{
	return level == 0 || (entry & 0x80) != 0;
}

static inline uint64_t smalt_entry_table(uint64_t entry)
{
	return entry & 0x000ffffffffff000;
}

static inline uint32_t smalt_entry_count(uint64_t entry, uint32_t granule_shift, uint32_t level)
{
	(void)entry;
	(void)granule_shift;
	(void)level;
	return 1;
}

/* The index bits of an address, and those above them. */
static inline uint64_t smalt_entry_bits(uint64_t va)
{
	return va;
}

/* Without R/W and D, with XD. */
static inline uint64_t smalt_entry_narrowed(uint64_t entry, uint32_t prot)
{
	if (!(prot & SMALT_W))
		entry &= ~(uint64_t)0x42;
	return prot & SMALT_X ? entry : entry | (uint64_t)1 << 63;
}

/* Whatever the leaf's size is, and global too: 4.10.4.1. */
static inline void smalt_leaf_flush(const struct smalt_leaf *leaf)
{
	__asm__ volatile("invlpg (%0)" : : "r"(leaf->va) : "memory");
}

#elif defined(__aarch64__)

/* Arm ARM DDI 0487, D8.3: bit 1 is a table above level 0; bits 47:12, 47:14 or 47:16; Contiguous is bit 52. */
static inline int smalt_entry_is_leaf(uint64_t entry, uint32_t level)
{
	return level == 0 || (entry & 2) == 0;
}

static inline uint64_t smalt_entry_table(uint64_t entry)
{
	return entry & 0x0000fffffffff000;
}

/* D8.7.1: with pages of 4K 16, of 16K 128 pages or 32 blocks, of 64K 32. */
static inline uint32_t smalt_entry_count(uint64_t entry, uint32_t granule_shift, uint32_t level)
{
	if (!(entry >> 52 & 1))
		return 1;
	return granule_shift == 12 ? 16 : granule_shift == 14 && level == 0 ? 128 : 32;
}

/* 48 of them: the first table has as many entries as are left for it. */
static inline uint64_t smalt_entry_bits(uint64_t va)
{
	return va & 0x0000ffffffffffff;
}

/* With AP[2], with PXN and UXN. */
static inline uint64_t smalt_entry_narrowed(uint64_t entry, uint32_t prot)
{
	if (!(prot & SMALT_W))
		entry |= (uint64_t)1 << 7;
	return prot & SMALT_X ? entry : entry | (uint64_t)3 << 53;
}

/* A run may be cached as one or as its entries. */
static inline void smalt_leaf_flush(const struct smalt_leaf *leaf)
{
	uint64_t step = leaf->bytes / leaf->count;

	__asm__ volatile("dsb ishst" : : : "memory");
	for (uint32_t i = 0; i < leaf->count; i++)
		__asm__ volatile("tlbi vaae1is, %0"
		                 : : "r"((leaf->va + i * step) >> 12 & 0xfffffffffff) : "memory");
	__asm__ volatile("dsb ish\nisb" : : : "memory");
}

#endif

#if defined(__x86_64__) || defined(__aarch64__)

/* The leaf that maps va: 1, and *leaf; 0 if nothing does. */
static inline int smalt_leaf_at(const struct smalt_handoff *handoff, uint64_t va,
                                struct smalt_leaf *leaf)
{
	uint64_t pa = handoff->root_pa[handoff->root_pa[1] != 0 && va >> 63];

	for (uint32_t level = handoff->paging_levels; level-- > 0;) {
		volatile uint64_t *table = (volatile uint64_t *)smalt_direct(handoff, pa);
		uint32_t bits = handoff->granule_shift - 3, shift = handoff->granule_shift + bits * level;
		uint32_t index = (uint32_t)(smalt_entry_bits(va) >> shift & (((uint64_t)1 << bits) - 1));
		uint64_t entry = table ? table[index] : 0;

		if (!(entry & 1))
			return 0;
		pa = smalt_entry_table(entry);
		if (!smalt_entry_is_leaf(entry, level))
			continue;
		leaf->count = smalt_entry_count(entry, handoff->granule_shift, level);
		leaf->bytes = (uint64_t)leaf->count << shift;
		leaf->va = va & -leaf->bytes;
		leaf->entries = table + (index & (0 - leaf->count));
		return 1;
	}
	return 0;
}

/*
 * Leaves the leaf those of its rights that are in prot; 0 unmaps it. A run is broken before it is made
 * anew (D8.17.1): for a moment nothing is mapped there.
 */
static inline void smalt_leaf_narrow(const struct smalt_leaf *leaf, uint32_t prot)
{
	uint64_t first = leaf->entries[0], step = leaf->bytes / leaf->count;

	if (prot == 0 || leaf->count > 1) {
		for (uint32_t i = 0; i < leaf->count; i++)
			leaf->entries[i] = 0;
		smalt_leaf_flush(leaf);
	}
	if (prot == 0)
		return;
	for (uint32_t i = 0; i < leaf->count; i++)
		leaf->entries[i] = smalt_entry_narrowed(first + i * step, prot);
	smalt_leaf_flush(leaf);
}

/* Bytes from the row's first page to behind its last, or behind what fills up its tail (SMALT_BACKING_PAD). */
static inline uint64_t smalt_row_bytes(const struct smalt_handoff *handoff, const struct smalt_row *row)
{
	uint64_t granule = (uint64_t)1 << handoff->granule_shift, start = row->va - row->data_offset;
	uint64_t bytes = (row->data_offset + row->mem_bytes + granule - 1) & -granule;
	const struct smalt_extent *pad;

	while ((pad = smalt_extent_at(handoff, start + bytes)) != 0 &&
	       pad->va == start + bytes && pad->backing == SMALT_BACKING_PAD)
		bytes += pad->bytes;
	return bytes;
}

/*
 * Leaves the row those of its rights that are in prot; 0 unmaps it. Returns 0, and has changed
 * nothing, if the row has a page that another has too, or one that is not mapped any more.
 */
static inline int smalt_narrow(const struct smalt_handoff *handoff, const struct smalt_row *row,
                               uint32_t prot)
{
	uint64_t start = row->va - row->data_offset, size = smalt_row_bytes(handoff, row);
	struct smalt_leaf leaf;

	if (row->flags & SMALT_ROW_SHARED_PAGE)
		return 0;
	for (uint64_t at = 0; at < size; at += leaf.bytes)
		if (!smalt_leaf_at(handoff, start + at, &leaf) || leaf.va != start + at ||
		    leaf.bytes > size - at)
			return 0;
	for (uint64_t at = 0; at < size && smalt_leaf_at(handoff, start + at, &leaf); at += leaf.bytes)
		smalt_leaf_narrow(&leaf, prot);
	return 1;
}

/* Unmaps every row of object i. What is not mapped any more stays so. */
static inline void smalt_unmap_object(const struct smalt_handoff *handoff, uint32_t i)
{
	uint64_t granule = (uint64_t)1 << handoff->granule_shift;
	struct smalt_leaf leaf;

	for (uint32_t r = 0; r < handoff->rows.count; r++) {
		const struct smalt_row *row = smalt_nth_row(handoff, r);
		uint64_t size = smalt_row_bytes(handoff, row);

		if (row->object != i)
			continue;
		for (uint64_t at = 0; at < size; at += granule)
			if (smalt_leaf_at(handoff, row->va - row->data_offset + at, &leaf))
				smalt_leaf_narrow(&leaf, 0);
	}
}

#endif
#endif
