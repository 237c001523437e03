/* SPDX-License-Identifier: BSD-2-Clause */
/* hot_module.c: a module with PAGES pages of data, or of bss with BSS. */
#include <stdint.h>

int module_entry(int i);

#ifdef BSS
static volatile uint8_t hot[PAGES * 4096] __attribute__((aligned(4096)));
#else
static volatile uint8_t hot[PAGES * 4096] __attribute__((aligned(4096))) = { 1 };
#endif

int module_entry(int i)
{
	return hot[i];
}
