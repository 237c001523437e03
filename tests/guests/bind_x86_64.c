/* SPDX-License-Identifier: BSD-2-Clause */
/* bind_x86_64.c: IA32_FS_BASE (Intel SDM Vol. 4, table 2-2). */
#include "bind.h"

void set_thread_pointer(uint64_t pointer)
{
	__asm__ volatile("wrmsr" :: "c"(0xc0000100), "a"((uint32_t)pointer), "d"((uint32_t)(pointer >> 32)));
}
