/* SPDX-License-Identifier: BSD-2-Clause */
/* relocated.c: pointers in data point to where Smalt put their targets. */
#include "guest.h"

/* Enough in a row for RELR bitmaps with more than one word, and one at an odd place for RELA. */
#define COUNT 200
static volatile uint8_t targets[COUNT];
#define P(i) &targets[i], &targets[i + 1], &targets[i + 2], &targets[i + 3], &targets[i + 4]
#define Q(i) P(i), P(i + 5), P(i + 10), P(i + 15)
static volatile uint8_t *const volatile fixed[] = { Q(0), Q(20), Q(40), Q(60), Q(80), Q(100), Q(120) };
static volatile uint8_t *volatile variable[] = { Q(60), Q(80), Q(100), Q(120), Q(140), Q(160), Q(180) };

struct __attribute__((packed)) odd {
	uint8_t first;
	void (*function)(void);
};
static volatile struct odd odd = { 7, guest_end };

void guest_main(void)
{
	const struct smalt_object *kernel = smalt_nth_object(guest.handoff, 0);

	for (uint32_t i = 0; i < 140; i++) {
		expect_equal((uint64_t)fixed[i], va_of(&targets[i]), "a pointer in constant data");
		expect_equal((uint64_t)variable[i], va_of(&targets[i + 60]), "a pointer in data");
	}
	expect_equal((uint64_t)odd.function, va_of((void *)guest_end), "a pointer at an odd address");
	expect_equal(odd.first, 7, "the byte before it");
	expect(kernel->flags & SMALT_OBJECT_RELOCATED, "the flag RELOCATED");
	expect(kernel->flags & SMALT_OBJECT_POSITION_INDEPENDENT, "the flag POSITION_INDEPENDENT");
}
