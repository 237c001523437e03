/* SPDX-License-Identifier: BSD-2-Clause */
/* smalt.c: the host command: finds the verb. docs/smalt.1.md is its manual. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "nearest.h"
#include "say.h"
#include "verb.h"

static const struct verb {
	const char *name;
	int (*run)(int count, char **words);
	const char *words;
	const char *what;
} verbs[] = {
	{ "plan", verb_plan, "KERNEL [MODULE...] | --archive FILE",
	  "print where every byte of a boot would go" },
	{ "check", verb_check, "FILE...", "list all that is wrong with files, and what could be better" },
	{ "pack", verb_pack, "-o OUT KERNEL [MODULE...]", "make a boot archive" },
	{ "run", verb_run, "[FILE | ARCHIVE]", "boot it under QEMU, with its exit status" },
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int help(void)
{
	puts("usage: smalt VERB [OPTION...] ...\n");
	for (size_t i = 0; i < VERBS; i++)
		printf("  %-5s  %-36s  %s\n", verbs[i].name, verbs[i].words, verbs[i].what);
	puts("\nThe manual is smalt(1).");
	return EXIT_DONE;
}

static int unknown(const char *name)
{
	struct nearest nearest = nearest_to(span_of(name));

	for (size_t i = 0; i < VERBS; i++)
		nearest_offer(&nearest, verbs[i].name);
	if (nearest.word)
		say("unknown verb %s: did you mean %s?", name, nearest.word);
	else
		say("unknown verb %s: smalt --help lists them", name);
	return EXIT_USAGE;
}

int main(int count, char **words)
{
	if (count < 2) {
		say("a verb is missing: smalt --help lists them");
		return EXIT_USAGE;
	}
	if (strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0)
		return help();
	for (size_t i = 0; i < VERBS; i++)
		if (strcmp(words[1], verbs[i].name) == 0)
			return verbs[i].run(count - 2, words + 2);
	return unknown(words[1]);
}
