/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json.c: a plan as JSON (design.md, section 5; docs/plan.md has every key).
 *
 * Addresses, sizes and a fault's numbers are hexadecimal strings, counts are
 * numbers, what is absent is null. Keys are only ever added.
 */
#include "plan.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>

static void add_hex(cJSON *to, const char *key, uint64_t value)
{
	char text[20];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	cJSON_AddStringToObject(to, key, text);
}

/* A number that the fault or the file may lack. */
static void add_hex_if(cJSON *to, const char *key, bool present, uint64_t value)
{
	if (present)
		add_hex(to, key, value);
	else
		cJSON_AddNullToObject(to, key);
}

static void add_index(cJSON *to, const char *key, uint32_t index)
{
	if (index == SMALT_NONE)
		cJSON_AddNullToObject(to, key);
	else
		cJSON_AddNumberToObject(to, key, index);
}

static void add_word(cJSON *to, const char *key, const char *text)
{
	if (text && *text)
		cJSON_AddStringToObject(to, key, text);
	else
		cJSON_AddNullToObject(to, key);
}

/* Names come from files: JSON has no bytes, only characters. */
cJSON *plan_string(struct span s)
{
	char *text = malloc(s.bytes + 1);
	cJSON *string;

	if (!text)
		return NULL;
	for (uint64_t i = 0; i < s.bytes; i++)
		text[i] = s.base[i] >= ' ' && s.base[i] < 0x7f ? (char)s.base[i] : '?';
	text[s.bytes] = '\0';
	string = cJSON_CreateString(text);
	free(text);
	return string;
}

static void add_span(cJSON *to, const char *key, struct span s)
{
	cJSON_AddItemToObject(to, key, plan_string(s));
}

static void add_leaf(cJSON *to, const char *key, uint32_t shift)
{
	char text[PLAN_BYTES_TEXT];

	if (shift == 0) {
		cJSON_AddNullToObject(to, key);
		return;
	}
	plan_bytes(1ull << shift, text);
	cJSON_AddStringToObject(to, key, text);
}

static void add_rights(cJSON *to, uint32_t prot)
{
	char rights[RIGHTS_BYTES];

	words_rights(prot, rights);
	cJSON_AddStringToObject(to, "prot", rights);
}

static cJSON *fault_json(const struct fault *fault)
{
	cJSON *json = cJSON_CreateObject();
	char text[1024];

	cJSON_AddStringToObject(json, "status", status_name(fault->status));
	if (fault->object.bytes)
		add_span(json, "object", fault->object);
	else
		cJSON_AddNullToObject(json, "object");
	add_index(json, "segment", fault->has & FAULT_SEGMENT ? fault->segment : SMALT_NONE);
	add_word(json, "field", fault->field);
	add_hex_if(json, "value", fault->has & FAULT_VALUE, fault->value);
	add_hex_if(json, "limit", fault->has & FAULT_LIMIT, fault->limit);
	add_hex_if(json, "offset", fault->has & FAULT_OFFSET, fault->offset);
	add_index(json, "line", fault->has & FAULT_PLACE ? fault->line : SMALT_NONE);
	add_index(json, "column", fault->has & FAULT_PLACE ? fault->column : SMALT_NONE);
	add_word(json, "word", fault->word);
	add_word(json, "nearest", fault->nearest);
	fault_text(fault, text, sizeof(text));
	cJSON_AddItemToObject(json, "text", plan_string(span_of(text)));
	return json;
}

static void add_fault(cJSON *to, const struct fault *fault)
{
	if (fault->status == ST_OK)
		cJSON_AddNullToObject(to, "fault");
	else
		cJSON_AddItemToObject(to, "fault", fault_json(fault));
}

void plan_faults(cJSON *to, const char *key, const struct fault *faults, uint32_t count)
{
	cJSON *array = cJSON_AddArrayToObject(to, key);

	for (uint32_t i = 0; i < count; i++)
		cJSON_AddItemToArray(array, fault_json(&faults[i]));
}

static void add_features(cJSON *to, const struct object *object)
{
	cJSON *array = cJSON_AddArrayToObject(to, "features");
	uint32_t bits = object->feature_1_and;

	for (const char *name; (name = plan_feature(object->elf_machine, &bits)) != NULL;)
		cJSON_AddItemToArray(array, cJSON_CreateString(name));
}

static cJSON *object_json(const struct boot_object *o)
{
	const struct object *object = &o->object;
	cJSON *json = cJSON_CreateObject();

	add_span(json, "name", object->name);
	add_word(json, "role", words_text(plan_roles, o->role));
	add_word(json, "format", words_text(plan_formats, object->format));
	add_hex(json, "base", o->placement.base);
	add_hex(json, "bias", o->placement.bias);
	add_hex_if(json, "entry", object->entry != 0, object->entry + o->placement.bias);
	add_index(json, "tls_module", o->tls_module ? o->tls_module : SMALT_NONE);
	add_hex_if(json, "tls_offset", o->tls_module, o->tls_offset);
	add_span(json, "args", o->args);
	add_hex(json, "file_bytes", object->bytes.bytes);
	add_hex_if(json, "bytes_pa", object->bytes_pa != OBJECT_NOWHERE, object->bytes_pa);
	add_hex(json, "align", object->align);
	cJSON_AddNumberToObject(json, "segments", object->segment_count);
	cJSON_AddNumberToObject(json, "notes", object->note_count);
	cJSON_AddNumberToObject(json, "instance", o->instance);
	cJSON_AddNumberToObject(json, "instances", o->instance_count);
	add_features(json, object);
	cJSON_AddNumberToObject(json, "va_bits", o->placement.va_bits);
	cJSON_AddNumberToObject(json, "pa_bits", o->pa_bits);
	return json;
}

static void add_objects(cJSON *to, const struct boot *boot)
{
	cJSON *array = cJSON_AddArrayToObject(to, "objects");

	for (uint32_t i = 0; i < boot->object_count; i++)
		cJSON_AddItemToArray(array, object_json(&boot->objects[i]));
}

/* Every size that the machine has, also those that occur nowhere. */
static void add_leaves(cJSON *to, const struct format *format, const uint64_t count[MACHINE_LEAVES])
{
	cJSON *json = cJSON_AddObjectToObject(to, "leaves");
	char text[PLAN_BYTES_TEXT];

	for (unsigned i = 0; format && i < format->leaf_count; i++) {
		plan_bytes(1ull << format->leaves[i].shift, text);
		cJSON_AddNumberToObject(json, text, (double)count[i]);
	}
}

static void add_flags(cJSON *to, uint32_t flags)
{
	cJSON *array = cJSON_AddArrayToObject(to, "flags");

	for (const char *flag; (flag = plan_flag(&flags)) != NULL;)
		cJSON_AddItemToArray(array, cJSON_CreateString(flag));
}

static cJSON *row_json(const struct boot *boot, const struct smalt_row *row)
{
	cJSON *json = cJSON_CreateObject();
	uint64_t count[MACHINE_LEAVES];

	plan_row_leaves(row, count);
	add_index(json, "object", row->object);
	add_index(json, "segment", row->segment);
	add_word(json, "kind", words_text(plan_kinds, row->kind));
	add_hex(json, "va", row->va);
	add_hex(json, "mem_bytes", row->mem_bytes);
	add_hex(json, "file_bytes", row->file_bytes);
	add_hex(json, "file_offset", row->file_offset);
	add_hex(json, "data_offset", row->data_offset);
	add_rights(json, row->prot);
	add_flags(json, row->flags);
	add_leaf(json, "leaf", row->leaf_shift);
	add_leaves(json, boot->space.format, count);
	add_word(json, "why", words_text(plan_why, row->why));
	cJSON_AddNumberToObject(json, "instance", row->instance);
	add_index(json, "color", row->color);
	return json;
}

static cJSON *extent_json(const struct smalt_extent *extent)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddNumberToObject(json, "mapping", extent->row);
	add_hex(json, "va", extent->va);
	add_hex(json, "pa", extent->pa);
	add_hex(json, "bytes", extent->bytes);
	add_word(json, "backing", words_text(plan_backings, extent->backing));
	add_rights(json, extent->prot);
	add_word(json, "memory", words_text(plan_memory, extent->memory));
	add_leaf(json, "leaf", extent->leaf_shift);
	add_index(json, "color", extent->color);
	return json;
}

static void add_space(cJSON *to, const struct boot *boot, bool planned)
{
	const struct space *space = &boot->space;
	cJSON *rows = cJSON_AddArrayToObject(to, "mappings");
	cJSON *extents = cJSON_AddArrayToObject(to, "extents");
	cJSON *memory = cJSON_AddArrayToObject(to, "memory");

	if (!planned)
		return;
	for (uint32_t i = 0; i < space->row_count; i++)
		cJSON_AddItemToArray(rows, row_json(boot, &space->rows[i]));
	for (uint32_t i = 0; i < space->extent_count; i++)
		cJSON_AddItemToArray(extents, extent_json(&space->extents[i]));
	for (uint32_t i = 0; i < boot->after.count; i++) {
		cJSON *range = cJSON_CreateObject();

		add_hex(range, "pa", boot->after.ranges[i].pa);
		add_hex(range, "bytes", boot->after.ranges[i].bytes);
		add_word(range, "type", memmap_type_name(boot->after.ranges[i].type));
		cJSON_AddItemToArray(memory, range);
	}
}

static void add_pages(cJSON *to, const struct boot *boot, bool planned)
{
	cJSON *pages = cJSON_AddObjectToObject(to, "pages");
	const struct space *space = &boot->space;
	uint64_t count[MACHINE_LEAVES] = { 0 };

	if (planned)
		plan_leaves(boot, count);
	add_leaves(pages, space->format, count);
	cJSON_AddNumberToObject(pages, "lower_bound", planned ? (double)space_lower_bound(space) : 0);
	cJSON_AddNumberToObject(pages, "ideal", planned ? (double)space_ideal(space) : 0);
	cJSON_AddNumberToObject(pages, "tables", planned ? boot->pt.table_count : 0);
	cJSON_AddNumberToObject(pages, "levels", planned && space->format ? space->format->levels : 0);
	add_hex(pages, "granule", space->granule);
}

static void add_direct_map(cJSON *to, const struct boot *boot, bool planned)
{
	cJSON *json = cJSON_AddObjectToObject(to, "direct_map");
	const struct format *format = boot->space.format;
	bool present = planned && boot->direct_map_bytes != 0;
	uint64_t count[MACHINE_LEAVES] = { 0 };

	for (unsigned i = 0; present && i < format->leaf_count; i++)
		count[i] = boot->leaves.direct[format->leaves[i].shift];
	add_hex_if(json, "va", present, boot->direct_map_va);
	add_hex(json, "bytes", present ? boot->direct_map_bytes : 0);
	add_leaves(json, format, count);
}

static void add_cache(cJSON *to, const struct smalt_cache *cache)
{
	cJSON *json = cJSON_AddObjectToObject(to, "cache");

	add_hex(json, "bytes", cache->bytes);
	cJSON_AddNumberToObject(json, "ways", cache->ways);
	cJSON_AddNumberToObject(json, "sets", cache->sets);
	cJSON_AddNumberToObject(json, "line", cache->line);
	cJSON_AddNumberToObject(json, "level", cache->level);
	add_word(json, "source", words_text(plan_cache_sources, cache->source));
	add_word(json, "trust", words_text(plan_trust, cache->trust));
}

static void add_masks(cJSON *to, const struct smalt_coloring *coloring)
{
	cJSON *json = cJSON_AddObjectToObject(to, "masks");

	add_hex(json, "kernel", coloring->kernel_mask);
	add_hex(json, "module", coloring->module_mask);
	add_hex(json, "tables", coloring->tables_mask);
	add_hex(json, "free", coloring->free_mask);
}

/* As the kernel is told it. */
static void add_colors(cJSON *to, const struct boot *boot, bool planned)
{
	static const struct smalt_handoff nothing = { .colors.count = 1 };
	const struct smalt_handoff *told = planned ? boot_handoff(boot) : NULL;
	const struct smalt_handoff *h = told ? told : &nothing;
	const struct smalt_color *colors = NULL;
	cJSON *json = cJSON_AddObjectToObject(to, "colors");
	cJSON *used, *free;

	if (h->coloring.frames.count != 0)
		colors = (const void *)((const uint8_t *)h + (h->coloring.frames.va - boot->handoff_va));
	cJSON_AddNumberToObject(json, "count", h->colors.count);
	add_word(json, "policy", words_text(plan_policies, h->colors.policy));
	used = cJSON_AddArrayToObject(json, "used");
	free = cJSON_AddArrayToObject(json, "free");
	for (uint32_t i = 0; i < h->coloring.frames.count; i++) {
		cJSON_AddItemToArray(used, cJSON_CreateNumber((double)colors[i].used));
		cJSON_AddItemToArray(free, cJSON_CreateNumber((double)colors[i].free));
	}
	cJSON_AddBoolToObject(json, "strict", h->coloring.flags & SMALT_COLORING_STRICT);
	cJSON_AddNumberToObject(json, "next", h->coloring.next);
	cJSON_AddNumberToObject(json, "missed_color", (double)h->coloring.missed_color);
	cJSON_AddNumberToObject(json, "missed_mask", (double)h->coloring.missed_mask);
	add_masks(json, &h->coloring);
	add_cache(json, &h->coloring.cache);
}

static void add_cost(cJSON *to, const struct boot_cost *cost)
{
	cJSON *json = cJSON_AddObjectToObject(to, "cost");

	add_hex(json, "copied_bytes", cost->copied_bytes);
	add_hex(json, "zeroed_bytes", cost->zeroed_bytes);
	add_hex(json, "in_place_bytes", cost->in_place_bytes);
	add_hex(json, "read_bytes", cost->read_bytes);
	cJSON_AddNumberToObject(json, "frames", (double)cost->frames);
}

static cJSON *plan_object(const struct session *session, const struct fault *fault)
{
	static const struct boot nothing;
	bool planned = fault->status == ST_OK;
	const struct boot *boot = planned ? &session->boot : &nothing;
	const struct machine *machine = session->env.machine;
	cJSON *json = cJSON_CreateObject();

	cJSON_AddNumberToObject(json, "smalt", 1);
	add_word(json, "machine", machine ? machine->name : NULL);
	add_word(json, "protocol", planned ? plan_protocol(boot) : NULL);
	cJSON_AddStringToObject(json, "status", status_name(fault->status));
	add_fault(json, fault);
	add_hex_if(json, "entry", planned, plan_entry(boot));
	add_objects(json, boot);
	add_space(json, boot, planned);
	add_pages(json, boot, planned);
	add_direct_map(json, boot, planned);
	add_colors(json, boot, planned);
	add_cost(json, &boot->cost);
	return json;
}

bool plan_json(const struct session *session, const struct fault *fault, FILE *out)
{
	cJSON *json = plan_object(session, fault);
	char *text = cJSON_Print(json);

	cJSON_Delete(json);
	if (!text)
		return false;
	fputs(text, out);
	fputc('\n', out);
	cJSON_free(text);
	return fflush(out) == 0 && !ferror(out);
}
