/* SPDX-License-Identifier: BSD-2-Clause */
/* own_vectors_aarch64.S: vectors of a kernel's own; a breakpoint comes to the one at 0x200. */
	.text
	.globl own_vectors_take
own_vectors_take:                        /* installs, breaks, returns how often it was called */
	adrp	x2, vectors
	add	x2, x2, :lo12:vectors
	msr	vbar_el1, x2
	isb
	mov	x0, xzr
	brk	#1
	brk	#2
	ret

	.balign	2048
vectors:
	.skip	0x200
	add	x0, x0, #1               /* current EL, SPx, synchronous */
	mrs	x3, elr_el1
	add	x3, x3, #4               /* brk's own address: go on behind it */
	msr	elr_el1, x3
	eret
	.skip	0x600 - 20
