/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump.c: brings the CPU into the state that requirements H5 promise, and leaves.
 *
 * arch_prepare() writes tables that the kernel's space has read-only, so it runs
 * under the loader's map and knows both addresses of everything. Registers that
 * the loader itself needs until the end are set by jump.S.
 */
#include "arch.h"

#include "check.h"
#include "io.h"
#include "tables.h"

enum {
	ENTRIES = 512, ROOT_SHIFT = 39,
	GATE_INTERRUPT = 0x8e,           /* present, DPL 0, 64-bit interrupt gate */
	GATE_IST1 = 1,
	SELECTOR_CODE = 0x08, SELECTOR_TSS = 0x18,
	STUB_BYTES = 8,                  /* fault.S */
};

/* Descriptors, with accessed and busy as they become: the CPU has nothing to write later. */
#define GDT_CODE 0x00af9b000000ffffull   /* SDM Vol. 3A, 3.4.5: L, P, code, readable */
#define GDT_DATA 0x00cf93000000ffffull
#define GDT_TSS  0x0000890000000000ull   /* 7.2.3: available, LTR makes it busy */

#define MSR_EFER 0xc0000080
#define EFER_LMA (1u << 10)
#define EFER_LME (1u << 8)
#define EFER_NXE (1u << 11)

#define MSR_FS_BASE        0xc0000100
#define MSR_KERNEL_GS_BASE 0xc0000102    /* GS_BASE is between */

/* SDM Vol. 3A, table 11-12: as after power-on, but PA5 is write-combining. */
#define MSR_PAT 0x277
#define PAT     0x0007010600070406ull

struct cpu_tables cpu_tables __attribute__((section(".cpu"), aligned(4096)));

extern const uint8_t fault_stubs[] __attribute__((visibility("hidden")));

/* jump.S, in the jump page. */
_Noreturn void jump_leave(uint64_t root_pa, uint64_t entry, uint64_t stack_top, uint64_t handoff_va,
                          uint64_t distance);

/* How far the kernel's view of the parts is from the loader's. */
static uint64_t distance_of(const struct jump *jump)
{
	return jump->parts_va - jump->parts_pa;
}

static void write_gdt(uint64_t distance)
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
}

static void write_tss(uint64_t fault_stack_top)
{
	cpu_tables.tss.ist[0][0] = (uint32_t)fault_stack_top;
	cpu_tables.tss.ist[0][1] = (uint32_t)(fault_stack_top >> 32);
	cpu_tables.tss.io_map = sizeof(struct tables_tss);   /* behind the limit: none */
}

static void write_idt(uint64_t distance)
{
	for (unsigned i = 0; i < TABLES_VECTORS; i++) {
		uint64_t va = (uint64_t)fault_stubs + i * STUB_BYTES + distance;

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
		sizeof cpu_tables.idt - 1, (uint64_t)cpu_tables.idt + distance,
	};
}

/*
 * The loader's tables get the kernel's view of the parts, so that the jump page
 * is mapped at the same address on both sides of the switch. The loader has
 * only low addresses: that entry of its root is empty.
 */
static void share_jump_page(const struct jump *jump)
{
	uint64_t *kernel_root = (uint64_t *)jump->root_pa[0];
	unsigned slot = jump->parts_va >> ROOT_SHIFT & (ENTRIES - 1);
	uint64_t *own_root;

	__asm__ volatile("mov %%cr3, %0" : "=r"(own_root));
	CHECK(own_root[slot] == 0 && kernel_root[slot] != 0);
	own_root[slot] = kernel_root[slot];
}

/* LTR marks the TSS busy: now, while the table can be written, through its address here. */
static void load_task(void)
{
	struct tables_pointer here = { sizeof cpu_tables.gdt - 1, (uint64_t)cpu_tables.gdt };

	__asm__ volatile("lgdt %0\n\tltr %w1\n\tlldt %w2"
	                 : : "m"(here), "r"(SELECTOR_TSS), "r"(0) : "memory");
}

void arch_prepare(const struct jump *jump)
{
	uint64_t distance = distance_of(jump);

	write_gdt(distance);
	write_tss(jump->fault_stack_top);
	if (jump->reporter)
		write_idt(distance);
	else
		cpu_tables.idt_pointer = (struct tables_pointer){ 0, 0 };
	share_jump_page(jump);
	load_task();
}

/* Registers that nothing here uses: as after power-on. */
static void reset_registers(void)
{
	__asm__ volatile("mov %0, %%dr7\n\tmov %1, %%dr6\n\t"
	                 "mov %2, %%dr0\n\tmov %2, %%dr1\n\tmov %2, %%dr2\n\tmov %2, %%dr3"
	                 : : "r"(0x400ull), "r"(0xffff0ff0ull), "r"(0ull));
	__asm__ volatile("mov %0, %%cr2\n\tmov %0, %%cr8" : : "r"(0ull));
}

void arch_jump(const struct jump *jump)
{
	reset_registers();
	for (uint32_t msr = MSR_FS_BASE; msr <= MSR_KERNEL_GS_BASE; msr++)
		io_wrmsr(msr, 0);        /* null selectors do it on some CPUs only */
	io_wrmsr(MSR_PAT, PAT);
	io_wrmsr(MSR_EFER, (io_rdmsr(MSR_EFER) & EFER_LMA) | EFER_LME | EFER_NXE);
	jump_leave(jump->root_pa[0], jump->entry, jump->stack_top, jump->handoff_va,
	           distance_of(jump));
}
