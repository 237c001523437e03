/* SPDX-License-Identifier: BSD-2-Clause */
/* pack.c: smalt pack: a boot archive from files; an old archive survives every failure. */
#include <stdlib.h>

#include "bundle.h"
#include "option.h"
#include "outfile.h"
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

static bool write_archive(struct job *job)
{
	const struct span *conf = job->conf_path ? &job->conf.bytes : NULL;
	struct outfile out;
	bool written;

	if (!outfile_open(&out, job->out_path))
		return false;
	written = bundle_write(&job->bundle, conf, out.stream, &job->fault) == ST_OK;
	if (!written)
		say_fault(&job->fault);
	return outfile_close(&out, written);
}

int verb_pack(int count, char **words)
{
	struct job *job = calloc(1, sizeof(*job));
	int result;

	if (!job)
		return say_fault(&(struct fault){ .status = ST_NO_MEMORY, .field = "files" });
	job->conf.fd = -1;
	result = read_words(job, count, words);
	if (result == EXIT_DONE && open_conf(job) != ST_OK)
		result = say_fault(&job->fault);
	else if (result == EXIT_DONE && !write_archive(job))
		result = EXIT_REFUSED;
	bundle_close(&job->bundle);
	input_close(&job->conf);
	free(job);
	return result;
}
