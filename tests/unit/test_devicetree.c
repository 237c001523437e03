/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_devicetree.c: what a devicetree says is what the environment gets; what it
 * says wrongly is named.
 */
#include "devicetree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "scratch.h"
#include "tree_maker.h"

enum { RANGES = 64 };

static struct smalt_memory ranges[RANGES];
static struct fault fault;

/* Reads a blob as if it lay at TREE_PA. */
static enum status read_blob(struct span tree, struct env *env, uint32_t capacity)
{
	memset(ranges, 0xaa, sizeof ranges);
	memset(&fault, 0xaa, sizeof fault);
	*env = (struct env){
		.machine = &machine_aarch64,
		.window = (uint64_t)(uintptr_t)tree.base - TREE_PA,
		.memory = { ranges, 0, capacity },
	};
	return devicetree_read(tree, env, &fault);
}

/* The last tree that was read: strings of env lie in it. */
static struct span last;

static enum status read_world(const struct world *world, struct env *env)
{
	free((void *)(uintptr_t)last.base);
	last = tree_make(world);
	return read_blob(last, env, RANGES);
}

static struct env read_ok(const struct world *world)
{
	struct env env;

	assert_int_equal(read_world(world, &env), ST_OK);
	return env;
}

static void assert_refused(const struct world *world, const char *property, uint64_t value,
                           const char *node)
{
	struct env env;

	assert_int_equal(read_world(world, &env), ST_BAD_DEVICETREE);
	assert_int_equal(fault.status, ST_BAD_DEVICETREE);
	assert_string_equal(fault.field, property);
	assert_int_equal(fault.has & FAULT_VALUE, FAULT_VALUE);
	assert_int_equal(fault.value, value);
	assert_string_equal(fault.word, node);
}

static void assert_memory(const struct env *env, const struct smalt_memory *expected, uint32_t count)
{
	assert_int_equal(env->memory.count, count);
	for (uint32_t i = 0; i < count; i++) {
		assert_int_equal(env->memory.ranges[i].pa, expected[i].pa);
		assert_int_equal(env->memory.ranges[i].bytes, expected[i].bytes);
		assert_int_equal(env->memory.ranges[i].type, expected[i].type);
	}
}

#define RANGE(start, end, kind) { start, (end) - (start), SMALT_MEM_##kind, 0 }
#define ASSERT_MEMORY(env, ...) do { \
	static const struct smalt_memory expected_[] = { __VA_ARGS__ }; \
	assert_memory(env, expected_, sizeof expected_ / sizeof *expected_); \
} while (0)

/* Rules: H3, H8, H10 */
static void what_qemu_says_is_what_env_gets(void **state)
{
	struct world world = qemu_virt();
	struct env env = read_ok(&world);

	(void)state;
	assert_span(env.cmdline, "a b");
	assert_int_equal(env.file_count, 1);
	assert_span(env.files[0].name, "initrd");
	assert_int_equal(env.files[0].pa, 0x44000000);
	assert_int_equal(env.files[0].bytes.bytes, 0x123);
	assert_ptr_equal(env.files[0].bytes.base, env_pointer(&env, 0x44000000));
	assert_true(env.files[0].donated);
	assert_int_equal(env.devicetree.pa, TREE_PA);
	assert_int_equal(env.devicetree.bytes.bytes, TREE_BYTES);
	assert_int_equal(env.serial_kind, SMALT_SERIAL_PL011);
	assert_int_equal(env.serial_address, 0x9000000);
	assert_int_equal(env.fwcfg_pa, 0x9020000);
	assert_int_equal(env.psci_conduit, SMALT_PSCI_HVC);
	assert_int_equal(env.entropy_source, SMALT_ENTROPY_DEVICETREE);
	assert_int_equal(env.entropy.bytes, 32);
	assert_memory_equal(env.entropy.base, tree_seed, 32);
	ASSERT_MEMORY(&env, RANGE(0x40000000, 0x44000000, USABLE), RANGE(0x44000000, 0x44001000, RECLAIMABLE),
	              RANGE(0x44001000, 0x44200000, USABLE), RANGE(0x44200000, 0x44210000, RECLAIMABLE),
	              RANGE(0x44210000, 0x48000000, USABLE));
}

/* Rules: H3 */
static void without_chosen_there_is_memory_and_nothing_else(void **state)
{
	struct world world = qemu_virt();
	struct env env;

	(void)state;
	world.no_chosen = true;
	env = read_ok(&world);
	assert_int_equal(env.cmdline.bytes, 0);
	assert_int_equal(env.file_count, 0);
	assert_int_equal(env.serial_kind, SMALT_SERIAL_NONE);
	assert_int_equal(env.entropy_source, SMALT_ENTROPY_NONE);
	ASSERT_MEMORY(&env, RANGE(0x40000000, 0x44200000, USABLE), RANGE(0x44200000, 0x44210000, RECLAIMABLE),
	              RANGE(0x44210000, 0x48000000, USABLE));
}

/* --- /chosen ----------------------------------------------------------------------- */

/* Rules: H3 */
static void an_initrd_has_addresses_of_four_or_eight_bytes(void **state)
{
	(void)state;
	for (int bits = 0; bits < 4; bits++) {
		struct world world = qemu_virt();
		struct env env;

		world.start_bytes = bits & 1 ? 8 : 4;
		world.end_bytes = bits & 2 ? 8 : 4;
		env = read_ok(&world);
		assert_int_equal(env.file_count, 1);
		assert_int_equal(env.files[0].pa, 0x44000000);
		assert_int_equal(env.files[0].bytes.bytes, 0x123);
	}
}

/* Rules: H3 */
static void an_initrd_above_four_gib_is_one(void **state)
{
	struct world world = qemu_virt();
	struct env env;

	(void)state;
	world.memory_bytes = 0x800000000;
	world.initrd_start = 0x700000000;
	world.initrd_end = 0x700000001;
	world.start_bytes = world.end_bytes = 8;
	env = read_ok(&world);
	assert_int_equal(env.files[0].pa, 0x700000000);
	assert_int_equal(env.files[0].bytes.bytes, 1);
}

/* Rules: H3 */
static void an_empty_initrd_is_none(void **state)
{
	struct world world = qemu_virt();
	struct env env;

	(void)state;
	world.initrd_end = world.initrd_start;
	env = read_ok(&world);
	assert_int_equal(env.file_count, 0);
}

/* Rules: H3 */
static void a_wrong_initrd_is_refused_by_property_and_value(void **state)
{
	struct world world = qemu_virt();

	(void)state;
	world.initrd_end = 0x43ffffff;
	assert_refused(&world, "linux,initrd-end", 0x43ffffff, "chosen");
	world = qemu_virt();
	world.start_bytes = 0;
	assert_refused(&world, "linux,initrd-end", 0x44000123, "chosen");
	world = qemu_virt();
	world.end_bytes = 0;
	assert_refused(&world, "linux,initrd-start", 0x44000000, "chosen");
	world = qemu_virt();
	world.start_bytes = 2;
	assert_refused(&world, "linux,initrd-start", 2, "chosen");
	world = qemu_virt();
	world.end_bytes = 3;
	assert_refused(&world, "linux,initrd-end", 3, "chosen");
	world = qemu_virt();
	world.end_bytes = 8;
	world.initrd_end = UINT64_MAX;
	assert_refused(&world, "linux,initrd-end", UINT64_MAX, "chosen");
}

/* Rules: H3 */
static void an_initrd_must_lie_in_memory_that_is_free(void **state)
{
	struct world world = qemu_virt();

	(void)state;
	world.initrd_end = 0x48000001;       /* one byte behind memory */
	assert_refused(&world, "linux,initrd-start", 0x44000000, "chosen");
	world = qemu_virt();
	world.initrd_start = 0x3ffff000;
	assert_refused(&world, "linux,initrd-start", 0x3ffff000, "chosen");
	world = qemu_virt();
	world.reserve_pa[0] = 0x43fff000;    /* its first page, and one before it */
	world.reserve_bytes[0] = 0x2000;
	assert_refused(&world, "linux,initrd-start", 0x44000000, "chosen");
}

/* Rules: H2 */
static void the_command_line_ends_at_its_nul(void **state)
{
	struct world world = qemu_virt();
	struct env env;

	(void)state;
	world.bootargs = TEXT("kernel one\0two");
	env = read_ok(&world);
	assert_span(env.cmdline, "kernel one");
	world.bootargs = TEXT("");
	env = read_ok(&world);
	assert_int_equal(env.cmdline.bytes, 0);
	world.bootargs = (struct blob){ "abc", 3 };
	assert_refused(&world, "bootargs", 3, "chosen");
}

/* Rules: H2 */
static void of_a_long_seed_64_bytes_count(void **state)
{
	struct world world = qemu_virt();
	struct env env;

	(void)state;
	world.seed.bytes = 80;
	env = read_ok(&world);
	assert_int_equal(env.entropy.bytes, 64);
	world.seed.bytes = 0;
	env = read_ok(&world);
	assert_int_equal(env.entropy_source, SMALT_ENTROPY_NONE);
}

/* --- memory ------------------------------------------------------------------------ */

/* Rules: H3, P6 */
static void memory_of_the_secure_world_is_reserved(void **state)
{
	struct world world = qemu_virt();
	struct env env;

	(void)state;
	world.no_chosen = true;
	world.memory_status = TEXT("disabled");
	env = read_ok(&world);
	ASSERT_MEMORY(&env, RANGE(0x40000000, 0x48000000, RESERVED));
	world.memory_status = (struct blob){ NULL, 0 };
	world.memory_secure = TEXT("okay");
	env = read_ok(&world);
	ASSERT_MEMORY(&env, RANGE(0x40000000, 0x48000000, RESERVED));
	world.memory_secure = (struct blob){ NULL, 0 };
	world.memory_status = TEXT("ok");
	env = read_ok(&world);
	assert_int_equal(memmap_type(&env.memory, 0x40000000), SMALT_MEM_USABLE);
}

static void add_reserved(void *fdt)
{
	put_node(fdt, "reserved-memory");
	fdt_property_u32(fdt, "#address-cells", 1);
	fdt_property_u32(fdt, "#size-cells", 1);
	put(fdt, "ranges", (struct blob){ "", 0 });
	put_node(fdt, "secret@41000000");
	put(fdt, "no-map", (struct blob){ "", 0 });
	put_cells(fdt, "reg", (uint64_t[]){ 0x41000000, 0x2000, 0x41008000, 0x1000 }, (int[]){ 1, 1, 1, 1 }, 4);
	fdt_end_node(fdt);
	put_node(fdt, "pool@42000000");
	put(fdt, "reusable", (struct blob){ "", 0 });
	put_cells(fdt, "reg", (uint64_t[]){ 0x42000000, 0x1001 }, (int[]){ 1, 1 }, 2);
	fdt_end_node(fdt);
	put_node(fdt, "later");              /* the kernel chooses where */
	put_cells(fdt, "size", (uint64_t[]){ 0x1000 }, (int[]){ 1 }, 1);
	fdt_end_node(fdt);
	fdt_end_node(fdt);
}

/* Rules: H3, P6 */
static void reserved_memory_is_nobodys(void **state)
{
	struct world world = qemu_virt();
	struct env env;

	(void)state;
	world.no_chosen = true;
	world.more = add_reserved;
	world.reserve_pa[0] = 0x43000000;
	world.reserve_bytes[0] = 0x1000;
	world.reserve_pa[1] = 0x30000000;    /* outside of all memory */
	world.reserve_bytes[1] = 0x10;
	env = read_ok(&world);
	ASSERT_MEMORY(&env, RANGE(0x30000000, 0x30001000, RESERVED), RANGE(0x40000000, 0x41000000, USABLE),
	              RANGE(0x41000000, 0x41002000, RESERVED), RANGE(0x41002000, 0x41008000, USABLE),
	              RANGE(0x41008000, 0x41009000, RESERVED), RANGE(0x41009000, 0x42000000, USABLE),
	              RANGE(0x42000000, 0x42002000, RESERVED), RANGE(0x42002000, 0x43000000, USABLE),
	              RANGE(0x43000000, 0x43001000, RESERVED), RANGE(0x43001000, 0x44200000, USABLE),
	              RANGE(0x44200000, 0x44210000, RECLAIMABLE), RANGE(0x44210000, 0x48000000, USABLE));
}

/* Rules: H3 */
static void what_u_boot_reserves_of_our_own_is_ours(void **state)
{
	struct world world = qemu_virt();
	struct env env;

	(void)state;
	world.reserve_pa[0] = 0x44000000;
	world.reserve_bytes[0] = 0x123;
	world.reserve_pa[1] = TREE_PA;
	world.reserve_bytes[1] = TREE_BYTES;
	env = read_ok(&world);
	assert_int_equal(memmap_type(&env.memory, 0x44000000), SMALT_MEM_RECLAIMABLE);
	assert_int_equal(memmap_type(&env.memory, TREE_PA), SMALT_MEM_RECLAIMABLE);
	world.reserve_bytes[1] = TREE_BYTES + 0x1000;        /* more than ours: somebody else's too */
	env = read_ok(&world);
	assert_int_equal(memmap_type(&env.memory, TREE_PA), SMALT_MEM_RESERVED);
}

/* Rules: H3 */
static void a_devicetree_outside_of_memory_is_no_memory(void **state)
{
	struct world world = qemu_virt();
	struct env env;

	(void)state;
	world.no_chosen = true;
	world.memory_pa = 0x80000000;
	env = read_ok(&world);
	ASSERT_MEMORY(&env, RANGE(0x80000000, 0x88000000, USABLE));
}

/* Rules: H3 */
static void addresses_and_sizes_may_have_one_or_two_cells(void **state)
{
	(void)state;
	for (int bits = 0; bits < 4; bits++) {
		struct world world = qemu_virt();
		struct env env;

		world.address_cells = bits & 1 ? 2 : 1;
		world.size_cells = bits & 2 ? 2 : 1;
		env = read_ok(&world);
		assert_int_equal(memmap_bytes(&env.memory, SMALT_MEM_USABLE), 0x8000000 - 0x11000);
		assert_int_equal(env.serial_address, 0x9000000);
		assert_int_equal(env.fwcfg_pa, 0x9020000);
	}
}

static void add_bad_cells(void *fdt)
{
	put_node(fdt, "reserved-memory");
	fdt_property_u32(fdt, "#address-cells", 3);
	fdt_property_u32(fdt, "#size-cells", 1);
	put_node(fdt, "x");
	put(fdt, "reg", (struct blob){ "0123456789abcde", 16 });
	fdt_end_node(fdt);
	fdt_end_node(fdt);
}

static void add_no_size_cells(void *fdt)
{
	put_node(fdt, "reserved-memory");
	fdt_property_u32(fdt, "#address-cells", 1);
	fdt_property_u32(fdt, "#size-cells", 0);
	put_node(fdt, "x");
	put(fdt, "reg", (struct blob){ "012", 4 });
	fdt_end_node(fdt);
	fdt_end_node(fdt);
}

static void add_odd_reg(void *fdt)
{
	put_node(fdt, "memory@0");
	put(fdt, "device_type", TEXT("memory"));
	put(fdt, "reg", (struct blob){ "0123456789abcdef01", 18 });
	fdt_end_node(fdt);
}

static void add_wrapping_reg(void *fdt)
{
	put_node(fdt, "memory@0");
	put(fdt, "device_type", TEXT("memory"));
	put_cells(fdt, "reg", (uint64_t[]){ 0, 0, UINT64_MAX - 0xfff, 0x1001 }, (int[]){ 2, 2, 2, 2 }, 4);
	fdt_end_node(fdt);
}

static void add_edges(void *fdt)
{
	put_node(fdt, "memory@0");
	put(fdt, "device_type", TEXT("memory"));
	put_cells(fdt, "reg", (uint64_t[]){ 0x80000000, 0, UINT64_MAX - 0xfff, 0x1000 }, (int[]){ 2, 2, 2, 2 }, 4);
	fdt_end_node(fdt);
}

/* Rules: H3 */
static void memory_may_be_empty_and_may_end_with_the_address_space(void **state)
{
	struct world world = qemu_virt();
	struct env env;

	(void)state;
	world.no_chosen = true;
	world.more = add_edges;
	world.reserve_pa[0] = UINT64_MAX - 0x1fff;
	world.reserve_bytes[0] = 0x1000;
	world.reserve_pa[1] = UINT64_MAX;
	world.reserve_bytes[1] = 1;
	env = read_ok(&world);
	ASSERT_MEMORY(&env, RANGE(0x40000000, 0x44200000, USABLE), RANGE(0x44200000, 0x44210000, RECLAIMABLE),
	              RANGE(0x44210000, 0x48000000, USABLE),
	              { 0xffffffffffffe000, 0x2000, SMALT_MEM_RESERVED, 0 });
}

/* Rules: H3 */
static void wrong_addresses_are_refused_by_property_and_value(void **state)
{
	struct world world = qemu_virt();

	(void)state;
	world.more = add_bad_cells;
	assert_refused(&world, "#address-cells", 3, "reserved-memory");
	world.more = add_no_size_cells;
	assert_refused(&world, "#size-cells", 0, "reserved-memory");
	world.more = add_odd_reg;
	assert_refused(&world, "reg", 18, "memory@0");
	world.more = add_wrapping_reg;
	assert_refused(&world, "reg", UINT64_MAX - 0xfff, "memory@0");
	world = qemu_virt();
	world.reserve_pa[0] = UINT64_MAX;
	world.reserve_bytes[0] = 2;
	assert_refused(&world, "/memreserve/", 0, "/");
}

/* Devicetree Specification, "Header": word 4 is off_mem_rsvmap. Rules: H3, M19 */
static void reservations_that_do_not_end_are_refused(void **state)
{
	struct world world = qemu_virt();
	struct span tree = tree_make(&world);
	uint8_t *broken = malloc(tree.bytes);
	struct env env;

	(void)state;
	memcpy(broken, tree.base, tree.bytes);
	broken[16] = broken[17] = 0;
	broken[18] = (uint8_t)((tree.bytes - 8) >> 8);
	broken[19] = (uint8_t)(tree.bytes - 8);
	assert_int_equal(read_blob((struct span){ broken, tree.bytes }, &env, RANGES), ST_BAD_DEVICETREE);
	assert_string_equal(fault.field, "off_mem_rsvmap");
	assert_int_equal(fault.value, tree.bytes - 8);
	assert_int_equal(fault.limit, tree.bytes);
	free(broken);
	free((void *)(uintptr_t)tree.base);
}

/*
 * The first property of the root: behind its begin tag, its empty name and a tag stand length and name offset
 * (Devicetree Specification, "Structure Block"). Rules: M19
 */
static void a_property_without_a_name_is_refused(void **state)
{
	static const uint32_t offsets[] = { 0xffffffff, 0x80000000, 0x7fffffff, TREE_BYTES };
	struct world world = qemu_virt();

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct span tree = tree_make(&world);
		uint8_t *at = (uint8_t *)(uintptr_t)tree.base + (unsigned)(tree.base[10] << 8 | tree.base[11]) + 16;
		struct env env;

		for (unsigned byte = 0; byte < 4; byte++)
			at[byte] = (uint8_t)(offsets[i] >> (24 - 8 * byte));
		assert_int_equal(read_blob(tree, &env, RANGES), ST_BAD_DEVICETREE);
		assert_string_equal(fault.field, "name of a property, offset");
		assert_int_equal(fault.value, offsets[i]);
		free((void *)(uintptr_t)tree.base);
	}
}

/* Devicetree Specification, "Alignment": the structure block to 4 bytes. Rules: M19 */
static void a_structure_block_between_words_is_refused(void **state)
{
	struct world world = qemu_virt();

	(void)state;
	for (uint8_t off = 1; off < 4; off++) {
		struct span tree = tree_make(&world);
		struct env env;

		((uint8_t *)(uintptr_t)tree.base)[11] |= off;
		assert_int_equal(read_blob(tree, &env, RANGES), ST_BAD_DEVICETREE);
		assert_string_equal(fault.field, "off_dt_struct");
		free((void *)(uintptr_t)tree.base);
	}
}

/* As long as that it would end before it begins. Rules: M19 */
static void a_property_that_is_too_long_is_refused(void **state)
{
	static const uint32_t lengths[] = { 0xfffffff4, 0xffffffff, 0x80000000, 0x7fffffff };
	struct world world = qemu_virt();

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct span tree = tree_make(&world);
		uint8_t *at = (uint8_t *)(uintptr_t)tree.base + (tree.base[10] << 8 | tree.base[11]) + 12;
		struct env env;

		for (unsigned byte = 0; byte < 4; byte++)
			at[byte] = (uint8_t)(lengths[i] >> (24 - 8 * byte));
		assert_int_equal(read_blob(tree, &env, RANGES), ST_BAD_DEVICETREE);
		free((void *)(uintptr_t)tree.base);
	}
}

/* Rules: H3, M1 */
static void a_memory_map_without_room_is_an_error_at_every_step(void **state)
{
	struct world world = qemu_virt();
	uint32_t capacity = 0;
	struct env env;
	struct span tree;

	(void)state;
	world.more = add_reserved;
	world.reserve_pa[0] = 0x43000000;
	world.reserve_bytes[0] = 0x1000;
	tree = tree_make(&world);
	while (read_blob(tree, &env, capacity) != ST_OK) {
		assert_int_equal(fault.status, ST_TOO_SMALL);
		assert_true(++capacity < RANGES);
	}
	assert_true(capacity >= 11);         /* there are that many ranges */
	free((void *)(uintptr_t)tree.base);
}

/* --- devices ----------------------------------------------------------------------- */

/* Rules: H8 */
static void the_console_is_found_by_path_and_by_alias(void **state)
{
	static const struct blob paths[] = {
		TEXT("/pl011@9000000"), TEXT("serial0"), TEXT("serial0:115200n8"), TEXT("/pl011@9000000:9600"),
		TEXT("/pl011"),
	};

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof paths / sizeof *paths; i++) {
		struct world world = qemu_virt();
		struct env env;

		world.stdout_path = (struct blob){ NULL, 0 };
		*(i & 1 ? &world.stdout_path : &world.old_stdout_path) = paths[i / 2];
		env = read_ok(&world);
		assert_int_equal(env.serial_kind, SMALT_SERIAL_PL011);
		assert_int_equal(env.serial_address, 0x9000000);
	}
}

/* Rules: H8 */
static void without_a_pl011_for_it_there_is_no_console(void **state)
{
	static const struct blob paths[] = {
		{ NULL, 0 }, TEXT(""), TEXT(":"), TEXT("/uart@1"), TEXT("serial9"), TEXT("/psci"), TEXT("/"),
		{ "/pl011@9000001", 14 },
	};
	struct world world = qemu_virt();
	struct env env;

	(void)state;
	for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++) {
		world.stdout_path = paths[i];
		env = read_ok(&world);
		assert_int_equal(env.serial_kind, SMALT_SERIAL_NONE);
	}
	world = qemu_virt();
	world.uart_status = TEXT("disabled");
	env = read_ok(&world);
	assert_int_equal(env.serial_kind, SMALT_SERIAL_NONE);
	world = qemu_virt();
	world.uart_compatible = TEXT("ns16550a");
	env = read_ok(&world);
	assert_int_equal(env.serial_kind, SMALT_SERIAL_NONE);
}

static int bus_cells, bus_ranges;    /* of what add_bus() writes: no ranges, empty ones, two windows */

static void add_bus(void *fdt)
{
	put_node(fdt, "soc");
	fdt_property_u32(fdt, "#address-cells", (uint32_t)bus_cells);
	fdt_property_u32(fdt, "#size-cells", 1);
	if (bus_ranges == 1)
		put(fdt, "ranges", (struct blob){ "", 0 });
	if (bus_ranges == 2)
		put_cells(fdt, "ranges", (uint64_t[]){ 0x0, 0x10000000, 0x100, 0x7e000000, 0xfe000000, 0x1000000 },
		          (int[]){ bus_cells, 2, 1, bus_cells, 2, 1 }, 6);
	put_node(fdt, "uart@7e201000");
	put(fdt, "compatible", TEXT("arm,sbsa-uart"));
	put_cells(fdt, "reg", (uint64_t[]){ 0x7e201000, 0x200 }, (int[]){ bus_cells, 1 }, 2);
	fdt_end_node(fdt);
	fdt_end_node(fdt);
}

/* Rules: H8 */
static void a_console_behind_a_bus_has_the_cpus_address(void **state)
{
	static const uint64_t expected[] = { 0, 0x7e201000, 0xfe201000 };

	(void)state;
	for (bus_cells = 1; bus_cells <= 2; bus_cells++) {
		for (bus_ranges = 0; bus_ranges <= 2; bus_ranges++) {
			struct world world = qemu_virt();
			struct env env;

			world.stdout_path = TEXT("/soc/uart@7e201000");
			world.more = add_bus;
			env = read_ok(&world);
			assert_int_equal(env.serial_address, expected[bus_ranges]);
			assert_int_equal(env.serial_kind, bus_ranges ? SMALT_SERIAL_PL011 : SMALT_SERIAL_NONE);
		}
	}
}

/* Rules: H10 */
static void the_psci_conduit_is_what_the_method_says(void **state)
{
	static const struct blob compatibles[] = {
		TEXT("arm,psci-1.0\0arm,psci-0.2"), TEXT("arm,psci-0.2"), TEXT("arm,psci"),
	};
	struct world world = qemu_virt();
	struct env env;

	(void)state;
	world.method = TEXT("smc");
	for (unsigned i = 0; i < sizeof compatibles / sizeof *compatibles; i++) {
		world.psci_compatible = compatibles[i];
		env = read_ok(&world);
		assert_int_equal(env.psci_conduit, SMALT_PSCI_SMC);
	}
	world.psci_compatible = TEXT("arm,something");
	env = read_ok(&world);
	assert_int_equal(env.psci_conduit, SMALT_PSCI_NONE);
}

/* Rules: H10 */
static void a_wrong_psci_method_is_refused(void **state)
{
	struct world world = qemu_virt();

	(void)state;
	world.method = TEXT("svcx");
	assert_refused(&world, "method", 4, "psci");
	world.method = (struct blob){ NULL, 0 };
	assert_refused(&world, "method", 0, "psci");
	world.method = (struct blob){ "hvc", 3 };
	assert_refused(&world, "method", 3, "psci");
}

/* Rules: M20, H8 */
static void a_fault_does_not_hide_the_console_and_the_first_one_counts(void **state)
{
	struct world world = qemu_virt();
	struct env env;

	(void)state;
	world.bootargs = (struct blob){ "abc", 3 };  /* before all other nodes */
	world.method = TEXT("svc");
	assert_refused(&world, "bootargs", 3, "chosen");
	assert_int_equal(read_world(&world, &env), ST_BAD_DEVICETREE);
	assert_int_equal(env.serial_kind, SMALT_SERIAL_PL011);
	assert_int_equal(env.serial_address, 0x9000000);
}

static void add_deep(void *fdt)
{
	for (int i = 0; i < 40; i++)
		put_node(fdt, "deep");
	put(fdt, "compatible", TEXT("qemu,fw-cfg-mmio"));
	for (int i = 0; i < 40; i++)
		fdt_end_node(fdt);
}

/* Rules: H3 */
static void nodes_at_any_depth_do_no_harm(void **state)
{
	struct world world = qemu_virt();
	struct env env;

	(void)state;
	world.more = add_deep;
	env = read_ok(&world);
	assert_int_equal(env.fwcfg_pa, 0x9020000);
}

/* --- damage ------------------------------------------------------------------------ */

/* Rules: H3, M19 */
static void a_tree_that_is_cut_off_is_refused_wherever_it_is(void **state)
{
	struct world world = qemu_virt();
	struct span tree = tree_make(&world);
	uint64_t bytes = devicetree_copy_bytes(tree);

	(void)state;
	for (uint64_t cut = 8; cut < bytes - 8; cut++) {
		uint8_t *part = malloc(cut);
		struct env env;

		memcpy(part, tree.base, cut);
		assert_int_equal(read_blob((struct span){ part, cut }, &env, RANGES), ST_BAD_DEVICETREE);
		assert_string_equal(fault.field, "totalsize");
		assert_int_equal(fault.value, cut);
		free(part);
	}
	free((void *)(uintptr_t)tree.base);
}

/* Rules: H3, M19 */
static void no_damaged_byte_makes_us_read_outside(void **state)
{
	static const uint8_t flips[] = { 0x01, 0x80, 0xff };
	struct world world = qemu_virt();
	struct span tree;
	uint64_t bytes;
	uint8_t *copy;

	(void)state;
	world.more = add_reserved;
	tree = tree_make(&world);
	bytes = devicetree_copy_bytes(tree);
	copy = malloc(bytes);
	devicetree_copy(copy, tree);
	for (uint64_t at = 8; at < bytes; at++) {
		for (unsigned i = 0; i < sizeof flips; i++) {
			struct env env;
			enum status status;

			copy[at] ^= flips[i];
			status = read_blob((struct span){ copy, bytes }, &env, RANGES);
			assert_true(status == ST_OK || status == ST_BAD_DEVICETREE || status == ST_TOO_SMALL);
			if (status != ST_OK)
				assert_int_equal(fault.status, status);
			copy[at] ^= flips[i];
		}
	}
	free(copy);
	free((void *)(uintptr_t)tree.base);
}

/* Rules: H3 */
static void a_header_tells_its_bytes_or_nothing(void **state)
{
	uint8_t header[8] __attribute__((aligned(8))) = { 0xd0, 0x0d, 0xfe, 0xed, 0, 0, 0x10, 0 };

	(void)state;
	assert_int_equal(devicetree_bytes(header), 0x1000);
	header[5] = 0x20;
	header[6] = 0;
	assert_int_equal(devicetree_bytes(header), 0x200000);
	header[7] = 1;
	assert_int_equal(devicetree_bytes(header), 0);
	header[7] = 0;
	header[0] = 0xd1;
	assert_int_equal(devicetree_bytes(header), 0);
}

/* --- the copy ---------------------------------------------------------------------- */

/* Rules: H2 */
static void a_copy_is_the_same_tree_without_the_room(void **state)
{
	struct world world = qemu_virt();
	struct span tree, copy;
	struct env env, same;
	uint64_t bytes;

	(void)state;
	world.reserve_pa[0] = 0x43000000;
	world.reserve_bytes[0] = 0x1000;
	tree = tree_make(&world);
	bytes = devicetree_copy_bytes(tree);
	assert_true(bytes < 2048);
	copy = (struct span){ malloc(bytes), bytes };
	devicetree_copy((void *)(uintptr_t)copy.base, tree);
	assert_int_equal(fdt_totalsize(copy.base), bytes);
	assert_int_equal(read_blob(tree, &env, RANGES), ST_OK);
	assert_int_equal(read_blob(copy, &same, RANGES), ST_OK);
	assert_span(same.cmdline, "a b");
	assert_int_equal(same.serial_address, env.serial_address);
	assert_int_equal(fdt_num_mem_rsv(copy.base), 1);
	/* All of the tree's bytes but its size are there. */
	assert_memory_equal(copy.base, tree.base, 4);
	assert_memory_equal(copy.base + 8, tree.base + 8, bytes - 8);
	free((void *)(uintptr_t)copy.base);
	free((void *)(uintptr_t)tree.base);
}

/* Rules: H2 */
static void an_old_tree_that_does_not_tell_its_end_is_copied_whole(void **state)
{
	struct world world = qemu_virt();
	struct span tree = tree_make(&world);

	(void)state;
	fdt_set_version((void *)(uintptr_t)tree.base, 16);
	assert_int_equal(devicetree_copy_bytes(tree), TREE_BYTES);
	free((void *)(uintptr_t)tree.base);
}

/* --- caches ------------------------------------------------------------------------ */

/* A node below /cpus; numbers that are 0 are left out. */
struct cache_node {
	const char *compatible;
	bool split;
	uint32_t level, sets, line, block;
	uint64_t bytes;
	const char *status;
};

static const struct cache_node *cache_nodes;

static void put_some(void *fdt, const char *name, uint64_t number)
{
	put_number(fdt, name, number, number == 0 ? 0 : number >> 32 ? 8 : 4);
}

static void add_caches(void *fdt)
{
	put_node(fdt, "cpus");
	for (const struct cache_node *c = cache_nodes; c->compatible; c++) {
		put_node(fdt, "l2-cache");
		put(fdt, "compatible", (struct blob){ c->compatible, (int)strlen(c->compatible) + 1 });
		if (!c->split)
			put(fdt, "cache-unified", (struct blob){ "", 0 });
		put_some(fdt, "cache-level", c->level);
		put_some(fdt, "cache-size", c->bytes);
		put_some(fdt, "cache-sets", c->sets);
		put_some(fdt, "cache-line-size", c->line);
		put_some(fdt, "cache-block-size", c->block);
		if (c->status)
			put(fdt, "status", (struct blob){ c->status, (int)strlen(c->status) + 1 });
		fdt_end_node(fdt);
	}
	fdt_end_node(fdt);
}

/* Reads a tree of these nodes; the processor has told levels 1 and 2 before. */
static enum status read_caches(const struct cache_node *nodes, struct cpu *cpu)
{
	struct world world = qemu_virt();
	struct env env;
	enum status status;

	cache_nodes = nodes;
	world.more = add_caches;
	free((void *)(uintptr_t)last.base);
	last = tree_make(&world);
	memset(&fault, 0xaa, sizeof fault);
	env = (struct env){
		.machine = &machine_aarch64,
		.window = (uint64_t)(uintptr_t)last.base - TREE_PA,
		.memory = { ranges, 0, RANGES },
		.cpu = { .caches = { { SMALT_CACHE_FROM_CCSIDR, 2, 64, 256, false },
		                     { SMALT_CACHE_FROM_CCSIDR, 1, 64, 1, false } } },
	};
	status = devicetree_read(last, &env, &fault);
	*cpu = env.cpu;
	return status;
}

static void assert_cache(const struct cache *cache, uint32_t source, uint64_t sets, uint32_t ways,
                         uint32_t line)
{
	assert_int_equal(cache->source, source);
	assert_int_equal(cache->sets, sets);
	assert_int_equal(cache->ways, ways);
	assert_int_equal(cache->line, line);
	assert_false(cache->complex);
}

/* Rules: C1 */
static void a_cache_counts_more_than_what_the_processor_said_of_its_level(void **state)
{
	static const struct cache_node nodes[] = {
		{ "cache", false, 2, 1024, 64, 0, 1 << 20, NULL },
		{ "cache", false, 3, 4096, 0, 128, 6 << 20, "okay" },          /* block for line */
		{ "cache", false, 4, 1 << 20, 64, 32, 1ull << 33, NULL }, { 0 },
	};
	struct cpu cpu;

	(void)state;
	assert_int_equal(read_caches(nodes, &cpu), ST_OK);
	assert_cache(&cpu.caches[0], SMALT_CACHE_FROM_CCSIDR, 256, 2, 64);
	assert_cache(&cpu.caches[1], SMALT_CACHE_FROM_DEVICETREE, 1024, 16, 64);
	assert_cache(&cpu.caches[2], SMALT_CACHE_FROM_DEVICETREE, 4096, 12, 128);
	assert_cache(&cpu.caches[3], SMALT_CACHE_FROM_DEVICETREE, 1 << 20, 128, 64);
	assert_int_equal(cpu.hypervisor, 0);
}

/* As most trees for Linux write it: the level, and nothing of its size. Rules: C1 */
static void a_cache_that_does_not_say_everything_says_nothing(void **state)
{
	static const struct cache_node nodes[][2] = {
		{ { "cache", false, 2, 0, 0, 0, 0, NULL } },
		{ { "cache", false, 2, 0, 64, 0, 1 << 20, NULL } },
		{ { "cache", false, 2, 1024, 0, 0, 1 << 20, NULL } },
		{ { "cache", false, 2, 1024, 64, 0, 0, NULL } },
		{ { "cache", false, 0, 1024, 64, 0, 1 << 20, NULL } },
		{ { "cache", false, 5, 1024, 64, 0, 1 << 20, NULL } },
		{ { "cache", true, 2, 1024, 64, 0, 1 << 20, NULL } },
		{ { "cache", false, 2, 1024, 64, 0, 1 << 20, "disabled" } },
		{ { "arm,pl310-cache", false, 2, 1024, 64, 0, 1 << 20, NULL } },
		{ { "cache", false, 2, 1024, 64, 0, (1 << 20) + 64, NULL } },      /* no whole ways */
		{ { "cache", false, 2, 1024, 64, 0, (1 << 20) + 1024, NULL } },
		{ { "cache", false, 2, 1024, 64, 0, 1 << 10, NULL } },
		{ { "cache", false, 2, 1, 1, 0, 1ull << 32, NULL } },              /* 2^32 ways */
	};
	struct cpu cpu;

	(void)state;
	for (unsigned i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
		assert_int_equal(read_caches(nodes[i], &cpu), ST_OK);
		assert_cache(&cpu.caches[0], SMALT_CACHE_FROM_CCSIDR, 256, 2, 64);
		assert_cache(&cpu.caches[1], SMALT_CACHE_FROM_CCSIDR, 1, 1, 64);
		assert_int_equal(cpu.caches[2].source, SMALT_CACHE_FROM_NOBODY);
		assert_int_equal(cpu.caches[3].source, SMALT_CACHE_FROM_NOBODY);
	}
}

/* big.LITTLE, in either order. Rules: C1 */
static void of_two_caches_of_a_level_the_smaller_way_counts(void **state)
{
	static const struct cache_node big = { "cache", false, 2, 2048, 64, 0, 2 << 20, NULL };
	static const struct cache_node little = { "cache", false, 2, 512, 64, 0, 512 << 10, NULL };
	static const struct cache_node odd = { "cache", false, 2, 768, 64, 0, 384 << 10, NULL };
	const struct cache_node *of[] = { &big, &little, &odd };
	static const struct { unsigned first, second; uint64_t sets; uint32_t ways; } cases[] = {
		{ 0, 1, 512, 16 }, { 1, 0, 512, 16 }, { 0, 0, 2048, 16 },
		/* no field of the address is one of both: no use, whichever comes first */
		{ 0, 2, 768, 8 }, { 2, 0, 768, 8 }, { 1, 2, 768, 8 }, { 2, 1, 768, 8 },
	};
	struct cpu cpu;

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct cache_node nodes[3] = { *of[cases[i].first], *of[cases[i].second] };

		assert_int_equal(read_caches(nodes, &cpu), ST_OK);
		assert_cache(&cpu.caches[1], SMALT_CACHE_FROM_DEVICETREE, cases[i].sets, cases[i].ways, 64);
	}
}

static void add_bad_cache(void *fdt)
{
	put_node(fdt, "l2-cache0");
	put(fdt, "compatible", TEXT("cache"));
	put_number(fdt, "cache-level", 2, 4);
	put(fdt, "cache-sets", (struct blob){ "\0\4\0", 3 });
	fdt_end_node(fdt);
}

static void add_hypervisor(void *fdt)
{
	put_node(fdt, "hypervisor");
	put(fdt, "compatible", TEXT("xen,xen-4.17\0xen,xen"));
	fdt_end_node(fdt);
}

/* Rules: C1, M20 */
static void a_number_of_a_cache_with_a_wrong_length_is_named(void **state)
{
	struct world world = qemu_virt();

	(void)state;
	world.more = add_bad_cache;
	assert_refused(&world, "cache-sets", 3, "l2-cache0");
}

/* Rules: C1 */
static void a_hypervisor_says_that_it_is_there(void **state)
{
	struct world world = qemu_virt();

	(void)state;
	world.more = add_hypervisor;
	assert_int_equal(read_ok(&world).cpu.hypervisor, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_qemu_says_is_what_env_gets),
		cmocka_unit_test(without_chosen_there_is_memory_and_nothing_else),
		cmocka_unit_test(an_initrd_has_addresses_of_four_or_eight_bytes),
		cmocka_unit_test(an_initrd_above_four_gib_is_one),
		cmocka_unit_test(an_empty_initrd_is_none),
		cmocka_unit_test(a_wrong_initrd_is_refused_by_property_and_value),
		cmocka_unit_test(an_initrd_must_lie_in_memory_that_is_free),
		cmocka_unit_test(the_command_line_ends_at_its_nul),
		cmocka_unit_test(of_a_long_seed_64_bytes_count),
		cmocka_unit_test(memory_of_the_secure_world_is_reserved),
		cmocka_unit_test(reserved_memory_is_nobodys),
		cmocka_unit_test(what_u_boot_reserves_of_our_own_is_ours),
		cmocka_unit_test(a_devicetree_outside_of_memory_is_no_memory),
		cmocka_unit_test(addresses_and_sizes_may_have_one_or_two_cells),
		cmocka_unit_test(memory_may_be_empty_and_may_end_with_the_address_space),
		cmocka_unit_test(wrong_addresses_are_refused_by_property_and_value),
		cmocka_unit_test(reservations_that_do_not_end_are_refused),
		cmocka_unit_test(a_property_without_a_name_is_refused),
		cmocka_unit_test(a_property_that_is_too_long_is_refused),
		cmocka_unit_test(a_structure_block_between_words_is_refused),
		cmocka_unit_test(a_memory_map_without_room_is_an_error_at_every_step),
		cmocka_unit_test(the_console_is_found_by_path_and_by_alias),
		cmocka_unit_test(without_a_pl011_for_it_there_is_no_console),
		cmocka_unit_test(a_console_behind_a_bus_has_the_cpus_address),
		cmocka_unit_test(the_psci_conduit_is_what_the_method_says),
		cmocka_unit_test(a_wrong_psci_method_is_refused),
		cmocka_unit_test(a_fault_does_not_hide_the_console_and_the_first_one_counts),
		cmocka_unit_test(nodes_at_any_depth_do_no_harm),
		cmocka_unit_test(a_tree_that_is_cut_off_is_refused_wherever_it_is),
		cmocka_unit_test(no_damaged_byte_makes_us_read_outside),
		cmocka_unit_test(a_header_tells_its_bytes_or_nothing),
		cmocka_unit_test(a_copy_is_the_same_tree_without_the_room),
		cmocka_unit_test(an_old_tree_that_does_not_tell_its_end_is_copied_whole),
		cmocka_unit_test(a_cache_counts_more_than_what_the_processor_said_of_its_level),
		cmocka_unit_test(a_cache_that_does_not_say_everything_says_nothing),
		cmocka_unit_test(of_two_caches_of_a_level_the_smaller_way_counts),
		cmocka_unit_test(a_number_of_a_cache_with_a_wrong_length_is_named),
		cmocka_unit_test(a_hypervisor_says_that_it_is_there),
	};
	int failed = cmocka_run_group_tests_name("devicetree", tests, NULL, NULL);

	free((void *)(uintptr_t)last.base);
	return failed;
}
