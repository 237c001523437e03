/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source.c: where the bytes of a boot come from: one file of the firmware that
 * is a boot archive or a kernel, else the volume that the loader came from; and single
 * files (fw_cfg opt/smalt/NAME), which go before both.
 */
#include <stddef.h>

#include "boot.h"
#include "firmware.h"
#include "protocol.h"

#define SINGLE_FILES "opt/smalt/"

/* A file by the name that smalt.conf uses. */
struct found {
	struct content content;
	const struct file *file;     /* NULL: a part of the archive */
	bool donated;
};

static const struct file *file_named(const struct env *env, struct span name)
{
	for (uint32_t i = 0; i < env->file_count; i++)
		if (span_equals(env->files[i].name, name))
			return &env->files[i];
	return NULL;
}

const struct file *env_file(const struct env *env, const char *name)
{
	return file_named(env, span_of(name));
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

static enum status read_volume(const struct content *content, uint64_t file_offset, void *to,
                               uint64_t bytes, struct fault *fault)
{
	return firmware_read(content->reader, content->file, file_offset, to, bytes, fault);
}

static void found_file(const struct boot *boot, const struct file *file, struct found *found)
{
	*found = (struct found){ content_of(file->bytes, file->pa), file, file->donated };
	if (file->pa != ENV_ON_VOLUME)
		return;
	found->content.pa = CONTENT_NOWHERE;
	found->content.read = read_volume;
	found->content.reader = boot->env;
	found->content.file = file;
	found->content.arena = boot->arena;
}

/*
 * A single file replaces one of the same name in the archive, and that one a file
 * that the firmware gave or that is on the volume. found->content.bytes.base and ->file are NULL if there is none.
 * whole: its bytes must be in memory.
 */
static enum status find(const struct boot *boot, struct span name, bool whole, struct found *found,
                        struct fault *fault)
{
	const struct archive_file *packed = archive_find(&boot->archive, name);
	const struct file *file = single_file(boot->env, name);

	*found = (struct found){ .file = NULL };
	if (!file && packed) {
		uint64_t pa = boot->main->pa + (uint64_t)(packed->bytes.base - boot->main->bytes.base);

		*found = (struct found){ content_of(packed->bytes, pa), NULL, boot->main->donated };
		return ST_OK;
	}
	if (!file)
		file = file_named(boot->env, name);
	if (!file && !boot->main &&
	    firmware_find(boot->env, name, whole, &file, fault) != ST_OK)
		return fault->status;
	if (file && whole && !file->bytes.base && firmware_load(boot->env, file, fault) != ST_OK)
		return fault->status;
	if (file)
		found_file(boot, file, found);
	return ST_OK;
}

static bool is_found(const struct found *found)
{
	return found->file || found->content.bytes.base;
}

static enum status not_found(const struct boot *boot, const char *what, struct span name,
                             struct fault *fault)
{
	fault_field(fault, ST_NOT_FOUND, what);
	if (!boot->main)
		fault_hint(fault, "paths count from the folder of smalt.conf; with a / in front, from the "
		                  "root of its volume");
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

/* smalt.conf, or the bare kernel as the only line of one. */
static enum status read_config(struct boot *boot, struct fault *fault)
{
	static const char bare[] = "kernel initrd\n";
	struct span name = span_of("smalt.conf");
	struct found found;

	if (find(boot, name, true, &found, fault) != ST_OK)
		return fault->status;
	if (is_found(&found))
		return config_parse(&boot->config, name, found.content.bytes, boot->arena, fault);
	if (boot->archive.files) {
		not_found(boot, "smalt.conf", name, fault);
		return fault_in(fault, boot->source);
	}
	return config_parse(&boot->config, name, span_of(bare), boot->arena, fault);
}

/*
 * The firmware's own file first, then the volume that has a smalt.conf, which is no one file;
 * the archive in the loader image is the default.
 */
static enum status choose_main(struct boot *boot, struct fault *fault)
{
	struct span conf = span_of("smalt.conf");
	const struct file *found = file_named(boot->env, conf);

	boot->source = span_of("volume");
	boot->main = env_file(boot->env, "initrd");
	if (!boot->main && !found && firmware_find(boot->env, conf, true, &found, fault) != ST_OK)
		return fault->status;
	if (!boot->main && !found)
		boot->main = env_file(boot->env, "embedded");
	if (boot->main)
		boot->source = boot->main->name;
	if (boot->main || found || single_file(boot->env, conf))
		return ST_OK;
	fault_field(fault, ST_NOT_FOUND, "boot archive or kernel");
	return fault_hint(fault, boot->env->path == SMALT_PATH_UEFI
		? "put a smalt.conf beside the loader, or in the root of its volume"
		: "pass one, in QEMU by -initrd FILE");
}

enum status source_open(struct boot *boot, struct fault *fault)
{
	const struct file *file;
	enum status status = choose_main(boot, fault);

	file = boot->main;
	if (status == ST_OK && file)
		status = check_plain(file, fault);
	if (status == ST_OK && file && archive_is(file->bytes))
		status = archive_read(&boot->archive, file->name, file->bytes, boot->arena, fault);
	if (status == ST_OK)
		status = config_words(&boot->words, boot->env->cmdline, boot->arena, fault);
	if (status == ST_OK)
		status = read_config(boot, fault);
	return status;
}

static void take_found(struct boot_object *o, const struct found *found)
{
	o->content = found->content;
	o->file = found->file;
	o->donated = found->donated;
}

static enum status refuse_flat(struct boot_object *o, struct fault *fault)
{
	struct span head, bytes = o->content.bytes;

	if (content_get(&o->content, 0, bytes.bytes < 4 ? bytes.bytes : 4, &head, fault) != ST_OK)
		return fault->status;
	fault_value(fault, ST_NOT_MAPPABLE, "magic", span_u32(head, 0));
	fault_hint(fault, "a kernel is an executable ELF or a.out file, or an arm64 Image");
	return fault_in(fault, o->object.name);
}

static enum status read_kernel(struct boot *boot, struct fault *fault)
{
	struct boot_object *kernel = &boot->objects[0];
	const struct config_entry *entry = &boot->config.entries[boot->entry_index];
	bool on_line = boot->words.settings.set & SET_KERNEL;
	struct span name = on_line ? boot->words.settings.kernel : entry->kernel;
	struct found found;

	if (name.bytes == 0) {
		fault_field(fault, ST_BAD_CONFIG, "kernel missing in entry");
		fault_word(fault, entry->name);
		fault_hint(fault, "write: kernel PATH");
		return fault_in(fault, span_of("smalt.conf"));
	}
	if (find(boot, name, false, &found, fault) != ST_OK)
		return fault_in(fault, name);
	if (!is_found(&found)) {
		not_found(boot, "kernel", name, fault);
		if (!on_line)
			fault_place(fault, entry->line, entry->column);
		return fault_in(fault, on_line ? span_of("command line") : span_of("smalt.conf"));
	}
	kernel->role = SMALT_ROLE_KERNEL;
	kernel->instance_count = 1;
	take_found(kernel, &found);
	if (object_read(&kernel->object, name, &kernel->content, boot->env->machine, boot->arena,
	                fault) != ST_OK)
		return fault->status;
	return kernel->object.kind == OBJECT_FLAT ? refuse_flat(kernel, fault) : ST_OK;
}

/* A raw module is mapped where it lies: it must be in memory. */
static enum status read_module(struct boot *boot, const struct config_module *module,
                               struct boot_object *to, struct fault *fault)
{
	struct found found;

	if (find(boot, module->path, !module->map, &found, fault) != ST_OK)
		return fault_in(fault, module->path);
	if (!is_found(&found)) {
		not_found(boot, "module", module->path, fault);
		fault_place(fault, module->line, module->column);
		return fault_in(fault, span_of("smalt.conf"));
	}
	to->role = module->map ? SMALT_ROLE_MAP : SMALT_ROLE_RAW;
	to->args = module->args;
	to->relocate = module->relocate;
	to->noexec = !module->map || module->noexec;
	to->textrel = module->textrel;
	to->has_va = module->has_va;
	to->va = module->va;
	to->has_policy = module->has_policy;
	to->policy = module->policy;
	take_found(to, &found);
	if (module->map)
		return object_read(&to->object, module->name, &to->content, boot->env->machine,
		                   boot->arena, fault);
	object_flat(&to->object, module->name, &to->content);
	return ST_OK;
}

enum status source_objects(struct boot *boot, struct fault *fault)
{
	const struct config *config = &boot->config;
	uint64_t capacity = 1;
	enum status status;

	for (uint32_t i = 0; i < config->module_count; i++)
		capacity += config->modules[i].instances;
	boot->objects = arena_take(boot->arena, capacity, sizeof *boot->objects,
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
		if (status == ST_OK)
			status = instances_add(boot, module->instances, fault);
	}
	return status;
}

bool boot_is_read(const struct boot_object *o)
{
	return o->content.read != NULL;
}

static enum status load(struct boot *boot, struct boot_object *o, struct fault *fault)
{
	if (firmware_load(boot->env, o->file, fault) != ST_OK)
		return fault_in(fault, o->object.name);
	o->content.bytes = o->object.bytes = o->file->bytes;
	o->content.pa = o->object.bytes_pa = o->file->pa;
	o->content.read = NULL;
	o->donated = o->file->donated;
	return ST_OK;
}

/*
 * A kernel that a protocol puts at fixed physical addresses may lie where the firmware still is:
 * it waits elsewhere in memory. Its modules are files, whatever is asked for.
 */
enum status source_stage(struct boot *boot, struct fault *fault)
{
	uint32_t first = boot->protocol && boot->protocol->place ? 1 : 0;

	for (uint32_t i = first; boot->protocol && i < boot->object_count; i++)
		if (boot_is_read(&boot->objects[i]) && load(boot, &boot->objects[i], fault) != ST_OK)
			return fault->status;
	return ST_OK;
}
