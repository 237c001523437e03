/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cut.c: cuts one row into runs of whole pages with one backing each (S11, M17).
 *
 * All arithmetic is on pages that lie within the row's own pages, which do not wrap.
 */
#include "cut.h"

#include <smalt/handoff.h>

#include "align.h"

/* The pages of a row by what they hold: [first, in_place) is copied, ... */
struct pages {
	uint64_t first;
	uint64_t in_place;       /* beginning of the pages that stay, 0: none does */
	uint64_t copy;           /* their end, 0: none does; copied up to ... */
	uint64_t zero;           /* ... here, zero from here on */
	uint64_t end;
};

/* Which pages may stay where they are: those of file bytes only. */
static void find_in_place(const struct cut *cut, uint64_t granule, struct pages *p)
{
	uint64_t file_end = cut->va + cut->file_bytes;
	uint64_t from = align_up(cut->va, granule), to = align_down(file_end, granule);

	if (!cut->in_place || cut->file_bytes == 0 ||
	    ((cut->va ^ cut->bytes_pa) & (granule - 1)) != 0)
		return;
	if (cut->whole_pages)
		from = p->first;
	/* Behind the file's end its neighbor's bytes may show, but not in place of zeros */
	if (cut->whole_pages && cut->mem_bytes == cut->file_bytes)
		to = p->end;
	if (cut->last_shared && to == p->end)
		to -= granule;
	if (from < to) {
		p->in_place = from;
		p->copy = to;
	}
}

static struct run *add(struct run *run, uint64_t from, uint64_t to, uint32_t backing)
{
	if (from < to)
		*run++ = (struct run){ from, to - from, backing };
	return run;
}

uint32_t cut_row(const struct cut *cut, uint64_t granule, struct run runs[CUT_MAX])
{
	uint64_t file_end = cut->va + cut->file_bytes;
	struct pages p = {
		.first = align_down(cut->va, granule),
		.end = align_up(cut->va + cut->mem_bytes, granule),
	};
	uint64_t start = p.first + (cut->first_shared ? granule : 0);
	struct run *run = runs;

	p.zero = cut->file_bytes == 0 ? p.first : align_up(file_end, granule);
	find_in_place(cut, granule, &p);
	run = add(run, start, p.in_place, SMALT_BACKING_COPY);
	run = add(run, max_u64(start, p.in_place), p.copy, SMALT_BACKING_IN_PLACE);
	run = add(run, max_u64(start, p.copy), p.zero, SMALT_BACKING_COPY);
	run = add(run, max_u64(start, p.zero), p.end, SMALT_BACKING_ZERO);
	return (uint32_t)(run - runs);
}
