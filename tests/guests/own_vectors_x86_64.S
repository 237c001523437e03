/* SPDX-License-Identifier: BSD-2-Clause */
/* own_vectors_x86_64.S: one gate of a kernel's own, for #BP, on the stack of the moment. */
	.text
	.globl own_vectors_take
own_vectors_take:                        /* installs, breaks, returns how often it was called */
	lea	handler(%rip), %rax
	lea	idt(%rip), %rcx
	mov	%ax, 48(%rcx)            /* offset 15:0 of gate 3 */
	movw	$0x08, 50(%rcx)
	movw	$0x8e00, 52(%rcx)        /* P, interrupt gate, no IST */
	shr	$16, %rax
	mov	%ax, 54(%rcx)
	shr	$16, %rax
	mov	%eax, 56(%rcx)
	movl	$0, 60(%rcx)
	sub	$16, %rsp
	movw	$4 * 16 - 1, (%rsp)
	mov	%rcx, 2(%rsp)
	lidt	(%rsp)
	add	$16, %rsp
	xor	%eax, %eax
	int3
	int3
	ret

handler:
	add	$1, %rax
	iretq

	.bss
	.balign 16
idt:	.skip	4 * 16
	.section .note.GNU-stack, "", @progbits
