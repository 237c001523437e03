/* SPDX-License-Identifier: BSD-2-Clause */
/* test_cpucache.c: words of processors, as they were read, mean the caches that their makers say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "cpucache.h"

static struct cache caches[GEOMETRY_LEVELS];

static void assert_cache(const struct cache *cache, uint64_t sets, uint32_t ways, uint32_t line)
{
	assert_int_equal(cache->sets, sets);
	assert_int_equal(cache->ways, ways);
	assert_int_equal(cache->line, line);
}

static void assert_untouched(const struct cache *cache)
{
	struct cache junk;

	memset(&junk, 0xaa, sizeof junk);
	assert_memory_equal(cache, &junk, sizeof junk);
}

/* Reads a list to its end; how many words came before it. */
static unsigned read_list(const uint32_t (*words)[4], bool amd)
{
	unsigned count = 0;

	memset(caches, 0xaa, sizeof caches);
	while (cpucache_cpuid(caches, words[count], amd))
		count++;
	return count;
}

/* Rules: C1 */
static void leaf_4_of_a_cascade_lake_is_its_data_sheet(void **state)
{
	static const uint32_t words[][4] = {
		{ 0x0c004121, 0x01c0003f, 0x3f, 0 }, { 0x0c004122, 0x01c0003f, 0x3f, 0 },
		{ 0x0c004143, 0x03c0003f, 0x3ff, 0 }, { 0x0c07c163, 0x0280003f, 0xcfff, 4 }, { 0 },
	};

	(void)state;
	assert_int_equal(read_list(words, false), 4);
	assert_cache(&caches[0], 64, 8, 64);
	assert_cache(&caches[1], 1024, 16, 64);
	assert_cache(&caches[2], 53248, 11, 64);
	assert_false(caches[0].complex || caches[1].complex);
	assert_true(caches[2].complex);
	assert_int_equal(caches[1].source, SMALT_CACHE_FROM_CPUID);
	assert_untouched(&caches[3]);
}

/* AMD's leaf does not say that the index of its slices is nothing to count on. Rules: C1 */
static void leaf_8000001d_of_an_epyc_is_its_data_sheet(void **state)
{
	static const uint32_t words[][4] = {
		{ 0x00004121, 0x01c0003f, 0x3f, 0 }, { 0x00004122, 0x00c0003f, 0xff, 0 },
		{ 0x00004143, 0x01c0003f, 0x3ff, 2 }, { 0x0001c163, 0x03c0003f, 0x1fff, 1 }, { 0 },
	};

	(void)state;
	assert_int_equal(read_list(words, true), 4);
	assert_cache(&caches[0], 64, 8, 64);
	assert_cache(&caches[1], 1024, 8, 64);
	assert_cache(&caches[2], 8192, 16, 64);
	assert_false(caches[1].complex);
	assert_true(caches[2].complex);
	assert_int_equal(read_list(words, false), 4);
	assert_false(caches[2].complex);
}

/* Rules: C1 */
static void what_holds_no_data_or_is_of_no_known_level_changes_nothing(void **state)
{
	static const uint32_t words[][4] = {
		{ 2 | 2 << 5, 63, 63, 0 }, { 4 | 2 << 5, 63, 63, 0 }, { 3 | 0 << 5, 63, 63, 0 },
		{ 3 | 5 << 5, 63, 63, 0 }, { 3 | 7 << 5, 63, 63, 0 }, { 0 | 2 << 5, 63, 63, 0 },
	};

	(void)state;
	assert_int_equal(read_list(words, false), 5);
	for (unsigned i = 0; i < GEOMETRY_LEVELS; i++)
		assert_untouched(&caches[i]);
}

/* Rules: C1 */
static void the_largest_numbers_of_leaf_4_do_not_wrap(void **state)
{
	static const uint32_t words[][4] = {
		{ 0xffffff83, 0xffc00fff, 0xffffffff, 0 }, { 3 | 2 << 5, 1 << 12 | 63, 63, 0 }, { 0 },
	};

	(void)state;
	assert_int_equal(read_list(words, false), 2);
	assert_cache(&caches[3], 1ull << 32, 1024, 4096);
	assert_false(caches[3].complex);
	assert_true(caches[1].complex);          /* two partitions of a line */
}

/* Rules: C1 */
static void leaf_80000006_has_level_2_of_older_processors(void **state)
{
	static const struct { uint32_t ecx; uint64_t sets; uint32_t ways; } cases[] = {
		{ 0x02008140, 512, 16 },         /* QEMU's qemu64 */
		{ 0x02006140, 1024, 8 },         /* EPYC */
		{ 0x01001040, 4096, 1 }, { 0x00302040, 384, 2 }, { 0x00303040, 256, 3 },
		{ 0x00304040, 192, 4 }, { 0x00305040, 128, 6 }, { 0x0100a040, 128, 32 },
		{ 0x0030b040, 16, 48 }, { 0x0100c040, 64, 64 }, { 0x0030d040, 8, 96 },
		{ 0xffffe001, 0x7fff8, 128 },
	};
	static const uint32_t nothing[] = {
		0, 0x02000140, 0x02007140, 0x02009140, 0x0200f140,   /* off, reserved, elsewhere, any way */
		0x02008100,                                          /* no line */
		0x00015040,                                          /* 1 KiB is no multiple of 6 lines */
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		memset(caches, 0xaa, sizeof caches);
		cpucache_cpuid_l2(&caches[1], cases[i].ecx);
		assert_cache(&caches[1], cases[i].sets, cases[i].ways, cases[i].ecx & 0xff);
		assert_int_equal(caches[1].source, SMALT_CACHE_FROM_CPUID);
		assert_false(caches[1].complex);
	}
	for (unsigned i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
		memset(caches, 0xaa, sizeof caches);
		cpucache_cpuid_l2(&caches[1], nothing[i]);
		assert_untouched(&caches[1]);
	}
}

/* Rules: C1 */
static void ccsidr_of_the_cores_that_qemu_has_is_their_manual(void **state)
{
	static const struct { uint64_t ccsidr, sets; uint32_t ways, line; bool wide; } cases[] = {
		{ 0x707fe07a, 1024, 16, 64, false },     /* cortex-a53, a72: 1M */
		{ 0x70ffe07a, 2048, 16, 64, false },     /* a57, max: 2M */
		{ 0x70ffe03a, 2048, 8, 64, false },      /* neoverse-n1: 1M */
		{ 0x707fe03a, 1024, 8, 64, false },      /* a76: 512K */
		{ 0x70ffe07c, 2048, 16, 256, false },    /* a64fx: 8M */
		{ 0x700fe01a, 128, 4, 64, false },       /* a53, level 1: 32K */
		{ 0x701fe00a, 256, 2, 64, false },       /* a57: 32K */
		{ 0x00000002, 1, 1, 64, false },         /* KVM's invention */
		{ 0xffffffff, 32768, 1024, 2048, false },
		{ 0x000007ff0000007a, 2048, 16, 64, true },
		{ 0x00ffffff00ffffff, 1 << 24, 1 << 21, 2048, true },
		{ 0x0000000000000002, 1, 1, 64, true },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct cache cache = cpucache_ccsidr(cases[i].ccsidr, cases[i].wide);

		assert_cache(&cache, cases[i].sets, cases[i].ways, cases[i].line);
		assert_int_equal(cache.source, SMALT_CACHE_FROM_CCSIDR);
		assert_false(cache.complex);
	}
}

/* Rules: C1 */
static void clidr_names_the_levels_with_data_up_to_the_first_gap(void **state)
{
	/* the levels from the first on, a bit each */
	static const struct { uint64_t clidr; unsigned levels; } cases[] = {
		{ 0x0a200023, 3 },               /* cortex-a57: apart, unified */
		{ 0, 0 }, { 1, 0 }, { 2, 1 }, { 4, 1 }, { 4 | 1 << 3, 1 }, { 1 | 4 << 3, 2 },
		{ 3 | 4 << 3 | 4 << 6 | 4 << 9, 15 }, { 3 | 0 << 3 | 4 << 6, 1 }, { 0 | 4 << 3, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (unsigned level = 1; level <= GEOMETRY_LEVELS; level++)
			assert_int_equal(cpucache_has_data(cases[i].clidr, level),
			                 cases[i].levels >> (level - 1) & 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaf_4_of_a_cascade_lake_is_its_data_sheet),
		cmocka_unit_test(leaf_8000001d_of_an_epyc_is_its_data_sheet),
		cmocka_unit_test(what_holds_no_data_or_is_of_no_known_level_changes_nothing),
		cmocka_unit_test(the_largest_numbers_of_leaf_4_do_not_wrap),
		cmocka_unit_test(leaf_80000006_has_level_2_of_older_processors),
		cmocka_unit_test(ccsidr_of_the_cores_that_qemu_has_is_their_manual),
		cmocka_unit_test(clidr_names_the_levels_with_data_up_to_the_first_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
