/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blob_files.h: the malformed and the unusual files of tests/data, by the status that they are
 * filed under. Read from $SMALT_DATA, build/data by default.
 */
#ifndef BLOB_FILES_H
#define BLOB_FILES_H

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct blob {
	char name[256];
	uint8_t bytes[4096];
	uint64_t count;
	struct blob *next;
};

static inline const char *data_folder(const char *status)
{
	static char path[4096];
	const char *data = getenv("SMALT_DATA");

	snprintf(path, sizeof path, "%s/%s", data ? data : "build/data", status);
	return path;
}

static inline struct blob *load(const char *folder, const char *name, struct blob *next)
{
	char path[4400];
	struct blob *blob = calloc(1, sizeof *blob);
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "rb");
	assert_non_null(file);
	snprintf(blob->name, sizeof blob->name, "%s", name);
	blob->count = fread(blob->bytes, 1, sizeof blob->bytes, file);
	blob->next = next;
	fclose(file);
	return blob;
}

/* Every ELF file that must get this status; NULL if there are none. */
static inline struct blob *blobs(const char *status)
{
	char folder[4096];
	DIR *entries;
	struct blob *list = NULL;

	snprintf(folder, sizeof folder, "%s", data_folder(status));
	entries = opendir(folder);
	if (!entries)
		return NULL;
	for (struct dirent *e = readdir(entries); e; e = readdir(entries)) {
		size_t n = strlen(e->d_name);

		if (n > 4 && strcmp(e->d_name + n - 4, ".elf") == 0)
			list = load(folder, e->d_name, list);
	}
	closedir(entries);
	return list;
}

static inline struct blob *drop(struct blob *blob)
{
	struct blob *next = blob->next;

	free(blob);
	return next;
}

#endif
