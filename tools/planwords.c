/* SPDX-License-Identifier: BSD-2-Clause */
/* planwords.c: the words and sums of a plan (requirements M4, P1, P5). */
#include "plan.h"

#include <inttypes.h>

#include "protocol.h"


const struct word plan_kinds[] = {
	{ "object", SMALT_KIND_OBJECT }, { "stack", SMALT_KIND_STACK },
	{ "handoff", SMALT_KIND_HANDOFF }, { "jump", SMALT_KIND_JUMP },
	{ "cpu", SMALT_KIND_CPU }, { "reporter", SMALT_KIND_REPORTER },
	{ "fault-stack", SMALT_KIND_FAULT_STACK }, { "serial", SMALT_KIND_SERIAL },
	{ "acpi", SMALT_KIND_ACPI }, { "devicetree", SMALT_KIND_DEVICETREE },
	{ "framebuffer", SMALT_KIND_FRAMEBUFFER }, { "smbios", SMALT_KIND_SMBIOS },
	{ "efi-runtime", SMALT_KIND_EFI_RUNTIME }, { "caller", SMALT_KIND_CALLER },
	{ NULL, 0 },
};

const struct word plan_backings[] = {
	{ "in-place", SMALT_BACKING_IN_PLACE }, { "copy", SMALT_BACKING_COPY },
	{ "zero", SMALT_BACKING_ZERO }, { "pad", SMALT_BACKING_PAD },
	{ "device", SMALT_BACKING_DEVICE }, { "shared", SMALT_BACKING_SHARED }, { NULL, 0 },
};

const struct word plan_memory[] = {
	{ "write-back", SMALT_CACHE_WRITE_BACK },
	{ "write-combine", SMALT_CACHE_WRITE_COMBINE },
	{ "device", SMALT_CACHE_DEVICE }, { NULL, 0 },
};

const struct word plan_roles[] = {
	{ "kernel", SMALT_ROLE_KERNEL }, { "raw", SMALT_ROLE_RAW }, { "map", SMALT_ROLE_MAP },
	{ NULL, 0 },
};

const struct word plan_formats[] = {
	{ "flat", SMALT_FORMAT_FLAT }, { "elf64", SMALT_FORMAT_ELF64 },
	{ "image", SMALT_FORMAT_IMAGE }, { "aout", SMALT_FORMAT_AOUT },
	{ "plan9", SMALT_FORMAT_PLAN9 }, { NULL, 0 },
};

const struct word plan_why[] = {
	{ "nothing", SMALT_WHY_NOTHING }, { "alignment", SMALT_WHY_ALIGNMENT },
	{ "size", SMALT_WHY_SIZE }, { "rights", SMALT_WHY_RIGHTS },
	{ "fragmentation", SMALT_WHY_FRAGMENTATION }, { "in-place", SMALT_WHY_IN_PLACE },
	{ "color", SMALT_WHY_COLOR }, { NULL, 0 },
};

const struct word plan_policies[] = {
	{ "off", SMALT_COLOR_OFF }, { "match", SMALT_COLOR_MATCH }, { "spread", SMALT_COLOR_SPREAD },
	{ "partition", SMALT_COLOR_PARTITION }, { NULL, 0 },
};

const struct word plan_cache_sources[] = {
	{ "config", SMALT_CACHE_FROM_CONFIG }, { "devicetree", SMALT_CACHE_FROM_DEVICETREE },
	{ "cpuid", SMALT_CACHE_FROM_CPUID }, { "ccsidr", SMALT_CACHE_FROM_CCSIDR }, { NULL, 0 },
};

const struct word plan_trust[] = {
	{ "hypervisor", SMALT_CACHE_TRUST_HYPERVISOR }, { "cpu", SMALT_CACHE_TRUST_CPU },
	{ "firmware", SMALT_CACHE_TRUST_FIRMWARE }, { "config", SMALT_CACHE_TRUST_CONFIG }, { NULL, 0 },
};

static const struct word flags[] = {
	{ "elf-header", SMALT_ROW_ELF_HEADER }, { "phdr-table", SMALT_ROW_PHDR_TABLE },
	{ "aout-header", SMALT_ROW_AOUT_HEADER }, { "padding", SMALT_ROW_PADDING },
	{ "relro", SMALT_ROW_RELRO }, { "bss", SMALT_ROW_BSS },
	{ "in-place", SMALT_ROW_IN_PLACE }, { "copied", SMALT_ROW_COPIED },
	{ "shared", SMALT_ROW_SHARED }, { "shared-page", SMALT_ROW_SHARED_PAGE },
	{ "widened", SMALT_ROW_WIDENED }, { "wx", SMALT_ROW_WX },
	{ "va-moved", SMALT_ROW_VA_MOVED }, { "textrel", SMALT_ROW_TEXTREL },
	{ "guarded", SMALT_ROW_GUARDED }, { NULL, 0 },
};

const char *plan_flag(uint32_t *set)
{
	uint32_t lowest = *set & -*set;

	*set &= ~lowest;
	return lowest ? words_text(flags, lowest) : NULL;
}

static const struct word x86_features[] = {
	{ "ibt", SMALT_FEATURE_IBT }, { "shstk", SMALT_FEATURE_SHSTK }, { NULL, 0 },
};

static const struct word aarch64_features[] = {
	{ "bti", SMALT_FEATURE_BTI }, { "pac", SMALT_FEATURE_PAC }, { NULL, 0 },
};

const char *plan_feature(uint16_t elf_machine, uint32_t *bits)
{
	const struct word *words = elf_machine == SMALT_MACHINE_AARCH64 ? aarch64_features : x86_features;
	const char *name = NULL;

	while (*bits != 0 && name == NULL) {
		name = words_text(words, *bits & -*bits);
		*bits &= *bits - 1;
	}
	return name;
}

void plan_bytes(uint64_t bytes, char text[PLAN_BYTES_TEXT])
{
	static const char units[] = "KMGT";
	int unit = -1;

	while (bytes != 0 && bytes % 1024 == 0 && unit < 3) {
		bytes /= 1024;
		unit++;
	}
	if (unit < 0)
		snprintf(text, PLAN_BYTES_TEXT, bytes ? "0x%" PRIx64 : "0", bytes);
	else
		snprintf(text, PLAN_BYTES_TEXT, "%" PRIu64 "%c", bytes, units[unit]);
}

void plan_leaves_text(const struct format *format, const uint64_t count[MACHINE_LEAVES],
                      char text[PLAN_LEAVES_TEXT])
{
	size_t used = 0;
	char size[PLAN_BYTES_TEXT];

	text[0] = '\0';
	for (unsigned i = 0; i < format->leaf_count; i++) {
		if (count[i] == 0)
			continue;
		plan_bytes(leaf_bytes(format, i), size);
		used += (size_t)snprintf(text + used, PLAN_LEAVES_TEXT - used, "%s%" PRIu64 " x %s",
		                         used ? " + " : "", count[i], size);
	}
}

const char *plan_protocol(const struct boot *boot)
{
	return boot->protocol ? boot->protocol->name : "smalt";
}

uint64_t plan_entry(const struct boot *boot)
{
	if (boot->object_count == 0)
		return 0;
	if (boot->foreign)
		return boot->foreign->entry_pa;
	return boot->objects[0].object.entry + boot->objects[0].placement.bias;
}

void plan_row_leaves(const struct smalt_row *row, uint64_t count[MACHINE_LEAVES])
{
	for (unsigned i = 0; i < MACHINE_LEAVES; i++)
		count[i] = row->leaf_count[i];
}

void plan_leaves(const struct boot *boot, uint64_t count[MACHINE_LEAVES])
{
	const struct space *space = &boot->space;

	for (unsigned i = 0; i < MACHINE_LEAVES; i++)
		count[i] = 0;
	for (uint32_t row = 0; row < space->row_count; row++)
		if (space->rows[row].object != SMALT_NONE)
			for (unsigned i = 0; i < MACHINE_LEAVES; i++)
				count[i] += space->rows[row].leaf_count[i];
}
