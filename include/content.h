/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * content.h: the bytes of a file: all in memory, or read piece by piece when
 * somebody looks at them, so that a file's headers are known before it is decided
 * where its segments are read to.
 */
#ifndef CONTENT_H
#define CONTENT_H

#include "arena.h"
#include "span.h"

#define CONTENT_NOWHERE UINT64_MAX   /* pa of bytes that are not in physical memory */

/* Bytes that were read: they stay as long as the arena does. */
struct content_piece {
	struct content_piece *next;
	uint64_t file_offset;
	struct span bytes;
};

struct content {
	struct span bytes;           /* of the whole file; base NULL: not in memory */
	uint64_t pa;                 /* where bytes.base[0] lies, or CONTENT_NOWHERE */
	/* Only if bytes.base is NULL: */
	enum status (*read)(const struct content *content, uint64_t file_offset, void *to,
	                    uint64_t bytes, struct fault *fault);
	const void *reader;          /* read()'s own business: */
	const void *file;
	struct arena *arena;         /* of the pieces */
	struct content_piece *pieces;
};

/* A file that is in memory as a whole. */
struct content content_of(struct span bytes, uint64_t pa);

/*
 * The bytes [file_offset, file_offset + bytes), which must lie in the file, in one piece. Fails only if they
 * must be read: ST_NO_MEMORY, and what read() returns.
 */
MUST_CHECK enum status content_get(struct content *content, uint64_t file_offset, uint64_t bytes,
                                   struct span *part, struct fault *fault);

#endif
