/* SPDX-License-Identifier: BSD-2-Clause */
/* leave_x86_64.c: ACPI's S5 in q35's PM1a control register, and a triple fault. */
#include "guest.h"

#include "leave.h"

void leave_off(void)
{
	__asm__ volatile("outw %0, %1" : : "a"((uint16_t)0x2000), "Nd"((uint16_t)0x604));
}

/* No gate is left: the fault, the double fault and the third have no handler. */
void leave_reset(void)
{
	struct __attribute__((packed)) { uint16_t limit; uint64_t base; } none = { 0, 0 };

	__asm__ volatile("lidt %0; ud2" : : "m"(none));
}
