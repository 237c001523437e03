/* SPDX-License-Identifier: 0BSD */
/*
 * aarch64.S: the acts of this machine, at EL1 with MMU and caches on. x0, x1, x2: arguments.
 */
	.text
	.globl	tables_use, code_written

/*
 * This code is in the half of TTBR1, its copy va == pa in that of TTBR0. Each root is changed
 * from the other half, with walks off meanwhile: no two translations of one address ever meet in a
 * TLB, though leaves differ (Arm ARM, "Using break-before-make when updating translation table
 * entries"). The stack is in the half that is off: it is not used.
 */
	.balign	256
tables_use:
	dsb	ish                     /* the tables are written */
	mrs	x4, tcr_el1
	orr	x5, x4, #1 << 7         /* EPD0 */
	msr	tcr_el1, x5
	isb
	msr	ttbr0_el1, x0
	tlbi	vmalle1
	dsb	nsh
	bic	x4, x4, #1 << 7
	msr	tcr_el1, x4
	isb
	adr	x3, 1f
	add	x16, x3, x2
	br	x16
1:	hint	#34                     /* BTI c, if this page is guarded */
	orr	x5, x4, #1 << 23        /* EPD1 */
	msr	tcr_el1, x5
	isb
	msr	ttbr1_el1, x1
	tlbi	vmalle1
	dsb	nsh
	bic	x4, x4, #1 << 23
	msr	tcr_el1, x4
	isb
	ret

/*
 * Data to where instructions are fetched from, line by line. Arm ARM,
 * "Concurrent modification and execution of instructions" and CTR_EL0.
 */
code_written:
	mrs	x3, ctr_el0
	ubfx	x3, x3, #16, #4         /* DminLine: log2 of words */
	mov	x4, #4
	lsl	x4, x4, x3
	sub	x5, x4, #1
	bic	x0, x0, x5
1:	dc	cvau, x0
	add	x0, x0, x4
	cmp	x0, x1
	b.lo	1b
	dsb	ish
	ic	ialluis
	dsb	ish
	isb
	ret

	.section .note.GNU-stack, "", %progbits
