/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bind.h: what the kernel of bind.c and its modules know of each other.
 */
#ifndef BIND_H
#define BIND_H

#include <stdint.h>

/* What a.so found out. */
struct answers {
	uint64_t added, doubled, constructed, local, others_local, calls, who, nobody, address;
};

/* Of the kernel. */
extern volatile uint64_t kernel_calls;
uint64_t kernel_add(uint64_t a, uint64_t b);
void set_thread_pointer(uint64_t pointer);

/* Of a.so: */
void a_entry(struct answers *answers);
uint64_t a_twice(uint64_t x);
uint64_t who(void);                      /* and of the kernel, if it wants */

/* Of b.so: */
uint64_t b_work(uint64_t x);
extern _Thread_local uint64_t b_local;

/* Of nobody. */
extern uint64_t nobody __attribute__((weak));

#endif
