/* SPDX-License-Identifier: BSD-2-Clause */
/* test_uefi_initrd.c: an archive that came with the loader: in its image, or from a boot manager. */
#include "fake_firmware.h"

#include "pe_maker.h"
#include "scratch.h"

static struct uefi u;
static struct fault fault;
static struct pe_maker image;
static struct span section;

static int open_initrd(void **state)
{
	(void)state;
	fake_open();
	fake_start(&u, scratch(SCRATCH_BYTES));
	return 0;
}

static int close_initrd(void **state)
{
	(void)state;
	pe_free(&image);
	fake_close();
	return 0;
}

/* --- sections --- */

static void give_image(void)
{
	fw.loaded.ImageBase = image.bytes;
	fw.loaded.ImageSize = image.count;
}

/* An image of three pages: .text, .initrd (5 bytes at 0x2000), .cmdline (the 8 letters that a name has). */
static void make_image(void)
{
	pe_free(&image);
	image = pe_new(0x3000, 3);
	pe_section(&image, ".text", 0x1000, 0x1000, 0x1000);
	pe_section(&image, ".initrd", 0x2000, 5, 0x200);
	pe_section(&image, ".cmdline", 0x2800, 0x401, 7);
	memcpy(image.bytes + 0x2000, "bytes", 5);
	give_image();
}

/* Rules: H1 */
static void a_section_has_the_bytes_that_are_in_file_and_memory(void **state)
{
	(void)state;
	make_image();
	assert_true(uefi_section(&u, ".initrd", &section));
	assert_ptr_equal(section.base, image.bytes + 0x2000);
	assert_int_equal(section.bytes, 5);
	assert_true(uefi_section(&u, ".cmdline", &section));
	assert_ptr_equal(section.base, image.bytes + 0x2800);
	assert_int_equal(section.bytes, 7);
}

/* Rules: H1 */
static void names_are_compared_whole(void **state)
{
	static const char *const names[] = { ".init", ".initr", ".initrd1", ".text1", "initrd", ".cmdlin" };

	(void)state;
	make_image();
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_false(uefi_section(&u, names[i], &section));
}

/* Rules: H1 */
static void the_archive_in_a_section_is_the_initrd(void **state)
{
	const struct file *file = &u.env.files[0];

	(void)state;
	make_image();
	assert_int_equal(uefi_initrd(&u, &fault), ST_OK);
	assert_int_equal(u.env.file_count, 1);
	assert_span(file->name, "initrd");
	assert_span(file->bytes, "bytes");
	assert_true(file->pa == (uint64_t)(uintptr_t)image.bytes + 0x2000);
	assert_true(file->donated);
	assert_string_equal(fw.trace, "");       /* nobody else is asked */
}

/* Rules: H1 */
static void a_section_outside_of_the_image_or_empty_is_none(void **state)
{
	static const struct { uint32_t at, mem, file; } wrong[] = {
		{ 0x3000, 1, 1 }, { 0x2fff, 2, 2 }, { 0, 0x3001, 0x3001 }, { 0xffffffff, 1, 1 },
		{ 0xffffffff, 0xffffffff, 0xffffffff }, { 0x2000, 0, 5 }, { 0x2000, 5, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		pe_free(&image);
		image = pe_new(0x3000, 1);
		pe_section(&image, ".initrd", wrong[i].at, wrong[i].mem, wrong[i].file);
		give_image();
		assert_false(uefi_section(&u, ".initrd", &section));
	}
	pe_put(&image, PE_TABLE + 8, 4, 0x3000);
	pe_put(&image, PE_TABLE + 12, 4, 0);
	pe_put(&image, PE_TABLE + 16, 4, 0x3000);
	assert_true(uefi_section(&u, ".initrd", &section));      /* exactly all of it is well */
	assert_int_equal(section.bytes, 0x3000);
}

/* Rules: M19 */
static void headers_are_never_looked_for_outside_of_the_image(void **state)
{
	(void)state;
	make_image();
	for (uint64_t at = 0; at <= image.count + 64; at++) {
		pe_put(&image, 0x3c, 4, at);
		(void)uefi_section(&u, ".initrd", &section);
	}
	for (unsigned shift = 0; shift < 32; shift++) {
		pe_put(&image, 0x3c, 4, 0xffffffffu - (1u << shift));
		(void)uefi_section(&u, ".initrd", &section);
	}
	pe_put(&image, 0x3c, 4, PE_AT);
	assert_true(uefi_section(&u, ".initrd", &section));
	for (uint32_t optional = 0; optional <= 0xffff; optional++) {
		pe_put(&image, PE_AT + 20, 2, optional);
		(void)uefi_section(&u, ".initrd", &section);
	}
}

/* Rules: M19 */
static void any_number_of_sections_ends_with_the_image(void **state)
{
	(void)state;
	make_image();
	pe_put(&image, PE_AT + 6, 2, 0);
	assert_false(uefi_section(&u, ".initrd", &section));
	pe_put(&image, PE_AT + 6, 2, 1);
	assert_false(uefi_section(&u, ".initrd", &section));
	pe_put(&image, PE_AT + 6, 2, 2);
	assert_true(uefi_section(&u, ".initrd", &section));
	pe_put(&image, PE_AT + 6, 2, 0xffff);
	assert_true(uefi_section(&u, ".initrd", &section));
	assert_false(uefi_section(&u, ".none", &section));
}

/* Rules: M19 */
static void an_image_cut_anywhere_is_not_read_behind_its_end(void **state)
{
	struct pe_maker whole;

	(void)state;
	make_image();
	whole = image;
	for (uint64_t bytes = 0; bytes < whole.count; bytes += bytes < 0x400 ? 1 : 0x101) {
		image = (struct pe_maker){ malloc(bytes > 0 ? bytes : 1), bytes, 0 };
		memcpy(image.bytes, whole.bytes, bytes);
		give_image();
		assert_true(!uefi_section(&u, ".initrd", &section) || bytes >= 0x2005);
		free(image.bytes);
	}
	image = whole;
}

/* --- a boot manager's LoadFile2: UEFI 2.10, 13.2; the path: Linux, drivers/firmware/efi/libstub --- */

static const EFI_GUID load_file_2 =
	{ 0x4006c0c1, 0xfcb3, 0x403e, { 0x99, 0x6d, 0x4a, 0x6c, 0x87, 0x24, 0xe0, 0x6d } };
static const EFI_GUID device_path =
	{ 0x09576e91, 0x6d3f, 0x11d2, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } };

/* Media, vendor, 5568e427-68fc-4f3d-ac74-ca555231cc68; and the end. */
static uint8_t initrd_path[] = {
	4, 3, 20, 0, 0x27, 0xe4, 0x68, 0x55, 0xfc, 0x68, 0x3d, 0x4f, 0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68,
	0x7f, 0xff, 4, 0,
};

static struct {
	EFI_LOAD_FILE_INTERFACE protocol;
	struct span bytes;
	EFI_STATUS asked, loaded;        /* without a buffer, with one */
	unsigned calls;
} manager;

static EFI_STATUS EFIAPI load_file(EFI_LOAD_FILE_INTERFACE *self, EFI_DEVICE_PATH *path, BOOLEAN policy,
                                   UINTN *bytes, void *to)
{
	manager.calls++;
	assert_ptr_equal(self, &manager.protocol);
	assert_memory_equal(path, "\x7f\xff\x04", 4);    /* what is left of the path: its end */
	assert_int_equal(policy, 0);                     /* LoadFile2 wants FALSE */
	assert_true(to != NULL || *bytes == 0);
	if (to == NULL || *bytes < manager.bytes.bytes) {
		*bytes = manager.bytes.bytes;
		return manager.asked;
	}
	if (manager.loaded != EFI_SUCCESS)
		return manager.loaded;
	memcpy(to, manager.bytes.base, manager.bytes.bytes);
	*bytes = manager.bytes.bytes;
	return EFI_SUCCESS;
}

static void offer(struct span bytes)
{
	memset(&manager, 0, sizeof manager);
	manager.protocol.LoadFile = load_file;
	manager.bytes = bytes;
	manager.asked = EFI_BUFFER_TOO_SMALL;
	fw.protocol_count = 0;
	fake_install((EFI_HANDLE)7, load_file_2, &manager.protocol);
	fake_install((EFI_HANDLE)7, device_path, initrd_path);
}

/* Rules: H1 */
static void without_anybody_who_offers_one_there_is_no_initrd(void **state)
{
	static uint8_t other[] = { 4, 3, 20, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0x7f, 0xff, 4, 0 };

	(void)state;
	assert_int_equal(uefi_initrd(&u, &fault), ST_OK);
	fake_install((EFI_HANDLE)7, load_file_2, &manager.protocol);
	fake_install((EFI_HANDLE)7, device_path, other);
	fake_install((EFI_HANDLE)8, device_path, initrd_path);
	assert_int_equal(uefi_initrd(&u, &fault), ST_OK);
	assert_int_equal(u.env.file_count, 0);
}

/* Rules: H1 */
static void what_is_offered_is_loaded_into_pages(void **state)
{
	const struct file *file = &u.env.files[0];

	(void)state;
	offer(SPAN("an archive"));
	assert_int_equal(uefi_initrd(&u, &fault), ST_OK);
	assert_int_equal(manager.calls, 2);
	assert_int_equal(u.env.file_count, 1);
	assert_span(file->name, "initrd");
	assert_span(file->bytes, "an archive");
	assert_ptr_equal(file->bytes.base, (void *)(uintptr_t)file->pa);
	assert_int_equal(file->pa % 4096, 0);
	assert_true(file->donated);
	assert_int_equal(fake_free(), FAKE_PAGES - 1);
}

/* Rules: H1, P3 */
static void a_large_one_lies_at_two_mebibytes(void **state)
{
	static uint8_t bytes[(2 << 20) + 5];

	(void)state;
	fake_set(FAKE_PAGES - 7, 7, EfiRuntimeServicesData);
	offer((struct span){ bytes, sizeof bytes });
	assert_int_equal(uefi_initrd(&u, &fault), ST_OK);
	assert_int_equal(u.env.files[0].pa % (2 << 20), 0);
	assert_int_equal(fake_free(), FAKE_PAGES - 7 - 513);
	offer((struct span){ bytes, 2 << 20 });
	trace_clear();
	assert_int_equal(uefi_initrd(&u, &fault), ST_OK);
	assert_int_equal(u.env.files[1].pa % (2 << 20), 0);
	assert_non_null(strchr(fw.trace, 'F'));  /* not by chance */
	offer((struct span){ bytes, (2 << 20) - 1 });
	trace_clear();
	assert_int_equal(uefi_initrd(&u, &fault), ST_OK);
	assert_string_equal(fw.trace, "DHA");    /* at any page: nothing goes back */
}

/* Rules: H1 */
static void none_or_an_empty_one_is_no_initrd(void **state)
{
	(void)state;
	offer(SPAN(""));
	assert_int_equal(uefi_initrd(&u, &fault), ST_OK);
	manager.asked = EFI_SUCCESS;
	assert_int_equal(uefi_initrd(&u, &fault), ST_OK);
	offer(SPAN("x"));
	manager.asked = EFI_NOT_FOUND;
	assert_int_equal(uefi_initrd(&u, &fault), ST_OK);
	assert_int_equal(u.env.file_count, 0);
	assert_int_equal(fake_free(), FAKE_PAGES);
}

/* Rules: M20 */
static void an_error_is_told_with_its_number(void **state)
{
	(void)state;
	offer(SPAN("x"));
	manager.asked = EFI_DEVICE_ERROR;
	assert_int_equal(uefi_initrd(&u, &fault), ST_DEVICE);
	assert_string_equal(fault.field, "LoadFile()");
	assert_int_equal(fault.value, 7);
	assert_span(fault.object, "initrd");
	offer(SPAN("x"));
	manager.asked = EFI_SUCCESS;             /* of what is not empty, and no buffer */
	assert_int_equal(uefi_initrd(&u, &fault), ST_DEVICE);
	offer(SPAN("x"));
	manager.loaded = EFI_SECURITY_VIOLATION;
	assert_int_equal(uefi_initrd(&u, &fault), ST_DEVICE);
	assert_int_equal(fault.value, 26);
	assert_span(fault.object, "initrd");
	assert_int_equal(u.env.file_count, 0);
	uefi_give_back(&(struct uefi){ .table = u.table, .pages = u.pages });
	assert_int_equal(fake_free(), FAKE_PAGES);
}

/* Rules: M1 */
static void one_that_does_not_fit_is_refused(void **state)
{
	(void)state;
	offer((struct span){ NULL, FAKE_PAGES * 4096ull + 1 });
	assert_int_equal(uefi_initrd(&u, &fault), ST_NO_MEMORY);
	assert_span(fault.object, "initrd");
	assert_int_equal(fake_free(), FAKE_PAGES);
}

#define INITRD_TEST(name) cmocka_unit_test_setup_teardown(name, open_initrd, close_initrd)

int main(void)
{
	const struct CMUnitTest tests[] = {
		INITRD_TEST(a_section_has_the_bytes_that_are_in_file_and_memory),
		INITRD_TEST(names_are_compared_whole),
		INITRD_TEST(the_archive_in_a_section_is_the_initrd),
		INITRD_TEST(a_section_outside_of_the_image_or_empty_is_none),
		INITRD_TEST(headers_are_never_looked_for_outside_of_the_image),
		INITRD_TEST(any_number_of_sections_ends_with_the_image),
		INITRD_TEST(an_image_cut_anywhere_is_not_read_behind_its_end),
		INITRD_TEST(without_anybody_who_offers_one_there_is_no_initrd),
		INITRD_TEST(what_is_offered_is_loaded_into_pages),
		INITRD_TEST(a_large_one_lies_at_two_mebibytes),
		INITRD_TEST(none_or_an_empty_one_is_no_initrd),
		INITRD_TEST(an_error_is_told_with_its_number),
		INITRD_TEST(one_that_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
