/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mem.c: the functions that a C compiler calls by itself; for loaders only.
 *
 * Eight bytes a step where the addresses allow it. No string instructions: under
 * an emulator rep movsb costs ten times as much as this. no_builtin keeps the
 * compiler from seeing a memcpy() in the body of memcpy().
 */
#include "mem.h"

#include <stdint.h>

#define NO_BUILTIN __attribute__((no_builtin))

typedef uint64_t __attribute__((may_alias)) word;   /* any object may be read by words */

enum { WORD = sizeof(word), TURN = 8 * WORD };      /* bytes of one turn of the long loops */

/* Bytes until to stands on a word; all of them if from never stands on one at the same time. */
static __SIZE_TYPE__ head_bytes(const void *to, const void *from, __SIZE_TYPE__ bytes)
{
	__SIZE_TYPE__ head = -(uintptr_t)to & (WORD - 1);

	if ((((uintptr_t)to ^ (uintptr_t)from) & (WORD - 1)) != 0)
		return bytes;
	return head < bytes ? head : bytes;
}

/* A copy from the first byte to the last: right also if to lies before from. */
NO_BUILTIN static void copy_up(uint8_t *to, const uint8_t *from, __SIZE_TYPE__ bytes)
{
	__SIZE_TYPE__ head = head_bytes(to, from, bytes);

	bytes -= head;
	for (; head > 0; head--)
		*to++ = *from++;
	for (; bytes >= TURN; bytes -= TURN, to += TURN, from += TURN) {
		word *t = (word *)(void *)to;
		const word *f = (const word *)(const void *)from;

		t[0] = f[0], t[1] = f[1], t[2] = f[2], t[3] = f[3];
		t[4] = f[4], t[5] = f[5], t[6] = f[6], t[7] = f[7];
	}
	for (; bytes >= WORD; bytes -= WORD, to += WORD, from += WORD)
		*(word *)(void *)to = *(const word *)(const void *)from;
	for (; bytes > 0; bytes--)
		*to++ = *from++;
}

/* From the last byte to the first: right also if to lies behind from. */
NO_BUILTIN static void copy_down(uint8_t *to, const uint8_t *from, __SIZE_TYPE__ bytes)
{
	__SIZE_TYPE__ head = head_bytes(to, from, bytes);
	__SIZE_TYPE__ words_end = head + ((bytes - head) & -(__SIZE_TYPE__)WORD);

	for (; bytes > words_end; bytes--)
		to[bytes - 1] = from[bytes - 1];
	for (; bytes >= head + TURN; bytes -= TURN) {
		word *t = (word *)(void *)(to + bytes - TURN);
		const word *f = (const word *)(const void *)(from + bytes - TURN);

		t[7] = f[7], t[6] = f[6], t[5] = f[5], t[4] = f[4];
		t[3] = f[3], t[2] = f[2], t[1] = f[1], t[0] = f[0];
	}
	for (; bytes > head; bytes -= WORD)
		*(word *)(void *)(to + bytes - WORD) = *(const word *)(const void *)(from + bytes - WORD);
	for (; bytes > 0; bytes--)
		to[bytes - 1] = from[bytes - 1];
}

NO_BUILTIN void *memcpy(void *to, const void *from, __SIZE_TYPE__ bytes)
{
	copy_up(to, from, bytes);
	return to;
}

NO_BUILTIN void *memmove(void *to, const void *from, __SIZE_TYPE__ bytes)
{
	if ((uintptr_t)to - (uintptr_t)from < bytes)
		copy_down(to, from, bytes);
	else
		copy_up(to, from, bytes);
	return to;
}

NO_BUILTIN void *memset(void *to, int byte, __SIZE_TYPE__ bytes)
{
	uint8_t *next = to;
	word pattern = (uint8_t)byte * 0x0101010101010101u;
	__SIZE_TYPE__ head = head_bytes(to, to, bytes);

	bytes -= head;
	for (; head > 0; head--)
		*next++ = (uint8_t)byte;
	for (; bytes >= TURN; bytes -= TURN, next += TURN) {
		word *t = (word *)(void *)next;

		t[0] = t[1] = t[2] = t[3] = pattern;
		t[4] = t[5] = t[6] = t[7] = pattern;
	}
	for (; bytes >= WORD; bytes -= WORD, next += WORD)
		*(word *)(void *)next = pattern;
	for (; bytes > 0; bytes--)
		*next++ = (uint8_t)byte;
	return to;
}

NO_BUILTIN int memcmp(const void *a, const void *b, __SIZE_TYPE__ bytes)
{
	const uint8_t *x = a, *y = b;

	for (; bytes > 0; bytes--, x++, y++) {
		if (*x != *y)
			return *x < *y ? -1 : 1;
	}
	return 0;
}
