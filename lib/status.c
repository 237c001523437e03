/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status.c: what went wrong, as a record first and as a line last. A fault
 * never says more than its check knew: what has no bit in `has` is not printed.
 */
#include "status.h"

#include "check.h"
#include "fmt.h"

#define X(name, text, remedy) [ST_##name] = #name,
static const char *const names[] = { SMALT_STATUS_LIST(X) };
#undef X
#define X(name, text, remedy) [ST_##name] = text,
static const char *const texts[] = { SMALT_STATUS_LIST(X) };
#undef X
#define X(name, text, remedy) [ST_##name] = remedy,
static const char *const remedies[] = { SMALT_STATUS_LIST(X) };
#undef X

const char *status_name(enum status status)
{
	CHECK(status < STATUS_COUNT);
	return names[status];
}

const char *status_text(enum status status)
{
	CHECK(status < STATUS_COUNT);
	return texts[status];
}

const char *status_remedy(enum status status)
{
	CHECK(status < STATUS_COUNT);
	return remedies[status];
}

enum status fault_set(struct fault *fault, enum status status, const char *field,
                      uint64_t value, uint64_t limit)
{
	*fault = (struct fault){
		.status = status, .has = FAULT_VALUE | FAULT_LIMIT, .field = field,
		.value = value, .limit = limit,
	};
	return status;
}

enum status fault_value(struct fault *fault, enum status status, const char *field, uint64_t value)
{
	*fault = (struct fault){
		.status = status, .has = FAULT_VALUE, .field = field, .value = value,
	};
	return status;
}

enum status fault_field(struct fault *fault, enum status status, const char *field)
{
	*fault = (struct fault){ .status = status, .field = field };
	return status;
}

enum status fault_at(struct fault *fault, uint64_t offset)
{
	fault->has |= FAULT_OFFSET;
	fault->offset = offset;
	return fault->status;
}

enum status fault_segment(struct fault *fault, uint32_t segment)
{
	if (segment != UINT32_MAX)
		fault->has |= FAULT_SEGMENT;
	fault->segment = segment;
	return fault->status;
}

enum status fault_word(struct fault *fault, struct span word)
{
	uint64_t room = sizeof fault->word - 1;
	uint64_t count = word.bytes < room ? word.bytes : room;

	for (uint64_t i = 0; i < count; i++) {
		char c = (char)word.base[i];

		fault->word[i] = c >= ' ' && c <= '~' ? c : '?';
	}
	fault->word[count] = '\0';
	return fault->status;
}

enum status fault_place(struct fault *fault, uint32_t line, uint32_t column)
{
	fault->has |= FAULT_PLACE;
	fault->line = line;
	fault->column = column;
	return fault->status;
}

enum status fault_hint(struct fault *fault, const char *hint)
{
	fault->hint = hint;
	return fault->status;
}

enum status fault_in(struct fault *fault, struct span object)
{
	if (fault->object.bytes == 0)
		fault->object = object;
	return fault->status;
}

/* kernel.elf: segment 2:    smalt.conf:3:7: */
static void put_place(struct text *text, const struct fault *fault)
{
	if (fault->object.bytes > 0)
		fmt(text, "%S:", &fault->object);
	if (fault->has & FAULT_PLACE)
		fmt(text, "%u:%u:", fault->line, fault->column);
	if (text->length > 0)
		fmt_char(text, ' ');
	if (fault->has & FAULT_SEGMENT)
		fmt(text, "segment %u: ", fault->segment);
}

/* The relation is read off the numbers: what is printed is true for limits of both directions. */
static char relation(uint64_t value, uint64_t limit)
{
	return value > limit ? '>' : value < limit ? '<' : '=';
}

/* Which of these numbers is larger says nothing: only one was right. */
static bool is_exact(enum status status)
{
	return status == ST_WRONG_CLASS || status == ST_WRONG_MACHINE;
}

/* p_offset at 0x58: 0x9000 > 0x8f00: "word": */
static void put_numbers(struct text *text, const struct fault *fault)
{
	if (fault->field)
		fmt(text, "%s", fault->field);
	if (fault->has & FAULT_OFFSET)
		fmt(text, " at 0x%X", fault->offset);
	if (fault->has & FAULT_VALUE)
		fmt(text, ": 0x%X", fault->value);
	if ((fault->has & FAULT_LIMIT) && is_exact(fault->status))
		fmt(text, ", not 0x%X", fault->limit);
	else if (fault->has & FAULT_LIMIT)
		fmt(text, " %c 0x%X", relation(fault->value, fault->limit), fault->limit);
	if (fault->word[0] != '\0')
		fmt(text, ": \"%s\"", fault->word);
	if (fault->field)
		fmt(text, ": ");
}

void fault_text(const struct fault *fault, char *text, uint32_t capacity)
{
	struct text line = { text, capacity, 0 };
	const char *hint = fault->hint ? fault->hint : status_remedy(fault->status);

	put_place(&line, fault);
	put_numbers(&line, fault);
	fmt(&line, "%s, %s", status_name(fault->status), status_text(fault->status));
	if (fault->nearest)
		fmt(&line, ", did you mean \"%s\"?", fault->nearest);
	if (hint[0] != '\0')
		fmt(&line, " (%s)", hint);
}
