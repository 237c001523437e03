/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * archive.c: reads a newc archive: a chain of {header, name, data}, each padded
 * to 4 bytes, ended by a file called TRAILER!!! (cpio(5)).
 *
 * Nothing is copied. What stands behind the trailer is padding of whoever made
 * the archive, and is not looked at.
 */
#include "archive.h"

#include <stddef.h>

#include "align.h"
#include "mem.h"

enum {
	HEADER_BYTES = 110,          /* "070701", then 13 fields of 8 hexadecimal digits */
	FIELD_MODE = 1, FIELD_FILE_BYTES = 6, FIELD_NAME_BYTES = 11,
	MODE_TYPE = 0170000, MODE_REGULAR = 0100000,
};

struct header {
	uint64_t offset;             /* of the header in the archive */
	uint64_t next;               /* of the next one */
	uint32_t mode;
	struct span name, bytes;
};

bool archive_is(struct span bytes)
{
	return span_begins(bytes, "070701") || span_begins(bytes, "070702");
}

static bool hex_digit(uint8_t c, uint32_t *digit)
{
	uint8_t lower = c | 0x20;

	*digit = c <= '9' ? (uint32_t)c - '0' : (uint32_t)lower - 'a' + 10;
	return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'f');
}

static bool read_field(struct span bytes, uint64_t header, unsigned field, uint64_t *value)
{
	uint64_t at = header + 6 + 8 * field;

	*value = 0;
	for (uint64_t i = at; i < at + 8; i++) {
		uint32_t digit;

		if (!hex_digit(bytes.base[i], &digit))
			return false;
		*value = *value << 4 | digit;
	}
	return true;
}

static const char *const field_names[13] = {
	[FIELD_MODE] = "c_mode", [FIELD_FILE_BYTES] = "c_filesize", [FIELD_NAME_BYTES] = "c_namesize",
};

static enum status read_number(struct span bytes, uint64_t header, unsigned field, uint64_t *value,
                               struct fault *fault)
{
	if (read_field(bytes, header, field, value))
		return ST_OK;
	fault_field(fault, ST_BAD_ARCHIVE, field_names[field]);
	return fault_at(fault, header + 6 + 8 * field);
}

/* The name up to its first NUL: smalt pack pads it, so that the data begins on a page. */
static enum status read_name(struct span bytes, struct header *h, uint64_t name_bytes,
                             struct fault *fault)
{
	if (!span_sub(bytes, h->offset + HEADER_BYTES, name_bytes, &h->name)) {
		fault_set(fault, ST_TRUNCATED, "c_namesize", name_bytes,
		          bytes.bytes - h->offset - HEADER_BYTES);
		return fault_at(fault, h->offset);
	}
	for (uint64_t i = 0; i < name_bytes; i++)
		if (h->name.base[i] == 0) {
			h->name.bytes = i;
			return ST_OK;
		}
	fault_value(fault, ST_BAD_ARCHIVE, "name without NUL, c_namesize", name_bytes);
	return fault_at(fault, h->offset + HEADER_BYTES);
}

static enum status read_magic(struct span bytes, uint64_t at, struct fault *fault)
{
	struct span magic;

	if (!span_sub(bytes, at, HEADER_BYTES, &magic)) {
		fault_set(fault, ST_TRUNCATED, "newc header", HEADER_BYTES, bytes.bytes - at);
		return fault_at(fault, at);
	}
	if (!archive_is(magic)) {
		fault_value(fault, ST_BAD_ARCHIVE, "magic", span_u32(magic, 0));
		return fault_at(fault, at);
	}
	return ST_OK;
}

static enum status read_header(struct span bytes, uint64_t at, struct header *h,
                               struct fault *fault)
{
	uint64_t mode, name_bytes, file_bytes, data;
	enum status status = read_magic(bytes, at, fault);

	*h = (struct header){ .offset = at };
	if (status == ST_OK)
		status = read_number(bytes, at, FIELD_MODE, &mode, fault);
	if (status == ST_OK)
		status = read_number(bytes, at, FIELD_NAME_BYTES, &name_bytes, fault);
	if (status == ST_OK)
		status = read_number(bytes, at, FIELD_FILE_BYTES, &file_bytes, fault);
	if (status == ST_OK)
		status = read_name(bytes, h, name_bytes, fault);
	if (status != ST_OK)
		return status;

	/* At most 2^32 each: no overflow. */
	data = align_up(at + HEADER_BYTES + name_bytes, 4);
	if (!span_sub(bytes, data, file_bytes, &h->bytes)) {
		fault_set(fault, ST_TRUNCATED, "c_filesize", file_bytes,
		          bytes.bytes - min_u64(data, bytes.bytes));
		return fault_at(fault, at);
	}
	h->mode = (uint32_t)mode;
	h->next = align_up(data + file_bytes, 4);
	return ST_OK;
}

static struct span without_root(struct span name)
{
	for (;;) {
		uint64_t skip = span_begins(name, "./") ? 2 : span_begins(name, "/") ? 1 : 0;

		if (skip == 0)
			return name;
		name.base += skip;
		name.bytes -= skip;
	}
}

/* Calls for every header: the first time to count, the second to fill. */
static enum status walk(struct span bytes, struct archive_file *files, uint32_t *count,
                        struct fault *fault)
{
	struct header h = { 0 };

	*count = 0;
	for (;;) {
		enum status status = read_header(bytes, h.next, &h, fault);

		if (status != ST_OK)
			return status;
		if (span_is(h.name, "TRAILER!!!"))
			return ST_OK;
		if ((h.mode & MODE_TYPE) != MODE_REGULAR)
			continue;
		if (files)
			files[*count] = (struct archive_file){ without_root(h.name), h.bytes };
		++*count;
	}
}

/* < 0, 0, > 0, in an order that serves to find names again: first comes what is shorter. */
static int compare(struct span a, struct span b)
{
	if (a.bytes != b.bytes)
		return a.bytes < b.bytes ? -1 : 1;
	return a.bytes == 0 ? 0 : memcmp(a.base, b.base, a.bytes);
}

/* Equal names stand in the order of the archive: the first is found. */
static bool stands_before(const struct archive *archive, uint32_t a, uint32_t b)
{
	int differ = compare(archive->files[a].name, archive->files[b].name);

	return differ ? differ < 0 : a < b;
}

/* Lets an entry of the heap [0, count) sink until none below it stands behind it. */
static void sink(const struct archive *archive, uint32_t at, uint32_t count)
{
	uint32_t *order = archive->order, held = order[at];

	for (uint64_t child; (child = 2ull * at + 1) < count; at = (uint32_t)child) {
		if (child + 1 < count && stands_before(archive, order[child], order[child + 1]))
			child++;
		if (!stands_before(archive, held, order[child]))
			break;
		order[at] = order[child];
	}
	order[at] = held;
}

/* Heapsort: whatever names an archive has, it takes n log n comparisons. */
static void sort_names(const struct archive *archive)
{
	uint32_t *order = archive->order;

	for (uint32_t i = 0; i < archive->file_count; i++)
		order[i] = i;
	for (uint32_t i = archive->file_count / 2; i-- > 0; )
		sink(archive, i, archive->file_count);
	for (uint32_t count = archive->file_count; count > 1; ) {
		uint32_t last = order[--count];

		order[count] = order[0];
		order[0] = last;
		sink(archive, 0, count);
	}
}

enum status archive_read(struct archive *archive, struct span name, struct span bytes,
                         struct arena *arena, struct fault *fault)
{
	uint32_t count;
	enum status status = walk(bytes, NULL, &count, fault);

	if (status != ST_OK) {
		fault_in(fault, name);
		return status;
	}
	archive->files = arena_take(arena, count, sizeof *archive->files, "files of the archive", fault);
	archive->order = arena_take(arena, count, sizeof *archive->order, "files of the archive", fault);
	if (!archive->files || !archive->order)
		return fault->status;
	status = walk(bytes, archive->files, &archive->file_count, fault);
	sort_names(archive);
	return status;
}

const struct archive_file *archive_find(const struct archive *archive, struct span name)
{
	uint32_t low = 0, high = archive->file_count;

	name = without_root(name);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (compare(archive->files[archive->order[middle]].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == archive->file_count || !span_equals(archive->files[archive->order[low]].name, name))
		return NULL;
	return &archive->files[archive->order[low]];
}
