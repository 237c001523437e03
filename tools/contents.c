/* SPDX-License-Identifier: BSD-2-Clause */
/* contents.c: executes a plan and keeps what the kernel would find in each row. */
#include "plan.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "align.h"
#include "say.h"

/* The next piece of [va, end) that is contiguous in memory; NULL if it is none of ours. */
static const uint8_t *piece(const struct session *s, uint64_t va, uint64_t end, uint64_t *bytes)
{
	const struct smalt_extent *extent = space_extent_at(&s->boot.space, va);
	uint64_t into;

	if (!extent || extent->backing == SMALT_BACKING_DEVICE)
		return NULL;
	into = va - extent->va;
	*bytes = min_u64(end - va, extent->bytes - into);
	return ram_at(&s->ram, extent->pa + into, *bytes);
}

static bool is_memory(const struct session *s, const struct smalt_row *row)
{
	uint64_t bytes;

	return piece(s, row->va, row->va + row->mem_bytes, &bytes) != NULL;
}

static bool write_row(const struct session *s, const struct smalt_row *row, FILE *out)
{
	uint64_t va = row->va, end = row->va + row->mem_bytes, bytes;

	for (; va != end; va += bytes) {
		const uint8_t *from = piece(s, va, end, &bytes);

		if (!from || fwrite(from, 1, bytes, out) != bytes)
			return false;
	}
	return true;
}

static bool write_file(const struct session *s, uint32_t index, const char *directory)
{
	const struct smalt_row *row = &s->boot.space.rows[index];
	char path[4096];
	FILE *out;
	bool written;

	if (snprintf(path, sizeof(path), "%s/%02u-%" PRIx64 ".bin", directory, index, row->va) >=
	    (int)sizeof(path))
		errno = ENAMETOOLONG, out = NULL;
	else
		out = fopen(path, "wb");
	written = out && write_row(s, row, out);
	if (out && fclose(out) != 0)
		written = false;
	if (!written)
		say("%s: %s", path, strerror(errno));
	return written;
}

bool plan_contents(const struct session *session, const char *directory)
{
	boot_execute(&session->boot);
	for (uint32_t i = 0; i < session->boot.space.row_count; i++)
		if (is_memory(session, &session->boot.space.rows[i]) &&
		    !write_file(session, i, directory))
			return false;
	return true;
}
