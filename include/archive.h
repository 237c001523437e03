/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * archive.h: the boot archive: a cpio archive in the newc format (cpio(5), "New
 * ASCII Format"), read where it lies.
 */
#ifndef ARCHIVE_H
#define ARCHIVE_H

#include "arena.h"
#include "span.h"
#include "status.h"

struct archive_file {
	struct span name;        /* without leading "./" and "/", without padding */
	struct span bytes;
};

/* Regular files only, in the archive's order. */
struct archive {
	struct archive_file *files;
	uint32_t *order;         /* of their names, for archive_find() */
	uint32_t file_count;
};

/* Does it begin as an archive does? */
bool archive_is(struct span bytes);

/*
 * Reads every header up to the trailer. Names and contents stay in bytes; the
 * list comes from arena. name is for the fault. ST_BAD_ARCHIVE with the offset
 * of the header, ST_TRUNCATED, ST_NO_MEMORY.
 */
MUST_CHECK enum status archive_read(struct archive *archive, struct span name, struct span bytes,
                                    struct arena *arena, struct fault *fault);

/* The first file of this name (leading "./" and "/" do not count), or NULL. O(log n). */
const struct archive_file *archive_find(const struct archive *archive, struct span name);

#endif
