/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_turns.c: whole boots with placement policies: who goes where does not depend on
 * who else is there (stable), or on nothing but the seed (random).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "bench.h"
#include "elf_maker.h"

enum { FILE_BYTES = 0x3000, FILES = 5, NOTE = 0x2800 };

/* ET_DYN; each differs from the others in its entry only. */
static uint8_t files[FILES][FILE_BYTES];
static const char *const names[FILES] = { "kernel.elf", "a", "b", "c", "d" };
static char conf[1024];

static void make_file(const struct machine *machine, unsigned i, const char *build_id)
{
	struct maker m = {
		.file = files[i], .file_bytes = FILE_BYTES, .type = 3, .machine = machine->elf_machine,
		.entry = 0x1000 + 16 * i, .segment_count = build_id ? 3 : 2,
		.segments = {
			{ 1, 5, 0x1000, 0x1000, 0, 0x1000, 0x1000, 0x1000 },
			{ 1, 6, 0x2000, 0x2000, 0, 0x800, 0x2000, 0x1000 },
			{ 4, 4, NOTE, 0x2800, 0, 24, 24, 4 },
		},
	};

	memset(files[i], 0, FILE_BYTES);
	maker_write(&m);
	if (!build_id)
		return;
	put32(files[i] + NOTE, 4);                   /* NT_GNU_BUILD_ID of 8 bytes */
	put32(files[i] + NOTE + 4, 8);
	put32(files[i] + NOTE + 8, 3);
	memcpy(files[i] + NOTE + 12, "GNU", 4);
	memcpy(files[i] + NOTE + 16, build_id, 8);
}

static void make_files(const struct machine *machine)
{
	for (unsigned i = 0; i < FILES; i++)
		make_file(machine, i, NULL);
}

static void give(const char *name, const void *bytes, uint64_t count, uint64_t pa)
{
	memcpy(env_pointer(&b.env, pa), bytes, count);
	b.env.files[b.env.file_count++] =
		(struct file){ span_of(name), pa, { env_pointer(&b.env, pa), count }, true };
	add_memory(pa, (count + PAGE - 1) & -PAGE, SMALT_MEM_RECLAIMABLE);
}

/* A boot of the kernel and these modules, each a line of smalt.conf, from file_pa on. */
static void boot_at(const struct machine *machine, uint64_t file_pa, const char *seed, const char *text)
{
	char line[512];

	set_machine(machine, file_pa);
	snprintf(conf, sizeof conf, "kernel kernel.elf\n%s", text);
	give("smalt.conf", conf, strlen(conf), b.file_pa);
	for (unsigned i = 0; i < FILES; i++)
		give(names[i], files[i], FILE_BYTES, b.file_pa + (1 + 4 * i) * PAGE);
	assert_int_equal(memmap_finish(&b.env.memory, PAGE, &b.fault), ST_OK);
	b.env.entropy = span_of(seed);
	if (plan() == ST_OK)
		return;
	fault_text(&b.fault, line, sizeof line);
	fail_msg("%s: %s", text, line);
}

static const struct boot_object *object_named(const char *name)
{
	for (uint32_t i = 0; i < b.boot.object_count; i++)
		if (span_is(b.boot.objects[i].object.name, name))
			return &b.boot.objects[i];
	fail_msg("no %s", name);
	return NULL;
}

static uint64_t base_of(const char *name)
{
	return object_named(name)->placement.base;
}

static bool is_moved(const char *name)
{
	const struct boot_object *o = object_named(name);

	for (uint32_t i = 0; i < b.boot.space.row_count; i++)
		if (b.boot.space.rows[i].va == o->placement.start)
			return b.boot.space.rows[i].flags & SMALT_ROW_VA_MOVED;
	fail_msg("no row of %s", name);
	return false;
}

/* The modules' lines, by the digits of number to the base 5: 0 is none. False: one stands twice. */
static bool arrange(unsigned number, char *text)
{
	unsigned seen = 0;

	for (*text = '\0'; number; number /= 5) {
		unsigned module = number % 5;

		if (module && (seen >> module & 1))
			return false;
		seen |= 1u << module;
		if (module)
			sprintf(text + strlen(text), "module %s role=map\n", names[module]);
	}
	return true;
}

/* Rules: M13 */
static void stable_places_are_those_of_all_subsets_and_orders(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		uint64_t bases[FILES] = { 0 };
		char modules[256], text[300];

		make_files(both[m]);
		for (unsigned number = 0; number < 5 * 5 * 5 * 5; number++) {
			if (!arrange(number, modules))
				continue;
			snprintf(text, sizeof text, "va stable\n%s", modules);
			boot_at(both[m], 0x3000000 + number % 7 * PAGE, number & 1 ? "seed" : "", text);
			for (unsigned i = 0; i < FILES; i++) {
				if (i && !strstr(modules, (char[]){ ' ', names[i][0], ' ', 0 }))
					continue;
				if (!bases[i])
					bases[i] = base_of(names[i]);
				assert_true(base_of(names[i]) == bases[i]);
				assert_false(is_moved(names[i]));
			}
		}
		for (unsigned i = 0; i < FILES; i++)
			for (unsigned j = 0; j < i; j++)
				assert_true(bases[i] != bases[j]);
	}
}

/* Rules: M13 */
static void beside_packed_random_and_fixed_objects_a_stable_one_stays(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		uint64_t base;
		char text[256];

		make_files(both[m]);
		boot_at(both[m], 0x3000000, "", "module a role=map va=stable\n");
		base = base_of("a");
		snprintf(text, sizeof text, "va random\nmodule b role=map va=packed\nmodule c\nmodule a role=map va=stable\n"
		         "module d role=map va=0x%llx\n", (unsigned long long)both[m]->kernel_va + 0x1000000);
		boot_at(both[m], 0x3000000, "0123456789abcdef", text);
		assert_true(base_of("a") == base);
		assert_true(base_of("b") - both[m]->kernel_va < 0x200000);
		assert_true(base_of("d") == both[m]->kernel_va + 0x1000000);
		assert_true(object_named("kernel.elf")->placement.va_bits > 8);
		assert_true(object_named("c")->placement.va_bits > 8);
		assert_int_equal(object_named("b")->placement.va_bits, 0);
	}
}

/* Rules: M13 */
static void the_build_id_alone_decides_where_there_is_one(void **state)
{
	uint64_t base, other;

	(void)state;
	make_files(&machine_x86_64);
	make_file(&machine_x86_64, 1, "ABCDEFGH");
	boot_at(&machine_x86_64, 0x3000000, "", "module a role=map va=stable\n");
	base = base_of("a");
	memset(files[1] + 0x1000, 0xcc, 0x1000);             /* contents, entry, name */
	put64(files[1] + 24, 0x1230);
	boot_at(&machine_x86_64, 0x3000000, "", "module a role=map name=z va=stable\n");
	assert_true(base_of("z") == base);
	files[1][NOTE + 16] ^= 1;
	boot_at(&machine_x86_64, 0x3000000, "", "module a role=map va=stable\n");
	assert_true(base_of("a") != base);
	make_file(&machine_x86_64, 1, NULL);                 /* without: headers and name, no contents */
	boot_at(&machine_x86_64, 0x3000000, "", "module a role=map va=stable\n");
	base = base_of("a");
	memset(files[1] + 0x1000, 0xcc, 0x1000);
	boot_at(&machine_x86_64, 0x3000000, "", "module a role=map va=stable\n");
	assert_true(base_of("a") == base);
	boot_at(&machine_x86_64, 0x3000000, "", "module a role=map name=z va=stable\n");
	other = base_of("z");
	put64(files[1] + 24, 0x1230);
	boot_at(&machine_x86_64, 0x3000000, "", "module a role=map va=stable\n");
	assert_true(base != other && base_of("a") != base && base_of("a") != other);
}

/* Rules: M13 */
static void who_must_move_does_not_depend_on_the_order(void **state)
{
	static const char *const orders[] = {
		"va stable\nmodule a role=map\nmodule b role=map\nmodule c role=map\n",
		"va stable\nmodule c role=map\nmodule b role=map\nmodule a role=map\n",
		"va stable\nmodule b role=map\nmodule a role=map\nmodule c role=map\n",
	};
	uint64_t bases[4];
	unsigned moved = 0;

	(void)state;
	make_files(&machine_aarch64);
	for (unsigned i = 1; i < 4; i++)
		make_file(&machine_aarch64, i, "ABCDEFGH");  /* the same, so that all want one place */
	for (unsigned order = 0; order < 3; order++) {
		boot_at(&machine_aarch64, 0x3000000, "", orders[order]);
		for (unsigned i = 1; i < 4; i++) {
			if (order == 0)
				bases[i] = base_of(names[i]);
			assert_true(base_of(names[i]) == bases[i]);
			moved += is_moved(names[i]);
		}
	}
	assert_int_equal(moved, 3 * 2);
}

/* Rules: M13, H4 */
static void the_command_line_wins_over_file_and_module(void **state)
{
	static const char text[] = "va random\nmodule a role=map va=stable\nmodule b role=map\n";
	uint64_t packed;

	(void)state;
	make_files(&machine_x86_64);
	boot_at(&machine_x86_64, 0x3000000, "seed", text);
	assert_true(object_named("b")->placement.va_bits > 8);
	assert_true(base_of("a") > machine_x86_64.kernel_va + 0x100000);
	b.arena.used = 0;
	b.env.cmdline = span_of("smalt.va=packed");
	assert_int_equal(plan(), ST_OK);
	packed = base_of("kernel.elf");
	assert_true(packed - machine_x86_64.kernel_va < 0x200000 && base_of("a") > packed &&
	            base_of("b") > base_of("a") && base_of("b") - packed < 0x800000);
	assert_int_equal(object_named("b")->placement.va_bits, 0);
}

/* Rules: M13, H2 */
static void bits_are_handed_over_and_without_a_seed_they_are_none(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (unsigned seeded = 0; seeded < 2; seeded++) {
			const struct smalt_handoff *h;
			const struct smalt_object *o;

			make_files(both[m]);
			boot_at(both[m], 0x3000000, seeded ? "0123456789abcdef" : "", "va random\n");
			h = boot_handoff(&b.boot);
			o = (const void *)((const uint8_t *)h + (h->objects.va - b.boot.handoff_va));
			/* Pages of 4K in 2 GiB, and in 512 GiB: less than all by the few of the object */
			assert_int_equal(o->va_bits, !seeded ? 0 : m == 0 ? 18 : 26);
			assert_int_equal(o->va_bits, b.boot.objects[0].placement.va_bits);
			assert_true(seeded || o->base - both[m]->kernel_va < 0x200000);
		}
}

static uint64_t pa_of(const char *name)
{
	return space_extent_at(&b.boot.space, object_named(name)->placement.start)->pa;
}

/* The same machine and files again, with another seed. */
static void boot_again(const uint8_t seed[8])
{
	b.arena.used = 0;
	b.env.entropy = (struct span){ seed, 8 };
	assert_int_equal(plan(), ST_OK);
}

enum { BOOTS = 1000, BUCKETS = 16 };

static void check_even(const unsigned counts[BUCKETS])
{
	double squares = 0, expected = (double)BOOTS / BUCKETS;

	for (unsigned i = 0; i < BUCKETS; i++)
		squares += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
	assert_true(squares < 37.7);         /* 15 degrees of freedom: passed in 1 of 1000 */
}

/* Rules: M13 */
static void a_thousand_boots_are_spread_over_addresses_and_memory(void **state)
{
	/* Where objects can be: 2 GiB and 512 GiB; 1 GiB of RAM, above 1 MiB on x86_64 */
	static const uint64_t window[] = { 2ull << 30, 512ull << 30 };

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		unsigned va[BUCKETS] = { 0 }, pa[BUCKETS] = { 0 }, both_of[BUCKETS] = { 0 };

		make_files(both[m]);
		boot_at(both[m], 0x3000000, "seed", "va random\npa random\nmodule a role=map\n");
		for (uint32_t i = 0; i < BOOTS; i++) {
			uint8_t seed[8] = { (uint8_t)i, (uint8_t)(i >> 8) };
			uint64_t v, p;

			boot_again(seed);
			v = (base_of("kernel.elf") - both[m]->kernel_va) / (window[m] / BUCKETS);
			p = (pa_of("kernel.elf") - b.ram_pa) / (RAM_BYTES / BUCKETS);
			assert_true(v < BUCKETS && p < BUCKETS);
			va[v]++;
			pa[p]++;
			both_of[(v + p) % BUCKETS]++;        /* one tells nothing of the other */
			assert_int_equal(b.boot.objects[0].pa_bits, 17);
			assert_true(pa_of("a") != pa_of("kernel.elf") && base_of("a") != base_of("kernel.elf"));
		}
		check_even(va);
		check_even(pa);
		check_even(both_of);
	}
}

/* Rules: M13, S2 */
static void random_frames_are_copies_and_flat_modules_stay(void **state)
{
	const struct boot_object *flat;

	(void)state;
	make_files(&machine_x86_64);
	boot_at(&machine_x86_64, 0x3000000, "seed", "module b\n");
	assert_true(pa_of("kernel.elf") - b.file_pa < 0x100000);
	assert_int_equal(b.boot.objects[0].pa_bits, 0);
	boot_at(&machine_x86_64, 0x3000000, "seed", "pa random\nmodule b\n");
	flat = object_named("b");
	assert_true(pa_of("b") == flat->object.bytes_pa);
	assert_int_equal(flat->pa_bits, 0);
	assert_int_equal(object_named("kernel.elf")->pa_bits, 17);
	assert_int_equal(b.boot.cost.in_place_bytes, FILE_BYTES);
	assert_int_equal(b.boot.cost.copied_bytes, 0x1800);
	boot_at(&machine_x86_64, 0x3000000, "", "pa random\nmodule b\n");      /* no seed */
	assert_true(pa_of("kernel.elf") - b.file_pa < 0x100000);
	assert_int_equal(b.boot.objects[0].pa_bits, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stable_places_are_those_of_all_subsets_and_orders),
		cmocka_unit_test(beside_packed_random_and_fixed_objects_a_stable_one_stays),
		cmocka_unit_test(the_build_id_alone_decides_where_there_is_one),
		cmocka_unit_test(who_must_move_does_not_depend_on_the_order),
		cmocka_unit_test(the_command_line_wins_over_file_and_module),
		cmocka_unit_test(bits_are_handed_over_and_without_a_seed_they_are_none),
		cmocka_unit_test(a_thousand_boots_are_spread_over_addresses_and_memory),
		cmocka_unit_test(random_frames_are_copies_and_flat_modules_stay),
	};

	return cmocka_run_group_tests_name("turns", tests, NULL, NULL);
}
