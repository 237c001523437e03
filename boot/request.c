/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * request.c: what the kernel's SMALT note asks for, below what people ask for.
 */
#include <smalt/request.h>

#include <stddef.h>

#include "align.h"
#include "boot.h"

static enum status refuse(const struct object *kernel, const char *field, uint64_t value,
                          uint64_t limit, struct fault *fault)
{
	fault_set(fault, ST_BAD_NOTE, field, value, limit);
	return fault_in(fault, kernel->name);
}

/* Members behind the note's own end read as 0: the note is older than we are. */
static struct smalt_request_desc read_request(struct span desc)
{
	struct smalt_request_desc r = { .bytes = span_u32(desc, 0) };

	if (r.bytes < desc.bytes)
		desc.bytes = r.bytes;
	r.version = span_u32(desc, offsetof(struct smalt_request_desc, version));
	r.stack_bytes = span_u64(desc, offsetof(struct smalt_request_desc, stack_bytes));
	r.direct_map_va = span_u64(desc, offsetof(struct smalt_request_desc, direct_map_va));
	r.direct_map = span_u32(desc, offsetof(struct smalt_request_desc, direct_map));
	r.flags = span_u32(desc, offsetof(struct smalt_request_desc, flags));
	r.paging_levels = span_u32(desc, offsetof(struct smalt_request_desc, paging_levels));
	r.granule_shift = span_u32(desc, offsetof(struct smalt_request_desc, granule_shift));
	return r;
}

static enum status check_request(const struct object *kernel, const struct smalt_request_desc *r,
                                 struct fault *fault)
{
	if (r->bytes < 8 || r->bytes > kernel->request.bytes)
		return refuse(kernel, "smalt_request_desc.bytes", r->bytes, kernel->request.bytes, fault);
	if (r->version != SMALT_REQUEST_VERSION)
		return refuse(kernel, "smalt_request_desc.version", r->version, SMALT_REQUEST_VERSION, fault);
	if (r->stack_bytes > CONFIG_STACK_MOST)
		return refuse(kernel, "smalt_request_desc.stack_bytes", r->stack_bytes, CONFIG_STACK_MOST, fault);
	if (r->direct_map > SMALT_DIRECT_MAP_AT)
		return refuse(kernel, "smalt_request_desc.direct_map", r->direct_map, SMALT_DIRECT_MAP_AT, fault);
	if (r->direct_map_va % CONFIG_DIRECT_MAP_ALIGN != 0)
		return refuse(kernel, "smalt_request_desc.direct_map_va", r->direct_map_va, CONFIG_DIRECT_MAP_ALIGN,
		              fault);
	if (r->flags & ~(uint32_t)SMALT_REQUEST_NO_REPORTER)
		return refuse(kernel, "smalt_request_desc.flags", r->flags, SMALT_REQUEST_NO_REPORTER, fault);
	return ST_OK;
}

static struct config_entry as_settings(const struct smalt_request_desc *r)
{
	struct config_entry entry = { .set = SET_DIRECT_MAP };

	entry.direct_map = r->direct_map;
	entry.direct_map_va = r->direct_map == SMALT_DIRECT_MAP_AT ? r->direct_map_va : 0;
	if (r->stack_bytes) {
		entry.set |= SET_STACK;
		entry.stack_bytes = r->stack_bytes;
	}
	if (r->paging_levels) {
		entry.set |= SET_PAGING_LEVELS;
		entry.paging_levels = r->paging_levels;
	}
	if (r->granule_shift) {
		entry.set |= SET_PAGES;
		entry.granule_shift = r->granule_shift;
	}
	if (r->flags & SMALT_REQUEST_NO_REPORTER)
		entry.set |= SET_REPORTER;
	return entry;
}

static void choose_cmdline(struct boot *boot)
{
	struct span conf = boot->settings.cmdline, rest = boot->words.rest;

	boot->cmdline = rest.bytes ? rest : conf;
}

/* "+=": the words of the command line stand behind those of smalt.conf. */
static enum status append_cmdline(struct boot *boot, struct fault *fault)
{
	struct span conf = boot->settings.cmdline, rest = boot->words.rest;
	uint8_t *to = arena_pages(boot->arena, conf.bytes + rest.bytes + 1, 1, "command line", fault);

	if (!to)
		return fault->status;
	boot->cmdline = (struct span){ to, 0 };
	for (uint64_t i = 0; i < conf.bytes; i++)
		to[boot->cmdline.bytes++] = conf.base[i];
	if (conf.bytes && rest.bytes)
		to[boot->cmdline.bytes++] = ' ';
	for (uint64_t i = 0; i < rest.bytes; i++)
		to[boot->cmdline.bytes++] = rest.base[i];
	return ST_OK;
}

enum status request_settings(struct boot *boot, struct fault *fault)
{
	const struct object *kernel = &boot->objects[0].object;
	const struct config_entry *entry = &boot->config.entries[boot->entry_index];
	struct config_entry built_in = *entry, asked = { 0 };

	if (kernel->request.bytes) {
		struct smalt_request_desc r = read_request(kernel->request);
		enum status status = check_request(kernel, &r, fault);

		if (status != ST_OK)
			return status;
		asked = as_settings(&r);
	}
	/* What the entry leaves open has the built-in value: the note replaces only that. */
	asked.set &= ~entry->set;
	boot->settings = built_in;
	config_override(&boot->settings, &asked);
	config_override(&boot->settings, &boot->words.settings);
	boot->objects[0].relocate = boot->settings.relocate;
	boot->objects[0].textrel = boot->settings.textrel;
	choose_cmdline(boot);
	return boot->words.append ? append_cmdline(boot, fault) : ST_OK;
}
