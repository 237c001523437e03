/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cpio.h: writes an archive in the newc format (cpio(5)) whose files can be used
 * where they lie: the data of each begins on a page.
 */
#ifndef CPIO_H
#define CPIO_H

#include <stdio.h>

#include "span.h"

#define CPIO_PAGE 4096
#define CPIO_NAME_LIMIT 255          /* bytes of a name */
#define CPIO_FILE_LIMIT UINT32_MAX   /* bytes of a file: eight digits */

struct cpio {
	FILE *out;               /* errors are found by ferror() in the end */
	uint64_t offset;
	uint32_t count;          /* entries so far: the next one's inode */
};

#define CPIO_ANYWHERE UINT64_MAX

/*
 * name within CPIO_NAME_LIMIT, bytes within CPIO_FILE_LIMIT. The same calls give the same archive.
 * phase, a multiple of CPIO_PAGE: the data begins there modulo CPIO_CHUNK.
 */
#define CPIO_CHUNK (64u << 10)
void cpio_add(struct cpio *cpio, struct span name, struct span bytes, uint64_t phase);

/* Without it the archive is not complete. */
void cpio_end(struct cpio *cpio);

#endif
