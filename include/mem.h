/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mem.h: the four functions that a C compiler calls by itself.
 */
#ifndef MEM_H
#define MEM_H


void *memcpy(void *to, const void *from, __SIZE_TYPE__ bytes);
void *memmove(void *to, const void *from, __SIZE_TYPE__ bytes);
void *memset(void *to, int byte, __SIZE_TYPE__ bytes);
int memcmp(const void *a, const void *b, __SIZE_TYPE__ bytes);

#endif
