/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_content.c: a file that is read piece by piece is the file, and no byte of it is asked for twice.
 */
#include "content.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "scratch.h"

enum { FILE_BYTES = 50001, CHUNK = 16 << 10 };

static uint8_t file[FILE_BYTES];
static uint32_t reads_of[FILE_BYTES];    /* how often each byte was read */
static enum status answer;

static enum status read_file(const struct content *content, uint64_t file_offset, void *to,
                             uint64_t bytes, struct fault *fault)
{
	assert_ptr_equal(content->reader, file);
	assert_true(file_offset <= FILE_BYTES && bytes <= FILE_BYTES - file_offset);
	if (answer != ST_OK)
		return fault_value(fault, answer, "Read()", file_offset);
	memcpy(to, file + file_offset, bytes);
	for (uint64_t i = 0; i < bytes; i++)
		reads_of[file_offset + i]++;
	return ST_OK;
}

static struct content open_file(struct arena *arena)
{
	for (unsigned i = 0; i < FILE_BYTES; i++)
		file[i] = (uint8_t)(i * 31 + i / 256);
	memset(reads_of, 0, sizeof reads_of);
	answer = ST_OK;
	return (struct content){
		.bytes = { NULL, FILE_BYTES }, .pa = CONTENT_NOWHERE, .read = read_file, .reader = file, .arena = arena,
	};
}

static void assert_part(struct content *content, uint64_t offset, uint64_t bytes)
{
	struct span part;
	struct fault fault;

	assert_int_equal(content_get(content, offset, bytes, &part, &fault), ST_OK);
	assert_int_equal(part.bytes, bytes);
	assert_memory_equal(part.base, file + offset, bytes);
}

/* Rules: M19 */
static void pieces_have_the_files_bytes_wherever_they_begin_and_end(void **state)
{
	static const uint64_t edges[] = { 0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK - 1, 3 * CHUNK,
	                                  FILE_BYTES - 1, FILE_BYTES };
	enum { EDGES = sizeof edges / sizeof edges[0] };

	(void)state;
	for (unsigned from = 0; from < EDGES; from++)
		for (unsigned to = from + 1; to < EDGES; to++) {
			struct arena arena = scratch(SCRATCH_BYTES);
			struct content content = open_file(&arena);

			assert_part(&content, edges[from], edges[to] - edges[from]);
			assert_part(&content, edges[to] - 1, 1);
			assert_part(&content, edges[from], 1);
			for (unsigned i = 0; i < FILE_BYTES; i++)
				assert_int_equal(reads_of[i], i / CHUNK >= edges[from] / CHUNK &&
				                              i / CHUNK <= (edges[to] - 1) / CHUNK);
		}
}

/* Rules: M19 */
static void what_was_given_out_stays_where_it_is(void **state)
{
	struct arena arena = scratch(SCRATCH_BYTES);
	struct content content = open_file(&arena);
	struct span first;
	struct fault fault;

	(void)state;
	assert_int_equal(content_get(&content, 100, 200, &first, &fault), ST_OK);
	for (uint64_t at = 0; at < FILE_BYTES; at += 999)
		assert_part(&content, at, 1);
	assert_memory_equal(first.base, file + 100, 200);
}

/* Rules: M19 */
static void a_file_in_memory_is_never_read(void **state)
{
	struct content content;
	struct span part;
	struct fault fault;

	(void)state;
	open_file(NULL);
	content = content_of((struct span){ file, FILE_BYTES }, 0x5000);
	assert_int_equal(content.pa, 0x5000);
	assert_int_equal(content_get(&content, 7, 9, &part, &fault), ST_OK);
	assert_ptr_equal(part.base, file + 7);
	assert_int_equal(content_get(&content, FILE_BYTES, 0, &part, &fault), ST_OK);
	assert_int_equal(part.bytes, 0);
}

/* Rules: M1, M20 */
static void nothing_stays_of_a_piece_that_could_not_be_read(void **state)
{
	struct arena arena = scratch(SCRATCH_BYTES);
	struct content content = open_file(&arena);
	struct span part;
	struct fault fault;

	(void)state;
	answer = ST_DEVICE;
	assert_int_equal(content_get(&content, 5, 5, &part, &fault), ST_DEVICE);
	assert_string_equal(fault.field, "Read()");
	assert_null(content.pieces);
	answer = ST_OK;
	assert_part(&content, 5, 5);
	arena = scratch(CHUNK);              /* a piece and its record do not both fit */
	content = open_file(&arena);
	assert_int_equal(content_get(&content, 5, 5, &part, &fault), ST_NO_MEMORY);
	assert_int_equal(reads_of[5], 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_have_the_files_bytes_wherever_they_begin_and_end),
		cmocka_unit_test(what_was_given_out_stays_where_it_is),
		cmocka_unit_test(a_file_in_memory_is_never_read),
		cmocka_unit_test(nothing_stays_of_a_piece_that_could_not_be_read),
	};

	return cmocka_run_group_tests_name("content", tests, NULL, NULL);
}
