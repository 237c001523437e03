/* SPDX-License-Identifier: BSD-2-Clause */
/* test_uefi_protect.c: no page of the loader is writable and executable, not even between two calls. */
#include "fake_firmware.h"

#include "fake_self.h"

enum { PAGE = 4096, IMAGE_PAGES = 8, CALLS = 16 };

/* UEFI 2.10, 7.2.3 */
#define RP 0x2000ull
#define XP 0x4000ull
#define RO 0x20000ull

/* UEFI 2.10, 37.8.1 */
static const EFI_GUID memory_attribute =
	{ 0xf4560cf6, 0x40ec, 0x4b4a, { 0xa1, 0x92, 0xbf, 0x1d, 0x57, 0xd0, 0xb1, 0x89 } };

static struct uefi u;
static uint64_t pages[IMAGE_PAGES];      /* their attributes */
static unsigned calls, failing;          /* the n-th call fails, 0: none */
static bool going_back;                  /* to a firmware that has pages with all rights */

struct fake_attribute { void *get, *set, *clear; };

static uint64_t first_page(EFI_PHYSICAL_ADDRESS pa, UINT64 bytes)
{
	uint64_t at = pa - (uint64_t)(uintptr_t)image_start;

	assert_true(bytes > 0 && bytes % PAGE == 0 && at % PAGE == 0);
	assert_true(at / PAGE < IMAGE_PAGES && bytes / PAGE <= IMAGE_PAGES - at / PAGE);
	return at / PAGE;
}

static EFI_STATUS EFIAPI get_attributes(void *self, EFI_PHYSICAL_ADDRESS pa, UINT64 bytes, UINT64 *attributes)
{
	uint64_t first = first_page(pa, bytes);

	(void)self;
	*attributes = pages[first];
	for (uint64_t i = 0; i < bytes / PAGE; i++)
		if (pages[first + i] != pages[first])
			return EFI_NO_MAPPING;
	return EFI_SUCCESS;
}

/* EDK2 refuses none and what is not of RP, XP, RO. */
static EFI_STATUS change(EFI_PHYSICAL_ADDRESS pa, UINT64 bytes, UINT64 set, UINT64 clear)
{
	uint64_t first = first_page(pa, bytes);

	if (++calls == failing || (set | clear) == 0)
		return EFI_INVALID_PARAMETER;
	assert_int_equal((set | clear) & ~(RP | XP | RO), 0);
	for (uint64_t i = 0; i < bytes / PAGE; i++) {
		pages[first + i] = (pages[first + i] | set) & ~clear;
		assert_true(going_back || (pages[first + i] & (RO | XP)) != 0);
	}
	return EFI_SUCCESS;
}

static EFI_STATUS EFIAPI set_attributes(void *self, EFI_PHYSICAL_ADDRESS pa, UINT64 bytes, UINT64 attributes)
{
	(void)self;
	return change(pa, bytes, attributes, 0);
}

static EFI_STATUS EFIAPI clear_attributes(void *self, EFI_PHYSICAL_ADDRESS pa, UINT64 bytes, UINT64 attributes)
{
	(void)self;
	return change(pa, bytes, 0, attributes);
}

static struct fake_attribute protocol;

static int open_protect(void **state)
{
	(void)state;
	fake_open();
	fake_start(&u, (struct arena){ 0 });
	calls = failing = 0;
	going_back = false;
	protocol = (struct fake_attribute){ (void *)(uintptr_t)get_attributes, (void *)(uintptr_t)set_attributes,
	                                    (void *)(uintptr_t)clear_attributes };
	fake_install((EFI_HANDLE)9, memory_attribute, &protocol);
	return 0;
}

static int close_protect(void **state)
{
	(void)state;
	fake_close();
	return 0;
}

static void all_pages(uint64_t attributes)
{
	for (unsigned i = 0; i < IMAGE_PAGES; i++)
		pages[i] = attributes;
}

static void assert_pages(const uint64_t *expected)
{
	for (unsigned i = 0; i < IMAGE_PAGES; i++)
		assert_true(pages[i] == expected[i]);
}

/* Rules: M12 */
static void each_part_of_the_image_has_its_rights(void **state)
{
	/* headers, text, constants, jump, the reporter's constants, data */
	static const uint64_t nothing_before[] = { 0, RO, RO | XP, RO, RO | XP, XP, XP, XP };
	static const uint64_t all_before[] = { RO | XP, RO, RO | XP, RO, RO | XP, XP, XP, XP };

	(void)state;
	all_pages(0);
	uefi_protect(&u);
	assert_pages(nothing_before);
	all_pages(RO | XP);                      /* and no page has neither for a moment: change() */
	uefi_protect(&u);
	assert_pages(all_before);
	assert_int_equal(fw.trace_count, 2);
}

/* Rules: M12 */
static void without_the_protocol_nothing_is_done(void **state)
{
	(void)state;
	fw.protocol_count = 0;
	all_pages(0);
	uefi_protect(&u);
	assert_string_equal(fw.trace, "L");
	assert_int_equal(calls, 0);
}

/* Rules: M12 */
static void an_error_leaves_what_the_firmware_thought_right(void **state)
{
	(void)state;
	all_pages(RO | XP);
	uefi_protect(&u);
	for (unsigned n = 1, all = calls; n <= all; n++) {
		all_pages(RO | XP);
		calls = 0;
		failing = n;
		uefi_protect(&u);
		for (unsigned i = 1; i < IMAGE_PAGES; i++)
			assert_true((pages[i] & (RO | XP)) != 0);
	}
	failing = 1;                             /* the text could not be made read-only: it stays as it was */
	calls = 0;
	all_pages(XP);
	uefi_protect(&u);
	assert_true(pages[1] == XP);
}

/* Rules: M1 */
static void pages_go_back_as_they_came(void **state)
{
	static const uint64_t before[] = { 0, RO, RO | XP, XP, 0, 0, 0, 0 };

	(void)state;
	memcpy(pages, before, sizeof pages);
	uefi_protect(&u);
	going_back = true;
	uefi_unprotect(&u);
	assert_pages(before);
	calls = 0;
	uefi_unprotect(&u);                      /* once */
	assert_int_equal(calls, 0);
	fw.protocol_count = 0;
	uefi_unprotect(&u);
}

/* Rules: M1 */
static void what_could_not_be_asked_for_is_left_alone(void **state)
{
	static const uint64_t before[] = { 0, 0, XP, RO, 0, XP, 0, XP };    /* the data are not of one kind */
	static const uint64_t now[] = { 0, RO, RO | XP, RO, RO | XP, XP, 0, XP };

	(void)state;
	memcpy(pages, before, sizeof pages);
	going_back = true;                       /* as the data stay */
	uefi_protect(&u);
	assert_pages(now);
	uefi_unprotect(&u);
	assert_pages(before);
}

#define PROTECT_TEST(name) cmocka_unit_test_setup_teardown(name, open_protect, close_protect)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROTECT_TEST(each_part_of_the_image_has_its_rights),
		PROTECT_TEST(without_the_protocol_nothing_is_done),
		PROTECT_TEST(an_error_leaves_what_the_firmware_thought_right),
		PROTECT_TEST(pages_go_back_as_they_came),
		PROTECT_TEST(what_could_not_be_asked_for_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
