/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bridge.S: from tables of 4 levels to tables of 5 or back, on the page of code that both
 * sides map va == pa below 4 GiB (boot/bridge.c).
 *
 * CR4.LA57 changes only while paging is off, which it is only in 32-bit code: Intel SDM
 * Vol. 3A, 4.1.1 and 9.8.5. EFER.LME stays, so paging comes back as long mode.
 *
 * These bytes are copied there (bridge.c) and never run here. At bridge_start: esi = the
 * copy, edx = the root of the other side, interrupts masked, ds flat. The page is not
 * writable, and there is no stack.
 */
#define CR0_PG_BIT 31
#define CR4_LA57   0x1000
#define CODE       0x08
#define CODE32     0x10

	.section .rodata
	.balign 8
	.globl bridge_start, bridge_words, bridge_end
	.hidden bridge_start, bridge_words, bridge_end
bridge_start:
	lgdt gdt_pointer(%rip)
	ljmpl *down(%rip)

	.code32
1:	mov %cr0, %eax
	btr $CR0_PG_BIT, %eax
	mov %eax, %cr0
	mov %cr4, %ecx
	xor $CR4_LA57, %ecx
	mov %ecx, %cr4
	mov %edx, %cr3
	bts $CR0_PG_BIT, %eax
	mov %eax, %cr0
	ljmpl *(up - bridge_start)(%esi)

	.code64
2:	mov arguments(%rip), %rdi
	mov arguments + 8(%rip), %rsi
	mov arguments + 16(%rip), %rdx
	mov arguments + 24(%rip), %rcx
	jmp *landing(%rip)

	.balign 8
gdt:	.quad 0                          /* SDM Vol. 3A, 3.4.5: accessed, nothing to write */
	.quad 0x00af9b000000ffff         /* CODE */
	.quad 0x00cf9b000000ffff         /* CODE32 */
bridge_words:                            /* struct words of bridge.c, which adds the copy's pa */
arguments:
	.skip 32
landing:
	.skip 8
gdt_pointer:
	.word bridge_words - gdt - 1
	.quad gdt - bridge_start
down:	.long 1b - bridge_start
	.word CODE32
up:	.long 2b - bridge_start
	.word CODE
bridge_end:

	.section .note.GNU-stack, "", @progbits
