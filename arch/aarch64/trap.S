/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trap.S: how the loader ends: arch_exit(), and the vectors for faults of its own.
 *
 * arch_exit() tries every way out there is, in order: a debugger or emulator by semihosting,
 * PSCI by hvc, PSCI by smc. Where one does not exist its instruction is
 * undefined; the vectors then go on behind it. So no state says which way is right.
 * The same holds for registers of an interrupt controller (el2.S).
 */
#include "registers.h"
#include "assembler.h"

/* Arm ARM DDI 0487, D1.3.1 "Exception vectors": 16 of 128 bytes. linker.ld has them first, where they need no padding. */
	.section .text.vectors, "ax"
	.balign	2048
	.globl	trap_vectors
	.hidden	trap_vectors
trap_vectors:
	.rept	16
	.balign	128
	b	trap
	.endr

	.text
	.globl	arch_exit
	.hidden	arch_exit
arch_exit:
	ldr	x1, =SEMIHOSTING_REASON
	mov	w2, w0
	stp	x1, x2, [sp, #-16]!
	mov	x1, sp
	mov	w0, #SEMIHOSTING_EXIT
exit_semihosting:
	hlt	#0xf000
	ldr	w0, =PSCI_SYSTEM_OFF
	mrs	x1, CurrentEL
	cmp	x1, #CURRENT_EL2
	b.eq	exit_smc                 /* at EL2 hvc would call ourselves */
exit_hvc:
	hvc	#0
	ldr	w0, =PSCI_SYSTEM_OFF
exit_smc:
	smc	#0
exit_wait:
	wfi
	b	exit_wait
	.ltorg

/* x0 = ELR: go on behind it, if it is an instruction that may be undefined. */
	.macro	behind label, elr
	address	x1, \label
	cmp	x0, x1
	add	x1, x1, #4
	b.eq	resume_\elr
	.endm

/*
 * A fault of the loader: the first one is told from the top of the stack, whose
 * pointer may be what is wrong; one while telling ends at once.
 */
	.macro	trap elr, esr, far, vbar_scratch
	mrs	x0, \elr
	behind	exit_semihosting, \elr
	behind	exit_hvc, \elr
	behind	exit_smc, \elr
	behind	el2_gic_sre, \elr
	behind	el2_gic_hcr, \elr
	mrs	x1, \vbar_scratch
	cbnz	x1, exit_again
	mov	x1, #1
	msr	\vbar_scratch, x1
	address	x1, stack_top
	mov	sp, x1
	mrs	x1, \esr
	mrs	x2, \far
	mov	x29, xzr
	bl	trap_report
resume_\elr:
	msr	\elr, x1
	eret
	.endm

trap:
	mrs	x0, CurrentEL
	cmp	x0, #CURRENT_EL2
	b.eq	1f
	trap	elr_el1, esr_el1, far_el1, tpidr_el1
1:	trap	elr_el2, esr_el2, far_el2, tpidr_el2
exit_again:
	address	x1, stack_top
	mov	sp, x1
	mov	w0, #125
	b	arch_exit
