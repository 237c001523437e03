/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * alone.S: from a firmware's CPU state to what the loader counts on, when nobody else is on
 * the machine any more; then the loader's own stack.
 *
 * alone_take(next): called with MMU and caches on, at the level of the firmware. HCR_EL2 is as entry.S
 * sets it: a firmware routes interrupts and EL0's traps to EL2.
 */
#include "registers.h"
#include "assembler.h"

	.text
	.globl	alone_take
	.hidden	alone_take
alone_take:
	msr	daifset, #15
	msr	spsel, #1
	address	x1, trap_vectors
	mrs	x2, CurrentEL
	cmp	x2, #CURRENT_EL2
	b.eq	1f
	own_el1	x1, x2
	b	2f
1:	own_el2	x1, x2
2:	isb
	address	x1, stack_top
	mov	sp, x1
	mov	x29, xzr
	mov	x30, xzr
	br	x0
	.ltorg
