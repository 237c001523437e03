/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_archive.c: archives written down by hand after cpio(5), "New ASCII Format".
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "archive.h"
#include "scratch.h"

#define REGULAR "000081A4"
#define FOLDER  "000041ED"
#define ZERO8   "00000000"
/* magic ino mode uid gid nlink mtime filesize major minor rmajor rminor namesize check */
#define HEADER(mode, file_bytes, name_bytes) "070701" ZERO8 mode ZERO8 ZERO8 ZERO8 ZERO8 \
	file_bytes ZERO8 ZERO8 ZERO8 ZERO8 name_bytes ZERO8
#define TRAILER HEADER(ZERO8, ZERO8, "0000000B") "TRAILER!!!\0" "\0\0\0"

/* 110 + 2 = 112: no padding; 5 bytes of data, 3 of padding. */
static const char two_files[] =
	HEADER(FOLDER, ZERO8, "00000004") "dir\0" "\0\0"
	HEADER(REGULAR, "00000005", "00000002") "a\0" "hello\0\0\0"
	HEADER(REGULAR, "00000000", "00000008") "./dir/b\0" "\0\0"
	TRAILER;

static enum status read_bytes(struct archive *archive, const char *bytes, uint64_t count,
                              struct fault *fault)
{
	struct arena arena = scratch(SCRATCH_BYTES);

	return archive_read(archive, span_of("initrd"), (struct span){ (const uint8_t *)bytes, count },
	                    &arena, fault);
}

static void regular_files_are_listed_in_order_and_folders_are_not(void **state)
{
	struct archive archive = { 0 };
	struct fault fault;

	(void)state;
	assert_int_equal(read_bytes(&archive, two_files, sizeof two_files - 1, &fault), ST_OK);
	assert_int_equal(archive.file_count, 2);
	assert_span(archive.files[0].name, "a");
	assert_span(archive.files[0].bytes, "hello");
	assert_span(archive.files[1].name, "dir/b");
	assert_int_equal(archive.files[1].bytes.bytes, 0);
}

static void names_are_found_with_and_without_their_root(void **state)
{
	struct archive archive = { 0 };
	struct fault fault;

	(void)state;
	assert_int_equal(read_bytes(&archive, two_files, sizeof two_files - 1, &fault), ST_OK);
	assert_ptr_equal(archive_find(&archive, span_of("dir/b")), &archive.files[1]);
	assert_ptr_equal(archive_find(&archive, span_of("/dir/b")), &archive.files[1]);
	assert_ptr_equal(archive_find(&archive, span_of("./a")), &archive.files[0]);
	assert_null(archive_find(&archive, span_of("dir")));
	assert_null(archive_find(&archive, span_of("")));
}

static void data_lies_where_it_is_in_the_archive(void **state)
{
	struct archive archive = { 0 };
	struct fault fault;

	(void)state;
	assert_int_equal(read_bytes(&archive, two_files, sizeof two_files - 1, &fault), ST_OK);
	/* The folder takes 110 + 4 + 2; then 110 + 2. */
	assert_ptr_equal(archive.files[0].bytes.base, two_files + 116 + 112);
}

static void a_name_ends_at_its_first_nul(void **state)
{
	static const char padded[] = HEADER(REGULAR, "00000001", "00000006") "k\0\0\0\0\0" "x\0\0\0" TRAILER;
	struct archive archive = { 0 };
	struct fault fault;

	(void)state;
	assert_int_equal(read_bytes(&archive, padded, sizeof padded - 1, &fault), ST_OK);
	assert_span(archive.files[0].name, "k");
	assert_span(archive.files[0].bytes, "x");
}

/* Rules: M1 */
static void every_cut_is_refused_and_leaves_the_archive_alone(void **state)
{
	struct archive archive = { NULL, NULL, 7 };
	struct fault fault;

	(void)state;
	/* The last 3 bytes are padding behind the trailer's name, which nobody needs. */
	for (uint64_t bytes = 0; bytes < sizeof two_files - 1 - 3; bytes++) {
		assert_int_equal(read_bytes(&archive, two_files, bytes, &fault), ST_TRUNCATED);
		assert_int_equal(archive.file_count, 7);
		assert_span(fault.object, "initrd");
	}
}

static void every_broken_byte_of_a_header_is_read_without_harm(void **state)
{
	char broken[sizeof two_files];
	unsigned refused = 0;

	(void)state;
	for (uint64_t at = 0; at < sizeof two_files - 1; at++)
		for (unsigned value = 0; value < 256; value += 15) {
			struct archive archive = { 0 };
			struct fault fault;

			memcpy(broken, two_files, sizeof broken);
			broken[at] = (char)value;
			refused += read_bytes(&archive, broken, sizeof broken - 1, &fault) != ST_OK;
		}
	assert_true(refused > 100);
}

static void assert_refused(const char *bytes, uint64_t count, enum status status, const char *field)
{
	struct archive archive = { 0 };
	struct fault fault;

	assert_int_equal(read_bytes(&archive, bytes, count, &fault), status);
	assert_string_equal(fault.field, field);
}

static void bad_headers_are_named(void **state)
{
	static const char magic[] = "070707" "rest of an old archive, long enough to be one newc header of "
		"one hundred and ten bytes, as cpio(5) says it";
	static const char digit[] = HEADER(REGULAR, "0000000G", "00000002") "a\0" TRAILER;
	static const char nul[] = HEADER(REGULAR, "00000000", "00000002") "ab" TRAILER;
	static const char past[] = HEADER(REGULAR, "FFFFFFFF", "00000002") "a\0" TRAILER;
	static const char name[] = HEADER(REGULAR, "00000000", "FFFFFFFF") "a\0" TRAILER;

	(void)state;
	assert_refused(magic, sizeof magic - 1, ST_BAD_ARCHIVE, "magic");
	assert_refused(digit, sizeof digit - 1, ST_BAD_ARCHIVE, "c_filesize");
	assert_refused(nul, sizeof nul - 1, ST_BAD_ARCHIVE, "name without NUL, c_namesize");
	assert_refused(past, sizeof past - 1, ST_TRUNCATED, "c_filesize");
	assert_refused(name, sizeof name - 1, ST_TRUNCATED, "c_namesize");
}

static void too_little_storage_is_no_memory(void **state)
{
	uint64_t needed = 2 * sizeof(struct archive_file) + 2 * sizeof(uint32_t);

	(void)state;
	for (uint64_t bytes = 0; bytes <= needed; bytes++) {
		struct arena arena = scratch(bytes);
		struct archive archive = { 0 };
		struct fault fault;

		assert_int_equal(archive_read(&archive, span_of("initrd"), SPAN(two_files), &arena, &fault),
		                 bytes < needed ? ST_NO_MEMORY : ST_OK);
	}
}

/* An archive of empty files with these names of one or two letters. */
static struct span archive_of(char *bytes, char names[][3], uint32_t count)
{
	static const char head[] = HEADER(REGULAR, ZERO8, "00000003"), end[] = TRAILER;
	char *to = bytes;

	for (uint32_t i = 0; i < count; i++) {
		memcpy(to, head, sizeof head - 1);
		memcpy(to + sizeof head - 1, names[i], 3);
		memset(to + sizeof head - 1 + 3, 0, 3);
		to += sizeof head - 1 + 6;       /* 113 bytes, and 3 of padding */
	}
	memcpy(to, end, sizeof end - 1);
	return (struct span){ (const uint8_t *)bytes, (uint64_t)(to - bytes) + sizeof end - 1 };
}

static void the_first_file_of_a_name_is_found_in_every_order(void **state)
{
	static char bytes[40 * 116 + 124];
	uint32_t seed = 5;

	(void)state;
	for (uint32_t round = 0; round < 400; round++) {
		struct arena arena = scratch(SCRATCH_BYTES);
		struct archive archive = { 0 };
		char names[40][3] = { "" };
		uint32_t count = round % 40;
		struct fault fault;
		struct span all;

		for (uint32_t i = 0; i < count; i++)
			for (uint32_t letter = 0; letter < 2; letter++) {
				seed = seed * 1664525 + 1013904223;
				names[i][letter] = "\0abcd\xff"[(seed >> 16) % 6];
			}
		all = archive_of(bytes, names, count);
		assert_int_equal(archive_read(&archive, span_of("initrd"), all, &arena, &fault), ST_OK);
		assert_int_equal(archive.file_count, count);
		for (uint32_t i = 0; i < count; i++) {
			uint32_t first = 0;

			while (strcmp(names[first], names[i]) != 0)
				first++;
			assert_ptr_equal(archive_find(&archive, span_of(names[i])), &archive.files[first]);
		}
		assert_null(archive_find(&archive, span_of("ae")));
		assert_null(archive_find(&archive, span_of("zzz")));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regular_files_are_listed_in_order_and_folders_are_not),
		cmocka_unit_test(names_are_found_with_and_without_their_root),
		cmocka_unit_test(data_lies_where_it_is_in_the_archive),
		cmocka_unit_test(a_name_ends_at_its_first_nul),
		cmocka_unit_test(every_cut_is_refused_and_leaves_the_archive_alone),
		cmocka_unit_test(every_broken_byte_of_a_header_is_read_without_harm),
		cmocka_unit_test(bad_headers_are_named),
		cmocka_unit_test(too_little_storage_is_no_memory),
		cmocka_unit_test(the_first_file_of_a_name_is_found_in_every_order),
	};

	return cmocka_run_group_tests_name("archive", tests, NULL, NULL);
}
