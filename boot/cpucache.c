/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpucache.c: Intel SDM Vol. 2A, CPUID leaf 04H; AMD APM Vol. 3, E.4.5
 * (80000006H) and E.4.15 (8000001DH); Arm ARM
 * DDI 0487, D19.2.26 (CCSIDR_EL1) and D19.2.27 (CLIDR_EL1).
 */
#include "cpucache.h"

enum { EAX, EBX, ECX, EDX };
enum { CPUID_NONE, CPUID_DATA, CPUID_CODE, CPUID_UNIFIED };

/*
 * AMD's leaf has no bit for a hashed index, and its level 3 is made of slices: nobody promises which
 * address is in which. A line of several partitions leaves open which bits choose between these.
 */
bool cpucache_cpuid(struct cache caches[GEOMETRY_LEVELS], const uint32_t words[4], bool amd)
{
	uint32_t type = words[EAX] & 0x1f, level = words[EAX] >> 5 & 7;
	bool partitions = (words[EBX] >> 12 & 0x3ff) != 0, hashed = (words[EDX] & 1 << 2) != 0;

	if ((type == CPUID_DATA || type == CPUID_UNIFIED) && level >= 1 && level <= GEOMETRY_LEVELS)
		caches[level - 1] = (struct cache){
			.source = SMALT_CACHE_FROM_CPUID,
			.ways = (words[EBX] >> 22) + 1,
			.line = (words[EBX] & 0xfff) + 1,
			.sets = (uint64_t)words[ECX] + 1,
			.complex = partitions || hashed || (amd && level >= 3),
		};
	return type != CPUID_NONE;
}

/* Table E-4 by code: 0 is off, 7 reserved, 9 told by another leaf, 15 any way; none of them counts. */
void cpucache_cpuid_l2(struct cache *cache, uint32_t ecx)
{
	static const uint8_t ways_by_code[16] = { 0, 1, 2, 3, 4, 6, 8, 0, 16, 0, 32, 48, 64, 96, 128, 0 };
	uint32_t bytes = ecx >> 16 << 10, ways = ways_by_code[ecx >> 12 & 15], line = ecx & 0xff;

	if (ways != 0 && line != 0 && bytes % (ways * line) == 0)
		*cache = (struct cache){
			.source = SMALT_CACHE_FROM_CPUID, .ways = ways, .line = line,
			.sets = bytes / (ways * line),
		};
}

/* Ctype: 0 none, 1 instructions, 2 data, 3 both apart, 4 unified; levels behind a 0 mean nothing. */
bool cpucache_has_data(uint64_t clidr, unsigned level)
{
	for (unsigned below = 1; below < level; below++)
		if ((clidr >> 3 * (below - 1) & 7) == 0)
			return false;
	return (clidr >> 3 * (level - 1) & 7) >= 2;
}

struct cache cpucache_ccsidr(uint64_t ccsidr, bool wide)
{
	return (struct cache){
		.source = SMALT_CACHE_FROM_CCSIDR,
		.ways = (uint32_t)(ccsidr >> 3 & (wide ? 0x1fffff : 0x3ff)) + 1,
		.line = 16u << (ccsidr & 7),
		.sets = (wide ? ccsidr >> 32 & 0xffffff : ccsidr >> 13 & 0x7fff) + 1,
	};
}
