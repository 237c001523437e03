/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pack.c: smalt pack: a boot archive from files. It is written beside its name
 * and renamed in the end: an old archive survives every failure.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle.h"
#include "option.h"
#include "say.h"
#include "verb.h"

enum { OUT, CONF };

static const struct option options[] = {
	[OUT] = { "-o", "OUT" }, [CONF] = { "--conf", "FILE" }, { NULL, NULL },
};

struct job {
	const char *out_path, *conf_path;
	struct input conf;
	struct bundle bundle;
	struct fault fault;
};

static int read_words(struct job *job, int count, char **words)
{
	struct options reader = options_begin(options, count, words);

	for (int option; (option = options_next(&reader)) != OPTION_END;) {
		if (option == OPTION_WRONG)
			return EXIT_USAGE;
		if (option == OUT)
			job->out_path = reader.value;
		else if (option == CONF)
			job->conf_path = reader.value;
		else if (bundle_add(&job->bundle, reader.value, &job->fault) != ST_OK)
			return say_fault(&job->fault);
	}
	if (!job->out_path || job->bundle.count == 0) {
		say("%s is missing: smalt pack -o OUT KERNEL [MODULE...]", job->out_path ? "a kernel" : "-o OUT");
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

static enum status open_conf(struct job *job)
{
	return job->conf_path ? input_open(&job->conf, job->conf_path, &job->fault) : ST_OK;
}

static enum status system_fault(struct job *job, const char *action)
{
	return fault_file(&job->fault, job->out_path, action, errno);
}

/* mkstemp(3) makes files for their owner only: the archive gets what open() would give. */
static enum status give_mode(struct job *job, int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	return fchmod(fd, 0666 & ~mask) == 0 ? ST_OK : system_fault(job, "set the mode of");
}

static enum status write_to(struct job *job, int fd)
{
	FILE *out = fdopen(fd, "wb");
	enum status status;

	if (!out) {
		close(fd);
		return system_fault(job, "write");
	}
	status = bundle_write(&job->bundle, job->conf_path ? &job->conf.bytes : NULL, out, &job->fault);
	if (status == ST_OK)
		status = give_mode(job, fd);
	if ((fflush(out) != 0 || ferror(out)) && status == ST_OK)
		status = system_fault(job, "write");
	if (fclose(out) != 0 && status == ST_OK)
		status = system_fault(job, "write");
	return status;
}

static enum status write_archive(struct job *job)
{
	char path[4096];
	enum status status;
	int fd;

	if (snprintf(path, sizeof(path), "%s.XXXXXX", job->out_path) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return system_fault(job, "create");
	}
	fd = mkstemp(path);
	if (fd < 0)
		return system_fault(job, "create");
	status = write_to(job, fd);
	if (status == ST_OK && rename(path, job->out_path) != 0)
		status = system_fault(job, "replace");
	if (status != ST_OK)
		unlink(path);
	return status;
}

int verb_pack(int count, char **words)
{
	struct job *job = calloc(1, sizeof(*job));
	int result;

	if (!job)
		return say_fault(&(struct fault){ .status = ST_NO_MEMORY, .field = "files" });
	job->conf.fd = -1;
	result = read_words(job, count, words);
	if (result == EXIT_DONE && (open_conf(job) != ST_OK || write_archive(job) != ST_OK))
		result = say_fault(&job->fault);
	bundle_close(&job->bundle);
	input_close(&job->conf);
	free(job);
	return result;
}
