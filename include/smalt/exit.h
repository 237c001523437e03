/* SPDX-License-Identifier: 0BSD */
/*
 * exit.h: ends QEMU with a status, so that a shell or a test sees it.
 *
 * x86_64   needs -device isa-debug-exit,iobase=0xf4,iosize=4; QEMU returns
 *          ((status + 1) << 1) | 1, so that 0 differs from a failure of QEMU (1)
 *          and from a reset under -no-reboot (0)
 * aarch64  needs -semihosting-config enable=on,target=native; QEMU returns status
 *
 * `smalt run` gives QEMU these options and returns status on both machines.
 * Self-contained: needs <stdint.h> of C99 only, works in C++.
 */
#ifndef SMALT_EXIT_H
#define SMALT_EXIT_H

/* 0 ... 123 are the kernel's own; the rest is taken. */
#define SMALT_EXIT_REFUSED 125           /* the loader refused to start it */
#define SMALT_EXIT_FAULT   126           /* the fault reporter ended it */

#define SMALT_EXIT_PORT 0xf4             /* x86_64: isa-debug-exit */

#ifndef __ASSEMBLER__
#include <stdint.h>

/* Does not return; without the options above it spins. Needs CPL 0 / EL1. */
__attribute__((noreturn)) static inline void smalt_exit(uint32_t status)
{
#if defined(__x86_64__)
	__asm__ volatile("outl %0, %w1" : : "a"(status + 1), "Nd"(SMALT_EXIT_PORT) : "memory");
#elif defined(__aarch64__)
	/* Arm "Semihosting for AArch32 and AArch64": SYS_EXIT_EXTENDED, ADP_Stopped_ApplicationExit. */
	uint64_t block[2] = { 0x20026, status };
	register uint64_t operation __asm__("x0") = 0x20;
	register uint64_t *parameter __asm__("x1") = block;

	__asm__ volatile("hlt #0xf000" : "+r"(operation) : "r"(parameter) : "memory");
#else
#error "smalt_exit() knows x86_64 and aarch64"
#endif
	for (;;)
		__asm__ volatile("" : : : "memory");
}

#endif /* __ASSEMBLER__ */
#endif
