/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory.S: arch_copy(to, from, bytes), arch_zero(to, bytes): with MMU and caches
 * on, where unaligned accesses are as good as aligned ones.
 */
	.arch_extension fp
	.arch_extension simd
	.text

/*
 * Forward, 128 bytes a turn, each turn reads before it writes: also right if to
 * lies before from. Vector registers: nobody else in the loader has any.
 */
	.globl	arch_copy
	.hidden	arch_copy
	.balign	64
arch_copy:
	subs	x2, x2, #128
	b.lo	2f
1:	ldp	q0, q1, [x1], #128
	ldp	q2, q3, [x1, #-96]
	ldp	q4, q5, [x1, #-64]
	ldp	q6, q7, [x1, #-32]
	stp	q0, q1, [x0], #128
	stp	q2, q3, [x0, #-96]
	stp	q4, q5, [x0, #-64]
	stp	q6, q7, [x0, #-32]
	subs	x2, x2, #128
	b.hs	1b
	/* What is left is below 128: its bits, which 128 less of it has too. */
2:	tbz	x2, #6, 3f
	ldp	q0, q1, [x1], #64
	ldp	q2, q3, [x1, #-32]
	stp	q0, q1, [x0], #64
	stp	q2, q3, [x0, #-32]
3:	tbz	x2, #5, 4f
	ldp	q0, q1, [x1], #32
	stp	q0, q1, [x0], #32
4:	tbz	x2, #4, 5f
	ldr	q0, [x1], #16
	str	q0, [x0], #16
5:	tbz	x2, #3, 6f
	ldr	x3, [x1], #8
	str	x3, [x0], #8
6:	tbz	x2, #2, 7f
	ldr	w3, [x1], #4
	str	w3, [x0], #4
7:	tbz	x2, #1, 8f
	ldrh	w3, [x1], #2
	strh	w3, [x0], #2
8:	tbz	x2, #0, 9f
	ldrb	w3, [x1]
	strb	w3, [x0]
9:	ret

/*
 * Whole blocks of DC ZVA, if it is allowed (Arm ARM DDI 0487, DCZID_EL0); what
 * lies around them, and everything else, by stores.
 */
	.globl	arch_zero
	.hidden	arch_zero
	.balign	64
arch_zero:
	mrs	x2, dczid_el0
	tbnz	x2, #4, zero_stores      /* DZP: prohibited */
	mov	x3, #4
	lsl	x3, x3, x2               /* BS: log2 of words; bits above 3 are 0 without DZP */
	cmp	x1, x3, lsl #1
	b.lo	zero_stores
	sub	x4, x3, #1
	neg	x5, x0
	ands	x5, x5, x4               /* up to the first block */
	b.eq	1f
	sub	x6, x1, x5               /* what follows it */
	mov	x1, x5
	mov	x7, x30
	bl	zero_stores
	mov	x30, x7
	mov	x1, x6
1:	lsl	x5, x3, #4               /* 16 blocks a turn */
	subs	x1, x1, x5
	b.lo	3f
2:	.rept	16
	dc	zva, x0
	add	x0, x0, x3
	.endr
	subs	x1, x1, x5
	b.hs	2b
3:	add	x1, x1, x5
4:	subs	x1, x1, x3
	b.lo	5f
	dc	zva, x0
	add	x0, x0, x3
	b	4b
5:	add	x1, x1, x3

/* x0 = to, x1 = bytes; x0 ends behind them. Changes x0, x1 only. */
zero_stores:
	subs	x1, x1, #64
	b.lo	2f
1:	stp	xzr, xzr, [x0]
	stp	xzr, xzr, [x0, #16]
	stp	xzr, xzr, [x0, #32]
	stp	xzr, xzr, [x0, #48]
	add	x0, x0, #64
	subs	x1, x1, #64
	b.hs	1b
2:	tbz	x1, #5, 3f
	stp	xzr, xzr, [x0], #16
	stp	xzr, xzr, [x0], #16
3:	tbz	x1, #4, 4f
	stp	xzr, xzr, [x0], #16
4:	tbz	x1, #3, 5f
	str	xzr, [x0], #8
5:	tbz	x1, #2, 6f
	str	wzr, [x0], #4
6:	tbz	x1, #1, 7f
	strh	wzr, [x0], #2
7:	tbz	x1, #0, 8f
	strb	wzr, [x0], #1
8:	ret
