/* SPDX-License-Identifier: BSD-2-Clause */
/* outfile.c: mkstemp(3) beside the name, then rename(2). */
#include "outfile.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

static enum status fail(const struct outfile *out, const char *action, struct fault *fault)
{
	return fault_file(fault, out->name, action, errno);
}

/* mkstemp(3) makes files for their owner only: this one gets what open() would give. */
static bool give_mode(const struct outfile *out)
{
	mode_t mask = umask(0);

	umask(mask);
	return fchmod(fileno(out->stream), 0666 & ~mask) == 0;
}

enum status outfile_open(struct outfile *out, const char *name, struct fault *fault)
{
	int fd;

	*out = (struct outfile){ .name = name };
	if (snprintf(out->path, sizeof(out->path), "%s.XXXXXX", name) >= (int)sizeof(out->path)) {
		errno = ENAMETOOLONG;
		return fail(out, "create", fault);
	}
	fd = mkstemp(out->path);
	if (fd < 0)
		return fail(out, "create", fault);
	out->stream = fdopen(fd, "wb");
	if (out->stream)
		return ST_OK;
	close(fd);
	unlink(out->path);
	return fail(out, "write", fault);
}

enum status outfile_close(struct outfile *out, enum status status, struct fault *fault)
{
	if (status == ST_OK && !give_mode(out))
		status = fail(out, "set the mode of", fault);
	if ((fflush(out->stream) != 0 || ferror(out->stream)) && status == ST_OK)
		status = fail(out, "write", fault);
	if (fclose(out->stream) != 0 && status == ST_OK)
		status = fail(out, "write", fault);
	if (status == ST_OK && rename(out->path, out->name) != 0)
		status = fail(out, "replace", fault);
	if (status != ST_OK)
		unlink(out->path);
	return status;
}
