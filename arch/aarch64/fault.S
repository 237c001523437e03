/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault.S: the vectors that a kernel has until it installs its own: save all
 * registers and tell. Part of the fault reporter (reporter.h).
 *
 * The stack pointer of the kernel may be what is wrong: nothing is stored before
 * sp is that of the fault stack. Two registers wait in TPIDR_EL1 and TPIDRRO_EL0,
 * which a kernel that must be explained no longer needs.
 *
 * Arm ARM DDI 0487, D1.3.1 "Exception vectors".
 */
#include "fault.h"

	.macro	vector number
	.balign	128
	msr	tpidr_el1, x0
	msr	tpidrro_el0, x1
	.if	\number < 4
	mrs	x1, sp_el0               /* taken with SP_EL0, whatever SP_EL1 is */
	.else
	mov	x1, sp
	.endif
	adrp	x0, fault_setup
	ldr	x0, [x0, :lo12:fault_setup]
	mov	sp, x0
	sub	sp, sp, #FAULT_BYTES
	str	x1, [sp, #FAULT_SP]
	mov	x0, #\number
	b	save
	.endm

	.text
	.balign	2048
	.globl	fault_vectors
	.hidden	fault_vectors
fault_vectors:
	.irp	number, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	vector	\number
	.endr
	.balign	128

save:
	str	x0, [sp, #FAULT_VECTOR]
	mrs	x0, tpidr_el1
	mrs	x1, tpidrro_el0
	stp	x0, x1, [sp]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	str	x30, [sp, #240]
	mrs	x0, elr_el1
	mrs	x1, spsr_el1
	stp	x0, x1, [sp, #FAULT_PC]
	mrs	x0, esr_el1
	mrs	x1, far_el1
	stp	x0, x1, [sp, #FAULT_SYNDROME]
	mov	x0, sp
	mov	x29, xzr
	mov	x30, xzr
	b	fault_main
