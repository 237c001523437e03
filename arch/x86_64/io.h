/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * io.h: I/O ports and model-specific registers, inlined: the fault reporter
 * uses them too and must call nothing outside itself.
 */
#ifndef IO_H
#define IO_H

#include <stdint.h>

/* 16550: offsets of registers and bits (National Semiconductor PC16550D, 8.0). */
#define IO_8250_IER 1
#define IO_8250_FCR 2
#define IO_8250_LCR 3
#define IO_8250_MCR 4
#define IO_8250_LSR 5
#define IO_8250_LSR_THRE 0x20    /* the transmitter takes a character */
#define IO_8250_FCR_ON   0x07    /* FIFOs on and empty */
#define IO_8250_MCR_READY 0x03   /* DTR, RTS */
#define IO_8250_LCR_8N1  0x03
#define IO_8250_LCR_DLAB 0x80    /* offsets 0 and 1 are the divisor */

static inline void io_out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t io_in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline uint32_t io_in32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

static inline void io_out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint64_t io_rdmsr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void io_wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

#endif
