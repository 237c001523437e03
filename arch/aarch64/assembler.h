/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * assembler.h: macros of the assembler files.
 */
#ifndef ASSEMBLER_H
#define ASSEMBLER_H

/* The address of a symbol of the image. */
	.macro	address register, symbol
	adrp	\register, \symbol
	add	\register, \register, :lo12:\symbol
	.endm

/* What the loader counts on besides SCTLR_ELx: its vectors, FP, and that nothing traps. */
	.macro	own_el1 vectors, scratch
	mov	\scratch, #CPACR_FPEN
	msr	cpacr_el1, \scratch
	msr	vbar_el1, \vectors
	msr	tpidr_el1, xzr           /* counts faults: trap.S */
	.endm

	.macro	own_el2 vectors, scratch
	mov	\scratch, #HCR_RW
	msr	hcr_el2, \scratch
	mov	\scratch, #CPTR_EL2
	msr	cptr_el2, \scratch
	msr	vbar_el2, \vectors
	msr	tpidr_el2, xzr
	msr	cntvoff_el2, xzr         /* before the counter is read the first time */
	.endm

/* Data cache maintenance of all lines of [from, to). Clobbers x12 to x15. */
	.macro	lines operation, from, to
	address	x12, \from
	address	x13, \to
	mrs	x14, ctr_el0
	ubfx	x14, x14, #16, #4        /* CTR_EL0.DminLine: log2 of words */
	mov	x15, #4
	lsl	x14, x15, x14
	sub	x15, x14, #1
	bic	x12, x12, x15
1:	dc	\operation, x12
	add	x12, x12, x14
	cmp	x12, x13
	b.lo	1b
	.endm

/* What is written while the MMU is off: relocated words, bss, the stack, the first tables. */
	.macro	written operation
	lines	\operation, data_start, archive_start
	lines	\operation, bss_start, early_cached
	dsb	sy
	.endm

#endif
