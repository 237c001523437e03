/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_symbol.c: the dynamic symbol table: what is found by either hash table is what a
 * look at every symbol finds, and a hostile table ends every walk.
 */
#include "symbol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "elf_file.h"

/* Places in the good file's data segment: file 0x400 is va 0x401400. */
enum { DYNAMIC = 0x400, SYMBOLS = 0x500, NAMES = 0x640, HASH = 0x700, FILE_END = 0x800, VA = 0x401000 };
enum { SYSV = 4, GNU = 0x6ffffef5 };

struct entry { const char *name; uint8_t info, other; uint16_t section; uint64_t value; };

#define GLOBAL(name, value) { name, 1 << 4 | 1, 0, 1, value }

static const struct entry table[] = {
	{ "ask", 1 << 4, 0, 0, 0 },              /* undefined: the linker sorts these first */
	{ "own", 0 << 4 | 1, 0, 1, 0x10 },       /* local */
	GLOBAL("data", 0x100), GLOBAL("f", 0x200), GLOBAL("metadata", 0x300),
	{ "weak", 2 << 4 | 2, 0, 1, 0x400 }, { "hidden", 1 << 4 | 1, 2, 1, 0x500 },
	{ "protected", 1 << 4 | 2, 3, 1, 0x600 }, { "absolute", 1 << 4, 0, 0xfff1, 0x700 },
	{ "thread", 1 << 4 | 6, 0, 1, 8 }, { "section", 1 << 4 | 3, 0, 1, 0x800 },
};
enum { COUNT = sizeof table / sizeof table[0], FIRST = 3 /* of the hashed: data */ };

/* gABI, "Hash Table", and the published form of the other one, in other words than symbol.c's. */
static uint32_t sysv_hash(const char *name)
{
	uint64_t h = 0;

	for (; *name; name++) {
		h = h * 16 + (unsigned char)*name;
		if (h >= 0x10000000)
			h = (h % 0x10000000) ^ (h / 0x10000000 % 16 * 16);
	}
	return (uint32_t)h;
}

static uint32_t gnu_hash(const char *name)
{
	uint64_t h = 5381;

	for (; *name; name++)
		h = (h * 33 + (unsigned char)*name) % 0x100000000;
	return (uint32_t)h;
}

static uint32_t name_at[COUNT + 1];

static void put_symbols(struct elf_file *file, const struct entry *entries, unsigned count)
{
	uint32_t names = 1;

	for (unsigned i = 0; i < count; i++) {
		uint64_t at = SYMBOLS + 24 * (i + 1);

		name_at[i + 1] = names;
		memcpy(file->bytes + NAMES + names, entries[i].name, strlen(entries[i].name) + 1);
		put32(file, at, names);
		file->bytes[at + 4] = entries[i].info;
		file->bytes[at + 5] = entries[i].other;
		put16(file, at + 6, entries[i].section);
		put64(file, at + 8, entries[i].value);
		put64(file, at + 16, 4 + i);
		names += (uint32_t)strlen(entries[i].name) + 1;
	}
}

static void put_sysv(struct elf_file *file, const struct entry *entries, unsigned count, uint32_t buckets)
{
	put32(file, HASH, buckets);
	put32(file, HASH + 4, count + 1);
	for (unsigned i = 1; i <= count; i++) {
		uint64_t bucket = HASH + 8 + 4 * (sysv_hash(entries[i - 1].name) % buckets);

		put32(file, HASH + 8 + 4 * (buckets + i), file->bytes[bucket]);
		put32(file, bucket, i);
	}
}

/* The hashed symbols must stand in the order of their buckets: entries are sorted by who calls. */
static void put_gnu(struct elf_file *file, const struct entry *entries, unsigned count, uint32_t buckets)
{
	uint64_t bucket_at = HASH + 16 + 8, chain = bucket_at + 4 * buckets, bloom = 0;

	put32(file, HASH, buckets);
	put32(file, HASH + 4, FIRST);
	put32(file, HASH + 8, 1);
	put32(file, HASH + 12, 5);
	for (unsigned i = FIRST; i <= count; i++) {
		uint32_t h = gnu_hash(entries[i - 1].name), b = h % buckets;
		bool last = i == count || gnu_hash(entries[i].name) % buckets != b;

		bloom |= 1ull << h % 64 | 1ull << (h >> 5) % 64;
		if (file->bytes[bucket_at + 4 * b] == 0)
			put32(file, bucket_at + 4 * b, i);
		put32(file, chain + 4 * (i - FIRST), (h & ~1u) | last);
	}
	put64(file, HASH + 16, bloom);
}

static struct elf_file with_symbols(uint64_t kind, uint32_t buckets, struct entry *sorted)
{
	const uint64_t tags[][2] = {
		{ 5, VA + NAMES }, { 10, 0xc0 }, { 6, VA + SYMBOLS }, { 11, 24 }, { kind, VA + HASH },
		{ 14, 1 }, { 1, 5 }, { 1, 1 },
	};
	struct elf_file file = good_file();
	unsigned at = FIRST - 1;

	memcpy(sorted, table, sizeof table);
	for (uint32_t b = 0; b < buckets; b++)
		for (unsigned i = FIRST - 1; i < COUNT; i++)
			if (gnu_hash(table[i].name) % buckets == b)
				sorted[at++] = table[i];
	for (unsigned i = 0; i < sizeof tags / sizeof tags[0]; i++) {
		put64(&file, DYNAMIC + 16 * i, tags[i][0]);
		put64(&file, DYNAMIC + 16 * i + 8, tags[i][1]);
	}
	put_symbols(&file, sorted, COUNT);
	if (kind == GNU)
		put_gnu(&file, sorted, COUNT, buckets);
	else
		put_sysv(&file, sorted, COUNT, buckets);
	add_phdr(&file, (struct phdr){ 2, 6, DYNAMIC, 0x401400, 0x100, 0x100, 8 });
	return file;
}

/* Read as from memory, or piece by piece. */
static enum status open_file(struct reading *r, const struct elf_file *file, bool pieces,
                             struct symbols *symbols)
{
	static uint8_t memory[1 << 20] __attribute__((aligned(16)));
	static struct arena arena;
	enum status status;

	*r = read_file(file);
	assert_int_equal(r->status, ST_OK);
	arena = (struct arena){ memory, sizeof memory, 0 };
	if (pieces)
		r->content = (struct content){ .bytes = { NULL, file->count }, .pa = OBJECT_NOWHERE,
		                               .read = read_piece, .reader = r, .arena = &arena };
	r->object.content = &r->content;
	memset(symbols, 0xaa, sizeof *symbols);
	status = symbols_open(symbols, &r->object, &r->fault);
	if (status != ST_OK)
		assert_span(r->fault.object, "file");
	return status;
}

static bool offered(const struct entry *e)
{
	unsigned type = e->info & 15, binding = e->info >> 4;

	return e->section != 0 && binding != 0 && e->other != 1 && e->other != 2 && type != 3 && type != 4;
}

/* Rules: R1 */
static void hashes_are_the_published_ones(void **state)
{
	static const struct { const char *text; uint32_t sysv, gnu; } known[] = {
		{ "", 0, 0x1505 }, { "printf", 0x077905a6, 0x156b2bb8 }, { "exit", 0x0006cf04, 0x7c967e3f },
		{ "syscall", 0x0b09985c, 0xbac212a0 }, { "flapenguin.me", 0x03987915, 0x8ae9f18e },
	};

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct symbol_name name = symbol_name(span_of(known[i].text));

		assert_int_equal(name.sysv, known[i].sysv);
		assert_int_equal(name.gnu, known[i].gnu);
		assert_int_equal(sysv_hash(known[i].text), known[i].sysv);
		assert_int_equal(gnu_hash(known[i].text), known[i].gnu);
	}
}

/* Rules: R1 */
static void either_hash_table_finds_what_a_look_at_every_symbol_finds(void **state)
{
	static const char *const others[] = { "", "dat", "data2", "ata", "meta", "nobody", "g" };

	(void)state;
	for (unsigned round = 0; round < 4 * 9; round++) {
		struct entry sorted[COUNT];
		struct elf_file file = with_symbols(round & 1 ? GNU : SYSV, round / 4 + 1, sorted);
		struct reading r;
		struct symbols symbols;

		assert_int_equal(open_file(&r, &file, round & 2, &symbols), ST_OK);
		for (unsigned i = 0; i < COUNT + 7; i++) {
			struct symbol_name name = symbol_name(span_of(i < COUNT ? sorted[i].name : others[i - COUNT]));
			struct symbol symbol;
			bool found = true;

			assert_int_equal(symbols_find(&symbols, &name, &symbol, &found, &r.fault), ST_OK);
			assert_int_equal(found, i < COUNT && offered(&sorted[i]));
			if (found) {
				assert_int_equal(symbol.value, sorted[i].value);
				assert_int_equal(symbol.bytes, 4 + i);
				assert_int_equal(symbol.section, sorted[i].section);
				assert_string_equal(symbols_text(&symbols, &symbol).base, sorted[i].name);
			}
		}
		reading_free(&r);
	}
}

/* Rules: R1, R4 */
static void symbols_soname_and_needed_are_those_of_the_file(void **state)
{
	(void)state;
	for (unsigned pieces = 0; pieces < 2; pieces++) {
		struct entry sorted[COUNT];
		struct elf_file file = with_symbols(SYSV, 2, sorted);
		struct reading r;
		struct symbols symbols;
		struct symbol symbol;
		struct span name;
		uint64_t entry = 0;

		assert_int_equal(open_file(&r, &file, pieces, &symbols), ST_OK);
		assert_span(symbols_soname(&symbols), "ask");
		assert_int_equal(symbols_needed(&symbols, &entry, &name, &r.fault), ST_OK);
		assert_span(name, "own");
		assert_int_equal(symbols_needed(&symbols, &entry, &name, &r.fault), ST_OK);
		assert_span(name, "ask");
		assert_int_equal(symbols_needed(&symbols, &entry, &name, &r.fault), ST_OK);
		assert_null(name.base);
		assert_int_equal(r.object.symbols.needed_count, 2);
		assert_int_equal(symbols_get(&symbols, 0, &symbol, &r.fault), ST_OK);
		assert_true(symbol.section == 0 && symbol.value == 0 && symbol.binding == 0);
		assert_int_equal(symbols_get(&symbols, 2, &symbol, &r.fault), ST_OK);
		assert_true(symbol.binding == 0 && symbol.type == 1 && symbol.value == 0x10);
		reading_free(&r);
	}
}

/* Rules: R1 */
static void an_object_without_a_table_offers_nothing(void **state)
{
	struct elf_file file = good_file();
	struct symbol_name name = symbol_name(span_of("f"));
	struct reading r;
	struct symbols symbols;
	struct symbol symbol;
	bool found = true;

	(void)state;
	assert_int_equal(open_file(&r, &file, false, &symbols), ST_OK);
	assert_int_equal(symbols_find(&symbols, &name, &symbol, &found, &r.fault), ST_OK);
	assert_false(found);
	assert_int_equal(symbols_soname(&symbols).bytes, 0);
	assert_int_equal(symbols_get(&symbols, 0, &symbol, &r.fault), ST_OK);
	assert_int_equal(symbols_get(&symbols, 1, &symbol, &r.fault), ST_BAD_HEADER);
	reading_free(&r);
}

/* Rules: M20, R1 */
static void tables_that_leave_the_file_are_refused_by_their_tag(void **state)
{
	static const struct { unsigned tag; uint64_t value; const char *field; } cases[] = {
		{ 0, 0x401900, "DT_STRTAB" }, { 0, 0x999000, "DT_STRTAB" }, { 0, VA + NAMES + 0x101, "DT_STRTAB" },
		{ 1, UINT64_MAX, "DT_STRTAB" }, { 1, 0x1c1, "DT_STRTAB" }, { 1, 3, "DT_STRSZ" },
		{ 2, 0x401800, "DT_SYMTAB" }, { 2, UINT64_MAX, "DT_SYMTAB" }, { 3, 16, "DT_SYMENT" },
		{ 4, VA + FILE_END, "DT_GNU_HASH" }, { 4, VA + FILE_END - 15, "DT_GNU_HASH" }, { 5, 0xc0, "DT_SONAME" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct entry sorted[COUNT];
		struct elf_file file = with_symbols(GNU, 1, sorted);
		struct reading r;
		struct symbols symbols;

		put64(&file, DYNAMIC + 16 * cases[i].tag + 8, cases[i].value);
		assert_int_equal(open_file(&r, &file, false, &symbols), ST_BAD_HEADER);
		assert_string_equal(r.fault.field, cases[i].field);
		reading_free(&r);
	}
}

/* Rules: M20, R1, R4 */
static void names_outside_of_the_string_table_are_refused(void **state)
{
	struct entry sorted[COUNT];
	struct elf_file file = with_symbols(SYSV, 1, sorted);
	struct reading r;
	struct symbols symbols;
	struct symbol symbol;
	struct span name;
	uint64_t entry = 0;

	(void)state;
	put32(&file, SYMBOLS + 24, 0xc0);
	put64(&file, DYNAMIC + 16 * 6 + 8, UINT64_MAX);
	assert_int_equal(open_file(&r, &file, false, &symbols), ST_OK);
	assert_int_equal(symbols_get(&symbols, 1, &symbol, &r.fault), ST_BAD_HEADER);
	assert_string_equal(r.fault.field, "st_name");
	assert_int_equal(r.fault.limit, 0xc0);
	assert_int_equal(symbols_needed(&symbols, &entry, &name, &r.fault), ST_BAD_HEADER);
	assert_string_equal(r.fault.field, "DT_NEEDED");
	assert_int_equal(r.fault.offset, DYNAMIC + 16 * 6);
	assert_int_equal(symbols_get(&symbols, 32, &symbol, &r.fault), ST_BAD_HEADER);    /* 0x800 */
	assert_int_equal(r.fault.value, 33 * 24);
	assert_int_equal(r.fault.limit, FILE_END - SYMBOLS);
	assert_int_equal(symbols_get(&symbols, UINT32_MAX, &symbol, &r.fault), ST_BAD_HEADER);
	assert_string_equal(r.fault.field, "DT_SYMTAB");
	reading_free(&r);
}

/* Rules: M20, R1 */
static void a_chain_that_does_not_end_is_refused(void **state)
{
	struct symbol_name name = symbol_name(span_of("nobody"));
	struct entry sorted[COUNT];
	struct elf_file file = with_symbols(SYSV, 1, sorted);
	struct reading r;
	struct symbols symbols;
	struct symbol symbol;
	bool found;

	(void)state;
	put32(&file, HASH + 8 + 4 * (1 + 4), 5);     /* 5 is behind 4, and 4 behind 5 */
	put32(&file, HASH + 8 + 4 * (1 + 5), 4);
	assert_int_equal(open_file(&r, &file, false, &symbols), ST_OK);
	assert_int_equal(symbols_find(&symbols, &name, &symbol, &found, &r.fault), ST_BAD_HEADER);
	assert_non_null(strstr(r.fault.hint, "does not end"));
	reading_free(&r);
	file = with_symbols(GNU, 1, sorted);
	for (uint64_t at = HASH + 16; at < FILE_END; at++)
		file.bytes[at] |= at < HASH + 24 ? 0xff : 0;
	for (unsigned i = 0; i < 9; i++)
		file.bytes[HASH + 16 + 8 + 4 + 4 * i] &= 0xfe;
	assert_int_equal(open_file(&r, &file, false, &symbols), ST_OK);
	assert_int_equal(symbols_find(&symbols, &name, &symbol, &found, &r.fault), ST_BAD_HEADER);
	assert_string_equal(r.fault.field, "DT_GNU_HASH");
	reading_free(&r);
}

/* Rules: M20, R1 */
static void a_filter_that_cannot_be_one_is_refused(void **state)
{
	static const struct { uint64_t at; uint32_t value; enum status status; } cases[] = {
		{ 8, 0, ST_BAD_HEADER }, { 8, 3, ST_BAD_HEADER }, { 12, 32, ST_BAD_HEADER },
		{ 12, UINT32_MAX, ST_BAD_HEADER }, { 12, 31, ST_OK }, { 8, 1, ST_OK },
	};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		struct entry sorted[COUNT];
		struct elf_file file = with_symbols(GNU, 1, sorted);
		struct reading r;
		struct symbols symbols;

		put32(&file, HASH + cases[i].at, cases[i].value);
		assert_int_equal(open_file(&r, &file, false, &symbols), cases[i].status);
		if (cases[i].status != ST_OK) {
			assert_int_equal(r.fault.value, cases[i].value);
			assert_int_equal(r.fault.offset, HASH);
		}
		reading_free(&r);
	}
}

/* A walk is ended by the number of symbols: it must not be one that no file has. */
/* Rules: M19, M20 */
static void a_hash_table_longer_than_the_file_is_refused(void **state)
{
	(void)state;
	for (unsigned word = 0; word < 2; word++)
		for (uint32_t more = 0; more < 2; more++) {
			struct entry sorted[COUNT];
			struct elf_file file = with_symbols(SYSV, 1, sorted);
			uint32_t other = word ? 1 : COUNT + 1, most = (FILE_END - HASH) / 4 - 2 - other;
			struct reading r;
			struct symbols symbols;

			put32(&file, HASH + 4 * word, more ? UINT32_MAX : most + 1);
			assert_int_equal(open_file(&r, &file, false, &symbols), ST_BAD_HEADER);
			assert_string_equal(r.fault.field, "DT_HASH");
			assert_int_equal(r.fault.limit, FILE_END - HASH);
			assert_int_equal(r.fault.value, 8 + 4 * (uint64_t)((more ? UINT32_MAX : most + 1ull) + other));
			reading_free(&r);
			put32(&file, HASH + 4 * word, most);
			assert_int_equal(open_file(&r, &file, false, &symbols), ST_OK);
			reading_free(&r);
		}
}

/* Every number of the tables made each of some extremes: found, not found or refused, and nothing outside is read. */
/* Rules: M19, R1 */
static void a_hostile_table_ends_every_walk(void **state)
{
	static const uint32_t extremes[] = { 0, 1, 2, 0x7f, 0xff, 0x7fffffff, 0xffffffff };

	(void)state;
	for (unsigned kind = 0; kind < 2; kind++)
	for (uint64_t at = DYNAMIC; at < HASH + 0x60; at += 4)
	for (unsigned e = 0; e < 7; e++) {
		struct entry sorted[COUNT];
		struct elf_file file = with_symbols(kind ? GNU : SYSV, 3, sorted);
		struct reading r;
		struct symbols symbols;
		struct symbol symbol;
		struct span needed;
		uint64_t entry = 0;
		bool found;

		put32(&file, at, extremes[e]);
		r = read_file(&file);
		if (r.status == ST_OK) {
			r.object.content = &r.content;
			if (symbols_open(&symbols, &r.object, &r.fault) == ST_OK) {
				for (unsigned i = 0; i < COUNT; i++) {
					struct symbol_name name = symbol_name(span_of(sorted[i].name));

					if (symbols_find(&symbols, &name, &symbol, &found, &r.fault) == ST_OK && found)
						assert_true(symbols_text(&symbols, &symbol).bytes == strlen(sorted[i].name));
				}
				(void)!symbols_needed(&symbols, &entry, &needed, &r.fault);
				(void)symbols_soname(&symbols);
			}
		}
		reading_free(&r);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_are_the_published_ones),
		cmocka_unit_test(either_hash_table_finds_what_a_look_at_every_symbol_finds),
		cmocka_unit_test(symbols_soname_and_needed_are_those_of_the_file),
		cmocka_unit_test(an_object_without_a_table_offers_nothing),
		cmocka_unit_test(tables_that_leave_the_file_are_refused_by_their_tag),
		cmocka_unit_test(names_outside_of_the_string_table_are_refused),
		cmocka_unit_test(a_chain_that_does_not_end_is_refused),
		cmocka_unit_test(a_hash_table_longer_than_the_file_is_refused),
		cmocka_unit_test(a_filter_that_cannot_be_one_is_refused),
		cmocka_unit_test(a_hostile_table_ends_every_walk),
	};

	return cmocka_run_group_tests_name("symbol", tests, NULL, NULL);
}
