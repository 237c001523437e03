/* SPDX-License-Identifier: BSD-2-Clause */
/* hot_module.c: a module with PAGES pages of data. */
#include <stdint.h>

int module_entry(int i);

static volatile uint8_t hot[PAGES * 4096] __attribute__((aligned(4096))) = { 1 };

int module_entry(int i)
{
	return hot[i];
}
