/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * self.c: the loader's own image: its relocations, and the map that it runs on.
 *
 * Map: memory first, then over it what of it has fewer rights.
 */
#include "self.h"

#include <stddef.h>

#include "align.h"
#include "arch.h"
#include "canvas.h"
#include "check.h"

enum { PAGE = 4096, ARENA_LEAST = 512 << 10, ARENA_MOST = 16 << 20, ARENA_SHARE = 64 };
enum { RELR_BITS = 63 };
enum { IMAGE_LAYERS = 5, OTHER_LAYERS = IMAGE_LAYERS + 3 };   /* devicetree, console, fw_cfg */

/*
 * gABI, SHT_RELR: an even entry is the address of a word, the odd ones behind it have a bit, from
 * bit 1 on, for each of the 63 words that follow. linker.ld allows no other relocations.
 */
void self_relocate(uint8_t *image, uint64_t delta)
{
	uint64_t *word = NULL;

	for (const uint64_t *entry = relr_start; entry < relr_end; entry++) {
		if ((*entry & 1) == 0) {
			word = (uint64_t *)(void *)(image + (*entry - image_link[0]));
			*word++ += delta;
			continue;
		}
		for (uint64_t bits = *entry >> 1, i = 0; bits != 0; bits >>= 1, i++)
			if (bits & 1)
				word[i] += delta;
		word += RELR_BITS;
	}
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

/* What of the image is not plain data; code shares its page with what is in front. The stack's first page is its guard. */
static void paint_image(struct canvas *canvas)
{
	const struct { const uint8_t *start, *end; uint32_t prot; } layers[IMAGE_LAYERS] = {
		{ text_start, text_end, SMALT_R | SMALT_X },
		{ rodata_start, rodata_end, SMALT_R },
		{ jump_start, reporter_text_end, SMALT_R | SMALT_X },
		{ reporter_rodata_start, reporter_rodata_end, SMALT_R },
		{ stack_start, stack_start + PAGE, 0 },
	};

	for (unsigned i = 0; i < IMAGE_LAYERS; i++) {
		uint64_t bytes = (uint64_t)(layers[i].end - layers[i].start);

		if (bytes != 0)
			canvas_paint(canvas, (uint64_t)layers[i].start, bytes, layers[i].prot,
			             SMALT_CACHE_WRITE_BACK);
	}
}

/* What env names and the loader reads, wherever it lies (P6). */
static void paint_named(struct canvas *canvas, const struct env *env)
{
	const struct file *tree = &env->devicetree;

	for (uint32_t i = 0; i < env->table_count; i++)
		canvas_paint(canvas, env->tables[i].pa, env->tables[i].bytes, SMALT_R,
		             SMALT_CACHE_WRITE_BACK);
	if (tree->bytes.bytes != 0)
		canvas_paint(canvas, tree->pa, tree->bytes.bytes, SMALT_R, SMALT_CACHE_WRITE_BACK);
	if (env->serial_kind == SMALT_SERIAL_PL011)
		canvas_paint(canvas, env->serial_address, PAGE, SMALT_R | SMALT_W,
		             SMALT_CACHE_DEVICE);
	if (env->fwcfg_pa != 0)
		canvas_paint(canvas, env->fwcfg_pa, PAGE, SMALT_R | SMALT_W, SMALT_CACHE_DEVICE);
}

enum status self_map_build(const struct env *env, struct arena *arena, struct pagetable *pt,
                           struct fault *fault)
{
	struct canvas canvas;
	void *tables;

	if (canvas_init(&canvas, env->memory.count, env->table_count + OTHER_LAYERS, arena, fault) != ST_OK)
		return fault->status;
	canvas_memory(&canvas, &env->memory);
	paint_image(&canvas);
	paint_named(&canvas, env);
	*pt = (struct pagetable){
		.machine = env->machine,
		.format = arch_loader_format(),
		.leaf_mask = env->cpu.leaf_mask,
	};
	if (pagetable_count(pt, canvas.maps, canvas.count, &pt->table_count, fault) != ST_OK)
		return fault->status;
	tables = arena_pages(arena, (uint64_t)pt->table_count * PAGE, PAGE, "tables of the loader's map", fault);
	if (tables == NULL)
		return fault->status;
	pt->tables_pa = (uint64_t)tables;
	pagetable_build(pt, canvas.maps, canvas.count);
	return ST_OK;
}

enum status self_map(const struct env *env, struct arena *arena, struct fault *fault)
{
	struct pagetable pt;

	if (self_map_build(env, arena, &pt, fault) != ST_OK)
		return fault->status;
	arch_own_map(&pt);
	return ST_OK;
}
