/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * str.c: the string functions of ISO C 7.24 and 7.22 that libfdt calls; for
 * loaders only. Our own code has spans instead.
 */
#include <limits.h>
#include <stdint.h>

#define NO_BUILTIN __attribute__((no_builtin))

/* Only libfdt's objects call these, so no header of ours declares them. */
void *memchr(const void *s, int c, __SIZE_TYPE__ bytes);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
__SIZE_TYPE__ strlen(const char *s);
__SIZE_TYPE__ strnlen(const char *s, __SIZE_TYPE__ limit);
unsigned long strtoul(const char *s, char **end, int base);

/* ISO C gives back without const what it took with const. */
static char *unconst(const void *p)
{
	return (char *)(uintptr_t)p;
}

NO_BUILTIN void *memchr(const void *s, int c, __SIZE_TYPE__ bytes)
{
	const uint8_t *p = s;

	for (; bytes > 0; bytes--, p++) {
		if (*p == (uint8_t)c)
			return unconst(p);
	}
	return 0;
}

NO_BUILTIN char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return unconst(s);
		if (*s == '\0')
			return 0;
	}
}

NO_BUILTIN char *strrchr(const char *s, int c)
{
	const char *last = 0;

	for (;; s++) {
		if (*s == (char)c)
			last = s;
		if (*s == '\0')
			return unconst(last);
	}
}

NO_BUILTIN __SIZE_TYPE__ strlen(const char *s)
{
	__SIZE_TYPE__ count = 0;

	while (s[count] != '\0')
		count++;
	return count;
}

NO_BUILTIN __SIZE_TYPE__ strnlen(const char *s, __SIZE_TYPE__ limit)
{
	__SIZE_TYPE__ count = 0;

	while (count < limit && s[count] != '\0')
		count++;
	return count;
}

/* 36 for what is no digit in any base. */
static unsigned long digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned long)(c - '0');
	if (c >= 'a' && c <= 'z')
		return (unsigned long)(c - 'a' + 10);
	if (c >= 'A' && c <= 'Z')
		return (unsigned long)(c - 'A' + 10);
	return 36;
}

static int hexadecimal(const char *s)
{
	return s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && digit(s[2]) < 16;
}

NO_BUILTIN unsigned long strtoul(const char *s, char **end, int base)
{
	const char *start = s;
	unsigned long number = 0, radix;
	int negative, overflow = 0, digits = 0;

	while (*s == ' ' || (*s >= '\t' && *s <= '\r'))
		s++;
	negative = *s == '-';
	s += *s == '-' || *s == '+';
	if ((base == 0 || base == 16) && hexadecimal(s)) {
		s += 2;
		base = 16;
	}
	radix = base != 0 ? (unsigned long)base : *s == '0' ? 8 : 10;
	for (; digit(*s) < radix; s++, digits = 1) {
		overflow |= number > (ULONG_MAX - digit(*s)) / radix;
		number = number * radix + digit(*s);
	}
	if (end)
		*end = unconst(digits ? s : start);
	return overflow ? ULONG_MAX : negative ? -number : number;
}
