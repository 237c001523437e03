/* SPDX-License-Identifier: 0BSD */
/*
 * coloralloc.h: a frame allocator that goes on where Smalt stopped: single frames of
 * the least used color, of those colors that the configuration leaves to it.
 *
 * Frames of one color compete for the same sets of the cache, and a color holds as
 * many as the cache has ways. The handoff says how many of each are in use and free;
 * Smalt keeps that even, and so does this (docs/handoff.md). Without colors all
 * frames are of one. Copy it and go on from here: it gives nothing back.
 */
#ifndef COLORALLOC_H
#define COLORALLOC_H

#include <smalt/kernel.h>

#define COLORS_MOST 64

struct allocator {
	const struct smalt_handoff *h;
	uint64_t mask;                   /* its colors */
	uint32_t count, shift;           /* color(pa) = pa >> shift & (count - 1) */
	uint32_t next;                   /* color that is asked first */
	uint64_t used[COLORS_MOST], free[COLORS_MOST];
	uint64_t from[COLORS_MOST];      /* below it no frame of the color is free */
};

static uint32_t color_of(const struct allocator *a, uint64_t pa)
{
	return (uint32_t)(pa >> a->shift) & (a->count - 1);
}

/* The first frame of a color from pa on that is in usable memory; 0 if there is none. */
static uint64_t frame_from(const struct allocator *a, uint64_t pa, uint32_t color)
{
	uint64_t frame = (uint64_t)1 << a->shift;

	for (uint32_t i = 0; i < a->h->memory.count; i++) {
		const struct smalt_memory *m = smalt_nth_memory(a->h, i);
		uint64_t first = pa > m->pa ? pa : m->pa;

		if (m->type != SMALT_MEM_USABLE)
			continue;
		first += (uint64_t)((color - color_of(a, first)) & (a->count - 1)) << a->shift;
		if (first < m->pa + m->bytes && frame <= m->pa + m->bytes - first)
			return first;
	}
	return 0;
}

/* From the handoff; where Smalt did not color there is one color, of which nobody counted. */
static void start(struct allocator *a, const struct smalt_handoff *h)
{
	int colored = SMALT_HAS(h, coloring) && h->colors.policy != SMALT_COLOR_OFF;

	a->h = h;
	a->count = colored ? h->colors.count : 1;
	a->shift = colored ? h->colors.shift : h->granule_shift;
	a->mask = colored ? h->coloring.free_mask : 1;
	a->next = colored ? h->coloring.next : 0;
	for (uint32_t i = 0; i < a->count; i++) {
		const struct smalt_color *color = colored ? smalt_entry(&h->coloring.frames, i) : 0;

		a->used[i] = color ? color->used : 0;
		a->free[i] = color ? color->free : ~(uint64_t)0;
		a->from[i] = (uint64_t)1 << a->shift;    /* page 0 is never mapped */
	}
}

/* The least used of its colors that has a free frame; COLORS_MOST if none has. */
static uint32_t choose(const struct allocator *a)
{
	uint32_t best = COLORS_MOST;

	for (uint32_t i = 0; i < a->count; i++) {
		uint32_t color = (a->next + i) & (a->count - 1);

		if ((a->mask >> color & 1) && a->free[color] != 0 &&
		    (best == COLORS_MOST || a->used[color] < a->used[best]))
			best = color;
	}
	return best;
}

/* A frame's physical address; 0 if all are taken. */
static uint64_t take(struct allocator *a)
{
	uint32_t color;

	while ((color = choose(a)) != COLORS_MOST) {
		uint64_t pa = frame_from(a, a->from[color], color);

		if (pa == 0) {
			a->free[color] = 0;      /* it was page 0 */
			continue;
		}
		a->used[color]++;
		a->free[color]--;
		a->from[color] = pa + ((uint64_t)1 << a->shift);
		a->next = (color + 1) & (a->count - 1);
		return pa;
	}
	return 0;
}

#endif
