/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * zero.S: arch_zero(to, bytes): 256 bytes a turn in stores of 16, which are half
 * as many instructions as rep stosq has steps. Needs CR4.OSFXSR, as entry.S sets it.
 * Clobbers xmm0: C here uses general registers only, and jump.S clears it.
 */
	.text
	.globl arch_zero
	.hidden arch_zero
arch_zero:
	xor %eax, %eax
	pxor %xmm0, %xmm0
	jmp 2f
1:	movb %al, (%rdi)                 /* up to 16 bytes, or all of few */
	inc %rdi
	dec %rsi
2:	test %rsi, %rsi
	jz 6f
	test $15, %dil
	jnz 1b
	sub $256, %rsi
	jb 4f
3:	movaps %xmm0, (%rdi)
	movaps %xmm0, 16(%rdi)
	movaps %xmm0, 32(%rdi)
	movaps %xmm0, 48(%rdi)
	movaps %xmm0, 64(%rdi)
	movaps %xmm0, 80(%rdi)
	movaps %xmm0, 96(%rdi)
	movaps %xmm0, 112(%rdi)
	movaps %xmm0, 128(%rdi)
	movaps %xmm0, 144(%rdi)
	movaps %xmm0, 160(%rdi)
	movaps %xmm0, 176(%rdi)
	movaps %xmm0, 192(%rdi)
	movaps %xmm0, 208(%rdi)
	movaps %xmm0, 224(%rdi)
	movaps %xmm0, 240(%rdi)
	add $256, %rdi
	sub $256, %rsi
	jae 3b
4:	add $256, %rsi                   /* less than a turn is left */
	mov %rsi, %rcx
	shr $3, %rcx
	rep stosq
	mov %esi, %ecx
	and $7, %ecx
	rep stosb
6:	ret

	.section .note.GNU-stack, "", %progbits
