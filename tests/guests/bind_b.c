/* SPDX-License-Identifier: BSD-2-Clause */
/* bind_b.c: b.so, which needs a.so, which needs it. */
#include "bind.h"

_Thread_local uint64_t b_local = 0x88;
static _Thread_local uint8_t bytes[40] __attribute__((aligned(32)));

uint64_t b_work(uint64_t x)
{
	bytes[x]++;
	return a_twice(x) + 1 + bytes[x];
}
