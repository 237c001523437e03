/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * job.h: what smalt run is to do, from its command line.
 */
#ifndef JOB_H
#define JOB_H

#include "bundle.h"
#include "guest.h"
#include "loaders.h"
#include "volume.h"

struct job {
	struct guest_request guest;
	struct rules rules;
	const char *words[BUNDLE_FILES];     /* the file, then modules */
	uint32_t word_count;
	bool is_uefi;
	const char *firmware;                /* NULL: where Debian has it */

	/* What run makes of it. */
	char loader[LOADERS_PATH_BYTES];
	char demo[LOADERS_PATH_BYTES];
	struct input file;                   /* of one word, or the archive of several */
	bool is_archive;                     /* that the user made */
	struct bundle bundle;                /* of several words; for UEFI also of a kernel alone */
	struct volume volume;
};

/* False: it said what is wrong. */
bool job_read(struct job *job, int count, char **words);

#endif
