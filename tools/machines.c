/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machines.c: every machine that Smalt knows, for the host: a loader contains
 * only its own.
 */
#include "machine.h"

#include <stddef.h>
#include <string.h>

const struct machine *const machines[] = { &machine_x86_64, &machine_aarch64, NULL };

const struct machine *machine_by_name(const char *name)
{
	for (const struct machine *const *m = machines; *m; m++)
		if (strcmp((*m)->name, name) == 0)
			return *m;
	return NULL;
}

const struct machine *machine_by_elf(uint16_t elf_machine)
{
	for (const struct machine *const *m = machines; *m; m++)
		if ((*m)->elf_machine == elf_machine)
			return *m;
	return NULL;
}
