/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.c: smalt run: boots a file under QEMU and returns what the guest returned
 * (design.md, section 5: the statuses).
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job.h"
#include "model.h"
#include "say.h"
#include "session.h"
#include "uefi.h"
#include "verb.h"
#include "where.h"

#define TIMEOUT_SECONDS 60       /* off a terminal */
#define DEMO "demo.cpio"         /* built beside the loaders */

/* --- what is booted --- */

static bool find_loader(struct job *job)
{
	const struct machine *machine = job->guest.qemu.machine;

	if (!job->guest.qemu.loader) {
		if (!loaders_find(machine, job->is_uefi ? uefi_loader(machine) : loaders_direct(machine), job->loader))
			return false;
		job->guest.qemu.loader = job->loader;
	}
	return true;
}

/* A loader for UEFI carries no archive: the demo lies beside it. */
static bool choose_demo(struct job *job)
{
	const char *slash;

	if (!find_loader(job))
		return false;
	slash = strrchr(job->guest.qemu.loader, '/');
	snprintf(job->demo, sizeof(job->demo), "%.*s" DEMO, slash ? (int)(slash + 1 - job->guest.qemu.loader) : 0,
	         job->guest.qemu.loader);
	job->words[0] = job->demo;
	job->word_count = 1;
	return true;
}

/* One file as it is; with modules, in direct boot, an archive in memory. */
static enum status open_file(struct job *job, struct fault *fault)
{
	enum status status = ST_OK;
	int fd;

	if (job->word_count == 1)
		status = input_open(&job->file, job->words[0], fault);
	job->is_archive = archive_is(job->file.bytes);
	if (job->word_count <= 1)
		return status;
	for (uint32_t i = 0; status == ST_OK && i < job->word_count; i++)
		status = bundle_add(&job->bundle, job->words[i], fault);
	if (status != ST_OK || job->is_uefi)
		return status;
	fd = bundle_in_memory(&job->bundle, fault);
	return fd < 0 ? fault->status : input_map(&job->file, fd, "boot archive", fault);
}

static enum status find_machine(struct job *job, struct fault *fault)
{
	struct arena arena = { malloc(16 << 20), 16 << 20, 0 };
	struct span bytes = job->bundle.count > 0 ? job->bundle.files[0].input.bytes : job->file.bytes;

	if (!job->guest.qemu.machine && arena.base)
		job->guest.qemu.machine = session_machine(bytes, &arena, fault);
	free(arena.base);
	return job->guest.qemu.machine ? ST_OK : fault->status;
}

static enum status fill_volume(struct job *job, struct fault *fault)
{
	struct uefi_request request = {
		.machine = job->guest.qemu.machine, .loader = job->guest.qemu.loader,
		.bundle = &job->bundle, .append = job->guest.qemu.append,
	};
	enum status status = ST_OK;

	if (job->is_archive)
		request.archive = job->file.bytes;
	else if (job->word_count == 1)
		status = bundle_add_path(&job->bundle, job->words[0], fault);
	if (status == ST_OK)
		status = volume_open(&job->volume, fault);
	return status == ST_OK ? uefi_fill(&job->volume, &request, fault) : status;
}

static bool prepare_uefi(struct job *job)
{
	struct qemu_request *qemu = &job->guest.qemu;
	struct fault fault;

	qemu->firmware_fd = uefi_firmware(qemu->machine, job->firmware);
	if (qemu->firmware_fd < 0)
		return false;
	if (fill_volume(job, &fault) != ST_OK) {
		say_fault(&fault);
		return false;
	}
	qemu->has_firmware = true;
	qemu->volume_fd = job->volume.folder_fd;
	return true;
}

static bool prepare(struct job *job)
{
	struct fault fault;

	if (job->is_uefi && job->word_count == 0 && !choose_demo(job))
		return false;
	if (open_file(job, &fault) != ST_OK || find_machine(job, &fault) != ST_OK) {
		say_fault(&fault);
		return false;
	}
	job->rules.debug_exit = job->guest.qemu.machine->elf_machine == SMALT_MACHINE_X86_64;
	job->guest.qemu.file_fd = job->file.fd;
	return find_loader(job) && (!job->is_uefi || prepare_uefi(job));
}

/* --- how it ended --- */

static int tell_timeout(const struct job *job, const struct guest_end *end)
{
	struct session_request request = {
		.machine = job->guest.qemu.machine, .ram_bytes = job->guest.qemu.ram_bytes,
		.cmdline = span_of(job->guest.qemu.append ? job->guest.qemu.append : ""),
		.words = job->words, .word_count = job->word_count,
	};
	char place[WHERE_BYTES] = "", pc[32] = "";

	request.is_read = job->is_uefi;
	if (job->is_archive)
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
	bool started;

	if (!prepare(job))
		return VERDICT_REFUSED;
	started = guest_watch(&job->guest, &end);
	volume_close(&job->volume);
	if (!started)
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
	if (job_read(job, count, words))
		status = run(job);
	volume_close(&job->volume);
	bundle_close(&job->bundle);
	input_close(&job->file);
	free(job);
	return status;
}
