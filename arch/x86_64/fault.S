/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault.S: the vectors of the fault reporter, in the kernel's space.
 *
 * At entry (Intel SDM Vol. 3A, 6.14): IST1, interrupts masked; on the stack an
 * error code for some vectors, then rip, cs, rflags, rsp, ss. All gates have
 * stubs of the same size, so that jump.c finds them by their number. A stub's
 * byte is sign-extended, so it says vector - 128.
 */
#define STUB_BYTES 8
#define VECTORS    256

	.text
	.balign 16
	.globl fault_stubs
	.hidden fault_stubs
fault_stubs:
	.set vector, 0
	.rept VECTORS
	.balign STUB_BYTES, 0xcc
	pushq $vector - 128
	jmp save
	.set vector, vector + 1
	.endr

/* struct saved of fault.c, from its end */
	.balign 16, 0xcc
save:	push %r15
	push %r14
	push %r13
	push %r12
	push %r11
	push %r10
	push %r9
	push %r8
	push %rbp
	push %rdi
	push %rsi
	push %rdx
	push %rcx
	push %rbx
	push %rax
	cld
	mov %rsp, %rdi
	xor %ebp, %ebp
	and $-16, %rsp
	call fault_taken
	ud2

	.section .note.GNU-stack, "", @progbits
