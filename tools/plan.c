/* SPDX-License-Identifier: BSD-2-Clause */
/* plan.c: smalt plan: what the loader would do, without a machine to do it on. */
#include "plan.h"

#include <stdlib.h>

#include "log.h"
#include "model.h"
#include "option.h"
#include "say.h"
#include "verb.h"

enum { ARCHIVE, MACHINE, RAM, ENV, APPEND, CONTENTS, SVG, JSON };

static const struct option options[] = {
	[ARCHIVE] = { "--archive", "FILE" },
	[MACHINE] = { "--machine", "NAME" },
	[RAM] = { "--ram", "SIZE" },
	[ENV] = { "--env", "FILE" },
	[APPEND] = { "--append", "TEXT" },
	[CONTENTS] = { "--contents", "DIR" },
	[SVG] = { "--svg", "FILE" },
	[JSON] = { "--json", NULL },
	{ NULL, NULL },
};

struct wish {
	struct session_request request;
	const char *words[BUNDLE_FILES];
	const char *contents, *svg;
	bool json;
};

static bool take_word(struct wish *wish, const char *word)
{
	if (wish->request.word_count == BUNDLE_FILES) {
		say("%s: more than %d files", word, BUNDLE_FILES);
		return false;
	}
	wish->words[wish->request.word_count++] = word;
	return true;
}

static bool take(struct wish *wish, int option, const char *value)
{
	switch (option) {
	case OPTION_WORD: return take_word(wish, value);
	case MACHINE:     return option_machine(value, &wish->request.machine);
	case RAM:         return option_ram(value, &wish->request.ram_bytes);
	case ARCHIVE:     wish->request.archive = value; return true;
	case ENV:         wish->request.environment = value; return true;
	case APPEND:      wish->request.cmdline = span_of(value); return true;
	case CONTENTS:    wish->contents = value; return true;
	case SVG:         wish->svg = value; return true;
	case JSON:        wish->json = true; return true;
	default:          return false;
	}
}

static bool read_words(struct wish *wish, int count, char **words)
{
	struct options reader = options_begin(options, count, words);

	for (int option; (option = options_next(&reader)) != OPTION_END;)
		if (!take(wish, option, reader.value))
			return false;
	if ((wish->request.archive != NULL) == (wish->request.word_count > 0)) {
		say(wish->request.archive ? "either --archive FILE or a kernel, not both"
		                          : "a kernel is missing: smalt plan KERNEL, or --archive FILE");
		return false;
	}
	wish->request.words = wish->words;
	return true;
}

/* The outputs of a plan that succeeded. */
static int finish(const struct session *session, const struct wish *wish)
{
	if (!wish->json)
		plan_table(session, stdout);
	if (wish->svg && !plan_svg(session, wish->svg))
		return EXIT_REFUSED;
	if (wish->contents && !plan_contents(session, wish->contents))
		return EXIT_REFUSED;
	return EXIT_DONE;
}

int verb_plan(int count, char **words)
{
	struct wish wish = { .request.ram_bytes = MODEL_RAM_DEFAULT };
	struct session *session;
	struct fault fault = { 0 };
	int result;

	if (!read_words(&wish, count, words))
		return EXIT_USAGE;
	session = calloc(1, sizeof(*session));
	if (!session)
		return say_fault(&(struct fault){ .status = ST_NO_MEMORY, .field = "session" });
	if (session_open(session, &wish.request, &fault) == ST_OK)
		fault = (struct fault){ 0 };
	if (wish.json && !plan_json(session, &fault, stdout)) {
		say("cannot write the plan");
		result = EXIT_REFUSED;
	} else {
		result = fault.status == ST_OK ? finish(session, &wish) : say_fault(&fault);
	}
	session_close(session);
	free(session);
	return result;
}
