/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * envtext.c: prints the environment as text, one fact a line.
 *
 * What is printed and read again (tools/envparse.c) is the same environment, but for
 * the window, the bytes of files and the counter at the start (design.md,
 * section 5). A fact that is absent has no line.
 */
#include "envtext.h"

#include <stddef.h>

#include "align.h"
#include "envwords.h"
#include "log.h"

#define PRINT_BYTES 128          /* of a string in one call of log_print() */

const struct word envwords_paths[] = {
	{ "pvh", SMALT_PATH_PVH }, { "image", SMALT_PATH_IMAGE }, { "uefi", SMALT_PATH_UEFI },
	{ NULL, 0 },
};
const struct word envwords_parts[] = {
	{ "jump", SMALT_KIND_JUMP }, { "cpu", SMALT_KIND_CPU },
	{ "reporter", SMALT_KIND_REPORTER }, { NULL, 0 },
};
const struct word envwords_serials[] = {
	{ "8250", SMALT_SERIAL_8250_PORT }, { "pl011", SMALT_SERIAL_PL011 }, { NULL, 0 },
};
const struct word envwords_conduits[] = {
	{ "hvc", SMALT_PSCI_HVC }, { "smc", SMALT_PSCI_SMC }, { NULL, 0 },
};
const struct word envwords_seeds[] = {
	{ "devicetree", SMALT_ENTROPY_DEVICETREE }, { "rdrand", SMALT_ENTROPY_RDRAND },
	{ "rndr", SMALT_ENTROPY_RNDR }, { "efi-rng", SMALT_ENTROPY_EFI_RNG },
	{ "rdseed", SMALT_ENTROPY_RDSEED }, { NULL, 0 },
};
const struct word envwords_pixels[] = {
	{ "rgbx", SMALT_FRAMEBUFFER_RGBX }, { "bgrx", SMALT_FRAMEBUFFER_BGRX },
	{ "mask", SMALT_FRAMEBUFFER_MASK }, { NULL, 0 },
};

const struct word envwords_caches[] = {
	{ "devicetree", SMALT_CACHE_FROM_DEVICETREE }, { "cpuid", SMALT_CACHE_FROM_CPUID },
	{ "ccsidr", SMALT_CACHE_FROM_CCSIDR }, { NULL, 0 },
};

const struct envwords_cpu envwords_cpu[ENVWORDS_CPU] = {
	{ "leaf_mask", offsetof(struct cpu, leaf_mask), false },
	{ "levels", offsetof(struct cpu, levels), false },
	{ "levels_most", offsetof(struct cpu, levels_most), false },
	{ "el", offsetof(struct cpu, el), false },
	{ "x86_isa", offsetof(struct cpu, x86_isa), false },
	{ "pa_bits", offsetof(struct cpu, pa_bits), false },
	{ "counter_hz", offsetof(struct cpu, counter_hz), true },
	{ "id", offsetof(struct cpu, id), true },
	{ "bti", offsetof(struct cpu, bti), false },
	{ "granules", offsetof(struct cpu, granules), false },
	{ "hypervisor", offsetof(struct cpu, hypervisor), false },
};

static uint64_t cpu_get(const struct cpu *cpu, unsigned key)
{
	const uint8_t *at = (const uint8_t *)cpu + envwords_cpu[key].member;

	return envwords_cpu[key].wide ? *(const uint64_t *)(const void *)at
	                              : *(const uint32_t *)(const void *)at;
}

static bool prints_as_itself(uint8_t byte, bool blanks)
{
	return byte > ' ' ? byte < 0x7f && byte != '\\' : byte == ' ' && blanks;
}

/* Runs of plain characters in one piece, everything else as \xNN. */
static void print_string(struct span s, bool blanks)
{
	uint64_t at = 0;

	while (at < s.bytes) {
		struct span plain = { s.base + at, 0 };

		while (at + plain.bytes < s.bytes && plain.bytes < PRINT_BYTES &&
		       prints_as_itself(plain.base[plain.bytes], blanks))
			plain.bytes++;
		if (plain.bytes > 0)
			log_print("%S", &plain);
		else
			log_print("\\x%2x", (uint32_t)*plain.base);
		at += max_u64(plain.bytes, 1);
	}
}

static void print_caches(const struct cpu *cpu)
{
	for (uint32_t i = 0; i < GEOMETRY_LEVELS; i++) {
		const struct cache *cache = &cpu->caches[i];
		const char *source = words_text(envwords_caches, cache->source);

		if (source)
			log_print("cache %u 0x%X %u %u %s%s\n", i + 1, cache->sets, cache->ways, cache->line,
			          source, cache->complex ? " complex" : "");
	}
}

static void print_machine(const struct env *env)
{
	const char *path = words_text(envwords_paths, env->path);

	if (path)
		log_print("path %s\n", path);
	if (env->machine)
		log_print("machine %s\n", env->machine->name);
	for (unsigned i = 0; i < ENVWORDS_CPU; i++)
		log_print("cpu %s=0x%X\n", envwords_cpu[i].key, cpu_get(&env->cpu, i));
	print_caches(&env->cpu);
}

static void print_memory(const struct env *env)
{
	for (uint32_t i = 0; i < env->memory.count; i++) {
		const struct smalt_memory *range = &env->memory.ranges[i];

		log_print("memory 0x%X 0x%X %s\n", range->pa, range->pa + range->bytes,
		          memmap_type_name(range->type));
	}
}

static void print_loader(const struct env *env)
{
	char rights[RIGHTS_BYTES];

	if (env->loader.bytes)
		log_print("loader 0x%X 0x%X\n", env->loader.pa, env->loader.pa + env->loader.bytes);
	for (uint32_t i = 0; i < env->part_count; i++) {
		const struct part *part = &env->parts[i];

		words_rights(part->prot, rights);
		log_print("part %s %s 0x%X 0x%X\n", words_text(envwords_parts, part->kind), rights,
		          part->pa, part->pa + part->bytes);
	}
}

static void print_file(const struct file *file)
{
	log_print("file ");
	print_string(file->name, false);
	if (file->pa == ENV_ON_VOLUME)
		log_print(" volume");
	else
		log_print(" 0x%X", file->pa);
	log_print(" 0x%X%s\n", file->bytes.bytes, file->donated ? "" : " kept");
}

static void print_files(const struct env *env)
{
	for (uint32_t i = 0; i < env->file_count; i++)
		print_file(&env->files[i]);
	if (env->cmdline.bytes) {
		log_print("cmdline ");
		print_string(env->cmdline, true);
		log_print("\n");
	}
}

static void print_tables(const struct env *env)
{
	if (env->rsdp_pa)
		log_print("rsdp 0x%X\n", env->rsdp_pa);
	for (uint32_t i = 0; i < env->table_count; i++)
		log_print("table 0x%X 0x%X\n", env->tables[i].pa,
		          env->tables[i].pa + env->tables[i].bytes);
	if (env->devicetree.bytes.bytes)
		log_print("devicetree 0x%X 0x%X\n", env->devicetree.pa, env->devicetree.bytes.bytes);
	if (env->smbios_pa)
		log_print("smbios 0x%X", env->smbios_pa);
	if (env->smbios_pa && env->smbios_bytes)
		log_print(" 0x%x", env->smbios_bytes);
	if (env->smbios_pa)
		log_print("\n");
	for (uint32_t i = 0; i < env->smbios_count; i++)
		log_print("smbios-table 0x%X 0x%X\n", env->smbios[i].pa,
		          env->smbios[i].pa + env->smbios[i].bytes);
}

static void print_framebuffer(const struct framebuffer *f)
{
	const char *pixels = words_text(envwords_pixels, f->format);

	if (f->bytes == 0 || !pixels)
		return;
	log_print("framebuffer 0x%X 0x%X %u %u %u %s", f->pa, f->bytes, f->width, f->height,
	          f->pitch, pixels);
	log_print(" 0x%x 0x%x 0x%x\n", f->mask[0], f->mask[1], f->mask[2]);
}

static void print_runtime(const struct runtime *runtime)
{
	char rights[RIGHTS_BYTES];

	words_rights(runtime->prot, rights);
	log_print("runtime 0x%X 0x%X %s%s\n", runtime->pa, runtime->pa + runtime->bytes, rights,
	          runtime->memory == SMALT_CACHE_DEVICE ? " device" : "");
}

static void print_efi(const struct efi *efi)
{
	if (efi->system_table_pa)
		log_print("efi 0x%X 0x%x %u %u%s\n", efi->system_table_pa, efi->descriptor_bytes,
		          efi->descriptor_version, efi->descriptors_most,
		          efi->callable ? " callable" : "");
	if (efi->attributes.bytes)
		log_print("efi-attributes %u 0x%x\n",
		          (uint32_t)(efi->attributes.bytes / efi->attribute_bytes),
		          efi->attribute_bytes);
	for (uint32_t i = 0; i < efi->runtime_count; i++)
		print_runtime(&efi->runtime[i]);
}

static void print_devices(const struct env *env)
{
	const char *serial = words_text(envwords_serials, env->serial_kind);
	const char *conduit = words_text(envwords_conduits, env->psci_conduit);

	if (serial)
		log_print("serial %s 0x%X\n", serial, env->serial_address);
	if (conduit)
		log_print("psci %s\n", conduit);
	if (env->wall_clock)
		log_print("wall 0x%X\n", env->wall_clock);
}

static void print_seed(const struct env *env)
{
	const char *source = words_text(envwords_seeds, env->entropy_source);

	if (env->entropy.bytes == 0)
		return;
	log_print("seed ");
	for (uint64_t i = 0; i < env->entropy.bytes; i++)
		log_print("%2x", (uint32_t)env->entropy.base[i]);
	log_print("%s%s\n", source ? " " : "", source ? source : "");
}

void envtext_print(const struct env *env)
{
	/* As the key says: not on a firmware's screen, which would wrap the lines. */
	log_sink screen = log_to(NULL);

	log_print("env begin\n");
	print_machine(env);
	print_memory(env);
	print_loader(env);
	print_files(env);
	print_tables(env);
	print_devices(env);
	print_framebuffer(&env->framebuffer);
	print_efi(&env->efi);
	print_seed(env);
	log_print("env end\n");
	log_to(screen);
}
