/* SPDX-License-Identifier: BSD-2-Clause */
/* reportsjson.c: the reports of smalt check as JSON (docs/check.md has every key). Keys are only ever added. */
#include "reports.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>

#include "plan.h"

static void add_hex(cJSON *to, const char *key, uint64_t value)
{
	char text[20];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	cJSON_AddStringToObject(to, key, text);
}

static void add_pages(cJSON *to, const struct hint_pages *pages)
{
	cJSON *json = cJSON_AddObjectToObject(to, "pages");

	add_hex(json, "in_place_bytes", pages->bytes[SMALT_BACKING_IN_PLACE]);
	add_hex(json, "copied_bytes", pages->bytes[SMALT_BACKING_COPY]);
	add_hex(json, "zero_bytes", pages->bytes[SMALT_BACKING_ZERO]);
	cJSON_AddNumberToObject(json, "leaves", (double)pages->leaves);
}

static cJSON *report_json(const struct report *report)
{
	cJSON *json = cJSON_CreateObject(), *hints;

	cJSON_AddItemToObject(json, "file", plan_string(span_of(report->name)));
	cJSON_AddStringToObject(json, "status", status_name(report->problems.count ?
	                        report->problems.faults[0].status : ST_OK));
	if (report->machine)
		cJSON_AddStringToObject(json, "machine", report->machine->name);
	else
		cJSON_AddNullToObject(json, "machine");
	cJSON_AddStringToObject(json, "role", words_text(plan_roles, report->role ? report->role : SMALT_ROLE_RAW));
	cJSON_AddStringToObject(json, "format", words_text(plan_formats, report->format));
	cJSON_AddBoolToObject(json, "position_independent", report->movable);
	plan_faults(json, "problems", report->problems.faults, report->problems.count);
	if (report->planned)
		add_pages(json, &report->pages);
	else
		cJSON_AddNullToObject(json, "pages");
	hints = cJSON_AddArrayToObject(json, "hints");
	for (uint32_t i = 0; i < report->hint_count; i++) {
		cJSON *hint = cJSON_CreateObject();

		cJSON_AddStringToObject(hint, "name", report->hints[i].name);
		cJSON_AddItemToObject(hint, "text", plan_string(span_of(report->hints[i].text)));
		cJSON_AddItemToArray(hints, hint);
	}
	return json;
}

bool reports_json(const struct reports *reports, FILE *out)
{
	cJSON *json = cJSON_CreateObject(), *files;
	char *text;
	bool good;

	cJSON_AddNumberToObject(json, "smalt", 1);
	files = cJSON_AddArrayToObject(json, "files");
	for (uint32_t i = 0; i < reports->count; i++)
		cJSON_AddItemToArray(files, report_json(&reports->list[i]));
	text = cJSON_Print(json);
	good = text && fprintf(out, "%s\n", text) > 0 && fflush(out) == 0;
	cJSON_free(text);
	cJSON_Delete(json);
	return good;
}
