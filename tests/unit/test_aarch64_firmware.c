/* SPDX-License-Identifier: BSD-2-Clause */
/* A devicetree beside ACPI tables: what it leaves out stays as those told it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <libfdt.h>

#include "../../arch/aarch64/firmware.c"

#include "starve.h"

static uint64_t tree[512];
static uint8_t room[1 << 20];

static void set_number(int node, const char *key, uint32_t number)
{
	assert_int_equal(fdt_setprop_u32(tree, node, key, number), 0);
}

static void make_cache(void)
{
	int node = fdt_add_subnode(tree, 0, "l3-cache");

	assert_true(node > 0);
	assert_int_equal(fdt_setprop_string(tree, node, "compatible", "cache"), 0);
	assert_int_equal(fdt_setprop(tree, node, "cache-unified", NULL, 0), 0);
	set_number(node, "cache-level", 3);
	set_number(node, "cache-size", 4 << 20);
	set_number(node, "cache-sets", 4096);
	set_number(node, "cache-line-size", 64);
	assert_true(fdt_add_subnode(tree, 0, "hypervisor") > 0);
}

static void make_tree(const char *method)
{
	int node;

	assert_int_equal(fdt_create_empty_tree(tree, sizeof tree), 0);
	assert_int_equal(fdt_setprop_u32(tree, 0, "#address-cells", 2), 0);
	assert_int_equal(fdt_setprop_u32(tree, 0, "#size-cells", 2), 0);
	if (!method)
		return;
	node = fdt_add_subnode(tree, 0, "psci");
	assert_true(node > 0);
	assert_int_equal(fdt_setprop_string(tree, node, "compatible", "arm,psci-1.0"), 0);
	assert_int_equal(fdt_setprop_string(tree, node, "method", method), 0);
	make_cache();
}

static uint32_t conduit_after(const char *method, struct env *env)
{
	struct arena arena = { room, sizeof room, 0 };
	struct fault fault;

	*env = (struct env){
		.psci_conduit = SMALT_PSCI_SMC, .fwcfg_pa = 0x9020000,
		.serial_kind = SMALT_SERIAL_PL011, .serial_address = 0x9000000,
		.cpu.caches = { [1] = { SMALT_CACHE_FROM_CCSIDR, 16, 64, 1024, false } },
	};
	assert_int_equal(memmap_init(&env->memory, 64, &arena, &fault), ST_OK);
	make_tree(method);
	assert_int_equal(arch_firmware_devicetree((uint64_t)(uintptr_t)tree, env, &arena, &fault), ST_OK);
	return env->psci_conduit;
}

/* Rules: H3 */
static void what_a_devicetree_leaves_out_stays(void **state)
{
	struct env env;

	(void)state;
	assert_int_equal(conduit_after(NULL, &env), SMALT_PSCI_SMC);
	assert_true(env.fwcfg_pa == 0x9020000);
	assert_int_equal(env.serial_kind, SMALT_SERIAL_PL011);
	assert_true(env.serial_address == 0x9000000);
	assert_int_equal(env.cpu.caches[1].source, SMALT_CACHE_FROM_CCSIDR);
	assert_int_equal(env.cpu.caches[2].source, SMALT_CACHE_FROM_NOBODY);
	assert_int_equal(env.cpu.hypervisor, 0);
}

/* Rules: H3, C1 */
static void what_it_says_counts(void **state)
{
	struct env env;

	(void)state;
	assert_int_equal(conduit_after("hvc", &env), SMALT_PSCI_HVC);
	assert_int_equal(env.cpu.caches[1].source, SMALT_CACHE_FROM_CCSIDR);
	assert_int_equal(env.cpu.caches[2].source, SMALT_CACHE_FROM_DEVICETREE);
	assert_int_equal(env.cpu.caches[2].ways, 16);
	assert_int_equal(env.cpu.hypervisor, 1);
}

static enum status read_tree(struct arena *arena, struct fault *fault)
{
	struct env env = { .psci_conduit = SMALT_PSCI_SMC };
	enum status status = arch_firmware_devicetree((uint64_t)(uintptr_t)tree, &env, arena, fault);

	if (status != ST_OK)
		return status;
	assert_int_equal(env.psci_conduit, SMALT_PSCI_HVC);
	assert_true(env.devicetree.bytes.base > arena->base && env.devicetree.bytes.base < arena->base + arena->used);
	return status;
}

/* Rules: M1, H3 */
static void every_arena_holds_the_tree_or_is_refused(void **state)
{
	struct starve s = { .run = read_tree };

	(void)state;
	make_tree("hvc");
	starve(&s);
	assert_int_equal(s.refusals, 3);     /* what it says, its memory, the copy */
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_devicetree_leaves_out_stays),
		cmocka_unit_test(what_it_says_counts),
		cmocka_unit_test(every_arena_holds_the_tree_or_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
