/* SPDX-License-Identifier: BSD-2-Clause */
/* test_uefi_volume.c: files are found beside the loader, arrive whole, and are closed again. */
#include "fake_volume.h"

#include "firmware.h"
#include "scratch.h"

enum { ROOT = 1 };               /* that is open once there is a volume */

static struct uefi u;
static struct fault fault;
static const struct file *file;

static int open_volume(void **state)
{
	(void)state;
	fake_open();
	fake_volume();
	fake_start(&u, scratch(SCRATCH_BYTES));
	return 0;
}

static int close_volume(void **state)
{
	(void)state;
	fake_close();
	return 0;
}

/* --- the loader's own path: UEFI 2.10, 10.3.5.4: type 4, subtype 4, UTF-16 with a NUL --- */

static uint8_t own_path[4096];
static unsigned own_bytes;

static void add_node(uint8_t type, uint8_t subtype, const CHAR16 *text, unsigned characters)
{
	uint8_t head[] = { type, subtype, (uint8_t)(4 + 2 * characters), (uint8_t)((4 + 2 * characters) >> 8) };

	memcpy(own_path + own_bytes, head, 4);
	memcpy(own_path + own_bytes + 4, text, 2 * characters);
	memcpy(own_path + own_bytes + 4 + 2 * characters, "\x7f\xff\x04\0", 4);
	own_bytes += 4 + 2 * characters;
	fw.loaded.FilePath = (EFI_DEVICE_PATH *)own_path;
}

static unsigned length(const CHAR16 *text)
{
	unsigned count = 0;

	while (text[count] != 0)
		count++;
	return count;
}

static void come_from(const CHAR16 *first, const CHAR16 *second)
{
	own_bytes = 0;
	add_node(4, 4, first, length(first) + 1);
	if (second != NULL)
		add_node(4, 4, second, length(second) + 1);
}

static bool has_conf(const char *text)
{
	const struct file *conf = env_file(&u.env, "smalt.conf");

	return conf != NULL && span_is(conf->bytes, text) && conf->pa == (uint64_t)(uintptr_t)conf->bytes.base &&
	       conf->donated && conf->pa % 4096 == 0;
}

static void assert_asked(const CHAR16 *path)
{
	for (unsigned i = 0; ; i++) {
		assert_int_equal(vol.asked[i], path[i]);
		if (path[i] == 0)
			return;
	}
}

static void open_from(const CHAR16 *first, const CHAR16 *second)
{
	come_from(first, second);
	assert_int_equal(uefi_volume_open(&u, &fault), ST_OK);
}

/* Rules: H1 */
static void smalt_conf_does_not_configure_an_initrd(void **state)
{
	(void)state;
	fake_file(u"smalt.conf", SPAN("kernel other\n"));
	u.env.files[u.env.file_count++] = (struct file){ .name = span_of("initrd") };
	open_from(u"\\BOOTX64.EFI", NULL);
	assert_null(env_file(&u.env, "smalt.conf"));
}

/* Rules: H1 */
static void smalt_conf_lies_beside_the_loader(void **state)
{
	static const struct { const CHAR16 *first, *second; } paths[] = {
		{ u"\\EFI\\BOOT\\BOOTX64.EFI", NULL }, { u"EFI\\BOOT\\BOOTX64.EFI", NULL },
		{ u"\\EFI\\BOOT", u"BOOTX64.EFI" }, { u"\\EFI\\BOOT\\", u"BOOTX64.EFI" },
		{ u"\\EFI\\BOOT", u"\\BOOTX64.EFI" }, { u"\\EFI\\BOOT\\", u"\\BOOTX64.EFI" },
		{ u"EFI", u"BOOT\\BOOTX64.EFI" }, { u"\\", u"EFI\\BOOT\\BOOTX64.EFI" },
	};

	(void)state;
	fake_file(u"smalt.conf", SPAN("in the root"));
	fake_file(u"EFI\\BOOT\\smalt.conf", SPAN("beside"));
	fake_file(u"EFI\\BOOT\\kernel", SPAN("kernel"));
	for (unsigned i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		fake_start(&u, scratch(SCRATCH_BYTES));
		open_from(paths[i].first, paths[i].second);
		assert_true(has_conf("beside"));
		assert_int_equal(u.env.file_count, 1);
		assert_int_equal(firmware_find(&u.env, SPAN("kernel"), false, &file, &fault), ST_OK);
		assert_non_null(file);
	}
}

/* Rules: H1 */
static void else_it_lies_in_the_root_and_paths_count_from_there(void **state)
{
	static const CHAR16 *const paths[] = { u"\\EFI\\BOOT\\BOOTX64.EFI", u"EFI\\BOOT\\BOOTX64.EFI", u"\\loader.efi",
	                                       u"loader.efi" };

	(void)state;
	fake_file(u"smalt.conf", SPAN("in the root"));
	fake_file(u"kernel", SPAN("kernel"));
	for (unsigned i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		fake_start(&u, scratch(SCRATCH_BYTES));
		open_from(paths[i], NULL);
		assert_true(has_conf("in the root"));
		assert_int_equal(firmware_find(&u.env, SPAN("kernel"), false, &file, &fault), ST_OK);
		assert_non_null(file);
	}
}

/* Rules: H1 */
static void nodes_of_other_kinds_are_no_part_of_the_path(void **state)
{
	(void)state;
	own_bytes = 0;
	add_node(4, 1, u"disk", 4);
	add_node(4, 4, u"\\EFI", 5);
	add_node(1, 4, u"\\xxx", 5);
	add_node(4, 4, u"x.efi", 5);             /* its NUL is missing: what follows would be a separator */
	add_node(0x5c, 0, u"", 0);
	fake_file(u"EFI\\smalt.conf", SPAN("beside"));
	assert_int_equal(uefi_volume_open(&u, &fault), ST_OK);
	assert_true(has_conf("beside"));
}

/* Rules: H1 */
static void a_name_in_a_node_ends_with_the_node_or_its_nul(void **state)
{
	(void)state;
	own_bytes = 0;
	add_node(4, 4, u"\\EFI\\a\0\\xx\\b", 12);
	fake_file(u"EFI\\smalt.conf", SPAN("beside"));
	assert_int_equal(uefi_volume_open(&u, &fault), ST_OK);
	assert_true(has_conf("beside"));
}

/* Rules: H1, M19 */
static void a_node_shorter_than_its_head_ends_the_path(void **state)
{
	(void)state;
	for (unsigned bytes = 0; bytes < 4; bytes++) {
		fake_start(&u, scratch(SCRATCH_BYTES));
		own_bytes = 0;
		add_node(4, 4, u"\\EFI\\", 5);
		add_node(4, 4, u"\\other\\", 7);
		own_path[4 + 10 + 2] = (uint8_t)bytes;
		assert_int_equal(uefi_volume_open(&u, &fault), ST_OK);
		assert_int_equal(u.env.file_count, 0);
		assert_asked(u"smalt.conf");
	}
}

/* Rules: H1 */
static void without_a_path_of_ours_the_root_is_looked_at(void **state)
{
	(void)state;
	fake_file(u"smalt.conf", SPAN("in the root"));
	fw.loaded.FilePath = NULL;
	assert_int_equal(uefi_volume_open(&u, &fault), ST_OK);
	assert_true(has_conf("in the root"));
	vol.file_count = vol.asked_count = 0;
	assert_int_equal(uefi_volume_open(&u, &fault), ST_OK);
	assert_int_equal(vol.asked_count, 1);    /* and once */
}

/* Rules: H1 */
static void a_path_of_ours_that_is_too_long_means_the_root(void **state)
{
	static CHAR16 longest[700];

	(void)state;
	fake_file(u"smalt.conf", SPAN("in the root"));
	for (unsigned count = 500; count < 600; count++) {
		for (unsigned i = 0; i < count; i++)
			longest[i] = 'a';
		longest[count - 4] = '\\';
		longest[count] = 0;
		fake_start(&u, scratch(SCRATCH_BYTES));
		open_from(longest, NULL);
		assert_true(has_conf("in the root"));
	}
	fake_file(u"a\\smalt.conf", SPAN("in a folder on the way"));
	longest[1] = '\\';
	fake_start(&u, scratch(SCRATCH_BYTES));
	open_from(longest, NULL);
	assert_true(has_conf("in the root"));
}

/* Rules: H1 */
static void without_a_volume_there_are_no_files(void **state)
{
	(void)state;
	vol.status = EFI_NO_MEDIA;
	come_from(u"\\x.efi", NULL);
	assert_int_equal(uefi_volume_open(&u, &fault), ST_OK);
	assert_null(u.root);
	assert_int_equal(firmware_find(&u.env, SPAN("kernel"), true, &file, &fault), ST_OK);
	assert_null(file);
	fw.protocol_count = 0;                   /* the network */
	assert_int_equal(uefi_volume_open(&u, &fault), ST_OK);
	fw.loaded.DeviceHandle = NULL;
	assert_int_equal(uefi_volume_open(&u, &fault), ST_OK);
	assert_int_equal(firmware_find(&u.env, SPAN("kernel"), true, &file, &fault), ST_OK);
	assert_null(file);
	assert_int_equal(vol.open_count, 0);
}

/* --- paths that are asked for --- */

/* Rules: H4 */
static void a_path_becomes_what_the_firmware_calls_it(void **state)
{
	static const struct { struct span name; const CHAR16 *path; } paths[] = {
		{ SPAN("kernel"), u"EFI\\kernel" }, { SPAN("a/b/c"), u"EFI\\a\\b\\c" },
		{ SPAN("/kernel"), u"\\kernel" }, { SPAN("/a/b"), u"\\a\\b" },
		{ SPAN("gr\xc3\xbc\xc3\x9f" "e"), u"EFI\\gr\u00fc\u00dfe" },
		{ SPAN("\xe2\x82\xac\xef\xbf\xbd"), u"EFI\\\u20ac\ufffd" },
		{ SPAN("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"), u"EFI\\\x7f\x80\x7ff\x800\xffff" },
	};

	(void)state;
	open_from(u"\\EFI\\x.efi", NULL);
	u.folder_characters = 4;                 /* although it has no smalt.conf */
	memcpy(u.folder, u"EFI\\", 8);
	for (unsigned i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		assert_int_equal(firmware_find(&u.env, paths[i].name, true, &file, &fault), ST_OK);
		assert_null(file);
		assert_asked(paths[i].path);
	}
	assert_int_equal(firmware_find(&u.env, (struct span){ NULL, 0 }, true, &file, &fault), ST_OK);
	assert_asked(u"EFI\\");
}

/* Rules: H4 */
static void a_name_that_is_no_utf_8_is_no_file(void **state)
{
	static const struct span names[] = {
		SPAN("a\x80"), SPAN("\xbf"), SPAN("a\xc3"), SPAN("\xc3" "a"), SPAN("\xe2\x82"), SPAN("\xe2\x82" "a"),
		SPAN("\xe2" "a\x82"), SPAN("\xf0\x9f\x98\x80"), SPAN("\xf0\x9f\x98"), SPAN("\xff"), SPAN("a\0b"),
		SPAN("\xc3\xff"), SPAN("\xf0\x80\x80\xaf"), SPAN("\xf0\x90\x80\x80"), SPAN("\xc0"), SPAN("\xdf"),
		SPAN("\xe0"), SPAN("\xef\xbf"),
		 SPAN("\xf8\x80\x80\x80\x80"), SPAN("\xe2\x82\xff"),
	};
	unsigned asked;

	(void)state;
	open_from(u"\\x.efi", NULL);
	asked = vol.asked_count;
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
		uint8_t *name = malloc(names[i].bytes);  /* nothing behind it is read */

		memcpy(name, names[i].base, names[i].bytes);
		file = &u.env.files[5];
		assert_int_equal(firmware_find(&u.env, (struct span){ name, names[i].bytes }, true, &file, &fault), ST_OK);
		assert_null(file);
		free(name);
	}
	assert_int_equal(vol.asked_count, asked);
}

/* Rules: H4 */
static void a_path_that_is_too_long_is_no_file(void **state)
{
	static uint8_t name[600];
	unsigned asked;

	(void)state;
	memset(name, 'n', sizeof name);
	open_from(u"\\x.efi", NULL);
	assert_int_equal(firmware_find(&u.env, (struct span){ name, 511 }, true, &file, &fault), ST_OK);
	assert_int_equal(length(vol.asked), 511);
	asked = vol.asked_count;
	for (unsigned bytes = 512; bytes <= sizeof name; bytes++) {
		assert_int_equal(firmware_find(&u.env, (struct span){ name, bytes }, true, &file, &fault), ST_OK);
		assert_null(file);
	}
	assert_int_equal(vol.asked_count, asked);
}

/* --- what is found --- */

/* Rules: H1 */
static void a_file_stays_on_the_volume_or_comes_whole(void **state)
{
	(void)state;
	fake_file(u"kernel", SPAN("a kernel"));
	fake_file(u"module", SPAN("a module"));
	open_from(u"\\x.efi", NULL);
	assert_int_equal(firmware_find(&u.env, SPAN("kernel"), false, &file, &fault), ST_OK);
	assert_true(file->pa == ENV_ON_VOLUME);
	assert_null(file->bytes.base);
	assert_int_equal(file->bytes.bytes, 8);
	assert_span(file->name, "kernel");
	assert_true(file->donated);
	assert_ptr_equal(file, &u.env.files[0]);
	assert_int_equal(fake_free(), FAKE_PAGES);
	assert_int_equal(firmware_find(&u.env, SPAN("module"), true, &file, &fault), ST_OK);
	assert_span(file->bytes, "a module");
	assert_ptr_equal(file->bytes.base, (void *)(uintptr_t)file->pa);
	assert_int_equal(file->pa % 4096, 0);
	assert_int_equal(u.env.file_count, 2);
	assert_int_equal(vol.open_count, ROOT + 2);
}

/* Rules: H1 */
static void a_file_can_be_loaded_later_and_only_once(void **state)
{
	(void)state;
	fake_file(u"kernel", SPAN("a kernel"));
	open_from(u"\\x.efi", NULL);
	assert_int_equal(firmware_find(&u.env, SPAN("kernel"), false, &file, &fault), ST_OK);
	assert_int_equal(firmware_load(&u.env, file, &fault), ST_OK);
	assert_span(file->bytes, "a kernel");
	assert_int_equal(fake_free(), FAKE_PAGES - 1);
	assert_int_equal(firmware_load(&u.env, file, &fault), ST_OK);
	assert_int_equal(fake_free(), FAKE_PAGES - 1);
}

/* Rules: H1, P3 */
static void a_large_file_lies_at_two_mebibytes(void **state)
{
	static uint8_t bytes[(2 << 20) + 1];

	(void)state;
	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 7 + (i >> 8));
	fake_file(u"large", (struct span){ bytes, 2 << 20 });
	fake_file(u"larger", (struct span){ bytes, (2 << 20) + 1 });
	fake_file(u"small", (struct span){ bytes, (2 << 20) - 1 });
	fake_set(FAKE_PAGES - 3, 3, EfiBootServicesData);
	open_from(u"\\x.efi", NULL);
	assert_int_equal(firmware_find(&u.env, SPAN("large"), true, &file, &fault), ST_OK);
	assert_int_equal(file->pa % (2 << 20), 0);
	assert_int_equal(fake_free(), FAKE_PAGES - 3 - 512);
	assert_memory_equal(file->bytes.base, bytes, 2 << 20);
	assert_int_equal(firmware_find(&u.env, SPAN("larger"), true, &file, &fault), ST_OK);
	assert_int_equal(file->pa % (2 << 20), 0);
	assert_int_equal(fake_free(), FAKE_PAGES - 3 - 512 - 513);
	assert_memory_equal(file->bytes.base, bytes, sizeof bytes);
	trace_clear();
	assert_int_equal(firmware_find(&u.env, SPAN("small"), true, &file, &fault), ST_OK);
	assert_string_equal(fw.trace, "A");      /* at any page */
	assert_int_equal(fake_free(), FAKE_PAGES - 3 - 512 - 513 - 512);
}

/* Rules: H1 */
static void an_empty_file_is_there_and_needs_no_memory(void **state)
{
	(void)state;
	fake_file(u"empty", SPAN(""));
	fake_file(u"smalt.conf", SPAN(""));
	open_from(u"\\x.efi", NULL);
	assert_true(has_conf(""));
	assert_int_equal(firmware_find(&u.env, SPAN("empty"), true, &file, &fault), ST_OK);
	assert_non_null(file);
	assert_int_equal(file->bytes.bytes, 0);
	assert_int_equal(fake_free(), FAKE_PAGES);
}

/* Rules: H1 */
static void a_folder_is_no_file(void **state)
{
	(void)state;
	fake_file(u"smalt.conf", SPAN("x"))->folder = true;
	fake_file(u"folder", SPAN(""))->folder = true;
	open_from(u"\\EFI\\x.efi", NULL);
	assert_int_equal(u.env.file_count, 0);
	assert_int_equal(firmware_find(&u.env, SPAN("folder"), true, &file, &fault), ST_OK);
	assert_null(file);
	assert_int_equal(firmware_find(&u.env, SPAN("/"), true, &file, &fault), ST_OK);
	assert_null(file);
	assert_int_equal(u.env.file_count, 0);
	assert_int_equal(vol.open_count, ROOT);
}

/* Rules: M20 */
static void more_files_than_there_is_room_for_are_refused(void **state)
{
	static CHAR16 names[ENV_FILES + 1][4];
	char name[4];

	(void)state;
	open_from(u"\\x.efi", NULL);
	for (unsigned i = 0; i <= ENV_FILES; i++) {
		for (unsigned c = 0; c < 3; c++)
			names[i][c] = (CHAR16)(name[c] = (char)('0' + (i >> 3 * c) % 8));
		fake_file(names[i], SPAN("x"));
		assert_int_equal(firmware_find(&u.env, (struct span){ (uint8_t *)name, 3 }, false, &file, &fault),
		                 i < ENV_FILES ? ST_OK : ST_TOO_SMALL);
	}
	assert_int_equal(fault.value, 129);
	assert_int_equal(fault.limit, 128);
	assert_int_equal(fault.object.bytes, 3);
	assert_int_equal(u.env.file_count, ENV_FILES);
	assert_int_equal(vol.open_count, ROOT + ENV_FILES);
}

/* --- what goes wrong --- */

/* Rules: M17 */
static void short_reads_add_up(void **state)
{
	(void)state;
	fake_file(u"kernel", SPAN("a kernel that comes in pieces"))->read_most = 3;
	open_from(u"\\x.efi", NULL);
	assert_int_equal(firmware_find(&u.env, SPAN("kernel"), true, &file, &fault), ST_OK);
	assert_span(file->bytes, "a kernel that comes in pieces");
}

/* Rules: M17 */
static void any_part_can_be_read_in_any_order(void **state)
{
	char to[8] = "-------";
	struct fake_file *kernel;

	(void)state;
	kernel = fake_file(u"kernel", SPAN("0123456789"));
	open_from(u"\\x.efi", NULL);
	assert_int_equal(firmware_find(&u.env, SPAN("kernel"), false, &file, &fault), ST_OK);
	assert_int_equal(firmware_read(&u.env, file, 6, to, 4, &fault), ST_OK);
	assert_string_equal(to, "6789---");
	assert_int_equal(firmware_read(&u.env, file, 1, to, 2, &fault), ST_OK);
	assert_string_equal(to, "1289---");
	assert_int_equal(firmware_read(&u.env, file, 10, to, 0, &fault), ST_OK);
	assert_string_equal(to, "1289---");
	kernel->read_most = 3;
	assert_int_equal(firmware_read(&u.env, file, 2, to, 5, &fault), ST_OK);
	assert_string_equal(to, "23456--");
}

static void assert_fault(const char *field, uint64_t value)
{
	assert_int_equal(fault.status, ST_DEVICE);
	assert_string_equal(fault.field, field);
	assert_int_equal(fault.value, value);
	assert_span(fault.object, "kernel");
}

/* Rules: M20 */
static void an_error_of_the_device_is_told_with_its_number(void **state)
{
	struct fake_file *kernel;

	(void)state;
	kernel = fake_file(u"kernel", SPAN("a kernel"));
	open_from(u"\\x.efi", NULL);
	kernel->open = EFI_NO_MEDIA;             /* UEFI 2.10, appendix D: 12, 17, 28, 7 */
	assert_int_equal(firmware_find(&u.env, SPAN("kernel"), true, &file, &fault), ST_DEVICE);
	assert_fault("Open()", 12);
	assert_int_equal(fault.has, FAULT_VALUE);
	assert_int_equal(vol.open_count, ROOT);
	kernel->open = EFI_SUCCESS;
	kernel->info = EFI_NO_MAPPING;
	assert_int_equal(firmware_find(&u.env, SPAN("kernel"), true, &file, &fault), ST_DEVICE);
	assert_fault("GetInfo()", 17);
	assert_int_equal(vol.open_count, ROOT);
	assert_int_equal(u.env.file_count, 0);
	kernel->info = EFI_SUCCESS;
	kernel->seek = EFI_END_OF_MEDIA;
	assert_int_equal(firmware_find(&u.env, SPAN("kernel"), true, &file, &fault), ST_DEVICE);
	assert_fault("Read()", 28);
	kernel->seek = EFI_SUCCESS;
	kernel->read = EFI_DEVICE_ERROR;
	kernel->reads_good = 2;
	kernel->read_most = 2;
	assert_int_equal(firmware_find(&u.env, SPAN("kernel"), true, &file, &fault), ST_DEVICE);
	assert_fault("Read()", 7);
	firmware_release(&u.env);
	assert_int_equal(vol.open_count, ROOT);
	assert_int_equal(fake_free(), FAKE_PAGES);
}

/* Rules: M19 */
static void a_read_that_says_nonsense_is_an_error(void **state)
{
	struct fake_file *kernel;
	uint8_t to[6];

	(void)state;
	kernel = fake_file(u"kernel", SPAN("a kernel"));
	open_from(u"\\x.efi", NULL);
	kernel->read_nothing = true;
	assert_int_equal(firmware_find(&u.env, SPAN("kernel"), true, &file, &fault), ST_DEVICE);
	assert_fault("bytes from Read()", 0);
	assert_int_equal(fault.limit, 8);
	kernel->read_nothing = false;
	kernel->read_too_much = true;
	assert_int_equal(firmware_find(&u.env, SPAN("kernel"), true, &file, &fault), ST_DEVICE);
	assert_fault("bytes from Read()", 9);
	kernel->read_most = 7;                   /* 8 of 7 are none too many, but one more is */
	assert_int_equal(firmware_find(&u.env, SPAN("kernel"), true, &file, &fault), ST_OK);
	kernel->read_most = 3;
	assert_int_equal(firmware_read(&u.env, file, 0, to, 6, &fault), ST_DEVICE);      /* 4 and 3 */
	assert_int_equal(fault.value, 3);
	assert_int_equal(fault.limit, 2);
	kernel->read_too_much = false;
	kernel->read_most = 0;
	kernel->told_bytes = 9;                  /* the file became shorter */
	assert_int_equal(firmware_find(&u.env, SPAN("kernel"), true, &file, &fault), ST_DEVICE);
	assert_fault("bytes from Read()", 0);
	assert_int_equal(fault.limit, 1);
}

/* Rules: M1 */
static void a_file_that_does_not_fit_is_refused(void **state)
{
	static const uint64_t sizes[] = { FAKE_PAGES * 4096ull + 1, 1ull << 62, 1ull << 63, UINT64_MAX - 1 };
	struct fake_file *kernel;

	(void)state;
	kernel = fake_file(u"kernel", SPAN("a kernel"));
	open_from(u"\\x.efi", NULL);
	for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		kernel->told_bytes = sizes[i];
		assert_int_equal(firmware_find(&u.env, SPAN("kernel"), true, &file, &fault), ST_NO_MEMORY);
		assert_true(fault.value == sizes[i]);
		assert_span(fault.object, "kernel");
	}
	firmware_release(&u.env);
	assert_int_equal(vol.open_count, ROOT);
	assert_int_equal(fake_free(), FAKE_PAGES);
}

/* Rules: M1, M20 */
static void a_text_that_cannot_be_read_is_refused_by_its_name(void **state)
{
	struct fake_file *conf;

	(void)state;
	conf = fake_file(u"smalt.conf", SPAN("kernel kernel\n"));
	come_from(u"\\x.efi", NULL);
	conf->read = EFI_DEVICE_ERROR;
	assert_int_equal(uefi_volume_open(&u, &fault), ST_DEVICE);
	assert_span(fault.object, "smalt.conf");
	conf->read = EFI_SUCCESS;
	conf->info = EFI_DEVICE_ERROR;
	assert_int_equal(uefi_volume_open(&u, &fault), ST_DEVICE);
	assert_span(fault.object, "smalt.conf");
	conf->info = EFI_SUCCESS;
	conf->told_bytes = SCRATCH_BYTES;
	assert_int_equal(uefi_volume_open(&u, &fault), ST_NO_MEMORY);
	assert_span(fault.object, "smalt.conf");
	conf->told_bytes = UINT64_MAX - 1;
	assert_int_equal(uefi_volume_open(&u, &fault), ST_NO_MEMORY);
}

/* Rules: M20 */
static void an_error_in_the_root_is_an_error_too(void **state)
{
	(void)state;
	fake_file(u"smalt.conf", SPAN("kernel kernel\n"))->open = EFI_VOLUME_CORRUPTED;
	come_from(u"\\EFI\\x.efi", NULL);
	assert_int_equal(uefi_volume_open(&u, &fault), ST_DEVICE);
	assert_int_equal(fault.value, 10);
}

/* --- texts and what lasts --- */

/* Rules: H1 */
static void a_text_is_read_and_closed(void **state)
{
	struct span text;

	(void)state;
	fake_file(u"EFI\\smalt.conf", SPAN("kernel kernel\n"));
	fake_file(u"EFI\\smalt.cmdline", SPAN("quiet\n"));
	open_from(u"\\EFI\\x.efi", NULL);
	assert_int_equal(uefi_volume_text(&u, "smalt.cmdline", &text, &fault), ST_OK);
	assert_span(text, "quiet\n");
	assert_int_equal(uefi_volume_text(&u, "missing", &text, &fault), ST_OK);
	assert_null(text.base);
	assert_int_equal(text.bytes, 0);
	assert_int_equal(u.env.file_count, 1);
	assert_int_equal(vol.open_count, ROOT);
	assert_null(u.opened[0]);
	assert_null(u.opened[1]);
}

/* Rules: M1 */
static void lasting_files_outlast_a_try_and_the_others_are_closed(void **state)
{
	(void)state;
	fake_file(u"smalt.conf", SPAN("kernel kernel\n"));
	fake_file(u"kernel", SPAN("a kernel"));
	fake_file(u"module", SPAN("a module"));
	open_from(u"\\x.efi", NULL);
	u.lasting_files = u.env.file_count;
	for (unsigned again = 0; again < 2; again++) {
		assert_int_equal(firmware_find(&u.env, SPAN("kernel"), false, &file, &fault), ST_OK);
		assert_int_equal(firmware_find(&u.env, SPAN("module"), true, &file, &fault), ST_OK);
		assert_int_equal(vol.open_count, ROOT + 2);
		assert_int_equal(fake_free(), FAKE_PAGES - 1);
		firmware_release(&u.env);
		assert_int_equal(vol.open_count, ROOT);
		assert_int_equal(fake_free(), FAKE_PAGES);
		assert_int_equal(u.env.file_count, 1);
		assert_true(has_conf("kernel kernel\n"));
	}
}

#define VOLUME_TEST(name) cmocka_unit_test_setup_teardown(name, open_volume, close_volume)

int main(void)
{
	const struct CMUnitTest tests[] = {
		VOLUME_TEST(smalt_conf_does_not_configure_an_initrd),
		VOLUME_TEST(smalt_conf_lies_beside_the_loader),
		VOLUME_TEST(else_it_lies_in_the_root_and_paths_count_from_there),
		VOLUME_TEST(nodes_of_other_kinds_are_no_part_of_the_path),
		VOLUME_TEST(a_name_in_a_node_ends_with_the_node_or_its_nul),
		VOLUME_TEST(a_node_shorter_than_its_head_ends_the_path),
		VOLUME_TEST(without_a_path_of_ours_the_root_is_looked_at),
		VOLUME_TEST(a_path_of_ours_that_is_too_long_means_the_root),
		VOLUME_TEST(without_a_volume_there_are_no_files),
		VOLUME_TEST(a_path_becomes_what_the_firmware_calls_it),
		VOLUME_TEST(a_name_that_is_no_utf_8_is_no_file),
		VOLUME_TEST(a_path_that_is_too_long_is_no_file),
		VOLUME_TEST(a_file_stays_on_the_volume_or_comes_whole),
		VOLUME_TEST(a_file_can_be_loaded_later_and_only_once),
		VOLUME_TEST(a_large_file_lies_at_two_mebibytes),
		VOLUME_TEST(an_empty_file_is_there_and_needs_no_memory),
		VOLUME_TEST(a_folder_is_no_file),
		VOLUME_TEST(more_files_than_there_is_room_for_are_refused),
		VOLUME_TEST(short_reads_add_up),
		VOLUME_TEST(any_part_can_be_read_in_any_order),
		VOLUME_TEST(an_error_of_the_device_is_told_with_its_number),
		VOLUME_TEST(a_read_that_says_nonsense_is_an_error),
		VOLUME_TEST(a_file_that_does_not_fit_is_refused),
		VOLUME_TEST(a_text_that_cannot_be_read_is_refused_by_its_name),
		VOLUME_TEST(an_error_in_the_root_is_an_error_too),
		VOLUME_TEST(a_text_is_read_and_closed),
		VOLUME_TEST(lasting_files_outlast_a_try_and_the_others_are_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
