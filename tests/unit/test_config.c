/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_config.c: smalt.conf and command lines: what they mean, and how a
 * mistake is shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include <smalt/request.h>

#include "config.h"
#include "scratch.h"

static struct arena arena;
static struct config config;
static struct fault fault;

static enum status parse(const char *text)
{
	arena = scratch(SCRATCH_BYTES);
	return config_parse(&config, span_of("smalt.conf"), span_of(text), &arena, &fault);
}

static void one_line_is_enough(void **state)
{
	uint32_t index;

	(void)state;
	assert_int_equal(parse("kernel vmlinux\n"), ST_OK);
	assert_int_equal(config_choose(&config, span_of(""), &index, &fault), ST_OK);
	assert_int_equal(index, 0);
	assert_span(config.entries[0].kernel, "vmlinux");
	assert_int_equal(config.entries[0].stack_bytes, 64 << 10);
	assert_true(config.entries[0].reporter);
	assert_true(config.entries[0].relocate);
	assert_false(config.entries[0].efi_identity);
	assert_false(config.entries[0].wx_allowed);
}

static void entries_begin_with_the_defaults(void **state)
{
	(void)state;
	assert_int_equal(parse("# defaults\n\nstack 1M\nkernel k # all\nmodule common\n"
	                       "entry one\n\tmodule m1 role=map name=first args=\"a b\" va=0x200000\n"
	                       "entry two\n  kernel other\n  stack 8192"), ST_OK);
	assert_int_equal(config.entry_count, 3);
	assert_span(config.entries[1].name, "one");
	assert_span(config.entries[1].kernel, "k");
	assert_int_equal(config.entries[1].stack_bytes, 1 << 20);
	assert_span(config.entries[2].kernel, "other");
	assert_int_equal(config.entries[2].stack_bytes, 8192);
	assert_int_equal(config.module_count, 2);
	assert_int_equal(config.modules[0].entry, 0);
	assert_span(config.modules[0].name, "common");
	assert_false(config.modules[0].map);
	assert_int_equal(config.modules[1].entry, 1);
	assert_true(config.modules[1].map);
	assert_span(config.modules[1].path, "m1");
	assert_span(config.modules[1].name, "first");
	assert_span(config.modules[1].args, "a b");
	assert_true(config.modules[1].has_va);
	assert_int_equal(config.modules[1].va, 0x200000);
	assert_int_equal(config.modules[1].line, 7);
}

/* Rules: S3 */
static void a_module_has_one_instance_or_as_many_as_it_says(void **state)
{
	(void)state;
	assert_int_equal(parse("kernel k\nmodule a instances=1\nmodule b instances=1024 role=map\n"
	                       "module c role=map\n"), ST_OK);
	assert_int_equal(config.modules[0].instances, 1);
	assert_int_equal(config.modules[1].instances, 1024);
	assert_int_equal(config.modules[2].instances, 1);
}

/* Rules: M23 */
static void a_module_may_be_forbidden_to_run(void **state)
{
	(void)state;
	assert_int_equal(parse("kernel k\nmodule a role=map\nmodule b exec=yes role=map\n"
	                       "module c role=map exec=no\nmodule d exec=no\n"), ST_OK);
	assert_false(config.modules[0].noexec);
	assert_false(config.modules[1].noexec);
	assert_true(config.modules[2].noexec);
	assert_true(config.modules[3].noexec);
}

/* Rules: M13 */
static void policies_are_words_of_the_entry_and_of_modules(void **state)
{
	(void)state;
	assert_int_equal(parse("kernel k\nva random\nmodule a va=stable\nmodule b va=packed\nmodule c va=random\n"
	                       "module d va=0x1000\nmodule e\n"), ST_OK);
	assert_int_equal(config.entries[0].va, PLACE_RANDOM);
	assert_true(config.entries[0].set & SET_VA);
	assert_true(config.modules[0].has_policy && config.modules[0].policy == PLACE_STABLE);
	assert_true(config.modules[1].has_policy && config.modules[1].policy == PLACE_PACKED);
	assert_true(config.modules[2].has_policy && config.modules[2].policy == PLACE_RANDOM);
	assert_false(config.modules[2].has_va);
	assert_true(config.modules[3].has_va && !config.modules[3].has_policy);
	assert_false(config.modules[4].has_va || config.modules[4].has_policy);
	assert_false(config.entries[0].pa_random);
	assert_int_equal(parse("kernel k\npa random\n"), ST_OK);
	assert_true(config.entries[0].pa_random && (config.entries[0].set & SET_PA));
	assert_int_equal(parse("kernel k\npa lowest\n"), ST_OK);
	assert_false(config.entries[0].pa_random);
	assert_int_equal(parse("kernel k\npa 0x1000\n"), ST_BAD_CONFIG);
	assert_string_equal(fault.hint, "write lowest or random");
	assert_int_equal(parse("kernel k\nva 0x1000\n"), ST_BAD_CONFIG);
	assert_string_equal(fault.hint, "write packed, stable or random");
	assert_int_equal(parse("kernel k\nmodule a va=randon\n"), ST_BAD_CONFIG);
	assert_string_equal(fault.hint, "write va=0xADDRESS, va=packed, va=stable or va=random");
}

static void words_have_quotes_escapes_and_comments(void **state)
{
	(void)state;
	assert_int_equal(parse("kernel \"a # \\\"b\\\" \\\\c\"\r\ncmdline x  y=\"1 2\"\tz#no #yes\n"), ST_OK);
	assert_span(config.entries[0].kernel, "a # \"b\" \\c");
	assert_span(config.entries[0].cmdline, "x y=1 2 z#no");
}

static void every_setting_is_read(void **state)
{
	const struct config_entry *e = &config.entries[0];

	(void)state;
	assert_int_equal(parse("wx allow\nreporter off\nrelocate no\nprotocol pvh\nfallback safe\n"
	                       "direct_map identity\nefi_runtime identity\npaging_levels 5\n"), ST_OK);
	assert_int_equal(e->paging_levels, 5);
	assert_true(e->set & SET_PAGING_LEVELS);
	assert_true(e->efi_identity);
	assert_true(e->set & SET_EFI_RUNTIME);
	assert_true(e->wx_allowed);
	assert_false(e->reporter);
	assert_false(e->relocate);
	assert_span(e->protocol, "pvh");
	assert_span(e->fallback, "safe");
	assert_int_equal(e->direct_map, SMALT_DIRECT_MAP_IDENTITY);
	assert_int_equal(parse("pages 4K"), ST_OK);
	assert_int_equal(e->granule_shift, 12);
	assert_int_equal(parse("pages 16K"), ST_OK);
	assert_int_equal(e->granule_shift, 14);
	assert_int_equal(parse("pages 64K"), ST_OK);
	assert_int_equal(e->granule_shift, 16);
	assert_true(e->set & SET_PAGES);
	assert_int_equal(parse("pages 65536"), ST_BAD_CONFIG);
	assert_int_equal(parse("pages 8K"), ST_BAD_CONFIG);
	assert_int_equal(parse("direct_map none"), ST_OK);
	assert_int_equal(e->direct_map, SMALT_DIRECT_MAP_NONE);
	assert_int_equal(parse("direct_map 0xffff900000000000"), ST_OK);
	assert_int_equal(e->direct_map, SMALT_DIRECT_MAP_AT);
	assert_true(e->direct_map_va == 0xffff900000000000);
}

/* Rules: C1 */
static void a_cache_and_the_level_of_colors_are_read(void **state)
{
	const struct config_entry *e = &config.entries[0];

	(void)state;
	assert_int_equal(parse("llc_size 1536K\nllc_ways 12\nllc_line 64\ncolor_level l3\n"), ST_OK);
	assert_int_equal(e->set, SET_LLC_SIZE | SET_LLC_WAYS | SET_LLC_LINE | SET_COLOR_LEVEL);
	assert_int_equal(e->llc_bytes, 1536 << 10);
	assert_int_equal(e->llc_ways, 12);
	assert_int_equal(e->llc_line, 64);
	assert_int_equal(e->color_level, 3);
	assert_int_equal(parse("llc_size 4G\nllc_ways 1024\nllc_line 4K\ncolor_level auto\n"), ST_OK);
	assert_int_equal(e->llc_bytes, 1ull << 32);
	assert_int_equal(e->llc_ways, 1024);
	assert_int_equal(e->llc_line, 4096);
	assert_int_equal(e->color_level, 0);
}

static void entries_are_chosen_by_name_or_first(void **state)
{
	uint32_t index = 9;

	(void)state;
	assert_int_equal(parse("kernel k\nentry a\nentry b\n"), ST_OK);
	assert_int_equal(config_choose(&config, span_of(""), &index, &fault), ST_OK);
	assert_int_equal(index, 1);
	assert_int_equal(config_choose(&config, span_of("b"), &index, &fault), ST_OK);
	assert_int_equal(index, 2);
	assert_int_equal(config_choose(&config, span_of("c"), &index, &fault), ST_NOT_FOUND);
	assert_string_equal(fault.word, "c");
	assert_int_equal(index, 2);
}

static void mistakes_have_a_place_and_the_nearest_key(void **state)
{
	static const struct {
		const char *text;
		uint32_t line, column;
		const char *word, *nearest;
	} cases[] = {
		{ "kernal k\n", 1, 1, "kernal", "kernel" },
		{ "kernel k\n\n  modul m\n", 3, 3, "modul", "module" },
		{ "frobnicate\n", 1, 1, "frobnicate", NULL },
		{ "module m rol=map\n", 1, 10, "rol=map", "role" },
		{ "module m role=app\n", 1, 10, "role=app", NULL },
		{ "module m role\n", 1, 10, "role", "role" },
		{ "module \"\"\n", 1, 8, "", NULL }, { "entry \"\"\n", 1, 7, "", NULL },
		{ "colors.kernel 3-1\n", 1, 15, "3-1", NULL }, { "colors.tables 64\n", 1, 15, "64", NULL },
		{ "colors.module.m 1,\n", 1, 17, "1,", NULL }, { "colors.module. 1\n", 1, 1, "colors.module.", "colors.module" },
		{ "color even\n", 1, 7, "even", NULL },
		{ "module m va=0xzz\n", 1, 10, "va=0xzz", NULL },
		{ "module m role=map exec=maybe\n", 1, 19, "exec=maybe", NULL },
		{ "module m exec=yes\n", 1, 8, "m", NULL },
		{ "module m instances=2\n", 1, 8, "m", NULL },
		{ "module m role=map instances=0\n", 1, 19, "instances=0", NULL },
		{ "module m role=map instances=1025\n", 1, 19, "instances=1025", NULL },
		{ "\nmodule m exec=yes name=n role=raw\n", 2, 8, "m", NULL },
		{ "kernel\n", 1, 1, "kernel", NULL },
		{ "kernel a b\n", 1, 10, "b", NULL },
		{ "stack 0\n", 1, 7, "0", NULL },
		{ "stack 2G\n", 1, 7, "2G", NULL },
		{ "llc_size 0\n", 1, 10, "0", NULL }, { "llc_size 4097M\n", 1, 10, "4097M", NULL },
		{ "llc_ways 0\n", 1, 10, "0", NULL }, { "llc_ways 1025\n", 1, 10, "1025", NULL },
		{ "llc_ways 0x100000001\n", 1, 10, "0x100000001", NULL },
		{ "llc_line 8\n", 1, 10, "8", NULL }, { "llc_line 48\n", 1, 10, "48", NULL },
		{ "llc_line 8K\n", 1, 10, "8K", NULL },
		{ "color_level l4\n", 1, 13, "l4", NULL }, { "color_level 2\n", 1, 13, "2", NULL },
		{ "llc_lines 64\n", 1, 1, "llc_lines", "llc_line" },
		{ "direct_map 0x1000\n", 1, 12, "0x1000", NULL },
		{ "wx yes\n", 1, 4, "yes", NULL },
		{ "paging_levels 3\n", 1, 15, "3", NULL },
		{ "paging_levels 0x5\n", 1, 15, "0x5", NULL },
		{ "entry a\nentry a\n", 2, 7, "a", NULL },
		{ "protocol grub\n", 1, 10, "grub", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(parse(cases[i].text), ST_BAD_CONFIG);
		assert_int_equal(fault.line, cases[i].line);
		assert_int_equal(fault.column, cases[i].column);
		assert_string_equal(fault.word, cases[i].word);
		assert_span(fault.object, "smalt.conf");
		if (cases[i].nearest)
			assert_string_equal(fault.nearest, cases[i].nearest);
		else
			assert_null(fault.nearest);
	}
}

static void broken_quotes_and_bytes_have_a_place(void **state)
{
	static const struct { const char *text; uint32_t line, column; } cases[] = {
		{ "kernel \"a\n", 1, 8 },
		{ "kernel a\ncmdline x \"y", 2, 11 },
		{ "kernel \"a\\n\"", 1, 11 },
		{ "kernel \"a\\", 1, 11 },
	};
	static const char nul[] = "kernel a\0b\n";

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(parse(cases[i].text), ST_BAD_CONFIG);
		assert_int_equal(fault.line, cases[i].line);
		assert_int_equal(fault.column, cases[i].column);
	}
	arena = scratch(SCRATCH_BYTES);
	assert_int_equal(config_parse(&config, span_of("c"), SPAN(nul), &arena, &fault), ST_BAD_CONFIG);
	assert_int_equal(fault.column, 9);
}

static void no_arena_is_too_small_to_fail_well(void **state)
{
	static const char text[] = "kernel k\ncmdline a b\nentry e\nmodule m args=\"x y\"\n";
	uint64_t bytes = 0;
	enum status status;

	(void)state;
	do {
		arena = scratch(bytes++);
		status = config_parse(&config, span_of("c"), SPAN(text), &arena, &fault);
		assert_true(status == ST_OK || status == ST_NO_MEMORY);
	} while (status != ST_OK);
	assert_true(bytes > 500);
}

static enum status words(struct config_words *w, const char *line)
{
	arena = scratch(SCRATCH_BYTES);
	return config_words(w, span_of(line), &arena, &fault);
}

/* Rules: H4 */
static void the_command_line_is_split_into_ours_and_the_rest(void **state)
{
	struct config_words w;

	(void)state;
	assert_int_equal(words(&w, "console=ttyS0 smalt.entry=safe a=\"b c\"  smalt.stack=1M "
	                           "smalt.env=serial quiet"), ST_OK);
	assert_span(w.entry, "safe");
	assert_true(w.print_env);
	assert_false(w.append);
	assert_span(w.rest, "console=ttyS0 a=\"b c\" quiet");
	assert_int_equal(w.settings.set, SET_STACK);
	assert_int_equal(w.settings.stack_bytes, 1 << 20);
}

static void plus_equals_appends(void **state)
{
	struct config_words w;

	(void)state;
	assert_int_equal(words(&w, "smalt.wx=allow += more of it"), ST_OK);
	assert_true(w.append);
	assert_span(w.rest, "more of it");
	assert_int_equal(words(&w, ""), ST_OK);
	assert_int_equal(w.rest.bytes, 0);
	assert_false(w.append);
}

static void mistakes_on_the_command_line_have_a_column(void **state)
{
	struct config_words w;

	(void)state;
	assert_int_equal(words(&w, "quiet smalt.stak=1M"), ST_BAD_CONFIG);
	assert_int_equal(fault.column, 7);
	assert_string_equal(fault.word, "smalt.stak=1M");
	assert_string_equal(fault.nearest, "stack");
	assert_span(fault.object, "command line");
	assert_int_equal(words(&w, "smalt.wx=maybe"), ST_BAD_CONFIG);
	assert_string_equal(fault.word, "maybe");
	assert_int_equal(words(&w, "smalt."), ST_BAD_CONFIG);
}

/* Rules: H4 */
static void what_is_set_later_wins_and_nothing_else_changes(void **state)
{
	struct config_entry entry = { .stack_bytes = 1, .reporter = true, .wx_allowed = true };
	struct config_entry over = { .set = SET_STACK | SET_REPORTER, .stack_bytes = 2 };

	(void)state;
	config_override(&entry, &over);
	assert_int_equal(entry.stack_bytes, 2);
	assert_false(entry.reporter);
	assert_true(entry.wx_allowed);
	assert_int_equal(entry.set, SET_STACK | SET_REPORTER);
	over = (struct config_entry){ .set = SET_LLC | SET_COLOR_LEVEL, .llc_bytes = 1 << 20, .llc_ways = 8,
	                              .llc_line = 64, .color_level = 2 };
	config_override(&entry, &over);
	over = (struct config_entry){ .set = SET_LLC_WAYS, .llc_ways = 16 };
	config_override(&entry, &over);
	assert_int_equal(entry.set, SET_STACK | SET_REPORTER | SET_LLC | SET_COLOR_LEVEL);
	assert_int_equal(entry.llc_bytes, 1 << 20);
	assert_int_equal(entry.llc_ways, 16);
	assert_int_equal(entry.llc_line, 64);
	assert_int_equal(entry.color_level, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_is_enough),
		cmocka_unit_test(entries_begin_with_the_defaults),
		cmocka_unit_test(a_module_has_one_instance_or_as_many_as_it_says),
		cmocka_unit_test(a_module_may_be_forbidden_to_run),
		cmocka_unit_test(policies_are_words_of_the_entry_and_of_modules),
		cmocka_unit_test(words_have_quotes_escapes_and_comments),
		cmocka_unit_test(every_setting_is_read),
		cmocka_unit_test(a_cache_and_the_level_of_colors_are_read),
		cmocka_unit_test(entries_are_chosen_by_name_or_first),
		cmocka_unit_test(mistakes_have_a_place_and_the_nearest_key),
		cmocka_unit_test(broken_quotes_and_bytes_have_a_place),
		cmocka_unit_test(no_arena_is_too_small_to_fail_well),
		cmocka_unit_test(the_command_line_is_split_into_ours_and_the_rest),
		cmocka_unit_test(plus_equals_appends),
		cmocka_unit_test(mistakes_on_the_command_line_have_a_column),
		cmocka_unit_test(what_is_set_later_wins_and_nothing_else_changes),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
