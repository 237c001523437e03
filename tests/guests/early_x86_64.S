/* SPDX-License-Identifier: BSD-2-Clause */
/* early_x86_64.S: floating point, SSE and the stack in a kernel's first instructions. */
	.text
	.globl early_start
early_start:
	movaps	%xmm1, %xmm0
	movups	-16(%rsp), %xmm2
	mulsd	%xmm1, %xmm0
	fld1
	fldpi
	faddp
	fstp	%st(0)
	emms
	lock orq $0, -8(%rsp)
	rdtsc
	xor	%eax, %eax
	xor	%edx, %edx
	jmp	_start
	.section .note.GNU-stack, "", @progbits
