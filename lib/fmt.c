/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fmt.c: text into a buffer. The buffer is NUL-terminated after every call and
 * never written behind its capacity, whatever is printed.
 */
#include "fmt.h"

#include "check.h"
#include "span.h"

enum { DIGITS = 20 };            /* of UINT64_MAX in decimal */

void fmt_char(struct text *text, char c)
{
	if (text->length + 1 < text->capacity)
		text->base[text->length++] = c;
	text->base[text->length] = '\0';
}

static void put_number(struct text *text, uint64_t number, unsigned base, uint32_t width)
{
	char digits[DIGITS];
	uint32_t count = 0;

	do {
		digits[count++] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number != 0);
	for (; width > count; width--)
		fmt_char(text, '0');
	while (count > 0)
		fmt_char(text, digits[--count]);
}

static void put_span(struct text *text, struct span s, uint32_t width)
{
	for (uint64_t i = 0; i < s.bytes; i++)
		fmt_char(text, (char)s.base[i]);
	for (uint64_t i = s.bytes; i < width; i++)
		fmt_char(text, ' ');
}

static void put(struct text *text, char conversion, uint32_t width, va_list *list)
{
	switch (conversion) {
	case 's':
		put_span(text, span_of(va_arg(*list, const char *)), width);
		break;
	case 'S':
		put_span(text, *va_arg(*list, const struct span *), width);
		break;
	case 'c':
		fmt_char(text, (char)va_arg(*list, int));
		break;
	case 'u':
		put_number(text, va_arg(*list, uint32_t), 10, width);
		break;
	case 'U':
		put_number(text, va_arg(*list, uint64_t), 10, width);
		break;
	case 'x':
		put_number(text, va_arg(*list, uint32_t), 16, width);
		break;
	case 'X':
		put_number(text, va_arg(*list, uint64_t), 16, width);
		break;
	default:
		CHECK(conversion == '%');
		fmt_char(text, '%');
	}
}

void fmt_list(struct text *text, const char *format, va_list list)
{
	va_list rest;            /* its address has the same type on every machine, a parameter's has not */

	va_copy(rest, list);
	text->base[text->length] = '\0';
	for (; *format != '\0'; format++) {
		uint32_t width = 0;

		if (*format != '%') {
			fmt_char(text, *format);
			continue;
		}
		for (format++; *format >= '0' && *format <= '9'; format++)
			width = width * 10 + (uint32_t)(*format - '0');
		put(text, *format, width, &rest);
	}
	va_end(rest);
}

void fmt(struct text *text, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	fmt_list(text, format, list);
	va_end(list);
}
