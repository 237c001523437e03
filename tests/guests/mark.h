/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mark.h: tells the model of a cache (tests/plugin/cache.c) what it measures.
 *
 * mark(1) to mark(7): what follows is of this class. mark(0): the end. An
 * instruction that does nothing, so that a guest runs without the model too;
 * inline, so that a mark costs no access.
 */
#ifndef MARK_H
#define MARK_H

#if defined(__x86_64__)
#define mark(class) __asm__ volatile("nopl %c0(%%rax)" : : "i"(0x534d4c00 + (class)) : "memory")
#elif defined(__aarch64__)
#define mark(class) __asm__ volatile("movz xzr, %0" : : "i"(0x5340 + (class)) : "memory")
#endif

#endif
