/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machines.c: the machines that a library is for: MACHINES lists them.
 */
#include "machine.h"

#include <stddef.h>

const struct machine *const machines[] = { MACHINES, NULL };
