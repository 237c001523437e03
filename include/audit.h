/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit.h: reads finished page tables back and compares them with the plan.
 *
 * It shares nothing with the builder: entries are decoded with literals of its
 * own, from the manuals (requirements P7).
 */
#ifndef AUDIT_H
#define AUDIT_H

#include "leaf.h"
#include "status.h"

struct audit_tables {
	uint32_t elf_machine;    /* which manual */
	uint64_t root_pa[2];
	uint64_t window;         /* pointer = pa + window */
	uint64_t tables_pa;      /* every table must lie in [tables_pa, tables_pa + tables_bytes) */
	uint64_t tables_bytes;
};

/*
 * Every leaf agrees with maps, ascending and disjoint, and maps has nothing more.
 * Counts leaves below split_va in low[], from it on in high[] by log2 of bytes
 * (index 12: 4K ... 30: 1G), a contiguous run as one. ST_AUDIT with the address and both values.
 */
struct audit_leaves {
	uint64_t direct_va, direct_bytes;    /* in: the direct map, counted apart */
	uint64_t rows[40];                   /* out: by log2 of the leaf's bytes */
	uint64_t direct[40];
	uint64_t tables;                     /* out: tables reached */
};

MUST_CHECK enum status audit_tables(const struct audit_tables *tables, const struct map *maps,
                                    uint32_t map_count, struct audit_leaves *leaves,
                                    struct fault *fault);

#endif
