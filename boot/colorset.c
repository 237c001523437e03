/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * colorset.c: colors as people write them: 0-3,8
 *
 *     set      = range { "," range }        ascending, each color once
 *     range    = NUMBER [ "-" NUMBER ]
 */
#include "colorset.h"

#include "color.h"

/* A decimal number below limit at the beginning, which is cut off. */
static bool cut_number(struct span *value, uint32_t limit, uint32_t *number)
{
	uint64_t digits = 0;

	for (*number = 0; digits < value->bytes && digits < 3; digits++) {
		uint8_t c = value->base[digits];

		if (c < '0' || c > '9')
			break;
		*number = 10 * *number + (c - '0');
	}
	value->base += digits;
	value->bytes -= digits;
	return digits > 0 && *number < limit;
}

static bool cut_sign(struct span *value, char sign)
{
	if (value->bytes == 0 || value->base[0] != (uint8_t)sign)
		return false;
	value->base++;
	value->bytes--;
	return true;
}

const char colorset_expected[] =
	"write colors from 0 to 63 that ascend, as in 0-3,8";

bool colorset_read(struct span value, uint64_t *mask)
{
	uint32_t first, last, next = 0;

	*mask = 0;
	do {
		if (!cut_number(&value, GEOMETRY_COLORS_MOST, &first) || first < next)
			return false;
		last = first;
		if (cut_sign(&value, '-') &&
		    (!cut_number(&value, GEOMETRY_COLORS_MOST, &last) || last < first))
			return false;
		*mask |= COLOR_ALL >> (GEOMETRY_COLORS_MOST - 1 - (last - first)) << first;
		next = last + 1;
	} while (cut_sign(&value, ','));
	return value.bytes == 0;
}

bool colorset_module(struct span key, struct span *name)
{
	static const uint64_t prefix = sizeof "colors.module." - 1;

	if (!span_begins(key, "colors.module.") || key.bytes == prefix)
		return false;
	*name = (struct span){ key.base + prefix, key.bytes - prefix };
	return true;
}
