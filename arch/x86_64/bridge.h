/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bridge.h: to a kernel whose tables have another number of levels than those that are on.
 */
#ifndef BRIDGE_H
#define BRIDGE_H

#include "arch.h"

/* distance: from the loader's view of the jump page to the kernel's. */
_Noreturn void bridge_leave(const struct jump *jump, uint64_t distance);

#endif
