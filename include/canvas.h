/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * canvas.h: a map va == pa that is painted in layers, each over what lies below:
 * nothing is mapped twice, and neighbours with the same rights are one piece.
 */
#ifndef CANVAS_H
#define CANVAS_H

#include "leaf.h"
#include "memmap.h"

struct canvas {
	struct map *maps;        /* ascending and disjoint */
	struct map *spare;
	uint32_t count;
	uint32_t capacity;
};

/* Room for the ranges of a memory map and so many layers. ST_NO_MEMORY. */
MUST_CHECK enum status canvas_init(struct canvas *canvas, uint32_t ranges, uint32_t layers,
                                   struct arena *arena, struct fault *fault);

/*
 * Starts with what of a finished memory map is memory to use: usable, reclaimable, ACPI;
 * read-write, without the page at 0, where a null pointer leads.
 */
void canvas_memory(struct canvas *canvas, const struct memmap *memory);

/* Lays the whole pages around [pa, pa + bytes) over everything; prot 0 cuts a hole. */
void canvas_paint(struct canvas *canvas, uint64_t pa, uint64_t bytes, uint32_t prot,
                  uint32_t memory);

#endif
