/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_image.c: where an arm64 Image lies and what its devicetree says.
 */
#include "protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <libfdt.h>

#include "scratch.h"
#include "tree_maker.h"

#define RAM_PA    0x40000000ull
#define RAM_BYTES (16ull << 20)
#define MIB       (1ull << 20)

static uint8_t *ram;
static struct fault fault;

/* A boot with 16 MiB of memory, all of it free. */
struct scene {
	struct arena arena;
	struct smalt_memory range;
	struct env env;
	struct frames frames;
	struct segment segment;
	struct object kernel;
	struct protocol_module modules[2];
	struct protocol_boot boot;
};

/* Takes [pa, pa + bytes) away from what is free. */
static void occupy(struct scene *s, uint64_t pa, uint64_t bytes)
{
	assert_int_equal(frames_take_at(&s->frames, pa, bytes, SMALT_MEM_OBJECT, &s->env.memory, &fault),
	                 ST_OK);
}

static void set_up(struct scene *s, uint64_t text_offset, uint64_t file_bytes, uint64_t mem_bytes)
{
	memset(s, 0, sizeof *s);
	memset(ram, 0xaa, RAM_BYTES);
	s->arena = scratch(SCRATCH_BYTES);
	s->range = (struct smalt_memory){ RAM_PA, RAM_BYTES, SMALT_MEM_USABLE, 0 };
	s->env.machine = &machine_aarch64;
	s->env.window = (uint64_t)(uintptr_t)ram - RAM_PA;
	s->env.memory = (struct memmap){ &s->range, 1, 1 };
	assert_int_equal(frames_init(&s->frames, &s->env.memory, 4096, 4096, 32, &s->arena, &fault), ST_OK);
	s->segment = (struct segment){ .va = text_offset, .pa = text_offset, .file_bytes = file_bytes,
	                               .mem_bytes = mem_bytes, .align = 2 * MIB, .prot = 7 };
	s->kernel = (struct object){ .format = SMALT_FORMAT_IMAGE, .segments = &s->segment,
	                             .segment_count = 1, .bytes_pa = OBJECT_NOWHERE,
	                             .bytes = { ram, file_bytes } };
	s->boot = (struct protocol_boot){
		.env = &s->env, .kernel = &s->kernel, .cmdline = SPAN("root=/dev/x"),
		.modules = s->modules, .frames = &s->frames, .arena = &s->arena,
	};
}

/* Its bytes lie at pa, in a file that may be written or not. */
static void lie_at(struct scene *s, uint64_t pa, bool donated)
{
	s->kernel.bytes_pa = pa;
	s->env.files[0] = (struct file){ .pa = pa, .donated = donated, .bytes = s->kernel.bytes };
	s->env.file_count = 1;
	occupy(s, pa, s->segment.file_bytes);
}

static uint64_t place(struct scene *s)
{
	assert_int_equal(protocol_image.place(&s->boot, &fault), ST_OK);
	return s->boot.bias;
}

/* What the plan does after place(), then prepare(). */
static enum status prepare(struct scene *s)
{
	s->segment.pa += s->boot.bias;
	if (protocol_image.reserve(&s->boot, &fault) != ST_OK)
		return fault.status;
	return protocol_image.prepare(&s->boot, &fault);
}

/* --- where it lies ----------------------------------------------------------------- */

/* Rules: M21 */
static void an_image_goes_to_the_lowest_place_that_holds_it(void **state)
{
	struct scene s;

	(void)state;
	set_up(&s, 0, 0x1000, 3 * MIB);
	assert_int_equal(place(&s), RAM_PA);
	occupy(&s, RAM_PA + 2 * MIB, 0x1000);
	assert_int_equal(place(&s), RAM_PA + 4 * MIB);
	occupy(&s, RAM_PA + 7 * MIB - 0x1000, 0x1000);
	assert_int_equal(place(&s), RAM_PA + 8 * MIB);
	assert_int_equal(s.frames.taken.count, 2);   /* nothing was taken for it */
}

/* Rules: M21 */
static void text_offset_is_kept_above_a_multiple_of_2_mib(void **state)
{
	struct scene s;

	(void)state;
	set_up(&s, 0x80000, 0x1000, MIB);
	assert_int_equal(place(&s), RAM_PA);
	occupy(&s, RAM_PA + 0x80000, 0x1000);
	assert_int_equal(place(&s), RAM_PA + 2 * MIB);
	/* only the image itself must be free, not what lies below it */
	set_up(&s, 0x80000, 0x1000, MIB);
	occupy(&s, RAM_PA, 0x80000);
	assert_int_equal(place(&s), RAM_PA);
}

/* Rules: M21 */
static void an_image_fits_exactly_or_is_refused_with_its_size(void **state)
{
	struct scene s;

	(void)state;
	set_up(&s, 0x80000, 0x1000, RAM_BYTES - 0x80000);
	assert_int_equal(place(&s), RAM_PA);
	set_up(&s, 0x80000, 0x1000, RAM_BYTES - 0x80000 + 1);
	assert_int_equal(protocol_image.place(&s.boot, &fault), ST_NO_MEMORY);
	assert_string_equal(fault.field, "image_size");
	assert_int_equal(fault.value, RAM_BYTES - 0x80000 + 1);
}

/* Rules: M21, S2 */
static void an_image_stays_where_it_lies_right(void **state)
{
	struct scene s;

	(void)state;
	set_up(&s, 0x80000, 0x3000, 0x5000);
	lie_at(&s, RAM_PA + 6 * MIB + 0x80000, true);
	assert_int_equal(place(&s), RAM_PA + 6 * MIB);
	set_up(&s, 0, 0x3000, 0x5000);       /* at the very start of memory */
	lie_at(&s, RAM_PA, true);
	assert_int_equal(place(&s), RAM_PA);
	set_up(&s, 0, 0x3000, 0x3000);       /* nothing behind it is needed */
	lie_at(&s, RAM_PA + 6 * MIB, true);
	occupy(&s, RAM_PA + 6 * MIB + 0x3000, 0x1000);
	assert_int_equal(place(&s), RAM_PA + 6 * MIB);
}

/* Rules: M21, S2, S11 */
static void an_image_is_copied_where_it_cannot_stay(void **state)
{
	struct scene s;

	(void)state;
	set_up(&s, 0x80000, 0x3000, 0x5000);         /* not text_offset above 2 MiB */
	lie_at(&s, RAM_PA + 6 * MIB + 0x81000, true);
	assert_int_equal(place(&s), RAM_PA);
	set_up(&s, 0x80000, 0x3000, 0x5000);         /* may not be written */
	lie_at(&s, RAM_PA + 6 * MIB + 0x80000, false);
	assert_int_equal(place(&s), RAM_PA);
	set_up(&s, 0x80000, 0x3000, 0x5000);         /* its last page is somebody's */
	lie_at(&s, RAM_PA + 6 * MIB + 0x80000, true);
	occupy(&s, RAM_PA + 6 * MIB + 0x84000, 0x1000);
	assert_int_equal(place(&s), RAM_PA);
	set_up(&s, 0x80000, 0x2fff, 0x5000);         /* shares a page with what follows */
	lie_at(&s, RAM_PA + 6 * MIB + 0x80000, true);
	assert_int_equal(place(&s), RAM_PA);
	set_up(&s, 0x80000, 0x3000, 0x5000);         /* in no file of the firmware's */
	lie_at(&s, RAM_PA + 6 * MIB + 0x80000, true);
	s.env.file_count = 0;
	assert_int_equal(place(&s), RAM_PA);
}

/* Rules: M21 */
static void an_image_takes_one_module(void **state)
{
	struct scene s;

	(void)state;
	set_up(&s, 0, 0x1000, MIB);
	s.boot.module_count = 2;
	assert_int_equal(protocol_image.place(&s.boot, &fault), ST_BAD_CONFIG);
	assert_int_equal(fault.value, 2);
	assert_int_equal(fault.limit, 1);
	s.boot.module_count = 1;
	assert_int_equal(protocol_image.place(&s.boot, &fault), ST_OK);
}

/* --- its devicetree ------------------------------------------------------------------ */

static const void *tree_of(const struct scene *s)
{
	const void *tree = env_pointer(&s->env, s->boot.argument_pa);

	assert_int_equal(fdt_check_full(tree, fdt_totalsize(tree)), 0);
	return tree;
}

static struct span chosen(const struct scene *s, const char *name)
{
	const void *tree = tree_of(s);
	int bytes = 0;
	const void *value = fdt_getprop(tree, fdt_path_offset(tree, "/chosen"), name, &bytes);

	return (struct span){ value, value == NULL ? 0 : (uint64_t)bytes };
}

/* The firmware's tree: what QEMU says, written without room, where the loader keeps its copy. */
static void give_tree(struct scene *s, const struct world *world)
{
	struct span tree = tree_make(world);

	fdt_pack((void *)(uintptr_t)tree.base);
	tree.bytes = fdt_totalsize(tree.base);
	memcpy(ram + 12 * MIB, tree.base, tree.bytes);
	free((void *)(uintptr_t)tree.base);
	occupy(s, RAM_PA + 12 * MIB, 0x2000);
	s->env.devicetree = (struct file){ .pa = RAM_PA + 12 * MIB, .bytes = { ram + 12 * MIB, tree.bytes } };
}

/* Rules: M21, H2 */
static void the_tree_has_our_command_line_and_module_and_the_firmwares_rest(void **state)
{
	struct world world = qemu_virt();
	struct scene s;
	struct span before;

	(void)state;
	set_up(&s, 0x80000, 0x1000, MIB);
	give_tree(&s, &world);
	before = (struct span){ malloc(s.env.devicetree.bytes.bytes), s.env.devicetree.bytes.bytes };
	memcpy((void *)(uintptr_t)before.base, s.env.devicetree.bytes.base, before.bytes);
	s.modules[0] = (struct protocol_module){ 0x4480012345, 0x678, SPAN(""), 0 };
	s.boot.module_count = 1;
	place(&s);
	assert_int_equal(prepare(&s), ST_OK);
	assert_int_equal(s.boot.entry_pa, RAM_PA + 0x80000);
	assert_span(chosen(&s, "bootargs"), "root=/dev/x\0");
	assert_span(chosen(&s, "linux,initrd-start"), "\0\0\0\x44\x80\x01\x23\x45");
	assert_span(chosen(&s, "linux,initrd-end"), "\0\0\0\x44\x80\x01\x29\xbd");
	assert_int_equal(chosen(&s, "rng-seed").bytes, 32);
	assert_memory_equal(chosen(&s, "rng-seed").base, tree_seed, 32);
	assert_span(chosen(&s, "stdout-path"), "/pl011@9000000\0");
	assert_true(fdt_path_offset(tree_of(&s), "/psci") > 0);
	/* the firmware's own is as it was */
	assert_memory_equal(s.env.devicetree.bytes.base, before.base, before.bytes);
	free((void *)(uintptr_t)before.base);
}

/* Rules: M21 */
static void without_a_module_the_archive_is_no_initrd(void **state)
{
	struct world world = qemu_virt();
	struct scene s;

	(void)state;
	set_up(&s, 0, 0x1000, MIB);
	give_tree(&s, &world);
	s.boot.cmdline = SPAN("");
	place(&s);
	assert_int_equal(prepare(&s), ST_OK);
	assert_null(chosen(&s, "linux,initrd-start").base);
	assert_null(chosen(&s, "linux,initrd-end").base);
	assert_span(chosen(&s, "bootargs"), "\0");
}

/* Rules: M21 */
static void a_tree_without_chosen_gets_one_and_no_tree_too(void **state)
{
	struct world world = qemu_virt();

	(void)state;
	world.no_chosen = true;
	for (int i = 0; i < 3; i++) {
		struct scene s;

		set_up(&s, 0, 0x1000, MIB);
		if (i > 0)
			give_tree(&s, &world);
		if (i > 1)
			memset(ram + 12 * MIB, 0, 0x1000);   /* a replay knows only where it was */
		place(&s);
		assert_int_equal(prepare(&s), ST_OK);
		assert_span(chosen(&s, "bootargs"), "root=/dev/x\0");
		assert_int_equal(fdt_path_offset(tree_of(&s), "/psci") > 0, i == 1);
	}
}

/* Rules: M21 */
static void a_tree_never_crosses_2_mib(void **state)
{
	static char cmdline[0x20000];

	(void)state;
	memset(cmdline, 'x', sizeof cmdline);
	for (uint64_t bytes = 0; bytes < sizeof cmdline; bytes += 0x7ff) {
		struct scene s;
		uint64_t first, last;

		set_up(&s, 0, 0x1000, MIB);
		occupy(&s, RAM_PA + 14 * MIB + 0x3000, 2 * MIB - 0x3000);    /* the best place is none */
		s.boot.cmdline = (struct span){ (uint8_t *)cmdline, bytes };
		place(&s);
		assert_int_equal(prepare(&s), ST_OK);
		first = s.boot.argument_pa;
		last = first + fdt_totalsize(tree_of(&s)) - 1;
		assert_int_equal(first % 8, 0);
		assert_int_equal(first / (2 * MIB), last / (2 * MIB));
		assert_int_equal(chosen(&s, "bootargs").bytes, bytes + 1);
	}
}

/* Rules: M21 */
static void a_tree_without_room_or_beyond_2_mib_is_refused(void **state)
{
	struct scene s;

	(void)state;
	set_up(&s, 0, 0x1000, MIB);
	place(&s);
	occupy(&s, RAM_PA, RAM_BYTES);
	assert_int_equal(prepare(&s), ST_NO_MEMORY);
	set_up(&s, 0, 0x1000, MIB);
	place(&s);
	s.boot.cmdline.bytes = 2 * MIB - 511;
	assert_int_equal(prepare(&s), ST_BAD_DEVICETREE);
	assert_string_equal(fault.field, "totalsize");
	assert_int_equal(fault.limit, 2 * MIB);
	assert_int_equal(s.frames.taken.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_image_goes_to_the_lowest_place_that_holds_it),
		cmocka_unit_test(text_offset_is_kept_above_a_multiple_of_2_mib),
		cmocka_unit_test(an_image_fits_exactly_or_is_refused_with_its_size),
		cmocka_unit_test(an_image_stays_where_it_lies_right),
		cmocka_unit_test(an_image_is_copied_where_it_cannot_stay),
		cmocka_unit_test(an_image_takes_one_module),
		cmocka_unit_test(the_tree_has_our_command_line_and_module_and_the_firmwares_rest),
		cmocka_unit_test(without_a_module_the_archive_is_no_initrd),
		cmocka_unit_test(a_tree_without_chosen_gets_one_and_no_tree_too),
		cmocka_unit_test(a_tree_never_crosses_2_mib),
		cmocka_unit_test(a_tree_without_room_or_beyond_2_mib_is_refused),
	};
	int failed;

	ram = aligned_alloc(2 * MIB, RAM_BYTES);
	failed = cmocka_run_group_tests_name("image", tests, NULL, NULL);
	free(ram);
	return failed;
}
