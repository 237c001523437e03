/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * acts.h: what the assembler files and the C files of this machine call of each other.
 */
#ifndef ACTS_H
#define ACTS_H

#include <stdint.h>

#include "pagetable.h"

#define SYSTEM_READ(name) \
	({ uint64_t value_; __asm__ volatile("mrs %0, " #name : "=r"(value_)); value_; })

/* mmu.S: to the tables of root_pa with this TCR; caches on. */
void mmu_switch(uint64_t root_pa, uint64_t tcr);

/* alone.S: takes the CPU from a firmware and goes on in next() on the loader's stack. */
_Noreturn void alone_take(void (*next)(void));

/* trap.c, called by trap.S: tells of a fault of the loader itself. */
_Noreturn void trap_report(uint64_t pc, uint64_t syndrome, uint64_t address);

/* The exception level that the loader runs at: 1 or 2. */
uint64_t cpu_el(void);

/* Width of a physical address that tables can hold, as TCR_ELx.IPS encodes it. */
uint64_t cpu_pa_range(void);

#endif
