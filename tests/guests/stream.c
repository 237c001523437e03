/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stream.c: a kernel with a hot set of its own, PAGES pages, and a module that
 * is read from end to end, larger than the cache. Classes of the model of the
 * cache (tests/plugin/cache.c): 1 the hot set for the first time, 2 the module,
 * 3 the hot set again after each time.
 */
#include "guest.h"
#include "mark.h"

#define ROUNDS 4
#define LINE   64

static uint64_t hot[PAGES * 4096 / 8] __attribute__((aligned(4096)));

/* A word of each line. */
static void read_all(const volatile uint64_t *words, uint64_t bytes)
{
	for (uint64_t i = 0; i < bytes / 8; i += LINE / 8)
		(void)words[i];
}

void guest_main(void)
{
	const struct smalt_object *module = smalt_module(guest.handoff, "stream");
	const uint64_t *stream;
	uint64_t bytes;

	if (!expect(module != NULL, "the module is there"))
		return;
	stream = (const uint64_t *)module->image_start;
	bytes = module->image_end - module->image_start;
	mark(1);
	read_all(hot, sizeof(hot));
	for (uint32_t i = 0; i < ROUNDS; i++) {
		mark(2);
		read_all(stream, bytes);
		mark(3);
		read_all(hot, sizeof(hot));
	}
	mark(0);
	say_line("stream", bytes);
	say_cache();
}
