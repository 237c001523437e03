/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_uefi_leave.c: the firmware is left with its last map in hand, or refused before it is too late;
 * half left it is asked for nothing more.
 */
#include "fake_firmware.h"

#include <smalt/exit.h>

#include "arch.h"
#include "boot.h"
#include "fake_self.h"
#include "firmware.h"
#include "handoff_firmware.h"
#include "log.h"
#include "scratch.h"

enum { PAGE = 4096, FREE_FROM = 16 };

static struct uefi u;
static struct boot boot;
static struct fault fault;

/* What the loader came to. */
static struct {
	bool alone, next, refused, exited, text_closed;
	enum status refusal, map_fault;
	uint32_t exit_status;
	uint64_t cleaned_pa, cleaned_bytes;
	struct fault logged;
	unsigned logs;
	bool logged_after_close;
	bool with_handoff;
	const struct pagetable *own;
} seen;

static uint8_t handoff_map[200 * 48] __attribute__((aligned(8)));
static struct smalt_handoff handoff;

struct smalt_handoff *boot_handoff(const struct boot *b)
{
	assert_ptr_equal(b, &boot);
	return seen.with_handoff ? &handoff : NULL;
}

void *handoff_efi_map(const struct boot *b)
{
	assert_ptr_equal(b, &boot);
	return handoff_map;
}

uint64_t self_bytes(void)
{
	return 8 * PAGE;
}

enum status self_map_build(const struct env *env, struct arena *arena, struct pagetable *pt, struct fault *f)
{
	assert_ptr_equal(env, &u.env);
	assert_ptr_equal(arena, &u.arena);
	seen.own = pt;
	trace('s');
	return seen.map_fault == ST_OK ? ST_OK : fault_field(f, seen.map_fault, "loader's map");
}

void arch_clean(uint64_t pa, uint64_t bytes)
{
	trace('c');
	seen.cleaned_pa = pa;
	seen.cleaned_bytes = bytes;
}

void arch_alone(const struct pagetable *own, void (*next)(void *), void *argument)
{
	trace('a');
	assert_ptr_equal(own, seen.own);
	seen.alone = true;
	next(argument);
	abort();
}

void arch_exit(uint32_t status)
{
	seen.exited = true;
	seen.exit_status = status;
	longjmp(fw.back, 1);
}

void firmware_refuse(enum status status)
{
	seen.refused = true;
	seen.refusal = status;
	longjmp(fw.back, 1);
}

void log_fault(const struct fault *f)
{
	seen.logged = *f;
	seen.logs++;
	seen.logged_after_close = seen.text_closed;
}

log_sink log_to(log_sink put)
{
	seen.text_closed = put == NULL;
	return NULL;
}

void log_serial(const char *text)
{
	(void)text;
}

static void next(struct boot *b)
{
	assert_ptr_equal(b, &boot);
	seen.next = true;
	longjmp(fw.back, 1);
}

static int open_leave(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof seen);
	memset(handoff_map, 0xcc, sizeof handoff_map);
	fake_open();
	fake_set(0, FREE_FROM, EfiReservedMemoryType);
	fake_start(&u, scratch(SCRATCH_BYTES));
	boot = (struct boot){ .env = &u.env, .arena = &u.arena };
	assert_int_equal(firmware_memory(&u.env, &fault), ST_OK);
	trace_clear();
	return 0;
}

static int close_leave(void **state)
{
	(void)state;
	fake_close();
	return 0;
}

static void leave(void)
{
	if (setjmp(fw.back) == 0)
		firmware_leave(&boot, next);
}

/* Rules: H3 */
static void nothing_is_between_the_last_map_and_the_end_of_the_firmware(void **state)
{
	(void)state;
	leave();
	assert_string_equal(fw.trace, "scMXa");
	assert_true(fw.exited && seen.alone && seen.next && seen.text_closed);
	assert_int_equal(seen.logs, 0);
	assert_ptr_equal(image_start, (void *)(uintptr_t)seen.cleaned_pa);
	assert_int_equal(seen.cleaned_bytes, 8 * PAGE);
}

/* Rules: H3 */
static void a_map_that_changes_is_asked_for_again(void **state)
{
	(void)state;
	fw.exits_spoiled = 3;
	leave();
	assert_string_equal(fw.trace, "scMXMXMXMXa");
	assert_true(fw.exited && seen.next);
}

/* Rules: H3, M20 */
static void a_map_that_never_stands_still_ends_with_a_line_and_a_reset(void **state)
{
	(void)state;
	fw.exits_spoiled = 4;
	leave();
	assert_string_equal(fw.trace, "scMXMXMXMXR");    /* ResetSystem() is a runtime service */
	assert_false(fw.exited || seen.next || seen.refused || seen.exited);
	assert_int_equal(seen.logs, 1);
	assert_true(seen.logged_after_close);            /* on the port, no longer on the console */
	assert_int_equal(seen.logged.status, ST_DEVICE);
	assert_string_equal(seen.logged.field, "ExitBootServices()");
	assert_int_equal(seen.logged.value, 2);          /* EFI_INVALID_PARAMETER */
	assert_string_equal(seen.logged.hint, "the firmware's memory map never stood still: report it to its authors");
	assert_true(fw.with_reset);
	assert_int_equal(fw.ended, 0x8000000000000002);
}

/* Rules: M20 */
static void or_in_the_end_of_qemu_where_that_was_asked_for(void **state)
{
	(void)state;
	u.exit_when_refused = true;
	fw.exits_spoiled = 4;
	leave();
	assert_string_equal(fw.trace, "scMXMXMXMX");
	assert_true(seen.exited);
	assert_int_equal(seen.exit_status, SMALT_EXIT_REFUSED);
	assert_int_equal(seen.logs, 1);
}

/* Rules: H3 */
static void tries_can_be_spoiled_for_a_test(void **state)
{
	(void)state;
	u.spoil_exits = 2;
	leave();
	assert_string_equal(fw.trace, "scMPXMPXMXa");
	assert_true(seen.next);
	assert_int_equal(u.spoil_exits, 0);
	assert_int_equal(fw.pool_count, 2);
}

/* Rules: M20 */
static void no_map_before_the_first_try_goes_back_to_the_firmware(void **state)
{
	(void)state;
	fw.map_status = EFI_NOT_READY;
	leave();
	assert_string_equal(fw.trace, "scM");
	assert_true(seen.refused && !seen.next);
	assert_int_equal(seen.refusal, ST_DEVICE);
	assert_int_equal(seen.logs, 1);
	assert_false(seen.logged_after_close);
	assert_string_equal(seen.logged.field, "GetMemoryMap()");
	assert_int_equal(seen.logged.value, 6);
}

/* Rules: M20 */
static void no_map_after_it_is_the_end(void **state)
{
	(void)state;
	fw.exits_spoiled = 1;
	fw.map_status = EFI_BUFFER_TOO_SMALL;
	fw.maps_good = 1;
	leave();
	assert_string_equal(fw.trace, "scMXMR");
	assert_false(seen.refused || seen.next);
	assert_true(seen.logged_after_close);
	assert_string_equal(seen.logged.field, "GetMemoryMap()");
	assert_int_equal(seen.logged.value, 5);
	assert_null(seen.logged.hint);
}

/* Rules: M1, M20 */
static void a_map_of_the_loader_that_cannot_be_built_is_refused_before(void **state)
{
	(void)state;
	seen.map_fault = ST_NO_MEMORY;
	leave();
	assert_string_equal(fw.trace, "s");
	assert_true(seen.refused);
	assert_int_equal(seen.refusal, ST_NO_MEMORY);
	assert_int_equal(seen.logs, 1);
	assert_string_equal(seen.logged.field, "loader's map");
}

static uint64_t number_at(const uint8_t *descriptors, unsigned at)
{
	uint64_t number;

	memcpy(&number, descriptors + at, 8);
	return number;
}

/* Rules: H3 */
static void the_descriptors_are_the_kernels(void **state)
{
	(void)state;
	seen.with_handoff = true;
	fake_set(100, 1, EfiRuntimeServicesData);        /* since the plan was made */
	leave();
	assert_ptr_equal(u.env.efi.map, handoff_map);
	assert_int_equal(u.env.efi.descriptors, 4);
	assert_int_equal(number_at(handoff_map, 8), fake_pa(0));
	assert_int_equal(number_at(handoff_map, 24), FREE_FROM);
	assert_int_equal(number_at(handoff_map, 48 + 24), 100 - FREE_FROM);
	assert_int_equal(number_at(handoff_map, 96 + 8), fake_pa(100));
	assert_int_equal(handoff_map[96], EfiRuntimeServicesData);
	assert_int_equal(handoff_map[4 * 48], 0xcc);
}

/* Rules: H3 */
static void without_a_handoff_they_stay_in_the_arena(void **state)
{
	void *map;

	(void)state;
	map = u.env.efi.map;
	leave();
	assert_ptr_equal(u.env.efi.map, map);
	assert_int_equal(handoff_map[0], 0xcc);
	assert_int_equal(number_at(map, 8), fake_pa(0));
}

/* Rules: H3 */
static void the_last_map_is_the_memory(void **state)
{
	const struct memmap *memory = &u.env.memory;

	(void)state;
	fake_set(100, 1, EfiRuntimeServicesData);
	fake_set(200, 10, EfiBootServicesCode);
	fw.descending = true;
	leave();
	assert_int_equal(memory->count, 6);
	assert_int_equal(memmap_type(memory, fake_pa(99)), SMALT_MEM_USABLE);
	assert_int_equal(memmap_type(memory, fake_pa(100)), SMALT_MEM_EFI_RUNTIME_DATA);
	assert_int_equal(memmap_type(memory, fake_pa(209)), SMALT_MEM_BOOT_SERVICES);
	assert_int_equal(memmap_bytes(memory, SMALT_MEM_USABLE), (FAKE_PAGES - FREE_FROM - 11) * (uint64_t)PAGE);
	assert_int_equal(memmap_bytes(memory, SMALT_MEM_RESERVED), FREE_FROM * PAGE);
}

/* Rules: H3 */
static void a_last_map_may_have_as_many_descriptors_as_were_made_room_for(void **state)
{
	(void)state;
	assert_int_equal(u.env.efi.descriptors_most, 132);
	for (unsigned i = 0; i < 65; i++)
		fake_set(100 + 2 * i, 1, EfiRuntimeServicesData);    /* 2 + 130 */
	seen.with_handoff = true;
	leave();
	assert_true(seen.next);
	assert_int_equal(u.env.efi.descriptors, 132);
	assert_int_equal(u.env.memory.count, 132);
	assert_int_equal(handoff_map[132 * 48], 0xcc);
	assert_int_equal(memmap_bytes(&u.env.memory, SMALT_MEM_EFI_RUNTIME_DATA), 65 * PAGE);
}

/* Rules: H3, M20 */
static void one_more_is_refused_before_the_first_try(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 66; i++)
		fake_set(100 + 2 * i, 1, EfiRuntimeServicesData);
	seen.with_handoff = true;
	leave();
	assert_string_equal(fw.trace, "scM");
	assert_true(seen.refused);
	assert_int_equal(seen.logged.value, 5);          /* EFI_BUFFER_TOO_SMALL */
	assert_int_equal(handoff_map[132 * 48], 0xcc);
}

#define LEAVE_TEST(name) cmocka_unit_test_setup_teardown(name, open_leave, close_leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEAVE_TEST(nothing_is_between_the_last_map_and_the_end_of_the_firmware),
		LEAVE_TEST(a_map_that_changes_is_asked_for_again),
		LEAVE_TEST(a_map_that_never_stands_still_ends_with_a_line_and_a_reset),
		LEAVE_TEST(or_in_the_end_of_qemu_where_that_was_asked_for),
		LEAVE_TEST(tries_can_be_spoiled_for_a_test),
		LEAVE_TEST(no_map_before_the_first_try_goes_back_to_the_firmware),
		LEAVE_TEST(no_map_after_it_is_the_end),
		LEAVE_TEST(a_map_of_the_loader_that_cannot_be_built_is_refused_before),
		LEAVE_TEST(the_descriptors_are_the_kernels),
		LEAVE_TEST(without_a_handoff_they_stay_in_the_arena),
		LEAVE_TEST(the_last_map_is_the_memory),
		LEAVE_TEST(a_last_map_may_have_as_many_descriptors_as_were_made_room_for),
		LEAVE_TEST(one_more_is_refused_before_the_first_try),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
