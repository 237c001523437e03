/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session.c: the loader's surroundings on the host: file, environment, memory.
 *
 * After it the code is the loader's own: nothing here decides about a plan.
 */
#include "session.h"

#include <string.h>
#include <sys/mman.h>

#include "envtext.h"
#include "model.h"
#include "say.h"

#define ARENA_BYTES (1ull << 30)     /* address space: only what is taken becomes memory */

/* --- which machine --- */

static enum status find_kernel(struct span *bytes, struct arena *arena, struct fault *fault)
{
	struct span source = span_of("boot archive");
	const struct archive_file *file;
	struct archive archive = { 0 };
	struct config config = { 0 };
	const struct config_entry *chosen;
	uint32_t entry;
	enum status status = archive_read(&archive, source, *bytes, arena, fault);

	if (status != ST_OK)
		return status;
	file = archive_find(&archive, span_of("smalt.conf"));
	if (!file) {
		fault_field(fault, ST_NOT_FOUND, "smalt.conf");
		return fault_in(fault, source);
	}
	status = config_parse(&config, file->name, file->bytes, arena, fault);
	if (status == ST_OK)
		status = config_choose(&config, (struct span){ 0 }, &entry, fault);
	if (status != ST_OK)
		return status;
	chosen = &config.entries[entry];
	file = archive_find(&archive, chosen->kernel);
	if (!file) {
		fault_field(fault, ST_NOT_FOUND, "kernel");
		fault_word(fault, chosen->kernel);
		fault_place(fault, chosen->line, chosen->column);
		return fault_in(fault, span_of("smalt.conf"));
	}
	*bytes = file->bytes;
	return ST_OK;
}

const struct machine *session_machine(struct span bytes, struct arena *arena, struct fault *fault)
{
	const struct machine *machine = NULL;
	struct content content;
	struct object object;

	if (archive_is(bytes) && find_kernel(&bytes, arena, fault) != ST_OK)
		return NULL;
	if (object_is_elf(bytes))
		machine = machine_by_elf(span_u16(bytes, 18));       /* e_machine */
	if (machine)
		return machine;
	content = content_of(bytes, CONTENT_NOWHERE);
	if (object_read(&object, span_of("kernel"), &content, NULL, arena, fault) != ST_OK)
		return NULL;
	machine = machine_by_elf(object.elf_machine);
	if (machine)
		return machine;
	if (object_is_elf(bytes)) {
		fault_value(fault, ST_WRONG_MACHINE, "e_machine", object.elf_machine);
	} else {
		fault_value(fault, ST_NOT_MAPPABLE, "magic", span_u32(bytes, 0));
		fault_hint(fault, "a kernel is an executable ELF or a.out file, or an arm64 Image");
	}
	fault_in(fault, object.name);
	return NULL;
}

/* --- the file that the machine gets --- */

static const char *file_name(const struct session_request *request)
{
	if (request->archive)
		return request->archive;
	return request->word_count == 1 ? request->words[0] : "boot archive";
}

static enum status make_archive(struct session *s, struct fault *fault)
{
	int fd = bundle_in_memory(&s->bundle, fault);

	return fd < 0 ? fault->status : input_map(&s->boot_file, fd, "boot archive", fault);
}

/* A kernel alone is passed as it is, as people do with -initrd. */
static enum status open_file(struct session *s, const struct session_request *request,
                             struct fault *fault)
{
	enum status status = ST_OK;

	if (request->archive || request->word_count == 1)
		return input_open(&s->boot_file, file_name(request), fault);
	for (uint32_t i = 0; status == ST_OK && i < request->word_count; i++)
		status = bundle_add(&s->bundle, request->words[i], fault);
	return status == ST_OK ? make_archive(s, fault) : status;
}

/* --- the environment --- */

static struct file *main_file(struct env *env)
{
	static const char *const names[] = { "initrd", "embedded" };

	for (unsigned n = 0; n < 2; n++)
		for (uint32_t i = 0; i < env->file_count; i++)
			if (span_is(env->files[i].name, names[n]) &&
			    env->files[i].pa != ENV_ON_VOLUME)
				return &env->files[i];
	return NULL;
}

static enum status read_env(struct session *s, const struct session_request *request,
                            struct fault *fault)
{
	enum status status = input_open(&s->environment, request->environment, fault);

	if (status == ST_OK)
		status = envtext_parse(s->environment.bytes, &s->env, &s->arena, fault);
	if (status == ST_OK && request->machine && request->machine != s->env.machine) {
		fault_field(fault, ST_BAD_ENVIRONMENT, "machine");
		fault_word(fault, span_of(s->env.machine->name));
		status = fault_hint(fault, "--machine names another one: leave it out with --env");
	}
	if (status != ST_OK)
		return fault_in(fault, span_of(request->environment));
	if (request->cmdline.base)
		s->env.cmdline = request->cmdline;
	return ST_OK;
}

/* What has drawn frames stays nowhere, as what is read: then addresses do not follow the file's place. */
static enum status add_random(struct span *cmdline, struct arena *arena, struct fault *fault)
{
	static const char word[] = "smalt.pa=random ";
	char *text = arena_pages(arena, sizeof word + cmdline->bytes, 1, "command line", fault);

	if (!text)
		return fault->status;
	memcpy(text, word, sizeof word - 1);
	memcpy(text + sizeof word - 1, cmdline->base, cmdline->bytes);
	*cmdline = (struct span){ (const uint8_t *)text, sizeof word - 1 + cmdline->bytes };
	return ST_OK;
}

static enum status simulate_env(struct session *s, const struct session_request *request,
                                struct fault *fault)
{
	struct model model = {
		.machine = request->machine, .ram_bytes = request->ram_bytes,
		.file_bytes = s->boot_file.bytes.bytes, .cmdline = request->cmdline,
	};

	if (!model.machine)
		model.machine = session_machine(s->boot_file.bytes, &s->arena, fault);
	if (!model.machine)
		return fault->status;
	if (request->is_read && add_random(&model.cmdline, &s->arena, fault) != ST_OK)
		return fault->status;
	if (model_env(&model, &s->env, &s->arena, fault) != ST_OK)
		return fault->status;
	if (request->is_read)
		s->env.entropy = span_of("any");
	return ST_OK;
}

/* The recorded machine had a file of this size, or the plan would be of no machine at all. */
static enum status check_bytes(const struct file *file, uint64_t bytes, struct fault *fault)
{
	if (file->bytes.bytes == bytes)
		return ST_OK;
	fault_set(fault, ST_BAD_ENVIRONMENT, "bytes of the file", file->bytes.bytes, bytes);
	fault_hint(fault, "the environment was recorded with another file: record it again");
	return fault_in(fault, file->name);
}

/* One file of a volume, which the machine read, or had in memory as a whole. */
static enum status place_part(struct session *s, const struct archive *archive, struct file *file,
                              struct fault *fault)
{
	const struct archive_file *part = archive_find(archive, file->name);
	uint8_t *to;

	if (!part)
		return ST_OK;            /* the plan finds what it needs, or says what it misses */
	if (check_bytes(file, part->bytes.bytes, fault) != ST_OK)
		return fault->status;
	if (file->pa == ENV_ON_VOLUME) {
		file->bytes = part->bytes;
		return ST_OK;
	}
	to = ram_at(&s->ram, file->pa, part->bytes.bytes);
	if (!to)
		return fault_set(fault, ST_BAD_ENVIRONMENT, "file end", file->pa + part->bytes.bytes, s->ram.bytes);
	memcpy(to, part->bytes.base, part->bytes.bytes);
	return ST_OK;
}

/* A machine with a volume had the archive's files on it. */
static enum status place_volume(struct session *s, struct fault *fault)
{
	struct span name = span_of("boot archive");
	struct archive archive = { 0 };
	enum status status = archive_read(&archive, name, s->boot_file.bytes, &s->arena, fault);

	for (uint32_t i = 0; status == ST_OK && i < s->env.file_count; i++)
		status = place_part(s, &archive, &s->env.files[i], fault);
	return status;
}

static enum status place_file(struct session *s, struct fault *fault)
{
	const struct file *file = main_file(&s->env);

	if (!file && s->env.path == SMALT_PATH_UEFI && archive_is(s->boot_file.bytes))
		return place_volume(s, fault);
	if (!file) {
		fault_field(fault, ST_BAD_ENVIRONMENT, "file");
		return fault_hint(fault, "a line `file initrd START BYTES` says where the machine has it");
	}
	if (check_bytes(file, s->boot_file.bytes.bytes, fault) != ST_OK)
		return fault->status;
	return ram_place(&s->ram, file->pa, s->boot_file.fd, file->bytes.bytes, fault);
}

static enum status open_memory(struct session *s, struct fault *fault)
{
	enum status status = ram_open(&s->ram, &s->env, fault);

	if (status == ST_OK)
		status = place_file(s, fault);
	if (status != ST_OK)
		return status;
	s->env.window = (uint64_t)(uintptr_t)s->ram.base;
	for (uint32_t i = 0; i < s->env.file_count; i++)
		if (s->env.files[i].pa != ENV_ON_VOLUME)
			s->env.files[i].bytes.base = s->ram.base + s->env.files[i].pa;
	s->env.devicetree.bytes.base = s->ram.base + s->env.devicetree.pa;
	return ST_OK;
}

static enum status open_arena(struct arena *arena, struct fault *fault)
{
	void *base = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
	                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return fault_value(fault, ST_NO_MEMORY, "address space of the host", ARENA_BYTES);
	*arena = (struct arena){ base, ARENA_BYTES, 0 };
	return ST_OK;
}

/* The loader knows its file as "initrd": here it has a name. */
static void name_file(const struct session_request *request, struct fault *fault)
{
	if (span_is(fault->object, "initrd") || span_is(fault->object, "embedded") ||
	    (span_is(fault->object, "kernel") && request->word_count == 1))
		fault->object = span_of(file_name(request));
}

enum status session_open(struct session *s, const struct session_request *request,
                         struct fault *fault)
{
	enum status status;

	*s = (struct session){ .boot_file.fd = -1, .environment.fd = -1 };
	status = open_arena(&s->arena, fault);
	if (status == ST_OK)
		status = open_file(s, request, fault);
	if (status == ST_OK)
		status = request->environment ? read_env(s, request, fault)
		                              : simulate_env(s, request, fault);
	if (status == ST_OK)
		status = open_memory(s, fault);
	if (status == ST_OK)
		status = boot_plan(&s->boot, &s->env, (struct span){ 0 }, &s->arena, fault);
	if (status == ST_OK)
		boot_finish(&s->boot);
	else
		name_file(request, fault);
	return status;
}

void session_close(struct session *s)
{
	ram_close(&s->ram);
	input_close(&s->boot_file);
	input_close(&s->environment);
	bundle_close(&s->bundle);
	if (s->arena.base)
		munmap(s->arena.base, s->arena.bytes);
	*s = (struct session){ .boot_file.fd = -1, .environment.fd = -1 };
}
