/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fault.c: faults as the caller of the library gets them: without a pointer into
 * anything that may be gone when they are read.
 */
#include <stddef.h>

#include "library.h"
#include "status.h"

_Static_assert(SMALT_FAULT_VALUE == FAULT_VALUE && SMALT_FAULT_LIMIT == FAULT_LIMIT &&
               SMALT_FAULT_OFFSET == FAULT_OFFSET && SMALT_FAULT_SEGMENT == FAULT_SEGMENT,
               "one set of bits");

enum { HAS = FAULT_VALUE | FAULT_LIMIT | FAULT_OFFSET | FAULT_SEGMENT };

static void put(char *to, uint64_t capacity, struct span text)
{
	uint64_t bytes = text.bytes < capacity ? text.bytes : capacity - 1;

	for (uint64_t i = 0; i < bytes; i++)
		to[i] = (char)text.base[i];
	to[bytes] = '\0';
}

static void put_text(char *to, uint64_t capacity, const char *text)
{
	put(to, capacity, text != NULL ? span_of(text) : (struct span){ NULL, 0 });
}

uint32_t fault_publish(enum status status, const struct fault *fault, struct smalt_fault *to)
{
	if (to == NULL)
		return status;
	*to = (struct smalt_fault){ .status = status };
	if (status == ST_OK)
		return status;
	to->has = fault->has & HAS;
	to->value = fault->value;
	to->limit = fault->limit;
	to->offset = fault->offset;
	to->segment = fault->segment;
	put(to->object, sizeof to->object, fault->object);
	put_text(to->field, sizeof to->field, fault->field);
	put_text(to->word, sizeof to->word, fault->word);
	put_text(to->hint, sizeof to->hint, fault->hint);
	return status;
}

static bool report(struct sink *sink, const struct fault *fault)
{
	const struct smalt_space *space = ((const struct ear *)(const void *)sink)->space;
	struct smalt_fault told;

	(void)fault_publish(fault->status, fault, &told);
	return space->report(space->context, &told) == SMALT_REPORT_GO_ON;
}

struct sink *fault_sink(const struct smalt_space *space, struct ear *ear)
{
	*ear = (struct ear){ .sink.report = report, .space = space };
	return space->report != NULL ? &ear->sink : NULL;
}

const char *smalt_status_name(uint32_t status)
{
	return status < STATUS_COUNT ? status_name(status) : NULL;
}

const char *smalt_status_text(uint32_t status)
{
	return status < STATUS_COUNT ? status_text(status) : NULL;
}

const char *smalt_status_remedy(uint32_t status)
{
	return status < STATUS_COUNT ? status_remedy(status) : NULL;
}

void smalt_fault_text(const struct smalt_fault *fault, char *text, uint32_t capacity)
{
	struct fault inner = {
		.status = fault->status < STATUS_COUNT ? fault->status : ST_INVALID,
		.has = fault->has & HAS, .object = span_of(fault->object),
		.field = fault->field[0] != '\0' ? fault->field : NULL,
		.value = fault->value, .limit = fault->limit, .offset = fault->offset,
		.segment = fault->segment, .hint = fault->hint[0] != '\0' ? fault->hint : NULL,
	};

	(void)fault_word(&inner, span_of(fault->word));
	fault_text(&inner, text, capacity);
}
