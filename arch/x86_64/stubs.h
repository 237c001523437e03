/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stubs.h: what the CPU and our stubs leave on the stack when a gate is taken,
 * for the kernel's vectors (fault.S) and the loader's own (trap.S).
 *
 * At a stub (Intel SDM Vol. 3A, 6.14): interrupts masked, on the stack of IST1 an
 * error code for some vectors, then rip, cs, rflags, rsp, ss. A stub is a call and nothing
 * else: from what it pushes follows which one it was.
 */
#ifndef STUBS_H
#define STUBS_H

#define STUB_BYTES 5
#define STUB_VECTOR (15 * 8)     /* in struct stub_frame */

#ifdef __ASSEMBLER__

/* `count` stubs at `name`, all of which call `handler` with struct stub_frame; it does not return. */
.macro stubs name, count, handler
	.balign 16, 0xcc
	.globl \name
	.hidden \name
\name:
	.rept \count
	call save_\name
	.endr

	.balign 16, 0xcc
save_\name:
	.irp register, r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax
	push %\register
	.endr
	cld
	mov STUB_VECTOR(%rsp), %rax
	lea \name + STUB_BYTES(%rip), %rcx
	sub %rcx, %rax
	mov $STUB_BYTES, %ecx
	xor %edx, %edx
	div %ecx
	mov %rax, STUB_VECTOR(%rsp)
	mov %rsp, %rdi
	xor %ebp, %ebp
	and $-16, %rsp
	call \handler
	ud2
.endm

#else

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STUB_REGISTERS = 15, STUB_RBP = 6, STUB_PAGE_FAULT = 14, STUB_EXCEPTIONS = 32 };

/* Vectors 8, 10 to 14, 17, 21, 29, 30 push an error code (SDM Vol. 3A, table 6-1). */
#define STUB_WITH_CODE 0x60227d00u

struct stub_frame {
	uint64_t registers[STUB_REGISTERS];  /* rax, rbx, rcx, rdx, rsi, rdi, rbp, r8 ... r15 */
	uint64_t vector;                     /* a stub's return address, until save_ has counted */
	uint64_t above[6];                   /* the error code, if there is one, then struct stub_cpu */
};

_Static_assert(offsetof(struct stub_frame, vector) == STUB_VECTOR, "save_");

struct stub_cpu { uint64_t rip, cs, rflags, rsp, ss; };

static inline bool stub_has_code(const struct stub_frame *frame)
{
	return frame->vector < STUB_EXCEPTIONS && (STUB_WITH_CODE >> frame->vector & 1) != 0;
}

static inline uint64_t stub_code(const struct stub_frame *frame)
{
	return stub_has_code(frame) ? frame->above[0] : 0;
}

static inline const struct stub_cpu *stub_cpu(const struct stub_frame *frame)
{
	return (const struct stub_cpu *)(frame->above + stub_has_code(frame));
}

/* The address of a page fault. */
static inline uint64_t stub_cr2(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr2, %0" : "=r"(value));
	return value;
}

#endif
#endif
