/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outfile.h: a file that is written beside its name and renamed in the end.
 *
 * What had the name before survives every failure.
 */
#ifndef OUTFILE_H
#define OUTFILE_H

#include <stdio.h>

#include "status.h"

struct outfile {
	const char *name;
	char path[4096];         /* where it is until it is whole */
	FILE *stream;
};

/* The name is used until the end. Failures are the system's, with its reason. */
MUST_CHECK enum status outfile_open(struct outfile *out, const char *name, struct fault *fault);

/*
 * Gives the file its name if all that was written to the stream went well, status included:
 * else removes it. Returns status, or what failed here.
 */
MUST_CHECK enum status outfile_close(struct outfile *out, enum status status, struct fault *fault);

#endif
