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
	uint32_t granule_shift;  /* log2 of the bytes of a page and of a table */
	uint32_t levels;         /* of tables on the way to a page */
	uint64_t root_pa[2];
	uint64_t window;         /* pointer = pa + window */
	uint64_t tables_pa;      /* every table must lie in [tables_pa, tables_pa + tables_bytes) */
	uint64_t tables_bytes;
};

struct audit_leaves {
	uint64_t direct_va, direct_bytes;    /* in: the direct map, counted apart */
	uint64_t rows[40];                   /* out: by log2 of the leaf's bytes (12: 4K ... 30: 1G) */
	uint64_t direct[40];
	uint64_t tables;                     /* out: tables reached, roots included */
};

/*
 * Every leaf agrees with maps, ascending and disjoint, and nothing more is mapped:
 * rights, memory type, global and accessed bits, contiguous runs (complete and aligned; counted as
 * one leaf). Every table lies in the given pages, behind the one that was met
 * before it in order of va (pagetable.h builds them so), and maps something:
 * so none is reached twice. ST_AUDIT with the entry that is there, the entry that should be,
 * and its va as word. Of leaves, what was counted until then.
 */
MUST_CHECK enum status audit_tables(const struct audit_tables *tables, const struct map *maps,
                                    uint32_t map_count, struct audit_leaves *leaves,
                                    struct fault *fault);

#endif
