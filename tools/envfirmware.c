/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * envfirmware.c: reads the lines about SMBIOS, framebuffer and UEFI.
 *
 * What the plan trusts a loader to have looked at is looked at here: ranges
 * that become rows are whole pages, ascending, disjoint; lists have a bound.
 */
#include "envfirmware.h"

#include "envwords.h"

#define PAGE 4096ull

enum { DESCRIPTOR_BYTES_LEAST = 40 };    /* UEFI 2.10, 7.2.3: EFI_MEMORY_DESCRIPTOR */

static const struct range nothing;       /* before the first range of a list */

/* Whole pages behind those of the range before. */
MUST_CHECK static enum status read_pages(struct envline *r, const char *field,
                                         struct range previous, struct range *pages)
{
	struct span all = r->rest;
	enum status status = envline_range(r, pages);

	if (status != ST_OK)
		return status;
	if ((pages->pa | pages->bytes) % PAGE != 0 ||
	    pages->pa < previous.pa + previous.bytes)
		return envline_bad(r, field, all);
	return ST_OK;
}

/* Environments of earlier versions have the address alone. */
enum status envfirmware_smbios(struct envline *r)
{
	struct envline before;
	enum status status = envline_number(r, "smbios", &r->env->smbios_pa);

	before = *r;
	if (status != ST_OK || envline_word(&before).bytes == 0)
		return status;
	return envline_small(r, "bytes", &r->env->smbios_bytes);
}

enum status envfirmware_smbios_table(struct envline *r)
{
	struct env *env = r->env;
	uint32_t count = env->smbios_count;
	enum status status;

	if (count == ENV_SMBIOS)
		return envline_bad(r, "smbios-table", r->rest);
	status = read_pages(r, "smbios-table", count ? env->smbios[count - 1] : nothing,
	                    &env->smbios[count]);
	env->smbios_count += status == ST_OK;
	return status;
}

enum status envfirmware_framebuffer(struct envline *r)
{
	struct framebuffer *f = &r->env->framebuffer;
	struct span all = r->rest;
	enum status status = envline_bytes(r, &f->pa, &f->bytes);

	if (status == ST_OK && f->bytes == 0)
		status = envline_bad(r, "framebuffer", all);
	if (status == ST_OK)
		status = envline_small(r, "width", &f->width);
	if (status == ST_OK)
		status = envline_small(r, "height", &f->height);
	if (status == ST_OK)
		status = envline_small(r, "pitch", &f->pitch);
	if (status == ST_OK)
		status = envline_choice(r, "pixels", envwords_pixels, &f->format);
	for (unsigned i = 0; status == ST_OK && i < 3; i++)
		status = envline_small(r, "mask", &f->mask[i]);
	return status;
}

/* A list of count descriptors: not so long that it cannot be. */
MUST_CHECK static enum status check_list(struct envline *r, const char *field, struct span all,
                                         uint32_t count, uint32_t bytes)
{
	if (bytes < DESCRIPTOR_BYTES_LEAST || (uint64_t)count * bytes > ENV_DESCRIPTORS_MOST)
		return envline_bad(r, field, all);
	return ST_OK;
}

enum status envfirmware_efi(struct envline *r)
{
	struct efi *efi = &r->env->efi;
	struct span all = r->rest;
	enum status status = envline_number(r, "efi", &efi->system_table_pa);

	if (status == ST_OK)
		status = envline_small(r, "descriptor bytes", &efi->descriptor_bytes);
	if (status == ST_OK)
		status = envline_small(r, "descriptor version", &efi->descriptor_version);
	if (status == ST_OK)
		status = envline_small(r, "descriptors", &efi->descriptors_most);
	if (status == ST_OK)
		status = check_list(r, "efi", all, efi->descriptors_most, efi->descriptor_bytes);
	if (status == ST_OK)
		status = envline_flag(r, "efi", "callable", &efi->callable);
	return status;
}

enum status envfirmware_attributes(struct envline *r)
{
	struct efi *efi = &r->env->efi;
	struct span all = r->rest;
	uint32_t count = 0;
	enum status status = envline_small(r, "efi-attributes", &count);

	if (status == ST_OK)
		status = envline_small(r, "bytes", &efi->attribute_bytes);
	if (status == ST_OK)
		status = check_list(r, "efi-attributes", all, count, efi->attribute_bytes);
	if (status == ST_OK)
		efi->attributes.bytes = (uint64_t)count * efi->attribute_bytes;
	return status;
}

enum status envfirmware_runtime(struct envline *r)
{
	struct efi *efi = &r->env->efi;
	struct runtime *runtime = &efi->runtime[efi->runtime_count];
	struct range last = nothing, pages;
	struct span word;
	enum status status;
	bool device;

	if (efi->runtime_count == ENV_RUNTIME)
		return envline_bad(r, "runtime", r->rest);
	if (efi->runtime_count > 0)
		last = (struct range){ runtime[-1].pa, runtime[-1].bytes };
	status = read_pages(r, "runtime", last, &pages);
	if (status != ST_OK)
		return status;
	word = envline_word(r);
	/* Whoever calls the firmware is the kernel, and reads at least */
	if (!words_rights_value(word, &runtime->prot) ||
	    (runtime->prot & (SMALT_R | SMALT_U)) != SMALT_R)
		return envline_bad(r, "rights", word);
	status = envline_flag(r, "runtime", "device", &device);
	runtime->pa = pages.pa;
	runtime->bytes = pages.bytes;
	runtime->memory = device ? SMALT_CACHE_DEVICE : SMALT_CACHE_WRITE_BACK;
	efi->runtime_count += status == ST_OK;
	return status;
}
