/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpu.c: the acts of arch.h that need C only. Registers: Arm ARM DDI 0487,
 * chapter D19; PL011: Arm DDI 0183, chapter 3; fw_cfg: QEMU docs/specs/fw_cfg.rst.
 */
#include "arch.h"

#include "acts.h"
#include "cpucache.h"
#include "registers.h"

#define LEAVES_4K 0x1f           /* 4K, 64K run, 2M, 32M run, 1G: each CPU with a 4 KiB granule has them */
#define MPIDR_AFFINITY 0xff00ffffff

#define FWCFG_DMA        0x10    /* big endian, 64 bits; the store starts the transfer */
#define FWCFG_QEMU       0x51454d5520434647   /* what it reads as: "QEMU CFG" */

uint64_t cpu_el(void)
{
	return SYSTEM_READ(CurrentEL) >> 2;
}

uint64_t cpu_pa_range(void)
{
	uint64_t range = SYSTEM_READ(id_aa64mmfr0_el1) & 15;

	return range < TCR_PS_48 ? range : TCR_PS_48;
}

static void choose_cache(uint64_t choice)
{
	__asm__ volatile("msr csselr_el1, %0\n\tisb" : : "r"(choice));
}

/* CSSELR_EL1 chooses what CCSIDR_EL1 tells of: [3:1] the level from 0, [0] instructions. */
static void read_caches(struct cpu *cpu)
{
	uint64_t clidr = SYSTEM_READ(clidr_el1), chosen = SYSTEM_READ(csselr_el1);
	bool wide = (SYSTEM_READ(id_aa64mmfr2_el1) >> 20 & 15) != 0;     /* CCIDX */

	for (unsigned level = 1; level <= GEOMETRY_LEVELS; level++) {
		if (!cpucache_has_data(clidr, level))
			continue;
		choose_cache((level - 1) << 1);
		cpu->caches[level - 1] = cpucache_ccsidr(SYSTEM_READ(ccsidr_el1), wide);
	}
	choose_cache(chosen);
}

/* ID_AA64MMFR0_EL1: TGran4 (31:28) and TGran64 (27:24) are 15, TGran16 (23:20) is 0, if there is none. */
static uint32_t granules(void)
{
	uint64_t features = SYSTEM_READ(id_aa64mmfr0_el1);

	return (uint32_t)((features >> 28 & 15) != 15) << 12 | (uint32_t)((features >> 20 & 15) != 0) << 14 |
	       (uint32_t)((features >> 24 & 15) != 15) << 16;
}

void arch_cpu(struct cpu *cpu)
{
	/* ID_AA64MMFR0_EL1.PARange; tables without LPA hold 48 bits */
	static const uint8_t pa_bits[TCR_PS_48 + 1] = { 32, 36, 40, 42, 44, 48 };

	*cpu = (struct cpu){
		.leaf_mask = LEAVES_4K,
		.levels = 4, .levels_most = 4,
		.el = (uint32_t)cpu_el(),
		.pa_bits = pa_bits[cpu_pa_range()],
		.counter_hz = SYSTEM_READ(cntfrq_el0),
		.id = SYSTEM_READ(mpidr_el1) & MPIDR_AFFINITY,
		.bti = (SYSTEM_READ(id_aa64pfr1_el1) & 15) != 0,     /* BT */
		.granules = granules(),
	};
	read_caches(cpu);
}

enum { RNDR_TRIES = 10 };

/* RNDR by its encoding, which assemblers know from Armv8.5 on. PSTATE.Z: there was none in time. */
static bool rndr(uint64_t *word)
{
	uint32_t failed = 1;

	for (unsigned i = 0; failed && i < RNDR_TRIES; i++)
		__asm__ volatile("mrs %0, s3_3_c2_c4_0\n\tcset %w1, eq" : "=r"(*word), "=r"(failed) : : "cc");
	return !failed;
}

uint32_t arch_entropy(uint64_t *words, uint32_t count)
{
	if (SYSTEM_READ(id_aa64isar0_el1) >> 60 == 0)
		return SMALT_ENTROPY_NONE;
	for (uint32_t i = 0; i < count; i++)
		if (!rndr(&words[i]))
			return SMALT_ENTROPY_NONE;
	return SMALT_ENTROPY_RNDR;
}

const struct machine *arch_machine(void)
{
	return &machine_aarch64;
}

const struct format *arch_loader_format(void)
{
	return cpu_el() == 2 ? &format_aarch64_el2 : machine_aarch64.format;
}

void arch_own_map(const struct pagetable *pt)
{
	uint64_t tcr = cpu_el() == 2 ? TCR_EL2 | cpu_pa_range() << TCR_EL2_PS_SHIFT
	                                 : TCR_EL1 | TCR_EL1_EPD1 | cpu_pa_range() << TCR_EL1_IPS_SHIFT;

	mmu_switch(pt->root_pa[0], tcr);
}

static volatile uint32_t *device_word(uint64_t address)
{
	return (volatile uint32_t *)(uintptr_t)address;
}

void arch_put(uint32_t kind, uint64_t address, char c)
{
	if (kind != SMALT_SERIAL_PL011)
		return;
	while (*device_word(address + PL011_FLAGS) & PL011_FLAGS_FULL)
		;
	*device_word(address + PL011_DATA) = (uint8_t)c;
}

uint64_t arch_counter(void)
{
	__asm__ volatile("isb" : : : "memory");
	return SYSTEM_READ(cntvct_el0);
}

bool arch_fwcfg(uint64_t registers_pa, uint64_t request_pa)
{
	volatile uint64_t *dma = (volatile uint64_t *)(uintptr_t)(registers_pa + FWCFG_DMA);

	if (registers_pa == 0 || __builtin_bswap64(*dma) != FWCFG_QEMU)
		return false;
	__asm__ volatile("dsb sy" : : : "memory");
	*dma = __builtin_bswap64(request_pa);
	__asm__ volatile("dsb sy" : : : "memory");
	return true;
}
