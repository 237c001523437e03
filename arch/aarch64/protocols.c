/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * protocols.c: the foreign kernels of this machine: arm64 Images.
 */
#include "protocol.h"

#include <stddef.h>

const struct protocol *const protocols[] = { &protocol_image, NULL };
