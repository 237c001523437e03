/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake_handoff.h: a handoff as a later version of Smalt would write it: every
 * entry is longer than this version knows, and 0xAA lies in between.
 *
 *     page 0 | 0x10000 text r-x | guard | stack rw- | ... | handoff r--
 */
#ifndef FAKE_HANDOFF_H
#define FAKE_HANDOFF_H

#include <string.h>

#include <smalt/handoff.h>

#define FAKE_EXTRA   24          /* bytes that a later version appended to each entry */
#define FAKE_ENTRIES 8

/* Room for FAKE_ENTRIES entries of the largest type with their extra bytes. */
struct fake_array {
	_Alignas(16) uint8_t bytes[FAKE_ENTRIES * (sizeof(struct smalt_object) + FAKE_EXTRA)];
};

struct fake {
	struct smalt_handoff handoff;
	struct fake_array objects, rows, extents, memory;
};

static inline void fake_add(struct smalt_array *array, struct fake_array *room, const void *entry,
                            uint32_t entry_bytes)
{
	array->va = (uint64_t)(uintptr_t)room->bytes;
	array->entry_bytes = entry_bytes + FAKE_EXTRA;
	memcpy(room->bytes + array->count * array->entry_bytes, entry, entry_bytes);
	array->count++;
}

static inline void fake_object(struct fake *fake, const struct smalt_object *object)
{
	fake_add(&fake->handoff.objects, &fake->objects, object, sizeof(*object));
}

static inline void fake_row(struct fake *fake, uint64_t va, uint64_t bytes, uint32_t prot,
                            uint32_t kind, uint32_t segment)
{
	struct smalt_row row = {
		.va = va, .mem_bytes = bytes, .prot = prot, .kind = kind, .segment = segment,
		.object = kind == SMALT_KIND_OBJECT ? 0 : SMALT_NONE,
	};

	fake_add(&fake->handoff.rows, &fake->rows, &row, sizeof(row));
}

static inline void fake_extent(struct fake *fake, uint64_t va, uint64_t pa, uint64_t bytes,
                               uint32_t prot)
{
	struct smalt_extent extent = { .va = va, .pa = pa, .bytes = bytes, .prot = prot };

	fake_add(&fake->handoff.extents, &fake->extents, &extent, sizeof(extent));
}

static inline void fake_memory(struct fake *fake, uint64_t pa, uint64_t bytes, uint32_t type)
{
	struct smalt_memory memory = { .pa = pa, .bytes = bytes, .type = type };

	fake_add(&fake->handoff.memory, &fake->memory, &memory, sizeof(memory));
}

/* An empty handoff in memory full of 0xAA. */
static inline void fake_begin(struct fake *fake)
{
	memset(fake, 0xaa, sizeof(*fake));
	memset(&fake->handoff, 0, sizeof(fake->handoff));
	fake->handoff.magic = SMALT_MAGIC;
	fake->handoff.version = SMALT_HANDOFF_VERSION;
	fake->handoff.bytes = sizeof(fake->handoff) + FAKE_EXTRA;
	fake->handoff.granule_shift = 12;
}

#endif
