/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_kernel_h.c: the helpers that kernels include find what a handoff holds,
 * also one of a later version. Ports and the end are played by a signal
 * handler: a port instruction faults in a process.
 */
#include <smalt/kernel.h>
#include <smalt/exit.h>

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <ucontext.h>

#include <cmocka.h>

#include "fake_handoff.h"

static struct fake fake;

static int set_up(void **state)
{
	const struct smalt_object kernel = {
		.name_va = (uintptr_t)"kernel.elf", .role = SMALT_ROLE_KERNEL,
	};
	const struct smalt_object disk = {
		.name_va = (uintptr_t)"disk", .role = SMALT_ROLE_RAW,
		.image_start = 0x50123, .image_end = 0x50200,
	};

	(void)state;
	fake_begin(&fake);
	fake_object(&fake, &kernel);
	fake_object(&fake, &disk);
	fake_row(&fake, 0x10000, 0x1800, SMALT_R | SMALT_X, SMALT_KIND_OBJECT, 0);
	fake_row(&fake, 0x20010, 0x10, SMALT_R | SMALT_W, SMALT_KIND_OBJECT, 1);
	fake_row(&fake, 0xfffffffffffff000, 0xfff, SMALT_R, SMALT_KIND_HANDOFF, SMALT_NONE);
	fake_extent(&fake, 0x10000, 0x700000, 0x2000, SMALT_R | SMALT_X);
	fake_extent(&fake, 0x20000, 0x300000, 0x1000, SMALT_R | SMALT_W);
	return 0;
}

/* Rules: H2 */
static void entries_are_walked_by_the_bytes_that_the_table_states(void **state)
{
	(void)state;
	assert_string_equal((const char *)(uintptr_t)smalt_nth_object(&fake.handoff, 1)->name_va, "disk");
	assert_int_equal(smalt_nth_row(&fake.handoff, 1)->va, 0x20010);
	assert_int_equal(smalt_nth_extent(&fake.handoff, 1)->pa, 0x300000);
	assert_null(smalt_nth_row(&fake.handoff, 3));
	assert_null(smalt_nth_row(&fake.handoff, SMALT_NONE));
	assert_null(smalt_nth_note(&fake.handoff, 0));
	assert_null(smalt_nth_memory(&fake.handoff, 0));
}

/* Rules: H2 */
static void a_member_behind_the_bytes_of_an_older_smalt_is_not_there(void **state)
{
	(void)state;
	assert_true(SMALT_HAS(&fake.handoff, colors));
	fake.handoff.bytes = 632;        /* up to colors, see test_handoff.c */
	assert_true(SMALT_HAS(&fake.handoff, profile));
	assert_false(SMALT_HAS(&fake.handoff, colors));
	fake.handoff.bytes = 647;
	assert_false(SMALT_HAS(&fake.handoff, colors));
}

/* Rules: M3 */
static void a_row_is_found_from_its_first_byte_to_its_last(void **state)
{
	(void)state;
	assert_null(smalt_row_at(&fake.handoff, 0));
	assert_null(smalt_row_at(&fake.handoff, 0xffff));
	assert_int_equal(smalt_row_at(&fake.handoff, 0x10000)->va, 0x10000);
	assert_int_equal(smalt_row_at(&fake.handoff, 0x117ff)->va, 0x10000);
	assert_null(smalt_row_at(&fake.handoff, 0x11800));
	assert_null(smalt_row_at(&fake.handoff, 0x2000f));
	assert_int_equal(smalt_row_at(&fake.handoff, 0x2001f)->va, 0x20010);
	assert_null(smalt_row_at(&fake.handoff, 0x20020));
	assert_int_equal(smalt_row_at(&fake.handoff, 0xffffffffffffffd0)->kind, SMALT_KIND_HANDOFF);
	assert_null(smalt_row_at(&fake.handoff, UINT64_MAX));
	fake.handoff.rows.count = 0;
	assert_null(smalt_row_at(&fake.handoff, 0x10000));
}

/* Rules: H2 */
static void an_address_is_translated_by_extents_and_by_the_direct_map(void **state)
{
	uint64_t pa = 0xaaaa;

	(void)state;
	fake.handoff.direct_map_va = 0xffff800000000000;
	fake.handoff.direct_map_bytes = 0x800000;
	fake_memory(&fake, 0, 0x400000, SMALT_MEM_USABLE);
	fake_memory(&fake, 0x400000, 0x300000, SMALT_MEM_RESERVED);
	fake_memory(&fake, 0x700000, 0x1000, SMALT_MEM_OBJECT);

	assert_true(smalt_translate(&fake.handoff, 0x11fff, &pa));
	assert_int_equal(pa, 0x701fff);
	assert_true(smalt_translate(&fake.handoff, 0x20000, &pa));
	assert_int_equal(pa, 0x300000);
	assert_true(smalt_translate(&fake.handoff, 0xffff800000000000, &pa));
	assert_int_equal(pa, 0);
	assert_true(smalt_translate(&fake.handoff, 0xffff800000700abc, &pa));
	assert_int_equal(pa, 0x700abc);

	pa = 0xaaaa;
	assert_false(smalt_translate(&fake.handoff, 0x12000, &pa));
	assert_false(smalt_translate(&fake.handoff, 0xffff800000400000, &pa));    /* reserved */
	assert_false(smalt_translate(&fake.handoff, 0xffff800000701000, &pa));    /* not in the map */
	assert_false(smalt_translate(&fake.handoff, 0xffff7fffffffffff, &pa));
	assert_int_equal(pa, 0xaaaa);
}

/* Rules: P6 */
static void the_direct_map_shows_memory_that_is_free_or_smalts_and_acpi_and_nothing_else(void **state)
{
	static const uint8_t shown[SMALT_MEM_TYPES] = {
		[SMALT_MEM_USABLE] = 1, [SMALT_MEM_RECLAIMABLE] = 1, [SMALT_MEM_BOOT_SERVICES] = 1,
		[SMALT_MEM_OBJECT] = 1, [SMALT_MEM_TABLES] = 1, [SMALT_MEM_RESIDENT] = 1,
		[SMALT_MEM_ACPI_RECLAIM] = 1, [SMALT_MEM_ACPI_NVS] = 1,
	};

	(void)state;
	for (uint32_t type = 0; type < SMALT_MEM_TYPES; type++)
		assert_int_equal(smalt_type_is_direct(type), shown[type]);
	assert_false(smalt_type_is_direct(SMALT_MEM_TYPES));
}

/* Rules: M14 */
static void an_identity_direct_map_has_no_page_0(void **state)
{
	(void)state;
	fake.handoff.direct_map_bytes = 0x800000;
	fake_memory(&fake, 0, 0x400000, SMALT_MEM_USABLE);
	assert_null(smalt_direct(&fake.handoff, 0xfff));
	assert_ptr_equal(smalt_direct(&fake.handoff, 0x1000), (void *)0x1000);
	assert_null(smalt_direct(&fake.handoff, 0x400000));
}

/* Rules: H2 */
static void a_module_is_found_by_its_whole_name_and_the_kernel_is_none(void **state)
{
	(void)state;
	assert_int_equal(smalt_module(&fake.handoff, "disk")->image_start, 0x50123);
	assert_null(smalt_module(&fake.handoff, "dis"));
	assert_null(smalt_module(&fake.handoff, "disks"));
	assert_null(smalt_module(&fake.handoff, ""));
	assert_null(smalt_module(&fake.handoff, "kernel.elf"));
}

/* Rules: S3, H2 */
static void instances_of_a_module_are_found_by_their_numbers(void **state)
{
	struct smalt_object object = { .name_va = (uint64_t)(uintptr_t)"driver",
	                               .role = SMALT_ROLE_MAP, .instance_count = 2 };

	(void)state;
	for (object.instance = 0; object.instance < 2; object.instance++)
		fake_object(&fake, &object);
	assert_ptr_equal(smalt_instance(&fake.handoff, "driver", 0), smalt_module(&fake.handoff, "driver"));
	assert_int_equal(smalt_instance(&fake.handoff, "driver", 1)->instance, 1);
	assert_null(smalt_instance(&fake.handoff, "driver", 2));
	assert_null(smalt_instance(&fake.handoff, "kernel.elf", 0));
}

static void map_some_memory(void)
{
	fake.handoff.direct_map_va = 0xffff800000000000;
	fake.handoff.direct_map_bytes = 0x800000;
	fake_memory(&fake, 0, 0x3000, SMALT_MEM_USABLE);
	fake_memory(&fake, 0x3000, 0x1000, SMALT_MEM_RECLAIMABLE);
	fake_memory(&fake, 0x4000, 0x1000, SMALT_MEM_OBJECT);
	fake_memory(&fake, 0x5000, 0x2000, SMALT_MEM_USABLE);
	fake_memory(&fake, 0x7000, 0x1000, SMALT_MEM_RESIDENT);
	fake_memory(&fake, 0x8000, 0x2000, SMALT_MEM_RECLAIMABLE);
	fake_memory(&fake, 0x800000, 0x2000, SMALT_MEM_USABLE);   /* above the direct map */
}

/* Rules: H3 */
static void every_free_page_is_taken_once_usable_first_and_no_other(void **state)
{
	static const uint64_t expected[] = { 0x1000, 0x2000, 0x5000, 0x6000, 0x3000, 0x8000, 0x9000 };
	struct smalt_taker taker = { 0 };
	uint64_t pa = 0;

	(void)state;
	map_some_memory();
	for (unsigned i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		void *page = smalt_take(&taker, &fake.handoff, 1, &pa);

		assert_int_equal(pa, expected[i]);
		assert_ptr_equal(page, (void *)(uintptr_t)(0xffff800000000000 + pa));
	}
	assert_null(smalt_take(&taker, &fake.handoff, 1, &pa));
	assert_null(smalt_take(&taker, &fake.handoff, 1, &pa));
}

/* Rules: H3 */
static void a_piece_that_is_taken_lies_in_one_range(void **state)
{
	struct smalt_taker taker = { 0 };
	uint64_t pa = 0;

	(void)state;
	map_some_memory();
	assert_null(smalt_take(&(struct smalt_taker){ 0 }, &fake.handoff, 0, &pa));
	assert_null(smalt_take(&(struct smalt_taker){ 0 }, &fake.handoff, 0x2001, &pa));
	assert_null(smalt_take(&(struct smalt_taker){ 0 }, &fake.handoff, UINT64_MAX, &pa));
	assert_non_null(smalt_take(&taker, &fake.handoff, 0x1001, &pa));
	assert_int_equal(pa, 0x1000);
	assert_non_null(smalt_take(&taker, &fake.handoff, 0x2000, &pa));
	assert_int_equal(pa, 0x5000);
}

/* Rules: H1, M12 */
static void a_free_page_that_a_row_still_shows_is_left_out(void **state)
{
	static const uint64_t expected[] = { 0x1000, 0x2000, 0x5000, 0x6000, 0x3000, 0x9000 };
	struct smalt_taker taker = { 0 };
	uint64_t pa = 0;

	(void)state;
	map_some_memory();
	fake_extent(&fake, 0x30000, 0x8000, 0x1000, SMALT_R | SMALT_X);
	for (unsigned i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		assert_non_null(smalt_take(&taker, &fake.handoff, 0x1000, &pa));
		assert_int_equal(pa, expected[i]);
	}
	assert_null(smalt_take(&taker, &fake.handoff, 0x1000, &pa));
	taker = (struct smalt_taker){ .pass = 1 };
	assert_null(smalt_take(&taker, &fake.handoff, 0x2000, &pa));
	fake_extent(&fake, 0x40000, 0x3000, 0x2000, SMALT_R | SMALT_X);  /* beyond the range's end */
	taker = (struct smalt_taker){ .pass = 1 };
	assert_non_null(smalt_take(&taker, &fake.handoff, 0x1000, &pa));
	assert_int_equal(pa, 0x9000);
}

/* --- devices --------------------------------------------------------------- */

/* What the port instructions did, in order. */
static struct {
	uint16_t port[64];
	uint32_t value[64];
	unsigned count;
	uint8_t line_status[4];      /* answers, one after another; the last stays */
	unsigned answer;
	sigjmp_buf end;
} ports;

static void record(uint16_t port, uint32_t value)
{
	ports.port[ports.count] = port;
	ports.value[ports.count++] = value;
}

/* Plays one port instruction: in al, dx (EC); out dx, al (EE); out dx, eax (EF); out imm8, eax (E7). */
static void play(int signal_number, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	const uint8_t *code = (const uint8_t *)r[REG_RIP];

	(void)signal_number;
	(void)info;
	r[REG_RIP]++;
	if (code[0] == 0xec) {
		r[REG_RAX] = (r[REG_RAX] & ~0xff) | ports.line_status[ports.answer];
		ports.answer += ports.answer < 3;
		record((uint16_t)r[REG_RDX], 0x100);
	} else if (code[0] == 0xee) {
		record((uint16_t)r[REG_RDX], (uint8_t)r[REG_RAX]);
	} else if (code[0] == 0xef || code[0] == 0xe7) {
		record(code[0] == 0xef ? (uint16_t)r[REG_RDX] : code[1], (uint32_t)r[REG_RAX]);
		siglongjmp(ports.end, 1);
	} else {
		signal(SIGSEGV, SIG_DFL);
		r[REG_RIP]--;
	}
}

static void play_ports(void)
{
	struct sigaction action = { .sa_sigaction = play, .sa_flags = SA_SIGINFO };

	memset(&ports, 0, sizeof(ports));
	sigaction(SIGSEGV, &action, NULL);
}

/* Rules: H8 */
static void an_8250_gets_a_character_once_its_holding_register_is_empty(void **state)
{
	(void)state;
	play_ports();
	ports.line_status[0] = 0xdf;     /* everything but THRE */
	ports.line_status[1] = 0x20;
	ports.line_status[2] = 0x60;
	ports.line_status[3] = 0x60;
	fake.handoff.serial_kind = SMALT_SERIAL_8250_PORT;
	fake.handoff.serial_port = 0x3f8;
	smalt_print(&fake.handoff, "A\n");
	signal(SIGSEGV, SIG_DFL);

	static const uint16_t expected[] = { 0x3fd, 0x3fd, 0x3f8, 0x3fd, 0x3f8, 0x3fd, 0x3f8 };
	assert_int_equal(ports.count, 7);
	assert_memory_equal(ports.port, expected, sizeof(expected));
	assert_int_equal(ports.value[2], 'A');
	assert_int_equal(ports.value[4], '\r');
	assert_int_equal(ports.value[6], '\n');
}

/* Rules: H8 */
static void a_pl011_gets_the_character_in_its_data_register(void **state)
{
	uint32_t registers[0x20 / 4] = { 0 };

	(void)state;
	registers[0x18 / 4] = 0xffffffdf;        /* everything but TXFF */
	fake.handoff.serial_kind = SMALT_SERIAL_PL011;
	fake.handoff.serial_va = (uintptr_t)registers;
	smalt_put(&fake.handoff, (char)0xe4);
	assert_int_equal(registers[0], 0xe4);
	assert_int_equal(registers[0x18 / 4], 0xffffffdf);
}

/* Rules: H8 */
static void without_a_console_a_character_goes_nowhere(void **state)
{
	(void)state;
	fake.handoff.serial_kind = SMALT_SERIAL_NONE;
	fake.handoff.serial_port = 0x3f8;
	smalt_print(&fake.handoff, "A\n");
}

/* Rules: H2 */
static void the_exit_status_goes_to_port_0xf4_plus_one(void **state)
{
	(void)state;
	play_ports();
	if (sigsetjmp(ports.end, 1) == 0)
		smalt_exit(123);
	signal(SIGSEGV, SIG_DFL);
	assert_int_equal(ports.count, 1);
	assert_int_equal(ports.port[0], 0xf4);
	assert_int_equal(ports.value[0], 124);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(entries_are_walked_by_the_bytes_that_the_table_states, set_up),
		cmocka_unit_test_setup(a_member_behind_the_bytes_of_an_older_smalt_is_not_there, set_up),
		cmocka_unit_test_setup(a_row_is_found_from_its_first_byte_to_its_last, set_up),
		cmocka_unit_test_setup(an_address_is_translated_by_extents_and_by_the_direct_map, set_up),
		cmocka_unit_test_setup(the_direct_map_shows_memory_that_is_free_or_smalts_and_acpi_and_nothing_else,
		                       set_up),
		cmocka_unit_test_setup(an_identity_direct_map_has_no_page_0, set_up),
		cmocka_unit_test_setup(a_module_is_found_by_its_whole_name_and_the_kernel_is_none, set_up),
		cmocka_unit_test_setup(instances_of_a_module_are_found_by_their_numbers, set_up),
		cmocka_unit_test_setup(every_free_page_is_taken_once_usable_first_and_no_other, set_up),
		cmocka_unit_test_setup(a_piece_that_is_taken_lies_in_one_range, set_up),
		cmocka_unit_test_setup(a_free_page_that_a_row_still_shows_is_left_out, set_up),
		cmocka_unit_test_setup(an_8250_gets_a_character_once_its_holding_register_is_empty, set_up),
		cmocka_unit_test_setup(a_pl011_gets_the_character_in_its_data_register, set_up),
		cmocka_unit_test_setup(without_a_console_a_character_goes_nowhere, set_up),
		cmocka_unit_test_setup(the_exit_status_goes_to_port_0xf4_plus_one, set_up),
	};

	return cmocka_run_group_tests_name("kernel_h", tests, NULL, NULL);
}
