/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * book.c: puts one thing behind the other into a region, each aligned to 8 bytes.
 */
#include "book.h"

#include "align.h"
#include "mem.h"

uint64_t book_reserve(struct book *book, uint64_t bytes)
{
	uint64_t start = align_up(book->at, 8);

	book->at = start + bytes;
	return start;
}

uint64_t book_put(struct book *book, const void *from, uint64_t bytes)
{
	uint64_t start = book_reserve(book, bytes);

	if (book->base && from && bytes)
		memcpy(book->base + start, from, bytes);
	return book->va + start;
}

uint64_t book_put_text(struct book *book, struct span text)
{
	uint64_t va = book_put(book, text.base, text.bytes);

	book->at++;
	return va;
}

uint64_t book_put_blob(struct book *book, struct span blob)
{
	return blob.bytes ? book_put(book, blob.base, blob.bytes) : 0;
}

struct smalt_array book_put_array(struct book *book, const void *from, uint32_t count,
                                  uint32_t entry_bytes)
{
	return (struct smalt_array){ book_put(book, from, (uint64_t)count * entry_bytes), count,
	                             entry_bytes };
}
