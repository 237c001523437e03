/* SPDX-License-Identifier: BSD-2-Clause */
/* test_own_runtime.c: runtime services of UEFI at va == pa, or refused; the arrays of UEFI in the handoff. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "handoff_firmware.h"
#include "own_bench.h"

/* Rules: H9, M18 */
static void runtime_services_lie_at_their_physical_addresses(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		const struct smalt_handoff *h;

		open_bench(both[m]);
		give_runtime(SMALT_R | SMALT_X);
		planned();
		assert_int_equal(count_rows(SMALT_KIND_EFI_RUNTIME), 4);
		for (unsigned i = 0; i < 4; i++) {
			const struct runtime *runtime = &b.env.efi.runtime[i];
			const struct smalt_row *row = row_of(SMALT_KIND_EFI_RUNTIME, i);
			const struct smalt_extent *extent = extent_of(row);

			assert_true(row->va == runtime->pa && extent->pa == runtime->pa);
			assert_true(row->mem_bytes == runtime->bytes);
			assert_int_equal(row->prot, runtime->prot);
			assert_int_equal(row->flags, 0);
			assert_int_equal(row->object, SMALT_NONE);
			assert_int_equal(extent->memory, runtime->memory);
		}
		h = boot_handoff(&b.boot);
		assert_true(h->efi_system_table_pa == RUNTIME_PA + 0x4018);
		assert_true(h->efi_system_table_va == RUNTIME_PA + 0x4018);
		assert_int_equal(h->efi_runtime_callable, 1);
		assert_int_equal(memmap_type(&b.boot.after, RUNTIME_PA), SMALT_MEM_EFI_RUNTIME_CODE);
		assert_int_equal(memmap_type(&b.boot.after, RUNTIME_PA + 0x3000), SMALT_MEM_EFI_RUNTIME_DATA);
	}
}

/* Rules: H9, P6 */
static void without_the_setting_nothing_shows_runtime_memory(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (unsigned identity = 0; identity < 2; identity++) {
			uint32_t shown = 0;

			open_bench(both[m]);
			give_runtime(SMALT_R | SMALT_X);
			if (!identity)
				set_cmdline("smalt.efi_runtime=none");
			planned();
			for (uint32_t i = 0; i < b.boot.map_count; i++)
				shown += RUNTIME_PA < b.boot.maps[i].pa + b.boot.maps[i].bytes &&
				         b.boot.maps[i].pa < RUNTIME_PA + 0x5000;
			assert_int_equal(shown, identity ? 3 : 0);
			assert_int_equal(count_rows(SMALT_KIND_EFI_RUNTIME), identity ? 4 : 0);
			assert_true((boot_handoff(&b.boot)->efi_system_table_va != 0) == identity);
			assert_true(boot_handoff(&b.boot)->efi_system_table_pa != 0);
		}
}

/* Rules: M12, H9 */
static void writable_runtime_code_needs_wx_allow(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		open_bench(both[m]);
		give_runtime(SMALT_R | SMALT_W | SMALT_X);
		assert_int_equal(plan_at(0x400000), ST_WX);
		assert_true(b.fault.value == RUNTIME_PA);
		assert_non_null(strstr(b.fault.hint, "wx allow"));
		open_bench(both[m]);
		give_runtime(SMALT_R | SMALT_W | SMALT_X);
		set_cmdline("smalt.efi_runtime=identity smalt.wx=allow");
		planned();
		assert_int_equal(row_of(SMALT_KIND_EFI_RUNTIME, 1)->flags, SMALT_ROW_WX);
	}
}

/* Rules: M12, H9 */
static void the_first_region_counts_as_much_as_the_others(void **state)
{
	(void)state;
	open_bench(&machine_x86_64);
	give_runtime(SMALT_R | SMALT_X);
	b.env.efi.system_table_pa = 0x4000000;
	planned();
	assert_true(boot_handoff(&b.boot)->efi_system_table_va == 0x4000000);
	open_bench(&machine_x86_64);
	give_runtime(SMALT_R | SMALT_X);
	b.env.efi.runtime[0].prot = SMALT_R | SMALT_W | SMALT_X;
	assert_int_equal(plan_at(0x400000), ST_WX);
	assert_true(b.fault.value == 0x4000000);
}

/* Rules: H9, M20 */
static void identity_is_refused_where_nobody_left_runtime_services(void **state)
{
	(void)state;
	open_bench(&machine_x86_64);
	give_runtime(SMALT_R | SMALT_X);
	b.env.efi.system_table_pa = 0;
	assert_int_equal(plan_at(0x400000), ST_BAD_CONFIG);
	assert_string_equal(b.fault.field, "efi_runtime");
	assert_string_equal(b.fault.word, "identity");
	assert_non_null(strstr(b.fault.hint, "not booted from UEFI"));
}

/* Rules: H9, M20 */
static void a_system_table_that_no_region_holds_is_refused(void **state)
{
	static const uint64_t outside[] = { RUNTIME_PA - 1, RUNTIME_PA + 0x5000 };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		open_bench(&machine_x86_64);
		give_runtime(SMALT_R | SMALT_X);
		b.env.efi.system_table_pa = outside[i];
		assert_int_equal(plan_at(0x400000), ST_BAD_FIRMWARE);
		assert_true(b.fault.value == outside[i]);
	}
	open_bench(&machine_x86_64);
	give_runtime(SMALT_R | SMALT_X);
	b.env.efi.runtime_count = 0;
	assert_int_equal(plan_at(0x400000), ST_BAD_FIRMWARE);
}

/* Rules: H9, M20 */
static void more_regions_than_there_is_room_for_are_told_as_that(void **state)
{
	char text[512];

	(void)state;
	open_bench(&machine_x86_64);
	give_runtime(SMALT_R | SMALT_X);
	b.env.efi.runtime_count = 0;
	b.env.efi.runtime_regions = 257;
	assert_int_equal(plan_at(0x400000), ST_TOO_SMALL);
	fault_text(&b.fault, text, sizeof text);
	assert_non_null(strstr(text, "EFI runtime regions: 0x101 > 0x100: TOO_SMALL"));
	assert_non_null(strstr(text, "leave efi_runtime none"));
}

/* Rules: M9, M14, H9 */
static void an_address_that_runtime_services_need_is_nobody_elses(void **state)
{
	static const struct { uint64_t va; enum status status; } kernels[] = {
		{ RUNTIME_PA - 0x3000, ST_OK }, { RUNTIME_PA - 0x1000, ST_ADDRESS_IN_USE },
		{ RUNTIME_PA + 0x4000, ST_ADDRESS_IN_USE }, { RUNTIME_PA + 0x5000, ST_ADDRESS_IN_USE },
		{ RUNTIME_PA + 0x6000, ST_OK },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
		open_bench(&machine_aarch64);
		give_runtime(SMALT_R | SMALT_X);
		assert_int_equal(plan_at(kernels[i].va), kernels[i].status);
		if (kernels[i].status != ST_OK)
			assert_string_equal(b.fault.word, "initrd");
	}
	open_bench(&machine_aarch64);
	give_runtime(SMALT_R | SMALT_X);
	set_cmdline("smalt.efi_runtime=identity smalt.direct_map=identity");
	assert_int_equal(plan_at(0xffff800000000000), ST_ADDRESS_IN_USE);
	assert_string_equal(b.fault.word, "the direct map");
	assert_non_null(strstr(b.fault.hint, "direct_map identity"));
}

/* --- the handoff's arrays --- */

/* Rules: H2, H9 */
static void the_last_memory_map_has_room_directly_behind_the_structure(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		const struct smalt_handoff *h;

		open_bench(both[m]);
		give_runtime(SMALT_R | SMALT_X);
		b.env.efi.descriptors = 77;
		planned();
		h = boot_handoff(&b.boot);
		assert_true(h->efi_memory.va == b.boot.handoff_va + 800);
		assert_ptr_equal(handoff_efi_map(&b.boot), (const uint8_t *)h + 800);
		assert_int_equal(h->efi_memory.count, 77);
		assert_int_equal(h->efi_memory.entry_bytes, 48);
		assert_int_equal(h->efi_descriptor_version, 1);
		assert_true(h->rows.va == h->efi_memory.va + 4800);
		assert_true(h->total_bytes <= b.boot.handoff_bytes);
	}
}

/* Rules: H9 */
static void attributes_are_copied_where_there_are_bytes(void **state)
{
	static uint8_t bytes[3 * 48];

	(void)state;
	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i + 1);
	for (unsigned host = 0; host < 2; host++) {
		const struct smalt_handoff *h;
		const uint8_t *copy;

		open_bench(&machine_x86_64);
		give_runtime(SMALT_R | SMALT_X);
		b.env.efi.attributes = (struct span){ host ? NULL : bytes, sizeof bytes };
		b.env.efi.attribute_bytes = 48;
		planned();
		h = boot_handoff(&b.boot);
		assert_int_equal(h->efi_attributes.count, 3);
		assert_int_equal(h->efi_attributes.entry_bytes, 48);
		copy = (const uint8_t *)h + (h->efi_attributes.va - b.boot.handoff_va);
		for (unsigned at = 0; at < sizeof bytes; at++)
			assert_int_equal(copy[at], host ? 0 : bytes[at]);
	}
}

static void outside_of_uefi_every_such_member_is_0(void **state)
{
	static const struct smalt_array none;
	const struct smalt_handoff *h;

	(void)state;
	open_bench(&machine_aarch64);
	planned();
	h = boot_handoff(&b.boot);
	assert_memory_equal(&h->efi_memory, &none, sizeof none);
	assert_memory_equal(&h->efi_attributes, &none, sizeof none);
	assert_true(h->efi_system_table_pa == 0 && h->efi_system_table_va == 0);
	assert_int_equal(h->efi_runtime_callable, 0);
	assert_true(h->rows.va == b.boot.handoff_va + 800);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runtime_services_lie_at_their_physical_addresses),
		cmocka_unit_test(without_the_setting_nothing_shows_runtime_memory),
		cmocka_unit_test(writable_runtime_code_needs_wx_allow),
		cmocka_unit_test(the_first_region_counts_as_much_as_the_others),
		cmocka_unit_test(identity_is_refused_where_nobody_left_runtime_services),
		cmocka_unit_test(a_system_table_that_no_region_holds_is_refused),
		cmocka_unit_test(more_regions_than_there_is_room_for_are_told_as_that),
		cmocka_unit_test(an_address_that_runtime_services_need_is_nobody_elses),
		cmocka_unit_test(the_last_memory_map_has_room_directly_behind_the_structure),
		cmocka_unit_test(attributes_are_copied_where_there_are_bytes),
		cmocka_unit_test(outside_of_uefi_every_such_member_is_0),
	};

	return cmocka_run_group_tests_name("own_runtime", tests, NULL, NULL);
}
