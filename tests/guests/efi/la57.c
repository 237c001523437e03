/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * la57.c: an EFI application that turns five paging levels on, as some firmware has them, and
 * returns: what is started next finds CR4.LA57 set.
 *
 * A root of one more level is put above the firmware's own tables. CR4.LA57 changes only with
 * paging off, which needs 32-bit code, its GDT and the new root below 4 GiB (Intel SDM
 * Vol. 3A, 4.1.1, 9.8.5): two pages of there, which stay taken.
 */
#include <efi.h>

enum { PAGE = 4096, ENTRIES = 512, CODE64 = 0x08, CODE32 = 0x10 };

#define BELOW_4G 0xffffffffull
#define PRESENT_WRITABLE 3

/* What switch_start() finds at switch_words: 40 bytes. */
struct words {
	UINT64 sp;
	UINT16 unused[3], gdt_limit;     /* what LGDT reads begins at 14 */
	UINT64 gdt;
	struct { UINT32 offset; UINT16 selector; } down, up;     /* at 24, 32 */
};

extern const UINT8 switch_start[], switch_down[], switch_up[], switch_gdt[], switch_words[], switch_end[];

/* switch_start(root, page): copied to the page, with switch_words behind it, and called there. */
__asm__(".text\n"
        ".globl switch_start, switch_down, switch_up, switch_gdt, switch_words, switch_end\n"
        "switch_start:\n"
        "pushfq; cli; push %rbx; push %rbp; push %rsi; push %rdi\n"
        "push %r12; push %r13; push %r14; push %r15\n"
        "mov %cs, %eax; push %rax; sub $16, %rsp; sgdt (%rsp)\n"
        "mov %rsp, switch_words(%rip)\n"
        "mov %rdx, %rsi\n"
        "lgdt switch_words + 14(%rip)\n"
        "ljmpl *switch_words + 24(%rip)\n"
        ".code32\n"
        "switch_down:\n"
        "mov %cr0, %eax; btr $31, %eax; mov %eax, %cr0\n"
        "mov %cr4, %edx; or $0x1000, %edx; mov %edx, %cr4\n"
        "mov %ecx, %cr3\n"
        "bts $31, %eax; mov %eax, %cr0\n"
        "ljmpl *(switch_words - switch_start + 32)(%esi)\n"
        ".code64\n"
        "switch_up:\n"
        "mov switch_words(%rip), %rsp\n"
        "lgdt (%rsp); add $16, %rsp\n"
        "lea 1f(%rip), %rax; push %rax; lretq\n"     /* cs was pushed before */
        "1: pop %r15; pop %r14; pop %r13; pop %r12\n"
        "pop %rdi; pop %rsi; pop %rbp; pop %rbx; popfq; ret\n"
        ".balign 8\n"
        "switch_gdt: .quad 0, 0x00af9b000000ffff, 0x00cf9b000000ffff\n"
        "switch_words: .skip 40\n"
        "switch_end:\n");

static UINT64 read_cr3(void)
{
	UINT64 value;

	__asm__ volatile("mov %%cr3, %0" : "=r"(value));
	return value;
}

static UINT64 read_cr4(void)
{
	UINT64 value;

	__asm__ volatile("mov %%cr4, %0" : "=r"(value));
	return value;
}

static void write_root(UINT64 root)
{
	volatile UINT64 *entries = (volatile UINT64 *)root;

	for (int i = 1; i < ENTRIES; i++)
		entries[i] = 0;
	entries[0] = (read_cr3() & ~0xfffull) | PRESENT_WRITABLE;
}

static void write_code(UINT64 page)
{
	volatile UINT8 *code = (volatile UINT8 *)page;
	volatile struct words *words = (volatile struct words *)(page + (switch_words - switch_start));

	for (const UINT8 *from = switch_start; from < switch_end; from++)
		*code++ = *from;
	words->gdt_limit = 3 * 8 - 1;
	words->gdt = page + (switch_gdt - switch_start);
	words->down.offset = (UINT32)(page + (switch_down - switch_start));
	words->down.selector = CODE32;
	words->up.offset = (UINT32)(page + (switch_up - switch_start));
	words->up.selector = CODE64;
}

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
	EFI_BOOT_SERVICES *services = table->BootServices;
	EFI_PHYSICAL_ADDRESS root = BELOW_4G, page = BELOW_4G;

	(void)image;
	if (services->AllocatePages(AllocateMaxAddress, EfiBootServicesData, 1, &root) != EFI_SUCCESS ||
	    services->AllocatePages(AllocateMaxAddress, EfiBootServicesCode, 1, &page) != EFI_SUCCESS)
		return EFI_OUT_OF_RESOURCES;
	write_root(root);
	write_code(page);
	((void (EFIAPI *)(UINT64, UINT64))page)(root, page);
	if ((read_cr4() & 0x1000) == 0)
		return EFI_UNSUPPORTED;
	table->ConOut->OutputString(table->ConOut, L"five levels are on\r\n");
	return EFI_SUCCESS;
}
