/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump.c: brings the CPU into the state that requirements H5 promise, and leaves.
 *
 * arch_prepare() writes tables that the kernel's space has read-only, so it runs
 * under the loader's map and knows both addresses of everything. Registers that
 * the loader itself needs until the end are set by jump.S.
 */
#include "arch.h"

#include "bridge.h"
#include "check.h"
#include "io.h"
#include "tables.h"

enum { ENTRIES = 512, INDEX_BITS = 9, PAGE_SHIFT = 12 };

#define MSR_EFER 0xc0000080
#define EFER_LMA (1u << 10)
#define EFER_LME (1u << 8)
#define EFER_NXE (1u << 11)

#define MSR_FS_BASE        0xc0000100
#define MSR_KERNEL_GS_BASE 0xc0000102    /* GS_BASE is between */

/* SDM Vol. 3A, table 11-12: as after power-on, but PA5 is write-combining. */
#define MSR_PAT 0x277
#define PAT     0x0007010600070406ull

extern const uint8_t fault_stubs[] __attribute__((visibility("hidden")));

/* jump.S, in the jump page. */
_Noreturn void jump_leave(uint64_t root_pa, uint64_t entry, uint64_t stack_top, uint64_t handoff_va,
                          uint64_t distance);

/* How far the kernel's view of the parts is from the loader's. */
static uint64_t distance_of(const struct jump *jump)
{
	return jump->parts_va - jump->parts_pa;
}

/*
 * The loader's tables get the kernel's view of the parts, so that the jump page
 * is mapped at the same address on both sides of the switch. The loader has
 * only low addresses: that entry of its root is empty. Both have the same levels.
 */
static void share_jump_page(const struct jump *jump)
{
	uint64_t *kernel_root = (uint64_t *)jump->root_pa[0];
	unsigned shift = PAGE_SHIFT + INDEX_BITS * (jump->levels - 1);
	unsigned slot = jump->parts_va >> shift & (ENTRIES - 1);
	uint64_t *own_root;

	__asm__ volatile("mov %%cr3, %0" : "=r"(own_root));
	CHECK(own_root[slot] == 0 && kernel_root[slot] != 0);
	own_root[slot] = kernel_root[slot];
}

void arch_prepare(const struct jump *jump)
{
	uint64_t distance = distance_of(jump);

	tables_set(distance, jump->fault_stack_top);
	if (jump->reporter)
		tables_set_gates((uint64_t)fault_stubs + distance, TABLES_VECTORS, distance);
	if (jump->bridge_pa == 0)
		share_jump_page(jump);
	tables_load_task();
}

/* Registers that nothing here uses: as after power-on. */
static void reset_registers(void)
{
	__asm__ volatile("mov %0, %%dr7\n\tmov %1, %%dr6\n\t"
	                 "mov %2, %%dr0\n\tmov %2, %%dr1\n\tmov %2, %%dr2\n\tmov %2, %%dr3"
	                 : : "r"(0x400ull), "r"(0xffff0ff0ull), "r"(0ull));
	__asm__ volatile("mov %0, %%cr2\n\tmov %0, %%cr8" : : "r"(0ull));
}

void arch_jump(const struct jump *jump)
{
	reset_registers();
	for (uint32_t msr = MSR_FS_BASE; msr <= MSR_KERNEL_GS_BASE; msr++)
		io_wrmsr(msr, 0);        /* null selectors do it on some CPUs only */
	io_wrmsr(MSR_PAT, PAT);
	io_wrmsr(MSR_EFER, (io_rdmsr(MSR_EFER) & EFER_LMA) | EFER_LME | EFER_NXE);
	if (jump->bridge_pa != 0)
		bridge_leave(jump, distance_of(jump));
	jump_leave(jump->root_pa[0], jump->entry, jump->stack_top, jump->handoff_va,
	           distance_of(jump));
}
