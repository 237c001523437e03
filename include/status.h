/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status.h: the one error type, and the record that explains an error.
 *
 * A check that fails fills the fault and returns its status in one expression:
 *
 *     return fault_set(fault, ST_TRUNCATED, "p_offset", value, limit);
 *
 * Nothing prints there. fault_text() makes the one line that a person reads.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include <smalt/status.h>

#include "span.h"

#define MUST_CHECK __attribute__((warn_unused_result))

enum status {
#define X(name, text, remedy) ST_##name,
	SMALT_STATUS_LIST(X)
#undef X
	STATUS_COUNT
};

/* Which of the fault's numbers mean something. */
enum {
	FAULT_VALUE = 1, FAULT_LIMIT = 2 /* only with a value */, FAULT_OFFSET = 4, FAULT_SEGMENT = 8, FAULT_PLACE = 16,
	FAULT_TOLD = 32,         /* a sink heard of it (sink.h) */
};

/* Which check failed, where, and with which numbers. Owned by the caller. */
struct fault {
	enum status status;
	uint32_t has;            /* FAULT_* */
	struct span object;      /* name of the file, bytes == 0: none */
	const char *field;       /* what was checked, in the manual's name: "p_offset" */
	uint64_t value;          /* the number that was found */
	uint64_t limit;          /* the number that it was compared to */
	uint64_t offset;         /* file offset of the field */
	uint32_t segment;        /* index of the program header */
	uint32_t line, column;   /* of a text file, from 1 */
	char word[48];           /* the offending text, or the owner of an address; "" if none */
	const char *nearest;     /* the word that was perhaps meant, or NULL */
	const char *hint;        /* what to do, static; NULL: the status's own remedy */
};

const char *status_name(enum status status);     /* "TRUNCATED" */
const char *status_text(enum status status);     /* one line, what it means */
const char *status_remedy(enum status status);   /* a paragraph for the manual, what to do */

/* All set the fault anew, but for fault_in(), and return its status. */
enum status fault_set(struct fault *fault, enum status status, const char *field,
                      uint64_t value, uint64_t limit);
/* The same without a limit: one number is wrong by itself. */
enum status fault_value(struct fault *fault, enum status status, const char *field, uint64_t value);
/* The same without numbers. */
enum status fault_field(struct fault *fault, enum status status, const char *field);

/* Add to a fault what the caller of the check knows; return its status. */
enum status fault_at(struct fault *fault, uint64_t offset);
enum status fault_segment(struct fault *fault, uint32_t segment);   /* UINT32_MAX: it has no number */
enum status fault_word(struct fault *fault, struct span word);   /* cut to fit, unprintables become '?' */
enum status fault_place(struct fault *fault, uint32_t line, uint32_t column);
enum status fault_hint(struct fault *fault, const char *hint);
enum status fault_in(struct fault *fault, struct span object);   /* keeps a name that is set */

/*
 * Writes one line, without newline, NUL-terminated and cut to capacity:
 * kernel.elf: segment 2: p_offset at 0x58: 0x9000 > 0x8f00: TRUNCATED, a range ends behind ... (hint)
 */
void fault_text(const struct fault *fault, char *text, uint32_t capacity);

#endif
