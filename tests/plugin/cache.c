/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache.c: a model of two levels of cache, as the guest's data accesses find them.
 *
 *     -plugin cache.so,l1=32768:8:64,l2=1048576:16:64,out=FILE
 *
 * Both levels (bytes:ways:line) are indexed by physical address, set-associative and
 * replace the line that was used longest ago; the second sees what misses the first.
 * Reads and writes count alike. The guest says what is measured: an instruction that
 * does nothing and holds a number (tests/guests/mark.h). 1 to 7: what follows is of
 * this class; the first of them finds the caches empty. 0: the end, FILE gets a line
 *
 *     class N accesses A l1_misses B misses C cold D
 *
 * for each class that had accesses. Cold are the misses of lines that nobody touched
 * before: no placement avoids them. Instruction fetches and the CPU's walks of page
 * tables are not modelled, devices are no memory.
 */
#include "plugin.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES 8

int qemu_plugin_version = 1;

struct level {
	uint64_t ways, sets, line_shift;
	uint64_t *lines;         /* sets x ways, those used last first: line number + 1, 0: empty */
};

struct count {
	uint64_t accesses, l1_misses, misses, cold;
};

/* A plugin has one instance and no argument to hang its state on. */
static struct {
	struct level l1, l2;
	struct count counts[CLASSES];
	uint8_t *seen;           /* a bit for each line of the second level */
	uint64_t seen_bytes;
	const char *out;
	unsigned class;          /* 0: nothing is measured */
} plugin;

/* Puts the line in front of its set: was it there? */
static bool touch(struct level *level, uint64_t line)
{
	uint64_t *set = level->lines + line % level->sets * level->ways;
	uint64_t way = 0;
	bool hit;

	while (way < level->ways - 1 && set[way] != line + 1)
		way++;
	hit = set[way] == line + 1;
	memmove(set + 1, set, way * sizeof(*set));
	set[0] = line + 1;
	return hit;
}

/* Is it the first time that anybody asks for this line? */
static bool first_time(uint64_t line)
{
	uint64_t byte = line / 8;
	bool first;

	if (byte >= plugin.seen_bytes) {
		uint64_t bytes = 2 * byte + 1;

		plugin.seen = realloc(plugin.seen, bytes);
		if (!plugin.seen)
			abort();
		memset(plugin.seen + plugin.seen_bytes, 0, bytes - plugin.seen_bytes);
		plugin.seen_bytes = bytes;
	}
	first = !(plugin.seen[byte] >> line % 8 & 1);
	plugin.seen[byte] |= (uint8_t)(1u << line % 8);
	return first;
}

static void look_up(struct count *count, uint64_t pa)
{
	uint64_t line = pa >> plugin.l2.line_shift;

	count->accesses++;
	if (touch(&plugin.l1, pa >> plugin.l1.line_shift))
		return;
	count->l1_misses++;
	if (touch(&plugin.l2, line))
		return;
	count->misses++;
	count->cold += first_time(line);
}

/* An access that crosses a line is one of both. */
static void access(unsigned cpu, plugin_meminfo info, uint64_t va, void *data)
{
	struct count *count = &plugin.counts[plugin.class];
	struct qemu_plugin_hwaddr *where;
	uint64_t pa, last;

	(void)cpu;
	(void)data;
	if (plugin.class == 0)
		return;
	where = qemu_plugin_get_hwaddr(info, va);
	if (!where || qemu_plugin_hwaddr_is_io(where))
		return;
	pa = qemu_plugin_hwaddr_phys_addr(where);
	last = pa + (1ull << qemu_plugin_mem_size_shift(info)) - 1;
	look_up(count, pa);
	if (pa >> plugin.l1.line_shift != last >> plugin.l1.line_shift)
		look_up(count, last);
}

static void write_counts(void)
{
	FILE *out = fopen(plugin.out, "w");

	if (!out)
		abort();
	for (unsigned i = 1; i < CLASSES; i++) {
		const struct count *c = &plugin.counts[i];

		if (c->accesses != 0)
			fprintf(out, "class %u accesses %" PRIu64 " l1_misses %" PRIu64 " misses %" PRIu64
			        " cold %" PRIu64 "\n", i, c->accesses, c->l1_misses, c->misses, c->cold);
	}
	if (fclose(out) != 0)
		abort();
}

static void mark(unsigned cpu, void *data)
{
	(void)cpu;
	if (plugin.class != 0 && (uintptr_t)data == 0)
		write_counts();
	plugin.class = (unsigned)(uintptr_t)data;
}

/*
 * The number in an instruction that marks, CLASSES in any other. x86_64: nopl
 * 0x534d4c0N(%rax), Intel SDM volume 2, NOP; aarch64: movz xzr, #0x5340 + N, Arm ARM
 * C6.2, MOVZ.
 */
static unsigned marked(const struct qemu_plugin_insn *insn)
{
	static const uint8_t nopl[] = { 0x0f, 0x1f, 0x80 };
	const uint8_t *bytes = qemu_plugin_insn_data(insn);
	uint32_t word;

	if (qemu_plugin_insn_size(insn) == 7 && memcmp(bytes, nopl, sizeof(nopl)) == 0) {
		memcpy(&word, bytes + 3, sizeof(word));
		word -= 0x534d4c00;
		return word < CLASSES ? word : CLASSES;
	}
	if (qemu_plugin_insn_size(insn) != 4)
		return CLASSES;
	memcpy(&word, bytes, sizeof(word));
	word -= 0xd280001f | 0x5340 << 5;
	return word % 32 == 0 && word / 32 < CLASSES ? word / 32 : CLASSES;
}

static void translate(plugin_id id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		unsigned class = marked(insn);

		if (class < CLASSES)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, mark, CB_NO_REGS, (void *)(uintptr_t)class);
		qemu_plugin_register_vcpu_mem_cb(insn, access, CB_NO_REGS, MEM_RW, NULL);
	}
}

/* bytes:ways:line, of which all are powers of two but the ways. */
static bool read_level(struct level *level, const char *value)
{
	unsigned long long bytes, ways, line;

	if (sscanf(value, "%llu:%llu:%llu", &bytes, &ways, &line) != 3 || ways == 0 || line == 0)
		return false;
	level->ways = ways;
	level->sets = bytes / ways / line;
	while (1ull << level->line_shift < line)
		level->line_shift++;
	level->lines = calloc(level->sets * ways, sizeof(*level->lines));
	return level->lines && level->sets * ways * line == bytes && 1ull << level->line_shift == line;
}

static bool read_word(const char *word)
{
	if (strncmp(word, "l1=", 3) == 0)
		return read_level(&plugin.l1, word + 3);
	if (strncmp(word, "l2=", 3) == 0)
		return read_level(&plugin.l2, word + 3);
	if (strncmp(word, "out=", 4) != 0)
		return false;
	plugin.out = strdup(word + 4);
	return true;
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++)
		if (!read_word(argv[i]))
			return 1;
	if (!plugin.l1.lines || !plugin.l2.lines || !plugin.out)
		return 1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	return 0;
}
