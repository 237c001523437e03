/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * count.c: counts guest instructions between two places, inside QEMU.
 *
 *     -plugin count.so,from=0x200000,to=0xffffffff80000000,out=FILE
 *     -plugin count.so,match=4883ec28...,entry=0x1000,image=0x9000,until=b8...,out=FILE
 *
 * A place is an address, or for code that firmware puts where it likes the bytes a
 * block begins with: match= for from=, until= for to=. entry= is then how far into the
 * image these bytes are, image= how many bytes the image has in memory.
 *
 * Every translation block has a counter of its own, which QEMU increments inline. At
 * the first place all start anew; at the last FILE gets the line `total N from VA`,
 * then one line `va instructions executions outside` for each block that ran, and QEMU
 * ends. For a block of the image, `outside` is how many instructions ran elsewhere
 * between it and the image's next block: what firmware did for it, and interrupts. A
 * repeated string instruction counts once for each iteration. A block that a fault
 * leaves early counts whole.
 */
#include "plugin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE 4096

int qemu_plugin_version = 1;

struct block {
	struct block *next;
	uint64_t va;
	uint64_t instructions;
	uint64_t executions;     /* QEMU adds to it */
	uint64_t outside;        /* instructions elsewhere that followed it */
	uint64_t index;          /* of the instruction at the first or last place */
};

/* An address, or with byte_count the bytes that stand there. */
struct place {
	uint64_t va;
	uint8_t bytes[32];
	size_t byte_count;
};

/* A plugin has one instance and no argument to hang its state on. */
static struct {
	struct block *blocks;
	struct place from, to;
	uint64_t entry, image_bytes;     /* as given */
	uint64_t image_va;               /* 0: not seen yet */
	uint64_t elsewhere;              /* instructions outside of the image; QEMU adds to it */
	uint64_t accounted;              /* of these, how many some block of the image has */
	struct block *last;              /* block of the image that ran last */
	const char *out;
	uint64_t first_va;
	bool began;
} plugin;

static void account(void)
{
	if (plugin.last)
		plugin.last->outside += plugin.elsewhere - plugin.accounted;
	plugin.accounted = plugin.elsewhere;
}

static void inside(unsigned cpu, void *data)
{
	(void)cpu;
	account();
	plugin.last = data;
}

/* The block that begins has counted itself already, from its first instruction on. */
static void begin(unsigned cpu, void *data)
{
	struct block *first = data;

	(void)cpu;
	if (plugin.began)
		return;
	plugin.began = true;
	plugin.first_va = first->va;
	for (struct block *b = plugin.blocks; b; b = b->next)
		b->executions = b->outside = 0;
	first->executions = 1;
	plugin.last = first;
	plugin.accounted = plugin.elsewhere;
}

/* The block of the last instruction has counted itself too: it and what follows do not belong. */
static void end(unsigned cpu, void *data)
{
	struct block *last = data;
	uint64_t total = last->index - last->instructions;
	FILE *out;

	(void)cpu;
	if (!plugin.began)
		return;
	account();
	out = fopen(plugin.out, "w");
	if (!out)
		_exit(1);
	for (struct block *b = plugin.blocks; b; b = b->next)
		total += b->instructions * b->executions;
	fprintf(out, "total %" PRIu64 " from %#" PRIx64 "\n", total, plugin.first_va);
	for (struct block *b = plugin.blocks; b; b = b->next)
		if (b->executions != 0)
			fprintf(out, "%#" PRIx64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", b->va, b->instructions,
			        b->executions, b->outside);
	_exit(fclose(out) != 0);
}

/* Does the block begin with these bytes, as far as both go? */
static bool begins_with(const struct qemu_plugin_tb *tb, const struct place *place)
{
	size_t done = 0;

	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb) && done < place->byte_count; i++) {
		const struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		size_t bytes = qemu_plugin_insn_size(insn);

		if (bytes > place->byte_count - done)
			bytes = place->byte_count - done;
		if (memcmp(qemu_plugin_insn_data(insn), place->bytes + done, bytes) != 0)
			return false;
		done += bytes;
	}
	return place->byte_count != 0;
}

static void watch(struct qemu_plugin_tb *tb, struct block *block, const struct place *place, execute_call *call)
{
	for (size_t i = 0; i < block->instructions; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

		if (place->byte_count != 0 ? i != 0 : qemu_plugin_insn_vaddr(insn) != place->va)
			continue;
		block->index = i;
		qemu_plugin_register_vcpu_insn_exec_cb(insn, call, CB_NO_REGS, block);
		return;
	}
}

/* Firmware begins an image on a page, which tells its entry from a block that looks the same. */
static bool is_entry(const struct qemu_plugin_tb *tb, const struct block *block)
{
	return !plugin.began && begins_with(tb, &plugin.from) && (block->va - plugin.entry) % PAGE == 0;
}

static void translate(plugin_id id, struct qemu_plugin_tb *tb)
{
	struct block *block = calloc(1, sizeof(*block));

	(void)id;
	if (!block)
		abort();
	block->va = qemu_plugin_tb_vaddr(tb);
	block->instructions = qemu_plugin_tb_n_insns(tb);
	block->next = plugin.blocks;
	plugin.blocks = block;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &block->executions, 1);

	if (is_entry(tb, block))
		plugin.image_va = block->va - plugin.entry;
	if (plugin.image_va && block->va - plugin.image_va < plugin.image_bytes)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, inside, CB_NO_REGS, block);
	else
		qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64, &plugin.elsewhere, block->instructions);

	if (plugin.from.byte_count == 0 || is_entry(tb, block))
		watch(tb, block, &plugin.from, begin);
	if (plugin.to.byte_count == 0 || begins_with(tb, &plugin.to))
		watch(tb, block, &plugin.to, end);
}

static bool read_bytes(struct place *place, const char *hex)
{
	unsigned byte;

	for (; hex[0] && place->byte_count < sizeof(place->bytes); hex += 2) {
		if (sscanf(hex, "%2x", &byte) != 1)
			return false;
		place->bytes[place->byte_count++] = (uint8_t)byte;
	}
	return hex[0] == '\0';
}

static bool read_word(const char *key, const char *value)
{
	if (strncmp(key, "match=", 6) == 0)
		return read_bytes(&plugin.from, value);
	if (strncmp(key, "until=", 6) == 0)
		return read_bytes(&plugin.to, value);
	if (strncmp(key, "from=", 5) == 0)
		plugin.from.va = strtoull(value, NULL, 0);
	else if (strncmp(key, "to=", 3) == 0)
		plugin.to.va = strtoull(value, NULL, 0);
	else if (strncmp(key, "entry=", 6) == 0)
		plugin.entry = strtoull(value, NULL, 0);
	else if (strncmp(key, "image=", 6) == 0)
		plugin.image_bytes = strtoull(value, NULL, 0);
	else if (strncmp(key, "out=", 4) == 0)
		plugin.out = strdup(value);
	else
		return false;
	return true;
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		const char *value = strchr(argv[i], '=');

		if (!value || !read_word(argv[i], value + 1))
			return 1;
	}
	if (!plugin.out)
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	return 0;
}
