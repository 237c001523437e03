/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * early_aarch64.S: floating point, the counter, pointer authentication and the
 * GIC's system registers in a kernel's first instructions: none of them traps to
 * EL2 or faults. The last two only where the CPU has them (Arm ARM, ID_AA64*).
 */
	.arch	armv8.3-a+pauth
	.text
	.globl early_start
	.balign 4
early_start:
	fmov	d0, #1.0
	fadd	v1.2d, v0.2d, v0.2d
	str	q1, [sp, #-16]
	mrs	x2, cntvct_el0
	mrs	x2, cntpct_el0
	mrs	x2, cntfrq_el0
	mrs	x2, midr_el1
	mrs	x2, pmcr_el0
	mrs	x2, id_aa64isar1_el1
	ubfx	x3, x2, #4, #4           /* APA */
	ubfx	x4, x2, #8, #4           /* API */
	orr	x3, x3, x4
	cbz	x3, 1f
	mrs	x3, s3_0_c2_c1_0         /* APIAKeyLo_EL1: the key registers do not trap */
	msr	s3_0_c2_c1_0, x3
	mrs	x4, sctlr_el1            /* EnIA (31) so that the instructions do something */
	orr	x5, x4, #1 << 31
	msr	sctlr_el1, x5
	isb
	mov	x6, sp
	pacia	x6, x2
	autia	x6, x2
	mov	sp, x6
	msr	sctlr_el1, x4
	isb
1:	mrs	x2, id_aa64pfr0_el1
	ubfx	x3, x2, #24, #4          /* GIC: system registers */
	cbz	x3, 2f
	mrs	x3, s3_0_c12_c12_5       /* ICC_SRE_EL1 */
	orr	x3, x3, #1
	msr	s3_0_c12_c12_5, x3
	isb
	mov	x3, #0xff
	msr	s3_0_c4_c6_0, x3         /* ICC_PMR_EL1 */
2:	mrs	x2, id_aa64dfr0_el1
	mrs	x2, mdscr_el1
	mov	x2, xzr
	mov	x3, xzr
	mov	x4, xzr
	mov	x5, xzr
	mov	x6, xzr
	b	_start
