/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_boot_storage.c: boots of every kind with less storage and fewer frames than they need: each refusal is
 * clear and changes nothing, and what is planned after all of them is what is planned without.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "archive_maker.h"
#include "bench.h"
#include "boot_files.h"
#include "own_bench.h"
#include "protocol.h"
#include "starve.h"

enum { X86 = 1, ARM = 2, ARCHIVE = 4, VOLUME = 8, FIRMWARE = 16, SEED = 32 };
/* --- boots ------------------------------------------------------------------------------- */

/*
 * least: so often storage is taken, or more; unused: pages that lie between what is aligned, and that chance
 * leaves, when memory is as small as it can be.
 */
static const struct kind {
	const char *conf, *cmdline;
	unsigned how, least, unused;
} kinds[] = {
	{ "kernel kernel\nmodule a.so role=map\nmodule z.so role=map\nmodule raw name=\"r w\"\n", "", X86 | ARM, 40, 0 },
	{ "kernel kernel\nmodule a.so role=map\nmodule z.so role=map\nmodule raw\n", "x y", X86 | ARM | VOLUME, 40, 0 },
	{ "stack 64K\ncmdline a b c\nmodule raw\nentry one\nkernel nobody\nentry two\ncmdline \"d e\"\nfallback one\n"
	  "kernel moving\ndirect_map none\nmodule kernel role=map relocate=no\n",
	  "smalt.entry=two += f \"g h\" smalt.stack=128K", X86 | ARM | ARCHIVE, 33, 0 },
	{ "kernel moving\nmodule moving role=map instances=5 name=m\n", "", X86 | ARM, 36, 0 },
	{ "kernel moving\nva random\npa random\nmodule moving role=map va=stable name=m\nmodule kernel role=map name=k\n"
	  "module a.so role=map\nmodule z.so role=map\n", "", X86 | ARM | SEED, 46, 20 },
	{ "kernel moving\nefi_runtime identity\n", "", X86 | ARM | FIRMWARE, 25, 0 },
	{ "kernel moving\ncolor partition,strict\nllc_size 1M\nllc_ways 16\nllc_line 64\n"
	  "module kernel role=map relocate=no\n", "",
	  X86 | ARM, 33, 8 },
	{ "kernel moving\ncolor spread\nllc_size 1M\nllc_ways 16\nllc_line 64\n"
	  "module kernel role=map relocate=no\n", "", X86 | ARM, 33, 8 },
	{ "kernel foreign\nmodule raw args=\"a b\"\nmodule moving name=m\n", "quiet", X86, 25, 0 },
	{ "kernel foreign\nmodule raw args=\"a b\"\n", "quiet", ARM, 24, 127 },
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static const struct kind *kind;          /* of the boot that is given */
static struct env given;
static struct smalt_memory given_memory[16];
static uint64_t given_files;

static uint64_t hash(uint64_t seed, const void *bytes, uint64_t count)
{
	const uint8_t *at = bytes;

	for (uint64_t i = 0; i < count; i++)
		seed = (seed ^ at[i]) * 0x100000001b3;
	return seed;
}

static uint64_t hash_files(void)
{
	uint64_t sum = 1;

	for (uint32_t i = 0; i < b.env.file_count; i++)
		sum = hash(sum, b.env.files[i].bytes.base, b.env.files[i].bytes.bytes);
	return sum;
}

static void add_file(const char *name, const void *bytes, uint64_t count, bool volume)
{
	uint64_t pa = b.file_pa + 0x20000ull * b.env.file_count;
	void *at = env_pointer(&b.env, pa);

	memcpy(at, bytes, count);
	b.env.files[b.env.file_count++] = (struct file){ span_of(name), volume ? ENV_ON_VOLUME : pa, { at, count }, true };
}

static void give_files(void)
{
	archive_begin();
	archive_put("smalt.conf", kind->conf, strlen(kind->conf));
	if (!(kind->how & ARCHIVE))
		add_file("smalt.conf", kind->conf, strlen(kind->conf), false);
	for (unsigned i = 0; i < FILES; i++) {
		if (!(kind->how & ARCHIVE))
			add_file(files[i].name, files[i].bytes, files[i].count, kind->how & VOLUME);
		archive_put(files[i].name, files[i].bytes, files[i].count);
	}
	archive_end();
	if (kind->how & ARCHIVE)
		add_file("initrd", archive_file, archive_bytes, false);
	add_memory(b.file_pa, 0x20000ull * b.env.file_count, SMALT_MEM_RECLAIMABLE);
}

/* The same machine every time; free 0: all of its memory is. */
static void give(unsigned which, const struct machine *machine, uint64_t free_bytes)
{
	static const uint8_t seed[32] = { 1, 2, 3 };

	kind = &kinds[which];
	set_machine(machine, 0x3000000);
	b.env.path = SMALT_PATH_UEFI;
	if (free_bytes != 0) {
		b.env.memory.count = 0;
		add_memory(b.ram_pa + 0x1000000, free_bytes, SMALT_MEM_USABLE);
		add_memory(b.env.loader.pa, b.env.loader.bytes, SMALT_MEM_RECLAIMABLE);
	}
	make_files((uint16_t)machine->elf_machine);
	if (kind->how & FIRMWARE) {
		give_screen(SCREEN_PA, 0x300000);
		give_runtime(SMALT_R | SMALT_X);
	}
	if (kind->how & SEED)
		b.env.entropy = (struct span){ seed, sizeof seed };
	set_cmdline(kind->cmdline);
	give_files();
	assert_int_equal(memmap_finish(&b.env.memory, PAGE, &b.fault), ST_OK);
	memcpy(&given, &b.env, sizeof given);
	memcpy(given_memory, b.ranges, sizeof given_memory);
	given_files = hash_files();
}

static enum status run(struct arena *arena, struct fault *fault)
{
	return boot_plan(&b.boot, &b.env, span_of(""), arena, fault);
}

/* Every page of the memory that boots are planned into begins as it was filled. */
static void check_untouched(void)
{
	static const uint8_t filled[8] = { 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa };

	for (uint64_t at = 0; at < 16 << 20; at += PAGE) {
		assert_memory_equal(b.ram + at, filled, 8);
		assert_memory_equal(b.ram + RAM_BYTES - at - PAGE, filled, 8);
	}
}

static void check_given(void)
{
	assert_memory_equal(&b.env, &given, sizeof given);
	assert_memory_equal(b.ranges, given_memory, sizeof given_memory);
	assert_true(hash_files() == given_files);
}

static void check_refused(void)
{
	check_given();
	check_untouched();
}

/* What was planned and done: who is where, which tables, and all bytes of what was taken. */
struct picture { uint64_t rows, extents, maps, taken, after, bytes; uint64_t used; };

static struct picture draw(void)
{
	const struct space *s = &b.boot.space;
	const struct memmap *taken = &b.boot.frames.taken, *after = &b.boot.after;
	struct picture p = {
		.rows = hash(1, s->rows, s->row_count * sizeof s->rows[0]),
		.extents = hash(1, s->extents, s->extent_count * sizeof s->extents[0]),
		.maps = hash(1, b.boot.maps, b.boot.map_count * sizeof b.boot.maps[0]),
		.taken = hash(1, taken->ranges, taken->count * sizeof taken->ranges[0]),
	};

	boot_finish(&b.boot);
	boot_execute(&b.boot);
	p.after = hash(1, after->ranges, after->count * sizeof after->ranges[0]);
	for (uint32_t i = 0; i < taken->count; i++)
		if (range_fits(taken->ranges[i].pa - b.ram_pa, taken->ranges[i].bytes, RAM_BYTES))
			p.bytes = hash(p.bytes, env_pointer(&b.env, taken->ranges[i].pa), taken->ranges[i].bytes);
	return p;
}

static void say_if_refused(enum status status, const struct fault *fault)
{
	char text[512];

	if (status == ST_OK)
		return;
	fault_text(fault, text, sizeof text);
	fail_msg("%s: %s", kind->conf, text);
}

/* The boot as it is with plenty of everything. */
static struct picture draw_plenty(unsigned which, const struct machine *machine)
{
	struct picture p;

	give(which, machine, 0);
	say_if_refused(run(&b.arena, &b.fault), &b.fault);
	p = draw();
	p.used = b.arena.used;
	return p;
}

static bool is_of(unsigned which, unsigned m)
{
	return kinds[which].how & (m == 0 ? X86 : ARM);
}

/* Rules: M1 */
static void a_plan_whose_storage_ends_anywhere_is_refused_and_changes_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KINDS; i++)
		for (unsigned m = 0; m < 2; m++) {
			struct starve s = { .run = run, .refused = check_refused };
			struct picture plenty, starved;

			if (!is_of(i, m))
				continue;
			plenty = draw_plenty(i, both[m]);
			give(i, both[m], 0);
			starve(&s);
			starved = draw();
			starved.used = s.bytes;
			assert_memory_equal(&plenty, &starved, sizeof plenty);
			assert_true(s.refusals >= kinds[i].least);
		}
}

static enum status run_in(unsigned which, const struct machine *machine, uint64_t pages)
{
	give(which, machine, pages * PAGE);
	return run(&b.arena, &b.fault);
}

/* Rules: M1, M20 */
static void a_plan_without_frames_is_refused_and_changes_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < KINDS; i++)
		for (unsigned m = 0; m < 2; m++) {
			enum status status;
			uint64_t pages = 0;

			if (!is_of(i, m))
				continue;
			while ((status = run_in(i, both[m], ++pages)) != ST_OK) {
				assert_int_equal(status, ST_NO_MEMORY);
				assert_true(b.fault.field[0] != '\0');
				check_refused();
			}
			assert_in_range(pages, b.boot.cost.frames, b.boot.cost.frames + kinds[i].unused);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plan_whose_storage_ends_anywhere_is_refused_and_changes_nothing),
		cmocka_unit_test(a_plan_without_frames_is_refused_and_changes_nothing),
	};

	return cmocka_run_group_tests_name("boot_storage", tests, NULL, NULL);
}
