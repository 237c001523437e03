/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arch_memory.h: moving many bytes. The part of arch.h that the host has too.
 */
#ifndef ARCH_MEMORY_H
#define ARCH_MEMORY_H

#include <stdint.h>

/* Forward copies and zeroing in the widest general steps; caches on. bytes may be anything. */
void arch_copy(void *to, const void *from, uint64_t bytes);
void arch_zero(void *to, uint64_t bytes);

#endif
