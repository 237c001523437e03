/* SPDX-License-Identifier: 0BSD */
/*
 * request.h: the ELF note by which a kernel states its needs to Smalt.
 *
 * A note with owner "SMALT" and type 1 in a PT_NOTE segment of the kernel. A
 * kernel without one gets the defaults. smalt.conf wins over the note, the
 * command line wins over smalt.conf (requirements H4).
 *
 *     #include <smalt/request.h>
 *     SMALT_REQUEST(.stack_bytes = 256 << 10, .direct_map = SMALT_DIRECT_MAP_NONE);
 *
 * The descriptor grows by appending; Smalt reads no more than `bytes` of it.
 */
#ifndef SMALT_REQUEST_H
#define SMALT_REQUEST_H

#define SMALT_NOTE_OWNER      "SMALT"
#define SMALT_NOTE_REQUEST    1
#define SMALT_REQUEST_VERSION 1

#define SMALT_STACK_DEFAULT (64 << 10)   /* bytes */

/* smalt_request_desc.direct_map */
#define SMALT_DIRECT_MAP_DEFAULT  0      /* at the machine's place (requirements H7) */
#define SMALT_DIRECT_MAP_NONE     1
#define SMALT_DIRECT_MAP_IDENTITY 2      /* va == pa */
#define SMALT_DIRECT_MAP_AT       3      /* at direct_map_va */

/* smalt_request_desc.flags */
#define SMALT_REQUEST_NO_REPORTER (1 << 0)   /* no vectors, no fault reporter */

#ifndef __ASSEMBLER__
#include <stdint.h>

/* Packed, since a note's descriptor follows its owner at a multiple of 4 bytes, not of 8 (ELF gABI). */
struct __attribute__((packed, aligned(4))) smalt_request_desc {
	uint32_t bytes;          /* sizeof(struct smalt_request_desc) of the kernel's header */
	uint32_t version;        /* SMALT_REQUEST_VERSION */
	uint64_t stack_bytes;    /* boot stack, rounded up to pages; 0: the default; <= 1 GiB */
	uint64_t direct_map_va;  /* of SMALT_DIRECT_MAP_AT, a multiple of 1 GiB; else 0 */
	uint32_t direct_map;     /* SMALT_DIRECT_MAP_* */
	uint32_t flags;          /* SMALT_REQUEST_*; unknown bits are refused */
	uint32_t paging_levels;  /* 0: the machine's default (4) */
	uint32_t granule_shift;  /* log2 of the bytes of a page; 0: the machine's default (12) */
};

struct smalt_request_note {
	uint32_t owner_bytes;    /* 6 */
	uint32_t desc_bytes;
	uint32_t type;           /* SMALT_NOTE_REQUEST */
	char owner[8];
	struct smalt_request_desc request;
};

/* Defines the note; use it once, at file scope, in C. */
#define SMALT_REQUEST(...)                                                     \
	__attribute__((section(".note.smalt"), used, aligned(4)))              \
	static const struct smalt_request_note smalt_request_note_ = {         \
		6, sizeof(struct smalt_request_desc), SMALT_NOTE_REQUEST,           \
		SMALT_NOTE_OWNER,                                              \
		{ .bytes = sizeof(struct smalt_request_desc),                       \
		  .version = SMALT_REQUEST_VERSION, __VA_ARGS__ } }

#endif /* __ASSEMBLER__ */
#endif
