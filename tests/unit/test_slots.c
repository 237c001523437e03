/* SPDX-License-Identifier: BSD-2-Clause */
/* test_slots.c: places in free ranges, counted and found as a look at every address says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "scratch.h"
#include "slots.h"

enum { UNITS = 20 };

static bool is_free(uint32_t free, uint64_t first, uint64_t bytes)
{
	for (uint64_t i = first; i < first + bytes; i++)
		if (i >= UNITS || !(free >> i & 1))
			return false;
	return true;
}

/* Addresses are offset + 0 ... UNITS - 1, free by the bits; ranges that touch are one. */
static void check(uint64_t offset, uint32_t free, const struct ranges *ranges, struct slots slots)
{
	uint64_t count = 0, address, found[UNITS];

	for (uint64_t at = slots.first; at <= slots.last; at++)
		if ((offset + at) % slots.align == slots.phase && at + slots.bytes - 1 <= slots.last &&
		    is_free(free, at, slots.bytes))
			found[count++] = offset + at;
	slots.first += offset;
	slots.last += offset;
	for (uint64_t i = 0; i <= count + 1; i++) {
		address = 7;
		assert_true(slots_free(&slots, ranges, i, &address) == count);
		assert_true(address == (i < count ? found[i] : 7));
	}
	assert_true(slots_free(&slots, ranges, SLOTS_COUNT, &address) == count);
	if (free != (1 << UNITS) - 1)
		return;
	assert_true(slots_all(&slots, SLOTS_COUNT, &address) == count);
	for (uint64_t i = 0; i < count; i++)
		assert_true(slots_all(&slots, i, &address) == count && address == found[i]);
}

static void check_all(uint64_t offset, uint32_t free)
{
	struct arena arena = scratch(SCRATCH_BYTES);
	struct ranges ranges;
	struct fault fault;

	assert_int_equal(ranges_init(&ranges, UNITS, &arena, "ranges", &fault), ST_OK);
	for (uint64_t i = 0, end; i < UNITS; i = end) {
		for (end = i; end < UNITS && (free >> end & 1) == (free >> i & 1); end++)
			;
		if (free >> i & 1)
			(void)ranges_add(&ranges, offset + i, offset + end);
	}
	for (uint64_t first = 0; first < UNITS; first += 3)
		for (uint64_t last = first; last < UNITS; last += 2)
			for (uint64_t bytes = 1; bytes < 6; bytes++)
				for (uint64_t align = 1; align <= 4; align *= 2)
					for (uint64_t phase = 0; phase < align; phase++)
						check(offset, free, &ranges,
						      (struct slots){ first, last, bytes, align, phase });
}

/* Rules: M13 */
static void places_are_those_of_a_look_at_every_address(void **state)
{
	/* At 0, somewhere, and at the top: no range holds the last address of all */
	static const uint64_t offsets[] = { 0, 0x1003, -(uint64_t)UNITS - 1 };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		check_all(offsets[i], 0);
		check_all(offsets[i], (1 << UNITS) - 1);
		for (uint32_t n = 1, free = 0x5a5a5; n < 12; n++, free = free * 1664525 + 1013904223)
			check_all(offsets[i], (free | free >> 7) & ((1 << UNITS) - 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_those_of_a_look_at_every_address),
	};

	return cmocka_run_group_tests_name("slots", tests, NULL, NULL);
}
