/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * archive_maker.h: cpio archives for tests of whole boots (cpio(5), "New ASCII Format"): shares nothing with
 * boot/archive.c.
 */
#ifndef ARCHIVE_MAKER_H
#define ARCHIVE_MAKER_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static char archive_file[0x20000];
static uint64_t archive_bytes;

static inline void archive_begin(void)
{
	memset(archive_file, 0, sizeof archive_file);
	archive_bytes = 0;
}

static inline void archive_put(const char *name, const void *bytes, uint64_t count)
{
	/* magic ino mode, uid gid nlink mtime, filesize, the devices, namesize check */
	archive_bytes += (uint64_t)sprintf(archive_file + archive_bytes, "070701%08X%08X%032d%08X%032d%08X%08X", 0,
	                                   0x81a4, 0, (unsigned)count, 0, (unsigned)strlen(name) + 1, 0);
	memcpy(archive_file + archive_bytes, name, strlen(name) + 1);
	archive_bytes = (archive_bytes + strlen(name) + 1 + 3) & ~3ull;
	memcpy(archive_file + archive_bytes, bytes, count);
	archive_bytes = (archive_bytes + count + 3) & ~3ull;
}

static inline void archive_end(void)
{
	archive_put("TRAILER!!!", "", 0);
}

#endif
