/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arch.h: acts of the CPU that the loader runs on, linked by name. Loader only:
 * the host has facts (machine.h), no acts.
 */
#ifndef ARCH_H
#define ARCH_H

#include "arch_memory.h"
#include "env.h"
#include "pagetable.h"

/* Facts of this CPU for the environment: leaf_mask, levels, features, counter, id. No memory access. */
void arch_cpu(struct cpu *cpu);

/* Random words from the CPU: which SMALT_ENTROPY_* they are; NONE if it has none. */
uint32_t arch_entropy(uint64_t *words, uint32_t count);

/* The machine that the loader was built for. */
const struct machine *arch_machine(void);

/* One character to a console of SMALT_SERIAL_* at address; waits until it is taken. */
void arch_put(uint32_t kind, uint64_t address, char c);

/*
 * Prepares the console of a machine that does not describe one (x86_64: COM1, 115200 8n1); its kind,
 * SMALT_SERIAL_NONE if nothing answers.
 */
uint32_t arch_serial(uint64_t *address);

/*
 * Hands a DMA request (fwcfg.c) to QEMU's fw_cfg device; false if there is none.
 * registers_pa: of the device, where it has no fixed ports.
 */
bool arch_fwcfg(uint64_t registers_pa, uint64_t request_pa);

/*
 * Masks every source of interrupts at its controller (H5); x86_64. Before
 * arch_own_map(): reaches the controller's registers through the map of the entry.
 */
void arch_quiet(void);

/* The counter of SMALT_COUNTER_*, serialized enough to time a boot. */
uint64_t arch_counter(void);

/* Format of the loader's own tables: differs from machine->format at EL2, and where a firmware has 5 levels on. */
const struct format *arch_loader_format(void);

/* Switches to the loader's own tables: everything that the loader touches is mapped va == pa. */
void arch_own_map(const struct pagetable *pt);

/*
 * After a firmware has gone: masks interrupts, takes what registers and stack the loader counts on, and
 * goes on in next(argument) on its own map.
 */
_Noreturn void arch_alone(const struct pagetable *own, void (*next)(void *argument), void *argument);

/*
 * Console, PSCI, fw_cfg, entropy of a devicetree that a firmware has (tree_pa 0: none), and a copy of it, into env;
 * aarch64. ST_BAD_DEVICETREE, ST_NO_MEMORY.
 */
MUST_CHECK enum status arch_firmware_devicetree(uint64_t tree_pa, struct env *env,
                                                struct arena *arena, struct fault *fault);

/* Cleans to the point of unification and invalidates instructions; cleans to the point of coherency. */
void arch_sync_code(uint64_t pa, uint64_t bytes);
void arch_clean(uint64_t pa, uint64_t bytes);

/* Everything the jump needs; addresses are the kernel's (va) unless named pa. */
struct jump {
	uint64_t root_pa[2];
	uint64_t entry;
	uint64_t stack_top;
	uint64_t handoff_va;
	uint64_t parts_va;       /* where the part of the loader that stays is mapped, see parts in env.h */
	uint64_t parts_pa;
	uint64_t fault_stack_top;
	uint64_t reporter_distance;  /* from a byte of the reporter to its va */
	uint64_t bridge_pa;      /* page of code between two numbers of levels, boot/bridge.c; 0: they are the same */
	uint64_t bridge_roots_pa[2];     /* the loader's side, the kernel's */
	uint32_t levels;         /* of the kernel's tables */
	bool reporter;           /* install the vectors */
	uint32_t granule_shift;  /* of the kernel's pages */
	uint64_t leaf_mask;
};

/* Fills GDT, TSS, IDT or whatever else the parts need, still through the loader's map. */
void arch_prepare(const struct jump *jump);

/* To a kernel of Smalt's own protocol, exactly as H5 says. */
_Noreturn void arch_jump(const struct jump *jump);

/*
 * To a kernel of a foreign protocol (protocol.h): paging off, argument in ebx / x0, exactly as
 * PVH and the arm64 Image say. Both addresses below 4 GiB on x86_64.
 */
_Noreturn void arch_enter(uint64_t entry_pa, uint64_t argument_pa);

/* Ends the loader: status as exit.h says, then stops for good. */
_Noreturn void arch_exit(uint32_t status);

#endif
