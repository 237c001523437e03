/* SPDX-License-Identifier: BSD-2-Clause */
/* test_uefi_status.c: what the firmware is told: numbers of UEFI 2.10, appendix D. */
#include "uefi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define ERROR(number) (0x8000000000000000ull | (number))

/* Rules: M20 */
static void every_status_but_ok_is_an_error_of_the_appendix(void **state)
{
	(void)state;
	assert_int_equal(uefi_status(ST_OK), 0);
	for (int i = ST_OK + 1; i < STATUS_COUNT; i++) {
		EFI_STATUS status = uefi_status((enum status)i);

		assert_true(status > ERROR(0) && status <= ERROR(35));
	}
}

/* Rules: M20 */
static void causes_that_a_firmware_knows_keep_their_name(void **state)
{
	static const struct { enum status status; uint64_t number; } known[] = {
		{ ST_INVALID, 2 }, { ST_WRONG_MACHINE, 3 }, { ST_WRONG_CLASS, 3 }, { ST_MISSING_CAPABILITY, 3 },
		{ ST_DEVICE, 7 }, { ST_NO_MEMORY, 9 }, { ST_TOO_SMALL, 9 },
		{ ST_MEMORY_CHANGED, 9 }, { ST_NOT_FOUND, 14 }, { ST_AUDIT, 21 }, { ST_BAD_FIRMWARE, 25 },
		{ ST_WX, 26 }, { ST_TRUNCATED, 31 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++)
		assert_int_equal(uefi_status(known[i].status), ERROR(known[i].number));
}

/* Rules: M20 */
static void a_mistake_in_a_file_is_a_load_error(void **state)
{
	static const enum status files[] = { ST_BAD_HEADER, ST_OVERLAP, ST_BAD_CONFIG, ST_BAD_ARCHIVE, ST_BAD_RELOCATION };

	(void)state;
	for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++)
		assert_int_equal(uefi_status(files[i]), ERROR(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_but_ok_is_an_error_of_the_appendix),
		cmocka_unit_test(causes_that_a_firmware_knows_keep_their_name),
		cmocka_unit_test(a_mistake_in_a_file_is_a_load_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
