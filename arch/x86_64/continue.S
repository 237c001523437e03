/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * continue.S: goes on elsewhere, on another stack: what called it is never returned to.
 */
	.text
/* entry_continue(argument, stack_top, next): next(argument) as if called on an empty stack. */
	.globl entry_continue
	.hidden entry_continue
entry_continue:
	mov %rsi, %rsp
	xor %ebp, %ebp
	push %rbp
	jmp *%rdx

	.section .note.GNU-stack, "", @progbits
