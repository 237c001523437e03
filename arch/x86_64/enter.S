/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * enter.S: arch_enter(entry_pa, argument_pa): from long mode to a PVH kernel.
 *
 * State at its entry (Xen docs/misc/pvh.pandoc): 32-bit protected mode, paging
 * off, CR0 only PE, CR4 0, flat cs, ds, es, ss, tr a 32-bit TSS with base 0 and
 * limit 0x67, VM, IF and TF clear, ebx = start info. The loader's image is mapped
 * va == pa and lies below 4 GiB, so that the code goes on when paging ends.
 */
#define CR0_PE       1
#define CR0_PG_PE    0x80000001
#define MSR_EFER     0xc0000080
#define CODE32       0x08
#define DATA32       0x10
#define TSS32        0x18

	.data
	.balign 8
gdt:	.quad 0                          /* Intel SDM Vol. 3A, 3.4.5 */
	.quad 0x00cf9b000000ffff         /* code, 32 bits, 4 GiB */
	.quad 0x00cf93000000ffff         /* data */
	.quad 0x0000890000000067         /* TSS at 0, not busy: LTR writes it */
gdt_end:

	.text
	.globl arch_enter
arch_enter:
	cli
	mov %edi, %ebp
	mov %esi, %ebx
	lea gdt(%rip), %rax
	push %rax
	sub $8, %rsp
	movw $gdt_end - gdt - 1, 6(%rsp)
	lgdt 6(%rsp)
	lea 1f(%rip), %rax
	pushq $CODE32
	push %rax
	lretq

	.code32
1:	mov $DATA32, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $CR0_PG_PE, %eax
	mov %eax, %cr0                   /* CR4.PAE must stay until paging is off */
	mov $CR0_PE, %eax
	mov %eax, %cr0
	xor %eax, %eax
	xor %edx, %edx
	mov %eax, %cr4
	mov $MSR_EFER, %ecx
	wrmsr
	mov $TSS32, %eax
	ltr %ax
	xor %eax, %eax
	lldt %ax
	push $0
	popf
	jmp *%ebp

	.section .note.GNU-stack, "", @progbits
