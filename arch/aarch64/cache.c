/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache.c: maintenance by address, in lines of the size that the CPU says. Arm
 * ARM DDI 0487, B2.7.4 "Synchronization and coherency issues between data and instruction
 * accesses", D7.5 "Caches"; CTR_EL0: IDC (28), DIC (29), line sizes as log2 of words.
 */
#include "align.h"
#include "arch.h"

#include "acts.h"

#define CTR_IDC (1ull << 28)     /* data need not be cleaned for instructions */
#define CTR_DIC (1ull << 29)     /* instructions need not be invalidated */

static uint64_t data_line(uint64_t ctr)
{
	return 4ull << (ctr >> 16 & 15);
}

static uint64_t instruction_line(uint64_t ctr)
{
	return 4ull << (ctr & 15);
}

void arch_sync_code(uint64_t pa, uint64_t bytes)
{
	uint64_t ctr = SYSTEM_READ(ctr_el0);
	uint64_t step = data_line(ctr);

	if (!(ctr & CTR_IDC))
		for (uint64_t at = align_down(pa, step); at < pa + bytes; at += step)
			__asm__ volatile("dc cvau, %0" : : "r"(at) : "memory");
	__asm__ volatile("dsb ish" : : : "memory");
	step = instruction_line(ctr);
	if (!(ctr & CTR_DIC))
		for (uint64_t at = align_down(pa, step); at < pa + bytes; at += step)
			__asm__ volatile("ic ivau, %0" : : "r"(at) : "memory");
	__asm__ volatile("dsb ish\n\tisb" : : : "memory");
}

void arch_clean(uint64_t pa, uint64_t bytes)
{
	uint64_t step = data_line(SYSTEM_READ(ctr_el0));

	for (uint64_t at = align_down(pa, step); at < pa + bytes; at += step)
		__asm__ volatile("dc cvac, %0" : : "r"(at) : "memory");
	__asm__ volatile("dsb sy" : : : "memory");
}
