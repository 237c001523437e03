/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reports.h: what smalt check found out about one file, or about a file in an archive.
 */
#ifndef REPORTS_H
#define REPORTS_H

#include <stdio.h>

#include "hints.h"
#include "problems.h"

struct report {
	char *name;                  /* FILE, or FILE:NAME in an archive */
	const struct machine *machine;   /* NULL: of no machine */
	uint32_t role, format;       /* SMALT_ROLE_*, SMALT_FORMAT_* */
	bool movable;
	struct problems problems;
	bool planned;                /* what follows is known; only without problems */
	struct hint_pages pages;
	struct hint hints[HINTS_MOST];
	uint32_t hint_count;
};

struct reports {
	struct report *list;
	uint32_t count, capacity;
};

/* An empty one at the end of the list, valid until the next; takes name, which malloc() gave. */
struct report *reports_add(struct reports *reports, char *name);

struct report_request {
	const struct machine *machine;   /* NULL: the file's own */
	uint64_t ram_bytes;
};

/* Appends the reports of path: of the file, or of the kernels and modules of a boot archive. */
void reports_of_file(struct reports *reports, const char *path, const struct report_request *request);

/* All of them as JSON, keys as docs/check.md says. False if out could not be written. */
bool reports_json(const struct reports *reports, FILE *out);

void reports_free(struct reports *reports);

#endif
