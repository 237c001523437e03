/* SPDX-License-Identifier: BSD-2-Clause */
/* test_geometry.c: the cache that gives colors is the last one that can, and who told is kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "boot.h"

#define CPUID  SMALT_CACHE_FROM_CPUID
#define CCSIDR SMALT_CACHE_FROM_CCSIDR
#define TREE   SMALT_CACHE_FROM_DEVICETREE

static struct env env;
static struct format format;
static struct boot boot;
static struct fault fault;

/* A machine with these caches, from level 1 on, that nobody configured. */
static void set_up(const struct cache *caches)
{
	static struct machine machine;

	memset(&boot, 0xaa, sizeof boot);
	env = (struct env){ .machine = &machine };
	memcpy(env.cpu.caches, caches, sizeof env.cpu.caches);
	boot.env = &env;
	boot.format = &format;
	boot.settings = (struct config_entry){ 0 };
}

static enum status choose(unsigned granule_shift)
{
	format.granule_shift = (uint8_t)granule_shift;
	return geometry_choose(&boot, &fault);
}

static void assert_none(void)
{
	static const struct smalt_cache none = { 0 };

	assert_int_equal(choose(12), ST_OK);
	assert_memory_equal(&boot.geometry.cache, &none, sizeof none);
	assert_int_equal(boot.geometry.colors, 1);
	assert_int_equal(boot.geometry.shift, 12);
	assert_int_equal(geometry_way(&boot.geometry), 4096);
}

/* Rules: C1 */
static void colors_are_those_of_the_last_level_with_a_linear_index(void **state)
{
	static const struct {
		struct cache caches[GEOMETRY_LEVELS];
		uint32_t level, colors[3];       /* with pages of 4K, 16K, 64K */
		uint64_t bytes;
	} cases[] = {
		/* Cascade Lake: 26 slices behind a hash */
		{ { { CPUID, 8, 64, 64, false }, { CPUID, 16, 64, 1024, false }, { CPUID, 11, 64, 53248, true } },
		  2, { 16, 4, 1 }, 1 << 20 },
		/* the same without the bit: 26 * 2048 sets are no field of the address */
		{ { { CPUID, 8, 64, 64, false }, { CPUID, 16, 64, 1024, false }, { CPUID, 11, 64, 53248, false } },
		  2, { 16, 4, 1 }, 1 << 20 },
		/* cortex-a53, a72; a57; neoverse-n1; a76 */
		{ { { CCSIDR, 4, 64, 128, false }, { CCSIDR, 16, 64, 1024, false } }, 2, { 16, 4, 1 }, 1 << 20 },
		{ { { CCSIDR, 2, 64, 256, false }, { CCSIDR, 16, 64, 2048, false } }, 2, { 32, 8, 2 }, 2 << 20 },
		{ { { CCSIDR, 4, 64, 256, false }, { CCSIDR, 8, 64, 2048, false } }, 2, { 32, 8, 2 }, 1 << 20 },
		{ { { CCSIDR, 4, 64, 256, false }, { CCSIDR, 8, 64, 1024, false } }, 2, { 16, 4, 1 }, 512 << 10 },
		/* a64fx has 128: folded */
		{ { { CCSIDR, 4, 256, 64, false }, { CCSIDR, 16, 256, 2048, false } }, 2, { 64, 32, 8 }, 8 << 20 },
		/* QEMU's leaf 4; its level 3 is complex */
		{ { { CPUID, 8, 64, 64, false }, { CPUID, 16, 64, 4096, false }, { CPUID, 16, 64, 16384, true } },
		  2, { 64, 16, 4 }, 4 << 20 },
		/* 12 ways are no power of two, and need not be one */
		{ { { CPUID, 12, 64, 64, false }, { CPUID, 20, 64, 1024, false } }, 2, { 16, 4, 1 }, 1280 << 10 },
		/* a last level that a devicetree tells, behind two of the processor */
		{ { { CCSIDR, 4, 64, 256, false }, { CCSIDR, 8, 64, 1024, false }, { TREE, 16, 64, 4096, false } },
		  3, { 64, 16, 4 }, 4 << 20 },
		{ { { 0 }, { 0 }, { 0 }, { CPUID, 16, 64, 131072, false } }, 4, { 64, 64, 64 }, 128 << 20 },
		/* nothing but a level 1: 16K, 4K, and one that is fully associative */
		{ { { CCSIDR, 2, 64, 256, false } }, 1, { 4, 1, 1 }, 32 << 10 },
		{ { { CPUID, 8, 64, 64, false } }, 1, { 1, 1, 1 }, 32 << 10 },
		{ { { CCSIDR, 64, 64, 1, false } }, 1, { 1, 1, 1 }, 4096 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (unsigned g = 0; g < 3; g++) {
			const struct cache *is = &cases[i].caches[cases[i].level - 1];
			const struct smalt_cache *cache = &boot.geometry.cache;

			set_up(cases[i].caches);
			assert_int_equal(choose(12 + 2 * g), ST_OK);
			assert_int_equal(boot.geometry.colors, cases[i].colors[g]);
			assert_int_equal(boot.geometry.shift, 12 + 2 * g);
			assert_int_equal(geometry_way(&boot.geometry), (uint64_t)cases[i].colors[g] << (12 + 2 * g));
			assert_int_equal(cache->level, cases[i].level);
			assert_int_equal(cache->bytes, cases[i].bytes);
			assert_int_equal(cache->ways, is->ways);
			assert_int_equal(cache->sets, is->sets);
			assert_int_equal(cache->line, is->line);
			assert_int_equal(cache->source, is->source);
			assert_int_equal(cache->trust, is->source == TREE ? SMALT_CACHE_TRUST_FIRMWARE
			                                                  : SMALT_CACHE_TRUST_CPU);
		}
}

/* What cannot be an index is left out, whatever it would divide by. Rules: C1 */
static void a_level_that_makes_no_sense_gives_way_to_the_one_below(void **state)
{
	static const struct cache odd[] = {
		{ CPUID, 16, 64, 1024, true },           /* hashed */
		{ CPUID, 16, 64, 53248, false }, { CPUID, 16, 48, 1024, false },
		{ CCSIDR, 1, 64, 1, false },             /* KVM's invention */
		{ CPUID, 16, 0, 1024, false }, { CPUID, 0, 64, 1024, false }, { CPUID, 16, 64, 0, false },
		{ 0, 16, 64, 1024, false },
		{ CPUID, UINT32_MAX, 64, 1ull << 27, false }, { CPUID, 1, 1, 1ull << 33, false },
		{ CPUID, 2, 1u << 31, 4, false }, { TREE, UINT32_MAX, 1u << 31, 1ull << 63, false },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		struct cache caches[GEOMETRY_LEVELS] = { odd[i], odd[i], odd[i], odd[i] };

		set_up(caches);
		assert_none();
		for (unsigned below = 1; below <= 3; below++) {
			caches[below - 1] = (struct cache){ CPUID, 16, 64, 512, false };
			set_up(caches);
			assert_int_equal(choose(12), ST_OK);
			assert_int_equal(boot.geometry.cache.level, below);
			assert_int_equal(boot.geometry.colors, 8);
		}
	}
}

/* Every sane cache of up to 64M, against the definition: colors repeat as often as frames do. Rules: C1 */
static void colors_times_frames_are_a_way_up_to_64(void **state)
{
	(void)state;
	for (unsigned line = 4; line <= 12; line++)
		for (unsigned sets = 0; sets <= 16; sets++)
			for (uint32_t ways = 2; ways <= 24; ways += 11)
				for (unsigned shift = 12; shift <= 16; shift += 2) {
					struct cache caches[GEOMETRY_LEVELS] = { { CPUID, ways, 1u << line, 1u << sets, false } };
					uint64_t way = 1ull << line << sets, colors = 1;

					while (colors < 64 && colors << shift < way)
						colors *= 2;
					set_up(caches);
					assert_int_equal(choose(shift), ST_OK);
					assert_int_equal(boot.geometry.colors, colors);
					assert_int_equal(boot.geometry.cache.bytes, way * ways);
				}
}

/* Rules: C1 */
static void what_a_hypervisor_shows_is_trusted_less(void **state)
{
	static const struct cache caches[GEOMETRY_LEVELS] = { { CCSIDR, 2, 64, 256, false },
	                                                      { TREE, 16, 64, 1024, false } };
	static const struct { uint32_t hypervisor, el, psci; bool is; } cases[] = {
		{ 0, 0, SMALT_PSCI_NONE, false }, { 1, 0, SMALT_PSCI_NONE, true },
		{ 0, 1, SMALT_PSCI_HVC, true }, { 0, 1, SMALT_PSCI_SMC, false },
		{ 0, 2, SMALT_PSCI_HVC, false }, { 1, 1, SMALT_PSCI_SMC, true }, { 0, 1, SMALT_PSCI_NONE, false },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (uint32_t level = 1; level <= 2; level++) {
			set_up(caches);
			env.cpu.hypervisor = cases[i].hypervisor;
			env.cpu.el = cases[i].el;
			env.psci_conduit = cases[i].psci;
			boot.settings.color_level = level;
			assert_int_equal(choose(12), ST_OK);
			assert_int_equal(boot.geometry.cache.level, level);
			assert_int_equal(boot.geometry.cache.trust,
			                 cases[i].is ? SMALT_CACHE_TRUST_HYPERVISOR :
			                 level == 2 ? SMALT_CACHE_TRUST_FIRMWARE : SMALT_CACHE_TRUST_CPU);
		}
}

/* Rules: C1 */
static void color_level_takes_that_level_or_none(void **state)
{
	static const struct cache caches[GEOMETRY_LEVELS] = {
		{ CPUID, 8, 64, 128, false }, { CPUID, 16, 64, 1024, false }, { CPUID, 16, 64, 16384, true },
	};

	(void)state;
	for (uint32_t level = 1; level <= 2; level++) {
		set_up(caches);
		boot.settings.color_level = level;
		assert_int_equal(choose(12), ST_OK);
		assert_int_equal(boot.geometry.cache.level, level);
		assert_int_equal(boot.geometry.colors, level == 1 ? 2 : 16);
	}
	set_up(caches);
	boot.settings.color_level = 3;
	assert_none();
}

static void configure(uint64_t bytes, uint32_t ways, uint32_t line)
{
	boot.settings.set = (bytes ? SET_LLC_SIZE : 0) | (ways ? SET_LLC_WAYS : 0) | (line ? SET_LLC_LINE : 0);
	boot.settings.llc_bytes = bytes;
	boot.settings.llc_ways = ways;
	boot.settings.llc_line = line;
}

/* Rules: C1 */
static void a_configured_cache_wins_over_everything_told(void **state)
{
	static const struct cache caches[GEOMETRY_LEVELS] = { { TREE, 16, 64, 4096, false },
	                                                      { CPUID, 16, 64, 1024, false } };
	static const struct smalt_cache expected = {
		1536 << 10, 12, 2048, 64, 0, SMALT_CACHE_FROM_CONFIG, SMALT_CACHE_TRUST_CONFIG,
	};

	(void)state;
	set_up(caches);
	env.cpu.hypervisor = 1;
	boot.settings.color_level = 2;
	configure(1536 << 10, 12, 64);
	assert_int_equal(choose(12), ST_OK);
	assert_memory_equal(&boot.geometry.cache, &expected, sizeof expected);
	assert_int_equal(boot.geometry.colors, 32);
	assert_int_equal(choose(16), ST_OK);
	assert_int_equal(boot.geometry.colors, 2);
	configure(4096, 1, 64);
	assert_int_equal(choose(12), ST_OK);
	assert_int_equal(boot.geometry.colors, 1);
	assert_int_equal(boot.geometry.cache.source, SMALT_CACHE_FROM_CONFIG);
	configure(1ull << 32, 1, 16);
	assert_int_equal(choose(12), ST_OK);
	assert_int_equal(boot.geometry.colors, 64);
	assert_int_equal(boot.geometry.cache.sets, 1 << 28);
}

static void assert_refused(unsigned shift, const char *line)
{
	static const struct cache nothing[GEOMETRY_LEVELS] = { { 0 } };
	struct config_entry settings = boot.settings;
	char text[400];

	set_up(nothing);
	boot.settings = settings;
	memset(&fault, 0xaa, sizeof fault);
	assert_int_equal(choose(shift), ST_BAD_CONFIG);
	fault.object.bytes = 0;
	fault_text(&fault, text, sizeof text);
	assert_string_equal(text, line);
}

/* Rules: C1, M20 */
static void a_configured_cache_that_cannot_be_is_refused_in_one_line(void **state)
{
	static const struct { uint64_t bytes; uint32_t ways, line; unsigned shift; const char *text; } cases[] = {
		{ 0, 16, 64, 12, "llc_size is missing: BAD_CONFIG, smalt.conf is malformed"
		  " (a cache needs all three: llc_size, llc_ways and llc_line)" },
		{ 1 << 20, 0, 64, 12, "llc_ways is missing: BAD_CONFIG, smalt.conf is malformed"
		  " (a cache needs all three: llc_size, llc_ways and llc_line)" },
		{ 1 << 20, 0, 0, 12, "llc_ways is missing: BAD_CONFIG, smalt.conf is malformed"
		  " (a cache needs all three: llc_size, llc_ways and llc_line)" },
		{ 1 << 20, 16, 0, 12, "llc_line is missing: BAD_CONFIG, smalt.conf is malformed"
		  " (a cache needs all three: llc_size, llc_ways and llc_line)" },
		{ (1 << 20) + 512, 16, 64, 12, "llc_size: 0x100200 > 0x400: BAD_CONFIG, smalt.conf is malformed"
		  " (llc_size / llc_ways / llc_line must be a power of two)" },
		{ 512, 16, 64, 12, "llc_size: 0x200 < 0x400: BAD_CONFIG, smalt.conf is malformed"
		  " (llc_size / llc_ways / llc_line must be a power of two)" },
		{ 832 << 10, 16, 64, 12, "llc_size: 0xd0000 > 0x400: BAD_CONFIG, smalt.conf is malformed"
		  " (llc_size / llc_ways / llc_line must be a power of two)" },
		{ 32 << 10, 16, 64, 12, "llc_size / llc_ways: 0x800 < 0x1000: BAD_CONFIG, smalt.conf is malformed"
		  " (a way must be a multiple of the page)" },
		{ 512 << 10, 16, 64, 16, "llc_size / llc_ways: 0x8000 < 0x10000: BAD_CONFIG, smalt.conf is malformed"
		  " (a way must be a multiple of the page)" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		configure(cases[i].bytes, cases[i].ways, cases[i].line);
		assert_refused(cases[i].shift, cases[i].text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(colors_are_those_of_the_last_level_with_a_linear_index),
		cmocka_unit_test(a_level_that_makes_no_sense_gives_way_to_the_one_below),
		cmocka_unit_test(colors_times_frames_are_a_way_up_to_64),
		cmocka_unit_test(what_a_hypervisor_shows_is_trusted_less),
		cmocka_unit_test(color_level_takes_that_level_or_none),
		cmocka_unit_test(a_configured_cache_wins_over_everything_told),
		cmocka_unit_test(a_configured_cache_that_cannot_be_is_refused_in_one_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
