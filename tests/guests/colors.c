/* SPDX-License-Identifier: BSD-2-Clause */
/* colors.c: says which cache gives colors, and that the record does not contradict itself. */
#include "guest.h"

static void expect_none(const struct smalt_cache *cache)
{
	const uint64_t *words = (const uint64_t *)(const void *)cache;

	for (unsigned i = 0; i < sizeof *cache / sizeof *words; i++)
		expect_equal(words[i], 0, "a word of the cache that nobody told");
	expect_equal(guest.handoff->colors.count, 1, "colors without a cache");
}

static void expect_linear(const struct smalt_cache *cache)
{
	expect(cache->sets != 0 && (cache->sets & (cache->sets - 1)) == 0, "sets are a power of two");
	expect(cache->line != 0 && (cache->line & (cache->line - 1)) == 0, "a line is a power of two");
	expect_equal((uint64_t)cache->sets * cache->ways * cache->line, cache->bytes, "sets x ways x line");
	expect(cache->trust != SMALT_CACHE_TRUST_NONE, "somebody is trusted");
}

void guest_main(void)
{
	const struct smalt_cache *cache = &guest.handoff->coloring.cache;

	if (cache->source == SMALT_CACHE_FROM_NOBODY)
		expect_none(cache);
	else
		expect_linear(cache);
	say_line("level", cache->level);
	say_line("size", cache->bytes);
	say_line("ways", cache->ways);
	say_line("sets", cache->sets);
	say_line("line", cache->line);
	say_line("source", cache->source);
	say_line("trust", cache->trust);
	say_line("count", guest.handoff->colors.count);
}
