/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jump.h: what jump.S loads before it gives up the loader's map.
 */
#ifndef JUMP_H
#define JUMP_H

#define JUMP_TTBR0    0
#define JUMP_TTBR1    8
#define JUMP_TCR      16
#define JUMP_VBAR     24
#define JUMP_ENTRY    32
#define JUMP_STACK    40
#define JUMP_HANDOFF  48
#define JUMP_DISTANCE 56

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

struct jump_registers {
	uint64_t ttbr0, ttbr1;
	uint64_t tcr;
	uint64_t vbar;           /* 0: the kernel has no vectors yet */
	uint64_t entry;
	uint64_t stack_top;
	uint64_t handoff_va;
	uint64_t distance;       /* from a part of the loader to its va in the kernel's space */
};
_Static_assert(offsetof(struct jump_registers, ttbr0) == JUMP_TTBR0, "jump.S");
_Static_assert(offsetof(struct jump_registers, ttbr1) == JUMP_TTBR1, "jump.S");
_Static_assert(offsetof(struct jump_registers, tcr) == JUMP_TCR, "jump.S");
_Static_assert(offsetof(struct jump_registers, vbar) == JUMP_VBAR, "jump.S");
_Static_assert(offsetof(struct jump_registers, entry) == JUMP_ENTRY, "jump.S");
_Static_assert(offsetof(struct jump_registers, stack_top) == JUMP_STACK, "jump.S");
_Static_assert(offsetof(struct jump_registers, handoff_va) == JUMP_HANDOFF, "jump.S");
_Static_assert(offsetof(struct jump_registers, distance) == JUMP_DISTANCE, "jump.S");

/* Out of the loader, by the exception level that it runs at. */
_Noreturn void jump_el1(const struct jump_registers *registers);
_Noreturn void jump_el2(const struct jump_registers *registers);
_Noreturn void jump_enter(uint64_t entry_pa, uint64_t argument_pa);
#endif

#endif
