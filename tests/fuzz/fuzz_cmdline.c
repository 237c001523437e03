/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_cmdline.c: the firmware's command line: what is not ours is passed on and never grows. */
#include "fuzz.h"

#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = { data, bytes };
	struct arena arena = take_arena(&in);
	struct span cmdline = take_rest(&in);
	struct config_entry entry = { .stack_bytes = 1 };
	struct config_words words;
	struct fault fault;

	if (!fine(config_words(&words, cmdline, &arena, &fault), &fault))
		return 0;
	PROMISE(words.rest.bytes <= cmdline.bytes);
	PROMISE(words.exit_retries <= CONFIG_EXIT_RETRIES_MOST);
	config_override(&entry, &words.settings);
	PROMISE((entry.set & words.settings.set) == words.settings.set);
	PROMISE(entry.stack_bytes <= CONFIG_STACK_MOST);
	return 0;
}
