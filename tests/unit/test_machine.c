/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_machine.c: the bits of both machines against literals that were worked out by
 * hand from the manuals, bit by bit in the comments.
 */
#include "machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <elf.h>
#include <string.h>

enum { X = SMALT_X, W = SMALT_W, R = SMALT_R, U = SMALT_U };

/* A leaf without its address, as the builder composes it. */
static uint64_t leaf_of(const struct format *f, uint32_t prot, unsigned large, uint32_t memory)
{
	assert_int_not_equal(f->prot[prot], FORMAT_REFUSED);
	return f->leaf[large] | f->prot[prot] | f->memory[large][memory];
}

/*
 * SDM Vol. 3A Table 4-20 (PTE): P = 1, R/W = 2, U/S = 4, PWT = 8, PCD = 10, A = 20,
 * D = 40, PAT = 80, G = 100, XD = bit 63.
 */
/* Rules: M18, P3, H5 */
static void pages_of_x86_64_have_the_manuals_bits(void **state)
{
	const struct format *f = machine_x86_64.format;

	(void)state;
	assert_int_equal(leaf_of(f, R, 0, 0), 0x8000000000000121);          /* XD G A P */
	assert_int_equal(leaf_of(f, R | W, 0, 0), 0x8000000000000163);      /* XD G D A RW P */
	assert_int_equal(leaf_of(f, R | X, 0, 0), 0x0000000000000121);      /* G A P */
	assert_int_equal(leaf_of(f, R | W | X, 0, 0), 0x0000000000000163);
	assert_int_equal(leaf_of(f, U | R, 0, 0), 0x8000000000000025);      /* XD A US P */
	assert_int_equal(leaf_of(f, U | R | W, 0, 0), 0x8000000000000067);
	assert_int_equal(leaf_of(f, U | R | X, 0, 0), 0x0000000000000025);
	/* PAT entry 5: PAT, PWT; entry 3: PCD, PWT */
	assert_int_equal(leaf_of(f, R | W, 0, SMALT_CACHE_WRITE_COMBINE), 0x80000000000001eb);
	assert_int_equal(leaf_of(f, R | W, 0, SMALT_CACHE_DEVICE), 0x800000000000017b);
}

/* Tables 4-16 and 4-18 (PDPTE and PDE that map): PS = 80, PAT = 1000; Tables 4-15, 4-17, 4-19. */
/* Rules: M18, P3, H5 */
static void larger_leaves_and_tables_of_x86_64_have_the_manuals_bits(void **state)
{
	const struct format *f = machine_x86_64.format;

	(void)state;
	assert_int_equal(leaf_of(f, R | W, 1, 0), 0x80000000000001e3);      /* XD G PS D A RW P */
	assert_int_equal(leaf_of(f, R | X, 1, 0), 0x00000000000001a1);
	assert_int_equal(leaf_of(f, R | W, 1, SMALT_CACHE_WRITE_COMBINE), 0x80000000000011eb);
	assert_int_equal(leaf_of(f, R | W, 1, SMALT_CACHE_DEVICE), 0x80000000000001fb);
	assert_int_equal(f->table, 0x27);                                   /* A US RW P */
	assert_int_equal(f->pa_mask, 0x000ffffffffff000);                   /* 51:12 */
	assert_int_equal(f->run, 0);
}

/*
 * DDI 0487 D8: valid 1, page 2, AttrIndx 4:2, AP[1] 40, AP[2] 80, SH inner 300, AF 400,
 * nG 800, PXN bit 53 (0x20 in the highest byte but one), UXN bit 54 (0x40).
 */
/* Rules: M18, P3, H5 */
static void leaves_of_aarch64_have_the_manuals_bits(void **state)
{
	const struct format *f = machine_aarch64.format;

	(void)state;
	assert_int_equal(leaf_of(f, R, 0, 0), 0x0060000000000783);          /* UXN PXN AF SH RO */
	assert_int_equal(leaf_of(f, R | W, 0, 0), 0x0060000000000703);
	assert_int_equal(leaf_of(f, R | X, 0, 0), 0x0040000000000783);
	assert_int_equal(leaf_of(f, R | W | X, 0, 0), 0x0040000000000703);
	assert_int_equal(leaf_of(f, R | X, 1, 0), 0x0040000000000781);      /* a block: bit 1 clear */
	assert_int_equal(leaf_of(f, U | R, 0, 0), 0x0060000000000fc3);      /* nG, AP[1] */
	assert_int_equal(leaf_of(f, U | R | W, 0, 0), 0x0060000000000f43);
	assert_int_equal(leaf_of(f, U | R | X, 0, 0), 0x0020000000000fc3);  /* PXN, EL0 may */
	assert_int_equal(leaf_of(f, R | W, 0, SMALT_CACHE_WRITE_COMBINE), 0x0060000000000707);
	assert_int_equal(leaf_of(f, R | W, 1, SMALT_CACHE_DEVICE), 0x0060000000000409);
	assert_int_equal(f->table, 3);
	assert_int_equal(f->run, 0x0010000000000000);                       /* bit 52 */
	assert_int_equal(f->pa_mask, 0x0000fffffffff000);                   /* 47:12 */
}

/* Stage 1 of EL2 with E2H = 0: XN is bit 54, AP[1] is RES1, PXN and nG are RES0. */
/* Rules: M18, H5 */
static void leaves_of_el2_have_one_execute_never_bit(void **state)
{
	const struct format *f = &format_aarch64_el2;

	(void)state;
	assert_int_equal(leaf_of(f, R, 0, 0), 0x00400000000007c3);
	assert_int_equal(leaf_of(f, R | W, 0, 0), 0x0040000000000743);
	assert_int_equal(leaf_of(f, R | X, 0, 0), 0x00000000000007c3);
	assert_int_equal(leaf_of(f, R | X, 1, 0), 0x00000000000007c1);
	assert_int_equal(leaf_of(f, R | W, 0, SMALT_CACHE_DEVICE), 0x004000000000044b);
	for (uint32_t prot = 0; prot < 16; prot++)
		if (prot & U)
			assert_int_equal(f->prot[prot], FORMAT_REFUSED);
}

/* Rules: M18 */
static void rights_that_no_leaf_can_express_alone_are_refused(void **state)
{
	static const struct format *const el2 = &format_aarch64_el2;

	(void)state;
	for (uint32_t prot = 0; prot < 16; prot++) {
		if (prot & R)
			continue;
		assert_int_equal(machine_x86_64.format->prot[prot], FORMAT_REFUSED);
		assert_int_equal(machine_aarch64.format->prot[prot], FORMAT_REFUSED);
		assert_int_equal(el2->prot[prot], FORMAT_REFUSED);
	}
	for (uint32_t prot = R; prot < 16; prot++)
		if (prot & R) {
			assert_int_not_equal(machine_x86_64.format->prot[prot], FORMAT_REFUSED);
			assert_int_not_equal(machine_aarch64.format->prot[prot], FORMAT_REFUSED);
		}
}

/* SDM, "Access Rights" (shadow stacks): R/W = 0 with D = 1 would be a shadow-stack page. */
/* Rules: M18 */
static void no_read_only_leaf_of_x86_64_looks_like_a_shadow_stack(void **state)
{
	const struct format *f = machine_x86_64.format;

	(void)state;
	for (uint32_t prot = R; prot < 16; prot++)
		if (prot & R)
			assert_int_equal((f->leaf[0] | f->prot[prot]) >> 6 & 1, prot >> 1 & 1);
}

/* Rules: P3 */
static void leaf_sizes_are_those_of_the_machine(void **state)
{
	static const uint8_t x86[] = { 12, 21, 30 }, arm[] = { 12, 16, 21, 25, 30 };
	static const uint8_t runs[] = { 0, 4, 0, 4, 0 }, levels[] = { 0, 0, 1, 1, 2 };

	(void)state;
	assert_int_equal(machine_x86_64.format->leaf_count, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(machine_x86_64.format->leaves[i].shift, x86[i]);
		assert_int_equal(machine_x86_64.format->leaves[i].level, i);
		assert_int_equal(machine_x86_64.format->leaves[i].run_shift, 0);
	}
	assert_int_equal(machine_aarch64.format->leaf_count, 5);
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(machine_aarch64.format->leaves[i].shift, arm[i]);
		assert_int_equal(machine_aarch64.format->leaves[i].run_shift, runs[i]);
		assert_int_equal(machine_aarch64.format->leaves[i].level, levels[i]);
		assert_memory_equal(&machine_aarch64.format->leaves[i],
		                    &format_aarch64_el2.leaves[i], sizeof(struct leaf));
	}
}

static const char *name_of(const struct machine *machine, uint32_t type)
{
	for (const struct reloc_type *r = machine->relocs; r->name; r++)
		if (r->number == type)
			return r->name;
	return "";
}

/* The numbers are <elf.h>'s, which has them from the psABIs. */
/* Rules: R1 */
static void relocations_have_the_numbers_of_the_psabi(void **state)
{
	(void)state;
	assert_int_equal(machine_x86_64.relocs[0].number, R_X86_64_RELATIVE);
	assert_int_equal(machine_aarch64.relocs[0].number, R_AARCH64_RELATIVE);
	assert_int_equal(machine_x86_64.relocs[0].kind, RELOC_RELATIVE);
	assert_int_equal(machine_aarch64.relocs[0].kind, RELOC_RELATIVE);
	assert_string_equal(name_of(&machine_x86_64, R_X86_64_NONE), "R_X86_64_NONE");
	assert_string_equal(name_of(&machine_x86_64, R_X86_64_DTPMOD64), "R_X86_64_DTPMOD64");
	assert_string_equal(name_of(&machine_x86_64, R_X86_64_SIZE64), "R_X86_64_SIZE64");
	assert_string_equal(name_of(&machine_aarch64, R_AARCH64_NONE), "R_AARCH64_NONE");
	assert_string_equal(name_of(&machine_aarch64, R_AARCH64_TLS_DTPMOD), "R_AARCH64_TLS_DTPMOD");
	assert_string_equal(name_of(&machine_aarch64, R_AARCH64_TLS_DTPREL), "R_AARCH64_TLS_DTPREL");
	assert_string_equal(name_of(&machine_aarch64, R_AARCH64_PREL64), "R_AARCH64_PREL64");
	assert_string_equal(name_of(&machine_x86_64, R_X86_64_64), "R_X86_64_64");
	assert_string_equal(name_of(&machine_x86_64, R_X86_64_COPY), "R_X86_64_COPY");
	assert_string_equal(name_of(&machine_x86_64, R_X86_64_GLOB_DAT), "R_X86_64_GLOB_DAT");
	assert_string_equal(name_of(&machine_x86_64, R_X86_64_JUMP_SLOT), "R_X86_64_JUMP_SLOT");
	assert_string_equal(name_of(&machine_x86_64, R_X86_64_RELATIVE), "R_X86_64_RELATIVE");
	assert_string_equal(name_of(&machine_x86_64, R_X86_64_TPOFF64), "R_X86_64_TPOFF64");
	assert_string_equal(name_of(&machine_x86_64, R_X86_64_IRELATIVE), "R_X86_64_IRELATIVE");
	assert_string_equal(name_of(&machine_aarch64, R_AARCH64_ABS64), "R_AARCH64_ABS64");
	assert_string_equal(name_of(&machine_aarch64, R_AARCH64_COPY), "R_AARCH64_COPY");
	assert_string_equal(name_of(&machine_aarch64, R_AARCH64_GLOB_DAT), "R_AARCH64_GLOB_DAT");
	assert_string_equal(name_of(&machine_aarch64, R_AARCH64_JUMP_SLOT), "R_AARCH64_JUMP_SLOT");
	assert_string_equal(name_of(&machine_aarch64, R_AARCH64_RELATIVE), "R_AARCH64_RELATIVE");
	assert_string_equal(name_of(&machine_aarch64, R_AARCH64_IRELATIVE), "R_AARCH64_IRELATIVE");
}

/* Rules: M19, H7 */
static void addresses_and_halves_are_those_of_the_design(void **state)
{
	const struct va_range *x = machine_x86_64.format->ranges, *a = machine_aarch64.format->ranges;

	(void)state;
	assert_int_equal(machine_x86_64.format->range_count, 2);
	assert_int_equal(x[0].last, 0x00007fffffffffff);
	assert_int_equal(x[1].first, 0xffff800000000000);
	assert_int_equal(x[0].root | x[1].root, 0);
	assert_int_equal(machine_x86_64.root_count, 1);
	assert_int_equal(machine_aarch64.format->range_count, 2);
	assert_int_equal(a[0].last, 0x0000ffffffffffff);
	assert_int_equal(a[1].first, 0xffff000000000000);
	assert_int_equal(a[0].root, 0);
	assert_int_equal(a[1].root, 1);
	assert_int_equal(machine_aarch64.root_count, 2);
	assert_int_equal(x[0].first | a[0].first, 0);
	assert_int_equal(x[1].last & a[1].last, UINT64_MAX);
	assert_int_equal(machine_x86_64.kernel_va, -(2ull << 30));
	assert_int_equal(machine_x86_64.format->direct_map_va, 0xffff800000000000);
	assert_int_equal(machine_aarch64.kernel_va, 0xffff800000000000);
	assert_int_equal(machine_aarch64.format->direct_map_va, 0xffff000000000000);
}

/* Rules: H3, P3 */
static void the_first_mib_of_x86_64_is_left_alone(void **state)
{
	(void)state;
	assert_int_equal(machine_x86_64.frame_floor, 0x100000);
	assert_int_equal(machine_x86_64.format->small_below, 0x100000);
	assert_int_equal(machine_x86_64.loader_limit, 0x100000000);
	assert_int_equal(machine_aarch64.frame_floor, 0x1000);
	assert_int_equal(machine_aarch64.format->small_below, 0);
	assert_int_equal(machine_aarch64.loader_limit, UINT64_MAX);
}

/* x86_64: CC is INT3; aarch64: the word 00000000 is UDF #0. Both raise an exception. */
/* Rules: P4 */
static void trap_bytes_trap(void **state)
{
	(void)state;
	assert_int_equal(machine_x86_64.trap_byte, 0xcc);
	assert_int_equal(machine_aarch64.trap_byte, 0x00);
}

/* Rules: M19 */
static void machines_are_found_by_name_and_by_elf_number(void **state)
{
	(void)state;
	assert_ptr_equal(machine_by_name("x86_64"), &machine_x86_64);
	assert_ptr_equal(machine_by_name("aarch64"), &machine_aarch64);
	assert_null(machine_by_name("x86"));
	assert_null(machine_by_name(""));
	assert_ptr_equal(machine_by_elf(EM_X86_64), &machine_x86_64);
	assert_ptr_equal(machine_by_elf(EM_AARCH64), &machine_aarch64);
	assert_null(machine_by_elf(EM_386));
	assert_null(machines[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_of_x86_64_have_the_manuals_bits),
		cmocka_unit_test(larger_leaves_and_tables_of_x86_64_have_the_manuals_bits),
		cmocka_unit_test(leaves_of_aarch64_have_the_manuals_bits),
		cmocka_unit_test(leaves_of_el2_have_one_execute_never_bit),
		cmocka_unit_test(rights_that_no_leaf_can_express_alone_are_refused),
		cmocka_unit_test(no_read_only_leaf_of_x86_64_looks_like_a_shadow_stack),
		cmocka_unit_test(leaf_sizes_are_those_of_the_machine),
		cmocka_unit_test(relocations_have_the_numbers_of_the_psabi),
		cmocka_unit_test(addresses_and_halves_are_those_of_the_design),
		cmocka_unit_test(the_first_mib_of_x86_64_is_left_alone),
		cmocka_unit_test(trap_bytes_trap),
		cmocka_unit_test(machines_are_found_by_name_and_by_elf_number),
	};

	return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
