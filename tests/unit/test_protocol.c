/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_protocol.c: by which protocol a kernel is entered.
 */
#include "protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "scratch.h"

static const uint8_t request[40];

/* Kernels by what they say about themselves. */
static const struct object plain = { .format = SMALT_FORMAT_ELF64 };
static const struct object with_pvh = { .format = SMALT_FORMAT_ELF64, .has_pvh = true };
static const struct object with_both = {
	.format = SMALT_FORMAT_ELF64, .has_pvh = true, .request = { request, sizeof request },
};
static const struct object image = { .format = SMALT_FORMAT_IMAGE };

static const struct {
	const struct machine *machine;
	const struct object *kernel;
	const char *wanted;
	const struct protocol *chosen;       /* NULL: Smalt's own */
	enum status status;
} choices[] = {
	{ &machine_x86_64, &plain, "", NULL, ST_OK },
	{ &machine_x86_64, &with_pvh, "", &protocol_pvh, ST_OK },
	{ &machine_x86_64, &with_both, "", NULL, ST_OK },
	{ &machine_x86_64, &with_both, "pvh", &protocol_pvh, ST_OK },
	{ &machine_x86_64, &with_pvh, "smalt", NULL, ST_OK },
	{ &machine_x86_64, &plain, "pvh", NULL, ST_BAD_CONFIG },
	{ &machine_x86_64, &with_pvh, "image", NULL, ST_BAD_CONFIG },
	{ &machine_x86_64, &with_pvh, "multiboot", NULL, ST_BAD_CONFIG },
	{ &machine_x86_64, &image, "", NULL, ST_OK },
	{ &machine_aarch64, &image, "", &protocol_image, ST_OK },
	{ &machine_aarch64, &image, "image", &protocol_image, ST_OK },
	{ &machine_aarch64, &plain, "", NULL, ST_OK },
	{ &machine_aarch64, &plain, "image", NULL, ST_BAD_CONFIG },
	{ &machine_aarch64, &with_pvh, "", NULL, ST_OK },
	{ &machine_aarch64, &with_pvh, "pvh", NULL, ST_BAD_CONFIG },
};

/* Rules: M21 */
static void the_kernel_decides_unless_somebody_asks(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof choices / sizeof choices[0]; i++) {
		const struct protocol *chosen = &protocol_pvh;
		struct fault fault;

		assert_int_equal(protocol_choose(choices[i].machine, choices[i].kernel,
		                                 span_of(choices[i].wanted), &chosen, &fault),
		                 choices[i].status);
		assert_ptr_equal(chosen, choices[i].chosen);
	}
}

/* Rules: M20 */
static void a_wish_that_cannot_be_met_is_named(void **state)
{
	const struct protocol *chosen;
	struct fault fault;

	(void)state;
	assert_int_equal(protocol_choose(&machine_x86_64, &plain, SPAN("pvh"), &chosen, &fault), ST_BAD_CONFIG);
	assert_string_equal(fault.field, "protocol");
	assert_string_equal(fault.word, "pvh");
	assert_non_null(strstr(fault.hint, "does not say"));
	assert_int_equal(protocol_choose(&machine_x86_64, &plain, SPAN("efi"), &chosen, &fault), ST_BAD_CONFIG);
	assert_non_null(strstr(fault.hint, "no such protocol"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_decides_unless_somebody_asks),
		cmocka_unit_test(a_wish_that_cannot_be_met_is_named),
	};

	return cmocka_run_group_tests_name("protocol", tests, NULL, NULL);
}
