/* SPDX-License-Identifier: BSD-2-Clause */
/* outfile.c: mkstemp(3) beside the name, then rename(2). */
#include "outfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

static bool fail(const struct outfile *out, const char *action)
{
	say("%s: cannot %s: %s", out->name, action, strerror(errno));
	return false;
}

/* mkstemp(3) makes files for their owner only: this one gets what open() would give. */
static bool give_mode(const struct outfile *out)
{
	mode_t mask = umask(0);

	umask(mask);
	return fchmod(fileno(out->stream), 0666 & ~mask) == 0;
}

bool outfile_open(struct outfile *out, const char *name)
{
	int fd;

	*out = (struct outfile){ .name = name };
	if (snprintf(out->path, sizeof(out->path), "%s.XXXXXX", name) >= (int)sizeof(out->path)) {
		errno = ENAMETOOLONG;
		return fail(out, "create");
	}
	fd = mkstemp(out->path);
	if (fd < 0)
		return fail(out, "create");
	out->stream = fdopen(fd, "wb");
	if (out->stream)
		return true;
	close(fd);
	unlink(out->path);
	return fail(out, "write");
}

bool outfile_close(struct outfile *out, bool good)
{
	if (good && !give_mode(out))
		good = fail(out, "set the mode of");
	if ((fflush(out->stream) != 0 || ferror(out->stream)) && good)
		good = fail(out, "write");
	if (fclose(out->stream) != 0 && good)
		good = fail(out, "write");
	if (good && rename(out->path, out->name) != 0)
		good = fail(out, "replace");
	if (!good)
		unlink(out->path);
	return good;
}
