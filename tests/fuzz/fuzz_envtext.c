/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_envtext.c: the text of an environment: what is read prints, and reads as the same. */
#include "fuzz.h"

#include "envtext.h"
#include "log.h"

static char printed[1 << 20];
static size_t printed_bytes;

static void keep(const char *text)
{
	size_t bytes = strlen(text);

	PROMISE(bytes < sizeof printed - printed_bytes);
	memcpy(printed + printed_bytes, text, bytes);
	printed_bytes += bytes;
}

static void print(const struct env *env)
{
	printed_bytes = 0;
	log_to(keep);
	envtext_print(env);
	log_to(NULL);
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
