/* SPDX-License-Identifier: BSD-2-Clause */
/* job.c: the options of smalt run. */
#include "job.h"

#include <inttypes.h>

#include "option.h"
#include "ram.h"
#include "say.h"

#define STATUS_LIMIT 255

enum { MODULE, MACHINE, TYPE, RAM, APPEND, UEFI, LOADER, FIRMWARE, TIMEOUT, EXPECT, FAIL, PASS, QEMU };

static const struct option options[] = {
	[MODULE] = { "--module", "FILE[,KEY=VALUE...]" },
	[MACHINE] = { "--machine", "NAME" },
	[TYPE] = { "--machine-type", "TYPE" },
	[RAM] = { "--ram", "SIZE" },
	[APPEND] = { "--append", "TEXT" },
	[UEFI] = { "--uefi", NULL },
	[LOADER] = { "--loader", "FILE" },
	[FIRMWARE] = { "--firmware", "FILE" },
	[TIMEOUT] = { "--timeout", "SECONDS" },
	[EXPECT] = { "--expect", "TEXT" },
	[FAIL] = { "--fail", "TEXT" },
	[PASS] = { "--pass-status", "STATUS" },
	[QEMU] = { "--qemu", "ARGUMENT" },
	{ NULL, NULL },
};

static bool take_number(const char *option, const char *text, uint64_t limit, uint64_t *number)
{
	bool good = span_number(span_of(text), number) && *number <= limit;

	if (!good)
		say("%s %s: write a number up to %" PRIu64, option, text, limit);
	return good;
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
	case MACHINE:     return option_machine(value, &job->guest.qemu.machine);
	case QEMU:        return take_qemu(job, value);
	case TYPE:        guest->qemu.type = value; return true;
	case APPEND:      guest->qemu.append = value; return true;
	case UEFI:        job->is_uefi = true; return true;
	case LOADER:      guest->qemu.loader = value; return true;
	case FIRMWARE:    job->firmware = value; return true;
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

bool job_read(struct job *job, int count, char **words)
{
	struct options reader = options_begin(options, count, words);

	for (int option; (option = options_next(&reader)) != OPTION_END;)
		if (!take(job, option, reader.value))
			return false;
	if (job->firmware && !job->is_uefi) {
		say("--firmware is for --uefi");
		return false;
	}
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
