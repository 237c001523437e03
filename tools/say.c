/* SPDX-License-Identifier: BSD-2-Clause */
/* say.c: the one place where the command complains. */
#include "say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_BYTES 1024

void say(const char *format, ...)
{
	va_list list;

	fflush(stdout);
	fputs("smalt: ", stderr);
	va_start(list, format);
	vfprintf(stderr, format, list);
	va_end(list);
	fputc('\n', stderr);
}

int say_fault(const struct fault *fault)
{
	char line[LINE_BYTES];

	fault_text(fault, line, sizeof(line));
	say("%s", line);
	return EXIT_REFUSED;
}

enum status fault_file(struct fault *fault, const char *path, const char *action, int cause)
{
	fault_field(fault, ST_NOT_FOUND, action);
	fault_hint(fault, strerrordesc_np(cause));
	return fault_in(fault, span_of(path));
}
