/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * map_request.h: requests for the object of map_object.h, for tests of the mapping call.
 */
#ifndef MAP_REQUEST_H
#define MAP_REQUEST_H

#include "map_object.h"

#define OK SMALT_STATUS_OK
#define IS(status) SMALT_STATUS_##status

static const uint32_t both[] = { 62, 183 };
static const struct word words[] = { { 0x3200, 0x111 }, { 0x5df8, 0x222 }, { 0xc008, 0x333 } };

static inline void begin(uint32_t machine, uint16_t type)
{
	bench_begin(machine);
	make_object(type, type == 2 ? 0x400000 : 0, words, 3, 0);
}

static inline struct smalt_request request(uint32_t flags)
{
	struct smalt_request made = request_of(OBJECT_BYTES);

	made.flags |= flags;
	return made;
}

static inline void open_with_claims(uint16_t type, uint32_t count)
{
	begin(62, type);
	b.setup.claim_count = count;
	say(open_space());
}

/* As it is, without any flag more. */
static inline uint32_t map_plain(void)
{
	struct smalt_request plain = request(0);

	return map_it(&plain);
}

static inline uint32_t map_prepared(struct smalt_prepared *prepared, uint32_t flags)
{
	struct smalt_request r = request(flags);

	r.object = NULL;
	r.prepared = prepared;
	return map_it(&r);
}

#endif
