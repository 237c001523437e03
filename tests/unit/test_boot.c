/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_boot.c: whole plans for both machines on made-up memory: what the tables
 * translate to is what the file says, what the map says adds up, and a failure
 * at any step changes nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "bench.h"
#include "elf_maker.h"

#define FILE_BYTES 0x9000

static uint8_t kernel_file[FILE_BYTES];

/* A kernel of four segments: text, read-only data, data with bss, bss alone. Bytes tell their offset. */
static void make_kernel(uint16_t type, uint64_t base)
{
	struct maker m = {
		.file = kernel_file, .file_bytes = FILE_BYTES, .type = type,
		.machine = b.env.machine->elf_machine, .entry = base + 0x1010, .segment_count = 4,
		.segments = {
			{ 1, 4, 0, base, base, 0x800, 0x800, 0x1000 },
			{ 1, 5, 0x1000, base + 0x1000, 0, 0x3123, 0x3123, 0x1000 },
			{ 1, 6, 0x5123, base + 0x6123, 0, 0x1e00, 0x5000, 0x1000 },
			{ 1, 6, 0, base + 0x20000, 0, 0, 0x300123, 0x1000 },
		},
	};

	for (unsigned i = 0; i < FILE_BYTES; i++)
		kernel_file[i] = (uint8_t)(i * 7 + (i >> 8));
	maker_write(&m);
}

static void plan_kernel(const struct machine *machine, uint64_t file_pa, uint16_t type, uint64_t base)
{
	set_machine(machine, file_pa);
	make_kernel(type, base);
	give_file(kernel_file, FILE_BYTES);
	if (plan() != ST_OK) {
		char text[256];

		fault_text(&b.fault, text, sizeof text);
		fail_msg("%s", text);
	}
}

/*
 * The hardware's way through the tables, from the manuals (Intel SDM Vol. 3A, 4.5;
 * Arm ARM D8.3): 4 levels of 9 bits. 0: not mapped.
 */
static uint64_t translate(uint64_t va)
{
	bool arm = b.env.machine->elf_machine == SMALT_MACHINE_AARCH64;
	uint64_t pa = b.boot.pt.root_pa[arm && va >> 63];

	for (int level = 3; level >= 0; level--) {
		const uint64_t *table = env_pointer(&b.env, pa);
		uint64_t entry = table[va >> (12 + 9 * level) & 511];
		bool leaf = level == 0 || (arm ? !(entry & 2) : (entry & 0x80) != 0);

		if (!(entry & 1))
			return 0;
		pa = entry & 0x0000fffffffff000;
		if (leaf) {
			uint64_t mask = (1ull << (12 + 9 * level)) - 1;

			return (pa & ~mask) | (va & mask);
		}
	}
	return 0;
}

static uint8_t byte_at(uint64_t va)
{
	uint64_t pa = translate(va);

	assert_true(pa != 0);
	return *(uint8_t *)env_pointer(&b.env, pa);
}

/* What the ELF says the byte at va (of the file's own addresses) is. */
static int expected(const struct maker_segment *segments, unsigned count, uint64_t va)
{
	for (unsigned i = 0; i < count; i++)
		if (va - segments[i].va < segments[i].file_bytes)
			return kernel_file[segments[i].offset + (va - segments[i].va)];
	return 0;
}

static const struct maker_segment layout[] = {
	{ 1, 4, 0, 0, 0, 0x800, 0x800, 0 },
	{ 1, 5, 0x1000, 0x1000, 0, 0x3123, 0x3123, 0 },
	{ 1, 6, 0x5123, 0x6123, 0, 0x1e00, 0x5000, 0 },
	{ 1, 6, 0, 0x20000, 0, 0, 0x300123, 0 },
};

static void check_contents(uint64_t base)
{
	for (unsigned i = 0; i < 4; i++) {
		uint64_t first = layout[i].va & -PAGE;
		uint64_t end = (layout[i].va + layout[i].mem_bytes + PAGE - 1) & -PAGE;

		for (uint64_t va = first; va < end; va += va % 64 == 7 && i == 3 ? 57 : 1)
			assert_int_equal(byte_at(base + va), expected(layout, 4, va));
	}
}

/* Rules: M6, M17, S11, P7 */
static void every_mapped_byte_is_the_files_or_zero(void **state)
{
	static const uint64_t places[] = { 0x3000000, 0x3000000 + 0x5000, 0x3000000 + 0x123 };

	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (unsigned p = 0; p < 3; p++) {
			plan_kernel(both[m], places[p], 2, 0x400000);
			assert_int_equal(b.boot.objects[0].placement.bias, 0);
			boot_execute(&b.boot);
			check_contents(0x400000);
		}
}

/* smalt.conf in memory, the kernel on a volume: as UEFI has them. */
static void give_volume(void)
{
	static uint8_t conf[] = "kernel the/kernel\n";

	b.env.path = SMALT_PATH_UEFI;
	b.env.files[0] = (struct file){ span_of("smalt.conf"), 0x1000, { conf, sizeof conf - 1 }, true };
	b.env.files[1] = (struct file){ span_of("the/kernel"), ENV_ON_VOLUME, { kernel_file, FILE_BYTES }, true };
	b.env.file_count = 2;
	assert_int_equal(memmap_finish(&b.env.memory, PAGE, &b.fault), ST_OK);
}

/* Rules: S11, M6, M17 */
static void a_file_of_a_volume_is_read_straight_into_its_frames(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++)
		for (unsigned type = 2; type <= 3; type++) {
			uint64_t base = type == 2 ? 0x400000 : 0;

			set_machine(both[m], 0x3000000);
			make_kernel((uint16_t)type, base);
			give_volume();
			assert_int_equal(plan(), ST_OK);
			assert_int_equal(b.boot.cost.copied_bytes, 0);
			assert_int_equal(b.boot.cost.read_bytes, 0x800 + 0x3123 + 0x1e00);
			assert_int_equal(boot_handoff(&b.boot)->read_bytes, 0x800 + 0x3123 + 0x1e00);
			assert_int_equal(boot_handoff(&b.boot)->profile.copied_bytes, 0);
			boot_execute(&b.boot);
			check_contents(b.boot.objects[0].placement.bias + base);
		}
}

/* Rules: M20 */
static void a_file_that_cannot_be_read_after_all_is_refused(void **state)
{
	(void)state;
	set_machine(&machine_x86_64, 0x3000000);
	make_kernel(2, 0x400000);
	give_volume();
	b.env.files[1].bytes.base = NULL;    /* and there is no firmware on the host */
	assert_int_equal(plan(), ST_DEVICE);
	assert_true(span_is(b.fault.object, "the/kernel"));
}

/* Rules: M6, M13 */
static void a_movable_kernel_goes_to_the_machines_place(void **state)
{
	static const uint64_t places[] = { 0xffffffff80000000, 0xffff800000000000 };

	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		plan_kernel(both[m], 0x3000000, 3, 0);
		assert_true(b.boot.objects[0].placement.bias == places[m]);
		boot_execute(&b.boot);
		check_contents(places[m]);
	}
}

/* Rules: H3 */
static void memory_before_and_after_adds_up(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		uint64_t sum = 0, at = 0;

		plan_kernel(both[m], 0x3000000, 2, 0x400000);
		for (uint32_t i = 0; i < b.boot.after.count; i++) {
			const struct smalt_memory *range = &b.boot.after.ranges[i];

			assert_true(i == 0 || range->pa >= at);
			at = range->pa + range->bytes;
			if (range->type != SMALT_MEM_MMIO)
				sum += range->bytes;
		}
		assert_true(sum == RAM_BYTES);
		assert_true(b.boot.cost.frames * PAGE <=
		            RAM_BYTES - memmap_bytes(&b.boot.after, SMALT_MEM_USABLE));
	}
}

/* Rules: H3, M3 */
static void every_page_of_every_row_is_accounted_for(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		plan_kernel(both[m], 0x3000000, 3, 0);
		for (uint32_t i = 0; i < b.boot.space.row_count; i++) {
			const struct smalt_row *row = &b.boot.space.rows[i];
			uint64_t end = row->va + row->mem_bytes;

			assert_true(i == 0 || row->va > row[-1].va);
			for (uint64_t va = row->va & -PAGE; va < end; va += PAGE) {
				const struct smalt_extent *extent = space_extent_at(&b.boot.space, va);
				uint32_t type = memmap_type(&b.boot.after, translate(va));

				assert_non_null(extent);
				assert_true(translate(va) == extent->pa + (va - extent->va));
				if (row->kind == SMALT_KIND_OBJECT)
					assert_int_equal(type, SMALT_MEM_OBJECT);
				else if (row->kind == SMALT_KIND_JUMP)
					assert_int_equal(type, SMALT_MEM_RECLAIMABLE);
				else
					assert_int_equal(type, row->kind == SMALT_KIND_SERIAL ?
					                       SMALT_MEM_MMIO : SMALT_MEM_RESIDENT);
			}
		}
	}
}

/* Rules: H2, H8 */
static void the_handoff_names_what_the_tables_map(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		const struct smalt_handoff *h;

		plan_kernel(both[m], 0x3000000, 3, 0);
		h = boot_handoff(&b.boot);
		assert_true(h->magic == SMALT_MAGIC);
		assert_true(translate(b.boot.handoff_va) == h->pa);
		assert_int_equal(h->rows.count, b.boot.space.row_count);
		assert_true(translate(h->rows.va) != 0);
		assert_true(h->rows.va + h->rows.count * sizeof(struct smalt_row) <=
		            b.boot.handoff_va + h->total_bytes);
		assert_true(h->total_bytes <= b.boot.handoff_bytes);
		assert_true(translate(h->stack_top - 1) != 0);
		assert_true(translate(h->stack_top) == 0);
		assert_true(translate(h->stack_top - h->stack_bytes - 1) == 0);
		assert_true(translate(h->serial_va) == SERIAL_PA);
		assert_true(translate(h->direct_map_va + h->pa) == h->pa);
		assert_memory_equal(env_pointer(&b.env, translate(h->cmdline_va)), "", 1);
	}
}

/* Rules: S11 */
static void in_place_and_copied_show_the_kernel_the_same(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		plan_kernel(both[m], 0x3000000, 2, 0x400000);
		assert_true(b.boot.cost.in_place_bytes > 0);
		boot_execute(&b.boot);
		check_contents(0x400000);
		plan_kernel(both[m], 0x3000801, 2, 0x400000);
		assert_int_equal(b.boot.cost.in_place_bytes, 0);
		assert_int_equal(b.boot.cost.copied_bytes, 0x800 + 0x3123 + 0x1e00);
		boot_execute(&b.boot);
		check_contents(0x400000);
	}
}

/* Rules: H6 */
static void executable_memory_and_no_other_is_synchronized(void **state)
{
	(void)state;
	for (unsigned m = 0; m < 2; m++) {
		uint64_t listed = 0, executable = 0;

		plan_kernel(both[m], 0x3000000, 2, 0x400000);
		for (uint32_t i = 0; i < b.boot.sync_count; i++)
			listed += b.boot.sync[i].bytes;
		for (uint32_t i = 0; i < b.boot.space.row_count; i++) {
			const struct smalt_row *row = &b.boot.space.rows[i];
			uint64_t pa = translate(row->va & -PAGE);
			bool found = false;

			for (uint32_t s = 0; s < b.boot.sync_count; s++)
				found |= pa - b.boot.sync[s].pa < b.boot.sync[s].bytes;
			assert_int_equal(found, (row->prot & SMALT_X) != 0);
			if (row->prot & SMALT_X)
				executable += ((row->va & 4095) + row->mem_bytes + 4095) & -PAGE;
		}
		/* Text of 0x3123 bytes, the jump page, two pages of the reporter. */
		assert_int_equal(executable, 0x4000 + 0x1000 + 0x2000);
		assert_int_equal(listed, executable);
	}
}

/* Rules: M1 */
static void too_little_storage_fails_at_every_step_and_changes_nothing(void **state)
{
	uint8_t *file;
	uint64_t bytes = 0;
	enum status status;

	(void)state;
	set_machine(&machine_x86_64, 0x3000000);
	make_kernel(2, 0x400000);
	give_file(kernel_file, FILE_BYTES);
	file = env_pointer(&b.env, b.file_pa);
	do {
		b.arena.bytes = bytes;
		b.arena.used = 0;
		status = plan();
		assert_true(status == ST_OK || status == ST_NO_MEMORY);
		assert_memory_equal(file, kernel_file, FILE_BYTES);
		bytes += 509;
	} while (status != ST_OK);
	assert_true(bytes > 10000);
}

/* Rules: M1 */
static void too_little_memory_fails_at_every_step(void **state)
{
	unsigned failures = 0;

	(void)state;
	for (uint64_t pages = 0;; pages += 3) {
		enum status status;

		set_machine(&machine_aarch64, 0x3000000);
		make_kernel(2, 0x400000);
		b.env.memory.count = 0;
		add_memory(b.env.loader.pa, b.env.loader.bytes, SMALT_MEM_RECLAIMABLE);
		if (pages)
			add_memory(b.ram_pa + 0x10000, pages * PAGE, SMALT_MEM_USABLE);
		give_file(kernel_file, FILE_BYTES);
		status = plan();
		if (status == ST_OK)
			break;
		assert_int_equal(status, ST_NO_MEMORY);
		failures++;
	}
	assert_true(failures > 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_mapped_byte_is_the_files_or_zero),
		cmocka_unit_test(a_file_of_a_volume_is_read_straight_into_its_frames),
		cmocka_unit_test(a_file_that_cannot_be_read_after_all_is_refused),
		cmocka_unit_test(a_movable_kernel_goes_to_the_machines_place),
		cmocka_unit_test(memory_before_and_after_adds_up),
		cmocka_unit_test(every_page_of_every_row_is_accounted_for),
		cmocka_unit_test(the_handoff_names_what_the_tables_map),
		cmocka_unit_test(in_place_and_copied_show_the_kernel_the_same),
		cmocka_unit_test(executable_memory_and_no_other_is_synchronized),
		cmocka_unit_test(too_little_storage_fails_at_every_step_and_changes_nothing),
		cmocka_unit_test(too_little_memory_fails_at_every_step),
	};

	return cmocka_run_group_tests_name("boot", tests, NULL, NULL);
}
