/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * starve.h: runs an operation with storage that ends in each of its allocations, one after another.
 *
 * The arena's fault says how many bytes were wanted and how many were left. With all that was missing but one
 * byte the same allocation fails again; with all of it the operation gets further. So each allocation is the
 * one that fails, and what it is done with in the end has not a byte too much. The sanitizer finds whoever touches
 * what lies behind. Include after cmocka.h.
 */
#ifndef STARVE_H
#define STARVE_H

#include <sanitizer/asan_interface.h>

#include <string.h>

#include "arena.h"

#define STARVE_BYTES (4ull << 20)

/* What is starved, and who looks after each refusal whether all is as before; NULL: nobody. */
struct starve {
	enum status (*run)(struct arena *arena, struct fault *fault);
	void (*refused)(void);
	unsigned refusals;           /* out: allocations that failed */
	uint64_t bytes;              /* out: the least that is enough */
};

static inline enum status starve_once(const struct starve *starve, uint64_t bytes, struct fault *fault)
{
	static uint8_t memory[STARVE_BYTES] __attribute__((aligned(4096)));
	struct arena arena = { memory, bytes, 0 };
	enum status status;

	assert_true(bytes <= STARVE_BYTES);
	ASAN_UNPOISON_MEMORY_REGION(memory, STARVE_BYTES);
	memset(memory, 0xaa, bytes);
	memset(fault, 0xaa, sizeof *fault);
	ASAN_POISON_MEMORY_REGION(memory + bytes, STARVE_BYTES - bytes);
	status = starve->run(&arena, fault);
	assert_true(arena.used <= bytes);
	return status;
}

/* How many bytes the refused try was short of. */
static inline uint64_t starve_missing(const struct starve *starve, enum status status, const struct fault *fault)
{
	assert_int_equal(status, ST_NO_MEMORY);
	assert_int_equal(fault->status, ST_NO_MEMORY);
	assert_int_equal(fault->has & (FAULT_VALUE | FAULT_LIMIT), FAULT_VALUE | FAULT_LIMIT);
	assert_true(fault->field[0] != '\0' && fault->value > fault->limit);
	if (starve->refused)
		starve->refused();
	return fault->value - fault->limit;
}

/* Until there is exactly enough: the last run is the one that is done. */
static inline void starve(struct starve *starve)
{
	struct fault fault;

	for (starve->bytes = starve->refusals = 0; ; starve->refusals++) {
		enum status status = starve_once(starve, starve->bytes, &fault);
		uint64_t missing;

		if (status == ST_OK)
			return;
		missing = starve_missing(starve, status, &fault);
		if (missing > 1) {
			status = starve_once(starve, starve->bytes + missing - 1, &fault);
			assert_true(starve_missing(starve, status, &fault) > 0);
		}
		starve->bytes += missing;
	}
}

#endif
