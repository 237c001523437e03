/* SPDX-License-Identifier: BSD-2-Clause */
/* test_qmp.c: QEMU's messages, as QEMU 7.2 writes them, and what they make of the guest. */
#include "../../tools/qmp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct qmp *qmp;
static int other;

static int open_pair(void **state)
{
	int pair[2];

	(void)state;
	qmp = calloc(1, sizeof(*qmp));
	if (!qmp || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0)
		return -1;
	qmp->fd = pair[0];
	other = pair[1];
	return 0;
}

static int close_pair(void **state)
{
	(void)state;
	close(qmp->fd);
	if (other >= 0)
		close(other);
	free(qmp);
	return 0;
}

static void qemu_says(const char *text)
{
	assert_int_equal(write(other, text, strlen(text)), strlen(text));
	assert_int_equal(qmp_read(qmp), QMP_READ);
}

static void assert_hears(const char *text)
{
	char heard[512];
	ssize_t got = recv(other, heard, sizeof(heard) - 1, MSG_DONTWAIT);

	heard[got > 0 ? got : 0] = '\0';
	assert_string_equal(heard, text);
}

static void the_guest_is_started_after_the_greeting(void **state)
{
	(void)state;
	qemu_says("{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 7, \"minor\": 2, \"major\": 7}}, "
	          "\"capabilities\": [\"oob\"]}}\r\n");
	assert_hears("{\"execute\":\"qmp_capabilities\",\"id\":\"qmp_capabilities\"}\n");
	qemu_says("{\"return\": {}, \"id\": \"qmp_capabilities\"}\r\n");
	assert_hears("{\"execute\":\"cont\",\"id\":\"cont\"}\n");
	assert_false(qmp->started);
	qemu_says("{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"RESUME\"}\r\n"
	          "{\"return\": {}, \"id\": \"cont\"}\r\n");
	assert_true(qmp->started);
}

static void the_reason_of_a_shutdown_is_kept(void **state)
{
	(void)state;
	qemu_says("{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"SHUTDOWN\", "
	          "\"data\": {\"guest\": true, \"reason\": \"guest-re");
	assert_int_equal(qmp->cause, CAUSE_NONE);
	qemu_says("set\"}}\r\n");
	assert_int_equal(qmp->cause, CAUSE_RESET);
}

static void a_panic_is_not_overwritten_by_the_shutdown_that_follows(void **state)
{
	(void)state;
	qemu_says("{\"event\": \"GUEST_PANICKED\", \"data\": {\"action\": \"shutdown\"}}\r\n"
	          "{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, \"reason\": \"guest-shutdown\"}}\r\n");
	assert_int_equal(qmp->cause, CAUSE_PANIC);
}

static void what_is_no_message_is_passed_over(void **state)
{
	(void)state;
	qemu_says("\r\nnonsense\r\n[1, 2]\r\n{\"event\": 5}\r\n{\"event\": \"SHUTDOWN\"}\r\n");
	assert_int_equal(qmp->cause, CAUSE_OTHER);
}

static void a_message_of_any_length_stays_within_the_buffer(void **state)
{
	static char endless[QMP_BYTES + 2000];
	enum qmp_read read;

	(void)state;
	memset(endless, 'x', sizeof(endless));
	endless[1000] = '\n';
	assert_int_equal(write(other, endless, sizeof(endless)), sizeof(endless));
	do
		read = qmp_read(qmp);
	while (read == QMP_READ);
	assert_int_equal(read, QMP_END);
	assert_int_equal(qmp->length, QMP_BYTES);
}

static void the_end_of_the_connection_is_told(void **state)
{
	(void)state;
	assert_int_equal(qmp_read(qmp), QMP_NOTHING);
	close(other);
	other = -1;
	assert_int_equal(qmp_read(qmp), QMP_END);
}

static void the_program_counter_is_found_in_registers_of_both_machines(void **state)
{
	uint64_t pc = 0;

	(void)state;
	assert_true(qmp_find_pc("\r\nCPU#0\r\nRAX=0000000000000001 RBX=0000000000000000\r\n"
	                        "R14=0000000000000000 R15=0000000000000000\r\n"
	                        "RIP=ffffffff80001234 RFL=00000002 [-------] CPL=0\r\n", &pc));
	assert_int_equal(pc, 0xffffffff80001234);
	assert_true(qmp_find_pc("\r\nCPU#0\r\n PC=ffff800000001000 X00=0000000000000000\r\n", &pc));
	assert_int_equal(pc, 0xffff800000001000);
	assert_false(qmp_find_pc("no registers", &pc));
}

/* The answer to the question comes as one string with escaped line ends. */
static void the_answer_to_the_question_for_the_pc_is_kept(void **state)
{
	(void)state;
	qmp_ask_pc(qmp);
	assert_hears("{\"execute\":\"stop\",\"id\":\"stop\"}\n"
	             "{\"execute\":\"human-monitor-command\",\"id\":\"pc\","
	             "\"arguments\":{\"command-line\":\"info registers\"}}\n");
	qemu_says("{\"return\": \"\\r\\nCPU#0\\r\\nEIP=0000fff0 EFL=00000002\\r\\n\", \"id\": \"pc\"}\r\n");
	assert_true(qmp->has_pc);
	assert_int_equal(qmp->pc, 0xfff0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pair, close_pair)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_guest_is_started_after_the_greeting),
		TEST(the_reason_of_a_shutdown_is_kept),
		TEST(a_panic_is_not_overwritten_by_the_shutdown_that_follows),
		TEST(what_is_no_message_is_passed_over),
		TEST(a_message_of_any_length_stays_within_the_buffer),
		TEST(the_end_of_the_connection_is_told),
		TEST(the_program_counter_is_found_in_registers_of_both_machines),
		TEST(the_answer_to_the_question_for_the_pc_is_kept),
	};

	return cmocka_run_group_tests_name("qmp", tests, NULL, NULL);
}
