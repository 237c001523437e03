/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_map.c: the public mapping call with hostile callers: any set-up, any request, any order of acts on
 * an object that is the rest of the input. What fails changes nothing; what is mapped can be looked at.
 */
#include <smalt/map.h>

#include "fuzz.h"

enum { RAM_PA = 1 << 24, RAM_BYTES = 1 << 20, OBJECT_BYTES = 1 << 18, ROWS = 24, ACTS = 12 };

static uint8_t ram[RAM_BYTES] __attribute__((aligned(4096)));
static struct smalt_memory memory[4];
static struct smalt_claim claims[4];

static uint32_t hear(void *context, const struct smalt_fault *fault)
{
	PROMISE(context == ram && fault->status != SMALT_STATUS_OK && fault->status < SMALT_STATUS_COUNT);
	return (uint32_t)fault->value & 1 ? SMALT_REPORT_GO_ON : SMALT_REPORT_STOP;
}

/* Free memory lies in ram only, behind the object; other ranges may be anything else. */
static struct smalt_setup take_setup(struct input *in)
{
	struct smalt_setup setup = {
		.bytes = sizeof setup, .machine = take(in, 1) & 1 ? 183 : 62, .leaf_mask = (uint32_t)take(in, 1),
		.memory = memory, .memory_count = 1 + take(in, 1) % 4, .claims = claims, .claim_count = take(in, 1) % 5,
		.window = (uint64_t)(uintptr_t)ram - RAM_PA, .object_most = (uint32_t)take(in, 1) % 8,
		.row_most = (uint32_t)take(in, 1), .extent_most = (uint32_t)take(in, 2), .context = ram,
	};

	setup.leaf_mask = setup.leaf_mask & 128 ? setup.leaf_mask : (setup.leaf_mask & 7) | 1;
	setup.report = take(in, 1) & 1 ? hear : NULL;
	memory[0] = (struct smalt_memory){ RAM_PA + OBJECT_BYTES, take(in, 1) << 12, SMALT_MEM_USABLE, 0 };
	memory[0].bytes %= RAM_BYTES - OBJECT_BYTES;
	for (unsigned i = 1; i < 4; i++)
		memory[i] = (struct smalt_memory){ take_wild(in), take_wild(in), 2 + (uint32_t)take(in, 1) % 20, 0 };
	for (unsigned i = 0; i < 4; i++)
		claims[i] = (struct smalt_claim){ take_wild(in), take_wild(in), "somebody", take(in, 1) % 3 };
	return setup;
}

static struct smalt_request take_request(struct input *in, uint64_t bytes, struct smalt_prepared *prepared)
{
	struct smalt_request request = {
		.bytes = sizeof request, .flags = (uint32_t)take(in, 2) & 0x0fff, .name = "object",
		.object = ram, .object_bytes = bytes, .object_pa = take(in, 1) & 1 ? SMALT_NOWHERE : RAM_PA,
		.padding = take(in, 2), .va = take_wild(in), .reservation = take(in, 1) % 3,
		.from = take_wild(in), .instance = (uint32_t)take(in, 1), .policy = (uint32_t)take(in, 1) % 4,
		.copy_limit = take_wild(in),
	};

	/* Mostly arguments that have their flags */
	request.padding = request.flags & SMALT_MAP_PADDING ? request.padding : 0;
	request.va = request.flags & SMALT_MAP_ADDRESS ? request.va & -(uint64_t)4096 : 0;
	request.reservation = request.flags & SMALT_MAP_RESERVATION ? request.reservation : 0;
	request.seed = request.policy == SMALT_VA_RANDOM ? ram : NULL;
	request.seed_bytes = request.policy == SMALT_VA_RANDOM ? 32 : 0;
	if (prepared != NULL && (request.flags & (SMALT_MAP_NOCOPY | SMALT_MAP_COPY))) {
		request.object = NULL;
		request.prepared = prepared;
	}
	return request;
}

static bool good(uint32_t status, const struct smalt_fault *fault)
{
	char text[1024];

	PROMISE(status == fault->status && status < SMALT_STATUS_COUNT);
	smalt_fault_text(fault, text, sizeof text);
	PROMISE(status == SMALT_STATUS_OK || strlen(text) > 0);
	return status == SMALT_STATUS_OK;
}

/* Ascending rows, whose count is what was said; a probe tells the same. */
static void map(struct smalt_space *space, struct input *in, uint64_t bytes, struct smalt_prepared *prepared)
{
	struct smalt_request request = take_request(in, bytes, prepared);
	uint32_t capacity = (uint32_t)take(in, 1) % ROWS, count = capacity, asked = 0;
	struct smalt_row rows[ROWS];
	struct smalt_fault fault;
	uint32_t probe = smalt_plan(space, &request, NULL, &asked, &fault);

	if (good(smalt_map(space, &request, rows, &count, &fault), &fault))
		PROMISE(probe == SMALT_STATUS_TOO_SMALL && asked == count && count <= capacity);
	else if (fault.status != SMALT_STATUS_TOO_SMALL)
		PROMISE(count == capacity);
	for (uint32_t i = 1; fault.status == SMALT_STATUS_OK && i < count; i++)
		PROMISE(rows[i].va - rows[i - 1].va >= rows[i - 1].mem_bytes);
}

static void act(struct smalt_space *space, struct input *in, uint64_t bytes, struct smalt_prepared **prepared)
{
	struct smalt_request request;
	struct smalt_prepared *copy;
	struct smalt_fault fault;
	uint64_t root[2];
	void *place;
	uint8_t what = (uint8_t)take(in, 1) % 12;

	if (what < 3) {
		map(space, in, bytes, *prepared);
	} else if (what == 3) {
		request = take_request(in, bytes, NULL);
		request.flags = SMALT_MAP_INTERPRET | (request.flags & SMALT_MAP_CONSUME);
		(void)good(smalt_prepare(space, &request, prepared, &fault), &fault);
	} else if (what == 4) {
		(void)good(smalt_keep(space, take_wild(in), take_wild(in), take_wild(in), (uint32_t)take(in, 1),
		                      (uint32_t)take(in, 1), &fault), &fault);
	} else if (what == 5) {
		(void)good(smalt_tables(space, root, &fault), &fault);
	} else if (*prepared == NULL) {
		return;
	} else if (what == 6) {
		(void)good(smalt_align_segments(*prepared, (uint32_t)take(in, 1) & 1, &fault), &fault);
	} else if (what == 7) {
		(void)good(smalt_make_mutable(*prepared, (uint32_t)take(in, 1), &fault), &fault);
	} else if (what == 8) {
		(void)good(smalt_relocate(*prepared, take_wild(in) & -(uint64_t)0x1000, &fault), &fault);
	} else if (what == 9) {
		(void)good(smalt_relro(*prepared, &fault), &fault);
	} else if (what == 10) {
		uint64_t va = take_wild(in), count = take(in, 2);

		if (good(smalt_mutable_memory(*prepared, va, count, &place, &fault), &fault))
			memset(place, 0x55, count);
	} else if (good(smalt_clone(*prepared, &copy, &fault), &fault)) {
		smalt_release(*prepared);
		*prepared = copy;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = { data, bytes };
	struct arena arena = take_arena(&in);
	struct smalt_setup setup = take_setup(&in);
	struct input acts = { NULL, 0 };
	struct smalt_prepared *prepared = NULL;
	struct smalt_space *space;
	struct smalt_fault fault;
	struct span choices = take_span(&in, 200), file;

	acts = (struct input){ choices.base, choices.bytes };
	file = take_span(&in, OBJECT_BYTES);
	memset(ram, 0xaa, sizeof ram);
	memcpy(ram, file.base, file.bytes);
	if (!good(smalt_open(&setup, arena.base, arena.bytes, &space, &fault), &fault))
		return 0;
	for (unsigned i = 0; i < ACTS && acts.left > 0; i++)
		act(space, &acts, file.bytes, &prepared);
	return 0;
}
