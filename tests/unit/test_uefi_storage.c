/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_uefi_storage.c: whole plans on a firmware that has too little: wherever storage ends and whichever call
 * fails, all pages and files are given back.
 */
#include "fake_volume.h"

#include "boot.h"
#include "boot_files.h"
#include "firmware.h"
#include "scratch.h"
#include "starve.h"

enum { LOADER_PAGE = 4000, LOADER_PAGES = 4 };

static struct uefi u;
static struct boot boot;
static uint64_t free_pages;

/* The loader's own memory, and a volume with a boot of this kind. */
static void give(const struct machine *machine, const char *conf)
{
	static CHAR16 names[FILES][16];

	make_files((uint16_t)machine->elf_machine);
	fw.machine = *machine;
	fw.machine.loader_limit = fake_pa(FAKE_PAGES);
	fake_set(LOADER_PAGE, LOADER_PAGES, EfiLoaderCode);
	fake_file(u"smalt.conf", span_of(conf));
	for (unsigned i = 0; i < FILES; i++) {
		for (unsigned c = 0; files[i].name[c] != '\0'; c++)
			names[i][c] = (CHAR16)files[i].name[c];
		fake_file(names[i], (struct span){ files[i].bytes, files[i].count });
	}
	free_pages = fake_free();
}

/* From the volume to the claimed frames, as the loader does it. */
static enum status run(struct arena *arena, struct fault *fault)
{
	enum status status;

	fake_start(&u, *arena);
	u.env.cpu = (struct cpu){ .leaf_mask = (1u << fw.machine.format->leaf_count) - 1, .levels = 4, .pa_bits = 48 };
	u.env.loader = (struct range){ fake_pa(LOADER_PAGE), LOADER_PAGES * FAKE_PAGE };
	u.env.part_count = 1;
	u.env.parts[0] = (struct part){ SMALT_KIND_JUMP, SMALT_R | SMALT_X, fake_pa(LOADER_PAGE), FAKE_PAGE };
	status = uefi_volume_open(&u, fault);
	u.lasting_files = u.env.file_count;
	if (status == ST_OK)
		status = boot_plan(&boot, &u.env, span_of(""), &u.arena, fault);
	arena->used = u.arena.used;
	return status;
}

/* The arena is the test's own. */
static void check_nothing_is_left(void)
{
	u.arena.bytes = 0;
	uefi_give_back(&u);
	assert_int_equal(fake_free(), free_pages);
	assert_int_equal(vol.open_count, 0);
	vol.handle_count = 0;
}

static int open_firmware(void **state)
{
	(void)state;
	fake_open();
	fake_volume();
	return 0;
}

static int close_firmware(void **state)
{
	(void)state;
	fake_close();
	return 0;
}

/* Storage is taken at least so often. Pages: for the raw module, and for the lowest and highest frames. */
static const struct { const struct machine *machine; const char *conf; unsigned least, calls; } kinds[] = {
	{ &machine_x86_64, "kernel kernel\nmodule a.so role=map\nmodule z.so role=map\nmodule raw\ndirect_map none\n", 50, 3 },
	{ &machine_aarch64, "kernel moving\nmodule moving role=map instances=3\nmodule raw\ndirect_map none\n", 43, 3 },
	{ &machine_aarch64, "kernel foreign\nmodule raw\n", 33, 3 },
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* With plenty: the frames that a plan takes. */
static uint32_t list_taken(struct smalt_memory *taken)
{
	struct arena arena = scratch(SCRATCH_BYTES);
	struct fault fault;

	assert_int_equal(run(&arena, &fault), ST_OK);
	assert_in_range(boot.frames.taken.count, 1, 64);
	memcpy(taken, boot.frames.taken.ranges, boot.frames.taken.count * sizeof *taken);
	check_nothing_is_left();
	return boot.frames.taken.count;
}

/* Rules: M1 */
static void wherever_storage_ends_pages_and_files_are_given_back(void **state)
{
	for (unsigned i = 0; i < KINDS; i++) {
		struct starve s = { .run = run, .refused = check_nothing_is_left };
		struct smalt_memory taken[64];
		uint32_t count;

		give(kinds[i].machine, kinds[i].conf);
		count = list_taken(taken);
		starve(&s);
		assert_true(s.refusals >= kinds[i].least);
		assert_int_equal(boot.frames.taken.count, count);
		assert_memory_equal(boot.frames.taken.ranges, taken, count * sizeof *taken);
		check_nothing_is_left();
		close_firmware(state);
		open_firmware(state);
	}
}

/* Rules: M1 */
static void whichever_call_fails_pages_and_files_are_given_back(void **state)
{
	for (unsigned i = 0; i < KINDS; i++) {
		give(kinds[i].machine, kinds[i].conf);
		for (unsigned n = 1; n <= kinds[i].calls + 1; n++) {
			struct arena arena = scratch(SCRATCH_BYTES);
			struct fault fault;
			enum status status;

			fw.fail_allocation = n;
			status = run(&arena, &fault);
			assert_int_equal(status, n == 1 ? ST_NO_MEMORY : n <= kinds[i].calls ? ST_MEMORY_CHANGED : ST_OK);
			assert_int_equal(fw.fail_allocation, n <= kinds[i].calls ? 0 : 1);
			fw.fail_allocation = 0;
			check_nothing_is_left();
		}
		close_firmware(state);
		open_firmware(state);
	}
}

#define STORAGE_TEST(name) cmocka_unit_test_setup_teardown(name, open_firmware, close_firmware)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORAGE_TEST(wherever_storage_ends_pages_and_files_are_given_back),
		STORAGE_TEST(whichever_call_fails_pages_and_files_are_given_back),
	};

	return cmocka_run_group_tests_name("uefi_storage", tests, NULL, NULL);
}
