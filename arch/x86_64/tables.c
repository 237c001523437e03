/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tables.c: fills the CPU's tables, for the loader's own view of them or for the
 * kernel's. Descriptors are written with accessed set, as they become: what has
 * them read-only later gives the CPU nothing to write.
 */
#include "tables.h"

#include "stubs.h"

enum {
	GATE_INTERRUPT = 0x8e,           /* present, DPL 0, 64-bit interrupt gate */
	GATE_IST1 = 1,
	SELECTOR_CODE = 0x08, SELECTOR_TSS = 0x18,
};

/* SDM Vol. 3A, 3.4.5, 7.2.3. */
#define GDT_CODE 0x00af9b000000ffffull   /* L, P, code, readable, accessed */
#define GDT_DATA 0x00cf93000000ffffull
#define GDT_TSS  0x0000890000000000ull   /* available: LTR makes it busy */

struct cpu_tables cpu_tables __attribute__((section(".bss.cpu"), aligned(4096)));

void tables_set(uint64_t distance, uint64_t ist1_top)
{
	uint64_t tss = (uint64_t)&cpu_tables.tss + distance;

	cpu_tables.gdt[0] = 0;
	cpu_tables.gdt[1] = GDT_CODE;
	cpu_tables.gdt[2] = GDT_DATA;
	cpu_tables.gdt[3] = GDT_TSS | (sizeof(struct tables_tss) - 1) | (tss & 0xffffff) << 16 |
	                    (tss >> 24 & 0xff) << 56;
	cpu_tables.gdt[4] = tss >> 32;
	cpu_tables.gdt_pointer = (struct tables_pointer){
		sizeof cpu_tables.gdt - 1, (uint64_t)cpu_tables.gdt + distance,
	};
	cpu_tables.idt_pointer = (struct tables_pointer){ 0, 0 };
	cpu_tables.tss.ist[0][0] = (uint32_t)ist1_top;
	cpu_tables.tss.ist[0][1] = (uint32_t)(ist1_top >> 32);
	cpu_tables.tss.io_map = sizeof(struct tables_tss);   /* behind the limit: none */
}

void tables_set_gates(uint64_t stubs_va, unsigned count, uint64_t distance)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t va = stubs_va + i * STUB_BYTES;

		cpu_tables.idt[i] = (struct tables_gate){
			.va_low = (uint16_t)va,
			.selector = SELECTOR_CODE,
			.ist = GATE_IST1,
			.type = GATE_INTERRUPT,
			.va_middle = (uint16_t)(va >> 16),
			.va_high = (uint32_t)(va >> 32),
		};
	}
	cpu_tables.idt_pointer = (struct tables_pointer){
		(uint16_t)(count * sizeof(struct tables_gate) - 1), (uint64_t)cpu_tables.idt + distance,
	};
}

void tables_load_task(void)
{
	struct tables_pointer here;

	/* Not as a constant: that would have a relocation at an odd place. */
	here.limit = sizeof cpu_tables.gdt - 1;
	here.va = (uint64_t)cpu_tables.gdt;
	__asm__ volatile("lgdt %0\n\tltr %w1\n\tlldt %w2"
	                 : : "m"(here), "r"(SELECTOR_TSS), "r"(0) : "memory");
}

void tables_load_gates(void)
{
	__asm__ volatile("lidt %0" : : "m"(cpu_tables.idt_pointer));
}
