/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpucache.h: a cache out of the words in which a processor describes it. Pure: the words are read
 * behind arch.h, so that what every processor says can be tried on the host.
 */
#ifndef CPUCACHE_H
#define CPUCACHE_H

#include "geometry.h"

/*
 * EAX, EBX, ECX, EDX of one subleaf of CPUID, into caches by level: leaf 4, or AMD's 8000001DH.
 * False behind the last subleaf. What holds no data or is of a higher level changes nothing.
 */
bool cpucache_cpuid(struct cache caches[GEOMETRY_LEVELS], const uint32_t words[4], bool amd);

/* ECX of CPUID 80000006H, which AMD's processors without such a list have: level 2. */
void cpucache_cpuid_l2(struct cache *cache, uint32_t ecx);

/* CLIDR_EL1: has the level, from 1, a cache that holds data? False behind the last one, too. */
bool cpucache_has_data(uint64_t clidr, unsigned level);

/* CCSIDR_EL1; wide: its format with FEAT_CCIDX. */
struct cache cpucache_ccsidr(uint64_t ccsidr, bool wide);

#endif
