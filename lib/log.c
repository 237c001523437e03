/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.c: the console. Nothing is printed twice and nothing before log_open().
 */
#include "log.h"

#include <stddef.h>

#include "arch.h"
#include "fmt.h"

enum { LINE_CHARACTERS = 512, FAULT_CHARACTERS = 480 };

static struct {
	uint32_t kind;
	uint64_t address;
	log_sink put;            /* NULL: to the serial port itself */
} console;                       /* SMALT_SERIAL_NONE is 0: closed */

_Static_assert(SMALT_SERIAL_NONE == 0, "a zeroed console is closed");

void log_open(uint32_t kind, uint64_t address)
{
	console.kind = kind;
	console.address = address;
}

log_sink log_to(log_sink put)
{
	log_sink before = console.put;

	console.put = put;
	return before;
}

void log_text(const char *text)
{
	if (console.put != NULL)
		console.put(text);
	else
		log_serial(text);
}

void log_serial(const char *text)
{
	if (console.kind == SMALT_SERIAL_NONE)
		return;
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			arch_put(console.kind, console.address, '\r');
		arch_put(console.kind, console.address, *text);
	}
}

void log_print(const char *format, ...)
{
	char characters[LINE_CHARACTERS];
	struct text line = { characters, sizeof characters, 0 };
	va_list list;

	va_start(list, format);
	fmt_list(&line, format, list);
	va_end(list);
	log_text(characters);
}

void log_fault(const struct fault *fault)
{
	char line[FAULT_CHARACTERS];

	fault_text(fault, line, sizeof line);
	log_print("smalt: %s\n", line);
}
