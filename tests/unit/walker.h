/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * walker.h: translates one address as the processor does, after the manuals:
 * shares nothing with mm/ or arch/.
 */
#ifndef WALKER_H
#define WALKER_H

#include <stdbool.h>
#include <stdint.h>

#include <smalt/handoff.h>

/* What one address maps to. */
struct walked {
	bool mapped;
	uint64_t pa;
	uint64_t leaf_bytes;     /* a contiguous run as one */
	uint32_t prot;           /* SMALT_*, all levels taken together */
	uint32_t memory;         /* SMALT_CACHE_*, 99: none of them */
	bool global;
};

static inline uint64_t walker_read(uint64_t window, uint64_t pa, uint64_t index)
{
	return ((const uint64_t *)(uintptr_t)(window + pa))[index];
}

/*
 * Intel SDM Vol. 3A, 4.5 with 4 or 5 levels: root_shift 39 or 48; "Access Rights", "Page Attribute Table"
 * with PA5 = WC.
 */
static inline struct walked walk_intel(uint64_t root_pa, unsigned root_shift, uint64_t window,
                                       uint64_t va)
{
	static const uint32_t pat[8] = { SMALT_CACHE_WRITE_BACK, 99, 99, SMALT_CACHE_DEVICE,
	                                 99, SMALT_CACHE_WRITE_COMBINE, 99, 99 };
	uint64_t table = root_pa, entry = 0, writable = 2, user = 4, no_execute = 0;
	struct walked w = { .mapped = false };
	unsigned shift = root_shift;
	int64_t above = (int64_t)va >> (root_shift + 8);

	if (above != 0 && above != -1)       /* not canonical */
		return w;
	for (;; shift -= 9) {
		entry = walker_read(window, table, va >> shift & 511);
		if ((entry & 1) == 0)
			return w;
		writable &= entry;
		user &= entry;
		no_execute |= entry >> 63;
		if (shift == 12 || (entry & 0x80) != 0)
			break;
		table = entry & 0x000ffffffffff000;
	}
	w.mapped = shift < 39;               /* PS of a PML4E and a PML5E is reserved */
	w.leaf_bytes = 1ull << shift;
	w.pa = (entry & 0x000ffffffffff000 & -w.leaf_bytes) + (va & (w.leaf_bytes - 1));
	w.prot = SMALT_R | (writable ? SMALT_W : 0) | (no_execute ? 0 : SMALT_X) |
	         (user ? SMALT_U : 0);
	w.memory = pat[(entry >> 3 & 3) | (entry >> (shift == 12 ? 7 : 12) & 1) << 2];
	w.global = entry >> 8 & 1;
	return w;
}

static inline struct walked walk_x86_64(uint64_t root_pa, uint64_t window, uint64_t va)
{
	return walk_intel(root_pa, 39, window, va);
}

static inline struct walked walk_la57(uint64_t root_pa, uint64_t window, uint64_t va)
{
	return walk_intel(root_pa, 48, window, va);
}

/* Does entry continue a run whose first entry is `first`? */
static inline bool walker_in_run(uint64_t entry, uint64_t first, uint64_t index, unsigned shift)
{
	return entry == first + (index << shift);
}

/* Entries of a contiguous run, "The Contiguous bit": of pages, of blocks of the level above them. */
static inline uint64_t walker_run(unsigned page_shift, bool page)
{
	if (page_shift == 14)
		return page ? 128 : 32;
	return page_shift == 12 ? 16 : 32;
}

/*
 * DDI 0487 D8, VMSAv8-64 stage 1 of EL1, any granule, 48 bits; MAIR as H5. A leaf without
 * the access flag faults: not mapped. So does a run that is not whole: the
 * processor may do anything there.
 */
static inline struct walked walk_granule(unsigned page_shift, const uint64_t root_pa[2],
                                         uint64_t window, uint64_t va)
{
	static const uint32_t mair[8] = { SMALT_CACHE_WRITE_BACK, SMALT_CACHE_WRITE_COMBINE,
	                                  SMALT_CACHE_DEVICE, 99, 99, 99, 99, 99 };
	unsigned first_shift = page_shift == 12 ? 39 : page_shift == 14 ? 47 : 42;
	unsigned block_most = page_shift == 12 ? 30 : page_shift == 14 ? 25 : 29, shift = first_shift;
	uint64_t table = root_pa[va >> 63], entry = 0, index = 0;
	uint64_t address = 0x0000ffffffffffff & -(1ull << page_shift);
	struct walked w = { .mapped = false };

	if (va >> 48 != 0 && va >> 48 != 0xffff)
		return w;
	for (;; shift -= page_shift - 3) {
		index = (va & 0xffffffffffff) >> shift & ((1ull << (page_shift - 3)) - 1);
		entry = walker_read(window, table, index);
		if ((entry & 1) == 0 ||
		    ((entry & 2) == 0 && (shift > block_most || shift == page_shift)))
			return w;
		if (shift == page_shift || (entry & 2) == 0)
			break;
		table = entry & address;
	}
	w.mapped = entry >> 10 & 1;
	w.leaf_bytes = 1ull << shift;
	w.pa = (entry & address & -w.leaf_bytes) + (va & (w.leaf_bytes - 1));
	if (entry >> 52 & 1) {
		uint64_t run = walker_run(page_shift, shift == page_shift), start = index & -run;
		uint64_t first = walker_read(window, table, start);

		w.leaf_bytes *= run;
		w.mapped = w.mapped && (first & address & (w.leaf_bytes - 1)) == 0;
		for (uint64_t i = 0; i < run; i++)
			w.mapped = w.mapped &&
			           walker_in_run(walker_read(window, table, start + i), first, i, shift);
	}
	w.prot = SMALT_R | (entry >> 7 & 1 ? 0 : SMALT_W);
	if (entry >> 6 & 1)                  /* EL0: UXN rules; EL1: PXN */
		w.prot |= SMALT_U | (entry >> 54 & 1 ? 0 : SMALT_X);
	else
		w.prot |= entry >> 53 & 1 ? 0 : SMALT_X;
	w.memory = mair[entry >> 2 & 7];
	w.global = (entry >> 11 & 1) == 0;
	return w;
}

static inline struct walked walk(uint32_t elf_machine, const uint64_t root_pa[2], uint64_t window,
                                 uint64_t va)
{
	return elf_machine == SMALT_MACHINE_X86_64 ? walk_x86_64(root_pa[0], window, va)
	                                           : walk_granule(12, root_pa, window, va);
}

#endif
