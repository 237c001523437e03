/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * count.c: counts guest instructions between two addresses, inside QEMU.
 *
 *     -plugin count.so,from=0x200000,to=0xffffffff80000000,out=FILE
 *
 * Every translation block has a counter of its own, which QEMU increments inline.
 * At `from` all start anew; at `to` FILE gets the line `total N`, then one line
 * `va instructions executions` for each block that ran, and QEMU ends. A repeated
 * string instruction counts once for each iteration. A block that a fault leaves early
 * counts whole. Format: QEMU 7.2, docs/devel/tcg-plugins.rst, API version 1; the few
 * prototypes stand here, so that no header of QEMU's is needed.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))
#define INLINE_ADD_U64 0        /* enum qemu_plugin_op */
#define CB_NO_REGS     0        /* enum qemu_plugin_cb_flags */

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef uint64_t plugin_id;
typedef void translate_call(plugin_id id, struct qemu_plugin_tb *tb);
typedef void execute_call(unsigned cpu, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, translate_call *call);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op, void *counter, uint64_t add);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, execute_call *call, int flags,
                                            void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

PUBLIC extern int qemu_plugin_version;
int qemu_plugin_version = 1;
PUBLIC int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

struct block {
	struct block *next;
	uint64_t va;
	uint64_t instructions;
	uint64_t executions;     /* QEMU adds to it */
	uint64_t index;          /* of the instruction at from or to */
};

/* A plugin has one instance and no argument to hang its state on. */
static struct {
	struct block *blocks;
	uint64_t from, to;
	const char *out;
	bool began;
} plugin;

/* The block that begins has counted itself already, from its first instruction on. */
static void begin(unsigned cpu, void *data)
{
	struct block *first = data;

	(void)cpu;
	if (plugin.began)
		return;
	plugin.began = true;
	for (struct block *b = plugin.blocks; b; b = b->next)
		b->executions = 0;
	first->executions = 1;
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
	out = fopen(plugin.out, "w");
	if (!out)
		_exit(1);
	for (struct block *b = plugin.blocks; b; b = b->next)
		total += b->instructions * b->executions;
	fprintf(out, "total %" PRIu64 "\n", total);
	for (struct block *b = plugin.blocks; b; b = b->next)
		if (b->executions != 0)
			fprintf(out, "%#" PRIx64 " %" PRIu64 " %" PRIu64 "\n", b->va, b->instructions, b->executions);
	_exit(fclose(out) != 0);
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
	for (size_t i = 0; i < block->instructions; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t va = qemu_plugin_insn_vaddr(insn);

		if (va != plugin.from && va != plugin.to)
			continue;
		block->index = i;
		qemu_plugin_register_vcpu_insn_exec_cb(insn, va == plugin.from ? begin : end, CB_NO_REGS, block);
	}
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (!value)
			return 1;
		value++;
		if (strncmp(argv[i], "from=", 5) == 0)
			plugin.from = strtoull(value, NULL, 0);
		else if (strncmp(argv[i], "to=", 3) == 0)
			plugin.to = strtoull(value, NULL, 0);
		else if (strncmp(argv[i], "out=", 4) == 0)
			plugin.out = strdup(value);
		else
			return 1;
	}
	if (!plugin.out)
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	return 0;
}
