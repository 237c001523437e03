/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * request.c: what a request says, before anything is done for it.
 */
#include <stddef.h>

#include "align.h"
#include "library.h"

enum {
	ALL_FLAGS = SMALT_MAP_INTERPRET | SMALT_MAP_PADDING | SMALT_MAP_ADDRESS |
	            SMALT_MAP_RESERVATION | SMALT_MAP_ALLOW_WX | SMALT_MAP_ENTRY |
	            SMALT_MAP_RELOCATE | SMALT_MAP_CONSUME | SMALT_MAP_NOCOPY | SMALT_MAP_COPY |
	            SMALT_MAP_ALIGNED | SMALT_MAP_NOEXEC,
	OF_PREPARED = SMALT_MAP_NOCOPY | SMALT_MAP_COPY,
	/* Said when it was prepared, or not true of it: */
	NOT_OF_PREPARED = SMALT_MAP_RELOCATE | SMALT_MAP_CONSUME,
	/* Makes sense only where there are segments */
	OF_SEGMENTS = SMALT_MAP_RELOCATE | SMALT_MAP_ENTRY | SMALT_MAP_ALIGNED | OF_PREPARED,
};

static enum status check_flags(uint32_t flags, bool prepared, struct fault *fault)
{
	if (flags & ~(uint32_t)ALL_FLAGS)
		return fault_set(fault, ST_INVALID, "flags", flags, ALL_FLAGS);
	if (prepared && ((flags & OF_PREPARED) == 0 || (flags & OF_PREPARED) == OF_PREPARED))
		return fault_value(fault, ST_INVALID, "either NOCOPY or COPY of what is prepared", flags);
	if (flags & (prepared ? NOT_OF_PREPARED : OF_PREPARED))
		return fault_value(fault, ST_INVALID,
		                   prepared ? "flags of what is prepared" : "NOCOPY or COPY of an object", flags);
	if ((flags & OF_SEGMENTS) && !(flags & SMALT_MAP_INTERPRET))
		return fault_value(fault, ST_INVALID, "flags without INTERPRET", flags);
	return ST_OK;
}

static enum status check_bytes(const struct smalt_request *request, struct fault *fault)
{
	if ((request->object == NULL) == (request->prepared == NULL))
		return fault_field(fault, ST_INVALID, "either an object or what is prepared");
	if (request->prepared != NULL)
		return ST_OK;
	if (request->object_pa != SMALT_NOWHERE && range_wraps(request->object_pa, request->object_bytes))
		return fault_set(fault, ST_INVALID, "object_bytes", request->object_bytes,
		                 UINT64_MAX - request->object_pa);
	if ((request->flags & SMALT_MAP_CONSUME) && request->object_pa == SMALT_NOWHERE)
		return fault_field(fault, ST_INVALID, "CONSUME of what is not in memory");
	return ST_OK;
}

/* A seed without randomness, or the other way round, is a mistake that nobody would notice. */
static enum status check_policy(const struct smalt_request *request, struct fault *fault)
{
	bool random = request->policy == SMALT_VA_RANDOM;

	if (request->policy > SMALT_VA_RANDOM)
		return fault_set(fault, ST_INVALID, "policy", request->policy, SMALT_VA_RANDOM);
	if (random != (request->seed != NULL) || random != (request->seed_bytes != 0))
		return fault_value(fault, ST_INVALID, "seed and its policy", request->seed_bytes);
	return ST_OK;
}

enum status request_check(const struct smalt_request *request, struct fault *fault)
{
	enum status status;

	if (request->bytes != sizeof *request)
		return fault_set(fault, ST_INVALID, "smalt_request.bytes", request->bytes, sizeof *request);
	if (request->name == NULL)
		return fault_field(fault, ST_INVALID, "request without a name");
	status = check_flags(request->flags, request->prepared != NULL, fault);
	if (status == ST_OK)
		status = check_bytes(request, fault);
	if (status == ST_OK)
		status = check_policy(request, fault);
	if (status == ST_OK && !(request->flags & SMALT_MAP_RESERVATION) != (request->reservation == 0))
		status = fault_value(fault, ST_INVALID, "reservation and its flag", request->reservation);
	return status == ST_OK ? ST_OK : fault_in(fault, span_of(request->name));
}

enum status request_check_pages(uint64_t va, uint64_t file_bytes, uint64_t granule,
                                struct fault *fault)
{
	uint64_t end = va + file_bytes, mask = granule - 1;

	if (file_bytes == 0 || ((va | end) & mask) == 0)
		return ST_OK;
	return fault_set(fault, ST_MISALIGNED, "file bytes of part of a page", va & mask ? va : end, granule);
}

enum status request_read(const struct smalt_space *space, const struct smalt_request *request,
                         struct boot_object *link, struct sink *sink, struct arena *arena,
                         struct fault *fault)
{
	struct object_source source = {
		span_of(request->name), &link->content, space->space.machine, sink,
	};

	*link = (struct boot_object){
		.relocate = request->flags & SMALT_MAP_RELOCATE,
		.content = content_of((struct span){ request->object, request->object_bytes },
		                      request->object_pa),
	};
	if (request->flags & SMALT_MAP_INTERPRET)
		return object_read_from(&link->object, &source, arena, fault);
	object_flat(&link->object, source.name, source.content);
	return ST_OK;
}
