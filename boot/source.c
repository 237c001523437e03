/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source.c: where the bytes of a boot come from: one file of the firmware that
 * is a boot archive or a kernel, and single files (fw_cfg opt/smalt/NAME).
 */
#include <stddef.h>

#include "boot.h"
#include "protocol.h"

#define SINGLE_FILES "opt/smalt/"

/* A file by the name that smalt.conf uses. */
struct found {
	struct span bytes;
	uint64_t pa;
	bool donated;
};

/* The firmware's own file first; the archive in the loader image is the default. */
static const struct file *main_file(const struct env *env)
{
	const struct file *file = env_file(env, "initrd");

	return file ? file : env_file(env, "embedded");
}

const struct file *env_file(const struct env *env, const char *name)
{
	for (uint32_t i = 0; i < env->file_count; i++)
		if (span_is(env->files[i].name, name))
			return &env->files[i];
	return NULL;
}

static const struct file *single_file(const struct env *env, struct span name)
{
	for (uint32_t i = 0; i < env->file_count; i++) {
		struct span tail = env->files[i].name;

		if (!span_begins(tail, SINGLE_FILES))
			continue;
		tail.base += sizeof SINGLE_FILES - 1;
		tail.bytes -= sizeof SINGLE_FILES - 1;
		if (span_equals(tail, name))
			return &env->files[i];
	}
	return NULL;
}

/* A single file replaces one of the same name in the archive. */
static bool find(const struct boot *boot, struct span name, struct found *found)
{
	const struct file *whole = main_file(boot->env), *single = single_file(boot->env, name);
	const struct archive_file *packed = archive_find(&boot->archive, name);

	if (!single && !packed && span_equals(name, whole->name))
		single = whole;
	if (single)
		*found = (struct found){ single->bytes, single->pa, single->donated };
	else if (packed)
		*found = (struct found){ packed->bytes,
			whole->pa + (uint64_t)(packed->bytes.base - whole->bytes.base),
			whole->donated };
	return single || packed;
}

static enum status not_found(const char *what, struct span name, struct fault *fault)
{
	fault_field(fault, ST_NOT_FOUND, what);
	return fault_word(fault, name);
}

/* Compressed files are told apart from nonsense: people do it to initrds by habit. */
static enum status check_plain(const struct file *file, struct fault *fault)
{
	static const struct { const char *magic; uint32_t bytes; const char *hint; } packed[] = {
		{ "\x1f\x8b", 2, "it is gzip: decompress it before" },
		{ "\xfd" "7zXZ", 5, "it is xz: decompress it before" },
		{ "\x28\xb5\x2f\xfd", 4, "it is zstd: decompress it before" },
		{ "BZh", 3, "it is bzip2: decompress it before" },
	};

	for (uint32_t i = 0; i < sizeof packed / sizeof packed[0]; i++) {
		struct span magic = { (const uint8_t *)packed[i].magic, packed[i].bytes }, head;

		if (span_sub(file->bytes, 0, magic.bytes, &head) && span_equals(head, magic)) {
			fault_value(fault, ST_BAD_ARCHIVE, "magic", span_u32(file->bytes, 0));
			fault_hint(fault, packed[i].hint);
			return fault_in(fault, file->name);
		}
	}
	return ST_OK;
}

/* smalt.conf of the archive, or the bare kernel as the only line of one. */
static enum status read_config(struct boot *boot, struct fault *fault)
{
	static const char bare[] = "kernel initrd\n";
	struct span name = span_of("smalt.conf");
	struct found found;
	bool has_conf = find(boot, name, &found);

	if (!has_conf && boot->archive.files) {
		not_found("smalt.conf", name, fault);
		return fault_in(fault, boot->source);
	}
	if (has_conf)
		return config_parse(&boot->config, name, found.bytes, boot->arena, fault);
	return config_parse(&boot->config, name, span_of(bare), boot->arena, fault);
}

enum status source_open(struct boot *boot, struct fault *fault)
{
	const struct file *file = main_file(boot->env);
	enum status status;

	if (!file) {
		fault_field(fault, ST_NOT_FOUND, "boot archive or kernel");
		return fault_hint(fault, "pass one, in QEMU by -initrd FILE");
	}
	boot->source = file->name;
	status = check_plain(file, fault);
	if (status == ST_OK && archive_is(file->bytes))
		status = archive_read(&boot->archive, file->name, file->bytes, boot->arena, fault);
	if (status == ST_OK)
		status = config_words(&boot->words, boot->env->cmdline, boot->arena, fault);
	if (status == ST_OK)
		status = read_config(boot, fault);
	return status;
}

static enum status read_kernel(struct boot *boot, struct fault *fault)
{
	struct boot_object *kernel = &boot->objects[0];
	const struct config_entry *entry = &boot->config.entries[boot->entry_index];
	bool on_line = boot->words.settings.set & SET_KERNEL;
	struct span name = on_line ? boot->words.settings.kernel : entry->kernel;
	struct found found;
	enum status status;

	if (name.bytes == 0) {
		fault_field(fault, ST_BAD_CONFIG, "kernel missing in entry");
		fault_word(fault, entry->name);
		fault_hint(fault, "write: kernel PATH");
		return fault_in(fault, span_of("smalt.conf"));
	}
	if (!find(boot, name, &found)) {
		not_found("kernel", name, fault);
		if (!on_line)
			fault_place(fault, entry->line, entry->column);
		return fault_in(fault, on_line ? span_of("command line") : span_of("smalt.conf"));
	}
	status = object_read(&kernel->object, name, found.bytes, found.pa, boot->env->machine,
	                     boot->arena, fault);
	if (status == ST_OK && kernel->object.kind == OBJECT_FLAT) {
		fault_value(fault, ST_NOT_MAPPABLE, "magic", span_u32(found.bytes, 0));
		fault_hint(fault, "a kernel is an executable ELF file, or an arm64 Image");
		return fault_in(fault, name);
	}
	kernel->role = SMALT_ROLE_KERNEL;
	kernel->donated = found.donated;
	return status;
}

static enum status read_module(struct boot *boot, const struct config_module *module,
                               struct boot_object *to, struct fault *fault)
{
	struct found found;

	if (!find(boot, module->path, &found)) {
		not_found("module", module->path, fault);
		fault_place(fault, module->line, module->column);
		return fault_in(fault, span_of("smalt.conf"));
	}
	to->role = module->map ? SMALT_ROLE_MAP : SMALT_ROLE_RAW;
	to->args = module->args;
	to->relocate = module->relocate;
	to->donated = found.donated;
	to->has_va = module->has_va;
	to->va = module->va;
	if (module->map)
		return object_read(&to->object, module->name, found.bytes, found.pa,
		                   boot->env->machine, boot->arena, fault);
	object_flat(&to->object, module->name, found.bytes, found.pa);
	return ST_OK;
}

enum status source_objects(struct boot *boot, struct fault *fault)
{
	const struct config *config = &boot->config;
	enum status status;

	boot->objects = arena_take(boot->arena, config->module_count + 1u, sizeof *boot->objects,
	                           "objects", fault);
	if (!boot->objects)
		return fault->status;
	boot->object_count = 1;
	status = read_kernel(boot, fault);
	for (uint32_t i = 0; status == ST_OK && i < config->module_count; i++) {
		const struct config_module *module = &config->modules[i];

		if (module->entry != 0 && module->entry != boot->entry_index)
			continue;
		status = read_module(boot, module, &boot->objects[boot->object_count++], fault);
	}
	return status;
}
