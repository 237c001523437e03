/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * say.h: the one line on stderr that every failure of the command ends with.
 */
#ifndef SAY_H
#define SAY_H

#include "status.h"

/* What main() returns (design.md, section 5). run has statuses of its own. */
enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

/* "smalt: " and one line, as printf() writes it. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with the line of fault_text(); returns EXIT_REFUSED. */
int say_fault(const struct fault *fault);

/* A fault about a file of the host: cause is an errno. */
enum status fault_file(struct fault *fault, const char *path, const char *action, int cause);

#endif
