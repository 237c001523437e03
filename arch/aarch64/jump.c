/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump.c: collects what the jump to a kernel needs.
 */
#include "jump.h"

#include "acts.h"
#include "arch.h"
#include "devicetree.h"
#include "fault.h"
#include "registers.h"

/* Of a kernel, whose pages may be others than the loader's. */
static uint64_t kernel_tcr(uint32_t granule_shift)
{
	uint64_t tcr = TCR_EL1 | cpu_pa_range() << TCR_EL1_IPS_SHIFT;

	if (granule_shift == 12)
		return tcr;
	return (tcr & ~(uint64_t)TCR_EL1_TG) | (granule_shift == 14 ? TCR_EL1_16K : TCR_EL1_64K);
}

void arch_prepare(const struct jump *jump)
{
	fault_setup.stack_top = jump->fault_stack_top;
}

void arch_jump(const struct jump *jump)
{
	struct jump_registers registers = {
		.ttbr0 = jump->root_pa[0],
		.ttbr1 = jump->root_pa[1],
		.tcr = kernel_tcr(jump->granule_shift),
		.vbar = jump->reporter ? (uint64_t)(uintptr_t)fault_vectors + jump->reporter_distance : 0,
		.entry = jump->entry,
		.stack_top = jump->stack_top,
		.handoff_va = jump->handoff_va,
		.distance = jump->parts_va - jump->parts_pa,
	};

	if (cpu_el() == 2)
		jump_el2(&registers);
	jump_el1(&registers);
}

/* The argument of an Image is its devicetree; some read it before their caches are on. */
void arch_enter(uint64_t entry_pa, uint64_t argument_pa)
{
	arch_clean(argument_pa, devicetree_bytes((const void *)(uintptr_t)argument_pa));
	jump_enter(entry_pa, argument_pa);
}
