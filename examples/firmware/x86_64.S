/* SPDX-License-Identifier: 0BSD */
/*
 * x86_64.S: the acts of this machine, in 64-bit mode at CPL 0. rdi, rsi, rdx: arguments.
 */
	.text
	.globl	tables_use, code_written

/*
 * CR3 takes effect at once; CR4.PGE is cleared meanwhile, so that no global translation stays
 * (Intel SDM Vol. 3A 4.10.4.1). There is one root, and this code is at the same address in both.
 */
	.balign	64
tables_use:
	mov	%cr4, %rax
	mov	%rax, %rcx
	and	$~(1 << 7), %rcx
	mov	%rcx, %cr4
	mov	%rdi, %cr3
	mov	%rax, %cr4
	ret

/* Fetches see what was written, once CR3 was (Intel SDM Vol. 3A, "Self-Modifying Code"). */
code_written:
	ret

	.section .note.GNU-stack, "", @progbits
