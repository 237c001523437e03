/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * devicetree.c: what a flattened devicetree says about memory, files and devices.
 *
 * Devicetree Specification v0.4: 2.3.4 status, 2.3.5 cells, 2.3.6 reg, 2.3.8 ranges, 3.4 /memory,
 * 3.5 /reserved-memory, 3.6 /chosen, 5.3 memory reservation block. Linux bindings: chosen.txt
 * (initrd, seeds), arm/psci.yaml, arm/secure.txt, QEMU's firmware/qemu,fw-cfg-mmio.yaml.
 * The blob is checked once, completely; after that every node is looked at once.
 */
#include "devicetree.h"

#include <libfdt.h>

#include "align.h"
#include "arch_memory.h"

enum { DEPTH_MAX = 16, ENTROPY_BYTES_MAX = 64 };

struct reader {
	const void *tree;
	struct env *env;
	struct fault *fault;
	int path[DEPTH_MAX];     /* from the root to the current node */
	int depth;               /* of the current node: path[depth] */
	int console;             /* node of stdout-path, negative: none */
};

struct cells { int address, bytes; };

/* --- faults and properties ----------------------------------------------------- */

static enum status bad(struct reader *r, int node, const char *property, uint64_t value)
{
	const char *name = fdt_get_name(r->tree, node, NULL);

	(void)fault_value(r->fault, ST_BAD_DEVICETREE, property, value);
	return fault_word(r->fault, span_of(name == NULL || *name == '\0' ? "/" : name));
}

static struct span property(const struct reader *r, int node, const char *name)
{
	int bytes = 0;
	const void *base = fdt_getprop(r->tree, node, name, &bytes);

	return base == NULL ? (struct span){ NULL, 0 } : (struct span){ base, (uint64_t)bytes };
}

/* Big endian, of one or two cells. */
static uint64_t number_at(struct span s, uint64_t offset, int cells)
{
	uint64_t number = 0;

	for (int i = 0; i < cells * 4; i++)
		number = number << 8 | s.base[offset + (uint64_t)i];
	return number;
}

/* The characters of a string property; an absent one is empty. */
static enum status read_string(struct reader *r, int node, const char *name, struct span *text)
{
	struct span value = property(r, node, name);
	uint64_t bytes = 0;

	*text = (struct span){ value.base, 0 };
	if (value.base == NULL)
		return ST_OK;
	while (bytes < value.bytes && value.base[bytes] != '\0')
		bytes++;
	if (bytes == value.bytes)
		return bad(r, node, name, value.bytes);
	text->bytes = bytes;
	return ST_OK;
}

/* A number of 4 or 8 bytes, whichever was written; present says whether it was. */
static enum status read_number(struct reader *r, int node, const char *name, uint64_t *number,
                               bool *present)
{
	struct span value = property(r, node, name);

	*present = value.base != NULL;
	*number = 0;
	if (!*present)
		return ST_OK;
	if (value.bytes != 4 && value.bytes != 8)
		return bad(r, node, name, value.bytes);
	*number = number_at(value, 0, (int)(value.bytes / 4));
	return ST_OK;
}

static bool has_word(struct span list, const char *word)
{
	return list.base != NULL &&
	       fdt_stringlist_contains((const char *)list.base, (int)list.bytes, word);
}

/* Without a status a node is okay. "ok" is what old firmware writes. */
static bool is_okay(const struct reader *r, int node)
{
	struct span status = property(r, node, "status");

	return status.base == NULL || has_word(status, "okay") || has_word(status, "ok");
}

/* --- addresses ------------------------------------------------------------------- */

/* How wide addresses and sizes are in the children of a node. */
static enum status read_cells(struct reader *r, int node, struct cells *cells)
{
	cells->address = fdt_address_cells(r->tree, node);
	cells->bytes = fdt_size_cells(r->tree, node);
	if (cells->address < 1 || cells->address > 2)
		return bad(r, node, "#address-cells", (uint64_t)(int64_t)cells->address);
	if (cells->bytes < 1 || cells->bytes > 2)
		return bad(r, node, "#size-cells", (uint64_t)(int64_t)cells->bytes);
	return ST_OK;
}

/* reg of the current node: whole pairs of address and size in the parent's cells. */
static enum status read_reg(struct reader *r, struct span *reg, struct cells *cells)
{
	int node = r->path[r->depth];
	enum status status = read_cells(r, r->path[r->depth - 1], cells);

	*reg = property(r, node, "reg");
	if (status == ST_OK && reg->bytes % (uint64_t)(4 * (cells->address + cells->bytes)) != 0)
		return bad(r, node, "reg", reg->bytes);
	return status;
}

/* One step up through the ranges of a bus; false if its parent does not see the address. */
static bool translate(const struct span ranges, struct cells child, int parent_address,
                      uint64_t *address)
{
	uint64_t step = 4 * (uint64_t)(child.address + parent_address + child.bytes);

	if (ranges.base == NULL)
		return false;
	if (ranges.bytes == 0)
		return true;
	for (uint64_t at = 0; range_fits(at, step, ranges.bytes); at += step) {
		uint64_t from = number_at(ranges, at, child.address);
		uint64_t to = number_at(ranges, at + 4 * (uint64_t)child.address, parent_address);
		uint64_t bytes = number_at(ranges, at + step - 4 * (uint64_t)child.bytes, child.bytes);

		if (*address >= from && *address - from < bytes) {
			*address = to + (*address - from);
			return true;
		}
	}
	return false;
}

/* The CPU's address of the current node's first registers; 0 if it sees none. */
static enum status read_registers(struct reader *r, uint64_t *pa)
{
	struct span reg;
	struct cells cells, parent;
	enum status status = read_reg(r, &reg, &cells);

	*pa = 0;
	if (status != ST_OK || reg.bytes == 0)
		return status;
	*pa = number_at(reg, 0, cells.address);
	for (int depth = r->depth - 1; depth > 0; depth--) {
		status = read_cells(r, r->path[depth - 1], &parent);
		if (status != ST_OK)
			return status;
		if (!translate(property(r, r->path[depth], "ranges"), cells, parent.address, pa))
			*pa = 0;
		if (*pa == 0)
			return ST_OK;
		cells = parent;
	}
	return ST_OK;
}

/* --- memory ------------------------------------------------------------------------ */

static enum status add_memory(struct reader *r, uint32_t type)
{
	struct span reg;
	struct cells cells;
	enum status status = read_reg(r, &reg, &cells);
	uint64_t step = 4 * (uint64_t)(cells.address + cells.bytes);

	for (uint64_t at = 0; status == ST_OK && at < reg.bytes; at += step) {
		uint64_t pa = number_at(reg, at, cells.address);
		uint64_t bytes = number_at(reg, at + 4 * (uint64_t)cells.address, cells.bytes);

		if (bytes != 0 && range_wraps(pa, bytes - 1))
			return bad(r, r->path[r->depth], "reg", pa);
		status = memmap_add(&r->env->memory, pa, bytes, type, r->fault);
	}
	return status;
}

/*
 * What the secure world keeps for itself says so by its status or by a
 * secure-status: such memory is there, but nothing may touch it.
 */
static enum status read_memory(struct reader *r)
{
	int node = r->path[r->depth];
	bool usable = is_okay(r, node) && property(r, node, "secure-status").base == NULL;

	return add_memory(r, usable ? SMALT_MEM_USABLE : SMALT_MEM_RESERVED);
}

/* no-map or not, reusable or not: nothing of it is ours. Without reg it is not placed yet. */
static enum status read_reserved(struct reader *r)
{
	return add_memory(r, SMALT_MEM_RESERVED);
}

static struct range pages_of(const struct file *file)
{
	uint64_t pa = align_down(file->pa, 4096);

	return (struct range){ pa, align_up(file->pa + file->bytes.bytes, 4096) - pa };
}

static bool is_within(uint64_t pa, uint64_t bytes, struct range outer)
{
	return pa >= outer.pa && range_fits(pa - outer.pa, bytes, outer.bytes);
}

/*
 * U-Boot reserves the devicetree and the initrd that it hands over, for kernels
 * that allocate before they read; those pages are ours to use.
 */
static bool is_handed_over(const struct env *env, uint64_t pa, uint64_t bytes)
{
	const struct file *initrd = env_file(env, "initrd");

	return is_within(pa, bytes, pages_of(&env->devicetree)) ||
	       (initrd != NULL && is_within(pa, bytes, pages_of(initrd)));
}

static enum status add_reservations(struct reader *r)
{
	int count = fdt_num_mem_rsv(r->tree);

	for (int i = 0; i < count; i++) {
		uint64_t pa, bytes;
		enum status status;

		if (fdt_get_mem_rsv(r->tree, i, &pa, &bytes) < 0 ||
		    (bytes != 0 && range_wraps(pa, bytes - 1)))
			return bad(r, 0, "/memreserve/", (uint64_t)i);
		if (is_handed_over(r->env, pa, bytes))
			continue;
		status = memmap_add(&r->env->memory, pa, bytes, SMALT_MEM_RESERVED, r->fault);
		if (status != ST_OK)
			return status;
	}
	return ST_OK;
}

static bool is_usable(const struct memmap *map, struct range range)
{
	for (uint32_t i = 0; i < map->count; i++) {
		struct range one = { map->ranges[i].pa, map->ranges[i].bytes };

		if (map->ranges[i].type == SMALT_MEM_USABLE && is_within(range.pa, range.bytes, one))
			return true;
	}
	return false;
}

/*
 * Takes devicetree and initrd out of what is free (H3). A devicetree in ROM or in
 * reserved memory is only read; an initrd there would be mapped and written.
 */
static enum status take_files(struct reader *r, int chosen)
{
	struct memmap *map = &r->env->memory;
	const struct file *initrd = env_file(r->env, "initrd");
	struct range tree = pages_of(&r->env->devicetree);
	bool tree_is_usable;
	enum status status = memmap_finish(map, 4096, r->fault);

	if (status != ST_OK)
		return status;
	if (initrd != NULL && !is_usable(map, pages_of(initrd)))
		return bad(r, chosen, "linux,initrd-start", initrd->pa);
	tree_is_usable = is_usable(map, tree);
	if (initrd != NULL)
		status = memmap_add(map, initrd->pa, initrd->bytes.bytes, SMALT_MEM_RECLAIMABLE,
		                    r->fault);
	if (status == ST_OK && tree_is_usable)
		status = memmap_add(map, tree.pa, tree.bytes, SMALT_MEM_RECLAIMABLE, r->fault);
	return status == ST_OK ? memmap_finish(map, 4096, r->fault) : status;
}

/* --- /chosen ----------------------------------------------------------------------- */

static enum status read_initrd(struct reader *r, int chosen)
{
	struct env *env = r->env;
	uint64_t start, end;
	bool has_start, has_end;
	enum status status = read_number(r, chosen, "linux,initrd-start", &start, &has_start);

	if (status == ST_OK)
		status = read_number(r, chosen, "linux,initrd-end", &end, &has_end);
	if (status != ST_OK || (!has_start && !has_end))
		return status;
	if (!has_start || !has_end || end < start || !align_fits(end, 4096))
		return bad(r, chosen, has_end ? "linux,initrd-end" : "linux,initrd-start",
		           has_end ? end : start);
	if (end > start)
		env->files[env->file_count++] = (struct file){
			.name = span_of("initrd"), .pa = start, .donated = true,
			.bytes = { env_pointer(env, start), end - start },
		};
	return ST_OK;
}

/* "serial0:115200n8" or a path: what stands before the colon. */
static int find_console(const struct reader *r, int chosen)
{
	struct span path = property(r, chosen, "stdout-path");
	int bytes = 0;

	if (path.base == NULL)
		path = property(r, chosen, "linux,stdout-path");
	while ((uint64_t)bytes < path.bytes && path.base[bytes] != ':' && path.base[bytes] != '\0')
		bytes++;
	return bytes == 0 ? -1 : fdt_path_offset_namelen(r->tree, (const char *)path.base, bytes);
}

static enum status read_chosen(struct reader *r, int chosen)
{
	struct env *env = r->env;
	struct span seed;
	enum status status;

	r->console = -1;
	if (chosen < 0)
		return ST_OK;
	seed = property(r, chosen, "rng-seed");
	if (seed.bytes != 0) {
		env->entropy = (struct span){ seed.base, min_u64(seed.bytes, ENTROPY_BYTES_MAX) };
		env->entropy_source = SMALT_ENTROPY_DEVICETREE;
	}
	r->console = find_console(r, chosen);
	status = read_string(r, chosen, "bootargs", &env->cmdline);
	return status == ST_OK ? read_initrd(r, chosen) : status;
}

/* --- devices ----------------------------------------------------------------------- */

static enum status read_psci(struct reader *r)
{
	int node = r->path[r->depth];
	struct span method;
	enum status status = read_string(r, node, "method", &method);

	if (status != ST_OK)
		return status;
	if (span_is(method, "hvc"))
		r->env->psci_conduit = SMALT_PSCI_HVC;
	else if (span_is(method, "smc"))
		r->env->psci_conduit = SMALT_PSCI_SMC;
	else
		return bad(r, node, "method", method.bytes);
	return ST_OK;
}

static enum status read_fwcfg(struct reader *r)
{
	return read_registers(r, &r->env->fwcfg_pa);
}

/* Of all PL011 that there are, the one that people look at. */
static enum status read_pl011(struct reader *r)
{
	enum status status;

	if (r->path[r->depth] != r->console)
		return ST_OK;
	status = read_registers(r, &r->env->serial_address);
	if (status == ST_OK && r->env->serial_address != 0)
		r->env->serial_kind = SMALT_SERIAL_PL011;
	return status;
}

static const struct device {
	const char *compatible;
	enum status (*read)(struct reader *reader);
} devices[] = {
	{ "arm,psci-1.0", read_psci },
	{ "arm,psci-0.2", read_psci },
	{ "arm,psci", read_psci },
	{ "arm,pl011", read_pl011 },
	{ "arm,sbsa-uart", read_pl011 },
	{ "qemu,fw-cfg-mmio", read_fwcfg },
};

static enum status visit_device(struct reader *r)
{
	int node = r->path[r->depth];
	struct span compatible = property(r, node, "compatible");

	for (unsigned i = 0; i < sizeof devices / sizeof *devices; i++)
		if (has_word(compatible, devices[i].compatible))
			return is_okay(r, node) ? devices[i].read(r) : ST_OK;
	return ST_OK;
}

static enum status visit(struct reader *r)
{
	int node = r->path[r->depth];

	if (r->depth == 1 && has_word(property(r, node, "device_type"), "memory"))
		return read_memory(r);
	if (r->depth == 2 &&
	    span_is(span_of(fdt_get_name(r->tree, r->path[1], NULL)), "reserved-memory"))
		return read_reserved(r);
	return r->depth > 0 ? visit_device(r) : ST_OK;
}

/* Nothing that we want lies deeper than DEPTH_MAX. */
static enum status visit_all(struct reader *r)
{
	int depth = 0;

	for (int node = 0; node >= 0 && depth >= 0; node = fdt_next_node(r->tree, node, &depth)) {
		enum status status;

		if (depth >= DEPTH_MAX)
			continue;
		r->depth = depth;
		r->path[depth] = node;
		status = visit(r);
		if (status != ST_OK)
			return status;
	}
	return ST_OK;
}

/* --- the whole ------------------------------------------------------------------- */

uint64_t devicetree_bytes(const void *tree)
{
	const fdt32_t *header = tree;
	uint32_t bytes = fdt32_to_cpu(header[1]);

	return fdt32_to_cpu(header[0]) == FDT_MAGIC && bytes <= DEVICETREE_BYTES_MAX ? bytes : 0;
}

enum status devicetree_read(struct span tree, struct env *env, struct fault *fault)
{
	struct reader r = { .tree = tree.base, .env = env, .fault = fault };
	int error = fdt_check_full(tree.base, tree.bytes);
	int chosen;
	enum status status;

	if (error != 0) {
		(void)fault_value(fault, ST_BAD_DEVICETREE, "totalsize", tree.bytes);
		return fault_word(fault, span_of(fdt_strerror(error)));
	}
	env->devicetree = (struct file){
		.name = span_of("devicetree"), .bytes = tree,
		.pa = (uint64_t)(uintptr_t)tree.base - env->window,
	};
	chosen = fdt_path_offset(tree.base, "/chosen");
	status = read_chosen(&r, chosen);
	if (status == ST_OK)
		status = visit_all(&r);
	if (status == ST_OK)
		status = add_reservations(&r);
	if (status == ST_OK)
		status = take_files(&r, chosen);
	return status;
}

/* The end of the last block: behind it a firmware leaves room to edit, QEMU about a megabyte. */
uint64_t devicetree_copy_bytes(struct span tree)
{
	uint64_t strings = (uint64_t)fdt_off_dt_strings(tree.base) + fdt_size_dt_strings(tree.base);
	uint64_t nodes = (uint64_t)fdt_off_dt_struct(tree.base) + fdt_size_dt_struct(tree.base);
	uint64_t reservations = (uint64_t)fdt_off_mem_rsvmap(tree.base) +
		((uint64_t)fdt_num_mem_rsv(tree.base) + 1) * sizeof(struct fdt_reserve_entry);

	if (fdt_version(tree.base) < 17)     /* knows no size_dt_struct */
		return tree.bytes;
	return min_u64(tree.bytes, align_up(max_u64(max_u64(strings, nodes), reservations), 8));
}

void devicetree_copy(void *to, struct span tree)
{
	uint64_t bytes = devicetree_copy_bytes(tree);

	arch_copy(to, tree.base, bytes);
	fdt_set_totalsize(to, (uint32_t)bytes);
}
