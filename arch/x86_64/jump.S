/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump.S: the page that is mapped in both spaces: from the loader's tables to
 * the kernel's, and the last registers of requirements H5.
 *
 * jump_leave(root_pa, entry, stack_top, handoff_va, distance): rdi ... r8, called
 * in long mode with interrupts masked; GDT, TSS and IDT are written, the loader's
 * root has the kernel's view of this page (jump.c).
 *
 * jump_cross(near_root_pa, code_pa, far_root_pa): to bridge.S, which goes on at jump_land with the
 * first four arguments of jump_leave().
 */
#include <smalt/handoff.h>

#define CR0        0x80010033            /* PG WP NE ET MP PE: Intel SDM Vol. 3A, 2.5 */
#define CR4        0x6a0                 /* PAE PGE OSFXSR OSXMMEXCPT */
#define CR4_LA57   0x1000                /* as it is */
#define RFLAGS     2                     /* the bit that is always 1 */
#define CODE       0x08
#define DATA       0x10
#define GDT_POINTER 4096 + 5 * 8         /* tables.h */
#define IDT_POINTER GDT_POINTER + 10

	.section .jump, "ax"
	.globl jump_cross, jump_leave, jump_land
	.hidden jump_cross, jump_leave, jump_land
jump_cross:
	mov %rdi, %cr3
	jmp *%rsi

jump_leave:
	lea jump_land(%rip), %rax
	add %r8, %rax
	jmp *%rax
jump_land:                               /* the same code at the kernel's address; both spaces have it */
	mov %rdi, %cr3
	mov %cr4, %rax
	and $CR4_LA57, %eax
	or $CR4, %eax                    /* PGE changes: no translation stays */
	mov %rax, %cr4
	mov $CR0, %eax
	mov %rax, %cr0
	lgdt cpu_tables + GDT_POINTER(%rip)
	lidt cpu_tables + IDT_POINTER(%rip)
	mov $DATA, %eax
	mov %eax, %ds
	mov %eax, %es
	xor %eax, %eax
	mov %eax, %fs                    /* base 0 with it */
	mov %eax, %gs

	fninit
	ldmxcsr mxcsr(%rip)
	.irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	pxor %xmm\i, %xmm\i
	.endr

	mov %rdx, %rsp                   /* IRETQ: the frame is below the stack's top */
	pushq $DATA
	push %rdx
	pushq $RFLAGS
	pushq $CODE
	push %rsi
	mov %rcx, %rdi
	movabs $SMALT_MAGIC, %rsi
	xor %ebx, %ebx
	xor %ecx, %ecx
	xor %edx, %edx
	xor %ebp, %ebp
	xor %r8d, %r8d
	xor %r9d, %r9d
	xor %r10d, %r10d
	xor %r11d, %r11d
	xor %r12d, %r12d
	xor %r13d, %r13d
	xor %r14d, %r14d
	xor %r15d, %r15d
	iretq

	.balign 4
mxcsr:	.long 0x1f80                     /* SDM Vol. 1, 11.6.4: all exceptions masked */

	.section .note.GNU-stack, "", @progbits
