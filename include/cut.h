/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cut.h: cuts one row into runs of whole pages with one backing each. Pure.
 *
 *        va                      file end                mem end
 *    |....xxxx|xxxxxxxx|xxxxxxxx|xxx.....|........|.....   |
 *     copy      in place          copy     zero     zero
 */
#ifndef CUT_H
#define CUT_H

#include <stdbool.h>
#include <stdint.h>

#define CUT_MAX 4                /* head copy, body in place, tail copy, zero */

struct cut {
	uint64_t va;             /* of the row, exact */
	uint64_t mem_bytes;      /* never 0; va + mem_bytes rounded up to a page does not wrap */
	uint64_t file_bytes;     /* <= mem_bytes */
	uint64_t bytes_pa;       /* where the row's first file byte lies now */
	bool in_place;           /* pages of the file may be mapped where they are */
	bool whole_pages;        /* a raw module: bytes around it on its pages may show (M17) */
	bool first_shared;       /* the first page already belongs to the row before */
	bool last_shared;        /* the last page also belongs to the row behind: never in place */
};

struct run {
	uint64_t va;             /* a page */
	uint64_t bytes;          /* whole pages, never 0 */
	uint32_t backing;        /* SMALT_BACKING_* */
};

/*
 * Fills runs[], ascending without gaps, neighbours differ; returns their number
 * (0 only if first_shared leaves nothing). A page is in place only if every
 * byte of it is a file byte of this row, or whole_pages (S11).
 */
uint32_t cut_row(const struct cut *cut, uint64_t granule, struct run runs[CUT_MAX]);

#endif
