/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tables.h: the CPU's own tables that stay when the loader is gone: GDT, TSS,
 * IDT, and the addresses of the first and the last for the jump.
 *
 * They are a part of their own (linker.ld, .cpu): the loader writes them, the kernel's
 * space has them read-only. Layouts: Intel SDM Vol. 3A, 3.5.1, 6.14.1, 7.2.3, 7.7.
 */
#ifndef TABLES_H
#define TABLES_H

#include <stddef.h>
#include <stdint.h>

#define TABLES_VECTORS 256

/* What LGDT and LIDT read: 10 bytes. */
struct tables_pointer {
	uint16_t limit;
	uint64_t va;
} __attribute__((packed));
_Static_assert(sizeof(struct tables_pointer) == 10, "SDM Vol. 2A, LGDT");

struct tables_gate {
	uint16_t va_low;
	uint16_t selector;
	uint8_t ist;
	uint8_t type;
	uint16_t va_middle;
	uint32_t va_high;
	uint32_t reserved;
};
_Static_assert(sizeof(struct tables_gate) == 16, "SDM Vol. 3A, figure 6-8");

/* 64-bit members stand on 4 bytes, as halves. */
struct tables_tss {
	uint32_t reserved0;
	uint32_t rsp[3][2];
	uint32_t reserved1[2];
	uint32_t ist[7][2];              /* [0] is IST1 */
	uint32_t reserved2[2];
	uint16_t reserved3;
	uint16_t io_map;
};
_Static_assert(offsetof(struct tables_tss, ist) == 36, "SDM Vol. 3A, figure 7-11");
_Static_assert(offsetof(struct tables_tss, io_map) == 102, "SDM Vol. 3A, figure 7-11");
_Static_assert(sizeof(struct tables_tss) == 104, "SDM Vol. 3A, figure 7-11");

struct cpu_tables {
	struct tables_gate idt[TABLES_VECTORS];
	uint64_t gdt[5];                 /* null, 0x08 code, 0x10 data, 0x18 TSS of two words */
	struct tables_pointer gdt_pointer;
	struct tables_pointer idt_pointer;
	struct tables_tss tss;
};

_Static_assert(offsetof(struct cpu_tables, gdt_pointer) == 4096 + 5 * 8, "jump.S");
_Static_assert(offsetof(struct cpu_tables, idt_pointer) == 4096 + 5 * 8 + 10, "jump.S");

/*
 * All but the gates; distance: how far the view of the kernel (0: the loader's own)
 * is from here. The IDT is empty.
 */
void tables_set(uint64_t distance, uint64_t ist1_top);

/* The first gates, to stubs of stubs.h, all on IST1. */
void tables_set_gates(uint64_t stubs_va, unsigned count, uint64_t distance);

/* GDTR as seen from here, TR, LDTR. LTR marks the TSS busy, so this needs to write. */
void tables_load_task(void);

/* IDTR, as tables_set_gates() left it. */
void tables_load_gates(void);

extern struct cpu_tables cpu_tables __attribute__((visibility("hidden")));

#endif
