/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * protocols.c: the foreign kernels of this machine: ELF kernels with a PVH note.
 */
#include "protocol.h"

#include <stddef.h>

const struct protocol *const protocols[] = { &protocol_pvh, NULL };
