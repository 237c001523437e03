/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_directmap.c: what the kernel sees of physical memory, against a model that
 * asks every page.
 */
#include "directmap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "pagetable.h"
#include "scene.h"
#include "walker.h"

#define BASE 0xffff800000000000
#define MAPS 64u

static struct map maps[MAPS];
static const struct scene_limits LIMITS = { 4, 16 };

/* A page of an extent: rights and frame are all that counts here. */
static void add_extent(struct scene *s, uint64_t pa, uint64_t bytes, uint32_t prot)
{
	struct smalt_extent e = { .va = 0x40000000 + pa, .pa = pa, .bytes = bytes, .prot = prot };

	assert_int_equal(space_add_extent(&s->space, &e, &s->fault), ST_OK);
}

static enum status make(struct scene *s, uint64_t base, uint32_t *count)
{
	memset(maps, 0xaa, sizeof(maps));
	return directmap_maps(&s->space, &s->map, base, maps, count, &s->arena, &s->fault);
}

/* What P6 and M12 say of one page: 0, R or RW. */
static uint32_t rights_of(const struct scene *s, uint64_t base, uint64_t pa)
{
	uint32_t type = memmap_type(&s->map, pa), prot = RW;

	if (type != SMALT_MEM_USABLE && type != SMALT_MEM_RECLAIMABLE &&
	    type != SMALT_MEM_BOOT_SERVICES && type != SMALT_MEM_OBJECT &&
	    type != SMALT_MEM_TABLES && type != SMALT_MEM_RESIDENT &&
	    type != SMALT_MEM_ACPI_RECLAIM && type != SMALT_MEM_ACPI_NVS)
		return 0;
	if (base == 0 && pa == 0)
		return 0;
	for (uint32_t i = 0; i < s->space.extent_count; i++) {
		const struct smalt_extent *e = &s->space.extents[i];

		if (pa >= e->pa && pa - e->pa < e->bytes && !(e->prot & SMALT_W))
			prot = SMALT_R;
	}
	return prot;
}

static uint32_t mapped_rights(uint32_t count, uint64_t base, uint64_t pa)
{
	uint32_t prot = 0;

	for (uint32_t i = 0; i < count; i++)
		if (pa >= maps[i].pa && pa - maps[i].pa < maps[i].bytes) {
			assert_int_equal(prot, 0);
			assert_int_equal(maps[i].va, base + maps[i].pa);
			assert_int_equal(maps[i].memory, SMALT_CACHE_WRITE_BACK);
			prot = maps[i].prot;
		}
	return prot;
}

static void check_pages(const struct scene *s, uint64_t base, uint32_t count, uint64_t end)
{
	for (uint64_t pa = 0; pa < end; pa += 4096)
		assert_int_equal(mapped_rights(count, base, pa), rights_of(s, base, pa));
	for (uint32_t i = 1; i < count; i++) {
		uint64_t before = maps[i - 1].pa + maps[i - 1].bytes;

		assert_true(before < maps[i].pa ||
		            (before == maps[i].pa && maps[i - 1].prot != maps[i].prot));
	}
}

/* ---- all pages of small memories ---- */

static uint64_t draw(uint64_t *seed, uint64_t limit)
{
	*seed = *seed * 6364136223846793005 + 1442695040888963407;
	return (*seed >> 33) % limit;
}

/* Rules: P6, M12 */
static void every_page_of_small_memories_has_the_rights_of_the_rules(void **state)
{
	static const uint32_t rights[] = { SMALT_R, RX, RW, SMALT_R };
	uint64_t seed = 7;

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		uint64_t base = round % 3 == 0 ? 0 : BASE, pa = draw(&seed, 3) * 4096;
		struct smalt_memory ram[8];
		uint32_t count = MAPS, needed;
		struct scene s;

		for (unsigned i = 0; i < 8; i++) {
			uint64_t bytes = (1 + draw(&seed, 5)) * 4096;

			ram[i] = (struct smalt_memory){ pa, bytes,
				(uint32_t)(1 + draw(&seed, SMALT_MEM_TYPES - 1)), 0 };
			pa += bytes + draw(&seed, 3) * 4096;
		}
		scene_open(&s, &machine_x86_64, ram, 8, LIMITS);
		for (uint64_t i = draw(&seed, 9); i > 0; i--)
			add_extent(&s, draw(&seed, 40) * 4096, (1 + draw(&seed, 6)) * 4096,
			           rights[draw(&seed, 4)]);
		assert_int_equal(make(&s, base, &count), ST_OK);
		assert_true(count <= s.map.count + 2 * s.space.extent_count);
		check_pages(&s, base, count, pa + 4096);
		needed = count;
		for (uint32_t capacity = 0; capacity < needed; capacity++) {
			count = capacity;
			assert_int_equal(make(&s, base, &count), ST_TOO_SMALL);
			assert_int_equal(count, needed);
			assert_int_equal(maps[capacity].bytes, 0xaaaaaaaaaaaaaaaa);
		}
		count = needed;
		assert_int_equal(make(&s, base, &count), ST_OK);
	}
}

/* ---- machines as they are ---- */

static const struct smalt_memory Q35[] = {
	{ 0, 640 * K, SMALT_MEM_USABLE, 0 },
	{ 960 * K, 64 * K, SMALT_MEM_RESERVED, 0 },
	{ M, 2 * G - M, SMALT_MEM_USABLE, 0 },
	{ 2 * G, 256 * M, SMALT_MEM_RESERVED, 0 },
	{ 4 * G, 62 * G, SMALT_MEM_USABLE, 0 },
	{ 1ull << 40, 12 * G, SMALT_MEM_RESERVED, 0 },
};

/* Rules: P6 */
static void the_end_is_that_of_the_highest_memory_that_is_seen(void **state)
{
	struct memmap none = { 0 };
	struct scene s;

	(void)state;
	scene_open(&s, &machine_x86_64, Q35, 6, LIMITS);
	assert_int_equal(directmap_bytes(&s.map), 66 * G);
	assert_int_equal(directmap_bytes(&none), 0);
	scene_open(&s, &machine_x86_64, Q35, 2, LIMITS);
	assert_int_equal(directmap_bytes(&s.map), 640 * K);
	scene_open(&s, &machine_x86_64, Q35 + 5, 1, LIMITS);
	assert_int_equal(directmap_bytes(&s.map), 0);
}

/* Text in place in the middle of RAM: one hole in the large leaves, not more. */
/* Rules: P6, M12, P1 */
static void sixty_four_gib_are_mapped_with_large_leaves_and_no_alias(void **state)
{
	static uint64_t tables[32][512] __attribute__((aligned(4096)));
	struct pagetable pt = { .machine = &machine_x86_64, .format = machine_x86_64.format,
	                        .leaf_mask = 7, .tables_pa = 16 * M,
	                        .window = (uintptr_t)tables - 16 * M };
	uint32_t count = MAPS;
	struct scene s;

	(void)state;
	scene_open(&s, &machine_x86_64, Q35, 6, LIMITS);
	add_extent(&s, G + 0x201000, 0x3000, RX);
	add_extent(&s, G + 0x204000, 0x1000, RW);
	add_extent(&s, G + 0x205000, 0x1000, SMALT_R);
	add_extent(&s, 0xfee00000, 0x1000, RW);
	assert_int_equal(make(&s, BASE, &count), ST_OK);
	assert_int_equal(pagetable_count(&pt, maps, count, &pt.table_count, &s.fault), ST_OK);
	/* root, PDPT; PD and PT of the first GiB, PD and PT of the second */
	assert_int_equal(pt.table_count, 6);
	pagetable_build(&pt, maps, count);
	assert_int_equal(walk_x86_64(pt.root_pa[0], pt.window, BASE + G + 0x200000).prot, RW);
	assert_int_equal(walk_x86_64(pt.root_pa[0], pt.window, BASE + G + 0x203fff).prot, SMALT_R);
	assert_int_equal(walk_x86_64(pt.root_pa[0], pt.window, BASE + G + 0x204000).prot, RW);
	assert_int_equal(walk_x86_64(pt.root_pa[0], pt.window, BASE + G + 0x205000).prot, SMALT_R);
	assert_int_equal(walk_x86_64(pt.root_pa[0], pt.window, BASE + 5 * G).leaf_bytes, G);
	assert_false(walk_x86_64(pt.root_pa[0], pt.window, BASE + 0xf0000).mapped);
	assert_false(walk_x86_64(pt.root_pa[0], pt.window, BASE + 3 * G).mapped);
	assert_true(walk_x86_64(pt.root_pa[0], pt.window, BASE).mapped);
}

/* Rules: P6, M14 */
static void identity_leaves_out_page_0(void **state)
{
	uint32_t count = MAPS;
	struct scene s;

	(void)state;
	scene_open(&s, &machine_x86_64, Q35, 6, LIMITS);
	assert_int_equal(make(&s, 0, &count), ST_OK);
	assert_int_equal(maps[0].va, 4 * K);
	assert_int_equal(maps[0].bytes, 636 * K);
	count = MAPS;
	assert_int_equal(make(&s, BASE, &count), ST_OK);
	assert_int_equal(maps[0].va, BASE);
}

/* Rules: M1 */
static void an_arena_that_is_too_small_is_reported(void **state)
{
	struct scene s;

	(void)state;
	for (uint64_t bytes = 0;; bytes += 8) {
		uint32_t count = MAPS;
		uint64_t used;

		scene_open(&s, &machine_x86_64, Q35, 6, LIMITS);
		add_extent(&s, G, 0x3000, RX);
		used = s.arena.used;
		s.arena.bytes = used + bytes;
		if (make(&s, BASE, &count) == ST_OK)
			break;
		assert_int_equal(s.fault.status, ST_NO_MEMORY);
		assert_int_equal(count, MAPS);
		assert_int_equal(s.arena.used, used);
		assert_true(bytes < 256);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_page_of_small_memories_has_the_rights_of_the_rules),
		cmocka_unit_test(the_end_is_that_of_the_highest_memory_that_is_seen),
		cmocka_unit_test(sixty_four_gib_are_mapped_with_large_leaves_and_no_alias),
		cmocka_unit_test(identity_leaves_out_page_0),
		cmocka_unit_test(an_arena_that_is_too_small_is_reported),
	};

	return cmocka_run_group_tests_name("directmap", tests, NULL, NULL);
}
