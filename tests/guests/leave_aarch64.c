/* SPDX-License-Identifier: BSD-2-Clause */
/* leave_aarch64.c: SYSTEM_OFF and SYSTEM_RESET (Arm DEN 0022, PSCI, 5.1). */
#include "guest.h"

#include "leave.h"

static void psci(uint32_t function)
{
	register uint64_t x0 __asm__("x0") = function;

	if (guest.handoff->psci_conduit == SMALT_PSCI_SMC)
		__asm__ volatile("smc #0" : "+r"(x0) : : "x1", "x2", "x3", "memory");
	else
		__asm__ volatile("hvc #0" : "+r"(x0) : : "x1", "x2", "x3", "memory");
}

void leave_off(void)
{
	psci(0x84000008);
}

void leave_reset(void)
{
	psci(0x84000009);
}
