/* SPDX-License-Identifier: BSD-2-Clause */
/* instance_elf.c: a module that finds its own data, also through pointers that relocation wrote. */
#include <stdint.h>

int module_entry(int x);

static int variable = 12;
static int *volatile pointer = &variable;                  /* data */
static int *const volatile constant_pointer = &variable;   /* RELRO */
static const volatile int constant = 30;
static volatile uint8_t zeros[10000];

int module_entry(int x)
{
	if (pointer != &variable || constant_pointer != &variable)
		return -1;
	for (unsigned i = 0; i < sizeof(zeros); i++)
		if (zeros[i] != 0)
			return -2;
	*pointer += x;
	return constant + *constant_pointer;
}
