/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fmt.h: text into a buffer: the few conversions that Smalt prints.
 *
 * %s NUL-terminated string   %S struct span * of characters   %c character
 * %u uint32_t decimal        %U uint64_t decimal
 * %x uint32_t hexadecimal    %X uint64_t hexadecimal, both lower case without 0x
 * A number before x, X, u, U pads with zeros, before s, S with blanks on the right. %% is %.
 */
#ifndef FMT_H
#define FMT_H

#include <stdarg.h>
#include <stdint.h>

/* A NUL-terminated text under construction: what does not fit is dropped. */
struct text {
	char *base;
	uint32_t capacity;       /* > 0, with the NUL */
	uint32_t length;         /* < capacity, without the NUL */
};

void fmt_char(struct text *text, char c);
void fmt(struct text *text, const char *format, ...);
void fmt_list(struct text *text, const char *format, va_list list);

#endif
