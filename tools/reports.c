/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reports.c: a file is checked by itself, then planned as a boot would: a kernel alone, a module
 * beside a kernel that does nothing, an archive as it is.
 */
#include "reports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "elf64.h"
#include "say.h"
#include "session.h"

static void *need(void *memory)
{
	if (!memory) {
		say("no memory for the report");
		exit(EXIT_REFUSED);
	}
	return memory;
}

struct report *reports_add(struct reports *reports, char *name)
{
	if (reports->count == reports->capacity) {
		reports->capacity = reports->capacity ? 2 * reports->capacity : 8;
		reports->list = need(realloc(reports->list, reports->capacity * sizeof(*reports->list)));
	}
	reports->list[reports->count] = (struct report){ .name = name };
	return &reports->list[reports->count++];
}

void reports_free(struct reports *reports)
{
	for (uint32_t i = 0; i < reports->count; i++) {
		problems_free(&reports->list[i].problems);
		free(reports->list[i].name);
	}
	free(reports->list);
}

static char *name_in(const char *path, struct span name)
{
	char *text;

	if (asprintf(&text, "%s:%.*s", path, (int)name.bytes, (const char *)name.base) < 0)
		text = NULL;
	return need(text);
}

/* Everything that is said about it names it as the report does. */
static void add_fault(struct report *report, struct fault fault)
{
	fault.object = span_of(report->name);
	problems_add(&report->problems, &fault);
}

static void take_object(struct report *report, const struct boot *boot, uint32_t index)
{
	const struct boot_object *o = &boot->objects[index];

	report->planned = true;
	report->machine = boot->env->machine;
	report->role = o->role;
	report->format = o->object.format;
	report->movable = o->object.kind == OBJECT_MOVABLE;
	report->pages = hints_pages(boot, index);
	report->hint_count = hints_find(boot, index, report->hints);
}

/* --- one file --- */

/* The smallest kernel: text that is never run. */
static int stub_kernel(const struct machine *machine)
{
	struct { struct elf64_header header; struct elf64_phdr phdr; uint64_t text; } file = {
		.header = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_DYN, .e_machine = machine->elf_machine, .e_version = EV_CURRENT,
			.e_entry = sizeof(file.header) + sizeof(file.phdr), .e_phoff = sizeof(file.header),
			.e_ehsize = sizeof(file.header), .e_phentsize = sizeof(file.phdr), .e_phnum = 1,
		},
		.phdr = {
			.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_filesz = sizeof(file),
			.p_memsz = sizeof(file), .p_align = 4096,
		},
	};
	int fd = memfd_create("kernel", MFD_CLOEXEC);

	if (fd >= 0 && write(fd, &file, sizeof(file)) != sizeof(file)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* The fault means something also after this: what it names outlives the session, but for its object. */
static enum status plan(struct report *report, const struct session_request *request, uint32_t index,
                        struct fault *fault)
{
	struct session *session = need(calloc(1, sizeof(*session)));
	enum status status = session_open(session, request, fault);

	if (status == ST_OK)
		take_object(report, &session->boot, index);
	session_close(session);
	free(session);
	return status;
}

static void plan_kernel(struct report *report, const struct report_request *request)
{
	const char *words[] = { report->name };
	struct session_request session = {
		.words = words, .word_count = 1, .machine = request->machine,
		.ram_bytes = request->ram_bytes,
	};
	struct fault fault;

	if (plan(report, &session, 0, &fault) != ST_OK)
		add_fault(report, fault);
}

/* What only its kernel and the modules beside it can have. */
static bool needs_others(const struct fault *fault)
{
	return fault->status == ST_UNDEFINED_SYMBOL ||
	       (fault->status == ST_NOT_FOUND && strcmp(fault->field, "DT_NEEDED") == 0);
}

static void hint_others(struct report *report, const struct fault *fault)
{
	struct hint *hint = &report->hints[report->hint_count++];

	hint->name = "symbols";
	snprintf(hint->text, sizeof(hint->text), "it needs \"%s\", which its kernel or a module beside it must have: "
	         "smalt plan KERNEL MODULE,role=map looks for all that it needs", fault->word);
}

/* By their descriptors: a path may have any character. */
static void plan_module(struct report *report, int fd, const struct machine *machine,
                        const struct report_request *request)
{
	char kernel[64], module[64];
	const char *words[] = { kernel, module };
	struct session_request session = {
		.words = words, .word_count = 2, .machine = machine, .ram_bytes = request->ram_bytes,
	};
	int stub = stub_kernel(machine);
	struct fault fault, second = { 0 };

	if (stub < 0) {
		add_fault(report, (struct fault){ .status = ST_NO_MEMORY, .field = strerror(errno) });
		return;
	}
	snprintf(kernel, sizeof(kernel), "kernel=/proc/self/fd/%d", stub);
	snprintf(module, sizeof(module), "module=/proc/self/fd/%d,role=map", fd);
	if (plan(report, &session, 1, &fault) != ST_OK && needs_others(&fault)) {
		strcat(module, ",relocate=no");
		if (plan(report, &session, 1, &second) == ST_OK)
			hint_others(report, &fault);
		fault = second;
	}
	if (!report->planned)
		add_fault(report, fault);
	close(stub);
}

static void report_file(struct reports *reports, const char *path, const struct input *input,
                        const struct report_request *request)
{
	struct report *report = reports_add(reports, need(strdup(path)));
	struct problems_object found;

	problems_find(&report->problems, span_of(report->name), input->bytes, request->machine, &found);
	report->machine = found.machine;
	report->format = found.format;
	report->movable = found.kind == OBJECT_MOVABLE;
	report->role = found.is_kernel ? SMALT_ROLE_KERNEL
	             : found.kind == OBJECT_FLAT ? SMALT_ROLE_RAW : SMALT_ROLE_MAP;
	if (report->problems.count != 0 || report->role == SMALT_ROLE_RAW)
		return;
	if (found.is_kernel)
		plan_kernel(report, request);
	else
		plan_module(report, input->fd, found.machine, request);
}

/* --- a boot archive --- */

/* Problems of any kernel or module in it; false if there are some. */
static bool check_members(struct reports *reports, const char *path, const struct archive *archive,
                          const struct report_request *request)
{
	bool good = true;

	for (uint32_t i = 0; i < archive->file_count; i++) {
		struct problems problems = { .count = 0 };
		char *name = name_in(path, archive->files[i].name);
		struct problems_object found;

		problems_find(&problems, span_of(name), archive->files[i].bytes, request->machine, &found);
		if (problems.count == 0) {
			free(name);
			continue;
		}
		good = false;
		*reports_add(reports, name) = (struct report){
			.name = name, .machine = found.machine, .format = found.format,
			.role = SMALT_ROLE_MAP, .problems = problems,
		};
	}
	return good;
}

static void plan_archive(struct reports *reports, const char *path, const struct report_request *request)
{
	struct session_request asked = {
		.archive = path, .machine = request->machine, .ram_bytes = request->ram_bytes,
	};
	struct session *session = need(calloc(1, sizeof(*session)));
	struct fault fault = { 0 };
	bool good = session_open(session, &asked, &fault) == ST_OK;

	for (uint32_t i = 0; good && i < session->boot.object_count; i++) {
		char *name = name_in(path, session->boot.objects[i].object.name);

		take_object(reports_add(reports, name), &session->boot, i);
	}
	if (!good) {
		char *name = need(fault.object.bytes && !span_is(fault.object, path)
		                  ? name_in(path, fault.object) : strdup(path));

		add_fault(reports_add(reports, name), fault);
	}
	session_close(session);
	free(session);
}

static void report_archive(struct reports *reports, const char *path, const struct input *input,
                           const struct report_request *request)
{
	struct arena arena = { NULL, input->bytes.bytes + (1u << 20), 0 };
	struct archive archive = { 0 };
	struct fault fault;

	arena.base = need(malloc(arena.bytes));
	if (archive_read(&archive, span_of(path), input->bytes, &arena, &fault) != ST_OK)
		add_fault(reports_add(reports, need(strdup(path))), fault);
	else if (check_members(reports, path, &archive, request))
		plan_archive(reports, path, request);
	free(arena.base);
}

void reports_of_file(struct reports *reports, const char *path, const struct report_request *request)
{
	struct input input;
	struct fault fault;

	if (input_open(&input, path, &fault) != ST_OK)
		add_fault(reports_add(reports, need(strdup(path))), fault);
	else if (archive_is(input.bytes))
		report_archive(reports, path, &input, request);
	else
		report_file(reports, path, &input, request);
	input_close(&input);
}
