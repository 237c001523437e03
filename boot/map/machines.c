/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machines.c: the machine that a library is for; on the host it is every one (tools/machines.c).
 */
#include "machine.h"

#include <stddef.h>

const struct machine *const machines[] = { &MACHINE, NULL };
