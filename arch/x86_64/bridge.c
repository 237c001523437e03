/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bridge.c: writes the page on which the number of levels changes, and goes there.
 */
#include "bridge.h"

/* bridge.S: what stands at bridge_words; places are from the start of the page on. */
struct __attribute__((packed)) words {
	uint64_t arguments[4];           /* of the landing */
	uint64_t landing_va;             /* in the kernel's view of the jump page */
	uint16_t gdt_limit;
	uint64_t gdt_pa;
	struct __attribute__((packed)) { uint32_t pa; uint16_t selector; } down, up;
};

#pragma GCC visibility push(hidden)
extern const uint8_t bridge_start[], bridge_words[], bridge_end[];

/* jump.S, in the jump page. */
_Noreturn void jump_cross(uint64_t near_root_pa, uint64_t code_pa, uint64_t far_root_pa);
extern const uint8_t jump_land[];
#pragma GCC visibility pop

_Noreturn void bridge_leave(const struct jump *jump, uint64_t distance)
{
	uint64_t pa = jump->bridge_pa;
	uint8_t *code = (uint8_t *)pa;
	struct words *words = (struct words *)(code + (bridge_words - bridge_start));

	arch_copy(code, bridge_start, (uint64_t)(bridge_end - bridge_start));
	words->arguments[0] = jump->root_pa[0];
	words->arguments[1] = jump->entry;
	words->arguments[2] = jump->stack_top;
	words->arguments[3] = jump->handoff_va;
	words->landing_va = (uint64_t)jump_land + distance;
	words->gdt_pa += pa;
	words->down.pa += (uint32_t)pa;
	words->up.pa += (uint32_t)pa;
	jump_cross(jump->bridge_roots_pa[0], pa, jump->bridge_roots_pa[1]);
}
