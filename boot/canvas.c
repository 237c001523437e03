/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * canvas.c: paints a map in layers. Every stroke copies the pieces to the other
 * array in order, so that they stay ascending, disjoint and merged.
 */
#include "canvas.h"

#include <stddef.h>

#include "align.h"
#include "check.h"

enum { PAGE = 4096 };

enum status canvas_init(struct canvas *canvas, uint32_t ranges, uint32_t layers,
                        struct arena *arena, struct fault *fault)
{
	/* A layer in the middle of a piece leaves two more. */
	uint32_t capacity = ranges + 2 * layers;
	struct map *maps = arena_take(arena, capacity, sizeof(*maps), "pieces of a map", fault);
	struct map *spare = arena_take(arena, capacity, sizeof(*spare), "pieces of a map", fault);

	if (maps == NULL || spare == NULL)
		return fault->status;
	*canvas = (struct canvas){ maps, spare, 0, capacity };
	return ST_OK;
}

/* To the spare array. Pieces without rights are holes. */
static void append(struct canvas *canvas, struct map piece)
{
	struct map *last = canvas->count == 0 ? NULL : &canvas->spare[canvas->count - 1];

	if (piece.bytes == 0 || piece.prot == 0)
		return;
	if (last != NULL && last->pa + last->bytes == piece.pa && last->prot == piece.prot &&
	    last->memory == piece.memory) {
		last->bytes += piece.bytes;
		return;
	}
	CHECK(canvas->count < canvas->capacity);
	canvas->spare[canvas->count++] = piece;
}

static void turn_over(struct canvas *canvas)
{
	struct map *painted = canvas->spare;

	canvas->spare = canvas->maps;
	canvas->maps = painted;
}

static struct map part_of(struct map piece, uint64_t from, uint64_t to)
{
	piece.va = piece.pa = from;
	piece.bytes = to > from ? to - from : 0;
	return piece;
}

static struct map layer_of(uint64_t pa, uint64_t bytes, uint32_t prot, uint32_t memory)
{
	uint64_t start = align_down(pa, PAGE);

	return (struct map){ start, start, align_up(pa + bytes, PAGE) - start, prot, memory };
}

static bool is_memory(uint32_t type)
{
	return type == SMALT_MEM_USABLE || type == SMALT_MEM_RECLAIMABLE ||
	       type == SMALT_MEM_BOOT_SERVICES ||
	       type == SMALT_MEM_ACPI_RECLAIM || type == SMALT_MEM_ACPI_NVS;
}

void canvas_memory(struct canvas *canvas, const struct memmap *memory)
{
	canvas->count = 0;
	for (uint32_t i = 0; i < memory->count; i++) {
		const struct smalt_memory *range = &memory->ranges[i];
		struct map piece = layer_of(range->pa, range->bytes, SMALT_R | SMALT_W,
		                            SMALT_CACHE_WRITE_BACK);

		if (is_memory(range->type))
			append(canvas, part_of(piece, max_u64(piece.pa, PAGE), piece.pa + piece.bytes));
	}
	turn_over(canvas);
}

void canvas_paint(struct canvas *canvas, uint64_t pa, uint64_t bytes, uint32_t prot,
                  uint32_t memory)
{
	struct map layer = layer_of(pa, bytes, prot, memory);
	uint64_t start = layer.pa, end = layer.pa + layer.bytes;
	uint32_t count = canvas->count;
	bool laid = false;

	canvas->count = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct map old = canvas->maps[i];
		uint64_t old_end = old.pa + old.bytes;

		append(canvas, part_of(old, old.pa, min_u64(old_end, start)));
		if (!laid && old_end > start) {
			append(canvas, layer);
			laid = true;
		}
		append(canvas, part_of(old, max_u64(old.pa, end), old_end));
	}
	if (!laid)
		append(canvas, layer);
	turn_over(canvas);
}
