/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * content.c: brings pieces of a file into memory, each byte once if it is asked for
 * in whole chunks.
 */
#include "content.h"

#include <stddef.h>

#include "align.h"
#include "check.h"

/*
 * What is read at once: headers and notes stand together at the beginning, and a call of a
 * firmware costs more than some thousand bytes. Destinations keep their place in a page.
 */
enum { PAGE = 4096, CHUNK = 16 << 10 };

struct content content_of(struct span bytes, uint64_t pa)
{
	return (struct content){ .bytes = bytes, .pa = pa };
}

static const struct content_piece *find(const struct content *content, uint64_t file_offset,
                                        uint64_t bytes)
{
	const struct content_piece *piece = content->pieces;

	while (piece != NULL && !(file_offset >= piece->file_offset &&
	                          range_fits(file_offset - piece->file_offset, bytes, piece->bytes.bytes)))
		piece = piece->next;
	return piece;
}

/* Whole chunks around what is asked for, as far as the file has them. */
static enum status bring(struct content *content, uint64_t file_offset, uint64_t bytes,
                         struct fault *fault)
{
	uint64_t from = align_down(file_offset, CHUNK), end = content->bytes.bytes;
	struct content_piece *piece;
	uint8_t *to;

	if (align_fits(file_offset + bytes, CHUNK))
		end = min_u64(end, align_up(file_offset + bytes, CHUNK));
	piece = arena_take(content->arena, 1, sizeof *piece, "piece of a file", fault);
	to = arena_pages(content->arena, end - from, PAGE, "piece of a file", fault);
	if (piece == NULL || to == NULL || content->read(content, from, to, end - from, fault) != ST_OK)
		return fault->status;
	*piece = (struct content_piece){ content->pieces, from, { to, end - from } };
	content->pieces = piece;
	return ST_OK;
}

enum status content_get(struct content *content, uint64_t file_offset, uint64_t bytes,
                        struct span *part, struct fault *fault)
{
	const struct content_piece *piece;

	CHECK(range_fits(file_offset, bytes, content->bytes.bytes));
	if (content->bytes.base != NULL || bytes == 0) {
		*part = (struct span){ content->bytes.base, 0 };
		if (bytes != 0)
			*part = (struct span){ content->bytes.base + file_offset, bytes };
		return ST_OK;
	}
	piece = find(content, file_offset, bytes);
	if (piece == NULL && bring(content, file_offset, bytes, fault) != ST_OK)
		return fault->status;
	piece = find(content, file_offset, bytes);
	*part = (struct span){ piece->bytes.base + (file_offset - piece->file_offset), bytes };
	return ST_OK;
}
