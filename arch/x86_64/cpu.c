/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpu.c: what this CPU can do, and the small acts that need its instructions.
 *
 * Sources: Intel SDM Vol. 2A (CPUID), x86-64 psABI 3.1.1 (levels), and for
 * the hypervisor's leaves VMware's "Mechanisms to determine if software is
 * running in a VMware virtual machine", which KVM and QEMU follow.
 */
#include "arch.h"

#include "cpucache.h"
#include "trap.h"

enum { EAX, EBX, ECX, EDX, REGISTERS };

/* GNU_PROPERTY_X86_ISA_1_BASELINE, _V2 ... of the psABI. */
enum { ISA_BASELINE = 1, ISA_V2 = 2, ISA_V3 = 4, ISA_V4 = 8 };

/* Two of level 1, one of each other: what goes on behind is no list of caches. */
enum { CACHES_MOST = 8 };

struct cpuid { uint32_t reg[REGISTERS]; };

#define CR4_LA57 (1u << 12)

static struct cpuid ask(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid id;

	__asm__ volatile("cpuid"
	                 : "=a"(id.reg[EAX]), "=b"(id.reg[EBX]), "=c"(id.reg[ECX]), "=d"(id.reg[EDX])
	                 : "a"(leaf), "c"(subleaf));
	return id;
}

/*
 * psABI table 3.1: what a level adds to the one before. AVX needs XSAVE here and
 * not OSXSAVE: the kernel is the one to enable it, the loader does not.
 */
static const struct {
	uint32_t leaf, reg, bits, level;
} levels[] = {
	/* SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT; LAHF */
	{ 0x00000001, ECX, 1 << 0 | 1 << 9 | 1 << 13 | 1 << 19 | 1 << 20 | 1 << 23, ISA_V2 },
	{ 0x80000001, ECX, 1 << 0, ISA_V2 },
	/* FMA, MOVBE, XSAVE, AVX, F16C; BMI1, AVX2, BMI2; LZCNT */
	{ 0x00000001, ECX, 1 << 12 | 1 << 22 | 1 << 26 | 1 << 28 | 1 << 29, ISA_V3 },
	{ 0x00000007, EBX, 1 << 3 | 1 << 5 | 1 << 8, ISA_V3 },
	{ 0x80000001, ECX, 1 << 5, ISA_V3 },
	/* AVX512F, DQ, CD, BW, VL */
	{ 0x00000007, EBX, 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31, ISA_V4 },
};

/* A level counts only if all below it are there. */
static uint32_t isa_levels(uint32_t last_leaf)
{
	uint32_t missing = 0;

	for (unsigned i = 0; i < sizeof levels / sizeof levels[0]; i++) {
		bool known = levels[i].leaf >= 0x80000000 || levels[i].leaf <= last_leaf;
		uint32_t have = known ? ask(levels[i].leaf, 0).reg[levels[i].reg] : 0;

		if ((have & levels[i].bits) != levels[i].bits)
			missing |= levels[i].level;
	}
	if (missing & ISA_V2)
		return ISA_BASELINE;
	if (missing & ISA_V3)
		return ISA_BASELINE | ISA_V2;
	return ISA_BASELINE | ISA_V2 | ISA_V3 | (missing & ISA_V4 ? 0 : ISA_V4);
}

static bool has_hypervisor(void)
{
	return (ask(1, 0).reg[ECX] & 1u << 31) != 0;
}

/*
 * AMD's list where TopologyExtensions says that it is there (a bit that Intel reserves), else
 * Intel's; a list that is empty, as on AMD's older processors, leaves one leaf about level 2.
 */
static void read_caches(struct cpu *cpu, uint32_t last_leaf, uint32_t last_extended)
{
	bool amd = last_extended >= 0x8000001d && (ask(0x80000001, 0).reg[ECX] & 1 << 22) != 0;
	struct cpuid id;
	uint32_t cache = 0;

	if (amd || last_leaf >= 4)
		do
			id = ask(amd ? 0x8000001d : 4, cache++);
		while (cpucache_cpuid(cpu->caches, id.reg, amd) && cache < CACHES_MOST);
	if (cache <= 1 && last_extended >= 0x80000006)
		cpucache_cpuid_l2(&cpu->caches[1], ask(0x80000006, 0).reg[ECX]);
}

/* Only what the CPU or the hypervisor says; nothing is measured (H10). */
static uint64_t tsc_hz(uint32_t last_leaf)
{
	if (last_leaf >= 0x15) {
		struct cpuid ratio = ask(0x15, 0);

		if (ratio.reg[EAX] != 0 && ratio.reg[EBX] != 0 && ratio.reg[ECX] != 0)
			return (uint64_t)ratio.reg[ECX] * ratio.reg[EBX] / ratio.reg[EAX];
	}
	if (has_hypervisor() && ask(0x40000000, 0).reg[EAX] >= 0x40000010)
		return (uint64_t)ask(0x40000010, 0).reg[EAX] * 1000;
	return 0;
}

static uint32_t apic_id(uint32_t last_leaf)
{
	if (last_leaf >= 0xb && ask(0xb, 0).reg[EBX] != 0)
		return ask(0xb, 0).reg[EDX];
	return ask(1, 0).reg[EBX] >> 24;
}

/* SDM Vol. 3A, 4.1.1 */
static uint32_t levels_on(void)
{
	uint64_t cr4;

	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	return (cr4 & CR4_LA57) != 0 ? 5 : 4;
}

/* CPUID 07H:ECX.LA57[16] */
static uint32_t levels_most(uint32_t last_leaf)
{
	return last_leaf >= 7 && (ask(7, 0).reg[ECX] & 1 << 16) != 0 ? 5 : 4;
}

void arch_cpu(struct cpu *cpu)
{
	uint32_t last_leaf = ask(0, 0).reg[EAX];
	uint32_t last_extended = ask(0x80000000, 0).reg[EAX];
	bool gigabyte = (ask(0x80000001, 0).reg[EDX] & 1 << 26) != 0;

	*cpu = (struct cpu){
		.leaf_mask = gigabyte ? 7 : 3,
		.levels = levels_on(),
		.levels_most = levels_most(last_leaf),
		.x86_isa = isa_levels(last_leaf),
		.pa_bits = last_extended >= 0x80000008 ? ask(0x80000008, 0).reg[EAX] & 0xff : 36,
		.counter_hz = tsc_hz(last_leaf),
		.id = apic_id(last_leaf),
		.hypervisor = has_hypervisor(),
	};
	read_caches(cpu, last_leaf, last_extended);
}

/* SDM Vol. 1, 7.3.17: tries that a working generator does not need. */
enum { RDRAND_TRIES = 10, RDSEED_TRIES = 100 };

static bool rdrand(uint64_t *word)
{
	bool good = false;

	for (unsigned i = 0; !good && i < RDRAND_TRIES; i++)
		__asm__ volatile("rdrand %0" : "=r"(*word), "=@ccc"(good));
	return good;
}

static bool rdseed(uint64_t *word)
{
	bool good = false;

	for (unsigned i = 0; !good && i < RDSEED_TRIES; i++)
		__asm__ volatile("pause; rdseed %0" : "=r"(*word), "=@ccc"(good));
	return good;
}

static bool fill(bool (*get)(uint64_t *word), uint64_t *words, uint32_t count)
{
	uint64_t word;

	for (uint32_t i = 0; i < count; i++) {
		if (!get(&word))
			return false;
		words[i] = word;
	}
	return true;
}

uint32_t arch_entropy(uint64_t *words, uint32_t count)
{
	uint32_t last_leaf = ask(0, 0).reg[EAX];

	if (last_leaf >= 7 && (ask(7, 0).reg[EBX] & 1 << 18) && fill(rdseed, words, count))
		return SMALT_ENTROPY_RDSEED;
	if ((ask(1, 0).reg[ECX] & 1 << 30) && fill(rdrand, words, count))
		return SMALT_ENTROPY_RDRAND;
	return SMALT_ENTROPY_NONE;
}

const struct machine *arch_machine(void)
{
	return &machine_x86_64;
}

const struct format *arch_loader_format(void)
{
	return machine_format(&machine_x86_64, 0, levels_on());
}

/* LFENCE: RDTSC waits for everything before it (SDM Vol. 2B, RDTSC). */
uint64_t arch_counter(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* The entry has set NXE and WP, the format has no other demands. */
void arch_own_map(const struct pagetable *pt)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"(pt->root_pa[0]) : "memory");
	trap_install();
}

void arch_copy(void *to, const void *from, uint64_t bytes)
{
	uint64_t words = bytes / 8;
	uint64_t rest = bytes % 8;

	__asm__ volatile("rep movsq\n\tmov %3, %2\n\trep movsb"
	                 : "+D"(to), "+S"(from), "+c"(words)
	                 : "r"(rest)
	                 : "memory");
}

/*
 * Nothing to do: instruction fetch and page walks see all stores of the same CPU
 * (SDM Vol. 3A, 12.6 and 4.10.2.3), and nothing here runs with caches off.
 */
void arch_sync_code(uint64_t pa, uint64_t bytes)
{
	(void)pa;
	(void)bytes;
}

void arch_clean(uint64_t pa, uint64_t bytes)
{
	(void)pa;
	(void)bytes;
}
