/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smbios.h: where the SMBIOS entry point and its structure table are: the kernel
 * shall find them mapped (H8).
 */
#ifndef SMBIOS_H
#define SMBIOS_H

#include "env.h"
#include "reach.h"

/*
 * Sets env->smbios_pa, _bytes, smbios[], smbios_count from the entry point at pa. One that is
 * malformed, or whose table is not within reach, is none: no boot fails for it.
 */
void smbios_read(struct reach reach, uint64_t pa, struct env *env);

#endif
