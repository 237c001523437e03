/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault.h: between fault.S, which saves what a faulting kernel had, and fault.c, which reads it.
 */
#ifndef FAULT_H
#define FAULT_H

#define FAULT_X0       0         /* x0 to x30 */
#define FAULT_SP       248
#define FAULT_PC       256
#define FAULT_PSTATE   264
#define FAULT_SYNDROME 272
#define FAULT_ADDRESS  280
#define FAULT_VECTOR   288
#define FAULT_BYTES    304       /* a multiple of 16 */

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

struct fault_frame {
	uint64_t x[31];
	uint64_t sp;             /* the one that was in use */
	uint64_t pc;             /* ELR_EL1 */
	uint64_t pstate;         /* SPSR_EL1 */
	uint64_t syndrome;       /* ESR_EL1 */
	uint64_t address;        /* FAR_EL1 */
	uint64_t vector;         /* 0 to 15 */
	uint64_t reserved;
};
_Static_assert(offsetof(struct fault_frame, sp) == FAULT_SP, "fault.S");
_Static_assert(offsetof(struct fault_frame, pc) == FAULT_PC, "fault.S");
_Static_assert(offsetof(struct fault_frame, pstate) == FAULT_PSTATE, "fault.S");
_Static_assert(offsetof(struct fault_frame, syndrome) == FAULT_SYNDROME, "fault.S");
_Static_assert(offsetof(struct fault_frame, address) == FAULT_ADDRESS, "fault.S");
_Static_assert(offsetof(struct fault_frame, vector) == FAULT_VECTOR, "fault.S");
_Static_assert(sizeof(struct fault_frame) == FAULT_BYTES, "fault.S");

/* Written by the loader, in the reporter's data. */
extern struct fault_setup {
	uint64_t stack_top;      /* of the fault stack, in the kernel's space */
} fault_setup;

/* fault.S: to be VBAR_EL1, at the distance that the parts are mapped at. */
extern const uint8_t fault_vectors[];

/* Called by fault.S on the fault stack. */
_Noreturn void fault_main(const struct fault_frame *frame);
#endif

#endif
