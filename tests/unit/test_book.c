/* SPDX-License-Identifier: BSD-2-Clause */
/* test_book.c: a region is measured and written the same, aligned, zero where nothing is put. */
#include "book.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#define VA 0xffff800000001000

struct put {
	uint64_t offset, text, blob, none, absent;
	struct smalt_array array;
};

/* Three bytes, a text of 4, a blob of 2, an array of 2 x 12 bytes, 8 bytes that nobody has. */
static struct put put_all(struct book *book)
{
	static const uint8_t bytes[24] = { 1, 2, 3, 4 };
	struct put p;

	p.offset = book_reserve(book, 3);
	p.text = book_put_text(book, (struct span){ (const uint8_t *)"four", 4 });
	p.blob = book_put_blob(book, (struct span){ bytes, 2 });
	p.none = book_put_blob(book, (struct span){ bytes, 0 });
	p.absent = book_put(book, NULL, 8);
	p.array = book_put_array(book, bytes, 2, 12);
	return p;
}

/* Rules: H2 */
static void what_is_measured_is_what_is_written(void **state)
{
	static const uint8_t expected[72] = {
		[8] = 'f', 'o', 'u', 'r', 0, [16] = 1, 2, [32] = 1, 2, 3, 4,
	};
	uint8_t region[72] = { 0 };
	struct book measured = { .va = VA }, written = { region, VA, 0 };
	struct put a = put_all(&measured), b = put_all(&written);

	(void)state;
	assert_memory_equal(&a, &b, sizeof a);
	assert_true(measured.at == 56 && written.at == 56);
	assert_int_equal(a.offset, 0);
	assert_true(a.text == VA + 8 && a.blob == VA + 16 && a.none == 0 && a.absent == VA + 24);
	assert_true(a.array.va == VA + 32);
	assert_int_equal(a.array.count, 2);
	assert_int_equal(a.array.entry_bytes, 12);
	assert_memory_equal(region, expected, sizeof region);
}

/* Rules: H2 */
static void a_text_keeps_the_byte_behind_it_for_its_end(void **state)
{
	struct book book = { .va = VA };

	(void)state;
	assert_true(book_put_text(&book, (struct span){ (const uint8_t *)"12345678", 8 }) == VA);
	assert_int_equal(book.at, 9);
	assert_true(book_put_blob(&book, (struct span){ (const uint8_t *)"x", 1 }) == VA + 16);
	assert_int_equal(book.at, 17);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_measured_is_what_is_written),
		cmocka_unit_test(a_text_keeps_the_byte_behind_it_for_its_end),
	};

	return cmocka_run_group_tests_name("book", tests, NULL, NULL);
}
