/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_canvas.c: layers of a map are what a slow look at every page says.
 */
#include "canvas.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "scratch.h"

enum { PAGE = 4096, PAGES = 24, LAYERS = 6, RW = SMALT_R | SMALT_W };

struct page { uint32_t prot, memory; };

static struct canvas canvas_of(uint32_t ranges, uint32_t layers)
{
	static uint8_t memory[4096] __attribute__((aligned(16)));
	struct arena arena = { memory, sizeof memory, 0 };
	struct canvas canvas;
	struct fault fault;

	memset(memory, 0xaa, sizeof memory);
	assert_int_equal(canvas_init(&canvas, ranges, layers, &arena, &fault), ST_OK);
	return canvas;
}

static void assert_pages(const struct canvas *canvas, const struct page *pages)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < canvas->count; i++) {
		assert_true(canvas->maps[i].bytes > 0);
		assert_int_equal((canvas->maps[i].pa | canvas->maps[i].bytes) % PAGE, 0);
	}
	for (uint64_t i = 0; i < PAGES; i++) {
		const struct map *map;
		bool inside;

		while (at < canvas->count && canvas->maps[at].pa + canvas->maps[at].bytes <= i * PAGE)
			at++;
		map = &canvas->maps[at];
		inside = at < canvas->count && map->pa <= i * PAGE;
		assert_int_equal(inside, pages[i].prot != 0);
		if (!inside)
			continue;
		assert_int_equal(map->va, map->pa);
		assert_int_equal(map->prot, pages[i].prot);
		assert_int_equal(map->memory, pages[i].memory);
	}
}

/* No two pieces that touch could be one. */
static void assert_merged(const struct canvas *canvas)
{
	for (uint32_t i = 1; i < canvas->count; i++) {
		const struct map *a = &canvas->maps[i - 1], *b = &canvas->maps[i];

		assert_true(a->pa + a->bytes <= b->pa);
		assert_false(a->pa + a->bytes == b->pa && a->prot == b->prot && a->memory == b->memory);
	}
}

/* Rules: P6 */
static void only_memory_to_use_is_mapped_and_never_the_first_page(void **state)
{
	struct smalt_memory ranges[SMALT_MEM_TYPES - 1];
	struct memmap memory = { ranges, SMALT_MEM_TYPES - 1, SMALT_MEM_TYPES - 1 };
	struct canvas canvas = canvas_of(SMALT_MEM_TYPES, 0);
	struct page pages[PAGES] = { 0 };

	(void)state;
	for (uint32_t type = 1; type < SMALT_MEM_TYPES; type++)
		ranges[type - 1] = (struct smalt_memory){ (type - 1) * PAGE, PAGE, type, 0 };
	ranges[0].bytes = PAGE;
	pages[SMALT_MEM_RECLAIMABLE - 1].prot = RW;
	pages[SMALT_MEM_ACPI_RECLAIM - 1].prot = RW;
	pages[SMALT_MEM_BOOT_SERVICES - 1].prot = RW;
	pages[SMALT_MEM_ACPI_NVS - 1].prot = RW;
	canvas_memory(&canvas, &memory);
	assert_pages(&canvas, pages);            /* usable was page 0 */
	ranges[0].pa = 20 * PAGE;
	memory.ranges = ranges;
	pages[20].prot = RW;
	ranges[SMALT_MEM_TYPES - 2] = ranges[0]; /* ascending */
	ranges[0] = (struct smalt_memory){ 0, PAGE, SMALT_MEM_RESERVED, 0 };
	canvas_memory(&canvas, &memory);
	assert_pages(&canvas, pages);
}

/* Rules: P1, P6 */
static void neighbours_of_other_types_are_one_piece(void **state)
{
	struct smalt_memory ranges[] = {
		{ 0, 2 * PAGE, SMALT_MEM_USABLE, 0 }, { 2 * PAGE, PAGE, SMALT_MEM_RECLAIMABLE, 0 },
		{ 3 * PAGE, 5 * PAGE, SMALT_MEM_USABLE, 0 },
	};
	struct memmap memory = { ranges, 3, 3 };
	struct canvas canvas = canvas_of(3, 0);

	(void)state;
	canvas_memory(&canvas, &memory);
	assert_int_equal(canvas.count, 1);
	assert_int_equal(canvas.maps[0].pa, PAGE);
	assert_int_equal(canvas.maps[0].bytes, 7 * PAGE);
	assert_int_equal(canvas.maps[0].memory, SMALT_CACHE_WRITE_BACK);
}

/* Rules: M12, P6 */
static void layers_are_what_a_painter_of_pages_would_paint(void **state)
{
	static const uint32_t prots[] = { 0, SMALT_R, RW, SMALT_R | SMALT_X };
	uint32_t random = 7;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		struct canvas canvas = { 0 };
		struct page pages[PAGES] = { 0 };

		canvas = canvas_of(0, LAYERS);
		for (unsigned layer = 0; layer < LAYERS; layer++) {
			uint64_t pa, bytes;
			struct page page;

			random = random * 1664525 + 1013904223;
			pa = (random >> 8) % (PAGES * PAGE - 1);
			random = random * 1664525 + 1013904223;
			bytes = 1 + (random >> 8) % (PAGES * PAGE - pa);
			page = (struct page){ prots[random >> 30], random >> 29 & 1 };
			canvas_paint(&canvas, pa, bytes, page.prot, page.memory);
			for (uint64_t i = pa / PAGE; i <= (pa + bytes - 1) / PAGE; i++)
				pages[i] = page;
		}
		assert_pages(&canvas, pages);
		assert_merged(&canvas);
	}
}

/* Rules: M1 */
static void without_storage_there_is_no_canvas(void **state)
{
	uint64_t needed = 2 * (3 + 2 * 2) * sizeof(struct map);

	(void)state;
	for (uint64_t bytes = 0; bytes <= needed + 16; bytes += 8) {
		struct arena arena = scratch(bytes);
		struct canvas canvas;
		struct fault fault;

		assert_int_equal(canvas_init(&canvas, 3, 2, &arena, &fault),
		                 bytes >= needed ? ST_OK : ST_NO_MEMORY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_memory_to_use_is_mapped_and_never_the_first_page),
		cmocka_unit_test(neighbours_of_other_types_are_one_piece),
		cmocka_unit_test(layers_are_what_a_painter_of_pages_would_paint),
		cmocka_unit_test(without_storage_there_is_no_canvas),
	};

	return cmocka_run_group_tests_name("canvas", tests, NULL, NULL);
}
