/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * problems.h: everything that is wrong with one file, found by the loader's own checks with a
 * sink that wants all of it.
 */
#ifndef PROBLEMS_H
#define PROBLEMS_H

#include "object.h"

struct problems {
	struct sink sink;            /* first: it is told as one */
	struct fault *faults;        /* in the order of the checks */
	uint32_t count, capacity;
};

/* What reading found out, as far as it got. */
struct problems_object {
	const struct machine *machine;   /* NULL: the file is for none of ours, or says nothing */
	uint32_t format;                 /* SMALT_FORMAT_* */
	enum object_kind kind;
	bool is_kernel;                  /* its entry is in an executable segment */
};

/*
 * Reads, relocates and places the file as a boot would, apart from the rest of one. machine: it must
 * be for this one; NULL: any. The faults name the object; what they say lies in name and bytes.
 */
void problems_find(struct problems *problems, struct span name, struct span bytes,
                   const struct machine *machine, struct problems_object *found);

/* One more, that somebody else found. */
void problems_add(struct problems *problems, const struct fault *fault);

void problems_free(struct problems *problems);

#endif
