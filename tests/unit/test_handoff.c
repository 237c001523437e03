/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_handoff.c: the public structures lie as docs/handoff.md says.
 *
 * The numbers are the ABI, written by hand; kernels in other languages rely on
 * them. A member that is new gets its line here and in the document.
 */
#include <smalt/handoff.h>
#include <smalt/request.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define AT(type, member, offset, bytes)                                          \
	_Static_assert(offsetof(struct type, member) == (offset) &&              \
	               sizeof(((struct type *)0)->member) == (bytes), #type "." #member)
#define ALL(type, bytes) _Static_assert(sizeof(struct type) == (bytes), #type)

AT(smalt_array, va, 0, 8);
AT(smalt_array, count, 8, 4);
AT(smalt_array, entry_bytes, 12, 4);
ALL(smalt_array, 16);

AT(smalt_row, va, 0, 8);
AT(smalt_row, mem_bytes, 8, 8);
AT(smalt_row, file_bytes, 16, 8);
AT(smalt_row, file_offset, 24, 8);
AT(smalt_row, data_offset, 32, 8);
AT(smalt_row, prot, 40, 4);
AT(smalt_row, flags, 44, 4);
AT(smalt_row, kind, 48, 4);
AT(smalt_row, object, 52, 4);
AT(smalt_row, segment, 56, 4);
AT(smalt_row, instance, 60, 4);
AT(smalt_row, leaf_shift, 64, 4);
AT(smalt_row, why, 68, 4);
AT(smalt_row, color, 72, 4);
AT(smalt_row, leaf_count, 76, 28);
ALL(smalt_row, 104);

AT(smalt_extent, va, 0, 8);
AT(smalt_extent, pa, 8, 8);
AT(smalt_extent, bytes, 16, 8);
AT(smalt_extent, row, 24, 4);
AT(smalt_extent, backing, 28, 4);
AT(smalt_extent, prot, 32, 4);
AT(smalt_extent, memory, 36, 4);
AT(smalt_extent, leaf_shift, 40, 4);
AT(smalt_extent, color, 44, 4);
ALL(smalt_extent, 48);

AT(smalt_memory, pa, 0, 8);
AT(smalt_memory, bytes, 8, 8);
AT(smalt_memory, type, 16, 4);
AT(smalt_memory, reserved, 20, 4);
ALL(smalt_memory, 24);

AT(smalt_note, va, 0, 8);
AT(smalt_note, file_offset, 8, 8);
AT(smalt_note, desc_bytes, 16, 4);
AT(smalt_note, type, 20, 4);
AT(smalt_note, object, 24, 4);
AT(smalt_note, owner_bytes, 28, 4);
AT(smalt_note, owner_va, 32, 8);
ALL(smalt_note, 40);

AT(smalt_object, name_va, 0, 8);
AT(smalt_object, args_va, 8, 8);
AT(smalt_object, role, 16, 4);
AT(smalt_object, format, 20, 4);
AT(smalt_object, flags, 24, 4);
AT(smalt_object, stack_prot, 28, 4);
AT(smalt_object, bytes_pa, 32, 8);
AT(smalt_object, file_bytes, 40, 8);
AT(smalt_object, base, 48, 8);
AT(smalt_object, bias, 56, 8);
AT(smalt_object, image_start, 64, 8);
AT(smalt_object, image_end, 72, 8);
AT(smalt_object, entry, 80, 8);
AT(smalt_object, phdr_va, 88, 8);
AT(smalt_object, phdr_count, 96, 4);
AT(smalt_object, phdr_entry_bytes, 100, 4);
AT(smalt_object, section_offset, 104, 8);
AT(smalt_object, section_count, 112, 4);
AT(smalt_object, section_entry_bytes, 116, 4);
AT(smalt_object, tls_va, 120, 8);
AT(smalt_object, tls_file_bytes, 128, 8);
AT(smalt_object, tls_mem_bytes, 136, 8);
AT(smalt_object, tls_align, 144, 8);
AT(smalt_object, dynamic_va, 152, 8);
AT(smalt_object, dynamic_bytes, 160, 8);
AT(smalt_object, relro_va, 168, 8);
AT(smalt_object, relro_bytes, 176, 8);
AT(smalt_object, interp_va, 184, 8);
AT(smalt_object, build_id_va, 192, 8);
AT(smalt_object, build_id_bytes, 200, 8);
AT(smalt_object, init_array_va, 208, 8);
AT(smalt_object, init_array_bytes, 216, 8);
AT(smalt_object, fini_array_va, 224, 8);
AT(smalt_object, fini_array_bytes, 232, 8);
AT(smalt_object, features, 240, 4);
AT(smalt_object, va_bits, 244, 4);
AT(smalt_object, pa_bits, 248, 4);
AT(smalt_object, tls_module, 252, 4);
AT(smalt_object, tls_offset, 256, 8);
AT(smalt_object, instance, 264, 4);
AT(smalt_object, instance_count, 268, 4);
AT(smalt_object, color_mask, 272, 8);
ALL(smalt_object, 280);

AT(smalt_profile, copied_bytes, 0, 8);
AT(smalt_profile, zeroed_bytes, 8, 8);
AT(smalt_profile, in_place_bytes, 16, 8);
AT(smalt_profile, frames, 24, 8);
AT(smalt_profile, counter_start, 32, 8);
AT(smalt_profile, counter_planned, 40, 8);
AT(smalt_profile, counter_entry, 48, 8);
AT(smalt_profile, leaves, 56, 56);
AT(smalt_profile, leaves_lower_bound, 112, 8);
AT(smalt_profile, leaves_ideal, 120, 8);
AT(smalt_profile, direct_map_leaves, 128, 56);
ALL(smalt_profile, 184);

AT(smalt_colors, policy, 0, 4);
AT(smalt_colors, count, 4, 4);
AT(smalt_colors, shift, 8, 4);
AT(smalt_colors, bits, 12, 4);
ALL(smalt_colors, 16);

AT(smalt_cache, bytes, 0, 8);
AT(smalt_cache, ways, 8, 4);
AT(smalt_cache, sets, 12, 4);
AT(smalt_cache, line, 16, 4);
AT(smalt_cache, level, 20, 4);
AT(smalt_cache, source, 24, 4);
AT(smalt_cache, trust, 28, 4);
ALL(smalt_cache, 32);

AT(smalt_color, used, 0, 8);
AT(smalt_color, free, 8, 8);
ALL(smalt_color, 16);

AT(smalt_coloring, cache, 0, 32);
AT(smalt_coloring, frames, 32, 16);
AT(smalt_coloring, next, 48, 4);
AT(smalt_coloring, flags, 52, 4);
AT(smalt_coloring, kernel_mask, 56, 8);
AT(smalt_coloring, module_mask, 64, 8);
AT(smalt_coloring, tables_mask, 72, 8);
AT(smalt_coloring, free_mask, 80, 8);
AT(smalt_coloring, missed_color, 88, 8);
AT(smalt_coloring, missed_mask, 96, 8);
ALL(smalt_coloring, 104);

AT(smalt_handoff, magic, 0, 8);
AT(smalt_handoff, version, 8, 4);
AT(smalt_handoff, bytes, 12, 4);
AT(smalt_handoff, pa, 16, 8);
AT(smalt_handoff, total_bytes, 24, 8);
AT(smalt_handoff, machine, 32, 4);
AT(smalt_handoff, path, 36, 4);
AT(smalt_handoff, objects, 40, 16);
AT(smalt_handoff, rows, 56, 16);
AT(smalt_handoff, extents, 72, 16);
AT(smalt_handoff, memory, 88, 16);
AT(smalt_handoff, notes, 104, 16);
AT(smalt_handoff, cmdline_va, 120, 8);
AT(smalt_handoff, cmdline_bytes, 128, 8);
AT(smalt_handoff, root_pa, 136, 16);
AT(smalt_handoff, tables_pa, 152, 8);
AT(smalt_handoff, tables_bytes, 160, 8);
AT(smalt_handoff, granule_shift, 168, 4);
AT(smalt_handoff, paging_levels, 172, 4);
AT(smalt_handoff, leaf_shift, 176, 28);
AT(smalt_handoff, tables_count, 204, 4);
AT(smalt_handoff, direct_map_va, 208, 8);
AT(smalt_handoff, direct_map_bytes, 216, 8);
AT(smalt_handoff, acpi_rsdp_va, 224, 8);
AT(smalt_handoff, acpi_rsdp_pa, 232, 8);
AT(smalt_handoff, smbios_va, 240, 8);
AT(smalt_handoff, smbios_pa, 248, 8);
AT(smalt_handoff, devicetree_va, 256, 8);
AT(smalt_handoff, devicetree_bytes, 264, 8);
AT(smalt_handoff, efi_system_table_pa, 272, 8);
AT(smalt_handoff, efi_memory, 280, 16);
AT(smalt_handoff, efi_runtime_callable, 296, 4);
AT(smalt_handoff, efi_descriptor_version, 300, 4);
AT(smalt_handoff, framebuffer_va, 304, 8);
AT(smalt_handoff, framebuffer_pa, 312, 8);
AT(smalt_handoff, framebuffer_bytes, 320, 8);
AT(smalt_handoff, framebuffer_width, 328, 4);
AT(smalt_handoff, framebuffer_height, 332, 4);
AT(smalt_handoff, framebuffer_pitch, 336, 4);
AT(smalt_handoff, framebuffer_format, 340, 4);
AT(smalt_handoff, serial_kind, 344, 4);
AT(smalt_handoff, serial_port, 348, 4);
AT(smalt_handoff, serial_va, 352, 8);
AT(smalt_handoff, serial_pa, 360, 8);
AT(smalt_handoff, entropy_source, 368, 4);
AT(smalt_handoff, entropy_bytes, 372, 4);
AT(smalt_handoff, entropy_va, 376, 8);
AT(smalt_handoff, counter_kind, 384, 4);
AT(smalt_handoff, psci_conduit, 388, 4);
AT(smalt_handoff, counter_hz, 392, 8);
AT(smalt_handoff, wall_clock, 400, 8);
AT(smalt_handoff, boot_cpu, 408, 8);
AT(smalt_handoff, stack_top, 416, 8);
AT(smalt_handoff, stack_bytes, 424, 8);
AT(smalt_handoff, reporter_va, 432, 8);
AT(smalt_handoff, jump_va, 440, 8);
AT(smalt_handoff, profile, 448, 184);
AT(smalt_handoff, colors, 632, 16);
AT(smalt_handoff, framebuffer_mask, 648, 12);
AT(smalt_handoff, smbios_bytes, 660, 4);
AT(smalt_handoff, efi_system_table_va, 664, 8);
AT(smalt_handoff, efi_attributes, 672, 16);
AT(smalt_handoff, read_bytes, 688, 8);
AT(smalt_handoff, coloring, 696, 104);
ALL(smalt_handoff, 800);

AT(smalt_request_desc, bytes, 0, 4);
AT(smalt_request_desc, version, 4, 4);
AT(smalt_request_desc, stack_bytes, 8, 8);
AT(smalt_request_desc, direct_map_va, 16, 8);
AT(smalt_request_desc, direct_map, 24, 4);
AT(smalt_request_desc, flags, 28, 4);
AT(smalt_request_desc, paging_levels, 32, 4);
AT(smalt_request_desc, granule_shift, 36, 4);
ALL(smalt_request_desc, 40);

AT(smalt_request_note, owner_bytes, 0, 4);
AT(smalt_request_note, desc_bytes, 4, 4);
AT(smalt_request_note, type, 8, 4);
AT(smalt_request_note, owner, 12, 8);
AT(smalt_request_note, request, 20, 40);
ALL(smalt_request_note, 60);

SMALT_REQUEST(.stack_bytes = 0x1122334455667788, .direct_map = SMALT_DIRECT_MAP_IDENTITY);

/* Rules: H4 */
static void the_request_note_is_laid_out_as_the_gabi_says(void **state)
{
	static const unsigned char expected[60] = {
		6, 0, 0, 0,                              /* n_namesz */
		40, 0, 0, 0,                             /* n_descsz */
		1, 0, 0, 0,                              /* n_type */
		'S', 'M', 'A', 'L', 'T', 0, 0, 0,        /* name, padded to 4 */
		40, 0, 0, 0, 1, 0, 0, 0,                 /* bytes, version */
		0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
		0, 0, 0, 0, 0, 0, 0, 0,                  /* direct_map_va */
		2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	};

	(void)state;
	assert_memory_equal(&smalt_request_note_, expected, sizeof(expected));
}

/* Rules: H2 */
static void the_magic_reads_smalt1_in_memory(void **state)
{
	uint64_t magic = SMALT_MAGIC;

	(void)state;
	assert_memory_equal(&magic, "SMALT1\0", 8);
}

/* Rules: M3 */
static void rights_are_those_of_elf_program_headers(void **state)
{
	(void)state;
	assert_int_equal(SMALT_X, 1);    /* PF_X, PF_W, PF_R: ELF gABI, "Segment Permissions" */
	assert_int_equal(SMALT_W, 2);
	assert_int_equal(SMALT_R, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_request_note_is_laid_out_as_the_gabi_says),
		cmocka_unit_test(the_magic_reads_smalt1_in_memory),
		cmocka_unit_test(rights_are_those_of_elf_program_headers),
	};

	return cmocka_run_group_tests_name("handoff", tests, NULL, NULL);
}
