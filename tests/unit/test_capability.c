/* SPDX-License-Identifier: BSD-2-Clause */
/* test_capability.c: what an object needs of the CPU is there, or named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "bench.h"
#include "elf_maker.h"

#define KERNEL_BYTES 0x2000
#define NOTE         0x1800

static uint8_t kernel[KERNEL_BYTES];

/* A kernel with one GNU property of four bytes, or of two numbers of eight. */
static enum status boot_with(const struct machine *machine, uint32_t type, uint64_t first,
                             uint32_t bytes)
{
	struct maker m = {
		.file = kernel, .file_bytes = KERNEL_BYTES, .type = 2, .machine = machine->elf_machine,
		.entry = 0x201000, .segment_count = 2,
		.segments = {
			{ 1, 5, 0x1000, 0x201000, 0, 0x1000, 0x1000, 0x1000 },
			{ 4, 4, NOTE, 0x201800, 0, 24 + bytes, 24 + bytes, 8 },
		},
	};

	memset(kernel, 0, sizeof kernel);
	maker_write(&m);
	put32(kernel + NOTE, 4);                     /* n_namesz, n_descsz, NT_GNU_PROPERTY_TYPE_0 */
	put32(kernel + NOTE + 4, 8 + bytes);
	put32(kernel + NOTE + 8, 5);
	memcpy(kernel + NOTE + 12, "GNU", 4);
	put32(kernel + NOTE + 16, type);
	put32(kernel + NOTE + 20, bytes == 16 ? 16 : 4);
	put64(kernel + NOTE + 24, first);
	set_machine(machine, 0x3000000);
	give_file(kernel, KERNEL_BYTES);
	return ST_OK;
}

static enum status need_levels(uint32_t needed, uint32_t present)
{
	assert_int_equal(boot_with(&machine_x86_64, 0xc0008002, needed, 8), ST_OK);
	b.env.cpu.x86_isa = present;
	return plan();
}

/* Rules: M15, M20 */
static void a_level_that_is_missing_is_named(void **state)
{
	static const struct { uint32_t needed, present; const char *word; } cases[] = {
		{ 1, 0, "x86-64-baseline" }, { 3, 1, "x86-64-v2" }, { 4, 3, "x86-64-v3" },
		{ 15, 7, "x86-64-v4" }, { 15, 3, "x86-64-v3 x86-64-v4" },
		{ 14, 1, "x86-64-v2 x86-64-v3 x86-64-v4" }, { 16, 15, "a level behind v4" },
		{ 1u << 31, 15, "a level behind v4" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(need_levels(cases[i].needed, cases[i].present), ST_MISSING_CAPABILITY);
		assert_string_equal(b.fault.word, cases[i].word);
		assert_int_equal(b.fault.value, cases[i].needed);
		assert_int_equal(b.fault.limit, cases[i].present);
	}
}

/* Rules: M15 */
static void every_level_that_is_there_is_enough(void **state)
{
	(void)state;
	for (uint32_t needed = 0; needed < 16; needed++)
		for (uint32_t present = 0; present < 16; present++)
			assert_int_equal(need_levels(needed, present),
			                 (needed & ~present) == 0 ? ST_OK : ST_MISSING_CAPABILITY);
}

/* Rules: M15, M20 */
static void signed_pointers_as_an_abi_are_refused_by_name(void **state)
{
	char text[512];

	(void)state;
	assert_int_equal(boot_with(&machine_aarch64, 0xc0000001, 0x10000002, 16), ST_OK);
	assert_int_equal(plan(), ST_MISSING_CAPABILITY);
	fault_text(&b.fault, text, sizeof text);
	assert_non_null(strstr(text, "initrd: GNU_PROPERTY_AARCH64_FEATURE_PAUTH: 0x10000002: "
	                             "\"PAuth ABI\": MISSING_CAPABILITY"));
}

/* Rules: M15 */
static void features_never_refuse_and_are_reported(void **state)
{
	static const uint32_t types[] = { 0xc0000002, 0xc0000000 };  /* X86_, AARCH64_FEATURE_1_AND */

	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (uint32_t bits = 0; bits < 8; bits++) {
			const struct smalt_handoff *h;
			const struct smalt_object *object;

			assert_int_equal(boot_with(both[m], types[m], bits, 8), ST_OK);
			assert_int_equal(plan(), ST_OK);
			h = boot_handoff(&b.boot);
			object = (const void *)((const uint8_t *)h + (h->objects.va - b.boot.handoff_va));
			assert_int_equal(object->features, bits);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_level_that_is_missing_is_named),
		cmocka_unit_test(every_level_that_is_there_is_enough),
		cmocka_unit_test(signed_pointers_as_an_abi_are_refused_by_name),
		cmocka_unit_test(features_never_refuse_and_are_reported),
	};

	return cmocka_run_group_tests_name("capability", tests, NULL, NULL);
}
