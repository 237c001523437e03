/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * image.c: enters arm64 Images, as Debian's vmlinuz for arm64 is one: text_offset
 * above a multiple of 2 MiB, with image_size bytes that are its own, and x0 = a devicetree.
 *
 * The devicetree is the firmware's but for /chosen: the command line, and the
 * initrd, which is the kernel's module and no longer our archive. Seeds stay. After UEFI it also names
 * the system table and the last memory map, which lies behind it: from them Linux knows
 * memory and ACPI, and needs no other node.
 *
 * Source: Linux Documentation/arch/arm64/booting.rst, arch/arm/uefi.rst; Devicetree Specification
 * v0.4, 3.6; bindings/chosen.txt; UEFI 2.10, 7.2.
 */
#include "protocol.h"

#include <stddef.h>

#include <libfdt.h>

#include "align.h"
#include "arch_memory.h"
#include "check.h"
#include "devicetree.h"
#include "efi_memory.h"

enum { PAGE = 4096, CHOSEN_BYTES = 768 };        /* nine properties, a node, their names */

#define IMAGE_ALIGN (2ull << 20)
#define MAP_SIZE "linux,uefi-mmap-size"
#define SECURE_BOOT_UNKNOWN 1            /* Linux include/linux/efi.h: enum efi_secureboot_mode */

static bool is_image(const struct object *kernel)
{
	return kernel->format == SMALT_FORMAT_IMAGE;
}

/* --- where it lies ----------------------------------------------------------------- */

static bool is_free(const struct frames *frames, uint64_t pa, uint64_t bytes)
{
	return bytes == 0 || ranges_hold(&frames->free, pa, bytes);
}

static bool is_donated(const struct env *env, const struct object *kernel)
{
	for (uint32_t i = 0; i < env->file_count; i++) {
		const struct file *file = &env->files[i];

		if (kernel->bytes_pa >= file->pa &&
		    range_fits(kernel->bytes_pa - file->pa, kernel->bytes.bytes, file->bytes.bytes))
			return file->donated;
	}
	return false;
}

/* Its bytes are where they may stay, nobody else's are on their pages, and what follows is free. */
static bool may_stay(const struct protocol_boot *boot, const struct segment *segment)
{
	uint64_t bytes_pa = boot->kernel->bytes_pa;

	return bytes_pa != OBJECT_NOWHERE && bytes_pa >= segment->pa &&
	       (bytes_pa - segment->pa) % IMAGE_ALIGN == 0 && segment->file_bytes % PAGE == 0 &&
	       is_donated(boot->env, boot->kernel) &&
	       is_free(boot->frames, bytes_pa + segment->file_bytes,
	               align_up(segment->mem_bytes, PAGE) - segment->file_bytes);
}

/* The lowest place: kernels before Linux 4.6 cannot use what lies below them. */
static bool find_base(struct frames *frames, const struct segment *segment, uint64_t *base)
{
	uint64_t pa;

	if (!frames_find(frames, segment->mem_bytes, IMAGE_ALIGN, segment->pa, &pa))
		return false;
	*base = pa - segment->pa;
	return true;
}

static enum status place(struct protocol_boot *boot, struct fault *fault)
{
	const struct segment *segment = &boot->kernel->segments[0];

	if (boot->module_count > 1)
		return fault_set(fault, ST_BAD_CONFIG, "modules of an arm64 Image", boot->module_count, 1);
	if (may_stay(boot, segment))
		boot->bias = boot->kernel->bytes_pa - segment->pa;
	else if (!find_base(boot->frames, segment, &boot->bias))
		return fault_value(fault, ST_NO_MEMORY, "image_size", segment->mem_bytes);
	return ST_OK;
}

/* --- its devicetree ------------------------------------------------------------------ */

/* Devicetree Specification v0.4, 5: no reservation, a root without properties. fdt_create_empty_tree() takes 2 KB. */
static const struct empty {
	struct fdt_header header;
	struct fdt_reserve_entry reservations_end;
	fdt32_t begin, name, end, tree_end;
} empty_tree = {
	.header = {
		.magic = __builtin_bswap32(FDT_MAGIC), .totalsize = __builtin_bswap32(sizeof(struct empty)),
		.off_dt_struct = __builtin_bswap32(offsetof(struct empty, begin)),
		.off_dt_strings = __builtin_bswap32(sizeof(struct empty)),
		.off_mem_rsvmap = __builtin_bswap32(offsetof(struct empty, reservations_end)),
		.version = __builtin_bswap32(17), .last_comp_version = __builtin_bswap32(16),
		.size_dt_struct = __builtin_bswap32(sizeof(struct empty) - offsetof(struct empty, begin)),
	},
	.begin = __builtin_bswap32(FDT_BEGIN_NODE),
	.end = __builtin_bswap32(FDT_END_NODE), .tree_end = __builtin_bswap32(FDT_END),
};

/* Without a devicetree, or with one of which only the place is known (--env), an empty one. */
static int open_tree(const struct span tree, void *to, int bytes)
{
	bool known = tree.bytes != 0 && fdt_check_header(tree.base) == 0;

	return fdt_open_into(known ? (const void *)tree.base : &empty_tree, to, bytes);
}

static int chosen_node(void *tree)
{
	int node = fdt_path_offset(tree, "/chosen");

	return node == -FDT_ERR_NOTFOUND ? fdt_add_subnode(tree, 0, "chosen") : node;
}

static int set_cmdline(void *tree, int chosen, struct span cmdline)
{
	void *value;
	int error = fdt_setprop_placeholder(tree, chosen, "bootargs", (int)cmdline.bytes + 1, &value);

	if (error == 0) {
		arch_copy(value, cmdline.base, cmdline.bytes);
		((char *)value)[cmdline.bytes] = '\0';
	}
	return error;
}

static int set_initrd(void *tree, int chosen, const struct protocol_boot *boot)
{
	const struct protocol_module *module = boot->modules;
	int error;

	if (boot->module_count == 0) {
		(void)fdt_delprop(tree, chosen, "linux,initrd-start");
		(void)fdt_delprop(tree, chosen, "linux,initrd-end");
		return 0;
	}
	error = fdt_setprop_u64(tree, chosen, "linux,initrd-start", module->pa);
	return error != 0 ? error : fdt_setprop_u64(tree, chosen, "linux,initrd-end",
	                                            module->pa + module->bytes);
}

/* Behind the tree. */
static uint64_t map_pa(const struct protocol_boot *boot)
{
	return boot->argument_pa + boot->argument_bytes;
}

static uint64_t map_bytes_most(const struct efi *efi)
{
	return (uint64_t)efi->descriptors_most * efi->descriptor_bytes;
}

/* How long the map is is known when the firmware has gone. */
static int set_uefi(void *tree, int chosen, const struct protocol_boot *boot)
{
	const struct efi *efi = &boot->env->efi;
	int error = 0;

	if (efi->system_table_pa == 0)
		return 0;
	error = fdt_setprop_u64(tree, chosen, "linux,uefi-system-table", efi->system_table_pa);
	if (error == 0)
		error = fdt_setprop_u64(tree, chosen, "linux,uefi-mmap-start", map_pa(boot));
	if (error == 0)
		error = fdt_setprop_u32(tree, chosen, MAP_SIZE, 0);
	if (error == 0)
		error = fdt_setprop_u32(tree, chosen, "linux,uefi-mmap-desc-size", efi->descriptor_bytes);
	if (error == 0)
		error = fdt_setprop_u32(tree, chosen, "linux,uefi-mmap-desc-ver", efi->descriptor_version);
	if (error == 0)
		error = fdt_setprop_u32(tree, chosen, "linux,uefi-secure-boot", SECURE_BOOT_UNKNOWN);
	return error;
}

static int write_tree(const struct protocol_boot *boot, void *tree, int bytes)
{
	int error = open_tree(boot->env->devicetree.bytes, tree, bytes);
	int chosen = error != 0 ? error : chosen_node(tree);

	if (chosen < 0)
		return chosen;
	error = set_cmdline(tree, chosen, boot->cmdline);
	if (error == 0)
		error = set_initrd(tree, chosen, boot);
	return error != 0 ? error : set_uefi(tree, chosen, boot);
}

/* A power of two that holds it: such a piece never crosses a multiple of 2 MiB. */
static uint64_t alignment(uint64_t bytes)
{
	uint64_t align = PAGE;

	while (align < bytes)
		align *= 2;
	return align;
}

static enum status reserve(struct protocol_boot *boot, struct fault *fault)
{
	uint64_t bytes = align_up(boot->env->devicetree.bytes.bytes + boot->cmdline.bytes +
	                          CHOSEN_BYTES, PAGE);

	if (bytes > DEVICETREE_BYTES_MAX)
		return fault_set(fault, ST_BAD_DEVICETREE, "totalsize", bytes, DEVICETREE_BYTES_MAX);
	boot->argument_bytes = bytes;
	boot->entry_pa = boot->kernel->segments[0].pa;
	bytes = align_up(bytes + map_bytes_most(&boot->env->efi), PAGE);
	return frames_take_high(boot->frames, bytes, alignment(bytes), boot->env->machine->loader_limit,
	                        SMALT_MEM_RESIDENT, &boot->argument_pa, fault);
}

static enum status prepare(struct protocol_boot *boot, struct fault *fault)
{
	int error = write_tree(boot, env_pointer(boot->env, boot->argument_pa),
	                       (int)boot->argument_bytes);

	if (error == 0)
		return ST_OK;
	(void)fault_value(fault, ST_BAD_DEVICETREE, "totalsize", boot->argument_bytes);
	return fault_word(fault, span_of(fdt_strerror(error)));
}

/*
 * The firmware's services are never moved to virtual addresses (requirements H9): the address that says
 * so keeps Linux from calling them.
 */
static void write_map(const struct protocol_boot *boot)
{
	const struct efi *efi = &boot->env->efi;
	uint64_t bytes = (uint64_t)efi->descriptors * efi->descriptor_bytes;
	static const uint64_t nowhere = UINT64_MAX;
	uint8_t *to = env_pointer(boot->env, map_pa(boot));

	arch_copy(to, efi->map, bytes);
	for (uint64_t at = 0; at < bytes; at += efi->descriptor_bytes)
		arch_copy(to + at + EFI_DESCRIPTOR_VA, &nowhere, sizeof nowhere);
}

static void finish(const struct protocol_boot *boot)
{
	const struct efi *efi = &boot->env->efi;
	void *tree = env_pointer(boot->env, boot->argument_pa);

	if (efi->system_table_pa == 0 || efi->map == NULL)
		return;
	write_map(boot);
	/* prepare() made the property: nothing moves. */
	CHECK(fdt_setprop_inplace_u32(tree, fdt_path_offset(tree, "/chosen"), MAP_SIZE,
	                              efi->descriptors * efi->descriptor_bytes) == 0);
}

const struct protocol protocol_image = {
	.name = "image",
	.elf_machine = SMALT_MACHINE_AARCH64,
	.matches = is_image,
	.place = place,
	.reserve = reserve,
	.prepare = prepare,
	.finish = finish,
};
