/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * place.h: gives every row of an object its virtual address. Pure: the space is
 * only looked at; what comes out is entered with place_enter().
 *
 * Knows no file format: everything comes from struct object.
 */
#ifndef PLACE_H
#define PLACE_H

#include "object.h"
#include "random.h"
#include "space.h"

/* place_request.flags */
enum {
	PLACE_INTERPRET = 1,     /* segments as rows; without it the whole file is one read-only row (M5) */
	PLACE_PADDING = 2,       /* padding is set; of 0 bytes: none (M8) */
	PLACE_ADDRESS = 4,       /* va is set */
	PLACE_ALLOW_WX = 8,      /* wx=allow (M12) */
	PLACE_PHYSICAL = 16,     /* rows at p_paddr: the protocol's own rules hold (M21) */
	PLACE_NOEXEC = 32,       /* none of its rows may be executable (M23) */
	PLACE_RESERVED = 64,     /* reserves are set: only there, whoever claims them (M9) */
};

/* Addresses that were kept free for one object. */
struct reserve {
	uint64_t va, bytes;      /* [va, va + bytes) does not wrap */
};

/* Where an object goes that can move and has no address (M13). */
enum place_policy {
	PLACE_PACKED,            /* the lowest from `from` on */
	PLACE_STABLE,            /* where draw says, which what it is decides; the next free one if that is taken */
	PLACE_RANDOM,            /* one of the free places, by draw */
};

struct placement;

struct place_request {
	const struct object *object;
	uint32_t flags;
	uint32_t object_index;   /* for the rows */
	uint32_t instance;
	bool entry_required;     /* role kernel: an entry must exist; else only a nonzero one is checked */
	bool may_stay;           /* its bytes may be mapped where they lie: congruence is worth a wish */
	const struct placement *like;   /* of the instance whose frames it shares, NULL: none */
	uint64_t from;           /* packed: the lowest address for a movable object */
	uint64_t padding;        /* bytes, rounded up to granules */
	uint64_t va;             /* PLACE_ADDRESS: of the base, not 0; only for what can move */
	enum place_policy policy;
	const struct random *draw;   /* stays as it is, so that a retry says the same; NULL: as packed */
	const struct reserve *reserves;  /* PLACE_RESERVED: they stay claimed as they are */
	uint32_t reserve_count;
};

struct placement {
	uint64_t base;           /* page of the lowest byte; movable: rounded down to the largest
	                          * p_align, so that bias is a multiple of it (M6) */
	uint64_t bias;           /* modulo 2^64 */
	uint64_t start, end;     /* first to behind the last page, padding and the last row's pad included */
	uint32_t va_bits;        /* floor(log2(free places that it was drawn from)); not drawn: 0 */
	uint32_t turn;           /* spread: its frames are so many colors above va's */
};

/*
 * Fills rows[], ascending, and *placement. *elements: in = capacity, out = rows
 * required; written on ST_OK and on ST_TOO_SMALL only (M2); capacity 0 asks, and
 * capacity drives nothing. After an error rows and *placement are unchanged. The fault has
 * the object's name.
 *
 * Without PLACE_INTERPRET, and for OBJECT_FLAT, the row is the whole file. What can move goes to
 * the lowest free address from `from` on; as long as there is one, so that its bytes can stay in
 * large leaves (may_stay), else so that its largest segment gets large leaves (P2).
 * Where colors are spread (space->colors), an object with smaller leaves than 2M goes on to a start that fits.
 * PLACE_STABLE and PLACE_RANDOM: a multiple of the largest leaf of its own in the machine's window from
 * kernel_va to kernel_last, as packed where that has no free place. SMALT_ROW_VA_MOVED: not where draw said.
 * PLACE_RESERVED: each segment and each padding of what is fixed lies wholly in one reserve, all of what can
 * move in one; nothing else is free for it.
 * PLACE_PHYSICAL: rows at p_paddr with the file's rights, a flat file where its bytes lie; nothing
 * is free or taken, and there is no entry rule.
 *
 * ST_INVALID, ST_TOO_SMALL, ST_NOT_AUTHORIZED, ST_WX, ST_BAD_ENTRY, ST_NO_ADDRESS, ST_OVERFLOW and ST_OVERLAP
 * (physical), ST_MISALIGNED (va), ST_ADDRESS_IN_USE, ST_NOT_MAPPABLE (no bytes),
 * ST_NO_MEMORY (padding overflows).
 */
MUST_CHECK enum status place_object(const struct space *space, const struct place_request *request,
                                    struct smalt_row *rows, uint32_t *elements,
                                    struct placement *placement, struct fault *fault);

/*
 * Enters rows and claims of a placement into the space: ST_NO_MEMORY at most. A fixed object
 * claims the pages of its rows, a movable one everything between its first and its last.
 */
MUST_CHECK enum status place_enter(struct space *space, const struct place_request *request,
                                   const struct smalt_row *rows, uint32_t count,
                                   const struct placement *placement, struct fault *fault);

/*
 * One row of Smalt's own (SMALT_KIND_*) at the lowest address from `from` on with a guard
 * granule on both sides, or if there is none, of the machine's highest range; va == phase modulo
 * align. Enters it and tells va.
 */
MUST_CHECK enum status place_own(struct space *space, uint32_t kind, uint64_t bytes, uint32_t prot,
                                 uint64_t from, uint64_t align, uint64_t phase, uint64_t *va,
                                 struct fault *fault);

#endif
