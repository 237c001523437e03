/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * library.h: what stands behind smalt/map.h, private to this folder.
 *
 *     fault        public faults, the sink
 *     open         a space, its claims and free memory
 *     request  ──▶ plan ──▶ commit      the mapping call
 *     back, fill   frames behind rows, bytes into frames
 *     link         relocation against what the space has
 *     prepare      segments before they are mapped: own, align, clone
 *     keep         memory of the caller
 *     build        page tables
 */
#ifndef LIBRARY_H
#define LIBRARY_H

#include <smalt/map.h>

#include "boot.h"
#include "extent.h"

/* All claims of the caller are one object's: they may touch each other. */
#define LIBRARY_CALLER (SMALT_NONE - 1)

/* Claimed, but for the object whose request has the tag. */
struct reservation {
	struct reserve addresses;
	uint64_t tag;            /* SMALT_CLAIM_TAKEN: an object has it */
};

struct smalt_space {
	struct arena arena;      /* the rest of the storage */
	struct space space;
	struct frames frames;
	struct memmap memory;    /* before everything */
	uint64_t window;
	struct colors colors;    /* of space.colors, if that is not NULL */
	struct reservation *reservations;
	uint32_t reservation_count;
	struct smalt_object *objects;
	struct boot_object *links;           /* as many: what others bind to; one more is being planned */
	uint32_t object_count, object_most;
	uint32_t (*report)(void *context, const struct smalt_fault *fault);
	void *context;
	bool built;              /* the page tables are */
};

struct smalt_prepared {
	struct smalt_space *space;
	struct smalt_request request;
	struct boot_object link; /* its segments by program header and RELRO: what rows follow from */
	struct segment *whole;   /* the same before RELRO parted them: what relocation looks at */
	uint32_t whole_count;
	struct smalt_segment *segments;
	uint32_t count, capacity;
	bool used;               /* mapped by NOCOPY: for the last time */
	bool relocated;
	uint64_t bias;           /* then */
};

/* The caller's ear, for one call. */
struct ear {
	struct sink sink;
	const struct smalt_space *space;
};

/* A request that was looked at: what follows from it before anything is allocated. */
struct planned {
	const struct smalt_request *request;
	struct smalt_prepared *prepared;     /* or NULL */
	struct boot_object *link;            /* the space's, next to those that it has */
	struct ear ear;
	const struct object *object;
	struct segment *whole;               /* its segments before RELRO parted them */
	uint32_t whole_count;
	struct random draw;                  /* of the policy; place points to it */
	struct place_request place;
	struct placement placement;
	struct smalt_row *rows;
	uint32_t count;
	struct reserve *reserves;
	struct space filled;     /* rows and extents as they were backed: pieces come from them */
};

static inline void *library_pointer(const struct smalt_space *space, uint64_t pa)
{
	return (void *)(uintptr_t)(pa + space->window);
}

/* fault.c: status, after the inner fault was made public in *to, which may be NULL. */
uint32_t fault_publish(enum status status, const struct fault *fault, struct smalt_fault *to);

/* Who hears of problems in this space, NULL if nobody wants to. ear lives as long as its sink is used. */
struct sink *fault_sink(const struct smalt_space *space, struct ear *ear);

/* request.c: ST_INVALID for what contradicts itself. */
MUST_CHECK enum status request_check(const struct smalt_request *request, struct fault *fault);

/* With ALIGNED: only whole pages, of the file or of zeros. ST_MISALIGNED. */
MUST_CHECK enum status request_check_pages(uint64_t va, uint64_t file_bytes, uint64_t granule,
                                           struct fault *fault);

/* Reads the object into link, which stays where it is; everything it says is checked. sink: or NULL. */
MUST_CHECK enum status request_read(const struct smalt_space *space,
                                    const struct smalt_request *request, struct boot_object *link,
                                    struct sink *sink, struct arena *arena,
                                    struct fault *fault);

/* link.c: the object that is being planned among those of the space. */
struct linkage link_set(const struct smalt_space *space, struct arena *arena);

/* plan.c: rows and addresses of a request; arrays come from arena. */
MUST_CHECK enum status plan_make(const struct smalt_space *space,
                                 const struct smalt_request *request, struct arena *arena,
                                 struct planned *planned, struct fault *fault);

/* commit.c: what was planned becomes part of the space; planned->rows get their flags. */
MUST_CHECK enum status commit_make(struct smalt_space *space, struct planned *planned,
                                   struct fault *fault);

/* back.c: frames behind the rows of a part of the space, which has nothing else. */
MUST_CHECK enum status back_rows(struct smalt_space *space, struct planned *planned,
                                 struct space *part, struct arena *arena, struct fault *fault);

/* fill.c: the bytes of what is backed, then its relocations. Cannot fail. */
void fill_rows(const struct smalt_space *space, const struct planned *planned);

/* prepare.c: what its base is the place of: the lowest address, rounded down to its alignment. */
uint64_t prepared_low(const struct smalt_prepared *prepared);

/* May it be mapped, and how; then: it was. */
MUST_CHECK enum status prepared_check(const struct smalt_prepared *prepared,
                                      const struct smalt_request *request, struct fault *fault);
void prepared_used(struct smalt_prepared *prepared, uint32_t flags);

#endif
