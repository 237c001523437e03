/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * book.h: a region that is described twice: without memory behind it, to measure,
 * and with it, to write. Zero where nothing is put.
 */
#ifndef BOOK_H
#define BOOK_H

#include <smalt/handoff.h>

#include "span.h"

/* `at` grows; base is NULL while measuring. */
struct book {
	uint8_t *base;
	uint64_t va;
	uint64_t at;
};

/* Reserves aligned bytes and returns their offset. */
uint64_t book_reserve(struct book *book, uint64_t bytes);

/* The same with contents; all return the va. Without from the region stays as it is. */
uint64_t book_put(struct book *book, const void *from, uint64_t bytes);

/* With a NUL behind it. */
uint64_t book_put_text(struct book *book, struct span text);

/* 0 if it has no bytes. */
uint64_t book_put_blob(struct book *book, struct span blob);

struct smalt_array book_put_array(struct book *book, const void *from, uint32_t count,
                                  uint32_t entry_bytes);

#endif
