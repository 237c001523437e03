/* SPDX-License-Identifier: BSD-2-Clause */
/* test_stretch.c: frames for extents, in memory in one piece and in many. */
#include "stretch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "scene.h"

static const struct scene_limits PLENTY = { 600, 600 };

/* Two extents of one row that wait: copy, then zero. */
static struct stretch waiting(struct scene *s, uint64_t va, uint64_t copy_bytes, uint64_t bytes)
{
	struct smalt_extent e = { .va = va, .pa = STRETCH_NO_PA, .bytes = copy_bytes, .prot = RW,
	                          .backing = SMALT_BACKING_COPY };

	if (copy_bytes != 0)
		assert_int_equal(space_add_extent(&s->space, &e, &s->fault), ST_OK);
	e.va += copy_bytes;
	e.bytes = bytes - copy_bytes;
	e.backing = SMALT_BACKING_ZERO;
	if (e.bytes != 0)
		assert_int_equal(space_add_extent(&s->space, &e, &s->fault), ST_OK);
	return (struct stretch){ .space = &s->space, .frames = &s->frames, .va = va, .bytes = bytes,
	                         .type = SMALT_MEM_OBJECT };
}

/* Every page has a frame of free memory of its own; backings as asked for. */
static void check_pages(const struct scene *s, uint64_t va, uint64_t copy_bytes, uint64_t bytes)
{
	for (uint64_t at = 0; at < bytes; at += 4096) {
		const struct smalt_extent *e = scene_at(s, va + at);

		assert_non_null(e);
		assert_int_equal(e->backing, at < copy_bytes ? SMALT_BACKING_COPY : SMALT_BACKING_ZERO);
		assert_int_equal(memmap_type(&s->map, e->pa), SMALT_MEM_USABLE);
		assert_int_equal(scene_type_after(s, scene_pa(s, va + at)), SMALT_MEM_OBJECT);
	}
	for (uint32_t i = 0; i < s->space.extent_count; i++)
		for (uint32_t j = 0; j < i; j++) {
			const struct smalt_extent *a = &s->space.extents[i], *b = &s->space.extents[j];

			assert_true(a->pa + a->bytes <= b->pa || b->pa + b->bytes <= a->pa);
		}
	assert_int_equal(s->frames.taken_bytes, bytes);
}

/* Rules: P2 */
static void one_piece_is_congruent_to_the_largest_leaf_that_fits(void **state)
{
	static const struct { uint64_t va, bytes, modulus; } cases[] = {
		{ 0xffffffff80201000, 60 * K, 4 * K },
		{ 0xffffffff80201000, 124 * K, 64 * K },     /* aarch64 only: holds 64K at ...10000 */
		{ 0xffffffff80201000, 4 * M, 2 * M },
		{ 0xffffffff80001000, 64 * M, 32 * M },
		{ 0xffffffff40001000, 2 * G, G },
	};
	static const struct smalt_memory ram = { 16 * M + 12 * K, 6 * G, SMALT_MEM_USABLE, 0 };

	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (unsigned i = 0; i < 5; i++) {
			uint64_t modulus = cases[i].modulus;
			struct stretch t;
			struct scene s;

			if (m == 0 && (modulus == 64 * K || modulus == 32 * M))
				continue;
			scene_open(&s, m == 0 ? &machine_x86_64 : &machine_aarch64, &ram, 1, PLENTY);
			t = waiting(&s, cases[i].va, 8 * K, cases[i].bytes);
			assert_int_equal(stretch_take(&t, &s.fault), ST_OK);
			assert_int_equal(s.space.extent_count, 2);
			assert_int_equal(s.space.extents[0].pa % modulus, cases[i].va % modulus);
			assert_int_equal(s.space.extents[1].pa, s.space.extents[0].pa + 8 * K);
			assert_int_equal(s.frames.taken.count, 1);
		}
}

/* One after another through all memory: pieces that are free, and congruent. */
static uint64_t places(const struct smalt_memory *ram, uint32_t count, uint64_t va, uint64_t bytes)
{
	uint64_t found = 0;

	for (uint32_t i = 0; i < count; i++)
		for (uint64_t pa = ram[i].pa; pa + bytes <= ram[i].pa + ram[i].bytes; pa += 4 * K)
			found += pa % (2 * M) == va % (2 * M);
	return found;
}

/* Rules: M13, P2 */
static void drawn_pieces_are_congruent_and_come_from_everywhere(void **state)
{
	static const struct smalt_memory ram[] = {
		{ 16 * M, 6 * M, SMALT_MEM_USABLE, 0 }, { 24 * M, 3 * M, SMALT_MEM_USABLE, 0 },
		{ 33 * M, 7 * M, SMALT_MEM_USABLE, 0 },
	};
	const uint64_t va = 0xffffffff80201000, bytes = 2 * M + 8 * K + 2 * M;
	bool seen[64] = { false };
	uint64_t different = 0;

	(void)state;
	for (uint8_t seed = 0; seed < 200; seed++) {
		struct frame_draw draw = { random_open(1), UINT32_MAX };
		struct stretch t;
		struct scene s;

		random_add(&draw.random, (struct span){ &seed, 1 });
		scene_open(&s, &machine_x86_64, ram, 3, PLENTY);
		t = waiting(&s, va, 8 * K, bytes);
		t.draw = &draw;
		assert_int_equal(stretch_take(&t, &s.fault), ST_OK);
		check_pages(&s, va, 8 * K, bytes);
		assert_int_equal(s.frames.taken.count, 1);
		assert_int_equal(scene_pa(&s, va) % (2 * M), va % (2 * M));
		different += !seen[scene_pa(&s, va) / M];
		seen[scene_pa(&s, va) / M] = true;
		assert_int_equal(places(ram, 3, va, bytes), 2);
		assert_int_equal(draw.bits, 1);
	}
	assert_int_equal(different, 2);
}

/* Rules: M13, M16 */
static void the_fewest_places_count_and_pieces_are_not_drawn(void **state)
{
	static const struct smalt_memory ram[] = {
		{ 16 * M, 64 * K, SMALT_MEM_USABLE, 0 }, { 24 * M, 64 * K, SMALT_MEM_USABLE, 0 },
	};
	struct frame_draw draw = { random_open(1), UINT32_MAX };
	struct stretch t;
	struct scene s;

	(void)state;
	scene_open(&s, &machine_x86_64, ram, 2, PLENTY);
	t = waiting(&s, 0x400000, 4 * K, 4 * K);
	t.draw = &draw;
	assert_int_equal(stretch_take(&t, &s.fault), ST_OK);
	assert_int_equal(draw.bits, 5);              /* 32 pages */
	scene_open(&s, &machine_x86_64, ram, 2, PLENTY);
	t = waiting(&s, 0x400000, 4 * K, 52 * K);
	t.draw = &draw;
	assert_int_equal(stretch_take(&t, &s.fault), ST_OK);
	assert_int_equal(draw.bits, 3);              /* 4 in each */
	scene_open(&s, &machine_x86_64, ram, 2, PLENTY);
	t = waiting(&s, 0x400000, 4 * K, 100 * K);
	t.draw = &draw;
	assert_int_equal(stretch_take(&t, &s.fault), ST_OK);
	check_pages(&s, 0x400000, 4 * K, 100 * K);
	assert_int_equal(scene_pa(&s, 0x400000), 16 * M);    /* the lowest */
	assert_int_equal(draw.bits, 0);
	t = waiting(&s, 0x600000, 4 * K, 4 * K);
	t.draw = &draw;
	assert_int_equal(stretch_take(&t, &s.fault), ST_OK);
	assert_int_equal(draw.bits, 0);
}

/* Three holes of 2 MiB, aligned, none larger: 5 MiB keep their two whole 2 MiB leaves. */
/* Rules: P2 */
static void pieces_of_2_mib_are_taken_where_no_larger_one_is(void **state)
{
	static const struct smalt_memory ram[] = {
		{ 16 * M, 2 * M, SMALT_MEM_USABLE, 0 }, { 20 * M, 2 * M, SMALT_MEM_USABLE, 0 },
		{ 24 * M, 2 * M, SMALT_MEM_USABLE, 0 }, { 29 * M, M, SMALT_MEM_USABLE, 0 },
	};
	uint64_t va = 0xffffffff80200000 - 512 * K;
	struct stretch t;
	struct scene s;

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		scene_open(&s, m == 0 ? &machine_x86_64 : &machine_aarch64, ram, 4, PLENTY);
		t = waiting(&s, va, 3 * M, 5 * M);
		assert_int_equal(stretch_take(&t, &s.fault), ST_OK);
		check_pages(&s, va, 3 * M, 5 * M);
		/* the head takes the first 512K; chunks come from the holes that are whole */
		assert_int_equal(scene_pa(&s, va + 512 * K) % (2 * M), 0);
		assert_int_equal(scene_pa(&s, va + 512 * K + 2 * M) % (2 * M), 0);
		assert_int_equal(scene_pa(&s, va + 5 * M - 4 * K),
		                 scene_pa(&s, va + 4 * M + 512 * K) + 512 * K - 4 * K);
	}
}

/* Holes of 80K at every 128K: 64K chunks survive on aarch64; x86_64 takes pages. */
/* Rules: P2 */
static void smaller_chunks_and_single_pages_are_taken_last(void **state)
{
	struct smalt_memory ram[64];
	struct stretch t;
	struct scene s;

	(void)state;
	for (unsigned i = 0; i < 64; i++)
		ram[i] = (struct smalt_memory){ 16 * M + i * 128 * K, 80 * K, SMALT_MEM_USABLE, 0 };
	for (unsigned m = 0; m < 2; m++) {
		scene_open(&s, m == 0 ? &machine_x86_64 : &machine_aarch64, ram, 64,
		           (struct scene_limits){ 300, 300 });
		t = waiting(&s, 0xffffffff80000000, M, 2 * M);
		assert_int_equal(stretch_take(&t, &s.fault), ST_OK);
		check_pages(&s, 0xffffffff80000000, M, 2 * M);
		for (uint64_t at = 0; m == 1 && at < 2 * M; at += 64 * K) {
			uint64_t pa = scene_pa(&s, 0xffffffff80000000 + at);

			assert_int_equal(pa % (64 * K), 0);
			assert_int_equal(scene_pa(&s, 0xffffffff80000000 + at + 60 * K),
			                 pa + 60 * K);
		}
		/* pages that meet in pa are one extent, not 512 */
		assert_true(s.space.extent_count < 64);
	}
}

/* Every size against memory of many small pieces: no page is lost, none given twice. */
/* Rules: P2 */
static void every_stretch_in_torn_memory_gets_every_page(void **state)
{
	struct smalt_memory ram[40];
	uint64_t total = 0;

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		ram[i] = (struct smalt_memory){ 16 * M + i * 68 * K + (i % 5) * 4 * K,
		                                (1 + i * 7 % 11) * 4 * K, SMALT_MEM_USABLE, 0 };
		total += ram[i].bytes;
	}
	for (uint64_t bytes = 4 * K; bytes <= total; bytes += 20 * K)
		for (uint64_t va = 0x200000; va < 0x210000; va += 0x3000)
			for (uint64_t copy = 0; copy <= bytes; copy += bytes / 4096 * 1024 + 4096) {
				struct stretch t;
				struct scene s;

				copy = copy / 4096 * 4096;
				scene_open(&s, &machine_aarch64, ram, 40,
				           (struct scene_limits){ 300, 300 });
				t = waiting(&s, va, copy, bytes);
				assert_int_equal(stretch_take(&t, &s.fault), ST_OK);
				check_pages(&s, va, copy, bytes);
			}
}

/* ---- the fewest leaves that twelve pages of memory have for a few pages, tried out ---- */

enum { PAGES = 12, SETS = 1 << PAGES, LONGEST = 9 };

/* Leaves of 1, 2 and 8 pages. */
static const struct format few_pages = {
	.granule_shift = 12, .leaf_count = 3, .leaves = { { .shift = 12 }, { .shift = 13 }, { .shift = 15 } },
};
static const unsigned leaf_pages[] = { 1, 2, 8 };

/* fewest[i][set]: leaves for pages from i on, of this set of free ones; 99 if they do not suffice. */
static uint8_t fewest[LONGEST + 1][SETS];

static unsigned try_all(unsigned phase, unsigned pages, unsigned at, unsigned set)
{
	unsigned best = 99;

	for (unsigned size = 0; size < 3; size++) {
		unsigned n = leaf_pages[size];

		if ((phase + at) % n != 0 || at + n > pages)
			continue;
		for (unsigned pa = 0; pa + n <= PAGES; pa += n) {
			unsigned leaf = ((1u << n) - 1) << pa;

			if ((set & leaf) == leaf && 1u + fewest[at + n][set & ~leaf] < best)
				best = 1u + fewest[at + n][set & ~leaf];
		}
	}
	return best;
}

static void fill_fewest(unsigned phase, unsigned pages)
{
	memset(fewest[pages], 0, sizeof fewest[pages]);
	for (unsigned at = pages; at-- > 0; )
		for (unsigned set = 0; set < SETS; set++)
			fewest[at][set] = (uint8_t)try_all(phase, pages, at, set);
}

/* Largest first, page by page. */
static unsigned count_leaves(const struct scene *s, uint64_t va, unsigned pages)
{
	unsigned count = 0;

	for (unsigned at = 0, n; at < pages; at += n, count++) {
		uint64_t pa = scene_pa(s, va + at * 4096ull);

		for (unsigned size = 3; size-- > 0; ) {
			unsigned same = 1;

			n = leaf_pages[size];
			if ((va / 4096 + at) % n != 0 || pa / 4096 % n != 0 || at + n > pages)
				continue;
			while (same < n && scene_pa(s, va + (at + same) * 4096ull) == pa + same * 4096ull)
				same++;
			if (same == n)
				break;
		}
	}
	return count;
}

static unsigned leaves_taken(unsigned phase, unsigned pages, unsigned set)
{
	uint64_t va = 0xffffffff80000000 + phase * 4096ull;
	struct smalt_memory ram[PAGES];
	uint32_t count = 0;
	struct stretch t;
	struct scene s;

	for (unsigned i = 0; i < PAGES; i++)
		if (set >> i & 1)
			ram[count++] = (struct smalt_memory){ 16 * M + i * 4 * K, 4 * K,
			                                      SMALT_MEM_USABLE, 0 };
	scene_open(&s, &machine_aarch64, ram, count, (struct scene_limits){ 40, 40 });
	s.space.format = &few_pages;
	t = waiting(&s, va, pages / 2 * 4 * K, pages * 4 * K);
	assert_int_equal(stretch_take(&t, &s.fault), ST_OK);
	check_pages(&s, va, pages / 2 * 4 * K, pages * 4 * K);
	return count_leaves(&s, va, pages);
}

/* Rules: P1, P2 */
static void leaves_are_as_few_as_any_choice_of_frames_gives(void **state)
{
	unsigned tried = 0, not_ideal = 0;

	(void)state;
	for (unsigned pages = 1; pages <= LONGEST; pages++)
		for (unsigned phase = 0; phase < 8; phase++) {
			fill_fewest(phase, pages);
			for (unsigned set = (pages + phase) % 5; set < SETS; set += 5) {
				if ((unsigned)__builtin_popcount(set) < pages)
					continue;
				assert_int_equal(leaves_taken(phase, pages, set), fewest[0][set]);
				tried++;
				not_ideal += fewest[0][set] > fewest[0][SETS - 1];
			}
		}
	assert_true(tried > 20000 && not_ideal > 10000);
}

/* Rules: M19 */
static void more_than_there_is_fails_before_anything_is_taken(void **state)
{
	static const struct smalt_memory ram = { 16 * M, 16 * M, SMALT_MEM_USABLE, 0 };
	struct stretch t;
	struct scene s;

	(void)state;
	scene_open(&s, &machine_x86_64, &ram, 1, PLENTY);
	t = waiting(&s, 0xffff900000000000, 0, 1ull << 46);
	assert_int_equal(stretch_take(&t, &s.fault), ST_NO_MEMORY);
	assert_int_equal(s.fault.value, 1ull << 46);
	assert_int_equal(s.fault.limit, 16 * M);
	assert_int_equal(s.frames.taken.count, 0);
	assert_int_equal(s.frames.taken_bytes, 0);
	assert_int_equal(s.space.extents[0].pa, STRETCH_NO_PA);
}

/* Takes and extents run out at every step: a status, never a page without a frame. */
/* Rules: M1 */
static void running_out_of_takes_or_extents_is_reported(void **state)
{
	static const struct smalt_memory ram[] = {
		{ 16 * M, 8 * K, SMALT_MEM_USABLE, 0 }, { 17 * M, 8 * K, SMALT_MEM_USABLE, 0 },
		{ 18 * M, 8 * K, SMALT_MEM_USABLE, 0 }, { 19 * M, 8 * K, SMALT_MEM_USABLE, 0 },
	};
	unsigned failures = 0;

	(void)state;
	for (uint32_t takes = 0; takes <= 5; takes++)
		for (uint32_t extents = 2; extents <= 8; extents++) {
			struct stretch t;
			struct scene s;

			scene_open(&s, &machine_aarch64, ram, 4,
			           (struct scene_limits){ takes, extents });
			t = waiting(&s, 0x200000, 12 * K, 32 * K);
			if (stretch_take(&t, &s.fault) == ST_OK) {
				check_pages(&s, 0x200000, 12 * K, 32 * K);
				continue;
			}
			assert_int_equal(s.fault.status, ST_NO_MEMORY);
			failures++;
			assert_true(takes < 5 || extents < 2 + 4 + 1);   /* a part of each hole, one that waits */
		}
	assert_true(failures > 0);
}

/* Rules: M21 */
static void physical_memory_is_taken_where_it_is_asked_for(void **state)
{
	static const struct smalt_memory ram[] = {
		{ 16 * M, 16 * M, SMALT_MEM_USABLE, 0 }, { 32 * M, M, SMALT_MEM_RESERVED, 0 },
	};
	struct stretch t;
	struct scene s;

	(void)state;
	scene_open(&s, &machine_x86_64, ram, 2, PLENTY);
	t = waiting(&s, 17 * M, 4 * K, 4 * M);
	assert_int_equal(stretch_take_at(&t, &s.map, &s.fault), ST_OK);
	assert_int_equal(scene_pa(&s, 17 * M), 17 * M);
	assert_int_equal(scene_pa(&s, 21 * M - 4 * K), 21 * M - 4 * K);
	scene_open(&s, &machine_x86_64, ram, 2, PLENTY);
	t = waiting(&s, 31 * M, 4 * K, 2 * M);
	assert_int_equal(stretch_take_at(&t, &s.map, &s.fault), ST_ADDRESS_IN_USE);
	assert_int_equal(s.frames.taken_bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_piece_is_congruent_to_the_largest_leaf_that_fits),
		cmocka_unit_test(drawn_pieces_are_congruent_and_come_from_everywhere),
		cmocka_unit_test(the_fewest_places_count_and_pieces_are_not_drawn),
		cmocka_unit_test(pieces_of_2_mib_are_taken_where_no_larger_one_is),
		cmocka_unit_test(smaller_chunks_and_single_pages_are_taken_last),
		cmocka_unit_test(every_stretch_in_torn_memory_gets_every_page),
		cmocka_unit_test(leaves_are_as_few_as_any_choice_of_frames_gives),
		cmocka_unit_test(more_than_there_is_fails_before_anything_is_taken),
		cmocka_unit_test(running_out_of_takes_or_extents_is_reported),
		cmocka_unit_test(physical_memory_is_taken_where_it_is_asked_for),
	};

	return cmocka_run_group_tests_name("stretch", tests, NULL, NULL);
}
