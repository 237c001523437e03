/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * device.c: the few devices that the loader touches: console, QEMU's exit and
 * fw_cfg, and what could interrupt a kernel that has no vectors yet.
 */
#include "arch.h"

#include <smalt/exit.h>

#include "io.h"

#define COM1 0x3f8

/* QEMU docs/specs/fw_cfg.rst: the DMA address register, two big-endian halves. */
#define FWCFG_DMA_HIGH 0x514
#define FWCFG_DMA_LOW  0x518
#define FWCFG_QEMU     0x554d4551        /* "QEMU", as it reads there */

/* Intel 8259A: interrupt mask registers. */
#define PIC_FIRST_MASK  0x21
#define PIC_SECOND_MASK 0xa1

/* Local APIC: Intel SDM Vol. 3A, 11.4.4 and tables 11-1, 11-6. */
#define MSR_APIC_BASE     0x1b
#define APIC_ENABLED      (1u << 11)
#define APIC_X2           (1u << 10)
#define APIC_PAGE         0xffffff000ull
#define MSR_X2APIC        0x800
#define APIC_VERSION      0x03           /* registers, in units of 16 bytes */
#define APIC_LVT_MASKED   (1u << 16)

/* Timer, LINT0, LINT1, error, performance, thermal, CMCI: in the order in which CPUs got them. */
static const uint8_t lvts[] = { 0x32, 0x35, 0x36, 0x37, 0x34, 0x33, 0x2f };

uint32_t arch_serial(uint64_t *address)
{
	*address = COM1;
	if (io_in8(COM1 + IO_8250_LSR) == 0xff)
		return SMALT_SERIAL_NONE;
	io_out8(COM1 + IO_8250_IER, 0);
	io_out8(COM1 + IO_8250_LCR, IO_8250_LCR_DLAB);
	io_out8(COM1, 1);                        /* 115200 baud */
	io_out8(COM1 + IO_8250_IER, 0);
	io_out8(COM1 + IO_8250_LCR, IO_8250_LCR_8N1);
	io_out8(COM1 + IO_8250_FCR, IO_8250_FCR_ON);
	io_out8(COM1 + IO_8250_MCR, IO_8250_MCR_READY);
	return SMALT_SERIAL_8250_PORT;
}

void arch_put(uint32_t kind, uint64_t address, char c)
{
	uint16_t port = (uint16_t)address;

	if (kind != SMALT_SERIAL_8250_PORT)
		return;
	while ((io_in8(port + IO_8250_LSR) & IO_8250_LSR_THRE) == 0)
		;
	io_out8(port, (uint8_t)c);
}

bool arch_fwcfg(uint64_t registers_pa, uint64_t request_pa)
{
	(void)registers_pa;                      /* ports, always the same */
	if (io_in32(FWCFG_DMA_HIGH) != FWCFG_QEMU)
		return false;
	io_out32(FWCFG_DMA_HIGH, __builtin_bswap32((uint32_t)(request_pa >> 32)));
	io_out32(FWCFG_DMA_LOW, __builtin_bswap32((uint32_t)request_pa));
	return true;
}

static void mask_x2apic(void)
{
	uint64_t last = io_rdmsr(MSR_X2APIC + APIC_VERSION) >> 16 & 0xff;

	for (unsigned i = 0; i < sizeof lvts && i <= last; i++)
		io_wrmsr(MSR_X2APIC + lvts[i], io_rdmsr(MSR_X2APIC + lvts[i]) | APIC_LVT_MASKED);
}

static void mask_apic(uint64_t page)
{
	volatile uint32_t *registers = (volatile uint32_t *)(uintptr_t)page;
	uint32_t last = registers[APIC_VERSION * 4] >> 16 & 0xff;

	for (unsigned i = 0; i < sizeof lvts && i <= last; i++)
		registers[lvts[i] * 4] |= APIC_LVT_MASKED;
}

void arch_quiet(void)
{
	uint64_t base = io_rdmsr(MSR_APIC_BASE);

	io_out8(PIC_FIRST_MASK, 0xff);
	io_out8(PIC_SECOND_MASK, 0xff);
	if ((base & APIC_ENABLED) == 0)
		return;
	if ((base & APIC_X2) != 0)
		mask_x2apic();
	else
		mask_apic(base & APIC_PAGE);
}

/* Without QEMU's device nobody takes the status, and the CPU stops. */
void arch_exit(uint32_t status)
{
	io_out32(SMALT_EXIT_PORT, status + 1);
	for (;;)
		__asm__ volatile("cli; hlt");
}
