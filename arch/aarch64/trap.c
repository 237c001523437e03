/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trap.c: a fault of the loader itself: a defect, or memory that is not as the
 * firmware said. One line with what the CPU knows, then the end.
 */
#include "acts.h"

#include <smalt/exit.h>

#include "arch.h"
#include "log.h"
#include "self.h"

void trap_report(uint64_t pc, uint64_t syndrome, uint64_t address)
{
	log_print("smalt: fault in the loader at smalt.elf+0x%X: syndrome 0x%X, address 0x%X: "
	          "this is a defect of Smalt or of the memory map, please report it\n",
	          pc - (uint64_t)(uintptr_t)image_start, syndrome, address);
	arch_exit(SMALT_EXIT_REFUSED);
}
