/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bundle.h: a kernel and modules, as words of a command line, become a boot archive.
 *
 *     KERNEL = [ NAME "=" ] FILE
 *     MODULE = [ NAME "=" ] FILE { "," KEY "=" VALUE }     args= takes all of the rest
 *
 * NAME is the file's name in the archive, else the last part of its path. KEYs
 * are the options of a module in smalt.conf (docs/config.md), which knows them.
 */
#ifndef BUNDLE_H
#define BUNDLE_H

#include <stdio.h>

#include "input.h"

#define BUNDLE_FILES 64

struct bundle_file {
	struct span name;        /* in the archive */
	struct span options;     /* as on the command line, without the first comma */
	struct input input;
};

struct bundle {
	struct bundle_file files[BUNDLE_FILES];   /* [0] is the kernel */
	uint32_t count;
};

/* Opens the file of word, which must outlive bundle. ST_NOT_FOUND, ST_INVALID. */
MUST_CHECK enum status bundle_add(struct bundle *bundle, const char *word, struct fault *fault);

/* The same for a path as it is: what stands in it means nothing. */
MUST_CHECK enum status bundle_add_path(struct bundle *bundle, const char *path, struct fault *fault);

/* The generated smalt.conf, checked, which the caller frees. */
MUST_CHECK enum status bundle_conf(const struct bundle *bundle, char **text, struct span *conf,
                                   struct fault *fault);

/*
 * Writes the archive: smalt.conf, which is generated if conf is NULL, then the files.
 * Errors of out are the caller's to find.
 */
MUST_CHECK enum status bundle_write(const struct bundle *bundle, const struct span *conf, FILE *out,
                                    struct fault *fault);

/* The same with a generated smalt.conf, in memory: a descriptor of its own, -1 with fault set. */
int bundle_in_memory(const struct bundle *bundle, struct fault *fault);

void bundle_close(struct bundle *bundle);

#endif
