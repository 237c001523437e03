/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * self.c: the loader's own image: its relocations, and the map that it runs on.
 *
 * The map is painted in layers, each over what lies below: memory, then what of
 * it has fewer rights. So nothing is mapped twice, and neighbours with the same
 * rights share large pages.
 */
#include "self.h"

#include <stddef.h>

#include "align.h"
#include "arch.h"
#include "check.h"

enum { PAGE = 4096, ARENA_LEAST = 512 << 10, ARENA_MOST = 16 << 20, ARENA_SHARE = 64 };

/* psABI of both machines: Elf64_Rela with an R_*_RELATIVE; linker.ld keeps no others. */
struct rela {
	uint64_t va;
	uint64_t info;
	uint64_t addend;
};

void self_relocate(uint8_t *image, uint64_t delta)
{
	const struct rela *end = (const struct rela *)(const void *)rela_end;

	for (const struct rela *r = (const struct rela *)(const void *)rela_start; r < end; r++)
		*(uint64_t *)(void *)(image + (r->va - image_link[0])) += delta;
}

uint64_t self_bytes(void)
{
	return (uint64_t)(image_end - image_start);
}

uint64_t self_arena_bytes(uint64_t usable_bytes)
{
	uint64_t share = align_down(usable_bytes / ARENA_SHARE, PAGE);

	return max_u64(ARENA_LEAST, min_u64(ARENA_MOST, share));
}

/* Parts that are empty on this machine are left out. */
static void add_part(struct env *env, uint32_t kind, uint32_t prot, const uint8_t *start,
                     const uint8_t *end)
{
	if (start == end)
		return;
	CHECK(env->part_count < ENV_PARTS);
	env->parts[env->part_count++] = (struct part){
		kind, prot, (uint64_t)start, (uint64_t)(end - start),
	};
}

void self_describe(struct env *env)
{
	uint64_t archive_bytes = (uint64_t)(archive_end - archive_start);

	env->loader = (struct range){ (uint64_t)image_start, self_bytes() };
	add_part(env, SMALT_KIND_JUMP, SMALT_R | SMALT_X, jump_start, jump_end);
	add_part(env, SMALT_KIND_REPORTER, SMALT_R | SMALT_X, reporter_text_start, reporter_text_end);
	add_part(env, SMALT_KIND_REPORTER, SMALT_R, reporter_rodata_start, reporter_rodata_end);
	add_part(env, SMALT_KIND_CPU, SMALT_R, cpu_start, cpu_end);
	add_part(env, SMALT_KIND_REPORTER, SMALT_R | SMALT_W, reporter_data_start, reporter_data_end);
	if (archive_bytes == 0)
		return;
	CHECK(env->file_count < ENV_FILES);
	env->files[env->file_count++] = (struct file){
		.name = span_of("embedded"),
		.pa = (uint64_t)archive_start,
		.bytes = { archive_start, archive_bytes },
		.donated = true,
	};
}

/* Pieces of the map, ascending and disjoint; room for twice as many as there are layers. */
struct canvas {
	struct map *maps;
	struct map *spare;
	uint32_t count;
};

/* Pieces without rights are holes: a layer without rights cuts one. */
static void append(struct canvas *canvas, struct map piece)
{
	struct map *last = canvas->count == 0 ? NULL : &canvas->spare[canvas->count - 1];

	if (piece.bytes == 0 || piece.prot == 0)
		return;
	if (last != NULL && last->pa + last->bytes == piece.pa && last->prot == piece.prot &&
	    last->memory == piece.memory)
		last->bytes += piece.bytes;
	else
		canvas->spare[canvas->count++] = piece;
}

static struct map part_of(struct map piece, uint64_t from, uint64_t to)
{
	piece.va = piece.pa = from;
	piece.bytes = to > from ? to - from : 0;
	return piece;
}

static void turn_over(struct canvas *canvas)
{
	struct map *painted = canvas->spare;

	canvas->spare = canvas->maps;
	canvas->maps = painted;
}

/* Lays one piece over all others. */
static void paint(struct canvas *canvas, struct map layer)
{
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

/* Whole pages around [pa, pa + bytes). */
static struct map layer_of(uint64_t pa, uint64_t bytes, uint32_t prot, uint32_t memory)
{
	uint64_t start = align_down(pa, PAGE);

	return (struct map){ start, start, align_up(pa + bytes, PAGE) - start, prot, memory };
}

/* The first granule stays a hole: it is where a null pointer leads. */
static void paint_memory(struct canvas *canvas, const struct memmap *memory)
{
	for (uint32_t i = 0; i < memory->count; i++) {
		const struct smalt_memory *range = &memory->ranges[i];
		bool used = range->type == SMALT_MEM_USABLE || range->type == SMALT_MEM_RECLAIMABLE;
		bool acpi = range->type == SMALT_MEM_ACPI_RECLAIM || range->type == SMALT_MEM_ACPI_NVS;
		struct map piece = layer_of(range->pa, range->bytes, SMALT_R | SMALT_W,
		                            SMALT_CACHE_WRITE_BACK);

		if (used || acpi)
			append(canvas, part_of(piece, max_u64(piece.pa, PAGE), piece.pa + piece.bytes));
	}
	turn_over(canvas);
}

/* What of the image is not plain data. The stack's first page is its guard. */
static void paint_image(struct canvas *canvas)
{
	const struct { const uint8_t *start, *end; uint32_t prot; } layers[] = {
		{ image_start, text_end, SMALT_R | SMALT_X },
		{ rodata_start, rodata_end, SMALT_R },
		{ jump_start, reporter_text_end, SMALT_R | SMALT_X },
		{ reporter_rodata_start, reporter_rodata_end, SMALT_R },
		{ stack_start, stack_start + PAGE, 0 },
	};

	for (unsigned i = 0; i < sizeof layers / sizeof layers[0]; i++) {
		if (layers[i].start != layers[i].end)
			paint(canvas, layer_of((uint64_t)layers[i].start,
			                       (uint64_t)(layers[i].end - layers[i].start),
			                       layers[i].prot, SMALT_CACHE_WRITE_BACK));
	}
}

/* What env names and the loader reads, wherever it lies (P6). */
static void paint_named(struct canvas *canvas, const struct env *env)
{
	for (uint32_t i = 0; i < env->table_count; i++)
		paint(canvas, layer_of(env->tables[i].pa, env->tables[i].bytes, SMALT_R,
		                       SMALT_CACHE_WRITE_BACK));
	if (env->devicetree.bytes.bytes != 0)
		paint(canvas, layer_of(env->devicetree.pa, env->devicetree.bytes.bytes, SMALT_R,
		                       SMALT_CACHE_WRITE_BACK));
	if (env->serial_kind == SMALT_SERIAL_PL011)
		paint(canvas, layer_of(env->serial_address, PAGE, SMALT_R | SMALT_W,
		                       SMALT_CACHE_DEVICE));
	if (env->fwcfg_pa != 0)
		paint(canvas, layer_of(env->fwcfg_pa, PAGE, SMALT_R | SMALT_W, SMALT_CACHE_DEVICE));
}

enum { OTHER_LAYERS = 8 };       /* of the image, devicetree, console, fw_cfg */

MUST_CHECK static enum status paint_all(struct canvas *canvas, const struct env *env,
                                        struct arena *arena, struct fault *fault)
{
	uint32_t capacity = env->memory.count + 2 * (env->table_count + OTHER_LAYERS);

	canvas->count = 0;
	canvas->maps = arena_take(arena, capacity, sizeof(struct map), "pieces of the loader's map", fault);
	canvas->spare = arena_take(arena, capacity, sizeof(struct map), "pieces of the loader's map", fault);
	if (canvas->maps == NULL || canvas->spare == NULL)
		return fault->status;
	paint_memory(canvas, &env->memory);
	paint_image(canvas);
	paint_named(canvas, env);
	return ST_OK;
}

enum status self_map(const struct env *env, struct arena *arena, struct fault *fault)
{
	struct pagetable pt = {
		.machine = env->machine,
		.format = arch_loader_format(),
		.leaf_mask = env->cpu.leaf_mask,
	};
	struct canvas canvas;
	void *tables;

	if (paint_all(&canvas, env, arena, fault) != ST_OK ||
	    pagetable_count(&pt, canvas.maps, canvas.count, &pt.table_count, fault) != ST_OK)
		return fault->status;
	tables = arena_pages(arena, (uint64_t)pt.table_count * PAGE, PAGE, "tables of the loader's map", fault);
	if (tables == NULL)
		return fault->status;
	pt.tables_pa = (uint64_t)tables;
	pagetable_build(&pt, canvas.maps, canvas.count);
	arch_own_map(&pt);
	return ST_OK;
}
