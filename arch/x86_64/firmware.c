/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * firmware.c: what a firmware of this machine does not have.
 */
#include "arch.h"

enum status arch_firmware_devicetree(uint64_t tree_pa, struct env *env, struct arena *arena,
                                     struct fault *fault)
{
	(void)tree_pa, (void)env, (void)arena, (void)fault;
	return ST_OK;                    /* PCs are described by ACPI */
}
