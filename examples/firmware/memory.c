/* SPDX-License-Identifier: 0BSD */
/*
 * memory.c: the four functions that the library calls. A firmware has its own, and faster ones.
 */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		((unsigned char *)to)[i] = ((const unsigned char *)from)[i];
	return to;
}

void *memmove(void *to, const void *from, size_t bytes)
{
	if ((unsigned char *)to <= (const unsigned char *)from)
		return memcpy(to, from, bytes);
	while (bytes-- > 0)
		((unsigned char *)to)[bytes] = ((const unsigned char *)from)[bytes];
	return to;
}

void *memset(void *to, int value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		((unsigned char *)to)[i] = (unsigned char)value;
	return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
	const unsigned char *x = a, *y = b;

	while (bytes > 0 && *x == *y)
		x++, y++, bytes--;
	return bytes > 0 ? *x - *y : 0;
}
