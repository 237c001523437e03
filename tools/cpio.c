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

static void put(struct cpio *cpio, const void *bytes, uint64_t count)
{
	fwrite(bytes, 1, count, cpio->out);
	cpio->offset += count;
}

static void pad_to(struct cpio *cpio, uint64_t offset)
{
	static const uint8_t zeros[CPIO_PAGE];

	while (cpio->offset < offset)
		put(cpio, zeros, min_u64(offset - cpio->offset, sizeof(zeros)));
}

/* Fields in the format's order; everything that is not told is 0. */
static void put_header(struct cpio *cpio, uint32_t mode, uint64_t file_bytes, uint64_t name_bytes)
{
	cpio->offset += (uint64_t)fprintf(cpio->out,
		"070701%08x%08x%08x%08x%08x%08x%08" PRIx64 "%08x%08x%08x%08x%08" PRIx64 "%08x",
		++cpio->count, mode, 0, 0, 1, 0, file_bytes, 0, 0, 0, 0, name_bytes, 0);
}

static void put_plain(struct cpio *cpio, uint32_t mode, struct span name)
{
	put_header(cpio, mode, 0, name.bytes + 1);
	put(cpio, name.base, name.bytes);
	pad_to(cpio, align_up(cpio->offset + 1, 4));
}

/* Bytes of the name field for a header at offset. */
static uint64_t name_field(uint64_t offset, struct span name)
{
	uint64_t start = offset + HEADER_BYTES;

	return align_up(start + name.bytes + 1, CPIO_PAGE) - start;
}

void cpio_add(struct cpio *cpio, struct span name, struct span bytes)
{
	uint64_t field = name_field(cpio->offset, name);

	if (field > NAME_FIELD_LIMIT) {
		/* The root directory stands in every tree: it moves the header over the page's end. */
		put_plain(cpio, 040755, span_of("."));
		field = name_field(cpio->offset, name);
	}
	put_header(cpio, 0100644, bytes.bytes, field);
	put(cpio, name.base, name.bytes);
	pad_to(cpio, align_up(cpio->offset + 1, CPIO_PAGE));
	put(cpio, bytes.base, bytes.bytes);
	pad_to(cpio, align_up(cpio->offset, 4));
}

void cpio_end(struct cpio *cpio)
{
	put_plain(cpio, 0, span_of("TRAILER!!!"));
}
