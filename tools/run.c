/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.c: smalt run: boots a file under QEMU and returns what the guest returned
 * (design.md, section 5: the statuses).
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "guest.h"
#include "loaders.h"
#include "model.h"
#include "option.h"
#include "say.h"
#include "session.h"
#include "verb.h"
#include "where.h"

#define TIMEOUT_SECONDS 60       /* off a terminal */
#define STATUS_LIMIT 255

enum { MODULE, MACHINE, TYPE, RAM, APPEND, LOADER, TIMEOUT, EXPECT, FAIL, PASS, QEMU };

static const struct option options[] = {
	[MODULE] = { "--module", "FILE[,KEY=VALUE...]" },
	[MACHINE] = { "--machine", "NAME" },
	[TYPE] = { "--machine-type", "TYPE" },
	[RAM] = { "--ram", "SIZE" },
	[APPEND] = { "--append", "TEXT" },
	[LOADER] = { "--loader", "FILE" },
	[TIMEOUT] = { "--timeout", "SECONDS" },
	[EXPECT] = { "--expect", "TEXT" },
	[FAIL] = { "--fail", "TEXT" },
	[PASS] = { "--pass-status", "STATUS" },
	[QEMU] = { "--qemu", "ARGUMENT" },
	{ NULL, NULL },
};

struct job {
	struct guest_request guest;
	struct rules rules;
	const char *words[BUNDLE_FILES];     /* the file, then modules */
	uint32_t word_count;
	char loader[LOADERS_PATH_BYTES];
	struct input file;
	bool is_archive;
};

static bool take_number(const char *option, const char *text, uint64_t limit, uint64_t *number)
{
	bool good = span_number(span_of(text), number) && *number <= limit;

	if (!good)
		say("%s %s: write a number up to %" PRIu64, option, text, limit);
	return good;
}

static bool take_machine(struct job *job, const char *name)
{
	job->guest.qemu.machine = machine_by_name(name);
	if (!job->guest.qemu.machine)
		say("--machine %s: choose %s or %s", name, machines[0]->name, machines[1]->name);
	return job->guest.qemu.machine != NULL;
}

static bool take_module(struct job *job, const char *word)
{
	if (job->word_count == 0)
		job->words[job->word_count++] = NULL;        /* the kernel's place */
	if (job->word_count == BUNDLE_FILES) {
		say("%s: more than %d files", word, BUNDLE_FILES);
		return false;
	}
	job->words[job->word_count++] = word;
	return true;
}

static bool take_file(struct job *job, const char *word)
{
	if (job->words[0]) {
		say("%s: one file is booted, others are --module FILE", word);
		return false;
	}
	job->words[0] = word;
	if (job->word_count == 0)
		job->word_count = 1;
	return true;
}

static bool take_qemu(struct job *job, const char *argument)
{
	struct qemu_request *qemu = &job->guest.qemu;

	if (qemu->extra_count == QEMU_EXTRA) {
		say("--qemu %s: more than %d arguments", argument, QEMU_EXTRA);
		return false;
	}
	qemu->extra[qemu->extra_count++] = argument;
	return true;
}

static bool take(struct job *job, int option, const char *value)
{
	struct guest_request *guest = &job->guest;
	uint64_t number = 0;
	bool good;

	switch (option) {
	case OPTION_WORD: return take_file(job, value);
	case MODULE:      return take_module(job, value);
	case MACHINE:     return take_machine(job, value);
	case QEMU:        return take_qemu(job, value);
	case TYPE:        guest->qemu.type = value; return true;
	case APPEND:      guest->qemu.append = value; return true;
	case LOADER:      guest->qemu.loader = value; return true;
	case EXPECT:      guest->expect = span_of(value); job->rules.expects = true; return true;
	case FAIL:        guest->fail = span_of(value); return true;
	case RAM:
		return take_number("--ram", value, RAM_LIMIT, &guest->qemu.ram_bytes);
	case TIMEOUT:
		good = take_number("--timeout", value, INT32_MAX / 1000, &number);
		guest->timeout_seconds = (uint32_t)number;
		return good;
	case PASS:
		good = take_number("--pass-status", value, STATUS_LIMIT, &number);
		job->rules.pass_status = (int)number;
		return good;
	default:
		return false;
	}
}

static bool read_words(struct job *job, int count, char **words)
{
	struct options reader = options_begin(options, count, words);

	for (int option; (option = options_next(&reader)) != OPTION_END;)
		if (!take(job, option, reader.value))
			return false;
	if (job->word_count > 1 && !job->words[0]) {
		say("--module needs a kernel: smalt run KERNEL --module FILE");
		return false;
	}
	if (job->word_count == 0 && !job->guest.qemu.machine) {
		say("a file is missing: smalt run FILE, or --machine NAME for what the loader carries");
		return false;
	}
	return true;
}

/* One file as it is; with modules an archive in memory. */
static enum status open_file(struct job *job, struct fault *fault)
{
	struct bundle bundle = { .count = 0 };
	enum status status = ST_OK;
	int fd = -1;

	if (job->word_count <= 1)
		return job->word_count == 1 ? input_open(&job->file, job->words[0], fault) : ST_OK;
	for (uint32_t i = 0; status == ST_OK && i < job->word_count; i++)
		status = bundle_add(&bundle, job->words[i], fault);
	if (status == ST_OK)
		fd = bundle_in_memory(&bundle, fault);
	bundle_close(&bundle);
	return fd < 0 ? fault->status : input_map(&job->file, fd, "boot archive", fault);
}

static enum status find_machine(struct job *job, struct fault *fault)
{
	struct arena arena = { malloc(16 << 20), 16 << 20, 0 };

	job->is_archive = archive_is(job->file.bytes);
	if (!job->guest.qemu.machine && arena.base)
		job->guest.qemu.machine = session_machine(job->file.bytes, &arena, fault);
	free(arena.base);
	return job->guest.qemu.machine ? ST_OK : fault->status;
}

static int tell_timeout(const struct job *job, const struct guest_end *end)
{
	struct session_request request = {
		.machine = job->guest.qemu.machine, .ram_bytes = job->guest.qemu.ram_bytes,
		.cmdline = span_of(job->guest.qemu.append ? job->guest.qemu.append : ""),
		.words = job->words, .word_count = job->word_count,
	};
	char place[WHERE_BYTES] = "", pc[32] = "";

	if (job->is_archive && job->word_count == 1)
		request.archive = job->words[0];
	if (end->has_pc && job->word_count > 0)
		where_describe(&request, end->pc, place);
	if (end->has_pc)
		snprintf(pc, sizeof(pc), ", pc 0x%" PRIx64, end->pc);
	say("no end within %u s%s%s%s%s%s", job->guest.timeout_seconds, pc, *place ? " (" : "", place,
	    *place ? ")" : "", end->serial_bytes == 0 ? ", no byte on serial" : "");
	return VERDICT_TIMEOUT;
}

/* Every end that is not the guest's own has one line that says so. */
static int tell(const struct job *job, const struct guest_end *end)
{
	int status = verdict(&end->outcome, &job->rules);

	if (end->outcome.fail_seen)
		say("the guest printed the text of --fail");
	else if (status == VERDICT_TIMEOUT && end->outcome.timed_out)
		return tell_timeout(job, end);
	else if (!end->outcome.started)
		say("QEMU failed before the guest ran");
	else if (end->outcome.cause == CAUSE_PANIC)
		say("the guest panicked");
	else if (end->outcome.cause == CAUSE_RESET)
		say("the guest reset the machine: a triple fault, or its wish");
	else if (status == VERDICT_UNSEEN)
		say("the guest ended without the text of --expect");
	return status;
}

static int run(struct job *job)
{
	struct guest_end end;
	struct fault fault;

	if (open_file(job, &fault) != ST_OK || find_machine(job, &fault) != ST_OK) {
		say_fault(&fault);
		return VERDICT_REFUSED;
	}
	job->rules.debug_exit = job->guest.qemu.machine->elf_machine == SMALT_MACHINE_X86_64;
	if (!job->guest.qemu.loader) {
		if (!loaders_find(job->guest.qemu.machine, job->loader))
			return VERDICT_REFUSED;
		job->guest.qemu.loader = job->loader;
	}
	job->guest.qemu.file_fd = job->file.fd;
	if (!guest_watch(&job->guest, &end))
		return VERDICT_REFUSED;
	if (end.signal)
		raise(end.signal);       /* everything is cleaned up: end as if never caught */
	return tell(job, &end);
}

int verb_run(int count, char **words)
{
	struct job *job = calloc(1, sizeof(*job));
	int status = VERDICT_REFUSED;

	if (!job)
		return status;
	job->file.fd = -1;
	job->rules.pass_status = -1;
	job->guest.qemu.ram_bytes = MODEL_RAM_DEFAULT;
	job->guest.timeout_seconds = isatty(STDOUT_FILENO) ? 0 : TIMEOUT_SECONDS;
	if (read_words(job, count, words))
		status = run(job);
	input_close(&job->file);
	free(job);
	return status;
}
