/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * space.h: an address space under construction: rows, the addresses they
 * claim, and the extents behind them. Arrays are the caller's arena's.
 *
 *     place  ──▶ rows, claims     cut + frames ──▶ extents     leaf ──▶ maps
 */
#ifndef SPACE_H
#define SPACE_H

#include "align.h"
#include "arena.h"
#include "color.h"
#include "leaf.h"
#include "machine.h"
#include "ranges.h"
#include "slots.h"
#include "status.h"

/* Whose the virtual addresses are that are used. */
struct claim {
	struct span owner;       /* name of the object, "direct map", ... */
	uint32_t object;         /* SMALT_NONE: Smalt's own */
};

/* Which page tables a space is for. */
struct paging {
	const struct machine *machine;
	const struct format *format;     /* of the machine */
	uint32_t leaf_mask;              /* which of format->leaves the CPU has */
};

static inline struct paging paging_of(const struct machine *machine, uint32_t leaf_mask)
{
	return (struct paging){ machine, machine->format, leaf_mask };
}

struct space {
	const struct machine *machine;
	const struct format *format;
	uint32_t leaf_mask;      /* which of format->leaves the CPU has */
	bool guards;             /* the CPU has guarded pages: false after space_init() */
	uint64_t granule;
	struct smalt_row *rows;  /* ascending by va once sorted */
	uint32_t row_count, row_capacity;
	struct ranges used;      /* whole granules, that somebody claimed */
	struct ranges open;      /* whole granules, free for anybody with a guard on both sides */
	struct claim *claims;    /* by index in used: in order of claiming, from 1 on */
	uint32_t claim_count, claim_capacity;
	struct smalt_extent *extents;   /* ascending by va once complete */
	uint32_t extent_count, extent_capacity;
	struct colors *colors;   /* that frames shall have; NULL: any */
	bool *colored;           /* by object: leaves were given up for colors; NULL: none's */
	uint64_t tail_padding;   /* the largest leaf, in bytes, that tails of rows are filled up to; 0: none */
	const bool *read;        /* by object: its file was read into frames of its choice; NULL: none */
};

/* Are pages as small as those in which a firmware tells memory? Then nothing else lies on them. */
static inline bool space_is_exact(const struct space *space)
{
	return space->format->granule_shift == space->machine->format->granule_shift;
}

/* The pages of a row; those of no row reach the end of the address space. */
static inline uint64_t space_first_page(const struct space *space, const struct smalt_row *row)
{
	return align_down(row->va, space->granule);
}

static inline uint64_t space_end_page(const struct space *space, const struct smalt_row *row)
{
	return align_up(row->va + row->mem_bytes, space->granule);
}

/*
 * An empty space. VA page 0 and the last granule of every range are addresses of nothing
 * (M14). Room for row_capacity claims and a few of Smalt's own. ST_NO_MEMORY.
 */
MUST_CHECK enum status space_init(struct space *space, struct paging paging, uint32_t row_capacity,
                                  uint32_t extent_capacity, struct arena *arena,
                                  struct fault *fault);

/* Room for so many claims, nothing claimed: the first part of space_init(). ST_NO_MEMORY. */
MUST_CHECK enum status space_claim_init(struct space *space, uint32_t claims, struct arena *arena,
                                        struct fault *fault);

/*
 * Claims [va, va + bytes) rounded to granules. ST_ADDRESS_IN_USE with the owner
 * as word if any of it, or a granule beside it that belongs to another object, is
 * claimed (M9, M14); Smalt's own claims (SMALT_NONE) are all different objects.
 * ST_NO_ADDRESS if it is not all in one range of the format; ST_INVALID (no bytes),
 * ST_NO_MEMORY.
 */
MUST_CHECK enum status space_claim(struct space *space, uint64_t va, uint64_t bytes,
                                   struct span owner, uint32_t object, struct fault *fault);

/* The same as a question, without claiming. */
MUST_CHECK enum status space_free_at(const struct space *space, uint64_t va, uint64_t bytes,
                                     uint32_t object, struct fault *fault);

/* Has this object claimed all of [va, va + bytes), at once? */
bool space_owns(const struct space *space, uint64_t va, uint64_t bytes, uint32_t object);

/*
 * The lowest free va >= from with va == phase modulo align (power of two), with a free granule
 * below and above, [va, va + bytes) in one range of the format; wraps to no lower
 * address: ST_NO_ADDRESS. Nothing is claimed. As ranges_lowest().
 */
MUST_CHECK enum status space_find(const struct space *space, uint64_t from, uint64_t bytes,
                                  uint64_t align, uint64_t phase, uint64_t *va,
                                  struct fault *fault);

/*
 * How many of the slots, whole granules in one range of the format, are free, with a free granule below
 * and above; the va of the one of this index as slots_all() says it. As slots_free().
 */
uint64_t space_slots(const struct space *space, const struct slots *slots, uint64_t index,
                     uint64_t *va);

/*
 * Adds rows behind all others; space_sort_rows() puts them where they belong: rows of one object
 * are neighbours only where nothing else lies between them. Extents follow their rows. Before
 * space_leaves(). ST_NO_MEMORY.
 */
MUST_CHECK enum status space_add_rows(struct space *space, const struct smalt_row *rows,
                                      uint32_t count, struct fault *fault);
void space_sort_rows(struct space *space);

/* Appends an extent; space_sort_extents() brings them into order once. */
MUST_CHECK enum status space_add_extent(struct space *space, const struct smalt_extent *extent,
                                        struct fault *fault);
void space_sort_extents(struct space *space);

/* The extent that holds va, or NULL. O(log n), extents sorted. */
const struct smalt_extent *space_extent_at(const struct space *space, uint64_t va);

/*
 * The extents (sorted) as pieces for page tables: neighbours in va and pa with the same
 * rights and memory type become one, if they are of one row or of two that share a page.
 * Returns the number; writes only if maps is not NULL.
 */
uint32_t space_maps(const struct space *space, struct map *maps);

/* The piece that begins with extent `at`; returns the index of the first extent behind it. */
uint32_t space_map_at(const struct space *space, uint32_t at, struct map *map);

/*
 * Fills leaf_count, leaf_shift, why and color of every row, leaf_shift and color of every extent, from the
 * maps (P5). Extents are sorted. A leaf counts for the row of its first byte.
 */
void space_leaves(struct space *space);

/* The same of color alone, with space->colors: of the first frame; what is no memory has none. Extents are sorted. */
void space_colors(struct space *space);

/* Leaves of the objects' rows by index, Smalt's own left out; after space_leaves(). */
void space_leaf_sum(const struct space *space, uint64_t count[MACHINE_LEAVES]);

/*
 * The fewest leaves for the va and rights of the objects' rows, Smalt's own left out: for the
 * pa that was chosen, and if pa were free (P1). Extents are sorted.
 */
uint64_t space_lower_bound(const struct space *space);
uint64_t space_ideal(const struct space *space);

#endif
