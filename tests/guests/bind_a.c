/* SPDX-License-Identifier: BSD-2-Clause */
/* bind_a.c: a.so, which the kernel enters. */
#include "bind.h"

static uint64_t constructed;
static _Thread_local volatile uint64_t zero;
static _Thread_local volatile uint64_t local = 0x77;

/* A function's address, which the loader writes: with TEXT_TABLE between instructions. */
#ifdef TEXT_TABLE
__asm__(".pushsection .text\n.balign 8\nadd: .quad kernel_add\n.popsection");
#else
__asm__(".pushsection .data\n.balign 8\nadd: .quad kernel_add\n.popsection");
#endif
extern const volatile uint64_t add __attribute__((visibility("hidden")));

__attribute__((constructor)) static void construct(void)
{
	constructed = 0x1234;
}

uint64_t who(void)
{
	return 'a';
}

uint64_t a_twice(uint64_t x)
{
	return 2 * x;
}

void a_entry(struct answers *answers)
{
	answers->added = kernel_add(3, 4) + zero;
	answers->doubled = b_work(20);
	answers->constructed = constructed;
	answers->local = local;
	answers->others_local = b_local;
	answers->calls = kernel_calls;
	answers->who = who();
	answers->nobody = (uint64_t)&nobody;
	answers->address = add;
}
