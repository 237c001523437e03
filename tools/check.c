/* SPDX-License-Identifier: BSD-2-Clause */
/* check.c: smalt check: everything that is wrong with files, and what their authors could do better. */
#include "reports.h"

#include <inttypes.h>
#include <stdlib.h>

#include "model.h"
#include "option.h"
#include "plan.h"
#include "say.h"
#include "verb.h"

enum { MACHINE, RAM, JSON };
enum { LINES = 50 };             /* problems of one file that people read */

static const struct option options[] = {
	[MACHINE] = { "--machine", "NAME" },
	[RAM] = { "--ram", "SIZE" },
	[JSON] = { "--json", NULL },
	{ NULL, NULL },
};

struct wish {
	struct report_request request;
	char **files;
	int file_count;
	bool json;
};

/* Words move to the beginning of the list that they came in. */
static bool take_word(struct wish *wish, const char *word)
{
	wish->files[wish->file_count++] = (char *)(uintptr_t)word;
	return true;
}

static bool take(struct wish *wish, int option, const char *value)
{
	switch (option) {
	case OPTION_WORD: return take_word(wish, value);
	case MACHINE:     return option_machine(value, &wish->request.machine);
	case RAM:         return option_ram(value, &wish->request.ram_bytes);
	case JSON:        wish->json = true; return true;
	default:          return false;
	}
}

static bool read_words(struct wish *wish, int count, char **words)
{
	struct options reader = options_begin(options, count, words);

	wish->files = words;
	for (int option; (option = options_next(&reader)) != OPTION_END;)
		if (!take(wish, option, reader.value))
			return false;
	if (wish->file_count == 0)
		say("a file is missing: smalt check FILE...");
	return wish->file_count > 0;
}

static void print_pages(const struct hint_pages *pages)
{
	static const struct { uint32_t backing; const char *what; } parts[] = {
		{ SMALT_BACKING_IN_PLACE, "in place" }, { SMALT_BACKING_COPY, "copied" },
		{ SMALT_BACKING_ZERO, "zero" },
	};
	char size[PLAN_BYTES_TEXT];

	for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		plan_bytes(pages->bytes[parts[i].backing], size);
		printf("%s%s %s", i ? ", " : "; ", size, parts[i].what);
	}
	printf("; %" PRIu64 " leaves", pages->leaves);
}

/* kernel.elf: kernel, x86_64, elf64, position independent; 18M in place, 16K copied, 5M zero; 1293 leaves */
static void print_summary(const struct report *report)
{
	const char *role = words_text(plan_roles, report->role);

	printf(report->role == SMALT_ROLE_KERNEL ? "%s: %s" : "%s: module (role=%s)", report->name, role);
	if (report->machine)
		printf(", %s", report->machine->name);
	printf(", %s", words_text(plan_formats, report->format));
	if (report->role == SMALT_ROLE_RAW) {
		puts("; mapped as it is");
		return;
	}
	fputs(report->movable ? ", position independent" : ", fixed addresses", stdout);
	print_pages(&report->pages);
	putchar('\n');
}

static void print(const struct report *report)
{
	uint32_t count = report->problems.count;

	for (uint32_t i = 0; i < count && i < LINES; i++)
		(void)say_fault(&report->problems.faults[i]);
	if (count > LINES)
		say("%s: %u more problems: --json lists them all", report->name, count - LINES);
	if (count != 0)
		return;
	print_summary(report);
	for (uint32_t i = 0; i < report->hint_count; i++)
		printf("%s: hint: %s\n", report->name, report->hints[i].text);
}

int verb_check(int count, char **words)
{
	struct wish wish = { .request.ram_bytes = MODEL_RAM_DEFAULT };
	struct reports reports = { 0 };
	int result = EXIT_DONE;

	if (!read_words(&wish, count, words))
		return EXIT_USAGE;
	for (int i = 0; i < wish.file_count; i++)
		reports_of_file(&reports, wish.files[i], &wish.request);
	for (uint32_t i = 0; i < reports.count; i++) {
		if (reports.list[i].problems.count != 0)
			result = EXIT_REFUSED;
		if (!wish.json)
			print(&reports.list[i]);
	}
	if (wish.json && !reports_json(&reports, stdout)) {
		say("cannot write the report");
		result = EXIT_REFUSED;
	}
	reports_free(&reports);
	return result;
}
