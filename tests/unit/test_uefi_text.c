/* SPDX-License-Identifier: BSD-2-Clause */
/* test_uefi_text.c: lines reach people once: by the firmware's console, and by the port only if that does not. */
#define arch_put fake_put
#include "../../lib/log.c"

#include "fake_firmware.h"

static struct uefi u;
static char serial[4096];
static unsigned serial_count;

/* UEFI 2.10, 10.2; EDK2, MdeModulePkg/Include/Guid/ConsoleOutDevice.h */
static const EFI_GUID device_path =
	{ 0x09576e91, 0x6d3f, 0x11d2, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } };
static const EFI_GUID console_out =
	{ 0xd3b36f2c, 0xd551, 0x11d4, { 0x9a, 0x46, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d } };

/* UEFI 2.10, 10.3: a PCI device, and a UART (10.3.4.15) behind one; a vendor's messages. */
#define END 0x7f, 0xff, 4, 0
#define PCI 1, 1, 6, 0, 0, 3
#define UART 3, 14, 19, 0, 0, 0, 0, 0, 0, 0xc2, 1, 0, 0, 0, 0, 0, 8, 1, 1
static uint8_t screen[] = { PCI, END };
static uint8_t serial_port[] = { PCI, 3, 10, 4, 0, UART, END };
static uint8_t almost[] = { 1, 14, 4, 0, 3, 10, 4, 0, END };     /* its subtype, and its type */
static uint8_t broken[] = { PCI, 3, 13, 0, 0, UART, END };

void fake_put(uint32_t kind, uint64_t address, char c)
{
	assert_int_equal(kind, SMALT_SERIAL_PL011);
	assert_int_equal(address, 0x9000000);
	assert_true(serial_count < sizeof serial - 1);
	serial[serial_count++] = c;
	serial[serial_count] = '\0';
}

static int open_text(void **state)
{
	(void)state;
	fake_open();
	fake_start(&u, (struct arena){ 0 });
	serial_count = 0;
	serial[0] = '\0';
	log_open(SMALT_SERIAL_PL011, 0x9000000);
	return 0;
}

static int close_text(void **state)
{
	(void)state;
	uefi_text_close();
	fake_close();
	return 0;
}

/* Rules: M20 */
static void a_line_ends_as_the_firmware_wants_it(void **state)
{
	(void)state;
	fake_install(FAKE_OUT, device_path, serial_port);
	uefi_text_open(&u);
	log_text("a\nb c\n\n");
	assert_string_equal(fw.said, "a\r\nb c\r\n\r\n");
	assert_int_equal(fw.said_calls, 1);
}

/* Rules: M20 */
static void a_long_line_comes_in_pieces_and_whole(void **state)
{
	char line[701];

	(void)state;
	fake_install(FAKE_OUT, device_path, serial_port);
	uefi_text_open(&u);
	for (unsigned bytes = 1; bytes < sizeof line; bytes++) {
		for (unsigned i = 0; i < bytes; i++)
			line[i] = (char)('a' + i % 26);
		line[bytes] = '\0';
		fw.said_count = fw.said_longest = fw.said_calls = 0;
		log_text(line);
		assert_string_equal(fw.said, line);
		assert_true(fw.said_longest <= 127);
		assert_int_equal(fw.said_calls, (bytes + 125) / 126);
	}
	memset(line, '\n', 700);                 /* each is two */
	fw.said_count = 0;
	log_text(line);
	assert_int_equal(fw.said_count, 1400);
	fw.said_count = fw.said_calls = 0;
	log_text("");
	assert_int_equal(fw.said_calls, 0);
}

/* Rules: M20 */
static void a_console_with_a_serial_port_prints_once(void **state)
{
	(void)state;
	fake_install(FAKE_OUT, device_path, serial_port);
	uefi_text_open(&u);
	log_text("line\n");
	log_text("more\n");
	assert_string_equal(fw.said, "line\r\nmore\r\n");
	assert_string_equal(serial, "");
}

/* Rules: M20 */
static void a_serial_port_behind_a_splitter_counts(void **state)
{
	(void)state;
	fake_install((EFI_HANDLE)8, console_out, &fw);
	fake_install((EFI_HANDLE)8, device_path, screen);
	fake_install((EFI_HANDLE)9, console_out, &fw);
	fake_install((EFI_HANDLE)9, device_path, serial_port);
	uefi_text_open(&u);
	log_text("line\n");
	assert_string_equal(fw.said, "line\r\n");
	assert_string_equal(serial, "");
	assert_int_equal(fw.pool_count, 0);
	fw.protocol_count -= 2;
	fw.protocols[1].interface = serial_port; /* the first one, and the only one */
	uefi_text_open(&u);
	log_text("line\n");
	assert_string_equal(serial, "");
}

/* Rules: M20 */
static void a_console_without_one_prints_on_the_port_too(void **state)
{
	(void)state;
	fake_install(FAKE_OUT, device_path, screen);
	fake_install((EFI_HANDLE)8, console_out, &fw);
	fake_install((EFI_HANDLE)8, device_path, almost);
	fake_install((EFI_HANDLE)9, device_path, serial_port);   /* a port that is no console */
	uefi_text_open(&u);
	log_text("line\n");
	log_text("more\n");
	assert_string_equal(fw.said, "line\r\nmore\r\n");
	assert_string_equal(serial, "line\r\nmore\r\n");
}

/* Rules: M20 */
static void a_console_whose_devices_nobody_names_is_the_port(void **state)
{
	(void)state;
	fw.table.ConsoleOutHandle = NULL;            /* U-Boot has a handle, of no device */
	uefi_text_open(&u);
	log_text("line\n");
	assert_string_equal(fw.said, "line\r\n");
	assert_string_equal(serial, "");
}

/* Rules: M20 */
static void a_device_path_that_does_not_go_on_ends(void **state)
{
	(void)state;
	fake_install(FAKE_OUT, device_path, broken);
	fake_install((EFI_HANDLE)8, console_out, &fw);
	uefi_text_open(&u);
	log_text("line\n");
	assert_string_equal(serial, "line\r\n");
}

/* Rules: M20 */
static void without_a_console_there_is_the_port(void **state)
{
	(void)state;
	fw.table.ConOut = NULL;
	uefi_text_open(&u);
	log_text("line\n");
	assert_string_equal(fw.said, "");
	assert_string_equal(serial, "line\r\n");
}

/* Rules: M20 */
static void devices_are_asked_for_once_and_only_if_there_is_a_line(void **state)
{
	(void)state;
	uefi_text_open(&u);
	assert_string_equal(fw.trace, "");
	log_text("line\n");
	trace_clear();
	log_text("more\n");
	assert_string_equal(fw.trace, "O");
}

/* Rules: M20 */
static void once_the_firmware_is_left_there_is_the_port(void **state)
{
	(void)state;
	fake_install(FAKE_OUT, device_path, serial_port);
	uefi_text_open(&u);
	log_text("before\n");
	uefi_text_close();
	log_text("after\n");
	assert_string_equal(fw.said, "before\r\n");
	assert_string_equal(serial, "after\r\n");
}

#define TEXT_TEST(name) cmocka_unit_test_setup_teardown(name, open_text, close_text)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEXT_TEST(a_line_ends_as_the_firmware_wants_it),
		TEXT_TEST(a_long_line_comes_in_pieces_and_whole),
		TEXT_TEST(a_console_with_a_serial_port_prints_once),
		TEXT_TEST(a_serial_port_behind_a_splitter_counts),
		TEXT_TEST(a_console_without_one_prints_on_the_port_too),
		TEXT_TEST(a_console_whose_devices_nobody_names_is_the_port),
		TEXT_TEST(a_device_path_that_does_not_go_on_ends),
		TEXT_TEST(without_a_console_there_is_the_port),
		TEXT_TEST(devices_are_asked_for_once_and_only_if_there_is_a_line),
		TEXT_TEST(once_the_firmware_is_left_there_is_the_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
