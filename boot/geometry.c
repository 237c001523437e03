/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * geometry.c: which cache gives colors (requirements C1): the one that the configuration
 * describes, else the last level that holds data and whose index is a field of the address.
 *
 * Such a field needs powers of two. Where the last level has none (slices behind a hash, 26 of
 * them, the single line that a hypervisor makes up), the level below is asked: what is
 * not known is never guessed, and colors of a smaller cache are colors, too.
 */
#include "geometry.h"

#include <stddef.h>

#include "align.h"
#include "boot.h"

#define WAY_MOST (1ull << 32)    /* bytes; 32 bits of ways in front of it fit into 64 */

/* One line in all is what KVM shows instead of a cache of arm64: no cache is like that. */
static bool is_linear(const struct cache *cache)
{
	return cache->source != SMALT_CACHE_FROM_NOBODY && !cache->complex && cache->ways != 0 &&
	       is_power_of_two(cache->line) && is_power_of_two(cache->sets) &&
	       cache->sets <= UINT32_MAX && cache->sets <= WAY_MOST / cache->line && (cache->sets > 1 || cache->ways > 1);
}

/* The hypercalls of PSCI at EL1: somebody is at EL2. */
static bool is_virtual(const struct env *env)
{
	return env->cpu.hypervisor != 0 ||
	       (env->cpu.el == 1 && env->psci_conduit == SMALT_PSCI_HVC);
}

/* Whoever configures a cache knows what is below; everybody else tells of what a hypervisor shows. */
static uint32_t trust_in(const struct env *env, uint32_t source)
{
	if (source == SMALT_CACHE_FROM_CONFIG)
		return SMALT_CACHE_TRUST_CONFIG;
	if (is_virtual(env))
		return SMALT_CACHE_TRUST_HYPERVISOR;
	return source == SMALT_CACHE_FROM_DEVICETREE ? SMALT_CACHE_TRUST_FIRMWARE
	                                              : SMALT_CACHE_TRUST_CPU;
}

static void take(struct boot *boot, const struct cache *cache, uint32_t level)
{
	struct geometry *geometry = &boot->geometry;
	uint64_t way = cache->sets * cache->line, colors = way >> geometry->shift;

	geometry->cache = (struct smalt_cache){
		.bytes = way * cache->ways, .ways = cache->ways, .sets = (uint32_t)cache->sets,
		.line = cache->line, .level = level, .source = cache->source,
		.trust = trust_in(boot->env, cache->source),
	};
	geometry->colors = (uint32_t)max_u64(min_u64(colors, GEOMETRY_COLORS_MOST), 1);
}

static enum status check_complete(uint32_t set, struct fault *fault)
{
	static const struct { uint32_t bit; const char *missing; } parts[] = {
		{ SET_LLC_SIZE, "llc_size is missing" }, { SET_LLC_WAYS, "llc_ways is missing" },
		{ SET_LLC_LINE, "llc_line is missing" },
	};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (set & parts[i].bit)
			continue;
		fault_field(fault, ST_BAD_CONFIG, parts[i].missing);
		return fault_hint(fault, "a cache needs all three: llc_size, llc_ways and llc_line");
	}
	return ST_OK;
}

/* Each value is within its own bounds (setting.c): here is what they say together. */
static enum status take_configured(struct boot *boot, struct fault *fault)
{
	const struct config_entry *wish = &boot->settings;
	uint64_t row = (uint64_t)wish->llc_ways * wish->llc_line, granule = 1ull << boot->geometry.shift;
	struct cache cache = { SMALT_CACHE_FROM_CONFIG, wish->llc_ways, wish->llc_line, 0, false };

	if (check_complete(wish->set, fault) != ST_OK)
		return fault->status;
	cache.sets = wish->llc_bytes / row;
	if (wish->llc_bytes % row != 0 || !is_power_of_two(cache.sets)) {
		fault_set(fault, ST_BAD_CONFIG, "llc_size", wish->llc_bytes, row);
		return fault_hint(fault, "llc_size / llc_ways / llc_line must be a power of two");
	}
	if (cache.sets * cache.line < granule) {
		fault_set(fault, ST_BAD_CONFIG, "llc_size / llc_ways", cache.sets * cache.line, granule);
		return fault_hint(fault, "a way must be a multiple of the page");
	}
	take(boot, &cache, 0);
	return ST_OK;
}

enum status geometry_choose(struct boot *boot, struct fault *fault)
{
	uint32_t only = boot->settings.color_level;

	boot->geometry = (struct geometry){
		.colors = 1, .shift = boot->format->granule_shift,
	};
	if (boot->settings.set & SET_LLC)
		return take_configured(boot, fault);
	for (uint32_t level = GEOMETRY_LEVELS; level > 0; level--) {
		const struct cache *cache = &boot->env->cpu.caches[level - 1];

		if ((only == 0 || only == level) && is_linear(cache)) {
			take(boot, cache, level);
			break;
		}
	}
	return ST_OK;
}
