/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * library.c: what each call of libsmalt.a takes of the stack, and of a space's storage. The
 * stack below the caller is painted before each call, and looked at behind it.
 */
#include <smalt/map.h>

#include "guest.h"

enum { PAINTED = 24 << 10, PAINT = 0x5a, OWN = 128 };
enum { STORAGE = 256 << 10, OBJECT_MOST = 4, ROW_MOST = 64 };

void *memmove(void *to, const void *from, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

void *memmove(void *to, const void *from, size_t bytes)
{
	if ((uint8_t *)to <= (const uint8_t *)from) {
		for (size_t i = 0; i < bytes; i++)
			((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
		return to;
	}
	while (bytes-- > 0)
		((uint8_t *)to)[bytes] = ((const uint8_t *)from)[bytes];
	return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (((const uint8_t *)a)[i] != ((const uint8_t *)b)[i])
			return ((const uint8_t *)a)[i] - ((const uint8_t *)b)[i];
	return 0;
}

static _Alignas(16) uint8_t storage[STORAGE];
static uint64_t top, deepest;

/* Its own frame lies where the frame of the call will lie; what is below it is painted. */
static __attribute__((noinline)) void paint(void)
{
	top = (uint64_t)__builtin_frame_address(0) - OWN;
	for (uint64_t va = top - PAINTED; va < top; va++)
		*at(va) = PAINT;
}

static __attribute__((noinline)) void look(const char *call)
{
	uint64_t va = top - PAINTED;

	while (va < top && *at(va) == PAINT)
		va++;
	say_line(call, top + OWN - va);
	if (top + OWN - va > deepest)
		deepest = top + OWN - va;
}

static void check(uint32_t status, const struct smalt_fault *fault)
{
	char text[512];

	if (status == SMALT_STATUS_OK)
		return;
	smalt_fault_text(fault, text, sizeof text);
	expect(false, text);
	guest_end();
}

/* A call with a painted stack; it must succeed. */
#define CALL(name, ...)                                       \
	do {                                                  \
		uint32_t status_;                             \
		paint();                                      \
		status_ = name(__VA_ARGS__, &fault);          \
		look("  " #name);                             \
		check(status_, &fault);                       \
	} while (0)

static struct smalt_memory memory[64];
static struct smalt_row rows[16];
static struct smalt_fault fault;

static struct smalt_setup setup_of(void)
{
	const struct smalt_handoff *h = guest.handoff;
	uint32_t count = h->memory.count < 64 ? h->memory.count : 64;

	for (uint32_t i = 0; i < count; i++)
		memory[i] = *smalt_nth_memory(h, i);
	return (struct smalt_setup){
		.bytes = sizeof(struct smalt_setup), .machine = h->machine, .leaf_mask = 3,
		.memory = memory, .memory_count = count, .window = h->direct_map_va,
		.object_most = OBJECT_MOST, .row_most = ROW_MOST, .extent_most = 4 * ROW_MOST,
	};
}

static void work_on_segments(struct smalt_space *space, struct smalt_request request)
{
	struct smalt_prepared *prepared, *copy;
	uint32_t count = 16;

	request.flags &= ~(uint32_t)(SMALT_MAP_ENTRY | SMALT_MAP_RELOCATE);
	CALL(smalt_prepare, space, &request, &prepared);
	CALL(smalt_relro, prepared);
	CALL(smalt_align_segments, prepared, 0);
	CALL(smalt_relocate, prepared, 0x3000000000);
	CALL(smalt_make_mutable, prepared, 0);
	CALL(smalt_clone, prepared, &copy);
	request.object = NULL;
	request.prepared = copy;
	request.flags |= SMALT_MAP_NOCOPY;
	CALL(smalt_map, space, &request, rows, &count);
}

void guest_main(void)
{
	const struct smalt_object *module = smalt_module(guest.handoff, "it");
	struct smalt_setup setup = setup_of();
	struct smalt_request request = {
		.bytes = sizeof request, .name = "it", .from = 0x1000000000,
		.flags = SMALT_MAP_INTERPRET | SMALT_MAP_RELOCATE | SMALT_MAP_ENTRY,
		.object = (const void *)module->image_start, .object_bytes = module->file_bytes,
		.object_pa = module->bytes_pa,
	};
	uint64_t root_pa[2], pa = guest.handoff->pa & -4096ull;
	uint32_t count = 16, unused = 0;
	struct smalt_space *space;

	say("stack bytes of\n");
	CALL(smalt_open, &setup, storage, sizeof storage, &space);
	CALL(smalt_keep, space, 0x2000000000, pa, 4096, SMALT_R, SMALT_CACHE_WRITE_BACK);
	CALL(smalt_plan, space, &request, rows, &count);
	CALL(smalt_commit, space, &request, rows, count);
	work_on_segments(space, request);
	CALL(smalt_tables, space, root_pa);
	say_line("deepest", deepest);
	expect(deepest <= 6 << 10, "a call took more than 6 KiB of the stack");
	for (uint64_t i = sizeof storage; i > 0 && storage[i - 1] == 0; i--)
		unused++;
	say_line("storage used", sizeof storage - unused);
}
