/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpu_state_x86_64.c: the CPU at entry, bit by bit, as requirements H5 and
 * docs/handoff.md say. Literals are from Intel SDM volume 3A: 2.5 (CR0, CR4),
 * 3.4.5 (segment descriptors), 6.14 (gates, IST), 7.2.3 (64-bit TSS), 10.5.1
 * (LVT), 11.12 (PAT).
 */
#include "guest.h"

struct __attribute__((packed)) pseudo {
	uint16_t limit;
	uint64_t base;
};

static uint64_t read_msr(uint32_t number)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
	return (uint64_t)high << 32 | low;
}

static void check_control(void)
{
	uint64_t cr0, cr2, cr3, cr4, cr8, dr7;

	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	__asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	__asm__ volatile("mov %%cr8, %0" : "=r"(cr8));
	__asm__ volatile("mov %%dr7, %0" : "=r"(dr7));
	expect_equal(cr0, 0x80010033, "CR0: PG WP NE ET MP PE");
	expect_equal(cr3, guest.handoff->root_pa[0], "CR3");
	expect_equal(cr4, guest.handoff->paging_levels == 5 ? 0x16a0 : 0x6a0, "CR4: OSXMMEXCPT OSFXSR PGE PAE");
	expect_equal(cr8, 0, "CR8");
	expect_equal(dr7, 0x400, "DR7");
	expect_equal(read_msr(0xc0000080), 0xd00, "EFER: NXE LMA LME");
	expect_equal(read_msr(0x277), 0x0007010600070406, "PAT: reset value with WC at PA5");
	expect_equal(guest.entry->flags, 2, "RFLAGS");
	expect_equal(read_msr(0xc0000100), 0, "FS base");
	expect_equal(read_msr(0xc0000101), 0, "GS base");
	expect_equal(read_msr(0xc0000102), 0, "kernel GS base");
}

static void check_registers(void)
{
	for (unsigned i = 0; guest_register_names[i]; i++) {
		uint64_t expected = i == 4 ? SMALT_MAGIC : i == 5 ? (uint64_t)guest.handoff : 0;

		expect_equal(guest.entry->registers[i], expected, guest_register_names[i]);
	}
	expect_equal(guest.entry->sp, guest.handoff->stack_top, "rsp");
	expect_equal(guest.entry->sp % 16, 0, "rsp modulo 16");
	expect_row(guest.entry->sp - 1, SMALT_KIND_STACK, "the stack's row");
}

static void check_floating_point(void)
{
	static uint64_t xmm[16][2];
	uint16_t control = 0;
	uint32_t mxcsr = 0;

	__asm__ volatile(".irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
	                 "movups %%xmm\\i, 16 * \\i(%0)\n.endr" : : "r"(xmm) : "memory");
	for (unsigned i = 0; i < 16; i++)
		expect_equal(xmm[i][0] | xmm[i][1], 0, "an XMM register");
	__asm__ volatile("fnstcw %0" : "=m"(control));
	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	expect_equal(control, 0x37f, "FCW");
	expect_equal(mxcsr, 0x1f80, "MXCSR");
}

#define SELECTOR(name) ({ uint16_t value; __asm__ volatile("mov %%" name ", %0" : "=r"(value)); value; })

static void check_segments(void)
{
	uint16_t ldt, task;

	__asm__ volatile("sldt %0" : "=r"(ldt));
	__asm__ volatile("str %0" : "=r"(task));
	expect_equal(SELECTOR("cs"), 0x08, "CS");
	expect_equal(SELECTOR("ss"), 0x10, "SS");
	expect_equal(SELECTOR("ds"), 0x10, "DS");
	expect_equal(SELECTOR("es"), 0x10, "ES");
	expect_equal(SELECTOR("fs"), 0, "FS");
	expect_equal(SELECTOR("gs"), 0, "GS");
	expect_equal(ldt, 0, "LDTR");
	expect_equal(task, 0x18, "TR");
}

/* Base of a system descriptor: bits 39:16, 63:56 and the next word (SDM 3A, figure 7-4). */
static uint64_t base_of(const volatile uint64_t *descriptor)
{
	return (descriptor[0] >> 16 & 0xffffff) | (descriptor[0] >> 56 << 24) | descriptor[1] << 32;
}

static void check_tss(uint64_t tss)
{
	const volatile uint32_t *words = (const volatile uint32_t *)tss;
	uint64_t ist1 = words[9] | (uint64_t)words[10] << 32;

	expect_row(tss, SMALT_KIND_CPU, "the TSS's row");
	expect_equal(words[25] >> 16, 104, "the TSS has no I/O permission map");
	if (guest.handoff->reporter_va != 0) {
		expect_row(ist1 - 1, SMALT_KIND_FAULT_STACK, "IST1");
		expect_equal(ist1 % 16, 0, "IST1 modulo 16");
	}
}

static void check_gdt(void)
{
	struct pseudo gdtr;
	const volatile uint64_t *gdt;

	__asm__ volatile("sgdt %0" : "=m"(gdtr));
	gdt = (const volatile uint64_t *)gdtr.base;
	expect_equal(gdtr.limit, 5 * 8 - 1, "the GDT's limit");
	expect_row(gdtr.base, SMALT_KIND_CPU, "the GDT's row");
	expect_equal(gdt[0], 0, "the null descriptor");
	/* P, DPL 0, S, code, readable, accessed; L, not D. Limit and base do not count. */
	expect_equal(gdt[1] & 0x0060ff0000000000, 0x00209b0000000000, "the code descriptor");
	/* P, DPL 0, S, data, writable, accessed */
	expect_equal(gdt[2] & 0x0000ff0000000000, 0x0000930000000000, "the data descriptor");
	/* P, DPL 0, busy 64-bit TSS, limit 103 */
	expect_equal(gdt[3] & 0x000fff000000ffff, 0x00008b0000000067, "the TSS descriptor");
	expect_equal(gdt[4] >> 32, 0, "the TSS descriptor's last word");
	check_tss(base_of(&gdt[3]));
}

static void check_idt(void)
{
	struct pseudo idtr;
	const volatile uint64_t *idt;

	__asm__ volatile("sidt %0" : "=m"(idtr));
	if (guest.handoff->reporter_va == 0) {
		expect_equal(idtr.limit, 0, "the IDT's limit without a reporter");
		return;
	}
	idt = (const volatile uint64_t *)idtr.base;
	expect_row(idtr.base, SMALT_KIND_CPU, "the IDT's row");
	expect_equal((idtr.limit + 1u) % 16, 0, "the IDT's limit");
	expect((idtr.limit + 1u) / 16 >= 32, "the IDT has all exceptions");
	for (unsigned i = 0; i < (idtr.limit + 1u) / 16; i++) {
		/* P, DPL 0, interrupt gate, IST 1, selector 0x08 */
		expect_equal(idt[2 * i] & 0x0000ff07ffff0000, 0x00008e0100080000, "a gate");
		expect_row((idt[2 * i] & 0xffff) | (idt[2 * i] >> 48 << 16) | idt[2 * i + 1] << 32,
		           SMALT_KIND_REPORTER, "where a gate leads");
	}
}

/* Tables of its own, for one page of device registers at va, whose root entry is empty. */
static bool map_device(uint64_t va, uint64_t pa)
{
	struct smalt_taker taker = { 0, 0, 0 };
	uint64_t *table = smalt_direct(guest.handoff, guest.handoff->root_pa[0]);

	for (unsigned level = guest.handoff->paging_levels; level-- > 0;) {
		uint64_t *entry = &table[va >> (12 + 9 * level) & 511];
		uint64_t next_pa = 0;

		if (*entry != 0)
			return false;
		if (level == 0) {
			*entry = guest_device_entry(pa);
			return true;
		}
		table = smalt_take(&taker, guest.handoff, 4096, &next_pa);
		for (unsigned i = 0; i < 512; i++)
			((volatile uint64_t *)table)[i] = 0;
		*entry = guest_table_entry(next_pa);
	}
	return false;
}

static void check_interrupts(void)
{
	static const uint16_t lvt[] = { 0x320, 0x330, 0x340, 0x350, 0x360, 0x370 };
	uint64_t va = 0x0000600000000000;

	expect_equal(smalt_in8(0x21), 0xff, "the first PIC's mask");
	expect_equal(smalt_in8(0xa1), 0xff, "the second PIC's mask");
	if (!expect(map_device(va, read_msr(0x1b) & 0xffffff000), "the LAPIC can be mapped"))
		return;
	for (unsigned i = 0; i < sizeof(lvt) / sizeof(lvt[0]); i++)
		expect_equal(*(volatile uint32_t *)(va + lvt[i]) >> 16 & 1, 1, "a LAPIC LVT entry is masked");
}

void guest_main(void)
{
	check_control();
	check_registers();
	check_floating_point();
	check_segments();
	check_gdt();
	check_idt();
	check_interrupts();
}
