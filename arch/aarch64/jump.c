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

void arch_prepare(const struct jump *jump)
{
	fault_setup.stack_top = jump->fault_stack_top;
}

void arch_jump(const struct jump *jump)
{
	uint64_t distance = jump->parts_va - jump->parts_pa;
	struct jump_registers registers = {
		.ttbr0 = jump->root_pa[0],
		.ttbr1 = jump->root_pa[1],
		.tcr = TCR_EL1 | cpu_pa_range() << TCR_EL1_IPS_SHIFT,
		.vbar = jump->reporter ? (uint64_t)(uintptr_t)fault_vectors + distance : 0,
		.entry = jump->entry,
		.stack_top = jump->stack_top,
		.handoff_va = jump->handoff_va,
		.distance = distance,
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
