/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * volume.h: a folder of links to open files, which QEMU shows to a guest as a disk.
 *
 * QEMU's driver vvfat makes a FAT16 partition of a folder and follows links while
 * the guest reads: nothing is copied that is a file already, and what is not lies
 * in memory (memfd). The folder vanishes with the command, however that ends.
 */
#ifndef VOLUME_H
#define VOLUME_H

#include <stdint.h>
#include <sys/types.h>

#include "status.h"

#define VOLUME_FILES 512
#define VOLUME_PATH_BYTES 512
#define VOLUME_BYTES (500ull << 20)      /* vvfat has 504 MiB with its own tables */

struct volume {
	char path[VOLUME_PATH_BYTES];
	int folder_fd;                   /* QEMU inherits it, and: */
	int fds[VOLUME_FILES];           /* where the links lead */
	uint32_t count;
	uint64_t bytes;
	pid_t keeper;                    /* 0: there is no folder */
	int keeper_fd;
};

/* An empty volume in $TMPDIR or /tmp. ST_NOT_FOUND with the system's reason. */
MUST_CHECK enum status volume_open(struct volume *volume, struct fault *fault);

/* A file in memory with a copy of bytes; -1: errno says why not. */
int volume_memory(struct span bytes);

/*
 * Links name, parts of which are divided by slashes, to the file behind fd, which is the volume's
 * from then on; -1 fails with errno. Of two files with one name the first stays, as archive_find()
 * has it. ST_INVALID: a name or a size that a volume cannot have.
 */
MUST_CHECK enum status volume_add(struct volume *volume, struct span name, int fd,
                                  struct fault *fault);

/* Behind it nothing is left; also after a failure of volume_open(), or before it of zeros. */
void volume_close(struct volume *volume);

#endif
