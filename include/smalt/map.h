/* SPDX-License-Identifier: 0BSD */
/*
 * map.h: the mapping call: an object's bytes become rows of an address space,
 * for firmware that embeds libsmalt.a (docs/firmware.md; examples/firmware).
 *
 *     smalt_open ──▶ smalt_plan ──▶ smalt_commit ──▶ smalt_tables
 *                    (pure)         (frames, bytes)  (page tables)
 *                       └─ smalt_map ─┘
 *
 * After mmapobj(2) of illumos and elfldltl of Fuchsia, rules M1 to M24, S1 to S12 and R1 to R4 of
 * docs/requirements.md. Self-contained: C99, C++; constants in assembler.
 *
 * The caller gives storage, free memory, a map of virtual addresses and, if it likes, a sink
 * for diagnostics; the library calls nothing but memcpy, memmove, memset and memcmp. A space and
 * everything that is got from it belong to its storage; different spaces know nothing
 * of each other. Every call returns a status of smalt/status.h, 0 if it is done. After an error
 * nothing has changed but the fault, what was reported, and the contents of free frames.
 */
#ifndef SMALT_MAP_H
#define SMALT_MAP_H

#include <smalt/handoff.h>
#include <smalt/status.h>

/* smalt_request.flags: what is asked for. A flag that is not here, or that lacks its argument, or
 * an argument that lacks its flag: INVALID. */
#define SMALT_MAP_INTERPRET   (1 << 0)   /* segments as rows; without it the file is one read-only row */
#define SMALT_MAP_PADDING     (1 << 1)   /* .padding; 0 bytes: none */
#define SMALT_MAP_ADDRESS     (1 << 2)   /* .va, not 0 */
#define SMALT_MAP_RESERVATION (1 << 3)   /* .reservation, not 0 */
#define SMALT_MAP_ALLOW_WX    (1 << 4)   /* rows may be writable and executable */
#define SMALT_MAP_ENTRY       (1 << 5)   /* the entry must lie in an executable row, even if it is 0 */
#define SMALT_MAP_RELOCATE    (1 << 6)   /* apply relocations, then protect RELRO */
#define SMALT_MAP_CONSUME     (1 << 7)   /* the object's bytes are given away: they may become its memory */
#define SMALT_MAP_NOCOPY      (1 << 8)   /* of .prepared: its extents become the memory, once */
#define SMALT_MAP_COPY        (1 << 9)   /* of .prepared: it stays as it is, what is written is copied */
#define SMALT_MAP_ALIGNED     (1 << 10)  /* refuse what needs part of a page: MISALIGNED */
#define SMALT_MAP_NOEXEC      (1 << 11)  /* no row may be executable: NOT_AUTHORIZED */

/* smalt_claim.tag of what is in use. */
#define SMALT_CLAIM_TAKEN 0

/* smalt_request.policy: where what can move goes without an address (M13) */
#define SMALT_VA_PACKED 0        /* to the lowest free address from .from on */
#define SMALT_VA_STABLE 1        /* the same object always to the same address, unless that is taken */
#define SMALT_VA_RANDOM 2        /* drawn by .seed from all free places of the machine's window for kernels */

/* smalt_segment.flags */
#define SMALT_SEGMENT_OWN    (1 << 0)    /* has an extent of its own */
#define SMALT_SEGMENT_SEALED (1 << 1)    /* it is read-only for ever: clone before writing */
#define SMALT_SEGMENT_MAPPED (1 << 2)    /* it is memory of the space */
#define SMALT_SEGMENT_RELRO  (1 << 3)    /* written by relocation only */

/* What smalt_setup.report answers. */
#define SMALT_REPORT_STOP  0
#define SMALT_REPORT_GO_ON 1

/* smalt_fault.has: which numbers mean something. */
#define SMALT_FAULT_VALUE   (1 << 0)
#define SMALT_FAULT_LIMIT   (1 << 1)
#define SMALT_FAULT_OFFSET  (1 << 2)
#define SMALT_FAULT_SEGMENT (1 << 3)

#ifndef __ASSEMBLER__

#define SMALT_NOWHERE UINT64_MAX         /* a physical address: not in memory */

#ifdef __cplusplus
extern "C" {
#endif

struct smalt_space;                      /* an address space under construction */
struct smalt_prepared;                   /* an object whose segments are worked on before they are mapped */

/* Which check failed, where, with which numbers. Texts end with a NUL and are cut to fit. */
struct smalt_fault {
	uint32_t status;         /* enum smalt_status */
	uint32_t has;            /* SMALT_FAULT_* */
	uint64_t value;          /* the number that was found */
	uint64_t limit;          /* the number that it was compared to */
	uint64_t offset;         /* in the file, of the field */
	uint32_t segment;        /* index of the program header */
	uint32_t reserved;       /* 0 */
	char object[64];         /* smalt_request.name */
	char field[64];          /* what was checked, in its manual's name: "p_offset" */
	char word[48];           /* the offending text, or the owner of an address */
	char hint[160];          /* what to do; "": what docs/statuses.md says */
};

/* [va, va + bytes) belongs to owner. */
struct smalt_claim {
	uint64_t va;
	uint64_t bytes;          /* > 0 */
	const char *owner;       /* as which ADDRESS_IN_USE names it; must outlive the space */
	uint64_t tag;            /* SMALT_CLAIM_TAKEN, or kept free for the request with this reservation */
};

/* What a space starts with. Arrays are only read while smalt_open() runs. */
struct smalt_setup {
	uint32_t bytes;          /* sizeof(struct smalt_setup) */
	uint32_t machine;        /* SMALT_MACHINE_* */
	uint32_t leaf_mask;      /* bit i: the machine's i-th leaf size, ascending, can be used; bit 0 is */
	uint32_t memory_count;
	const struct smalt_memory *memory;   /* in any order; USABLE is free, everything else stays what it is */
	uint64_t window;         /* pointer = physical address + window */
	const struct smalt_claim *claims;    /* disjoint, in any order; what no table can map is ignored */
	uint32_t claim_count;
	uint32_t object_most;    /* objects that will be mapped, at most */
	uint32_t row_most;       /* rows, of all objects and of smalt_keep() */
	uint32_t extent_most;    /* extents; four for each row, and one for each range of memory, are enough */
	/*
	 * Asked at every problem: SMALT_REPORT_STOP or SMALT_REPORT_GO_ON, to hear of the others too.
	 * Each is reported once, and the call fails with the first. NULL: it stops.
	 */
	uint32_t (*report)(void *context, const struct smalt_fault *fault);
	void *context;
	uint64_t color_way;      /* bytes of a way of the cache whose colors frames shall have: a power of two; 0: none */
	uint32_t color_ways;     /* its ways */
	uint32_t color_policy;   /* SMALT_COLOR_*; OFF without a way, or if it is no larger than a granule */
};

/* What to map, and how. Bytes and name must outlive the space. */
struct smalt_request {
	uint32_t bytes;          /* sizeof(struct smalt_request) */
	uint32_t flags;          /* SMALT_MAP_* */
	const char *name;        /* in faults, and as owner of its addresses */
	const void *object;      /* the file's bytes; NULL with .prepared */
	uint64_t object_bytes;
	uint64_t object_pa;      /* where they lie; SMALT_NOWHERE: not to be mapped in place */
	struct smalt_prepared *prepared;     /* instead of .object */
	uint64_t padding;        /* bytes without access below and above, rounded up to granules */
	uint64_t va;             /* of the first page of an object that can move: a multiple of its alignment */
	uint64_t reservation;    /* tag of claims, in one of which each segment must lie */
	uint64_t from;           /* what can move goes to the lowest free address from here on */
	uint32_t instance;       /* for the rows; SMALT_VA_STABLE: each has an address of its own */
	uint32_t policy;         /* SMALT_VA_* */
	uint64_t copy_limit;     /* bytes that may be copied to save leaves (P2); 0: none */
	const void *seed;        /* SMALT_VA_RANDOM: bytes that nobody can tell, 32 are enough; else NULL */
	uint64_t seed_bytes;     /* smalt_object.va_bits says how many bits the address has */
	uint64_t color_mask;     /* SMALT_COLOR_PARTITION: bit n for color n, of which its frames are; 0: of any */
};

/* A piece of a prepared object: memory with one kind of backing. */
struct smalt_segment {
	uint64_t va;             /* the file's own address */
	uint64_t mem_bytes;
	uint64_t file_offset;
	uint64_t file_bytes;     /* 0: zero fill. With an extent: of it, from its first page on */
	uint64_t extent_pa;      /* SMALT_NOWHERE: the object's bytes, or zeros */
	uint64_t extent_bytes;   /* whole granules */
	uint32_t prot;           /* SMALT_R, W, X */
	uint32_t flags;          /* SMALT_SEGMENT_* */
	uint32_t index;          /* of its (first) program header */
	uint32_t reserved;       /* 0 */
};

/*
 * Makes a space in storage (aligned to 16 bytes), with its claims and free memory. NO_MEMORY if
 * storage is too small; INVALID; ADDRESS_IN_USE (claims overlap).
 */
uint32_t smalt_open(const struct smalt_setup *setup, void *storage, uint64_t storage_bytes,
                    struct smalt_space **space, struct smalt_fault *fault);

/*
 * Where every byte would go. Pure: the space is only looked at. *elements: in = capacity of rows[], out = rows
 * required; written on OK and on TOO_SMALL only. A capacity of 0 asks (rows may be NULL then).
 * Reads headers only, whatever the object's size. Uses the rest of the storage, and gives it back.
 */
uint32_t smalt_plan(const struct smalt_space *space, const struct smalt_request *request,
                    struct smalt_row *rows, uint32_t *elements, struct smalt_fault *fault);

/*
 * Does what was planned: takes frames, copies and zeroes into them, relocates, enters rows and
 * addresses. rows are those of smalt_plan(), of the same request: INVALID if another plan follows from
 * it by now. Else fails only for want of frames or storage, and with what relocation finds.
 */
uint32_t smalt_commit(struct smalt_space *space, const struct smalt_request *request,
                      const struct smalt_row *rows, uint32_t elements, struct smalt_fault *fault);

/* Both. rows[] get the flags that follow from their memory, too. */
uint32_t smalt_map(struct smalt_space *space, const struct smalt_request *request,
                   struct smalt_row *rows, uint32_t *elements, struct smalt_fault *fault);

/*
 * Keeps memory of the caller in the space: its own code, its stack, registers. Whole granules; prot
 * and memory (SMALT_CACHE_*) as in extents. Addresses that the caller claimed for itself are its own; those of
 * a reservation are not. Memory that is free (USABLE) is not the caller's to keep.
 */
uint32_t smalt_keep(struct smalt_space *space, uint64_t va, uint64_t pa, uint64_t bytes,
                    uint32_t prot, uint32_t memory, struct smalt_fault *fault);

/*
 * Builds the page tables of everything that was mapped and kept, in frames of the space, reads them
 * back and compares. root_pa[1] is aarch64's TTBR1_EL1, else 0. Once: then nothing more is mapped.
 */
uint32_t smalt_tables(struct smalt_space *space, uint64_t root_pa[2], struct smalt_fault *fault);

/* What there is so far: arrays of the space, valid until its next call. */
const struct smalt_row *smalt_rows(const struct smalt_space *space, uint32_t *count);
const struct smalt_extent *smalt_extents(const struct smalt_space *space, uint32_t *count);
/* Records by object index; what only a handoff has room for (names, texts) is 0. */
const struct smalt_object *smalt_objects(const struct smalt_space *space, uint32_t *count);
/* The frames that were taken, each with its type; in no order. */
const struct smalt_memory *smalt_taken(const struct smalt_space *space, uint32_t *count);

/* "TRUNCATED"; what it means; what to do. NULL for what is no status. */
const char *smalt_status_name(uint32_t status);
const char *smalt_status_text(uint32_t status);
const char *smalt_status_remedy(uint32_t status);

/* The one line that a person reads, NUL-terminated and cut to capacity. */
void smalt_fault_text(const struct smalt_fault *fault, char *text, uint32_t capacity);

/* --- segments: what is done to an object before it is mapped, once or many times --- */

/*
 * Reads an object (flags: INTERPRET, CONSUME) and merges what belongs together: neighbors with the
 * same rights, adjacent in va and in the file, or both zero fill. Rows stay one for each
 * program header. The statuses of smalt_plan() that come from the object.
 */
uint32_t smalt_prepare(struct smalt_space *space, const struct smalt_request *request,
                       struct smalt_prepared **prepared, struct smalt_fault *fault);

const struct smalt_segment *smalt_segments(const struct smalt_prepared *prepared, uint32_t *count);

/*
 * Segments of file bytes and zero fill get a frame of their own for the page where the two meet: bytes copied,
 * the tail zeroed. Where they meet between pages nothing is allocated. seal: 1: those frames are
 * read-only from now on. INVALID if a segment has an extent already.
 */
uint32_t smalt_align_segments(struct smalt_prepared *prepared, uint32_t seal, struct smalt_fault *fault);

/* RELRO becomes a segment of its own. INVALID if its segment has an extent. */
uint32_t smalt_relro(struct smalt_prepared *prepared, struct smalt_fault *fault);

/*
 * The segment's file bytes get an extent of their own. Done if there is one, sealed or not.
 * INVALID for zero fill, and for an index that there is not.
 */
uint32_t smalt_make_mutable(struct smalt_prepared *prepared, uint32_t segment, struct smalt_fault *fault);

/*
 * Memory of [va, va + bytes), the file's own addresses, all in the extent of one segment, to be written.
 * NOT_AUTHORIZED (sealed or mapped: clone it), INVALID (no extent, zero fill, not all in one).
 */
uint32_t smalt_mutable_memory(struct smalt_prepared *prepared, uint64_t va, uint64_t bytes,
                              void **memory, struct smalt_fault *fault);

/*
 * Relocates for this base, which is what .va of a request is, or the file's own: every segment that is written
 * gets an extent of its own, the others cost nothing. Then it can be mapped there only, and with thread-local
 * data only as the object that would have come next now. Once.
 */
uint32_t smalt_relocate(struct smalt_prepared *prepared, uint64_t base, struct smalt_fault *fault);

/* A copy with extents of its own, not sealed; the same object's bytes, but not given away once more. */
uint32_t smalt_clone(const struct smalt_prepared *prepared, struct smalt_prepared **copy,
                     struct smalt_fault *fault);

/* Gives back the extents that were not mapped; prepared means nothing any more. */
void smalt_release(struct smalt_prepared *prepared);

#ifdef __cplusplus
}
#endif
#endif /* __ASSEMBLER__ */
#endif
