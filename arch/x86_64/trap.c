/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trap.c: a fault of the loader itself: a defect, or memory that is not as the
 * firmware said. One line with what the CPU knows, then the end.
 */
#include "trap.h"

#include <smalt/exit.h>

#include "arch.h"
#include "log.h"
#include "self.h"
#include "stubs.h"
#include "tables.h"

/* Of its own, because a full stack is one of the faults. */
static uint8_t trap_stack[4096] __attribute__((aligned(16)));

extern const uint8_t trap_stubs[] __attribute__((visibility("hidden")));

/* trap.S */
_Noreturn void trap_taken(const struct stub_frame *frame);

void trap_install(void)
{
	tables_set(0, (uint64_t)trap_stack + sizeof trap_stack);
	tables_set_gates((uint64_t)trap_stubs, STUB_EXCEPTIONS, 0);
	tables_load_task();
	tables_load_gates();
}

void trap_taken(const struct stub_frame *frame)
{
	log_print("smalt: fault in the loader at smalt.elf+0x%X: exception %u, code 0x%X, address 0x%X: "
	          "this is a defect of Smalt or of the memory map, please report it\n",
	          stub_cpu(frame)->rip - (uint64_t)image_start, (uint32_t)frame->vector, stub_code(frame),
	          frame->vector == STUB_PAGE_FAULT ? stub_cr2() : 0);
	arch_exit(SMALT_EXIT_REFUSED);
}
