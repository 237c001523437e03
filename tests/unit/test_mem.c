/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_mem.c: what the loaders have instead of a C library, beside the C library.
 *
 * The sources are included under other names: linked, they would replace libc's.
 */
#define memcpy loader_memcpy
#define memmove loader_memmove
#define memset loader_memset
#define memcmp loader_memcmp
#include "../../lib/mem.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#define memchr loader_memchr
#define strchr loader_strchr
#define strrchr loader_strrchr
#define strlen loader_strlen
#define strnlen loader_strnlen
#define strtoul loader_strtoul
#include "../../lib/str.c"
#undef memchr
#undef strchr
#undef strrchr
#undef strlen
#undef strnlen
#undef strtoul

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

enum { ROOM = 256 };

/* All lengths around a word, then some around the turns of the long loops. */
static unsigned longer(unsigned count)
{
	return count < 40 ? count + 1 : count + 6;
}

static void fill(uint8_t *bytes)
{
	for (unsigned i = 0; i < ROOM; i++)
		bytes[i] = (uint8_t)(i * 37 + 11);
}

/* Byte by byte through a second buffer: what memmove() means. */
static void move_slowly(uint8_t *room, unsigned to, unsigned from, unsigned count)
{
	uint8_t copy[ROOM];

	for (unsigned i = 0; i < count; i++)
		copy[i] = room[from + i];
	for (unsigned i = 0; i < count; i++)
		room[to + i] = copy[i];
}

/* Rules: M17 */
static void memmove_is_right_for_every_overlap_and_alignment(void **state)
{
	_Alignas(8) uint8_t room[ROOM], wanted[ROOM];

	(void)state;
	for (unsigned to = 0; to < 24; to++)
	for (unsigned from = 0; from < 24; from++)
	for (unsigned count = 0; count < 210; count = longer(count)) {
		fill(room);
		fill(wanted);
		move_slowly(wanted, to, from, count);
		assert_ptr_equal(loader_memmove(room + to, room + from, count), room + to);
		assert_memory_equal(room, wanted, ROOM);
	}
}

/* Rules: M17 */
static void memcpy_copies_exactly_the_bytes_at_every_alignment(void **state)
{
	_Alignas(8) uint8_t from[ROOM], room[ROOM], wanted[ROOM];

	(void)state;
	fill(from);
	for (unsigned to = 0; to < 9; to++)
	for (unsigned at = 0; at < 9; at++)
	for (unsigned count = 0; count < 210; count = longer(count)) {
		memset(room, 0xaa, ROOM);
		memset(wanted, 0xaa, ROOM);
		for (unsigned i = 0; i < count; i++)
			wanted[to + i] = from[at + i];
		assert_ptr_equal(loader_memcpy(room + to, from + at, count), room + to);
		assert_memory_equal(room, wanted, ROOM);
	}
}

/* Rules: M17 */
static void memset_sets_exactly_the_bytes_at_every_alignment(void **state)
{
	_Alignas(8) uint8_t room[ROOM], wanted[ROOM];

	(void)state;
	for (unsigned to = 0; to < 9; to++)
	for (unsigned count = 0; count < 210; count = longer(count))
	for (unsigned byte = 0; byte < 0x300; byte += 0x155) {
		memset(room, 0xaa, ROOM);
		memset(wanted, 0xaa, ROOM);
		for (unsigned i = 0; i < count; i++)
			wanted[to + i] = (uint8_t)byte;
		assert_ptr_equal(loader_memset(room + to, (int)byte, count), room + to);
		assert_memory_equal(room, wanted, ROOM);
	}
}

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

/* Rules: M17 */
static void memcmp_and_memchr_agree_with_libc(void **state)
{
	static const char *const texts[] = { "", "a", "ab", "abc", "abd", "\377", "\1", "abcabc" };

	(void)state;
	for (unsigned i = 0; i < 8; i++)
	for (unsigned j = 0; j < 8; j++) {
		size_t count = strlen(texts[i]) < strlen(texts[j]) ? strlen(texts[i]) : strlen(texts[j]);

		assert_int_equal(loader_memcmp(texts[i], texts[j], count),
		                 sign(memcmp(texts[i], texts[j], count)));
		assert_ptr_equal(loader_memchr(texts[i], texts[j][0], strlen(texts[i])),
		                 memchr(texts[i], texts[j][0], strlen(texts[i])));
	}
}

/* Rules: M17 */
static void string_functions_agree_with_libc(void **state)
{
	static const char *const texts[] = { "", "a", "/soc/serial@9000000", "a/b/", "\377x" };

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		const char *s = texts[i];

		assert_int_equal(loader_strlen(s), strlen(s));
		for (unsigned limit = 0; limit < 24; limit++)
			assert_int_equal(loader_strnlen(s, limit), strnlen(s, limit));
		for (int c = 0; c < 256; c++) {
			assert_ptr_equal(loader_strchr(s, c), strchr(s, c));
			assert_ptr_equal(loader_strrchr(s, c), strrchr(s, c));
		}
	}
}

/* Rules: M17 */
static void strtoul_agrees_with_libc(void **state)
{
	static const char *const texts[] = {
		"", "0", "1", "  42x", "-1", "+7", "0x", "0x1F", "0xg", "017", "08", "z", "Zz", "- 1", "1_",
		"18446744073709551615", "18446744073709551616", "99999999999999999999", "-18446744073709551616",
		"ffffffffffffffff", "10000000000000000", "\t\n\v\f\r 5",
	};
	static const int bases[] = { 0, 2, 8, 10, 16, 36 };

	(void)state;
	for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++)
	for (unsigned b = 0; b < 6; b++) {
		char *end, *wanted_end;
		unsigned long wanted = strtoul(texts[i], &wanted_end, bases[b]);

		if (loader_strtoul(texts[i], &end, bases[b]) != wanted || end != wanted_end)
			fail_msg("\"%s\" base %d", texts[i], bases[b]);
		assert_true(loader_strtoul(texts[i], NULL, bases[b]) == wanted);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(memmove_is_right_for_every_overlap_and_alignment),
		cmocka_unit_test(memcpy_copies_exactly_the_bytes_at_every_alignment),
		cmocka_unit_test(memset_sets_exactly_the_bytes_at_every_alignment),
		cmocka_unit_test(memcmp_and_memchr_agree_with_libc),
		cmocka_unit_test(string_functions_agree_with_libc),
		cmocka_unit_test(strtoul_agrees_with_libc),
	};

	return cmocka_run_group_tests_name("mem", tests, NULL, NULL);
}
