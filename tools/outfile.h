/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outfile.h: a file that is written beside its name and renamed in the end.
 *
 * What had the name before survives every failure.
 */
#ifndef OUTFILE_H
#define OUTFILE_H

#include <stdbool.h>
#include <stdio.h>

struct outfile {
	const char *name;
	char path[4096];         /* where it is until it is whole */
	FILE *stream;
};

/* The name is used until the end. False: it said why. */
bool outfile_open(struct outfile *out, const char *name);

/*
 * Gives the file its name if it is good, and all that went to the stream was written; else
 * removes it. False if it was not good, or it said why.
 */
bool outfile_close(struct outfile *out, bool good);

#endif
