/* SPDX-License-Identifier: BSD-2-Clause */
/* bundle.c: words of a command line become smalt.conf and an archive. */
#include "bundle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "align.h"
#include "config.h"
#include "cpio.h"
#include "object.h"
#include "say.h"

#define PATH_LIMIT 4096

/* Index of the first such byte, or the number of bytes. */
static uint64_t find(struct span s, char byte)
{
	const void *at = memchr(s.base, byte, s.bytes);

	return at ? (uint64_t)((const uint8_t *)at - s.base) : s.bytes;
}

static struct span behind(struct span s, uint64_t index)
{
	return index < s.bytes ? (struct span){ s.base + index + 1, s.bytes - index - 1 }
	                       : (struct span){ s.base + s.bytes, 0 };
}

static struct span last_part(struct span path)
{
	for (uint64_t slash = find(path, '/'); slash < path.bytes; slash = find(path, '/'))
		path = behind(path, slash);
	return path;
}

static enum status refuse(struct fault *fault, const char *field, struct span word, const char *hint)
{
	fault_field(fault, ST_INVALID, field);
	fault_word(fault, word);
	return fault_hint(fault, hint);
}

static enum status check_name(const struct bundle *bundle, struct span name, struct fault *fault)
{
	if (name.bytes == 0 || name.bytes > CPIO_NAME_LIMIT || span_is(name, "TRAILER!!!"))
		return refuse(fault, "name in the archive", name, "choose one with NAME=FILE");
	if (span_is(name, "smalt.conf"))
		return refuse(fault, "name in the archive", name, "smalt.conf comes by --conf, or is generated");
	for (uint32_t i = 0; i < bundle->count; i++)
		if (span_equals(bundle->files[i].name, name))
			return refuse(fault, "name in the archive", name,
			              "two files have it: choose another with NAME=FILE");
	return ST_OK;
}

/* path is a part of a word that outlives bundle; files are opened by a copy with a NUL behind it. */
static enum status open_path(struct input *input, struct span path, struct fault *fault)
{
	char copy[PATH_LIMIT];
	enum status status;

	if (path.bytes >= sizeof(copy))
		return fault_set(fault, ST_INVALID, "length of the path", path.bytes, sizeof(copy) - 1);
	memcpy(copy, path.base, path.bytes);
	copy[path.bytes] = '\0';
	status = input_open(input, copy, fault);
	if (status != ST_OK)
		fault->object = path;
	else if (input->bytes.bytes > CPIO_FILE_LIMIT)
		status = fault_set(fault, ST_INVALID, "bytes of a file", input->bytes.bytes, CPIO_FILE_LIMIT);
	return status;
}

static enum status add(struct bundle *bundle, struct bundle_file file, struct span path,
                       struct fault *fault)
{
	enum status status;

	file.input.fd = -1;
	if (bundle->count == BUNDLE_FILES)
		return fault_set(fault, ST_INVALID, "files", BUNDLE_FILES + 1, BUNDLE_FILES);
	status = check_name(bundle, file.name, fault);
	if (status == ST_OK)
		status = open_path(&file.input, path, fault);
	if (status == ST_OK)
		bundle->files[bundle->count++] = file;
	else
		input_close(&file.input);
	return status;
}

enum status bundle_add(struct bundle *bundle, const char *word, struct fault *fault)
{
	struct span all = span_of(word), path = { all.base, find(all, ',') };
	struct bundle_file file = { .name = last_part(path), .options = behind(all, path.bytes) };
	uint64_t equals = find(path, '=');

	if (equals < path.bytes) {
		file.name = (struct span){ path.base, equals };
		path = behind(path, equals);
	}
	return add(bundle, file, path, fault);
}

enum status bundle_add_path(struct bundle *bundle, const char *path, struct fault *fault)
{
	struct span all = span_of(path);

	return add(bundle, (struct bundle_file){ .name = last_part(all) }, all, fault);
}

/* A word of smalt.conf (token.h): in quotes, with two characters escaped, where it must. */
static void put_word(FILE *conf, struct span value)
{
	bool plain = value.bytes > 0 && *value.base != '#';

	for (uint64_t i = 0; i < value.bytes; i++)
		plain = plain && !strchr(" \t\r\"\\", value.base[i]);
	if (plain) {
		fwrite(value.base, 1, value.bytes, conf);
		return;
	}
	fputc('"', conf);
	for (uint64_t i = 0; i < value.bytes; i++) {
		if (value.base[i] == '"' || value.base[i] == '\\')
			fputc('\\', conf);
		fputc(value.base[i], conf);
	}
	fputc('"', conf);
}

static enum status put_options(FILE *conf, struct span options, struct fault *fault)
{
	while (options.bytes > 0) {
		bool args = span_begins(options, "args=");
		struct span option = { options.base, args ? options.bytes : find(options, ',') };
		uint64_t equals = find(option, '=');

		if (equals == 0 || equals == option.bytes)
			return refuse(fault, "option of a module", option, "write KEY=VALUE");
		fprintf(conf, " %.*s=", (int)equals, (const char *)option.base);
		put_word(conf, behind(option, equals));
		options = behind(options, option.bytes);
	}
	return ST_OK;
}

static enum status put_lines(const struct bundle *bundle, FILE *conf, struct fault *fault)
{
	enum status status = ST_OK;

	for (uint32_t i = 0; status == ST_OK && i < bundle->count; i++) {
		const struct bundle_file *file = &bundle->files[i];

		if (find(file->name, '\n') < file->name.bytes ||
		    find(file->options, '\n') < file->options.bytes)
			return refuse(fault, "line break in", file->name, "smalt.conf has one line a file");
		fputs(i == 0 ? "kernel " : "module ", conf);
		put_word(conf, file->name);
		if (i == 0 && file->options.bytes > 0)
			return refuse(fault, "option of the kernel", file->options,
			              "options are for modules: the kernel's stand in smalt.conf (--conf)");
		status = put_options(conf, file->options, fault);
		fputc('\n', conf);
	}
	return status;
}

static enum status check_no_options(const struct bundle *bundle, struct fault *fault)
{
	for (uint32_t i = 0; i < bundle->count; i++)
		if (bundle->files[i].options.bytes > 0)
			return refuse(fault, "option", bundle->files[i].options,
			              "with --conf options stand in that file");
	return ST_OK;
}

/* Does an entry ask for pages larger than CPIO_PAGE? A file stays in place if it has such pages of its own. */
static bool has_large_pages(const struct config *config)
{
	for (uint32_t i = 0; i < config->entry_count; i++)
		if (config->entries[i].granule_shift > 12)
			return true;
	return false;
}

/* So that nobody boots a machine to learn of a misspelled key. */
static enum status check_conf(struct span conf, bool *large_pages, struct fault *fault)
{
	struct arena arena = { NULL, 512 * conf.bytes + (64 << 10), 0 };
	struct config config = { 0 };
	enum status status;

	arena.base = malloc(arena.bytes);
	if (!arena.base)
		return fault_value(fault, ST_NO_MEMORY, "smalt.conf", conf.bytes);
	status = config_parse(&config, span_of("smalt.conf"), conf, &arena, fault);
	*large_pages = status == ST_OK && has_large_pages(&config);
	free(arena.base);
	return status;
}

/*
 * aarch64 has leaves of 64K, and its firmware puts an archive at a multiple of them: there
 * an object with fixed addresses can stay where it lies, if the archive puts it right.
 */
static uint64_t wanted_phase(struct span bytes)
{
	struct arena arena = { NULL, (1 << 20) + 2 * min_u64(bytes.bytes, 16 << 20), 0 };
	const struct segment *largest = NULL;
	uint64_t phase = CPIO_ANYWHERE;
	struct content content = content_of(bytes, CONTENT_NOWHERE);
	struct object object;
	struct fault fault;

	arena.base = malloc(arena.bytes);
	if (arena.base && object_read(&object, span_of(""), &content, NULL, &arena, &fault) == ST_OK &&
	    object.kind == OBJECT_FIXED && object.elf_machine == SMALT_MACHINE_AARCH64) {
		for (uint32_t i = 0; i < object.segment_count; i++)
			if (!largest || object.segments[i].file_bytes > largest->file_bytes)
				largest = &object.segments[i];
		if ((largest->va - largest->file_offset) % CPIO_PAGE == 0)
			phase = (largest->va - largest->file_offset) % CPIO_CHUNK;
	}
	free(arena.base);
	return phase;
}

static void write_all(const struct bundle *bundle, struct span conf, bool large_pages, FILE *out)
{
	struct cpio cpio = { .out = out };

	cpio_add(&cpio, span_of("smalt.conf"), conf, CPIO_ANYWHERE);
	for (uint32_t i = 0; i < bundle->count; i++) {
		struct span bytes = bundle->files[i].input.bytes;

		cpio_add(&cpio, bundle->files[i].name, bytes, large_pages ? 0 : wanted_phase(bytes));
	}
	cpio_end(&cpio);
}

enum status bundle_conf(const struct bundle *bundle, char **text, struct span *conf,
                        struct fault *fault)
{
	size_t text_bytes = 0;
	bool large_pages;
	FILE *generated;
	enum status status;

	*text = NULL;
	generated = open_memstream(text, &text_bytes);
	if (!generated)
		return fault_field(fault, ST_NO_MEMORY, "smalt.conf");
	status = put_lines(bundle, generated, fault);
	if (fclose(generated) != 0 && status == ST_OK)
		status = fault_field(fault, ST_NO_MEMORY, "smalt.conf");
	*conf = (struct span){ (const uint8_t *)*text, text_bytes };
	return status == ST_OK ? check_conf(*conf, &large_pages, fault) : status;
}

enum status bundle_write(const struct bundle *bundle, const struct span *conf, FILE *out,
                         struct fault *fault)
{
	char *text = NULL;
	struct span generated;
	bool large_pages = false;
	enum status status;

	if (conf) {
		status = check_no_options(bundle, fault);
		if (status == ST_OK)
			status = check_conf(*conf, &large_pages, fault);
	} else {
		status = bundle_conf(bundle, &text, &generated, fault);
	}
	if (status == ST_OK)
		write_all(bundle, conf ? *conf : generated, large_pages, out);
	free(text);
	return status;
}

int bundle_in_memory(const struct bundle *bundle, struct fault *fault)
{
	int fd = memfd_create("archive", MFD_CLOEXEC), copy = fd < 0 ? -1 : dup(fd);
	FILE *out = copy < 0 ? NULL : fdopen(copy, "wb");
	enum status status;

	if (!out) {
		status = fault_file(fault, "boot archive", "create", errno);
		if (copy >= 0)
			close(copy);
	} else {
		status = bundle_write(bundle, NULL, out, fault);
		if (fclose(out) != 0 && status == ST_OK)
			status = fault_file(fault, "boot archive", "write", errno);
	}
	if (status == ST_OK)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

void bundle_close(struct bundle *bundle)
{
	for (uint32_t i = 0; i < bundle->count; i++)
		input_close(&bundle->files[i].input);
	bundle->count = 0;
}
