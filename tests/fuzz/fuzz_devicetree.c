/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_devicetree.c: devicetrees: what is read makes a finished map, and a copy of the tree reads the same. */
#include "fuzz.h"

#include "devicetree.h"

#define TREE_PA 0x44200000ull

static enum status read_tree(struct span tree, struct env *env, struct memmap memory, struct fault *fault)
{
	*env = (struct env){ .machine = &machine_aarch64, .memory = memory,
	                     .window = (uint64_t)(uintptr_t)tree.base - TREE_PA };
	return devicetree_read(tree, env, fault);
}

static void check_memory(const struct memmap *memory)
{
	for (uint32_t i = 1; i < memory->count; i++)
		PROMISE(memory->ranges[i - 1].pa + memory->ranges[i - 1].bytes <= memory->ranges[i].pa);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static uint64_t aligned[8 << 10];
	struct smalt_memory ranges[64], others[64];
	struct input in = { data, bytes };
	uint32_t capacity = (uint32_t)take(&in, 1) % 65;
	struct env env, copied;
	struct fault fault;
	uint8_t *copy, *tree;
	uint64_t count;

	memset(aligned, 0, 8);
	memcpy(aligned, in.at, in.left < 8 ? in.left : 8);
	count = devicetree_bytes(aligned);
	if (count == 0 || count > in.left)
		return 0;
	tree = memcpy(malloc(count), in.at, count);
	if (fine(read_tree((struct span){ tree, count }, &env, (struct memmap){ ranges, 0, capacity }, &fault), &fault)) {
		check_memory(&env.memory);
		PROMISE(devicetree_copy_bytes((struct span){ tree, count }) <= count);
		copy = malloc(devicetree_copy_bytes((struct span){ tree, count }));
		devicetree_copy(copy, (struct span){ tree, count });
		count = devicetree_copy_bytes((struct span){ tree, count });
		PROMISE(devicetree_bytes(copy) == count);
		PROMISE(read_tree((struct span){ copy, count }, &copied, (struct memmap){ others, 0, 64 }, &fault) == ST_OK);
		PROMISE(span_equals(env.cmdline, copied.cmdline) && env.psci_conduit == copied.psci_conduit);
		free(copy);
	}
	free(tree);
	return 0;
}
