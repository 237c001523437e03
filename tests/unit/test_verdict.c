/* SPDX-License-Identifier: BSD-2-Clause */
/* test_verdict.c: which status smalt run returns for what happened. */
#include "../../tools/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

static const struct rules x86 = { .debug_exit = true, .pass_status = -1 };
static const struct rules arm = { .pass_status = -1 };

static struct outcome ended(int exit_status)
{
	return (struct outcome){ .started = true, .exited = true, .exit_status = exit_status };
}

/* QEMU's hw/misc/debugexit.c: exit((value << 1) | 1); exit.h: value = status + 1. */
static void a_status_through_isa_debug_exit_comes_back(void **state)
{
	(void)state;
	for (int status = 0; status <= 126; status++) {
		struct outcome outcome = ended(((status + 1) << 1 | 1) & 0xff);

		assert_int_equal(verdict(&outcome, &x86), status);
	}
}

static void a_status_through_semihosting_comes_back(void **state)
{
	(void)state;
	for (int status = 0; status <= 126; status++) {
		struct outcome outcome = ended(status);

		assert_int_equal(verdict(&outcome, &arm), status);
	}
}

/* A zero written to 0xf4, and what is no isa-debug-exit at all. */
static void what_no_guest_of_ours_writes_is_125(void **state)
{
	struct outcome zero = ended(1), even = ended(2), silent = ended(0);

	(void)state;
	assert_int_equal(verdict(&zero, &x86), 125);
	assert_int_equal(verdict(&even, &x86), 125);
	assert_int_equal(verdict(&silent, &x86), 125);
}

static void power_off_is_success(void **state)
{
	struct outcome outcome = ended(0);

	(void)state;
	outcome.cause = verdict_cause("guest-shutdown");
	assert_int_equal(verdict(&outcome, &x86), 0);
	assert_int_equal(verdict(&outcome, &arm), 0);
}

/* Under -no-reboot QEMU itself returns 0 for both. */
static void reset_and_panic_are_126(void **state)
{
	static const char *const reasons[] = { "guest-reset", "guest-panic", "subsystem-reset" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct outcome outcome = ended(0);

		outcome.cause = verdict_cause(reasons[i]);
		assert_int_equal(verdict(&outcome, &x86), 126);
		assert_int_equal(verdict(&outcome, &arm), 126);
	}
}

/* A guest's own 1 on aarch64, and QEMU's own 1. */
static void a_failure_of_qemu_is_told_from_a_guests_one(void **state)
{
	struct outcome guest = ended(1), qemu = ended(1), killed = ended(0);

	(void)state;
	qemu.started = false;
	killed.exited = false;
	assert_int_equal(verdict(&guest, &arm), 1);
	assert_int_equal(verdict(&qemu, &arm), 125);
	assert_int_equal(verdict(&killed, &arm), 125);
	killed.cause = verdict_cause("host-signal");
	killed.exited = true;
	assert_int_equal(verdict(&killed, &arm), 125);
}

static void expected_text_ends_with_success_and_its_lack_with_127(void **state)
{
	struct rules rules = { .expects = true, .pass_status = -1 };
	struct outcome well = ended(0), badly = ended(7), seen = ended(7);

	(void)state;
	seen.expect_seen = true;
	assert_int_equal(verdict(&seen, &rules), 0);
	assert_int_equal(verdict(&well, &rules), 127);
	assert_int_equal(verdict(&badly, &rules), 7);
}

static void fail_text_wins_over_everything(void **state)
{
	struct outcome outcome = ended(0);

	(void)state;
	outcome.expect_seen = outcome.fail_seen = outcome.timed_out = true;
	assert_int_equal(verdict(&outcome, &arm), 1);
}

static void a_timeout_is_124_unless_the_text_was_seen(void **state)
{
	struct outcome outcome = ended(0);

	(void)state;
	outcome.timed_out = true;
	assert_int_equal(verdict(&outcome, &arm), 124);
	outcome.expect_seen = true;
	assert_int_equal(verdict(&outcome, &arm), 0);
}

/* --pass-status 33 is value 0x10 at 0xf4; 3 would be success in Smalt's own convention. */
static void a_foreign_convention_has_one_status_that_passes(void **state)
{
	struct rules rules = { .debug_exit = true, .pass_status = 33 };
	struct outcome pass = ended(33), ours = ended(3), other = ended(35);

	(void)state;
	assert_int_equal(verdict(&pass, &rules), 0);
	assert_int_equal(verdict(&ours, &rules), 1);
	assert_int_equal(verdict(&other, &rules), 16);
}

/* QEMU returns 0 for a guest that powers the machine off, and 3 is Smalt's own 0. */
static void the_status_that_passes_may_be_zero(void **state)
{
	struct rules rules = { .debug_exit = true, .pass_status = 0 };
	struct outcome pass = ended(0), ours = ended(3);

	(void)state;
	pass.cause = CAUSE_SHUTDOWN;
	assert_int_equal(verdict(&pass, &rules), 0);
	assert_int_equal(verdict(&ours, &rules), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_through_isa_debug_exit_comes_back),
		cmocka_unit_test(a_status_through_semihosting_comes_back),
		cmocka_unit_test(what_no_guest_of_ours_writes_is_125),
		cmocka_unit_test(power_off_is_success),
		cmocka_unit_test(reset_and_panic_are_126),
		cmocka_unit_test(a_failure_of_qemu_is_told_from_a_guests_one),
		cmocka_unit_test(expected_text_ends_with_success_and_its_lack_with_127),
		cmocka_unit_test(fail_text_wins_over_everything),
		cmocka_unit_test(a_timeout_is_124_unless_the_text_was_seen),
		cmocka_unit_test(a_foreign_convention_has_one_status_that_passes),
		cmocka_unit_test(the_status_that_passes_may_be_zero),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
