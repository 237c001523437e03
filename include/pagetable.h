/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pagetable.h: builds page tables from pieces of memory in ascending order.
 *
 * Tables are only built, never edited: the pieces come sorted, so that every
 * entry, the empty ones too, is written exactly once and in order. There is no
 * split, no merge, no TLB. The number of tables is known before the first is
 * written; their frames are taken before, so that building cannot fail.
 */
#ifndef PAGETABLE_H
#define PAGETABLE_H

#include "leaf.h"
#include "status.h"

/* Tables of one space. The first four are the caller's. */
struct pagetable {
	const struct machine *machine;
	const struct format *format;
	uint32_t leaf_mask;      /* which of format->leaves the CPU has */
	uint64_t window;         /* pointer = pa + window; 0 in a loader */
	uint64_t tables_pa;      /* of the first table; the roots are the first */
	uint32_t table_count;
	uint64_t color_mask;     /* tables lie in those granules from tables_pa on whose color is in it; color_count 0: in all */
	uint32_t color_count;    /* a power of two */
	uint64_t root_pa[MACHINE_ROOTS];
};

/*
 * How many tables the maps need, all roots included (an unused half is an empty
 * root). maps ascend and are disjoint. O(maps * levels). ST_NO_ADDRESS if one
 * lies in no range of the machine or its pa has too many bits, ST_OVERLAP if they do not
 * ascend, ST_WX if the machine must not map such rights, ST_MISALIGNED, ST_INVALID
 * (no bytes, an unknown memory type), ST_NO_MEMORY (more tables than 32 bits count).
 */
MUST_CHECK enum status pagetable_count(const struct pagetable *pt, const struct map *maps,
                                       uint32_t map_count, uint32_t *tables, struct fault *fault);

/*
 * Writes exactly the counted tables at tables_pa, table_count of them, and sets
 * root_pa. The frames need not be zero. maps are those that pagetable_count()
 * accepted. The tables behind the roots lie in the order in which their first va ascends.
 */
void pagetable_build(struct pagetable *pt, const struct map *maps, uint32_t map_count);

#endif
