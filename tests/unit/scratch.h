/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scratch.h: an arena of a test, filled with 0xAA first, and spans of literals.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <string.h>

#include "arena.h"
#include "span.h"

#define SCRATCH_BYTES (1 << 20)

/* A fresh arena of at most SCRATCH_BYTES; one at a time. */
static inline struct arena scratch(uint64_t bytes)
{
	static uint8_t memory[SCRATCH_BYTES] __attribute__((aligned(16)));

	memset(memory, 0xaa, sizeof memory);
	return (struct arena){ memory, bytes, 0 };
}

#define SPAN(literal) ((struct span){ (const uint8_t *)(literal), sizeof(literal) - 1 })

#define assert_span(s, literal) do { \
	assert_int_equal((s).bytes, sizeof(literal) - 1); \
	assert_memory_equal((s).base, literal, sizeof(literal) - 1); \
} while (0)

#endif
