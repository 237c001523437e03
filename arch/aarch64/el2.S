/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * el2.S: EL2 as a kernel at EL1 wants it: nothing of it traps, nothing is
 * virtual. Linux Documentation/arch/arm64/booting.rst, "CPU mode", says what must be so
 * for each architecture extension. Arm ARM DDI 0487, D19, by register name.
 *
 * Registers of extensions have no name in Armv8.0 assembler: S<op0>_<op1>_<Cn>_<Cm>_<op2>.
 */
#include "registers.h"

#define HFGRTR_EL2     s3_4_c1_c1_4
#define HFGWTR_EL2     s3_4_c1_c1_5
#define HFGITR_EL2     s3_4_c1_c1_6
#define HCRX_EL2       s3_4_c1_c2_2
#define ZCR_EL2        s3_4_c1_c2_0
#define SMCR_EL2       s3_4_c1_c2_6
#define HDFGRTR_EL2    s3_4_c3_c1_4
#define HDFGWTR_EL2    s3_4_c3_c1_5
#define HAFGRTR_EL2    s3_4_c3_c1_6
#define ICC_SRE_EL2    s3_4_c12_c9_5
#define ICH_HCR_EL2    s3_4_c12_c11_0
#define ID_AA64SMFR0   s3_0_c0_c4_5
#define ID_AA64MMFR1   s3_0_c0_c7_1

#define HFGTR_SME      0x00c0000000000000   /* nSMPRI_EL1, nTPIDR2_EL0: 1 does not trap */
#define ICC_SRE_ON     9                    /* SRE: system registers; Enable: for EL1 too */
#define SMCR_FA64      0x80000000

/* Skips to label if a field of four bits of an ID register is 0. */
	.macro	unless id, position, label
	mrs	x2, \id
	ubfx	x2, x2, #\position, #4
	cbz	x2, \label
	.endm

/* Clobbers x0 to x4; keeps the registers of jump.S. */
	.section .jump, "ax"
	.globl	el2_clean
	.hidden	el2_clean
el2_clean:
	ldr	x2, =SCTLR_EL2_OFF       /* the MMU of EL2 goes off; this page lies at va == pa */
	msr	sctlr_el2, x2
	ldr	x2, =(HCR_RW | HCR_APK | HCR_API)
	msr	hcr_el2, x2
	isb
	mov	x2, #CNTHCTL_EL1
	msr	cnthctl_el2, x2
	msr	cntvoff_el2, xzr
	msr	cnthp_ctl_el2, xzr
	msr	hstr_el2, xzr
	msr	vttbr_el2, xzr
	mrs	x2, midr_el1
	msr	vpidr_el2, x2
	mrs	x2, mpidr_el1
	msr	vmpidr_el2, x2

	/* MDCR_EL2.HPMN: all counters of the performance monitors belong to EL1 */
	mov	x3, xzr
	mrs	x2, id_aa64dfr0_el1
	ubfx	x2, x2, #8, #4           /* PMUVer: 0 none, 15 not Arm's */
	sub	x4, x2, #1
	cmp	x4, #14
	b.hs	1f
	mrs	x3, pmcr_el0
	ubfx	x3, x3, #11, #5          /* N */
1:	msr	mdcr_el2, x3

	/* SVE and SME: CPACR_EL1 decides, with the longest vectors */
	mov	x3, #CPTR_EL2
	unless	id_aa64pfr0_el1, 32, 2f
	bic	x3, x3, #CPTR_EL2_TZ
2:	unless	id_aa64pfr1_el1, 24, 3f
	bic	x3, x3, #CPTR_EL2_TSM
3:	msr	cptr_el2, x3
	isb
	unless	id_aa64pfr0_el1, 32, 4f
	mov	x2, #15
	msr	ZCR_EL2, x2
4:	unless	id_aa64pfr1_el1, 24, 5f
	mov	x2, #15
	mrs	x4, ID_AA64SMFR0
	tbz	x4, #63, 6f              /* FA64 */
	orr	x2, x2, #SMCR_FA64
6:	msr	SMCR_EL2, x2

5:	unless	ID_AA64MMFR1, 40, 7f     /* HCX */
	msr	HCRX_EL2, xzr

	/* Fine-grained traps: none */
7:	unless	id_aa64mmfr0_el1, 56, 8f /* FGT */
	mov	x3, xzr
	unless	id_aa64pfr1_el1, 24, 9f
	ldr	x3, =HFGTR_SME
9:	msr	HFGRTR_EL2, x3
	msr	HFGWTR_EL2, x3
	msr	HFGITR_EL2, xzr
	msr	HDFGRTR_EL2, xzr
	msr	HDFGWTR_EL2, xzr
	unless	id_aa64pfr0_el1, 44, 8f  /* AMU */
	msr	HAFGRTR_EL2, xzr

	/*
	 * The interrupt controller by system registers, where it has them. A CPU may
	 * say so beside a controller without (QEMU: a64fx with a GICv2): then trap.S goes on
	 * behind the instruction.
	 */
8:	unless	id_aa64pfr0_el1, 24, 10f /* GIC */
	mov	x2, #ICC_SRE_ON
	.globl	el2_gic_sre
	.hidden	el2_gic_sre
el2_gic_sre:
	msr	ICC_SRE_EL2, x2
	isb
	.globl	el2_gic_hcr
	.hidden	el2_gic_hcr
el2_gic_hcr:
	msr	ICH_HCR_EL2, xzr
10:	msr	vbar_el2, xzr            /* no trap is expected any more */
	msr	tpidr_el2, xzr
	dsb	sy
	tlbi	alle1
	tlbi	alle2
	ic	iallu
	dsb	nsh
	isb
	ret
	.ltorg
