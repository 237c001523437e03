/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mmu.S: mmu_switch(root, tcr): the loader's own map, from no map or from another.
 *
 * Goes through "MMU off", since two maps with leaves of different sizes must
 * not meet in a TLB (Arm ARM DDI 0487, D8 "break-before-make"). The code lies at
 * va == pa and touches no data on the way, so the caches stay as they are. Only
 * where there was no map the caches know nothing true about what was written.
 */
#include "registers.h"
#include "assembler.h"

	.text
	.globl	mmu_switch
	.hidden	mmu_switch
mmu_switch:
	mrs	x2, CurrentEL
	ldr	x3, =MAIR
	dsb	sy                       /* the tables are written */
	cmp	x2, #CURRENT_EL2
	b.eq	3f
	ldr	x4, =SCTLR_EL1_OFF
	ldr	x5, =SCTLR_EL1_LOADER
	mrs	x6, sctlr_el1
	msr	sctlr_el1, x4
	isb
	tbnz	x6, #0, 2f
	written	ivac
2:	msr	mair_el1, x3
	msr	tcr_el1, x1
	msr	ttbr0_el1, x0
	isb
	tlbi	vmalle1
	ic	iallu
	dsb	nsh
	isb
	msr	sctlr_el1, x5
	isb
	ret
3:	ldr	x4, =SCTLR_EL2_OFF
	ldr	x5, =SCTLR_EL2_LOADER
	mrs	x6, sctlr_el2
	msr	sctlr_el2, x4
	isb
	tbnz	x6, #0, 2f
	written	ivac
2:	msr	mair_el2, x3
	msr	tcr_el2, x1
	msr	ttbr0_el2, x0
	isb
	tlbi	alle2
	ic	iallu
	dsb	nsh
	isb
	msr	sctlr_el2, x5
	isb
	ret
