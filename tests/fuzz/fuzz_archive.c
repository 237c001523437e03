/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_archive.c: cpio archives: every file lies in the archive, in order, and is found by its name. */
#include "fuzz.h"

#include "archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = { data, bytes };
	struct arena arena = take_arena(&in);
	struct span all = take_rest(&in);
	struct archive archive;
	struct fault fault;

	if (!fine(archive_read(&archive, span_of("boot.cpio"), all, &arena, &fault), &fault))
		return 0;
	PROMISE(archive_is(all));
	for (uint32_t i = 0; i < archive.file_count; i++) {
		const struct archive_file *file = &archive.files[i], *found = archive_find(&archive, file->name);
		uint64_t at = (uint64_t)(file->bytes.base - all.base);

		PROMISE(file->bytes.bytes == 0 || (at <= all.bytes && file->bytes.bytes <= all.bytes - at));
		PROMISE(found != NULL && found <= file && span_equals(found->name, file->name));
	}
	return 0;
}
