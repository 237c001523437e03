/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_bind.c: kernel and modules as one closed set: which definition a symbol gets, what the
 * words are then, and one line for what cannot be bound. Whole plans for both machines, from memory
 * and from a volume.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "bench.h"
#include "so_maker.h"

enum { KERNEL, A, B, FILES };
enum { X_64 = 1, X_PC32 = 2, X_GLOB_DAT = 6, X_RELATIVE = 8, X_DTPMOD = 16, X_DTPOFF = 17, X_TPOFF = 18,
       X_SIZE64 = 33, R_ABS64 = 257, R_DTPMOD = 1028, R_DTPREL = 1029, R_TPREL = 1030 };

static struct so so[FILES];
static char conf[256];
static bool on_volume;

/* Three empty objects: kernel.elf, a.so, b.so. */
static void set_files(const struct machine *machine)
{
	static const char *const sonames[] = { NULL, "a.so", "b.so" };

	set_machine(machine, 0x3000000);
	for (unsigned i = 0; i < FILES; i++) {
		memset(&so[i], 0, sizeof so[i]);
		so[i].type = 3;
		so[i].machine = machine->elf_machine;
		so[i].soname = sonames[i];
	}
	snprintf(conf, sizeof conf, "kernel kernel.elf\nmodule a.so role=map\nmodule b.so role=map\n");
	on_volume = false;
}

static enum status plan_files(void)
{
	static const char *const names[] = { "kernel.elf", "a.so", "b.so" };

	b.env.path = SMALT_PATH_UEFI;
	b.env.files[0] = (struct file){ span_of("smalt.conf"), 0x1000, span_of(conf), true };
	for (unsigned i = 0; i < FILES; i++) {
		uint64_t pa = b.file_pa + i * 0x10000;
		uint8_t *at = env_pointer(&b.env, pa);

		so_write(&so[i]);
		memcpy(at, so[i].file, SO_BYTES);
		b.env.files[1 + i] = (struct file){ span_of(names[i]), on_volume ? ENV_ON_VOLUME : pa, { at, SO_BYTES }, true };
	}
	b.env.file_count = 1 + FILES;
	add_memory(b.file_pa, 0x30000, SMALT_MEM_RECLAIMABLE);
	assert_int_equal(memmap_finish(&b.env.memory, PAGE, &b.fault), ST_OK);
	if (plan() != ST_OK)
		return b.fault.status;
	boot_execute(&b.boot);
	return ST_OK;
}

static void expect_planned(void)
{
	char text[512];

	if (plan_files() == ST_OK)
		return;
	fault_text(&b.fault, text, sizeof text);
	fail_msg("%s", text);
}

/* Where a.so is among the objects, whatever its place in smalt.conf. */
static const struct boot_object *object_of(unsigned which)
{
	static const char *const names[] = { "kernel.elf", "a.so", "b.so" };

	for (uint32_t i = 0; i < b.boot.object_count; i++)
		if (span_is(b.boot.objects[i].object.name, names[which]))
			return &b.boot.objects[i];
	fail();
	return NULL;
}

static uint64_t bias_of(unsigned which)
{
	return object_of(which)->placement.bias;
}

/* Bytes of memory at an address of the file. */
static uint64_t word_of(unsigned which, uint64_t va, unsigned bytes)
{
	uint64_t word = 0;

	va += bias_of(which) + so[which].base;
	for (uint32_t i = 0; i < b.boot.space.extent_count; i++) {
		const struct smalt_extent *e = &b.boot.space.extents[i];

		if (va - e->va < e->bytes)
			memcpy(&word, env_pointer(&b.env, e->pa + (va - e->va)), bytes);
	}
	return word;
}

#define WORD(n) (SO_WORDS + 8 * (n))

/* --- whose definition ---------------------------------------------------------------- */

/* What of the three objects defines x, who needs whom, who says DF_SYMBOLIC, and in which order they are given. */
struct world { unsigned defined, weak, needs, symbolic, kernel_bound; bool swapped; };

static void make_world(const struct world *w, const struct machine *machine)
{
	set_files(machine);
	for (unsigned i = 0; i < FILES; i++) {
		bool weak = w->weak >> i & 1, defined = w->defined >> i & 1;

		so[i].symbols[0] = (struct so_symbol){
			"x", (uint8_t)((weak ? SO_WEAK : SO_GLOBAL) | SO_FUNC), 0, defined ? 1 : 0,
			defined ? 0x100 * (i + 1) : 0, 0 };
		so[i].records[0] = (struct so_record){ WORD(0), machine == &machine_x86_64 ? X_64 : R_ABS64, 1, 5 };
		so[i].symbolic = w->symbolic >> i & 1;
	}
	/* Bits: kernel needs a, kernel needs b, a needs b, b needs a. */
	so[KERNEL].needed[0] = w->needs & 1 ? "a.so" : w->needs & 2 ? "b.so" : NULL;
	so[KERNEL].needed[1] = (w->needs & 3) == 3 ? "b.so" : NULL;
	so[A].needed[0] = w->needs & 4 ? "b.so" : NULL;
	so[B].needed[0] = w->needs & 8 ? "a.so" : NULL;
	if (w->swapped)
		snprintf(conf, sizeof conf, "kernel kernel.elf\nmodule b.so role=map\nmodule a.so role=map\n");
}

/* The rule in other words: who comes first for one of them; -1: nobody defines it. */
static int definer(const struct world *w, unsigned who)
{
	bool a_first = w->needs & 1;
	unsigned order[8], n = 0;

	if (w->symbolic >> who & 1)
		order[n++] = who;
	order[n++] = KERNEL;
	order[n++] = who;
	if (who == KERNEL && (w->needs & 3)) {
		order[n++] = a_first ? A : B;
		if ((w->needs & 3) == 3 || w->needs & (a_first ? 4 : 8))
			order[n++] = a_first ? B : A;
	}
	if (who == A && (w->needs & 4))
		order[n++] = B;
	if (who == B && (w->needs & 8))
		order[n++] = A;
	for (unsigned i = 0; i < n; i++)
		if (w->defined >> order[i] & 1)
			return (int)order[i];
	return -1;
}

static void check_world(const struct world *w, const struct machine *machine)
{
	enum status status;
	bool undefined = false;

	make_world(w, machine);
	for (unsigned i = 0; i < FILES; i++)
		undefined |= definer(w, i) < 0 && !(w->weak >> i & 1);
	status = plan_files();
	assert_int_equal(status, undefined ? ST_UNDEFINED_SYMBOL : ST_OK);
	if (undefined) {
		assert_string_equal(b.fault.word, "x");
		assert_int_equal(b.fault.offset, 0x800);
		return;
	}
	for (unsigned i = 0; i < FILES; i++) {
		int who = definer(w, i);
		uint64_t expected = who < 0 ? 5 : bias_of((unsigned)who) + 0x100 * ((unsigned)who + 1) + 5;

		assert_true(word_of(i, WORD(0), 8) == expected);
	}
}

/* Every way in which three objects can define, need each other and stand in smalt.conf. */
/* Rules: R1, R4 */
static void the_first_definition_of_the_scope_counts_in_every_world(void **state)
{
	(void)state;
	for (unsigned defined = 0; defined < 8; defined++)
	for (unsigned needs = 0; needs < 16; needs++)
	for (unsigned rest = 0; rest < 8; rest++) {
		struct world w = { .defined = defined, .needs = needs, .weak = rest & 1 ? 7 : rest & 2 ? 2 : 0,
		                   .symbolic = rest & 4 ? 6 : 0, .swapped = (defined + needs + rest) & 1 };

		check_world(&w, both[(needs ^ rest) & 1]);
	}
}

/* Rules: R4 */
static void the_order_of_modules_changes_nothing(void **state)
{
	(void)state;
	for (unsigned needs = 0; needs < 16; needs++) {
		uint64_t definers[2][FILES];

		for (unsigned swapped = 0; swapped < 2; swapped++) {
			struct world w = { .defined = 6, .weak = 1, .needs = needs, .swapped = swapped };

			make_world(&w, &machine_x86_64);
			expect_planned();
			for (unsigned i = 0; i < FILES; i++)
				definers[swapped][i] = word_of(i, WORD(0), 8) - 5 == bias_of(A) + 0x200 ? A
				                     : word_of(i, WORD(0), 8) - 5 == bias_of(B) + 0x300 ? B : FILES;
		}
		assert_memory_equal(definers[0], definers[1], sizeof definers[0]);
	}
}

/* Rules: R4 */
static void a_needed_object_is_known_by_name_soname_or_the_last_part_of_its_path(void **state)
{
	static const struct { const char *line, *needed, *soname; enum status status; } cases[] = {
		{ "module b.so role=map", "b.so", NULL, ST_OK },
		{ "module b.so role=map name=driver", "driver", NULL, ST_OK },
		{ "module b.so role=map name=driver", "b.so", "b.so", ST_OK },
		{ "module b.so role=map name=lib/driver", "driver", NULL, ST_OK },
		{ "module b.so role=map name=/driver", "driver", NULL, ST_OK },
		{ "module b.so role=map name=driver", "b.so", NULL, ST_NOT_FOUND },
		{ "module b.so role=map name=driver", "drive", NULL, ST_NOT_FOUND },
		{ "module b.so name=b.so", "b.so", NULL, ST_NOT_FOUND },
		{ "module b.so role=map", "kernel.elf", NULL, ST_OK },
		{ "module b.so role=map", "libc.so.6", NULL, ST_NOT_FOUND },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
	for (unsigned relocate = 0; relocate < 2; relocate++) {
		set_files(&machine_x86_64);
		snprintf(conf, sizeof conf, "kernel kernel.elf\nmodule a.so role=map relocate=%s\n%s\n",
		         relocate ? "yes" : "no", cases[i].line);
		so[A].needed[0] = cases[i].needed;
		so[B].soname = cases[i].soname;
		assert_int_equal(plan_files(), relocate ? cases[i].status : ST_OK);
		if (relocate && cases[i].status != ST_OK) {
			assert_string_equal(b.fault.word, cases[i].needed);
			assert_true(span_is(b.fault.object, "a.so"));
		}
	}
}

/* Its name says more than its path: the kernel stands before both. */
/* Rules: R4 */
static void a_whole_name_goes_before_a_soname_and_that_before_a_last_part(void **state)
{
	static const struct { const char *a, *b, *soname; unsigned who; } cases[] = {
		{ "lib/x", "x", NULL, B }, { "lib/x", "driver", "x", B }, { "x", "driver", "x", A },
		{ "driver", "lib/x", NULL, B },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct boot_object *definer;

		set_files(&machine_x86_64);
		snprintf(conf, sizeof conf, "kernel kernel.elf\nmodule a.so role=map name=%s\nmodule b.so role=map name=%s\n",
		         cases[i].a, cases[i].b);
		so[A].soname = NULL;
		so[B].soname = cases[i].soname;
		so[KERNEL].needed[0] = "x";
		so[KERNEL].symbols[0] = (struct so_symbol){ "f", SO_GLOBAL, 0, 0, 0, 0 };
		so[KERNEL].records[0] = (struct so_record){ WORD(0), X_64, 1, 0 };
		so[A].symbols[0] = so[B].symbols[0] = (struct so_symbol){ "f", SO_GLOBAL, 0, 1, 0x100, 0 };
		expect_planned();
		definer = &b.boot.objects[cases[i].who];
		assert_true(word_of(KERNEL, WORD(0), 8) == definer->placement.bias + 0x100);
	}
}

/* Rules: R1 */
static void a_weak_thread_local_symbol_of_nobody_is_in_no_module(void **state)
{
	(void)state;
	set_files(&machine_x86_64);
	so[KERNEL].tls_bytes = 8;
	so[KERNEL].tls_align = 8;
	so[A].symbols[0] = (struct so_symbol){ "gone", SO_WEAK | SO_TLS, 0, 0, 0, 0 };
	so[A].records[0] = (struct so_record){ WORD(0), X_DTPMOD, 1, 0 };
	so[A].records[1] = (struct so_record){ WORD(1), X_TPOFF, 1, 0 };
	expect_planned();
	assert_int_equal(word_of(A, WORD(0), 8), 0);
	assert_int_equal(word_of(A, WORD(1), 8), 0);
}

/* Word 0 of the instances of a.so is the address of b.so's x. */
static uint64_t bound_to(uint32_t instance)
{
	const struct boot_object *a = object_of(A) + instance;
	uint64_t va = a->placement.bias + WORD(0), word = 0;

	for (uint32_t i = 0; i < b.boot.space.extent_count; i++)
		if (va - b.boot.space.extents[i].va < b.boot.space.extents[i].bytes)
			memcpy(&word, env_pointer(&b.env, b.boot.space.extents[i].pa + (va - b.boot.space.extents[i].va)), 8);
	return word - 0x300;
}

/* Rules: R4, S3 */
static void an_instance_is_bound_to_the_same_instance_of_what_it_needs(void **state)
{
	(void)state;
	for (unsigned of_b = 1; of_b < 4; of_b++) {
		set_files(&machine_x86_64);
		snprintf(conf, sizeof conf, "kernel kernel.elf\nmodule b.so role=map instances=%u\n"
		         "module a.so role=map instances=3\n", of_b);
		so[A].needed[0] = "b.so";
		so[A].symbols[0] = (struct so_symbol){ "x", SO_GLOBAL, 0, 0, 0, 0 };
		so[B].symbols[0] = (struct so_symbol){ "x", SO_GLOBAL, 0, 1, 0x300, 0 };
		so[A].records[0] = (struct so_record){ WORD(0), X_64, 1, 0 };
		expect_planned();
		for (uint32_t i = 0; i < 3; i++)
			assert_true(bound_to(i) == object_of(B)[i < of_b ? i : 0].placement.bias);
	}
}

/* The instances of text that is relocated share none of it. */
/* Rules: R3, S3 */
static void relocated_text_is_each_instances_own(void **state)
{
	const struct boot_object *a;

	(void)state;
	set_files(&machine_x86_64);
	snprintf(conf, sizeof conf, "kernel kernel.elf\nmodule a.so role=map instances=2 textrel=allow\n"
	         "module b.so role=map\n");
	so[A].records[0] = (struct so_record){ 0x2008, X_RELATIVE, 0, 0x1234 };
	expect_planned();
	a = object_of(A);
	for (unsigned i = 0; i < 2; i++) {
		const struct smalt_extent *e = space_extent_at(&b.boot.space, a[i].placement.bias + 0x2008);
		uint64_t word;

		memcpy(&word, env_pointer(&b.env, e->pa + (a[i].placement.bias + 0x2008 - e->va)), 8);
		assert_true(word == a[i].placement.bias + 0x1234);
		assert_int_equal(e->prot, SMALT_R | SMALT_X);
	}
}

/* Rules: R1 */
static void local_hidden_and_protected_symbols_are_the_objects_own(void **state)
{
	static const struct { uint8_t info, other; bool own; } cases[] = {
		{ SO_LOCAL | SO_OBJECT, 0, true }, { SO_GLOBAL | SO_FUNC, 2, true }, { SO_GLOBAL | SO_FUNC, 3, true },
		{ SO_GLOBAL | SO_FUNC, 1, true }, { SO_GLOBAL | SO_FUNC, 0, false }, { SO_WEAK | SO_FUNC, 2, true },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		set_files(&machine_x86_64);
		so[KERNEL].symbols[0] = (struct so_symbol){ "x", SO_GLOBAL | SO_FUNC, 0, 1, 0x100, 0 };
		so[A].symbols[0] = (struct so_symbol){ "x", cases[i].info, cases[i].other, 1, 0x200, 0 };
		so[A].records[0] = (struct so_record){ WORD(0), X_GLOB_DAT, 1, 0 };
		expect_planned();
		assert_true(word_of(A, WORD(0), 8) == (cases[i].own ? bias_of(A) + 0x200 : bias_of(KERNEL) + 0x100));
	}
}

/* Rules: R1 */
static void what_is_hidden_elsewhere_defines_nothing(void **state)
{
	static const struct { uint8_t info, other; uint16_t section; bool defines; } cases[] = {
		{ SO_GLOBAL, 0, 1, true }, { SO_GLOBAL, 3, 1, true }, { SO_WEAK, 0, 1, true }, { 10 << 4, 0, 1, true },
		{ SO_GLOBAL, 2, 1, false }, { SO_GLOBAL, 1, 1, false }, { SO_LOCAL, 0, 1, false },
		{ SO_GLOBAL, 0, 0, false }, { SO_GLOBAL | 3, 0, 1, false }, { SO_GLOBAL | 4, 0, 1, false },
		{ SO_GLOBAL, 0, 0xffff, true },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		set_files(&machine_aarch64);
		so[KERNEL].symbols[0] = (struct so_symbol){ "x", cases[i].info, cases[i].other, cases[i].section, 0x100, 0 };
		so[A].symbols[0] = (struct so_symbol){ "x", SO_GLOBAL, 0, 0, 0, 0 };
		so[A].records[0] = (struct so_record){ WORD(0), R_ABS64, 1, 0 };
		assert_int_equal(plan_files(), cases[i].defines ? ST_OK : ST_UNDEFINED_SYMBOL);
	}
}

/* Rules: M20, R1 */
static void definitions_that_no_word_can_hold_are_refused_by_name(void **state)
{
	static const struct { uint8_t info; uint16_t section; uint32_t type; const char *says; } cases[] = {
		{ SO_GLOBAL | SO_IFUNC, 1, X_64, "ifunc" }, { SO_GLOBAL | SO_OBJECT, 0xfff2, X_64, "common" },
		{ SO_GLOBAL | SO_OBJECT, 0xff02, X_64, "common" },
		{ SO_GLOBAL | SO_OBJECT, 0xff00, X_64, "common" }, { SO_GLOBAL | SO_TLS, 1, X_TPOFF, "no PT_TLS" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		set_files(&machine_x86_64);
		so[KERNEL].symbols[0] = (struct so_symbol){ "chosen", cases[i].info, 0, cases[i].section, 0x100, 0 };
		so[A].symbols[0] = (struct so_symbol){ "chosen", SO_GLOBAL, 0, 0, 0, 0 };
		so[A].records[0] = (struct so_record){ WORD(0), cases[i].type, 1, 0 };
		assert_int_equal(plan_files(), ST_BAD_RELOCATION);
		assert_string_equal(b.fault.word, "chosen");
		assert_non_null(strstr(b.fault.hint, cases[i].says));
		assert_true(span_is(b.fault.object, "a.so"));
		assert_int_equal(b.fault.offset, 0x800);
	}
}

/* --- what the words are -------------------------------------------------------------- */

/* Rules: R1 */
static void words_are_what_the_psabi_says_of_a_bound_symbol(void **state)
{
	(void)state;
	for (unsigned volume = 0; volume < 2; volume++) {
		set_files(&machine_x86_64);
		on_volume = volume;
		so[A].symbols[0] = (struct so_symbol){ "f", SO_GLOBAL | SO_FUNC, 0, 0, 0, 0 };
		so[A].symbols[1] = (struct so_symbol){ "n", SO_GLOBAL, 0, 0, 0, 0 };
		so[A].symbols[2] = (struct so_symbol){ "nobody", SO_WEAK, 0, 0, 0, 0 };
		so[KERNEL].symbols[0] = (struct so_symbol){ "f", SO_GLOBAL | SO_FUNC, 0, 1, 0x2010, 0x33 };
		so[KERNEL].symbols[1] = (struct so_symbol){ "n", SO_GLOBAL, 0, 0xfff1, 0x77, 0 };
		so[A].records[0] = (struct so_record){ WORD(0), X_64, 1, 1 };
		so[A].records[1] = (struct so_record){ WORD(1) + 3, 24, 1, (uint64_t)-4 };
		so[A].records[2] = (struct so_record){ WORD(3), X_SIZE64, 1, 2 };
		so[A].records[3] = (struct so_record){ WORD(4), X_64, 2, 3 };
		so[A].records[4] = (struct so_record){ WORD(5), X_64, 3, 9 };
		so[A].records[5] = (struct so_record){ WORD(6), X_RELATIVE, 0, 0x1234 };
		so[A].records[6] = (struct so_record){ WORD(7), X_PC32, 1, 0 };
		so[A].records[7] = (struct so_record){ WORD(8), X_64, 0, 0x55 };
		expect_planned();
		assert_true(word_of(A, WORD(0), 8) == bias_of(KERNEL) + 0x2011);
		assert_true(word_of(A, WORD(1) + 3, 8) == bias_of(KERNEL) + 0x200c - (bias_of(A) + WORD(1) + 3));
		assert_int_equal(word_of(A, WORD(3), 8), 0x35);
		assert_int_equal(word_of(A, WORD(4), 8), 0x7a);
		assert_int_equal(word_of(A, WORD(5), 8), 9);
		assert_true(word_of(A, WORD(6), 8) == bias_of(A) + 0x1234);
		assert_int_equal(word_of(A, WORD(7), 4), (uint32_t)(bias_of(KERNEL) + 0x2010 - bias_of(A) - WORD(7)));
		assert_int_equal(word_of(A, WORD(7) + 4, 4), 0);
		assert_int_equal(word_of(A, WORD(8), 8), 0x55);
		assert_true(boot_handoff(&b.boot) != NULL);
	}
}

/* Rules: R1 */
static void records_without_addends_take_what_stands_there(void **state)
{
	(void)state;
	for (unsigned volume = 0; volume < 2; volume++) {
		set_files(&machine_aarch64);
		on_volume = volume;
		so[A].rel = true;
		so[A].symbols[0] = (struct so_symbol){ "f", SO_GLOBAL, 0, 0, 0, 0 };
		so[KERNEL].symbols[0] = (struct so_symbol){ "f", SO_GLOBAL, 0, 1, 0x2010, 0 };
		so[A].records[0] = (struct so_record){ WORD(0), R_ABS64, 1, 6 };
		so[A].records[1] = (struct so_record){ WORD(1), 1025, 1, 6 };
		so[A].records[2] = (struct so_record){ WORD(2), 261, 1, (uint32_t)-16 };
		expect_planned();
		assert_true(word_of(A, WORD(0), 8) == bias_of(KERNEL) + 0x2016);
		assert_true(word_of(A, WORD(1), 8) == bias_of(KERNEL) + 0x2010);
		assert_int_equal(word_of(A, WORD(2), 4), (uint32_t)(bias_of(KERNEL) + 0x2000 - bias_of(A) - WORD(2)));
	}
}

/* A kernel at fixed addresses offers symbols and has words of its own: without any bias. */
/* Rules: R1, R4 */
static void a_fixed_kernel_offers_symbols_and_is_bound_itself(void **state)
{
	const struct smalt_object *objects;

	(void)state;
	set_files(&machine_x86_64);
	so[KERNEL].type = 2;
	so[KERNEL].base = 0x400000;
	so[KERNEL].symbols[0] = (struct so_symbol){ "f", SO_GLOBAL, 0, 1, 0x2010, 0 };
	so[KERNEL].symbols[1] = (struct so_symbol){ "a", SO_GLOBAL, 0, 0, 0, 0 };
	so[KERNEL].needed[0] = "a.so";
	so[KERNEL].records[0] = (struct so_record){ WORD(0), X_GLOB_DAT, 2, 0 };
	so[A].symbols[0] = (struct so_symbol){ "f", SO_GLOBAL, 0, 0, 0, 0 };
	so[A].symbols[1] = (struct so_symbol){ "a", SO_GLOBAL, 0, 1, 0x2020, 0 };
	so[A].records[0] = (struct so_record){ WORD(0), X_64, 1, 0 };
	expect_planned();
	assert_int_equal(bias_of(KERNEL), 0);
	assert_int_equal(word_of(A, WORD(0), 8), 0x402010);
	assert_true(word_of(KERNEL, WORD(0), 8) == bias_of(A) + 0x2020);
	objects = env_pointer(&b.env, boot_handoff(&b.boot)->objects.va - b.boot.handoff_va + b.boot.handoff_pa);
	assert_int_equal(objects[0].flags, SMALT_OBJECT_RELOCATED);
}

/* Rules: M20, R1 */
static void a_narrow_result_that_does_not_fit_is_refused_with_value_and_limit(void **state)
{
	(void)state;
	for (unsigned rel = 0; rel < 2; rel++) {
		set_files(&machine_x86_64);
		snprintf(conf, sizeof conf, "kernel kernel.elf\nmodule a.so role=map va=0x100000000\nmodule b.so role=map\n");
		so[A].rel = rel;
		so[A].symbols[0] = (struct so_symbol){ "f", SO_GLOBAL, 0, 0, 0, 0 };
		so[KERNEL].symbols[0] = (struct so_symbol){ "f", SO_GLOBAL, 0, 1, 0x2010, 0 };
		so[A].records[0] = (struct so_record){ WORD(0), X_64, 1, 0 };
		so[A].records[1] = (struct so_record){ WORD(1), X_PC32, 1, (uint32_t)-4 };
		if (!rel)
			so[A].records[1].addend = (uint64_t)-4;
		assert_int_equal(plan_files(), ST_BAD_RELOCATION);
		assert_string_equal(b.fault.field, "R_X86_64_PC32");
		assert_true(b.fault.value == 0xffffffff80000000 + 0x2010 - 4 - 0x100000000 - WORD(1));
		assert_int_equal(b.fault.limit, 0x7fffffff);
		assert_int_equal(b.fault.offset, rel ? 0x810 : 0x818);
		assert_true(span_is(b.fault.object, "a.so"));
	}
}

/* Rules: M19, R1 */
static void a_symbol_behind_the_table_is_refused_before_it_costs_memory(void **state)
{
	static const uint32_t symbols[] = { 149, 150, 0x7fffffff, UINT32_MAX };    /* 0x1000 - 0x200 are 149 entries */

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		set_files(&machine_x86_64);
		so[A].records[0] = (struct so_record){ WORD(0), X_64, symbols[i], 0 };
		assert_int_equal(plan_files(), ST_BAD_HEADER);
		assert_string_equal(b.fault.field, "DT_SYMTAB");
		assert_true(span_is(b.fault.object, "a.so"));
	}
}

/* --- thread-local storage ------------------------------------------------------------ */

static void set_tls(unsigned which, uint64_t bytes, uint64_t align, uint64_t va)
{
	so[which].tls_bytes = bytes;
	so[which].tls_align = align;
	so[which].tls_va = va;
}

/*
 * Variant II: the first block ends at the thread pointer, rounded; variant I: it begins behind two words.
 * Offsets of the first are what a linker computes for an executable.
 */
/* Rules: M16, R1 */
static void blocks_lie_from_the_thread_pointer_as_the_psabis_say(void **state)
{
	static const uint64_t offsets[2][FILES] = {
		/* 0x18 bytes, 16; 8 bytes, 8, at 4 modulo 8; 0x30 bytes, 64 */
		{ (uint64_t)-0x20, (uint64_t)-0x2c, (uint64_t)-0x80 },
		{ 0x10, 0x2c, 0x40 },
	};

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		set_files(both[m]);
		set_tls(KERNEL, 0x18, 16, 0x1300);
		set_tls(A, 8, 8, 0x1304);
		set_tls(B, 0x30, 64, 0x1340);
		expect_planned();
		for (unsigned i = 0; i < FILES; i++) {
			assert_int_equal(object_of(i)->tls_module, i + 1);
			assert_true(object_of(i)->tls_offset == offsets[m][i]);
		}
	}
}

/* Rules: R1 */
static void thread_local_symbols_are_bound_to_their_module_and_block(void **state)
{
	static const uint32_t types[2][3] = { { X_DTPMOD, X_DTPOFF, X_TPOFF }, { R_DTPMOD, R_DTPREL, R_TPREL } };

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		set_files(both[m]);
		set_tls(A, 0x10, 8, 0x1300);
		set_tls(B, 0x20, 8, 0x1300);
		so[A].needed[0] = "b.so";
		so[A].symbols[0] = (struct so_symbol){ "t", SO_GLOBAL | SO_TLS, 0, 0, 0, 0 };
		so[A].symbols[1] = (struct so_symbol){ "gone", SO_WEAK | SO_TLS, 0, 0, 0, 0 };
		so[B].symbols[0] = (struct so_symbol){ "t", SO_GLOBAL | SO_TLS, 0, 1, 0x14, 4 };
		for (unsigned i = 0; i < 3; i++) {
			so[A].records[i] = (struct so_record){ WORD(i), types[m][i], 1, i ? 2 : 0 };
			so[A].records[3 + i] = (struct so_record){ WORD(3 + i), types[m][i], 0, i ? 3 : 0 };
			so[A].records[6 + i] = (struct so_record){ WORD(6 + i), types[m][i], 2, 0 };
		}
		expect_planned();
		assert_int_equal(word_of(A, WORD(0), 8), 2);
		assert_int_equal(word_of(A, WORD(1), 8), 0x16);
		assert_true(word_of(A, WORD(2), 8) == (m ? 0x20 : (uint64_t)-0x30) + 0x16);
		assert_int_equal(word_of(A, WORD(3), 8), 1);
		assert_int_equal(word_of(A, WORD(4), 8), 3);
		assert_true(word_of(A, WORD(5), 8) == (m ? 0x10 : (uint64_t)-0x10) + 3);
		for (unsigned i = 6; i < 9; i++)
			assert_int_equal(word_of(A, WORD(i), 8), 0);
	}
}

/* Rules: M20, R1 */
static void a_relocation_and_its_symbol_agree_about_being_thread_local(void **state)
{
	static const struct { uint32_t type; uint8_t symbol; bool tls; const char *says; } cases[] = {
		{ X_TPOFF, SO_OBJECT, true, "not thread-local" }, { X_DTPMOD, SO_FUNC, true, "not thread-local" },
		{ X_64, SO_TLS, true, "is thread-local" }, { X_TPOFF, 0, false, "no PT_TLS" },
	};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		set_files(&machine_x86_64);
		if (cases[i].tls)
			set_tls(A, 8, 8, 0);
		so[A].symbols[0] = (struct so_symbol){ "t", (uint8_t)(SO_GLOBAL | cases[i].symbol), 0, 1, 0, 0 };
		so[A].records[0] = (struct so_record){ WORD(0), cases[i].type, cases[i].symbol ? 1 : 0, 0 };
		assert_int_equal(plan_files(), ST_BAD_RELOCATION);
		assert_non_null(strstr(b.fault.hint, cases[i].says));
		assert_int_equal(b.fault.offset, 0x800);
	}
}

/* --- text relocations ---------------------------------------------------------------- */

/* Rules: M12, R2, R3 */
static void text_relocations_are_refused_or_end_read_execute(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 8; round++) {
		bool allow = round & 1, kernel = round & 2;
		unsigned which = kernel ? KERNEL : A;

		set_files(&machine_x86_64);
		on_volume = round & 4;
		snprintf(conf, sizeof conf, "kernel kernel.elf\n%s\nmodule a.so role=map %s\nmodule b.so role=map\n",
		         kernel && allow ? "textrel allow" : "", !kernel && allow ? "textrel=allow" : "");
		so[which].records[0] = (struct so_record){ 0x2008, X_RELATIVE, 0, 0x1234 };
		assert_int_equal(plan_files(), allow ? ST_OK : ST_BAD_RELOCATION);
		if (!allow) {
			assert_non_null(strstr(b.fault.hint, "textrel=allow"));
			continue;
		}
		assert_true(word_of(which, 0x2008, 8) == bias_of(which) + 0x1234);
		assert_int_equal(word_of(which, 0x2000, 8), 0xcccccccccccccccc);
		for (uint32_t i = 0; i < b.boot.space.row_count; i++) {
			const struct smalt_row *row = &b.boot.space.rows[i];
			bool patched = row->va == bias_of(which) + 0x2000;

			assert_int_equal((row->flags & SMALT_ROW_TEXTREL) != 0, patched);
			if (patched)
				assert_int_equal(row->prot, SMALT_R | SMALT_X);
		}
	}
}

/* The bytes of a file that is not given away stay what they are. */
/* Rules: R3, S2, S7 */
static void what_relocation_writes_is_a_copy_where_the_file_is_not_donated(void **state)
{
	(void)state;
	for (unsigned donated = 0; donated < 2; donated++) {
		const uint8_t *file;

		set_files(&machine_x86_64);
		snprintf(conf, sizeof conf, "kernel kernel.elf\nmodule a.so role=map textrel=allow\nmodule b.so role=map\n");
		so[A].records[0] = (struct so_record){ 0x2008, X_RELATIVE, 0, 0x1234 };
		so[A].records[1] = (struct so_record){ WORD(0), X_RELATIVE, 0, 0x1234 };
		for (unsigned i = 0; i < FILES; i++)
			so_write(&so[i]);
		expect_planned();
		file = env_pointer(&b.env, b.file_pa + 0x10000);
		b.arena.used = 0;
		memcpy(env_pointer(&b.env, b.file_pa + 0x10000), so[A].file, SO_BYTES);
		b.env.files[1 + A].donated = donated;
		assert_int_equal(plan(), ST_OK);
		boot_execute(&b.boot);
		assert_true(word_of(A, 0x2008, 8) == bias_of(A) + 0x1234);
		assert_true(word_of(A, WORD(0), 8) == bias_of(A) + 0x1234);
		if (!donated)
			assert_memory_equal(file, so[A].file, SO_BYTES);
	}
}

/* --- failure -------------------------------------------------------------------------- */

/* Rules: M1 */
static void too_little_storage_for_binding_is_no_memory(void **state)
{
	struct world w = { .defined = 7, .needs = 15 };
	uint64_t enough;

	(void)state;
	make_world(&w, &machine_x86_64);
	expect_planned();
	enough = b.arena.used;
	for (uint64_t bytes = 0; bytes < enough; bytes += bytes < 0x4000 ? 16 : 0x1000) {
		b.arena = (struct arena){ b.arena.base, bytes, 0 };
		memset(b.arena.base, 0xaa, enough);
		assert_int_equal(plan(), ST_NO_MEMORY);
	}
	for (unsigned i = 0; i < FILES; i++)
		assert_memory_equal((uint8_t *)env_pointer(&b.env, b.file_pa + i * 0x10000) + 0x200, so[i].file + 0x200, 0x600);
}

/* Rules: M1, R1 */
static void a_set_that_cannot_be_bound_leaves_its_files_alone(void **state)
{
	struct world w = { .defined = 3, .needs = 0 };

	(void)state;
	make_world(&w, &machine_x86_64);
	so[B].symbols[0].name = "nobody";
	assert_int_equal(plan_files(), ST_UNDEFINED_SYMBOL);
	assert_string_equal(b.fault.word, "nobody");
	for (unsigned i = 0; i < FILES; i++)
		assert_memory_equal(env_pointer(&b.env, b.file_pa + i * 0x10000), so[i].file, SO_BYTES);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_definition_of_the_scope_counts_in_every_world),
		cmocka_unit_test(the_order_of_modules_changes_nothing),
		cmocka_unit_test(a_needed_object_is_known_by_name_soname_or_the_last_part_of_its_path),
		cmocka_unit_test(a_whole_name_goes_before_a_soname_and_that_before_a_last_part),
		cmocka_unit_test(a_weak_thread_local_symbol_of_nobody_is_in_no_module),
		cmocka_unit_test(an_instance_is_bound_to_the_same_instance_of_what_it_needs),
		cmocka_unit_test(relocated_text_is_each_instances_own),
		cmocka_unit_test(local_hidden_and_protected_symbols_are_the_objects_own),
		cmocka_unit_test(what_is_hidden_elsewhere_defines_nothing),
		cmocka_unit_test(definitions_that_no_word_can_hold_are_refused_by_name),
		cmocka_unit_test(words_are_what_the_psabi_says_of_a_bound_symbol),
		cmocka_unit_test(records_without_addends_take_what_stands_there),
		cmocka_unit_test(a_fixed_kernel_offers_symbols_and_is_bound_itself),
		cmocka_unit_test(a_narrow_result_that_does_not_fit_is_refused_with_value_and_limit),
		cmocka_unit_test(a_symbol_behind_the_table_is_refused_before_it_costs_memory),
		cmocka_unit_test(blocks_lie_from_the_thread_pointer_as_the_psabis_say),
		cmocka_unit_test(thread_local_symbols_are_bound_to_their_module_and_block),
		cmocka_unit_test(a_relocation_and_its_symbol_agree_about_being_thread_local),
		cmocka_unit_test(text_relocations_are_refused_or_end_read_execute),
		cmocka_unit_test(what_relocation_writes_is_a_copy_where_the_file_is_not_donated),
		cmocka_unit_test(too_little_storage_for_binding_is_no_memory),
		cmocka_unit_test(a_set_that_cannot_be_bound_leaves_its_files_alone),
	};

	return cmocka_run_group_tests_name("bind", tests, NULL, NULL);
}
