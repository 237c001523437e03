/* SPDX-License-Identifier: 0BSD */
/*
 * coloralloc.c: a kernel that takes frames with coloralloc.h, and shows how many of
 * each color were in use, how many it took, and how many are free.
 */
#include <smalt/exit.h>

#include "coloralloc.h"

#define FRAMES 1000

static void print_number(const struct smalt_handoff *h, uint64_t value, int width)
{
	char digits[24];
	char *p = digits + sizeof(digits);

	*--p = 0;
	do {
		*--p = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	for (width -= (int)(digits + sizeof(digits) - 1 - p); width > 0; width--)
		smalt_put(h, ' ');
	smalt_print(h, p);
}

static void print_counts(const struct allocator *a)
{
	smalt_print(a->h, "color   used      +   free\n");
	for (uint32_t i = 0; i < a->count; i++) {
		const struct smalt_color *color = smalt_entry(&a->h->coloring.frames, i);
		uint64_t before = color ? color->used : 0;

		print_number(a->h, i, 5);
		print_number(a->h, before, 7);
		print_number(a->h, a->used[i] - before, 7);
		print_number(a->h, a->free[i], 7);
		smalt_print(a->h, "\n");
	}
}

/* Was this promised? If not, the kernel ends with 1. */
static void check(const struct smalt_handoff *h, int holds, const char *what)
{
	if (holds)
		return;
	smalt_print(h, "VIOLATED ");
	smalt_print(h, what);
	smalt_print(h, "\n");
	smalt_exit(1);
}

/* The handoff's counts are those of its memory map: counted again, frame by frame. */
static void check_counts(const struct allocator *a)
{
	static uint64_t used[COLORS_MOST], free[COLORS_MOST];

	for (uint32_t i = 0; i < a->h->memory.count; i++) {
		const struct smalt_memory *m = smalt_nth_memory(a->h, i);

		for (uint64_t pa = m->pa; pa < m->pa + m->bytes; pa += (uint64_t)1 << a->shift) {
			used[color_of(a, pa)] += m->type >= SMALT_MEM_OBJECT && m->type <= SMALT_MEM_RESIDENT;
			free[color_of(a, pa)] += m->type == SMALT_MEM_USABLE;
		}
	}
	for (uint32_t i = 0; i < a->count; i++)
		check(a->h, a->used[i] == used[i] && a->free[i] == free[i], "counts of a color");
}

static void coloralloc(const struct smalt_handoff *h, uint64_t magic)
{
	static struct allocator a;

	if (magic != SMALT_MAGIC)
		smalt_exit(1);
	start(&a, h);
	if (a.count == 1)
		smalt_print(h, "no colors\n");
	else
		check_counts(&a);
	for (uint32_t i = 0; i < FRAMES; i++) {
		uint64_t pa = take(&a);
		uint64_t *frame = smalt_direct(h, pa);

		check(h, pa != 0 && frame != 0, "there is a frame, and the direct map shows it");
		check(h, a.mask >> color_of(&a, pa) & 1, "the frame's color is one of ours");
		*frame = pa;
	}
	if (a.count > 1)
		print_counts(&a);
	smalt_exit(0);
}

SMALT_ENTRY(coloralloc);
