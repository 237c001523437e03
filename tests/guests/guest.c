/* SPDX-License-Identifier: BSD-2-Clause */
/* guest.c: beginning, end and words of every test kernel. */
#include "guest.h"

struct guest guest = { .violations = 0, .handoff = (const struct smalt_handoff *)1 };

void *memcpy(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
void guest_start(const struct smalt_handoff *handoff, const struct guest_entry *entry);

/* What the compiler calls by itself. */
void *memcpy(void *to, const void *from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
	return to;
}

void *memset(void *to, int byte, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		((uint8_t *)to)[i] = (uint8_t)byte;
	return to;
}

void say(const char *text)
{
	smalt_print(guest.handoff, text);
}

void say_number(uint64_t value)
{
	char digits[19] = { '0', 'x' };
	unsigned shift = 60, n = 2;

	while (shift > 0 && value >> shift == 0)
		shift -= 4;
	for (; n < 18; shift -= 4) {
		digits[n++] = "0123456789abcdef"[value >> shift & 15];
		if (shift == 0)
			break;
	}
	digits[n] = 0;
	say(digits);
}

void say_line(const char *text, uint64_t value)
{
	say(text);
	say(" ");
	say_number(value);
	say("\n");
}

void say_cache(void)
{
	const struct smalt_coloring *coloring = &guest.handoff->coloring;

	say_line("policy", guest.handoff->colors.policy);
	say_line("colors", guest.handoff->colors.count);
	say_line("cache bytes", coloring->cache.bytes);
	say_line("cache ways", coloring->cache.ways);
	say_line("cache sets", coloring->cache.sets);
	say_line("cache line", coloring->cache.line);
	say_line("missed color", coloring->missed_color);
	say_line("missed mask", coloring->missed_mask);
}

bool expect(bool holds, const char *what)
{
	if (!holds) {
		guest.violations++;
		say("VIOLATED ");
		say(what);
		say("\n");
	}
	return holds;
}

bool expect_equal(uint64_t found, uint64_t expected, const char *what)
{
	if (found != expected) {
		guest.violations++;
		say("VIOLATED ");
		say(what);
		say_line(": found", found);
		say_line("    expected", expected);
	}
	return found == expected;
}

bool expect_row(uint64_t va, uint32_t kind, const char *what)
{
	const struct smalt_row *row = smalt_row_at(guest.handoff, va);

	return expect_equal(row ? row->kind : SMALT_NONE, kind, what);
}

_Noreturn void guest_end(void)
{
	if (guest.violations == 0)
		say("SUCCESS\n");
	smalt_exit(guest.violations == 0 ? 0 : 1);
}

/* Of every guest: its objects have no leaf more than their addresses, memory and rights ask for (P1). */
static void check_leaves(const struct smalt_handoff *h)
{
	uint64_t rows = 0, all = 0;

	for (uint32_t i = 0; i < h->rows.count; i++)
		for (unsigned size = 0; smalt_nth_row(h, i)->object != SMALT_NONE && size < 7; size++)
			rows += smalt_nth_row(h, i)->leaf_count[size];
	for (unsigned size = 0; size < 7; size++)
		all += h->profile.leaves[size];
	expect_equal(rows, h->profile.leaves_lower_bound, "leaves of all rows are the lower bound");
	expect_equal(all, rows, "leaves of the profile are those of the rows");
	expect(h->profile.leaves_ideal <= rows, "no choice of frames has more leaves than the best");
	expect((uint64_t)h->tables_count << h->granule_shift <= h->tables_bytes, "room for all tables");
}

void guest_start(const struct smalt_handoff *handoff, const struct guest_entry *entry)
{
	guest.handoff = handoff;
	guest.entry = entry;
	if (handoff->magic == SMALT_MAGIC) {
		check_leaves(handoff);
		guest_laws();
		guest_tables();
	}
	guest_main();
	guest_end();
}
