/* SPDX-License-Identifier: BSD-2-Clause */
/* test_envtext.c: every fact of an environment becomes the line that the design gives it. */
#include "envtext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"

static void drop_returns(char *text)
{
	char *to = text;

	for (; *text; text++)
		if (*text != '\r')
			*to++ = *text;
	*to = '\0';
}

/* What envtext_print() writes to the console, which is stdout on the host; lines end there with "\r\n". */
static void print(const struct env *env, char *text, size_t capacity)
{
	int file = memfd_create("console", MFD_CLOEXEC), before;
	ssize_t got;

	fflush(stdout);
	before = dup(STDOUT_FILENO);
	dup2(file, STDOUT_FILENO);
	log_open(SMALT_SERIAL_PL011, 0);
	envtext_print(env);
	log_open(SMALT_SERIAL_NONE, 0);
	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	close(before);
	got = pread(file, text, capacity - 1, 0);
	assert_true(got >= 0);
	text[got] = '\0';
	drop_returns(text);
	close(file);
}

static void every_fact_has_the_line_of_the_design(void **state)
{
	static struct smalt_memory ranges[] = {
		{ 0x40000000, 0x1000, SMALT_MEM_USABLE, 0 },
		{ 0x40001000, 0x2000, SMALT_MEM_RESERVED, 0 },
	};
	static const uint8_t seed[] = { 0x00, 0x0f, 0xff };
	static struct env env;
	char text[4096];

	(void)state;
	env = (struct env){
		.path = SMALT_PATH_IMAGE, .machine = &machine_aarch64,
		.memory = { ranges, 2, 2 },
		.file_count = 3, .cmdline = { (const uint8_t *)"a  b\\\n~\x7f", 8 },
		.loader = { 0x40200000, 0x10000 }, .part_count = 1,
		.cpu = { 0x1f, 4, 5, 2, 0, 48, 62500000, 3, 1, 0x15000, 1, {
			{ SMALT_CACHE_FROM_CCSIDR, 4, 64, 128, false }, { 0 },
			{ SMALT_CACHE_FROM_DEVICETREE, 16, 64, 1ull << 32, true } } },
		.rsdp_pa = 0xf59e0, .table_count = 1,
		.serial_kind = SMALT_SERIAL_PL011, .serial_address = 0x9000000,
		.psci_conduit = SMALT_PSCI_SMC, .smbios_pa = 0xf0000, .smbios_bytes = 24,
		.smbios_count = 2, .smbios = { { 0xf0000, 0x1000 }, { 0xf3000, 0x2000 } },
		.framebuffer = { 0x80000000, 0x300000, 1280, 800, 5120, SMALT_FRAMEBUFFER_BGRX,
		                 { 0xff0000, 0xff00, 0xff } },
		.efi = { .system_table_pa = 0x5f9ee018, .descriptor_bytes = 48, .descriptor_version = 1,
		         .descriptors_most = 160, .callable = true, .attributes = { NULL, 480 },
		         .attribute_bytes = 48, .runtime_count = 2 },
		.entropy_source = SMALT_ENTROPY_DEVICETREE, .entropy = { seed, 3 },
		.wall_clock = 0x10,
	};
	env.files[0] = (struct file){ span_of("initrd"), 0x48000000, { NULL, 0x123 }, true };
	env.files[1] = (struct file){ span_of("opt/a b"), 0x49000000, { NULL, 1 }, false };
	env.files[2] = (struct file){ span_of("\\k"), ENV_ON_VOLUME, { NULL, 0x9000 }, true };
	env.efi.runtime[0] = (struct runtime){ 0x4000000, 0x1000, SMALT_R | SMALT_W, SMALT_CACHE_DEVICE };
	env.efi.runtime[1] = (struct runtime){ 0x5f9ee000, 0x2000, SMALT_R | SMALT_X, SMALT_CACHE_WRITE_BACK };
	env.parts[0] = (struct part){ SMALT_KIND_JUMP, SMALT_R | SMALT_X, 0x40208000, 0x1000 };
	env.tables[0] = (struct range){ 0xf5000, 0x1000 };
	env.devicetree = (struct file){ span_of("devicetree"), 0x48200000, { NULL, 0x100000 }, false };
	print(&env, text, sizeof(text));
	assert_string_equal(text,
		"env begin\n"
		"path image\n"
		"machine aarch64\n"
		"cpu leaf_mask=0x1f\n"
		"cpu levels=0x4\n"
		"cpu levels_most=0x5\n"
		"cpu el=0x2\n"
		"cpu x86_isa=0x0\n"
		"cpu pa_bits=0x30\n"
		"cpu counter_hz=0x3b9aca0\n"
		"cpu id=0x3\n"
		"cpu bti=0x1\n"
		"cpu granules=0x15000\n"
		"cpu hypervisor=0x1\n"
		"cache 1 0x80 4 64 ccsidr\n"
		"cache 3 0x100000000 16 64 devicetree complex\n"
		"memory 0x40000000 0x40001000 usable\n"
		"memory 0x40001000 0x40003000 reserved\n"
		"loader 0x40200000 0x40210000\n"
		"part jump r-x 0x40208000 0x40209000\n"
		"file initrd 0x48000000 0x123\n"
		"file opt/a\\x20b 0x49000000 0x1 kept\n"
		"file \\x5ck volume 0x9000\n"
		"cmdline a  b\\x5c\\x0a~\\x7f\n"
		"rsdp 0xf59e0\n"
		"table 0xf5000 0xf6000\n"
		"devicetree 0x48200000 0x100000\n"
		"smbios 0xf0000 0x18\n"
		"smbios-table 0xf0000 0xf1000\n"
		"smbios-table 0xf3000 0xf5000\n"
		"serial pl011 0x9000000\n"
		"psci smc\n"
		"wall 0x10\n"
		"framebuffer 0x80000000 0x300000 1280 800 5120 bgrx 0xff0000 0xff00 0xff\n"
		"efi 0x5f9ee018 0x30 1 160 callable\n"
		"efi-attributes 10 0x30\n"
		"runtime 0x4000000 0x4001000 rw- device\n"
		"runtime 0x5f9ee000 0x5f9f0000 r-x\n"
		"seed 000fff devicetree\n"
		"env end\n");
}

static void an_absent_fact_has_no_line(void **state)
{
	static const struct env env = { .path = SMALT_PATH_PVH, .machine = &machine_x86_64 };
	char text[4096], *behind;

	(void)state;
	print(&env, text, sizeof(text));
	behind = strstr(text, "cpu id=0x0\n");
	assert_non_null(behind);
	assert_string_equal(behind, "cpu id=0x0\ncpu bti=0x0\ncpu granules=0x0\ncpu hypervisor=0x0\nenv end\n");
}

static void a_command_line_longer_than_one_print_is_complete(void **state)
{
	static char line[3000], text[4096];
	struct env env = { .path = SMALT_PATH_PVH, .machine = &machine_x86_64 };

	(void)state;
	memset(line, 'x', sizeof(line));
	env.cmdline = (struct span){ (const uint8_t *)line, sizeof(line) };
	print(&env, text, sizeof(text));
	assert_int_equal(strspn(strstr(text, "cmdline ") + 8, "x"), sizeof(line));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fact_has_the_line_of_the_design),
		cmocka_unit_test(an_absent_fact_has_no_line),
		cmocka_unit_test(a_command_line_longer_than_one_print_is_complete),
	};

	return cmocka_run_group_tests_name("envtext", tests, NULL, NULL);
}
