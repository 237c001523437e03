/* SPDX-License-Identifier: BSD-2-Clause */
/* test_uefi_options.c: the command line, from each of those who can give one, in their order. */
#include "fake_volume.h"

#include "pe_maker.h"
#include "scratch.h"

static struct uefi u;
static struct fault fault;
static struct pe_maker image;
static CHAR16 *options;

/* UEFI Shell Specification 2.2, 2.3.1 */
static const EFI_GUID shell_parameters =
	{ 0x752f3136, 0x4e16, 0x4fdc, { 0xa2, 0x2a, 0xe5, 0xf4, 0x68, 0x12, 0xf4, 0xca } };

static int open_options(void **state)
{
	(void)state;
	fake_open();
	fake_volume();
	fake_start(&u, scratch(SCRATCH_BYTES));
	assert_int_equal(uefi_volume_open(&u, &fault), ST_OK);
	return 0;
}

static int close_options(void **state)
{
	(void)state;
	pe_free(&image);
	free(options);
	options = NULL;
	fake_close();
	return 0;
}

/* As whoever starts the loader passes them: nothing behind these bytes is read. */
static void pass(const CHAR16 *text, uint32_t bytes)
{
	free(options);
	options = malloc(bytes > 0 ? bytes : 1);
	memcpy(options, text, bytes);
	fw.loaded.LoadOptions = options;
	fw.loaded.LoadOptionsSize = bytes;
}

#define PASS(literal) pass(literal, sizeof(literal))

static void assert_cmdline_(struct span expected, int line)
{
	uint64_t used = u.arena.used;

	u.env.cmdline = (struct span){ NULL, 0 };
	if (uefi_options(&u, &fault) != ST_OK || !span_equals(u.env.cmdline, expected))
		fail_msg("line %d: \"%.*s\"", line, (int)u.env.cmdline.bytes, (const char *)u.env.cmdline.base);
	u.arena.used = used;
}

#define assert_cmdline(literal) assert_cmdline_(SPAN(literal), __LINE__)

/* Rules: H4 */
static void options_of_a_boot_entry_are_the_command_line(void **state)
{
	(void)state;
	PASS(u"one two=\"3 4\"");
	assert_cmdline("one two=\"3 4\"");
	pass(u"x", 2);
	assert_cmdline("x");
	pass(u"no nul", 12);
	assert_cmdline("no nul");
	pass(u"odd", 7);                         /* half a character behind */
	assert_cmdline("odd");
	pass(u"one\0two", 14);
	assert_cmdline("one");
	PASS(u" \tblanks ");
	assert_cmdline(" \tblanks");
	PASS(u"line\r\n");
	assert_cmdline("line");
	PASS(u"\"quoted\" x");
	assert_cmdline("\"quoted\" x");
}

/* Rules: H4 */
static void characters_become_utf_8(void **state)
{
	(void)state;
	PASS(u"x\x7f\x80\u00fc\x7ff\x800\u20ac\uffff");
	assert_cmdline("x\x7f\xc2\x80\xc3\xbc\xdf\xbf\xe0\xa0\x80\xe2\x82\xac\xef\xbf\xbf");
	pass((const CHAR16[]){ 'x', 0xd7ff, 0xd83d, 0xde00, 0xd800, 0xdfff, 0xe000 }, 14);
	assert_cmdline("x\xed\x9f\xbf????\xee\x80\x80");
}

/* Rules: H4 */
static void options_that_are_no_text_are_ignored(void **state)
{
	static const CHAR16 guid[] = { 0xac4e, 0x8108, 0x9f11, 0x4d59, 0x0e85, 0x1ae2, 0x2c52, 0xb259 };
	static const CHAR16 first[] = { 1, 9 + 1, 0x1f, 0x7f, 0x80, 0x2020, 0 };

	(void)state;
	pass(guid, sizeof guid);
	assert_cmdline("");
	for (unsigned i = 0; i < sizeof first / sizeof first[0]; i++) {
		pass((const CHAR16[]){ first[i], 'x', 0 }, 6);
		assert_cmdline("");
	}
	pass((const CHAR16[]){ '~', '!', 0 }, 6);
	assert_cmdline("~!");
	pass(u"x", 1);
	assert_cmdline("");
	pass(u"x", 0);
	assert_cmdline("");
	fw.loaded.LoadOptions = NULL;
	fw.loaded.LoadOptionsSize = 10;
	assert_cmdline("");
}

/* Rules: H4 */
static void in_the_shell_the_first_word_is_the_loader(void **state)
{
	(void)state;
	PASS(u"fs0:\\loader.efi a b");
	assert_cmdline("fs0:\\loader.efi a b");
	fake_install(FAKE_IMAGE, shell_parameters, &fw);
	assert_cmdline("a b");
	PASS(u"\"a folder\\loader.efi\" a \"b c\"");
	assert_cmdline("a \"b c\"");
	PASS(u"fs0:\"a folder\"\\loader.efi \t a");
	assert_cmdline("a");
	PASS(u"loader.efi");
	assert_cmdline("");
	PASS(u"loader.efi  ");
	assert_cmdline("");
	PASS(u"\"loader.efi without an end");
	assert_cmdline("");
	PASS(u"loader.efi\ta");
	assert_cmdline("a");
	pass(u"loader.efi", 20);
	assert_cmdline("");
	pass(u"loader.efi ", 22);
	assert_cmdline("");
}

/* Rules: H4 */
static void a_word_that_qemu_adds_for_linux_is_none(void **state)
{
	(void)state;
	PASS(u"quiet initrd=initrd");
	assert_cmdline("quiet");
	PASS(u"quiet   initrd=initrd");
	assert_cmdline("quiet");
	PASS(u" initrd=initrd");
	assert_cmdline("");
	PASS(u"initrd=initrd");
	assert_cmdline("");
	PASS(u"initrd=initrd quiet");
	assert_cmdline("initrd=initrd quiet");
	PASS(u"rd.initrd=initrd");
	assert_cmdline("rd.initrd=initrd");
	PASS(u"initrd=initrd initrd=initrd");
	assert_cmdline("initrd=initrd");
	PASS(u"nitrd=initrd");
	assert_cmdline("nitrd=initrd");
}

static void give_section(const char *text)
{
	image = pe_new(0x3000, 2);
	pe_section(&image, ".text", 0x1000, 0x1000, 0x1000);
	pe_section(&image, ".cmdline", 0x2000, (uint32_t)strlen(text), 0x200);
	memcpy(image.bytes + 0x2000, text, strlen(text));
	fw.loaded.ImageBase = image.bytes;
	fw.loaded.ImageSize = image.count;
}

/* Rules: H4 */
static void options_go_before_the_section_and_that_before_the_file(void **state)
{
	(void)state;
	fake_file(u"smalt.cmdline", SPAN("from a file\n"));
	assert_cmdline("from a file");
	give_section("from a section\n");
	assert_cmdline("from a section");
	PASS(u"from options");
	assert_cmdline("from options");
	PASS(u"initrd=initrd");                  /* nobody said anything */
	assert_cmdline("from a section");
	PASS(u"  ");
	assert_cmdline("from a section");
	PASS(u"loader.efi");
	fake_install(FAKE_IMAGE, shell_parameters, &fw);
	assert_cmdline("from a section");
}

/* Rules: H4 */
static void what_ends_a_text_is_no_part_of_it(void **state)
{
	(void)state;
	fake_file(u"smalt.cmdline", SPAN("a  b \t\r\n\n\0\0"));
	assert_cmdline("a  b");
	give_section(" \n");
	assert_cmdline("");
}

/* Rules: M20 */
static void a_file_that_cannot_be_read_is_an_error(void **state)
{
	(void)state;
	fake_file(u"smalt.cmdline", SPAN("a"))->read = EFI_DEVICE_ERROR;
	assert_int_equal(uefi_options(&u, &fault), ST_DEVICE);
	assert_span(fault.object, "smalt.cmdline");
}

/* Rules: M1 */
static void without_room_for_the_text_there_is_no_command_line(void **state)
{
	(void)state;
	PASS(u"0123456789");
	u.arena.bytes = u.arena.used + 30;
	assert_int_equal(uefi_options(&u, &fault), ST_NO_MEMORY);
	u.arena.bytes = u.arena.used + 31;       /* three bytes a character, and one */
	assert_int_equal(uefi_options(&u, &fault), ST_OK);
	assert_span(u.env.cmdline, "0123456789");
}

/* Rules: M20 */
static void what_concerns_the_loader_is_known_before_a_plan(void **state)
{
	uint64_t used;

	(void)state;
	PASS(u"quiet smalt.refused=exit smalt.test_exit_retries=3");
	assert_int_equal(uefi_options(&u, &fault), ST_OK);
	assert_true(u.exit_when_refused);
	assert_int_equal(u.spoil_exits, 3);
	assert_span(u.env.cmdline, "quiet smalt.refused=exit smalt.test_exit_retries=3");
	PASS(u"smalt.refused=return");
	used = u.arena.used;
	assert_int_equal(uefi_options(&u, &fault), ST_OK);
	assert_false(u.exit_when_refused);
	assert_int_equal(u.spoil_exits, 0);
	assert_int_equal(u.arena.used - used, 3 * 20 + 1);
}

/* Rules: M20 */
static void it_is_known_also_if_a_later_word_is_wrong(void **state)
{
	(void)state;
	PASS(u"smalt.refused=exit smalt.nonsense=1");
	assert_int_equal(uefi_options(&u, &fault), ST_OK);
	assert_true(u.exit_when_refused);
	PASS(u"quiet");
	assert_int_equal(uefi_options(&u, &fault), ST_OK);
	assert_false(u.exit_when_refused);
}

#define OPTIONS_TEST(name) cmocka_unit_test_setup_teardown(name, open_options, close_options)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OPTIONS_TEST(options_of_a_boot_entry_are_the_command_line),
		OPTIONS_TEST(characters_become_utf_8),
		OPTIONS_TEST(options_that_are_no_text_are_ignored),
		OPTIONS_TEST(in_the_shell_the_first_word_is_the_loader),
		OPTIONS_TEST(a_word_that_qemu_adds_for_linux_is_none),
		OPTIONS_TEST(options_go_before_the_section_and_that_before_the_file),
		OPTIONS_TEST(what_ends_a_text_is_no_part_of_it),
		OPTIONS_TEST(a_file_that_cannot_be_read_is_an_error),
		OPTIONS_TEST(without_room_for_the_text_there_is_no_command_line),
		OPTIONS_TEST(what_concerns_the_loader_is_known_before_a_plan),
		OPTIONS_TEST(it_is_known_also_if_a_later_word_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
