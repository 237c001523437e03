/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz.h: what every target needs: numbers out of the input, an arena that may be too small, and
 * promises, which are checked whatever the input is.
 *
 * A target reads its choices from the front of the input; behind them lies the
 * file or text, whose end is the end of the input's own memory: the sanitizer sees one byte more.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sanitizer/asan_interface.h>

#include "arena.h"
#include "mem.h"
#include "span.h"
#include "status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

_Noreturn static inline void promise_broken_at(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: not true: %s\n", file, line, what);
	abort();
}

#define PROMISE(x) ((x) ? (void)0 : promise_broken_at(__FILE__, __LINE__, #x))

/* The unit tests' makers say it in cmocka's words: where those are not the real ones, these are theirs. */
#ifndef assert_true
#define assert_true(x)               PROMISE(x)
#define assert_null(x)               PROMISE((x) == NULL)
#define assert_non_null(x)           PROMISE((x) != NULL)
#define assert_int_equal(a, b)       PROMISE((uint64_t)(a) == (uint64_t)(b))
#define assert_ptr_equal(a, b)       PROMISE((a) == (b))
#define assert_string_equal(a, b)    PROMISE(strcmp(a, b) == 0)
#define assert_memory_equal(a, b, n) PROMISE(memcmp(a, b, n) == 0)
#endif

struct input {
	const uint8_t *at;
	size_t left;
};

/* Little endian; behind the end of the input come zeros. */
static inline uint64_t take(struct input *in, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes && in->left > 0; i++, in->at++, in->left--)
		value |= (uint64_t)*in->at << 8 * i;
	return value;
}

/* Three bytes for numbers of every size: small ones, those near 2^n, those near 2^64. */
static inline uint64_t take_wild(struct input *in)
{
	uint8_t how = (uint8_t)take(in, 1);
	uint64_t value = take(in, 2) << (how & 63);

	return how & 64 ? -value : how & 128 ? value - 1 : value;
}

static inline struct span take_span(struct input *in, uint64_t bytes)
{
	struct span part = { in->at, bytes < in->left ? bytes : in->left };

	in->at += part.bytes;
	in->left -= part.bytes;
	return part;
}

static inline struct span take_rest(struct input *in)
{
	return take_span(in, in->left);
}

#define FUZZ_ARENA (1u << 20)

/* Mostly large enough; the two bytes before it can make every allocation the one that fails. */
static inline struct arena take_arena(struct input *in)
{
	static uint8_t memory[FUZZ_ARENA] __attribute__((aligned(4096)));
	uint64_t bytes = take(in, 2);

	bytes = bytes == 0 || bytes > 0x8000 ? FUZZ_ARENA : bytes;
	__asan_unpoison_memory_region(memory, FUZZ_ARENA);
	memset(memory, 0xaa, 4096);
	__asan_poison_memory_region(memory + bytes, FUZZ_ARENA - bytes);
	return (struct arena){ memory, bytes, 0 };
}

/* A failure has its fault, and the fault is one line. Returns whether there is none. */
static inline bool fine(enum status status, const struct fault *fault)
{
	char text[1024];

	PROMISE(status < STATUS_COUNT);
	if (status == ST_OK)
		return true;
	PROMISE(fault->status == status && fault->field != NULL);
	fault_text(fault, text, sizeof text);
	PROMISE(strlen(text) > 0 && strlen(text) < sizeof text - 1);
	for (const char *c = text; *c != '\0'; c++)
		PROMISE((unsigned char)*c >= ' ');
	return false;
}

#endif
