/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * alone.c: from a firmware's CPU state to what the loader counts on, when nobody else
 * is on the machine any more.
 *
 * The firmware's tables map the image va == pa as the loader's own do, so code goes on
 * while they change; its stack they do not.
 */
#include "arch.h"

#include "io.h"
#include "self.h"

#define MSR_EFER 0xc0000080
#define EFER_NXE (1u << 11)

/*
 * SDM Vol. 3A, 2.5: PG WP NE ET MP PE; PAE OSFXSR OSXMMEXCPT, without PGE: no translation stays.
 * LA57 is as it is: in long mode it cannot change.
 */
#define CR0 0x80010033ull
#define CR4 0x620ull
#define CR4_LA57 0x1000ull

enum { CODE = 0x08, DATA = 0x10 };       /* of trap_install()'s GDT */

static struct {
	const struct pagetable *own;
	void (*next)(void *argument);
	void *argument;
} alone;

_Noreturn void entry_continue(uint64_t argument, uint64_t stack_top, uint64_t next);

/* The firmware's selectors mean nothing in a table of ours. */
static void load_selectors(void)
{
	uint64_t scratch;

	__asm__ volatile("pushq %1\n\tlea 1f(%%rip), %0\n\tpush %0\n\tlretq\n1:\t"
	                 "mov %k2, %%ss\n\tmov %k2, %%ds\n\tmov %k2, %%es"
	                 : "=&r"(scratch) : "i"(CODE), "r"((uint64_t)DATA) : "memory");
}

static void go_on(uint64_t unused)
{
	uint64_t cr4;

	(void)unused;
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	io_wrmsr(MSR_EFER, io_rdmsr(MSR_EFER) | EFER_NXE);
	__asm__ volatile("mov %0, %%cr0\n\tmov %1, %%cr4" : : "r"(CR0), "r"(CR4 | (cr4 & CR4_LA57)) : "memory");
	arch_own_map(alone.own);
	load_selectors();
	alone.next(alone.argument);
	__builtin_unreachable();
}

void arch_alone(const struct pagetable *own, void (*next)(void *argument), void *argument)
{
	__asm__ volatile("cli\n\tcld" : : : "memory");
	arch_quiet();
	alone.own = own;
	alone.next = next;
	alone.argument = argument;
	entry_continue(0, (uint64_t)stack_top, (uint64_t)go_on);
}
