/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * x86_64.S: records the registers before anything changes them, as struct
 * guest_entry on the boot stack, and goes on in C. 32 + 2 words: the stack
 * stays at 16 bytes, and the record begins where it ends.
 */
	.text
	.globl _start
_start:
	lea	-272(%rsp), %rsp         /* changes no flags */
	mov	%rax, 0(%rsp)
	mov	%rbx, 8(%rsp)
	mov	%rcx, 16(%rsp)
	mov	%rdx, 24(%rsp)
	mov	%rsi, 32(%rsp)
	mov	%rdi, 40(%rsp)
	mov	%rbp, 48(%rsp)
	mov	%r8, 56(%rsp)
	mov	%r9, 64(%rsp)
	mov	%r10, 72(%rsp)
	mov	%r11, 80(%rsp)
	mov	%r12, 88(%rsp)
	mov	%r13, 96(%rsp)
	mov	%r14, 104(%rsp)
	mov	%r15, 112(%rsp)
	pushfq
	pop	%rax
	mov	%rax, 256(%rsp)
	lea	272(%rsp), %rax
	mov	%rax, 264(%rsp)
	mov	%rsp, %rsi
	xor	%ebp, %ebp
	call	guest_start
	ud2
	.section .note.GNU-stack, "", @progbits
