/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * option.h: reads a command line by a table of options.
 */
#ifndef OPTION_H
#define OPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "machine.h"

struct option {
	const char *name;        /* "--json", "-o" */
	const char *value;       /* what it takes, in the manual's words; NULL: nothing */
};

/* Indices of the table, or: */
enum { OPTION_END = -1, OPTION_WORD = -2, OPTION_WRONG = -3 };

struct options {
	const struct option *table;      /* ends with a NULL name */
	char **words;
	int count, at;
	bool words_only;         /* -- stood before */
	const char *value;       /* of the option, or the word itself */
};

struct options options_begin(const struct option *table, int count, char **words);

/*
 * The index of the next option, OPTION_WORD, or OPTION_END. `--name=value` is
 * `--name value`; behind `--` all are words. OPTION_WRONG: it said what is wrong.
 */
int options_next(struct options *options);

/* The values of --machine and --ram. False: it said what is wrong. */
bool option_machine(const char *value, const struct machine **machine);
bool option_ram(const char *value, uint64_t *bytes);

#endif
