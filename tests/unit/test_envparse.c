/* SPDX-License-Identifier: BSD-2-Clause */
/* test_envparse.c: what is printed is read back as it was, and what is wrong is refused with its place. */
#include "envtext.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"

#define ARENA_BYTES (64 << 10)

static uint8_t storage[ARENA_BYTES];

static struct arena fresh(uint64_t bytes)
{
	memset(storage, 0xaa, sizeof(storage));
	return (struct arena){ storage, bytes, 0 };
}

static enum status parse(const char *text, struct env *env, struct fault *fault)
{
	struct arena arena = fresh(sizeof(storage));

	memset(env, 0xaa, sizeof(*env));
	return envtext_parse(span_of(text), env, &arena, fault);
}

/* --- round trip --- */

static struct span print(const struct env *env)
{
	static char text[1 << 16];
	int file = memfd_create("console", MFD_CLOEXEC), before;
	ssize_t got;

	fflush(stdout);
	before = dup(STDOUT_FILENO);
	dup2(file, STDOUT_FILENO);
	log_open(SMALT_SERIAL_PL011, 0);
	envtext_print(env);
	log_open(SMALT_SERIAL_NONE, 0);
	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	close(before);
	got = pread(file, text, sizeof(text), 0);
	close(file);
	assert_true(got > 0);
	return (struct span){ (const uint8_t *)text, (uint64_t)got };
}

static uint64_t state_of_random;

/* Knuth's MMIX generator: the same environments in every run. */
static uint64_t random_below(uint64_t limit)
{
	state_of_random = state_of_random * 6364136223846793005u + 1442695040888963407u;
	return (state_of_random >> 33) % limit;
}

static struct span random_text(uint8_t *bytes, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		bytes[i] = (uint8_t)random_below(256);
	return (struct span){ bytes, count };
}

struct sample {
	struct env env;
	struct smalt_memory ranges[16];
	uint8_t names[ENV_FILES][12], cmdline[200], seed[64];
};

static void random_memory(struct sample *s)
{
	uint64_t pa = 0x1000 * random_below(100);
	uint32_t type = 0;

	s->env.memory = (struct memmap){ s->ranges, (uint32_t)random_below(16), 16 };
	for (uint32_t i = 0; i < s->env.memory.count; i++) {
		/* Neighbours that touch differ in type, as in every finished map. */
		uint32_t other = 1 + (uint32_t)random_below(SMALT_MEM_TYPES - 2);

		type = other >= type ? other + 1 : other;
		s->ranges[i] = (struct smalt_memory){ pa, 0x1000 * (1 + random_below(1 << 20)), type, 0 };
		pa += s->ranges[i].bytes + 0x1000 * random_below(2);
	}
}

static void random_arrays(struct sample *s)
{
	uint64_t pa = 0x1000 * random_below(1000);

	s->env.file_count = (uint32_t)random_below(ENV_FILES + 1);
	for (uint32_t i = 0; i < s->env.file_count; i++)
		s->env.files[i] = (struct file){ random_text(s->names[i], 1 + random_below(12)),
			random_below(4) ? random_below(1ull << 31) << 8 : ENV_ON_VOLUME,
			{ NULL, random_below(1 << 30) }, random_below(2) };
	s->env.part_count = (uint32_t)random_below(ENV_PARTS + 1);
	for (uint32_t i = 0; i < s->env.part_count; i++) {
		static const uint32_t kinds[] = { SMALT_KIND_JUMP, SMALT_KIND_CPU, SMALT_KIND_REPORTER };

		s->env.parts[i] = (struct part){ kinds[random_below(3)], (uint32_t)random_below(16),
			pa, 0x1000 * (1 + random_below(9)) };
		pa += s->env.parts[i].bytes;
	}
	s->env.table_count = (uint32_t)random_below(ENV_TABLES + 1);
	for (uint32_t i = 0; i < s->env.table_count; i++) {
		s->env.tables[i] = (struct range){ pa, 0x1000 * (1 + random_below(9)) };
		pa += s->env.tables[i].bytes + 0x1000 * random_below(2);
	}
}

static uint32_t random_word(void)
{
	return (uint32_t)(random_below(1u << 31) << random_below(2));
}

static void random_firmware(struct env *env)
{
	uint64_t pa = 0x1000 * random_below(1000);

	env->smbios_pa = random_below(2) * 0xf0000;
	env->smbios_bytes = env->smbios_pa ? (uint32_t)random_below(32) : 0;
	env->smbios_count = (uint32_t)random_below(ENV_SMBIOS + 1);
	for (uint32_t i = 0; i < env->smbios_count; i++) {
		env->smbios[i] = (struct range){ pa, 0x1000 * (1 + random_below(9)) };
		pa += env->smbios[i].bytes + 0x1000 * random_below(2);
	}
	if (random_below(2))
		env->framebuffer = (struct framebuffer){ random_below(1ull << 31) << 12,
			1 + random_below(1 << 30), random_word(), random_word(), random_word(),
			1 + (uint32_t)random_below(3), { random_word(), random_word(), random_word() } };
}

static void random_efi(struct efi *efi)
{
	static const uint32_t rights[] = { SMALT_R, SMALT_R | SMALT_W, SMALT_R | SMALT_X, 7 };
	uint64_t pa = 0x1000 * random_below(1000);

	if (random_below(2))
		*efi = (struct efi){ .system_table_pa = 1 + random_below(1ull << 31),
			.descriptor_bytes = 40 + (uint32_t)random_below(99),
			.descriptor_version = random_word(),
			.descriptors_most = (uint32_t)random_below(100000), .callable = random_below(2) };
	if (random_below(2)) {
		efi->attribute_bytes = 40 + (uint32_t)random_below(99);
		efi->attributes.bytes = efi->attribute_bytes * (1 + random_below(999));
	}
	efi->runtime_count = (uint32_t)random_below(ENV_RUNTIME + 1);
	for (uint32_t i = 0; i < efi->runtime_count; i++) {
		efi->runtime[i] = (struct runtime){ pa, 0x1000 * (1 + random_below(9)),
			rights[random_below(4)],
			random_below(2) ? SMALT_CACHE_DEVICE : SMALT_CACHE_WRITE_BACK };
		pa += efi->runtime[i].bytes + 0x1000 * random_below(2);
	}
}

static void random_cpu(struct cpu *cpu)
{
	*cpu = (struct cpu){ (uint32_t)random_below(128), 4, (uint32_t)random_below(6), (uint32_t)random_below(3),
		(uint32_t)random_below(16), (uint32_t)random_below(53), random_below(UINT32_MAX) << 4,
		random_below(UINT32_MAX) << 8, (uint32_t)random_below(2),
		(uint32_t)random_below(2) << 14, (uint32_t)random_below(2), { { 0 } } };
	for (unsigned i = 0; i < GEOMETRY_LEVELS; i++)
		if (random_below(2))
			cpu->caches[i] = (struct cache){ 2 + (uint32_t)random_below(3), random_word(),
				random_word(), (uint64_t)random_word() << random_below(33), random_below(2) };
}

static void random_env(struct sample *s)
{
	bool x86 = random_below(2);

	memset(s, 0, sizeof(*s));
	s->env.path = 1 + (uint32_t)random_below(3);
	s->env.machine = x86 ? &machine_x86_64 : &machine_aarch64;
	random_memory(s);
	random_arrays(s);
	s->env.cmdline = random_text(s->cmdline, random_below(200));
	s->env.loader = (struct range){ random_below(1 << 20), 1 + random_below(1 << 20) };
	random_cpu(&s->env.cpu);
	s->env.rsdp_pa = random_below(2) * 0xf59e0;
	random_firmware(&s->env);
	random_efi(&s->env.efi);
	if (random_below(2))
		s->env.devicetree = (struct file){ .pa = random_below(1 << 20), .bytes = { NULL, 1 + random_below(99) } };
	s->env.serial_kind = (uint32_t)random_below(3);
	s->env.serial_address = s->env.serial_kind ? random_below(1 << 30) : 0;
	s->env.psci_conduit = (uint32_t)random_below(3);
	s->env.wall_clock = random_below(1 << 30);
	s->env.entropy = random_text(s->seed, random_below(65));
	s->env.entropy_source = s->env.entropy.bytes ? (uint32_t)random_below(6) : 0;
}

static void assert_same_file(const struct file *a, const struct file *b)
{
	assert_true(span_equals(a->name, b->name));
	assert_int_equal(a->pa, b->pa);
	assert_int_equal(a->bytes.bytes, b->bytes.bytes);
	assert_int_equal(a->donated, b->donated);
}

static void assert_same_arrays(const struct env *a, const struct env *b)
{
	assert_int_equal(a->memory.count, b->memory.count);
	for (uint32_t i = 0; i < a->memory.count; i++)
		assert_memory_equal(&a->memory.ranges[i], &b->memory.ranges[i], sizeof(struct smalt_memory));
	assert_int_equal(a->file_count, b->file_count);
	for (uint32_t i = 0; i < a->file_count; i++)
		assert_same_file(&a->files[i], &b->files[i]);
	assert_int_equal(a->part_count, b->part_count);
	assert_memory_equal(a->parts, b->parts, a->part_count * sizeof(struct part));
	assert_int_equal(a->table_count, b->table_count);
	assert_memory_equal(a->tables, b->tables, a->table_count * sizeof(struct range));
}

static void assert_same_firmware(const struct env *a, const struct env *b)
{
	assert_int_equal(a->smbios_pa, b->smbios_pa);
	assert_int_equal(a->smbios_bytes, b->smbios_bytes);
	assert_int_equal(a->smbios_count, b->smbios_count);
	assert_memory_equal(a->smbios, b->smbios, a->smbios_count * sizeof(struct range));
	assert_memory_equal(&a->framebuffer, &b->framebuffer, offsetof(struct framebuffer, mask[3]));
}

static void assert_same_cache(const struct cache *a, const struct cache *b)
{
	assert_int_equal(a->source, b->source);
	assert_int_equal(a->sets, b->sets);
	assert_int_equal(a->ways, b->ways);
	assert_int_equal(a->line, b->line);
	assert_int_equal(a->complex, b->complex);
}

static void assert_same_efi(const struct efi *a, const struct efi *b)
{
	assert_int_equal(a->system_table_pa, b->system_table_pa);
	assert_int_equal(a->descriptor_bytes, b->descriptor_bytes);
	assert_int_equal(a->descriptor_version, b->descriptor_version);
	assert_int_equal(a->descriptors_most, b->descriptors_most);
	assert_int_equal(b->descriptors, 0);
	assert_int_equal(a->callable, b->callable);
	assert_int_equal(a->attributes.bytes, b->attributes.bytes);
	assert_null(b->attributes.base);
	assert_int_equal(a->attribute_bytes, b->attribute_bytes);
	assert_int_equal(a->runtime_count, b->runtime_count);
	assert_memory_equal(a->runtime, b->runtime, a->runtime_count * sizeof(struct runtime));
}

static void assert_same(const struct env *a, const struct env *b)
{
	assert_same_arrays(a, b);
	assert_int_equal(a->path, b->path);
	assert_ptr_equal(a->machine, b->machine);
	assert_true(span_equals(a->cmdline, b->cmdline));
	assert_memory_equal(&a->loader, &b->loader, sizeof(a->loader));
	assert_int_equal(a->cpu.leaf_mask, b->cpu.leaf_mask);
	assert_int_equal(a->cpu.levels, b->cpu.levels);
	assert_int_equal(a->cpu.levels_most, b->cpu.levels_most);
	assert_int_equal(a->cpu.el, b->cpu.el);
	assert_int_equal(a->cpu.x86_isa, b->cpu.x86_isa);
	assert_int_equal(a->cpu.pa_bits, b->cpu.pa_bits);
	assert_int_equal(a->cpu.counter_hz, b->cpu.counter_hz);
	assert_int_equal(a->cpu.id, b->cpu.id);
	assert_int_equal(a->cpu.bti, b->cpu.bti);
	assert_int_equal(a->cpu.granules, b->cpu.granules);
	assert_int_equal(a->cpu.hypervisor, b->cpu.hypervisor);
	for (unsigned i = 0; i < GEOMETRY_LEVELS; i++)
		assert_same_cache(&a->cpu.caches[i], &b->cpu.caches[i]);
	assert_int_equal(a->rsdp_pa, b->rsdp_pa);
	assert_same_firmware(a, b);
	assert_same_efi(&a->efi, &b->efi);
	assert_int_equal(a->devicetree.pa, b->devicetree.pa);
	assert_int_equal(a->devicetree.bytes.bytes, b->devicetree.bytes.bytes);
	assert_int_equal(a->serial_kind, b->serial_kind);
	assert_int_equal(a->serial_address, b->serial_address);
	assert_int_equal(a->psci_conduit, b->psci_conduit);
	assert_int_equal(a->wall_clock, b->wall_clock);
	assert_true(span_equals(a->entropy, b->entropy));
	assert_int_equal(a->entropy_source, b->entropy_source);
}

static void what_is_printed_is_read_back_as_it_was(void **state)
{
	static struct sample sample;
	static struct env read;

	(void)state;
	state_of_random = 1;
	for (int i = 0; i < 500; i++) {
		struct arena arena = fresh(sizeof(storage));
		struct fault fault;
		struct span text;

		random_env(&sample);
		text = print(&sample.env);
		memset(&read, 0xaa, sizeof(read));
		if (envtext_parse(text, &read, &arena, &fault) != ST_OK)
			fail_msg("sample %d, line %u: %s %s\n%.*s", i, fault.line, fault.field, fault.word,
			         (int)text.bytes, (const char *)text.base);
		assert_same(&sample.env, &read);
	}
}

/* --- what surrounds the lines --- */

static void what_stands_around_the_marks_is_skipped(void **state)
{
	struct env env;
	struct fault fault;

	(void)state;
	assert_int_equal(parse("SeaBIOS\r\nwords and memory\r\n\033cenv begin\r\npath pvh\r\n"
	                       "machine x86_64\r\nenv end\r\nHello.\nmachine what\n", &env, &fault), ST_OK);
	assert_int_equal(env.path, SMALT_PATH_PVH);
	assert_ptr_equal(env.machine, &machine_x86_64);
	assert_int_equal(env.file_count, 0);
}

static void without_marks_all_lines_count_but_comments(void **state)
{
	static const char text[] = "# by hand\n\n  path\timage  \nmachine aarch64\n"
	                           "memory 1G 0x60000000 usable\ncmdline  two  blanks ";
	struct env env;
	struct fault fault;

	(void)state;
	assert_int_equal(parse(text, &env, &fault), ST_OK);
	assert_int_equal(env.memory.ranges[0].pa, 1u << 30);
	assert_int_equal(env.memory.ranges[0].bytes, 512u << 20);
	assert_true(span_is(env.cmdline, " two  blanks "));
	assert_ptr_equal(env.cmdline.base, strstr(text, " two"));
}

static void numbers_may_be_as_large_as_they_fit(void **state)
{
	struct env env;
	struct fault fault;

	(void)state;
	assert_int_equal(parse("path pvh\nmachine x86_64\ncpu pa_bits=0xffffffff\ncmdline\n"
	                       "cpu id=0xffffffffffffffff\ndevicetree 0x1000 0x2000\n", &env, &fault), ST_OK);
	assert_int_equal(env.cpu.pa_bits, UINT32_MAX);
	assert_int_equal(env.cpu.id, UINT64_MAX);
	assert_int_equal(env.cmdline.bytes, 0);
	assert_true(span_is(env.devicetree.name, "devicetree"));
}

static void what_earlier_versions_printed_of_smbios_is_read(void **state)
{
	struct env env;
	struct fault fault;

	(void)state;
	assert_int_equal(parse("path pvh\nmachine x86_64\nsmbios 0xf59e0\n", &env, &fault), ST_OK);
	assert_int_equal(env.smbios_pa, 0xf59e0);
	assert_int_equal(env.smbios_bytes, 0);
	assert_int_equal(env.smbios_count, 0);
}

static void lists_of_descriptors_may_have_16_mib(void **state)
{
	struct env env;
	struct fault fault;

	(void)state;
	assert_int_equal(parse("path uefi\nmachine x86_64\nefi 1 4K 1 4K\nefi-attributes 4K 4K\n", &env,
	                       &fault), ST_OK);
	assert_int_equal(env.efi.descriptors_most, 4096);
	assert_int_equal(env.efi.attributes.bytes, 16 << 20);
	assert_false(env.efi.callable);
}

/* --- refusals --- */

static const struct { const char *line, *field, *word, *nearest; unsigned column; } malformed[] = {
	{ "memori 0 1K usable", "key", "memori", "memory", 1 },
	{ "xyzzy", "key", "xyzzy", NULL, 1 },
	{ "path pvx", "path", "pvx", "pvh", 6 },
	{ "path", "path", "", NULL, 5 },
	{ "machine x86_64", "key", "machine", NULL, 1 },
	{ "memory", "start", "", NULL, 7 },
	{ "memory 0x1000", "end", "", NULL, 14 },
	{ "memory 0x1000 0x1000 usable", "end", "0x1000", NULL, 15 },
	{ "memory 0x2000 0x1000 usable", "end", "0x1000", NULL, 15 },
	{ "memory 0 0x1000 usabel", "type", "usabel", "usable", 17 },
	{ "memory 0 0x1000 usable more", "memory", "more", NULL, 24 },
	{ "memory 0 0x10000000000000000 usable", "end", "0x10000000000000000", NULL, 10 },
	{ "memory -1 0x1000 usable", "start", "-1", NULL, 8 },
	{ "file", "file", "", NULL, 5 },
	{ "file initrd 0xffffffffffffffff 2", "bytes", "2", NULL, 32 },
	{ "file initrd 0 1 keep", "file", "keep", NULL, 17 },
	{ "file a\\x2 0 1", "file", "\\x2", NULL, 7 },
	{ "file a\\n 0 1", "file", "\\n", NULL, 7 },
	{ "file a\\xGG 0 1", "file", "\\xGG", NULL, 7 },
	{ "cmdline a\\", "cmdline", "\\", NULL, 10 },
	{ "loader 0 0", "end", "0", NULL, 10 },
	{ "part jump r-x 0x1001 0x2001", "part", " jump r-x 0x1001 0x2001", NULL, 5 },
	{ "part jumb r-x 0x1000 0x2000", "part", "jumb", "jump", 6 },
	{ "part jump rx 0x1000 0x2000", "rights", "rx", NULL, 11 },
	{ "part jump x-r 0x1000 0x2000", "rights", "x-r", NULL, 11 },
	{ "cpu levels", "cpu", "levels", NULL, 5 },
	{ "cpu =4", "cpu", "", NULL, 5 },
	{ "cpu level=4", "cpu", "level", NULL, 5 },
	{ "cpu el=0x100000000", "cpu", "el=0x100000000", NULL, 5 },
	{ "cpu el=", "cpu", "el=", NULL, 5 },
	{ "cache", "level", "", NULL, 6 },
	{ "cache 0 64 8 64 cpuid", "level", "0", NULL, 7 },
	{ "cache 5 64 8 64 cpuid", "level", "5", NULL, 7 },
	{ "cache 2 many 8 64 cpuid", "sets", "many", NULL, 9 },
	{ "cache 2 64 0x100000000 64 cpuid", "ways", "0x100000000", NULL, 12 },
	{ "cache 2 64 8", "line", "", NULL, 13 },
	{ "cache 2 64 8 64 ccsid", "source", "ccsid", "ccsidr", 17 },
	{ "cache 2 64 8 64 cpuid linear", "cache", "linear", NULL, 23 },
	{ "seed 0", "seed", "0", NULL, 6 },
	{ "seed", "seed", "", NULL, 5 },
	{ "seed 0g", "seed", "0g", NULL, 6 },
	{ "seed 00 rdrant", "seed", "rdrant", "rdrand", 9 },
	{ "rsdp f59e0", "rsdp", "f59e0", NULL, 6 },
	{ "serial 8251 0x3f8", "serial", "8251", "8250", 8 },
	{ "serial 8250", "serial", "", NULL, 12 },
	{ "psci hvd", "psci", "hvd", "hvc", 6 },
	{ "table 2 1", "end", "1", NULL, 9 },
	{ "devicetree 0x1000", "bytes", "", NULL, 18 },
	{ "wall now", "wall", "now", NULL, 6 },
	{ "smbios", "smbios", "", NULL, 7 },
	{ "smbios 1 0x100000000", "bytes", "0x100000000", NULL, 10 },
	{ "smbios 1 2 3", "smbios", "3", NULL, 12 },
	{ "smbios-table 0x1000 0x1000", "end", "0x1000", NULL, 21 },
	{ "smbios-table 0x1000 0x1800", "smbios-table", " 0x1000 0x1800", NULL, 13 },
	{ "smbios-table 0x1800 0x2800", "smbios-table", " 0x1800 0x2800", NULL, 13 },
	{ "file initrd 0xffffffffffffffff 0", "start", "0xffffffffffffffff", NULL, 13 },
	{ "file initrd volume", "bytes", "", NULL, 19 },
	{ "file initrd volume 1 keep", "file", "keep", NULL, 22 },
	{ "framebuffer 0 0 1 1 1 rgbx 1 2 3", "framebuffer", " 0 0 1 1 1 rgbx 1 2 3", NULL, 12 },
	{ "framebuffer 0", "bytes", "", NULL, 14 },
	{ "framebuffer 0 1 0x100000000 1 1 rgbx 1 2 3", "width", "0x100000000", NULL, 17 },
	{ "framebuffer 0 1 1 x 1 rgbx 1 2 3", "height", "x", NULL, 19 },
	{ "framebuffer 0 1 1 1 x rgbx 1 2 3", "pitch", "x", NULL, 21 },
	{ "framebuffer 0 1 1 1 1 rgbz 1 2 3", "pixels", "rgbz", "rgbx", 23 },
	{ "framebuffer 0 1 1 1 1 rgbx 1 2", "mask", "", NULL, 31 },
	{ "framebuffer 0 1 1 1 1 rgbx 1 2 3 4", "framebuffer", "4", NULL, 34 },
	{ "efi x", "efi", "x", NULL, 5 },
	{ "efi 1 39 1 1", "efi", " 1 39 1 1", NULL, 4 },
	{ "efi 1 4K 1 4097", "efi", " 1 4K 1 4097", NULL, 4 },
	{ "efi 1 48 x 1", "descriptor version", "x", NULL, 10 },
	{ "efi 1 48 1 x", "descriptors", "x", NULL, 12 },
	{ "efi 1 x 1 1", "descriptor bytes", "x", NULL, 7 },
	{ "efi 1 48 1 1 calable", "efi", "calable", NULL, 14 },
	{ "efi-attributes x 48", "efi-attributes", "x", NULL, 16 },
	{ "efi-attributes 1 x", "bytes", "x", NULL, 18 },
	{ "efi-attributes 1 39", "efi-attributes", " 1 39", NULL, 15 },
	{ "efi-attributes 4097 4K", "efi-attributes", " 4097 4K", NULL, 15 },
	{ "runtime 0x1000 0x2000", "rights", "", NULL, 22 },
	{ "runtime 0x1000 0x2000 -wx", "rights", "-wx", NULL, 23 },
	{ "runtime 0x1000 0x2000 rw-u", "rights", "rw-u", NULL, 23 },
	{ "runtime 0x1000 0x2001 rw-", "runtime", " 0x1000 0x2001 rw-", NULL, 8 },
	{ "runtime 0x1000 0x2000 rw- devise", "runtime", "devise", NULL, 27 },
};

/* Rules: M20 */
static void every_malformed_line_is_refused_with_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		char text[256];
		struct env env;
		struct fault fault;

		snprintf(text, sizeof(text), "machine aarch64\n%s\npath image\n", malformed[i].line);
		if (parse(text, &env, &fault) != ST_BAD_ENVIRONMENT)
			fail_msg("accepted: %s", malformed[i].line);
		if (fault.column != malformed[i].column)
			fail_msg("%s: column %u", malformed[i].line, fault.column);
		assert_int_equal(fault.line, 2);
		assert_string_equal(fault.field, malformed[i].field);
		assert_string_equal(fault.word, malformed[i].word);
		if (malformed[i].nearest)
			assert_string_equal(fault.nearest, malformed[i].nearest);
		else
			assert_null(fault.nearest);
	}
}

/* Rules: M20 */
static void a_fact_of_which_there_is_one_must_not_have_two_lines(void **state)
{
	static const struct { const char *line, *word; } facts[] = {
		{ "path pvh", "path" }, { "machine x86_64", "machine" }, { "loader 0 1", "loader" },
		{ "cmdline a", "cmdline" }, { "rsdp 1", "rsdp" }, { "devicetree 0 1", "devicetree" },
		{ "smbios 1", "smbios" }, { "serial 8250 1", "serial" }, { "psci hvc", "psci" },
		{ "wall 1", "wall" }, { "seed 00", "seed" }, { "cpu leaf_mask=1", "leaf_mask=1" },
		{ "cpu el=1", "el=1" }, { "cache 2 64 8 64 cpuid", "2" }, { "cpu id=1", "id=1" }, { "efi 1 40 1 0", "efi" },
		{ "efi-attributes 1 40", "efi-attributes" },
		{ "framebuffer 0 1 1 1 1 rgbx 1 2 3", "framebuffer" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		char text[128];
		struct env env;
		struct fault fault;

		snprintf(text, sizeof(text), "%s\n%s\n", facts[i].line, facts[i].line);
		assert_int_equal(parse(text, &env, &fault), ST_BAD_ENVIRONMENT);
		assert_int_equal(fault.line, 2);
		assert_string_equal(fault.word, facts[i].word);
	}
}

/* Rules: M20 */
static void machine_path_and_the_end_mark_must_be_there(void **state)
{
	struct env env;
	struct fault fault;

	(void)state;
	assert_int_equal(parse("path pvh\n", &env, &fault), ST_BAD_ENVIRONMENT);
	assert_string_equal(fault.field, "machine");
	assert_int_equal(parse("machine x86_64\n", &env, &fault), ST_BAD_ENVIRONMENT);
	assert_string_equal(fault.field, "path");
	assert_int_equal(parse("", &env, &fault), ST_BAD_ENVIRONMENT);
	assert_int_equal(parse("env begin\npath pvh\nmachine x86_64\n", &env, &fault), ST_BAD_ENVIRONMENT);
	assert_string_equal(fault.field, "env end");
}

static bool accepts(const char *line, int times)
{
	static char text[8192];
	struct env env;
	struct fault fault;

	strcpy(text, "machine x86_64\npath pvh\n");
	for (int i = 0; i < times; i++)
		sprintf(text + strlen(text), line, 2 * i, 2 * i + 1);
	return parse(text, &env, &fault) == ST_OK;
}

static void arrays_take_what_they_hold_and_not_one_more(void **state)
{
	(void)state;
	assert_true(accepts("file f%d 0x%x000 1\n", ENV_FILES));
	assert_false(accepts("file f%d 0x%x000 1\n", ENV_FILES + 1));
	assert_true(accepts("table 0x1%02x000 0x1%02x000\n", ENV_TABLES));
	assert_false(accepts("table 0x1%02x000 0x1%02x000\n", ENV_TABLES + 1));
	assert_true(accepts("smbios-table 0x1%02x000 0x1%02x000\n", ENV_SMBIOS));
	assert_false(accepts("smbios-table 0x1%02x000 0x1%02x000\n", ENV_SMBIOS + 1));
	assert_true(accepts("runtime 0x1%02x000 0x1%02x000 r--\n", ENV_RUNTIME));
	assert_false(accepts("runtime 0x1%02x000 0x1%02x000 r--\n", ENV_RUNTIME + 1));
}

static void tables_that_overlap_and_parts_with_a_gap_are_refused(void **state)
{
	static const char *const pairs[] = {
		"table 0x2000 0x3000\ntable 0x1000 0x2000\n",
		"table 0x1000 0x3000\ntable 0x2000 0x4000\n",
		"part jump r-x 0x1000 0x2000\npart cpu r-- 0x3000 0x4000\n",
		"part jump r-x 0x1000 0x2000\npart cpu r-- 0x1000 0x2000\n",
		"smbios-table 0x2000 0x3000\nsmbios-table 0x1000 0x2000\n",
		"smbios-table 0x1000 0x3000\nsmbios-table 0x2000 0x4000\n",
		"runtime 0x2000 0x3000 r--\nruntime 0x1000 0x2000 r--\n",
		"runtime 0x1000 0x3000 r--\nruntime 0x2000 0x4000 r--\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char text[128];
		struct env env;
		struct fault fault;

		snprintf(text, sizeof(text), "machine x86_64\npath pvh\n%s", pairs[i]);
		assert_int_equal(parse(text, &env, &fault), ST_BAD_ENVIRONMENT);
		assert_int_equal(fault.line, 4);
	}
}

static void every_amount_of_memory_is_enough_or_refused(void **state)
{
	static const char text[] = "machine x86_64\npath pvh\nmemory 0 1M usable\n"
	                           "memory 1M 2M reserved\nfile a\\x20b 0 1\nseed 00112233\n"
	                           "cmdline a\\x0ab\n";
	enum status status = ST_NO_MEMORY;
	uint64_t bytes = 0;

	(void)state;
	for (; status != ST_OK && bytes < sizeof(storage); bytes++) {
		struct arena arena = fresh(bytes);
		struct env env;
		struct fault fault;

		status = envtext_parse(span_of(text), &env, &arena, &fault);
		assert_true(status == ST_OK || status == ST_NO_MEMORY);
		for (uint64_t i = bytes; i < sizeof(storage); i++)
			assert_int_equal(storage[i], 0xaa);
	}
	assert_int_equal(status, ST_OK);
	assert_true(bytes > 1);
}

static void cut_off_anywhere_it_is_read_or_refused(void **state)
{
	static const char text[] = "env begin\nmachine x86_64\npath pvh\ncpu el=1\npart jump r-x 0 4K\n"
	                           "memory 0 1M usable\nfile a\\x20b 0 1 kept\nseed 0011 rdrand\nenv end\n";
	struct env env;
	struct fault fault;

	(void)state;
	for (size_t bytes = 0; bytes < sizeof(text); bytes++) {
		/* A copy of exactly these bytes: reading past its end is found. */
		uint8_t *copy = malloc(bytes + 1);
		struct arena arena = fresh(sizeof(storage));
		enum status status;

		memcpy(copy, text, bytes);
		copy = realloc(copy, bytes ? bytes : 1);
		status = envtext_parse((struct span){ copy, bytes }, &env, &arena, &fault);
		assert_int_equal(status, bytes >= sizeof(text) - 2 ? ST_OK : ST_BAD_ENVIRONMENT);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_is_read_back_as_it_was),
		cmocka_unit_test(what_stands_around_the_marks_is_skipped),
		cmocka_unit_test(without_marks_all_lines_count_but_comments),
		cmocka_unit_test(numbers_may_be_as_large_as_they_fit),
		cmocka_unit_test(what_earlier_versions_printed_of_smbios_is_read),
		cmocka_unit_test(lists_of_descriptors_may_have_16_mib),
		cmocka_unit_test(every_malformed_line_is_refused_with_its_place),
		cmocka_unit_test(a_fact_of_which_there_is_one_must_not_have_two_lines),
		cmocka_unit_test(machine_path_and_the_end_mark_must_be_there),
		cmocka_unit_test(arrays_take_what_they_hold_and_not_one_more),
		cmocka_unit_test(tables_that_overlap_and_parts_with_a_gap_are_refused),
		cmocka_unit_test(every_amount_of_memory_is_enough_or_refused),
		cmocka_unit_test(cut_off_anywhere_it_is_read_or_refused),
	};

	return cmocka_run_group_tests_name("envparse", tests, NULL, NULL);
}
