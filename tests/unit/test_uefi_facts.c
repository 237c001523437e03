/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_uefi_facts.c: what a firmware tells about its machine reaches the environment, and nothing
 * that cannot be true.
 */
#include "fake_firmware.h"

#include <time.h>

#include "acpi.h"
#include "arch.h"
#include "efi_runtime.h"
#include "scratch.h"
#include "smbios.h"

static struct uefi u;
static struct fault fault;

/* What was made of the tables, by those who read them. */
static struct {
	uint64_t acpi_pa, smbios_pa, attributes_pa, devicetree_pa;
	enum status acpi, devicetree;
} told;

enum status acpi_facts(struct reach reach, struct env *env, struct fault *f)
{
	assert_int_equal(reach.window, 0);
	told.acpi_pa = env->rsdp_pa;
	return told.acpi == ST_OK ? ST_OK : fault_field(f, told.acpi, "ACPI");
}

void smbios_read(struct reach reach, uint64_t pa, struct env *env)
{
	(void)env;
	assert_int_equal(reach.window, 0);
	assert_true(reach.limit >= 1ull << 48);
	told.smbios_pa = pa;
}

void efi_attributes_find(struct reach reach, uint64_t pa, struct efi *efi)
{
	assert_int_equal(reach.window, 0);
	assert_ptr_equal(efi, &u.env.efi);
	told.attributes_pa = pa;
}

enum status arch_firmware_devicetree(uint64_t pa, struct env *env, struct arena *arena, struct fault *f)
{
	assert_ptr_equal(env, &u.env);
	assert_ptr_equal(arena, &u.arena);
	told.devicetree_pa = pa;
	return told.devicetree == ST_OK ? ST_OK : fault_field(f, told.devicetree, "devicetree");
}

static int open_facts(void **state)
{
	(void)state;
	memset(&told, 0, sizeof told);
	fake_open();
	fake_start(&u, scratch(SCRATCH_BYTES));
	return 0;
}

static int close_facts(void **state)
{
	(void)state;
	fake_close();
	return 0;
}

static void get(void)
{
	uint64_t used = u.arena.used;

	memset(&u.env.framebuffer, 0, sizeof u.env.framebuffer);
	u.env.wall_clock = 0;
	assert_int_equal(uefi_facts(&u, &fault), ST_OK);
	u.arena.used = used;
}

/* --- tables: UEFI 2.10, 4.6 --- */

static const EFI_GUID acpi_2 = { 0x8868e871, 0xe4f1, 0x11d3, { 0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 } };
static const EFI_GUID acpi_1 = { 0xeb9d2d30, 0x2d88, 0x11d3, { 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d } };
static const EFI_GUID smbios_3 = { 0xf2fd1544, 0x9794, 0x4a2c, { 0x99, 0x2e, 0xe5, 0xbb, 0xcf, 0x20, 0xe3, 0x94 } };
static const EFI_GUID smbios_2 = { 0xeb9d2d31, 0x2d88, 0x11d3, { 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d } };
static const EFI_GUID tree = { 0xb1b621d5, 0xf19c, 0x41a5, { 0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0 } };
static const EFI_GUID attributes = { 0xdcfa911d, 0x26eb, 0x469f, { 0xa2, 0x20, 0x38, 0xb7, 0xdc, 0x46, 0x12, 0x20 } };

static void give_table(EFI_GUID guid, uint64_t pa)
{
	fw.tables[fw.table.NumberOfTableEntries].VendorGuid = guid;
	fw.tables[fw.table.NumberOfTableEntries++].VendorTable = (void *)(uintptr_t)pa;
}

/* Rules: H8 */
static void tables_are_found_by_their_guid(void **state)
{
	(void)state;
	give_table(smbios_2, 0x1000);
	give_table(acpi_1, 0x2000);
	give_table(tree, 0x3000);
	give_table(attributes, 0x4000);
	get();
	assert_int_equal(told.smbios_pa, 0x1000);
	assert_int_equal(told.acpi_pa, 0x2000);
	assert_int_equal(u.env.rsdp_pa, 0x2000);
	assert_int_equal(told.devicetree_pa, 0x3000);
	assert_int_equal(told.attributes_pa, 0x4000);
	assert_true(u.env.efi.system_table_pa == (uint64_t)(uintptr_t)&fw.table);
}

/* Rules: H8 */
static void newer_tables_go_before_older_ones(void **state)
{
	(void)state;
	give_table(smbios_2, 0x1000);
	give_table(acpi_1, 0x2000);
	give_table(smbios_3, 0x5000);
	give_table(acpi_2, 0x6000);
	get();
	assert_int_equal(told.smbios_pa, 0x5000);
	assert_int_equal(told.acpi_pa, 0x6000);
}

/* Rules: H8 */
static void without_tables_there_are_none(void **state)
{
	(void)state;
	give_table((EFI_GUID){ .Data1 = acpi_2.Data1 }, 0x1000);
	give_table(acpi_2, 0x2000);
	fw.table.NumberOfTableEntries = 1;       /* what stands behind the last one is none */
	told.acpi_pa = 1;
	get();
	assert_int_equal(told.acpi_pa, 1);       /* nobody was asked */
	assert_int_equal(u.env.rsdp_pa, 0);
	assert_int_equal(told.smbios_pa, 0);
	assert_int_equal(told.devicetree_pa, 0);
	assert_int_equal(told.attributes_pa, 0);
}

/* Rules: M20 */
static void what_is_wrong_with_them_is_passed_on(void **state)
{
	(void)state;
	give_table(acpi_1, 0x2000);
	told.acpi = ST_BAD_FIRMWARE;
	assert_int_equal(uefi_facts(&u, &fault), ST_BAD_FIRMWARE);
	assert_string_equal(fault.field, "ACPI");
	told.acpi = ST_OK;
	told.devicetree = ST_BAD_DEVICETREE;
	assert_int_equal(uefi_facts(&u, &fault), ST_BAD_DEVICETREE);
}

/* Rules: H9 */
static void a_firmware_of_another_level_is_not_called(void **state)
{
	(void)state;
	for (uint32_t el = 0; el <= 2; el++) {
		u.env.cpu.el = el;
		get();
		assert_int_equal(u.env.efi.callable, el < 2);
	}
}

/* --- screen: UEFI 2.10, 12.9 --- */

static const EFI_GUID graphics = { 0x9042a9de, 0x23dc, 0x4a38, { 0x96, 0xfb, 0x7a, 0xde, 0xd0, 0x80, 0x51, 0x6a } };
static EFI_GRAPHICS_OUTPUT_MODE_INFORMATION mode;
static EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE screen;
static EFI_GRAPHICS_OUTPUT_PROTOCOL output;

/* Four lines of 6 pixels, of which 5 can be seen, in 100 bytes. */
static void give_screen(EFI_HANDLE handle, EFI_GRAPHICS_PIXEL_FORMAT format)
{
	mode = (EFI_GRAPHICS_OUTPUT_MODE_INFORMATION){
		.HorizontalResolution = 5, .VerticalResolution = 4, .PixelsPerScanLine = 6, .PixelFormat = format,
	};
	screen = (EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE){
		.Info = &mode, .FrameBufferBase = 0x80000000, .FrameBufferSize = 100,
	};
	output.Mode = &screen;
	fw.protocol_count = 0;
	fake_install(handle, graphics, &output);
}

static void assert_masks(uint32_t format, uint32_t red, uint32_t green, uint32_t blue)
{
	assert_int_equal(u.env.framebuffer.format, format);
	assert_int_equal(u.env.framebuffer.mask[0], red);
	assert_int_equal(u.env.framebuffer.mask[1], green);
	assert_int_equal(u.env.framebuffer.mask[2], blue);
}

static void assert_no_screen(void)
{
	static const struct framebuffer none;

	get();
	assert_memory_equal(&u.env.framebuffer, &none, sizeof none);
}

/* Rules: H8 */
static void the_screen_is_as_the_firmware_says(void **state)
{
	const struct framebuffer *framebuffer = &u.env.framebuffer;

	(void)state;
	give_screen(FAKE_OUT, PixelRedGreenBlueReserved8BitPerColor);
	get();
	assert_int_equal(framebuffer->pa, 0x80000000);
	assert_int_equal(framebuffer->bytes, 100);
	assert_int_equal(framebuffer->width, 5);
	assert_int_equal(framebuffer->height, 4);
	assert_int_equal(framebuffer->pitch, 24);
	assert_masks(1, 0xff, 0xff00, 0xff0000);     /* smalt/handoff.h: RGBX */
	give_screen(FAKE_OUT, PixelBlueGreenRedReserved8BitPerColor);
	get();
	assert_masks(2, 0xff0000, 0xff00, 0xff);     /* BGRX */
}

/* Rules: H8 */
static void masks_are_passed_on_if_a_pixel_has_32_bits(void **state)
{
	(void)state;
	give_screen(FAKE_OUT, PixelBitMask);
	mode.PixelInformation = (EFI_PIXEL_BITMASK){ 0x3ff00000, 0xffc00, 0x3ff, 0xc0000000 };
	get();
	assert_masks(3, 0x3ff00000, 0xffc00, 0x3ff);
	mode.PixelInformation = (EFI_PIXEL_BITMASK){ 0xff, 0xff00, 0xff0000, 0x1000000 };
	get();
	assert_masks(3, 0xff, 0xff00, 0xff0000);
	mode.PixelInformation = (EFI_PIXEL_BITMASK){ 0xff, 0xff00, 0xff0000, 0 };
	assert_no_screen();                          /* 24 bits */
	mode.PixelInformation = (EFI_PIXEL_BITMASK){ 0xf800, 0x7e0, 0x1f, 0 };
	assert_no_screen();
	for (unsigned i = 0; i < 4; i++) {
		uint32_t bits[4] = { 0xf, 0xf, 0xf, 0xf };

		bits[i] = 0x80000000;
		memcpy(&mode.PixelInformation, bits, sizeof bits);
		get();
		assert_int_equal(u.env.framebuffer.bytes, 100);
	}
}

/* Rules: H8 */
static void a_screen_for_the_firmware_alone_is_none(void **state)
{
	(void)state;
	give_screen(FAKE_OUT, PixelBltOnly);
	assert_no_screen();
	give_screen(FAKE_OUT, (EFI_GRAPHICS_PIXEL_FORMAT)4);
	assert_no_screen();
	give_screen(FAKE_OUT, PixelBlueGreenRedReserved8BitPerColor);
	output.Mode = NULL;
	assert_no_screen();
	give_screen(FAKE_OUT, PixelBlueGreenRedReserved8BitPerColor);
	screen.Info = NULL;
	assert_no_screen();
	fw.protocol_count = 0;
	assert_no_screen();
}

/* Rules: H8, M19 */
static void a_screen_that_cannot_be_there_is_none(void **state)
{
	(void)state;
	give_screen(FAKE_OUT, PixelBlueGreenRedReserved8BitPerColor);
	screen.FrameBufferSize = 96;                 /* exactly its lines */
	get();
	assert_int_equal(u.env.framebuffer.bytes, 96);
	screen.FrameBufferSize = 95;
	assert_no_screen();
	mode.VerticalResolution = 0;
	screen.FrameBufferSize = 0;
	assert_no_screen();
	give_screen(FAKE_OUT, PixelBlueGreenRedReserved8BitPerColor);
	screen.FrameBufferBase = UINT64_MAX - 99;    /* ends at 2^64 */
	assert_no_screen();
	screen.FrameBufferBase = UINT64_MAX - 100;
	get();
	assert_int_equal(u.env.framebuffer.bytes, 100);
	screen.FrameBufferBase = 0x80000000;
	screen.FrameBufferSize = UINT64_MAX;
	assert_no_screen();
	give_screen(FAKE_OUT, PixelBlueGreenRedReserved8BitPerColor);
	mode.HorizontalResolution = 6;
	get();
	assert_int_equal(u.env.framebuffer.width, 6);
	mode.HorizontalResolution = 7;
	assert_no_screen();
	give_screen(FAKE_OUT, PixelBlueGreenRedReserved8BitPerColor);
	screen.FrameBufferSize = 1ull << 40;
	mode.PixelsPerScanLine = 0x40000000;         /* a line of 4 GiB */
	assert_no_screen();
	mode.PixelsPerScanLine = 0x3fffffff;
	get();
	assert_true(u.env.framebuffer.pitch == 0xfffffffc);
	mode.VerticalResolution = UINT32_MAX;
	assert_no_screen();
}

/* Rules: H8 */
static void the_consoles_screen_goes_before_any_other(void **state)
{
	static EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE other_screen;
	static EFI_GRAPHICS_OUTPUT_PROTOCOL other = { .Mode = &other_screen };

	(void)state;
	give_screen((EFI_HANDLE)8, PixelBlueGreenRedReserved8BitPerColor);
	get();
	assert_int_equal(u.env.framebuffer.pa, 0x80000000);
	other_screen = screen;
	other_screen.FrameBufferBase = 0x90000000;
	fake_install(FAKE_OUT, graphics, &other);
	get();
	assert_int_equal(u.env.framebuffer.pa, 0x90000000);
	fw.table.ConsoleOutHandle = NULL;
	get();
	assert_int_equal(u.env.framebuffer.pa, 0x80000000);
}

/* --- entropy: UEFI 2.10, 37.5 --- */

static const EFI_GUID rng_guid = { 0x3152bca5, 0xeade, 0x433d, { 0x86, 0x2e, 0xc0, 0x1c, 0xdc, 0x29, 0x1f, 0x44 } };
static EFI_STATUS rng_status;

struct fake_rng { void *get_info, *get; };

static EFI_STATUS EFIAPI fake_rng(void *self, const EFI_GUID *algorithm, UINTN bytes, UINT8 *value)
{
	assert_non_null(self);
	assert_null(algorithm);                      /* the firmware's own choice */
	for (UINTN i = 0; i < bytes; i++)
		value[i] = (uint8_t)(0x40 + i);
	return rng_status;
}

/* Rules: H10 */
static void random_bytes_come_from_the_firmware(void **state)
{
	struct fake_rng rng = { NULL, (void *)(uintptr_t)fake_rng };

	(void)state;
	rng_status = EFI_SUCCESS;
	fake_install((EFI_HANDLE)8, rng_guid, &rng);
	assert_int_equal(uefi_facts(&u, &fault), ST_OK);
	assert_int_equal(u.env.entropy.bytes, 64);
	assert_int_equal(u.env.entropy.base[0], 0x40);
	assert_int_equal(u.env.entropy.base[63], 0x7f);
	assert_int_equal(u.env.entropy_source, 4);   /* smalt/handoff.h: EFI_RNG */
}

/* Rules: H10 */
static void without_random_bytes_there_is_no_source(void **state)
{
	struct fake_rng rng = { NULL, (void *)(uintptr_t)fake_rng };

	(void)state;
	get();
	assert_int_equal(u.env.entropy.bytes, 0);
	rng_status = EFI_NOT_READY;
	fake_install((EFI_HANDLE)8, rng_guid, &rng);
	get();
	assert_int_equal(u.env.entropy.bytes, 0);
	assert_int_equal(u.env.entropy_source, 0);
	u.arena.bytes = u.arena.used + 63;
	assert_int_equal(uefi_facts(&u, &fault), ST_NO_MEMORY);
}

/* --- time: UEFI 2.10, 8.3 --- */

static void set_time(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute,
                     unsigned second, int zone)
{
	fw.time = (EFI_TIME){
		.Year = (UINT16)year, .Month = (UINT8)month, .Day = (UINT8)day, .Hour = (UINT8)hour,
		.Minute = (UINT8)minute, .Second = (UINT8)second, .Nanosecond = 999999999, .TimeZone = (INT16)zone,
	};
	fw.time_status = EFI_SUCCESS;
}

static uint64_t seconds_at(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute,
                           unsigned second, int zone)
{
	set_time(year, month, day, hour, minute, second, zone);
	get();
	return u.env.wall_clock;
}

/* Rules: H10 */
static void known_times_are_known(void **state)
{
	(void)state;
	assert_int_equal(seconds_at(1970, 1, 1, 0, 0, 1, 0x7ff), 1);
	assert_int_equal(seconds_at(2000, 2, 29, 12, 34, 56, 0x7ff), 951827696);
	assert_int_equal(seconds_at(2024, 2, 29, 23, 59, 59, 0x7ff), 1709251199);
	assert_int_equal(seconds_at(2024, 3, 1, 0, 0, 0, 0x7ff), 1709251200);
	assert_int_equal(seconds_at(2038, 1, 19, 3, 14, 8, 0x7ff), 2147483648);
	assert_int_equal(seconds_at(2100, 3, 1, 0, 0, 0, 0x7ff), 4107542400);
	assert_int_equal(seconds_at(9999, 12, 31, 23, 59, 59, 0x7ff), 253402300799);
}

/* Rules: H10 */
static void every_day_has_its_number(void **state)
{
	(void)state;
	for (time_t day = 1; day < 160000; day += 1) {
		time_t noon = day * 86400 + 43200;
		struct tm tm;

		gmtime_r(&noon, &tm);
		assert_int_equal(seconds_at(1900u + (unsigned)tm.tm_year, 1u + (unsigned)tm.tm_mon,
		                            (unsigned)tm.tm_mday, 12, 0, 0, 0x7ff), noon);
	}
}

/* Rules: H10 */
static void zones_are_minutes_from_local_time_to_utc(void **state)
{
	(void)state;
	assert_int_equal(seconds_at(2024, 3, 1, 0, 0, 0, 0), 1709251200);
	assert_int_equal(seconds_at(2024, 3, 1, 1, 0, 0, -60), 1709251200);      /* Berlin in winter */
	assert_int_equal(seconds_at(2024, 2, 29, 16, 0, 0, 480), 1709251200);    /* San Francisco */
	assert_int_equal(seconds_at(2024, 3, 2, 0, 0, 0, -1440), 1709251200);
	assert_int_equal(seconds_at(2024, 2, 29, 0, 0, 0, 1440), 1709251200);
}

/* Rules: H10, M19 */
static void a_time_that_is_none_is_unknown(void **state)
{
	(void)state;
	assert_int_equal(seconds_at(1969, 12, 31, 23, 59, 59, 0), 0);
	assert_int_equal(seconds_at(10000, 1, 1, 0, 0, 0, 0), 0);
	assert_int_equal(seconds_at(2024, 0, 1, 0, 0, 0, 0), 0);
	assert_int_equal(seconds_at(2024, 13, 1, 0, 0, 0, 0), 0);
	assert_int_equal(seconds_at(2024, 1, 0, 0, 0, 0, 0), 0);
	assert_int_equal(seconds_at(2024, 1, 32, 0, 0, 0, 0), 0);
	assert_int_equal(seconds_at(2024, 1, 1, 24, 0, 0, 0), 0);
	assert_int_equal(seconds_at(2024, 1, 1, 0, 60, 0, 0), 0);
	assert_int_equal(seconds_at(2024, 1, 1, 0, 0, 60, 0), 0);
	assert_int_equal(seconds_at(2024, 1, 1, 0, 0, 0, 1441), 0);
	assert_int_equal(seconds_at(2024, 1, 1, 0, 0, 0, -1441), 0);
	assert_int_equal(seconds_at(1970, 1, 1, 0, 59, 59, -60), 0);             /* before the first second */
	assert_int_equal(seconds_at(1970, 1, 1, 1, 0, 1, -60), 1);
	set_time(2024, 1, 1, 0, 0, 0, 0);
	fw.time_status = EFI_DEVICE_ERROR;
	get();
	assert_int_equal(u.env.wall_clock, 0);
}

#define FACTS_TEST(name) cmocka_unit_test_setup_teardown(name, open_facts, close_facts)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FACTS_TEST(tables_are_found_by_their_guid),
		FACTS_TEST(newer_tables_go_before_older_ones),
		FACTS_TEST(without_tables_there_are_none),
		FACTS_TEST(what_is_wrong_with_them_is_passed_on),
		FACTS_TEST(a_firmware_of_another_level_is_not_called),
		FACTS_TEST(the_screen_is_as_the_firmware_says),
		FACTS_TEST(masks_are_passed_on_if_a_pixel_has_32_bits),
		FACTS_TEST(a_screen_for_the_firmware_alone_is_none),
		FACTS_TEST(a_screen_that_cannot_be_there_is_none),
		FACTS_TEST(the_consoles_screen_goes_before_any_other),
		FACTS_TEST(random_bytes_come_from_the_firmware),
		FACTS_TEST(without_random_bytes_there_is_no_source),
		FACTS_TEST(known_times_are_known),
		FACTS_TEST(every_day_has_its_number),
		FACTS_TEST(zones_are_minutes_from_local_time_to_utc),
		FACTS_TEST(a_time_that_is_none_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
