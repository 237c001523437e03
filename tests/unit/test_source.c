/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_source.c: where the bytes of a boot come from, what its kernel's note and
 * its configuration make of it, and what is said if something is missing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include <smalt/request.h>

#include "archive_maker.h"
#include "bench.h"
#include "elf_maker.h"

#define KERNEL_BYTES 0x2000
#define NOTE_OFFSET  0x1800

static uint8_t kernel[KERNEL_BYTES];

/* Text at 0x200000, and the SMALT note in the file's second page. request NULL: no note. */
static void make_kernel(const struct smalt_request_desc *request, uint32_t desc_bytes)
{
	struct maker m = {
		.file = kernel, .file_bytes = KERNEL_BYTES, .type = 2, .machine = 62, .entry = 0x201000,
		.segment_count = request ? 2 : 1,
		.segments = {
			{ 1, 5, 0x1000, 0x201000, 0, 0x1000, 0x1000, 0x1000 },
			{ 4, 4, NOTE_OFFSET, 0x201800, 0, 20 + desc_bytes, 20 + desc_bytes, 4 },
		},
	};

	memset(kernel, 0, sizeof kernel);
	maker_write(&m);
	put32(kernel + NOTE_OFFSET, 6);
	put32(kernel + NOTE_OFFSET + 4, desc_bytes);
	put32(kernel + NOTE_OFFSET + 8, 1);
	memcpy(kernel + NOTE_OFFSET + 12, "SMALT\0\0", 8);
	if (request)
		memcpy(kernel + NOTE_OFFSET + 20, request, desc_bytes);
}

static void make_archive(const char *conf)
{
	archive_begin();
	if (conf)
		archive_put("smalt.conf", conf, strlen(conf));
	archive_put("./kernel.elf", kernel, KERNEL_BYTES);
	archive_put("data.bin", "some bytes", 10);
	archive_end();
}

static enum status boot(const char *conf, const char *cmdline)
{
	make_archive(conf);
	set_machine(&machine_x86_64, 0x3000000);
	give_file((const uint8_t *)archive_file, archive_bytes);
	b.env.cmdline = span_of(cmdline);
	return plan();
}

static enum status boot_with(const struct smalt_request_desc *request, uint32_t desc_bytes,
                             const char *conf, const char *cmdline)
{
	make_kernel(request, desc_bytes);
	return boot(conf, cmdline);
}

static void the_archive_has_kernel_and_modules_by_name(void **state)
{
	(void)state;
	make_kernel(NULL, 0);
	assert_int_equal(boot("kernel kernel.elf\nmodule /data.bin name=data args=\"-v 1\"\n", ""), ST_OK);
	assert_int_equal(b.boot.object_count, 2);
	assert_span(b.boot.objects[0].object.name, "kernel.elf");
	assert_int_equal(b.boot.objects[1].role, SMALT_ROLE_RAW);
	assert_span(b.boot.objects[1].object.name, "data");
	assert_span(b.boot.objects[1].object.bytes, "some bytes");
	assert_span(b.boot.objects[1].args, "-v 1");
	assert_true(b.boot.objects[1].object.bytes_pa - b.file_pa < archive_bytes);
	assert_memory_equal(archive_file + (b.boot.objects[1].object.bytes_pa - b.file_pa), "some bytes", 10);
}

static void a_bare_kernel_needs_no_archive(void **state)
{
	(void)state;
	make_kernel(NULL, 0);
	set_machine(&machine_x86_64, 0x3000000);
	give_file(kernel, KERNEL_BYTES);
	assert_int_equal(plan(), ST_OK);
	assert_int_equal(b.boot.object_count, 1);
	assert_true(b.boot.objects[0].object.bytes_pa == 0x3000000);
}

static void single_files_replace_those_of_the_archive(void **state)
{
	static const char conf[] = "kernel kernel.elf\nmodule data.bin\nmodule extra\n";

	(void)state;
	make_kernel(NULL, 0);
	make_archive("kernel nonsense\n");
	set_machine(&machine_x86_64, 0x3000000);
	give_file((const uint8_t *)archive_file, archive_bytes);
	b.env.files[1] = (struct file){ span_of("opt/smalt/smalt.conf"), 0x4000000, SPAN(conf), true };
	b.env.files[2] = (struct file){ span_of("opt/smalt/extra"), 0x4001000, SPAN("x"), true };
	b.env.file_count = 3;
	assert_int_equal(plan(), ST_OK);
	assert_int_equal(b.boot.object_count, 3);
	assert_true(b.boot.objects[2].object.bytes_pa == 0x4001000);
}

/* Rules: M20 */
static void what_is_missing_is_named(void **state)
{
	(void)state;
	make_kernel(NULL, 0);
	assert_int_equal(boot(NULL, ""), ST_NOT_FOUND);
	assert_string_equal(b.fault.word, "smalt.conf");
	assert_span(b.fault.object, "initrd");
	assert_int_equal(boot("# nothing\n", ""), ST_BAD_CONFIG);
	assert_string_equal(b.fault.field, "kernel missing in entry");
	assert_int_equal(boot("\nkernel  vmlinux\n", ""), ST_NOT_FOUND);
	assert_string_equal(b.fault.word, "vmlinux");
	assert_int_equal(b.fault.line, 2);
	assert_int_equal(b.fault.column, 9);
	assert_int_equal(boot("kernel kernel.elf\nmodule nothing\n", ""), ST_NOT_FOUND);
	assert_string_equal(b.fault.word, "nothing");
	assert_int_equal(b.fault.line, 2);
	assert_int_equal(boot("kernel kernel.elf\n", "smalt.entry=safe"), ST_NOT_FOUND);
	assert_string_equal(b.fault.word, "safe");
	set_machine(&machine_x86_64, 0x3000000);
	assert_int_equal(memmap_finish(&b.env.memory, PAGE, &b.fault), ST_OK);
	assert_int_equal(plan(), ST_NOT_FOUND);
}

/* Rules: M20 */
static void a_kernel_that_is_no_kernel_is_refused(void **state)
{
	static const uint8_t gzip[64] = { 0x1f, 0x8b, 8 };

	(void)state;
	make_kernel(NULL, 0);
	assert_int_equal(boot("kernel data.bin\n", ""), ST_NOT_MAPPABLE);
	assert_span(b.fault.object, "data.bin");
	set_machine(&machine_x86_64, 0x3000000);
	give_file(gzip, sizeof gzip);
	assert_int_equal(plan(), ST_BAD_ARCHIVE);
	assert_non_null(strstr(b.fault.hint, "gzip"));
	kernel[18] = 183;
	assert_int_equal(boot("kernel kernel.elf\n", ""), ST_WRONG_MACHINE);
}

/* Rules: H4 */
static void note_then_conf_then_command_line(void **state)
{
	struct smalt_request_desc r = { .bytes = sizeof r, .version = 1, .stack_bytes = 0x5000,
	                           .direct_map = SMALT_DIRECT_MAP_NONE,
	                           .flags = SMALT_REQUEST_NO_REPORTER };

	(void)state;
	assert_int_equal(boot_with(NULL, 0, "kernel kernel.elf\n", ""), ST_OK);
	assert_int_equal(b.boot.settings.stack_bytes, 64 << 10);
	assert_true(b.boot.settings.reporter);
	assert_true(b.boot.direct_map_bytes > 0);

	assert_int_equal(boot_with(&r, sizeof r, "kernel kernel.elf\n", ""), ST_OK);
	assert_int_equal(b.boot.settings.stack_bytes, 0x5000);
	assert_false(b.boot.settings.reporter);
	assert_int_equal(b.boot.direct_map_bytes, 0);
	assert_int_equal(boot_handoff(&b.boot)->stack_bytes, 0x5000);
	assert_int_equal(boot_handoff(&b.boot)->reporter_va, 0);

	assert_int_equal(boot_with(&r, sizeof r, "kernel kernel.elf\nstack 32K\nreporter on\n", ""), ST_OK);
	assert_int_equal(b.boot.settings.stack_bytes, 32 << 10);
	assert_true(b.boot.settings.reporter);
	assert_int_equal(b.boot.direct_map_bytes, 0);

	assert_int_equal(boot_with(&r, sizeof r, "kernel kernel.elf\nstack 32K\n",
	                           "smalt.stack=16K smalt.direct_map=default"), ST_OK);
	assert_int_equal(b.boot.settings.stack_bytes, 16 << 10);
	assert_true(b.boot.direct_map_bytes > 0);
}

/* Rules: H4, H7 */
static void the_direct_map_goes_where_the_note_wants_it(void **state)
{
	struct smalt_request_desc r = { .bytes = sizeof r, .version = 1, .direct_map = SMALT_DIRECT_MAP_AT,
	                           .direct_map_va = 0xffffa00000000000 };

	(void)state;
	assert_int_equal(boot_with(&r, sizeof r, "kernel kernel.elf\n", ""), ST_OK);
	assert_true(boot_handoff(&b.boot)->direct_map_va == 0xffffa00000000000);
	r.direct_map = SMALT_DIRECT_MAP_DEFAULT;
	assert_int_equal(boot_with(&r, sizeof r, "kernel kernel.elf\n", ""), ST_OK);
	assert_true(boot_handoff(&b.boot)->direct_map_va == 0xffff800000000000);
}

/* Rules: H4, P3 */
static void the_note_asks_for_pages_and_levels(void **state)
{
	struct smalt_request_desc r = { .bytes = sizeof r, .version = 1, .granule_shift = 12, .paging_levels = 4 };

	(void)state;
	assert_int_equal(boot_with(&r, sizeof r, "kernel kernel.elf\n", ""), ST_OK);
	assert_int_equal(b.boot.settings.granule_shift, 12);
	assert_int_equal(b.boot.settings.paging_levels, 4);
	r.granule_shift = 16;
	assert_int_equal(boot_with(&r, sizeof r, "kernel kernel.elf\n", ""), ST_MISSING_CAPABILITY);
	assert_string_equal(b.fault.word, "x86_64 has no pages of 64K");
	assert_int_equal(boot_with(&r, sizeof r, "kernel kernel.elf\npages 4K\n", ""), ST_OK);
	assert_int_equal(boot_with(&r, sizeof r, "kernel kernel.elf\n", "smalt.pages=4K"), ST_OK);
	r.granule_shift = 0;
	assert_int_equal(boot_with(&r, sizeof r, "kernel kernel.elf\npages 16K\n", ""), ST_MISSING_CAPABILITY);
}

/* Rules: H4 */
static void an_older_and_shorter_note_has_defaults_for_the_rest(void **state)
{
	struct smalt_request_desc r = { .bytes = 16, .version = 1, .stack_bytes = 0x3000, .flags = ~0u };

	(void)state;
	assert_int_equal(boot_with(&r, 16, "kernel kernel.elf\n", ""), ST_OK);
	assert_int_equal(b.boot.settings.stack_bytes, 0x3000);
	assert_true(b.boot.settings.reporter);
}

/* Rules: H4, M20 */
static void every_wrong_member_of_the_note_is_refused(void **state)
{
	static const struct smalt_request_desc good = { .bytes = sizeof good, .version = 1 };
	struct smalt_request_desc r;

	(void)state;
#define REFUSED(member, wrong, status) \
	r = good; \
	r.member = wrong; \
	assert_int_equal(boot_with(&r, sizeof r, "kernel kernel.elf\n", ""), status); \
	assert_string_equal(b.fault.field, "smalt_request_desc." #member)
	REFUSED(bytes, 4, ST_BAD_NOTE);
	REFUSED(bytes, sizeof good + 1, ST_BAD_NOTE);
	REFUSED(version, 2, ST_BAD_NOTE);
	REFUSED(stack_bytes, (1ull << 30) + 1, ST_BAD_NOTE);
	REFUSED(direct_map, 4, ST_BAD_NOTE);
	REFUSED(direct_map_va, 4096, ST_BAD_NOTE);
	REFUSED(flags, 2, ST_BAD_NOTE);
#undef REFUSED
	assert_int_equal(boot_with(&good, sizeof good, "kernel kernel.elf\n", ""), ST_OK);
}

/* Rules: M14, H7 */
static void a_module_without_room_behind_the_kernel_goes_to_the_high_half(void **state)
{
	/* Behind the kernel's only page lie a guard and the last granule, which nobody gets. */
	static const uint64_t top = 0xffffffffffffd000;

	(void)state;
	make_kernel(NULL, 0);
	put64(kernel + 24, top);             /* e_entry, p_vaddr */
	put64(kernel + 64 + 16, top);
	assert_int_equal(boot("kernel kernel.elf\nmodule data.bin\n", ""), ST_OK);
	assert_true(b.boot.objects[0].placement.base == top);
	/* The direct map ends 1 GiB behind its start; a guard; congruent to the file within a page. */
	assert_true(b.boot.objects[1].placement.base > 0xffff800040000000);
	assert_true(b.boot.objects[1].placement.base < 0xffff800040400000);
}

static void the_command_line_replaces_or_appends(void **state)
{
	static const char conf[] = "kernel kernel.elf\ncmdline from conf\n";

	(void)state;
	make_kernel(NULL, 0);
	assert_int_equal(boot(conf, "smalt.wx=refuse"), ST_OK);
	assert_span(b.boot.cmdline, "from conf");
	assert_int_equal(boot(conf, "other"), ST_OK);
	assert_span(b.boot.cmdline, "other");
	assert_int_equal(boot(conf, "+= and more"), ST_OK);
	assert_span(b.boot.cmdline, "from conf and more");
	assert_string_equal(env_pointer(&b.env, b.boot.handoff_pa +
		(boot_handoff(&b.boot)->cmdline_va - b.boot.handoff_va)), "from conf and more");
}

static void a_fallback_is_an_entry_of_its_own(void **state)
{
	(void)state;
	make_kernel(NULL, 0);
	assert_int_equal(boot("entry bad\nkernel no\nfallback good\nentry good\nkernel kernel.elf\n", ""),
	                 ST_NOT_FOUND);
	assert_span(b.boot.config.entries[b.boot.entry_index].fallback, "good");
	b.arena.used = 0;
	assert_int_equal(boot_plan(&b.boot, &b.env, span_of("good"), &b.arena, &b.fault), ST_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_archive_has_kernel_and_modules_by_name),
		cmocka_unit_test(a_bare_kernel_needs_no_archive),
		cmocka_unit_test(single_files_replace_those_of_the_archive),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(a_kernel_that_is_no_kernel_is_refused),
		cmocka_unit_test(note_then_conf_then_command_line),
		cmocka_unit_test(the_direct_map_goes_where_the_note_wants_it),
		cmocka_unit_test(the_note_asks_for_pages_and_levels),
		cmocka_unit_test(an_older_and_shorter_note_has_defaults_for_the_rest),
		cmocka_unit_test(every_wrong_member_of_the_note_is_refused),
		cmocka_unit_test(a_module_without_room_behind_the_kernel_goes_to_the_high_half),
		cmocka_unit_test(the_command_line_replaces_or_appends),
		cmocka_unit_test(a_fallback_is_an_entry_of_its_own),
	};

	return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
