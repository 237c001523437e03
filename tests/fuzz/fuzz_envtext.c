/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_envtext.c: the text of an environment: what is read prints, and reads as the same. */
#include "fuzz.h"

#include <stdio.h>

#include "envtext.h"
#include "log.h"

static char printed[1 << 20];
static size_t printed_bytes;

/* As the serial port gets it, which is stdout on the host. */
static void print(const struct env *env)
{
	FILE *before = stdout;

	stdout = fmemopen(printed, sizeof printed, "w");
	PROMISE(stdout != NULL);
	log_open(SMALT_SERIAL_PL011, 0);
	envtext_print(env);
	log_open(SMALT_SERIAL_NONE, 0);
	printed_bytes = (size_t)ftell(stdout);
	PROMISE(printed_bytes > 0 && printed_bytes < sizeof printed);
	fclose(stdout);
	stdout = before;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static uint8_t again[FUZZ_ARENA];
	static char first[sizeof printed];
	struct arena second = { again, sizeof again, 0 };
	struct input in = { data, bytes };
	struct arena arena = take_arena(&in);
	struct fault fault;
	struct env env;
	size_t count;

	if (!fine(envtext_parse(take_rest(&in), &env, &arena, &fault), &fault))
		return 0;
	print(&env);
	count = printed_bytes;
	memcpy(first, printed, count);
	PROMISE(envtext_parse((struct span){ (const uint8_t *)first, count }, &env, &second, &fault) == ST_OK);
	print(&env);
	PROMISE(printed_bytes == count && memcmp(first, printed, count) == 0);
	return 0;
}
