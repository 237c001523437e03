/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump.S: from the loader's map to a kernel, in the exact state of requirements H5.
 *
 *                  at EL1                               at EL2
 *     kernel's high half into TTBR1          all of EL1, as a kernel finds it
 *     continue in it, in this same page      EL2 as a hypervisor that is not there
 *     kernel's low half into TTBR0           MMU of EL2 off: its tables are free memory
 *                     └──────▶ eret, which leaves no register behind ◀──────┘
 *
 * This is the only page of the loader's code that the kernel maps (.jump). No
 * instruction touches memory between the first and the last line.
 */
#include <smalt/handoff.h>

#include "registers.h"
#include "jump.h"

	.arch_extension fp
	.arch_extension simd
	.section .jump, "ax"

/* System registers of EL1 that hold a kernel's state: as if nobody had run before. x13 = VBAR. */
	.macro	clean_el1
	msr	vbar_el1, x13
	mov	x2, #CPACR_FPEN
	msr	cpacr_el1, x2
	msr	cntkctl_el1, xzr
	msr	cntp_ctl_el0, xzr
	msr	cntv_ctl_el0, xzr
	msr	contextidr_el1, xzr
	msr	tpidr_el1, xzr
	msr	tpidr_el0, xzr
	msr	tpidrro_el0, xzr
	msr	mdscr_el1, xzr
	msr	par_el1, xzr
	msr	far_el1, xzr
	msr	esr_el1, xzr
	msr	afsr0_el1, xzr
	msr	afsr1_el1, xzr
	.endm

/* x15 = stack pointer of EL1, x16 = handoff; the state after it is the kernel's. */
	.macro	clean_registers
	isb
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	movi	d\n, #0                 /* and the upper half */
	.endr
	msr	fpcr, xzr
	msr	fpsr, xzr
	mov	x0, x16
	ldr	x1, =SMALT_MAGIC
	.irp	n, 2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30
	mov	x\n, xzr
	.endr
	.endm

	.macro	load_registers
	ldp	x10, x11, [x0, #JUMP_TTBR0]
	ldp	x12, x13, [x0, #JUMP_TCR]
	ldp	x14, x15, [x0, #JUMP_ENTRY]
	ldp	x16, x17, [x0, #JUMP_HANDOFF]
	msr	daifset, #15
	dsb	sy                       /* the kernel's tables are written */
	.endm

	.globl	jump_el1
	.hidden	jump_el1
jump_el1:
	load_registers
	msr	ttbr1_el1, x11
	isb
	bic	x2, x12, #TCR_EL1_TG0    /* the low half is still the loader's: pages of 4 KiB */
	msr	tcr_el1, x2              /* EPD1 is gone: the high half is there */
	isb
	tlbi	vmalle1
	dsb	nsh
	isb
	adr	x2, 1f
	add	x2, x2, x17
	br	x2
1:	orr	x2, x12, #TCR_EL1_EPD0   /* break the low half, */
	msr	tcr_el1, x2
	isb
	tlbi	vmalle1
	dsb	nsh
	isb
	msr	ttbr0_el1, x10           /* then make it */
	isb
	msr	tcr_el1, x12
	ldr	x2, =SCTLR_EL1_KERNEL
	msr	sctlr_el1, x2
	ic	iallu
	dsb	nsh
	isb
	clean_el1
	msr	sp_el0, xzr
	mov	sp, x15
	msr	elr_el1, x14
	mov	x2, #SPSR_KERNEL
	msr	spsr_el1, x2
	clean_registers
	eret
	.ltorg

	.globl	jump_el2
	.hidden	jump_el2
jump_el2:
	load_registers
	msr	ttbr0_el1, x10
	msr	ttbr1_el1, x11
	msr	tcr_el1, x12
	ldr	x2, =MAIR
	msr	mair_el1, x2
	ldr	x2, =SCTLR_EL1_KERNEL
	msr	sctlr_el1, x2
	clean_el1
	msr	sp_el0, xzr
	msr	sp_el1, x15
	/* as the way from EL1 leaves them */
	msr	elr_el1, x14
	mov	x2, #SPSR_KERNEL
	msr	spsr_el1, x2
	bl	el2_clean                /* may trap: only after it these two are safe */
	mov	x2, #SPSR_KERNEL
	msr	elr_el2, x14
	msr	spsr_el2, x2
	clean_registers
	eret
	.ltorg

/*
 * jump_enter(entry, argument): a kernel that wants no map: Linux
 * Documentation/arch/arm64/booting.rst, "Call the kernel image". At the exception level
 * that the loader was entered at.
 */
	.globl	jump_enter
	.hidden	jump_enter
jump_enter:
	msr	daifset, #15
	mov	x8, x0
	mov	x0, x1
	mov	x1, xzr
	mov	x2, xzr
	mov	x3, xzr
	mrs	x9, CurrentEL
	ldr	x4, =SCTLR_EL1_OFF
	ldr	x5, =SCTLR_EL2_OFF
	dsb	sy
	cmp	x9, #CURRENT_EL2
	b.eq	1f
	msr	sctlr_el1, x4
	isb
	tlbi	vmalle1
	b	2f
1:	msr	sctlr_el2, x5
	isb
	tlbi	alle2
2:	ic	iallu
	dsb	nsh
	isb
	br	x8
	.ltorg
