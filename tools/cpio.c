/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpio.c: {header, name, data}, each padded to 4 bytes (cpio(5), "New ASCII Format").
 *
 * The name is padded with NULs to the end of its page, so that the data begins on
 * the next one; the next header stands right behind the data, as readers expect.
 * Everything that varies between two runs (inodes, owners, times) is fixed.
 */
#include "cpio.h"

#include <inttypes.h>

#include "align.h"

#define HEADER_BYTES 110
#define NAME_FIELD_LIMIT 4096    /* Linux skips entries with longer names (PATH_MAX) */

/* Returns the offset behind. */
static uint64_t put(struct cpio *cpio, struct span bytes)
{
	if (bytes.bytes > 0)
		fwrite(bytes.base, 1, bytes.bytes, cpio->out);
	cpio->offset += bytes.bytes;
	return cpio->offset;
}

static void pad_to(struct cpio *cpio, uint64_t offset)
{
	static const uint8_t zeros[CPIO_PAGE];

	while (cpio->offset < offset)
		put(cpio, (struct span){ zeros, min_u64(offset - cpio->offset, sizeof(zeros)) });
}

/* Fields in the format's order; everything that is not told is 0. */
static void put_header(struct cpio *cpio, uint32_t mode, uint64_t file_bytes, uint64_t name_bytes)
{
	cpio->offset += (uint64_t)fprintf(cpio->out,
		"070701%08x%08x%08x%08x%08x%08x%08" PRIx64 "%08x%08x%08x%08x%08" PRIx64 "%08x",
		++cpio->count, mode, 0, 0, 1, 0, file_bytes, 0, 0, 0, 0, name_bytes, 0);
}

/* Bytes of the name field of a header at offset, for a name that is padded to a multiple of align. */
static uint64_t name_field(uint64_t offset, struct span name, uint64_t align)
{
	uint64_t start = offset + HEADER_BYTES;

	return align_up(start + name.bytes + 1, align) - start;
}

static void put_entry(struct cpio *cpio, uint32_t mode, struct span name, struct span bytes,
                      uint64_t align)
{
	uint64_t field = name_field(cpio->offset, name, align);

	put_header(cpio, mode, bytes.bytes, field);
	pad_to(cpio, align_up(put(cpio, name) + field - name.bytes, 4));
	pad_to(cpio, align_up(put(cpio, bytes), 4));
}

/* Where the data of a file of this name begins, in the next entry. */
static uint64_t data_offset(const struct cpio *cpio, struct span name)
{
	return cpio->offset + HEADER_BYTES + name_field(cpio->offset, name, CPIO_PAGE);
}

void cpio_add(struct cpio *cpio, struct span name, struct span bytes, uint64_t phase)
{
	struct span none = { NULL, 0 };

	/* The root stands in every tree; padded, it moves the next header to a page. */
	while (name_field(cpio->offset, name, CPIO_PAGE) > NAME_FIELD_LIMIT ||
	       (phase != CPIO_ANYWHERE && (data_offset(cpio, name) - phase) % CPIO_CHUNK != 0))
		put_entry(cpio, 040755, span_of("."), none, CPIO_PAGE);
	put_entry(cpio, 0100644, name, bytes, CPIO_PAGE);
}

void cpio_end(struct cpio *cpio)
{
	/* libarchive knows it by a name field of exactly 11 bytes. */
	put_entry(cpio, 0, span_of("TRAILER!!!"), (struct span){ NULL, 0 }, 1);
}
