/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * span.h: bytes that are only looked at, with their number.
 *
 * All reading of untrusted bytes goes through here: nothing reads past the end,
 * nothing needs alignment, all numbers are little endian.
 */
#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>
#include <stdint.h>

struct span {
	const uint8_t *base;
	uint64_t bytes;
};

/* The part [offset, offset + bytes) of s; false, and *part unchanged, if it is not all in s. */
bool span_sub(struct span s, uint64_t offset, uint64_t bytes, struct span *part);

/* The number at offset; 0 if it is not all in s: check with range_fits() where 0 could mislead. */
uint16_t span_u16(struct span s, uint64_t offset);
uint32_t span_u32(struct span s, uint64_t offset);
uint64_t span_u64(struct span s, uint64_t offset);

/* A span over the characters of a literal or a NUL-terminated string, without the NUL. */
struct span span_of(const char *text);

bool span_equals(struct span a, struct span b);
bool span_is(struct span s, const char *text);
bool span_begins(struct span s, const char *text);

/* Do all bytes add up to 0? The checksum of firmware's tables. */
bool span_sums_to_zero(struct span s);

/*
 * Parses all of s as a number: decimal, or hexadecimal after 0x, then optionally
 * one of K M G T (powers of 1024). False on anything else, overflow included.
 */
bool span_number(struct span s, uint64_t *number);

#endif
