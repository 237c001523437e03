/* SPDX-License-Identifier: BSD-2-Clause */
/* bind_aarch64.c: the thread pointer is TPIDR_EL0. */
#include "bind.h"

void set_thread_pointer(uint64_t pointer)
{
	__asm__ volatile("msr tpidr_el0, %0" :: "r"(pointer));
}
