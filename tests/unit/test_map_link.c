/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_map_link.c: objects of one space that bind to each other, mapped one after the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "map_request.h"
#include "so_maker.h"

static struct smalt_prepared *prepared;

static uint32_t map_so(struct so *so, uint64_t at, const char *name, uint32_t flags)
{
	struct smalt_request r = request(SMALT_MAP_RELOCATE | flags);

	so->machine = (uint16_t)b.machine;
	so_write(so);
	memcpy(b.ram + at, so->file, SO_BYTES);
	memcpy(object_file, b.ram, OBJECT_BYTES);
	r.name = name;
	r.object = b.ram + at;
	r.object_bytes = SO_BYTES;
	r.object_pa = RAM_PA + at;
	return map_it(&r);
}

static uint64_t word_at(uint64_t va)
{
	uint64_t pa;

	assert_non_null(extent_of(va, &pa));
	return *(uint64_t *)at_pa(pa);
}

/* Rules: R1, R4, M1 */
static void symbols_are_those_of_the_first_object_and_of_earlier_ones(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		uint32_t absolute = m == 0 ? 1 : 257;    /* R_X86_64_64, R_AARCH64_ABS64 */
		static struct so kernel, library, module;
		uint64_t bases[3];
		struct picture before;

		begin(both[m], 3);
		say(open_space());
		kernel = (struct so){ .type = 3, .symbols = { { "print", SO_GLOBAL | SO_FUNC, 0, 3, 0x2010, 8 } } };
		library = (struct so){ .type = 3, .soname = "lib.so",
			.symbols = { { "sum", SO_GLOBAL | SO_FUNC, 0, 3, 0x2020, 8 } } };
		module = (struct so){ .type = 3, .needed = { "lib.so" },
			.symbols = { { "print", SO_GLOBAL, 0, 0, 0, 0 }, { "sum", SO_GLOBAL, 0, 0, 0, 0 },
			             { "maybe", SO_WEAK, 0, 0, 0, 0 }, { "own", SO_GLOBAL, 0, 3, 0x2030, 8 } },
			.records = { { 0x1200, absolute, 1, 1 }, { 0x1208, absolute, 2, 2 },
			             { 0x1210, absolute, 3, 0 }, { 0x1218, absolute, 4, 4 } } };
		say(map_so(&kernel, 0x10000, "kernel", 0));
		bases[0] = b.rows[0].va;
		before = draw(NULL);
		/* Who needs what there is not */
		assert_int_equal(map_so(&module, 0x20000, "module", 0), IS(NOT_FOUND));
		assert_string_equal(b.fault.word, "lib.so");
		assert_string_equal(b.fault.object, "module");
		assert_same(&before, NULL);
		say(map_so(&library, 0x20000, "library", 0));
		bases[1] = b.rows[0].va;
		before = draw(NULL);
		module.symbols[1].name = "som";
		assert_int_equal(map_so(&module, 0x30000, "module", 0), IS(UNDEFINED_SYMBOL));
		assert_string_equal(b.fault.word, "som");
		assert_same(&before, NULL);
		module.symbols[1].name = "sum";
		say(map_so(&module, 0x30000, "module", 0));
		bases[2] = b.rows[0].va;
		assert_true(word_at(bases[2] + 0x1200) == bases[0] + 0x2010 + 1);
		assert_true(word_at(bases[2] + 0x1208) == bases[1] + 0x2020 + 2);
		assert_true(word_at(bases[2] + 0x1210) == 0);
		assert_true(word_at(bases[2] + 0x1218) == bases[2] + 0x2030 + 4);
	}
}

/* Rules: R1 */
static void a_prepared_object_binds_as_any_other(void **state)
{
	static struct so kernel, module;
	struct smalt_request r;
	struct picture before;
	uint64_t base;

	(void)state;
	begin(62, 3);
	say(open_space());
	kernel = (struct so){ .type = 3, .symbols = { { "print", SO_GLOBAL | SO_FUNC, 0, 3, 0x2010, 8 } } };
	module = (struct so){ .type = 3, .machine = 62,
		.symbols = { { "prant", SO_GLOBAL, 0, 0, 0, 0 }, { "own", SO_GLOBAL, 0, 3, 0x2030, 8 } },
		.records = { { 0x1200, 1, 1, 1 }, { 0x1208, 1, 2, 2 } } };
	say(map_so(&kernel, 0x10000, "kernel", 0));
	base = b.rows[0].va;
	for (unsigned good = 0; good < 2; good++) {
		module.symbols[0].name = good ? "print" : "prant";
		so_write(&module);
		memcpy(b.ram + 0x20000, module.file, SO_BYTES);
		r = request(0);
		r.name = "module";
		r.object = b.ram + 0x20000;
		r.object_bytes = SO_BYTES;
		r.object_pa = RAM_PA + 0x20000;
		say(smalt_prepare(b.space, &r, &prepared, &b.fault));
		before = draw(prepared);
		if (good)
			break;
		assert_int_equal(smalt_relocate(prepared, base + 0x100000, &b.fault), IS(UNDEFINED_SYMBOL));
		assert_string_equal(b.fault.word, "prant");
		assert_string_equal(b.fault.object, "module");
		assert_same(&before, prepared);
	}
	say(smalt_relocate(prepared, base + 0x100000, &b.fault));
	say(map_prepared(prepared, SMALT_MAP_NOCOPY));
	assert_true(b.rows[0].va == base + 0x100000);
	assert_true(word_at(base + 0x101200) == base + 0x2010 + 1);
	assert_true(word_at(base + 0x101208) == base + 0x100000 + 0x2030 + 2);
}

/* Rules: R1 */
static void thread_local_blocks_have_places_of_their_own(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		/* Variant II: downwards from the thread pointer; variant I: upwards behind 16 bytes */
		static const uint64_t offsets[2][2] = { { -0x20ull, -0x40ull }, { 0x10, 0x30 } };
		static struct so first, second;
		const struct smalt_object *objects;
		struct smalt_request r;
		uint32_t count;
		uint64_t base;

		begin(both[m], 3);
		say(open_space());
		first = (struct so){ .type = 3, .tls_bytes = 0x20, .tls_align = 16 };
		second = (struct so){ .type = 3, .tls_bytes = 0x20, .tls_align = 16, .machine = (uint16_t)both[m],
			.records = { { 0x1200, m == 0 ? 18 : 1030, 0, 4 } } };   /* TPOFF64, TLS_TPREL */
		so_write(&second);
		memcpy(b.ram + 0x20000, second.file, SO_BYTES);
		r = request(0);
		r.object = b.ram + 0x20000;
		r.object_bytes = SO_BYTES;
		r.object_pa = RAM_PA + 0x20000;
		/* Relocated when its block would have been the first */
		say(smalt_prepare(b.space, &r, &prepared, &b.fault));
		base = r.from + 0x100000;
		say(smalt_relocate(prepared, base, &b.fault));
		say(map_so(&first, 0x10000, "first", 0));
		assert_int_equal(map_prepared(prepared, SMALT_MAP_NOCOPY), IS(INVALID));
		assert_string_equal(b.fault.field, "PT_TLS");
		say(smalt_prepare(b.space, &r, &prepared, &b.fault));
		say(smalt_relocate(prepared, base, &b.fault));
		say(map_prepared(prepared, SMALT_MAP_NOCOPY));
		assert_true(word_at(base + 0x1200) == offsets[m][1] + 4);
		objects = smalt_objects(b.space, &count);
		assert_int_equal(count, 2);
		for (unsigned i = 0; i < 2; i++) {
			assert_int_equal(objects[i].tls_module, i + 1);
			assert_true(objects[i].tls_offset == offsets[m][i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(symbols_are_those_of_the_first_object_and_of_earlier_ones),
		cmocka_unit_test(a_prepared_object_binds_as_any_other),
		cmocka_unit_test(thread_local_blocks_have_places_of_their_own),
	};

	return cmocka_run_group_tests_name("map_link", tests, NULL, NULL);
}
