/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * color.h: which color frames shall have (requirements C2, C3). Pure bookkeeping: frames are
 * taken by others, who tell what they got.
 *
 * Frames of one color compete for the sets of a cache; a color holds as many granules as the
 * cache has ways. What is used together shall lie in different colors: inside an object that comes
 * by itself, as pa == va modulo a way; so it is the starts of objects that are spread.
 */
#ifndef COLOR_H
#define COLOR_H

#include "geometry.h"

#define COLOR_ALL UINT64_MAX             /* a mask: of every color */

struct colors {
	uint32_t policy;         /* SMALT_COLOR_*, not OFF */
	bool strict;             /* partition: what finds no frame of its colors fails */
	uint32_t count, shift;   /* count: 2 to GEOMETRY_COLORS_MOST; shift: log2 of the granule */
	uint32_t slack;          /* granules that a color may have more than a fair share */
	uint32_t reach;          /* colors on both sides that a start crowds */
	uint32_t starts;         /* objects, rows of Smalt's own and tables so far */
	uint32_t crowd[GEOMETRY_COLORS_MOST];    /* by color: starts near it, the nearer the more */
	uint64_t load[GEOMETRY_COLORS_MOST];     /* by color: granules of all those */
	uint64_t total;
	uint64_t tables_mask, own_mask;  /* partition: of page tables; of Smalt's own rows */
	uint32_t hop;            /* partition: the color that comes next */
	uint64_t missed_color;   /* granules whose color is another than wanted */
	uint64_t missed_mask;    /* granules whose color is not in their mask */
};

/* Granules by color of something that has its addresses: pa == va. */
struct footprint {
	uint64_t granules[GEOMETRY_COLORS_MOST];
	uint64_t total;
	uint32_t start;          /* color of the lowest granule */
};

/* geometry has more than one color. */
void colors_init(struct colors *colors, const struct geometry *geometry, uint32_t policy,
                 bool strict);

/* Within so many bytes colors repeat. */
static inline uint64_t colors_way(const struct colors *colors)
{
	return (uint64_t)colors->count << colors->shift;
}

static inline uint32_t color_of(const struct colors *colors, uint64_t pa)
{
	return (uint32_t)(pa >> colors->shift) & (colors->count - 1);
}

/* The bits of a mask that there are colors for. */
static inline uint64_t colors_of_mask(const struct colors *colors, uint64_t mask)
{
	return mask & (COLOR_ALL >> (GEOMETRY_COLORS_MOST - colors->count));
}

/* Is the mask a part of all colors only? */
static inline bool colors_narrow(const struct colors *colors, uint64_t mask)
{
	return colors_of_mask(colors, ~mask) != 0;
}

/* Adds the granules of [va, va + bytes), bytes > 0. The first call decides about the start. */
void colors_add(const struct colors *colors, struct footprint *footprint, uint64_t va,
                uint64_t bytes);

/* May it start there: is neither its start crowded nor any of its colors loaded beyond the others? */
bool colors_fit(const struct colors *colors, const struct footprint *footprint);

/* Would one of its colors have more than a fair share? */
bool colors_loaded(const struct colors *colors, const struct footprint *footprint);

/*
 * By how many colors, a multiple of step, it is best moved upwards: to where its colors are
 * loaded no more than fair, and of these places to the least crowded. The nearest, where several are equal.
 */
uint32_t colors_turn(const struct colors *colors, const struct footprint *footprint, uint32_t step);

/* It has its place, `turn` colors above its addresses. */
void colors_give(struct colors *colors, const struct footprint *footprint, uint32_t turn);

/* The least loaded color of a mask that has one. */
uint32_t colors_least(const struct colors *colors, uint64_t mask);

/* A granule that was given to the color of va got the color of pa. */
void colors_moved(struct colors *colors, uint64_t va, uint64_t pa);

/* Adds the granules of [pa, pa + bytes), whole granules, by color: O(colors), however many bytes. */
void colors_count(uint32_t count, uint32_t shift, uint64_t pa, uint64_t bytes, uint64_t *granules);

#endif
