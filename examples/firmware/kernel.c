/* SPDX-License-Identifier: 0BSD */
/*
 * kernel.c: the firmware on bare metal: Smalt boots it, and it boots a module in its turn.
 *
 *     memory map of the handoff ──▶ smalt_open
 *                     own pages ──▶ smalt_keep
 *                    module.elf ──▶ smalt_plan, smalt_commit
 *                                   smalt_tables ──▶ tables_use ──▶ the module's entry
 */
#include <smalt/exit.h>
#include <smalt/kernel.h>

#include "firmware.h"

#define MEMORY_MOST 256

/* What can move goes here, to the half of the addresses in which nothing of ours is. */
#define MODULES_VA 0x1000000000

typedef uint64_t module_entry(void (*print)(const char *text));

/* x86_64.S, aarch64.S. Both roots; down = physical - virtual address of this code. */
void tables_use(uint64_t root0, uint64_t root1, uint64_t down);

/* What was written there will be executed. */
void code_written(const void *bytes, const void *end);

static const struct smalt_handoff *handoff;      /* of this boot */

void print_char(char c)
{
	if (c == '\n')
		smalt_put(handoff, '\r');
	smalt_put(handoff, c);
}

static _Noreturn void give_up(const char *why)
{
	print("firmware: ");
	print(why);
	print("\n");
	smalt_exit(1);
}

static uint32_t list_memory(struct smalt_memory *memory)
{
	uint32_t count = handoff->memory.count;

	if (count > MEMORY_MOST)
		give_up("more memory ranges than MEMORY_MOST");
	for (uint32_t i = 0; i < count; i++)
		memory[i] = *smalt_nth_memory(handoff, i);
	return count;
}

/* Leaf sizes that this CPU can use: bit i for the i-th. */
static uint32_t list_leaves(void)
{
	uint32_t mask = 0;

	for (uint32_t i = 0; i < 7; i++)
		mask |= (handoff->leaf_shift[i] != 0 ? 1u : 0) << i;
	return mask;
}

/*
 * Everything of ours that must be there when the tables have changed: text, data, stack, handoff,
 * the fault reporter, the console's registers. Rows without any right have no pages.
 */
static void keep_ourselves(struct smalt_space *space)
{
	struct smalt_fault fault;

	for (uint32_t i = 0; i < handoff->extents.count; i++) {
		const struct smalt_extent *e = smalt_nth_extent(handoff, i);

		if (e->prot != 0 && smalt_keep(space, e->va, e->pa, e->bytes, e->prot, e->memory, &fault))
			smalt_exit(print_fault(&fault));
	}
}

/* The page of tables_use(), va == pa: it is executed there while one root is none. */
static uint64_t keep_switch(struct smalt_space *space)
{
	uint64_t va = (uint64_t)(uintptr_t)tables_use & -4096ull, pa;
	struct smalt_fault fault;

	if (!smalt_translate(handoff, va, &pa))
		give_up("own code is not in the handoff");
	if (smalt_keep(space, pa, pa, 4096, SMALT_R | SMALT_X, SMALT_CACHE_WRITE_BACK, &fault))
		smalt_exit(print_fault(&fault));
	return pa - va;
}

/* Caches between data and instructions are the firmware's business, not the library's. */
static void tell_code(const struct smalt_space *space)
{
	uint32_t count;
	const struct smalt_row *rows = smalt_rows(space, &count);
	const struct smalt_extent *e = smalt_extents(space, &count);

	for (; count-- > 0; e++)
		if ((e->prot & SMALT_X) && rows[e->row].kind == SMALT_KIND_OBJECT) {
			const char *bytes = smalt_direct(handoff, e->pa);

			code_written(bytes, bytes + e->bytes);
		}
}

static struct smalt_space *open_space(void)
{
	static struct smalt_memory memory[MEMORY_MOST];
	struct smalt_setup setup = {
		.bytes = sizeof(setup), .machine = handoff->machine, .leaf_mask = list_leaves(),
		.memory = memory, .memory_count = list_memory(memory), .window = handoff->direct_map_va,
		.object_most = OBJECT_MOST, .row_most = ROW_MOST, .extent_most = EXTENT_MOST,
	};
	struct smalt_space *space = firmware_open(&setup);

	if (!space)
		smalt_exit(1);
	return space;
}

/* The module's entry, at its place in the space. */
static module_entry *map_module(struct smalt_space *space, const char *name)
{
	const struct smalt_object *module = smalt_module(handoff, name);
	struct smalt_request request = {
		.bytes = sizeof(request), .name = name, .from = MODULES_VA,
		.flags = SMALT_MAP_INTERPRET | SMALT_MAP_RELOCATE | SMALT_MAP_ENTRY,
	};
	uint32_t status, count;

	if (!module)
		give_up("no module of this name");
	request.object = (const void *)(uintptr_t)module->image_start;
	request.object_bytes = module->file_bytes;
	request.object_pa = module->bytes_pa;
	status = firmware_map(space, &request);
	if (status != SMALT_STATUS_OK)
		smalt_exit(status);
	return (module_entry *)(uintptr_t)smalt_objects(space, &count)->entry;
}

static void firmware(const struct smalt_handoff *h, uint64_t magic)
{
	struct smalt_space *space;
	struct smalt_fault fault;
	uint64_t root_pa[2], down, answer;
	module_entry *entry;

	if (magic != SMALT_MAGIC)
		smalt_exit(1);                           /* somebody else started us */
	handoff = h;
	space = open_space();
	keep_ourselves(space);
	down = keep_switch(space);
	entry = map_module(space, "module.elf");
	if (smalt_tables(space, root_pa, &fault) != SMALT_STATUS_OK)
		smalt_exit(print_fault(&fault));
	print_rows(space);
	tell_code(space);
	tables_use(root_pa[0], root_pa[1], down);
	answer = entry(print);
	print("firmware: the module returned ");
	print_number(answer, 10, 0);
	print("\n");
	smalt_exit(answer == 42 ? 0 : 1);
}

SMALT_ENTRY(firmware);
