/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.c: how a loader ends that contradicts itself. The way to the console
 * uses no format code and no memory, and nothing on it can fail a CHECK again.
 */
#include "check.h"

#include <smalt/exit.h>

#include "arch.h"
#include "log.h"

static void print_number(unsigned number)
{
	char digits[sizeof number * 3 + 1];
	char *first = digits + sizeof digits - 1;

	*first = '\0';
	do {
		*--first = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	log_text(first);
}

_Noreturn void check_failed(const char *file, unsigned line, const char *what)
{
	log_text("smalt: ");
	log_text(file);
	log_text(":");
	print_number(line);
	log_text(": ");
	log_text(what);
	log_text(": this is a defect of Smalt, please report it\n");
	arch_exit(SMALT_EXIT_REFUSED);
}
