/* SPDX-License-Identifier: BSD-2-Clause */
/* module_elf.c: a module that is mapped as its format says: code, constants, data, zeros. */
#include <stdint.h>

int module_entry(int x);

static const volatile int constant = 30;
static volatile int variable = 12;
#ifndef ZEROS
#define ZEROS 10000
#endif
static volatile uint8_t zeros[ZEROS];

int module_entry(int x)
{
	variable += x;
	for (unsigned i = 0; i < sizeof(zeros); i++)
		if (zeros[i] != 0)
			return -1;
	return constant + variable;
}
