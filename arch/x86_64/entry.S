/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.S: the PVH entry: from 32-bit protected mode to C in long mode.
 *
 * At entry (Xen docs/misc/pvh.pandoc): paging off, flat segments, ebx = physical
 * address of the start info, everything else unknown. The image lies where it
 * was linked: head.ld gives its addresses as absolute numbers, because a
 * position-independent link has no other ones of 32 bits.
 *
 * The tables map the first 4 GiB va == pa: the 2 MiB of the image page by page
 * with its own permissions, everything else read-write and never executable.
 * Only 4K and 2M pages: not every CPU has larger ones.
 */
#define CR0_PG_WP_NE_PE 0x80010021       /* Intel SDM Vol. 3A, 2.5 */
#define CR4_PAE_OSFXSR  0x220
#define MSR_EFER        0xc0000080
#define EFER_LME_NXE    0x900            /* SDM Vol. 3A, 2.2.1 */

#define PAGE_TABLE      0x3              /* P, W; SDM Vol. 3A, Tables 4-15 to 4-20 */
#define PAGE_READ       0x21             /* P, A */
#define PAGE_WRITE      0x63             /* P, W, A, D */
#define PAGE_LARGE      0x80             /* PS */
#define NX_HIGH         0x80000000       /* of an entry's upper half */

#define PDPT            0x1000           /* the tables, one after another */
#define PD              0x2000           /* four, one for each GiB */
#define PT              0x6000           /* of the image's 2 MiB */
#define LARGE_PAGES     2046             /* of 4 GiB, without the first and the image's */

	.section .early, "aw", @nobits
	.balign 4096
	.globl early_tables
	.hidden early_tables
early_tables:
	.skip 0x7000
	.globl early_move_tables
	.hidden early_move_tables
early_move_tables:                       /* move.c: two more of PT's kind */
	.skip 0x2000

	.section .rodata
	.balign 8
	.globl entry_gdt_table
	.hidden entry_gdt_table
entry_gdt_table:
	.quad 0
	.quad 0x00af9b000000ffff         /* 0x08: 64-bit code, accessed: the table is read-only */
	.quad 0x00cf93000000ffff         /* 0x10: data */
gdt_end:
	.balign 4
	.globl entry_gdt, entry_runs
	.hidden entry_gdt, entry_runs
entry_gdt:
	.word gdt_end - entry_gdt_table - 1
	.long pvh_gdt
entry_runs:                              /* end, lower and upper half of an entry */
	.long pvh_text_end, PAGE_READ, 0
	.long pvh_rodata_end, PAGE_READ, NX_HIGH
	.long pvh_parts_text_end, PAGE_READ, 0
	.long pvh_parts_rodata_end, PAGE_READ, NX_HIGH
	.long pvh_image + 0x200000, PAGE_WRITE, NX_HIGH
entry_runs_end:

	.text
	.code32
	.globl _start
_start:
	cli
	cld
	rdtsc
	mov $pvh_stack_top, %esp
	push %edx                        /* two 64-bit arguments of pvh_main() */
	push %eax
	push $0
	push %ebx

	mov $pvh_tables + PT, %edi
	mov $pvh_runs, %esi
	mov $pvh_image, %ebx
1:	mov (%esi), %ecx
	mov 4(%esi), %eax
	mov 8(%esi), %edx
	add %ebx, %eax
	sub %ebx, %ecx
	shr $12, %ecx                    /* pages of this run */
	jz 3f
2:	mov %eax, (%edi)
	mov %edx, 4(%edi)
	add $8, %edi
	add $0x1000, %eax
	dec %ecx
	jnz 2b
3:	mov (%esi), %ebx
	add $12, %esi
	cmp $pvh_runs + (entry_runs_end - entry_runs), %esi
	jb 1b

	mov $pvh_tables, %edi            /* zero so far, like bss */
	movl $pvh_tables + PDPT + PAGE_TABLE, (%edi)
	movl $pvh_tables + PD + 0x0000 + PAGE_TABLE, PDPT + 0(%edi)
	movl $pvh_tables + PD + 0x1000 + PAGE_TABLE, PDPT + 8(%edi)
	movl $pvh_tables + PD + 0x2000 + PAGE_TABLE, PDPT + 16(%edi)
	movl $pvh_tables + PD + 0x3000 + PAGE_TABLE, PDPT + 24(%edi)
	movl $pvh_tables + PT + PAGE_TABLE, PD + 8(%edi)
	mov %edi, %cr3
	mov $CR4_PAE_OSFXSR, %eax
	mov %eax, %cr4
	mov $MSR_EFER, %ecx
	mov $EFER_LME_NXE, %eax
	xor %edx, %edx
	wrmsr
	mov $CR0_PG_WP_NE_PE, %eax
	mov %eax, %cr0
	lgdt pvh_gdt_pointer
	ljmp $0x08, $pvh_long

	.code64
	.globl entry_long
	.hidden entry_long
entry_long:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs

	/* The other pages, now that an entry is one store. */
	lea PD(%rdi), %rdi
	mov $NX_HIGH << 32 | PAGE_LARGE | PAGE_WRITE, %rax
	mov %rax, (%rdi)
	add $16, %rdi
	add $0x400000, %rax
	mov $LARGE_PAGES / 6, %ecx
1:	.rept 6
	stosq
	add $0x200000, %rax
	.endr
	dec %ecx
	jnz 1b

	pop %rdi
	pop %rsi
	xor %ebp, %ebp
	call pvh_main
	ud2

	.section .note.GNU-stack, "", @progbits
