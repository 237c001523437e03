/* SPDX-License-Identifier: BSD-2-Clause */
/* test_acpi.c: every table is found, in memory of our own, or refused by what is wrong. */
#include "acpi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "acpi_maker.h"

struct found {
	enum status status;
	struct fault fault;
	struct range tables[ENV_TABLES];
	uint32_t count;
};

static struct found find(const struct fake_ram *ram)
{
	struct found found;

	memset(&found, 0xaa, sizeof found);
	found.status = acpi_tables(ram_reach(ram), RSDP, found.tables, &found.count, &found.fault);
	return found;
}

static void assert_found(const struct found *found, const struct range *expected, uint32_t count)
{
	assert_int_equal(found->status, ST_OK);
	assert_int_equal(found->count, count);
	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(found->tables[i].pa, expected[i].pa);
		assert_int_equal(found->tables[i].bytes, expected[i].bytes);
	}
}

/* The DSDT's first byte is the last of its page, its last the first of the third. */
static const struct range all_pages[] = {
	{ 0x3000, 0x1000 }, { 0x8000, 0x1000 }, { 0xa000, 0x3000 }, { 0xf000, 0x1000 },
	{ 0x11000, 0x2000 }, { 0x1f000, 0x1000 },
};

/* Rules: H8 */
static void every_table_that_is_reached_is_found_in_order(void **state)
{
	struct fake_ram ram = ram_new(END);
	struct found found;

	(void)state;
	put_all(&ram);
	found = find(&ram);
	assert_found(&found, all_pages, 6);
	ram_free(&ram);
}

/* Rules: H8 */
static void the_tables_of_acpi_1_are_found_through_32_bit_addresses(void **state)
{
	static const struct range expected[] = {
		{ 0x5000, 0x1000 }, { 0x8000, 0x1000 }, { 0xa000, 0x3000 }, { 0xf000, 0x1000 },
		{ 0x1f000, 0x1000 },
	};
	const uint64_t entries[] = { FADT };
	struct fake_ram ram = ram_new(END);
	struct found found;

	(void)state;
	put_all(&ram);
	put_root(&ram, RSDT, "RSDT", 4, entries, 1);
	put_rsdp(&ram, 0, RSDT, XSDT);           /* what stands where XSDT would be is no address */
	put_fadt(&ram, 116, FACS, DSDT, 0, 0);
	found = find(&ram);
	assert_found(&found, expected, 5);
	put_rsdp(&ram, 2, RSDT, 0);              /* revision 2 without an XSDT */
	found = find(&ram);
	assert_found(&found, expected, 5);
	ram_free(&ram);
}

/* Rules: H8 */
static void the_wide_address_counts_unless_it_is_0(void **state)
{
	struct fake_ram ram = ram_new(END);
	struct found found;

	(void)state;
	put_all(&ram);
	put_fadt(&ram, 276, MADT, END, FACS, DSDT);
	found = find(&ram);
	assert_found(&found, all_pages, 6);
	put_fadt(&ram, 276, FACS, DSDT, 0, 0);
	found = find(&ram);
	assert_found(&found, all_pages, 6);
	ram_free(&ram);
}

/* Rules: H8 */
static void places_that_touch_are_one_whichever_comes_first(void **state)
{
	static const uint64_t orders[][3] = {
		{ 0x5000, 0x6000, 0x7000 }, { 0x7000, 0x6000, 0x5000 }, { 0x5000, 0x7000, 0x6000 },
	};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct fake_ram ram = ram_new(END);
		struct found found;

		for (unsigned n = 0; n < 3; n++)
			put_header(&ram, orders[i][n], "SSDT", 36);
		put_rsdp(&ram, 2, 0, XSDT);
		put_root(&ram, XSDT, "XSDT", 8, orders[i], 3);
		found = find(&ram);
		assert_int_equal(found.status, ST_OK);
		assert_int_equal(found.count, 3);        /* XSDT, these, RSDP */
		assert_int_equal(found.tables[1].pa, 0x5000);
		assert_int_equal(found.tables[1].bytes, 0x3000);
		ram_free(&ram);
	}
}

/* Rules: H8 */
static void a_fadt_may_name_nothing(void **state)
{
	struct fake_ram ram = ram_new(END);
	struct found found;

	(void)state;
	put_all(&ram);
	put_fadt(&ram, 276, 0, 0, 0, 0);
	found = find(&ram);
	assert_int_equal(found.status, ST_OK);
	assert_int_equal(found.count, 4);
	ram_free(&ram);
}

/* Rules: H8, M20 */
static void a_table_of_more_than_16_mib_is_refused(void **state)
{
	(void)state;
	for (uint32_t over = 0; over <= 1; over++) {
		struct fake_ram ram = ram_new(0x1100000);
		struct found found;

		put_all(&ram);
		put_header(&ram, MADT, "APIC", (16 << 20) + over);
		found = find(&ram);
		assert_int_equal(found.status, over ? ST_BAD_FIRMWARE : ST_OK);
		ram_free(&ram);
	}
}

/* Rules: H8, M20 */
static void an_rsdp_of_more_than_4_kib_is_refused(void **state)
{
	(void)state;
	for (uint32_t over = 0; over <= 1; over++) {
		struct fake_ram ram = ram_new(END + 0x1000);
		struct found found;

		put_all(&ram);
		ram_put(&ram, RSDP + 20, 4, 4096 + over);
		fix_sum(&ram, RSDP, 4096 + over, 32);
		found = find(&ram);
		assert_int_equal(found.status, over ? ST_BAD_FIRMWARE : ST_OK);
		ram_free(&ram);
	}
}

/* Rules: H8, M20 */
static void a_broken_table_is_refused_by_what_is_wrong(void **state)
{
	static const struct {
		uint64_t pa;
		unsigned bytes;
		uint64_t value;
		uint64_t sum_of, sum_bytes;
		const char *field;
	} broken[] = {
		{ RSDP, 1, 'X', 0, 0, "checksum of the RSDP at" },
		{ RSDP, 1, 'X', RSDP, 20, "checksum of the RSDP at" },
		{ RSDP + 12, 1, 1, 0, 0, "checksum of the RSDP at" },
		{ RSDP + 33, 1, 1, 0, 0, "checksum of the RSDP at" },
		{ RSDP + 20, 4, 35, 0, 0, "length of the RSDP" },
		{ RSDP + 20, 4, 0x1001, 0, 0, "length of the RSDP" },
		{ XSDT, 1, 'Y', XSDT, 60, "checksum of the RSDT or XSDT at" },
		{ XSDT + 20, 1, 0x77, 0, 0, "checksum of the RSDT or XSDT at" },
		{ XSDT + 4, 4, 35, 0, 0, "length of an ACPI table" },
		{ XSDT + 36, 8, END - 35, XSDT, 60, "address of an ACPI table" },
		{ XSDT + 36, 8, UINT64_MAX, XSDT, 60, "address of an ACPI table" },
		{ FADT + 50, 1, 0x77, 0, 0, "checksum of the FADT at" },
		{ FADT + 140, 8, 1ull << 32, FADT, 276, "address of an ACPI table" },
		{ DSDT + 4, 4, END - DSDT + 1, 0, 0, "length of an ACPI table" },
		{ DSDT + 4, 4, UINT32_MAX, 0, 0, "length of an ACPI table" },
		{ MADT + 4, 4, 0, 0, 0, "length of an ACPI table" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		struct fake_ram ram = ram_new(END);
		struct found found;

		put_all(&ram);
		ram_put(&ram, broken[i].pa, broken[i].bytes, broken[i].value);
		if (broken[i].sum_bytes != 0)
			fix_sum(&ram, broken[i].sum_of, broken[i].sum_bytes, broken[i].sum_bytes == 20 ? 8 : 9);
		found = find(&ram);
		assert_int_equal(found.status, ST_BAD_FIRMWARE);
		assert_string_equal(found.fault.field, broken[i].field);
		assert_int_equal(found.count, 0);
		ram_free(&ram);
	}
}

/* Rules: H8 */
static void a_table_may_end_where_memory_does(void **state)
{
	struct fake_ram ram = ram_new(END);
	struct found found;

	(void)state;
	put_all(&ram);
	put_header(&ram, DSDT, "DSDT", END - DSDT);
	found = find(&ram);
	assert_int_equal(found.status, ST_OK);
	assert_int_equal(found.count, 3);
	assert_int_equal(found.tables[2].pa, 0xa000);
	assert_int_equal(found.tables[2].bytes, END - 0xa000);
	ram_free(&ram);
}

/* Rules: H8 */
static void nothing_behind_what_can_be_read_is_touched(void **state)
{
	(void)state;
	for (uint64_t limit = 0; limit < END; limit += 13) {
		struct fake_ram ram = ram_new(limit);
		struct found found;

		put_all(&ram);
		found = find(&ram);
		assert_int_equal(found.status, limit < RSDP + 36 ? ST_BAD_FIRMWARE : ST_OK);
		ram_free(&ram);
	}
}

/* Pages touched by the tables of a root at 0x100000, one bit each. */
static void assert_pages(const struct found *found, const uint8_t *touched, uint64_t pages)
{
	uint32_t at = 0;

	for (uint64_t page = 0; page < pages; page++) {
		bool inside;

		while (at < found->count && found->tables[at].pa + found->tables[at].bytes <= page * 4096)
			at++;
		inside = at < found->count && found->tables[at].pa <= page * 4096;
		assert_int_equal(inside, touched[page]);
	}
	for (uint32_t i = 1; i < found->count; i++)
		assert_true(found->tables[i - 1].pa + found->tables[i - 1].bytes < found->tables[i].pa);
}

/* Rules: H8 */
static void tables_in_any_order_come_out_as_the_pages_that_they_touch(void **state)
{
	enum { PAGES = END / 4096, TABLES = 8 };
	uint32_t random = 1;

	(void)state;
	for (unsigned round = 0; round < 2000; round++) {
		struct fake_ram ram = ram_new(END);
		uint8_t touched[PAGES] = { [RSDP / 4096] = 1, [XSDT / 4096] = 1 };
		uint64_t entries[TABLES];
		struct found found;

		put_rsdp(&ram, 2, 0, XSDT);
		for (unsigned i = 0; i < TABLES; i++) {
			uint32_t bytes;

			random = random * 1664525 + 1013904223;
			entries[i] = 0x4000 + i * 0x3000 + (random >> 8) % 0x1000;
			bytes = 36 + (random >> 20) % 0x2800;
			put_header(&ram, entries[i], "SSDT", bytes);
			for (uint64_t page = entries[i] / 4096; page <= (entries[i] + bytes - 1) / 4096; page++)
				touched[page] = 1;
		}
		for (unsigned i = TABLES; i-- > 1;) {
			uint64_t other = entries[random % (i + 1)];

			entries[random % (i + 1)] = entries[i];
			entries[i] = other;
			random = random * 1664525 + 1013904223;
		}
		put_root(&ram, XSDT, "XSDT", 8, entries, TABLES);
		found = find(&ram);
		assert_int_equal(found.status, ST_OK);
		assert_pages(&found, touched, PAGES);
		ram_free(&ram);
	}
}

/* A root with tables on pages of their own, and perhaps one more beside the last of them. */
static struct found find_places(uint32_t places, bool one_beside)
{
	enum { FIRST = 0x40000, STEP = 0x2000 };
	struct fake_ram ram = ram_new(FIRST + ENV_TABLES * STEP);
	uint64_t entries[ENV_TABLES + 1];
	struct found found;

	for (uint32_t i = 0; i < places; i++)
		entries[i] = FIRST + i * STEP;
	entries[places] = entries[places - 1] + 64;
	for (uint32_t i = 0; i <= places; i++)
		put_header(&ram, entries[i], "SSDT", 36);
	put_rsdp(&ram, 2, 0, XSDT);
	put_root(&ram, XSDT, "XSDT", 8, entries, places + one_beside);
	found = find(&ram);
	ram_free(&ram);
	return found;
}

/* Rules: H8, M20 */
static void more_places_than_there_is_room_for_are_refused(void **state)
{
	(void)state;
	assert_int_equal(find_places(ENV_TABLES - 2, false).status, ST_OK);      /* RSDP, XSDT */
	assert_int_equal(find_places(ENV_TABLES - 2, true).status, ST_OK);
	assert_int_equal(find_places(ENV_TABLES - 2, true).count, ENV_TABLES);
	assert_int_equal(find_places(ENV_TABLES - 1, false).status, ST_BAD_FIRMWARE);
	assert_int_equal(find_places(ENV_TABLES - 1, false).count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_table_that_is_reached_is_found_in_order),
		cmocka_unit_test(the_tables_of_acpi_1_are_found_through_32_bit_addresses),
		cmocka_unit_test(the_wide_address_counts_unless_it_is_0),
		cmocka_unit_test(places_that_touch_are_one_whichever_comes_first),
		cmocka_unit_test(a_fadt_may_name_nothing),
		cmocka_unit_test(a_table_of_more_than_16_mib_is_refused),
		cmocka_unit_test(an_rsdp_of_more_than_4_kib_is_refused),
		cmocka_unit_test(a_broken_table_is_refused_by_what_is_wrong),
		cmocka_unit_test(a_table_may_end_where_memory_does),
		cmocka_unit_test(nothing_behind_what_can_be_read_is_touched),
		cmocka_unit_test(tables_in_any_order_come_out_as_the_pages_that_they_touch),
		cmocka_unit_test(more_places_than_there_is_room_for_are_refused),
	};

	return cmocka_run_group_tests_name("acpi", tests, NULL, NULL);
}
