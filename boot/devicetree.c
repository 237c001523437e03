/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * devicetree.c: what a flattened devicetree says about memory, files and devices.
 *
 * Devicetree Specification v0.4: 3.4 /memory, 3.5 /reserved-memory, 3.6 /chosen, 3.9 caches, 5.3 memory
 * reservation block. Linux bindings: chosen.txt (initrd, seeds), arm/psci.yaml, arm/secure.txt, QEMU's
 * firmware/qemu,fw-cfg-mmio.yaml. Every node is looked at once, in
 * the order of the tree.
 */
#include "devicetree.h"

#include <libfdt.h>

#include "align.h"
#include "arch_memory.h"
#include "console.h"
#include "node.h"

enum { PAGE = 4096, ENTROPY_BYTES_MAX = 64 };

struct reader {
	struct node node;        /* the current one */
	struct env *env;
	struct level kept[2];    /* the root and /chosen, for what comes behind the last node */
	bool has_chosen;
	struct consoles consoles;
};

/* --- memory ------------------------------------------------------------------------ */

static enum status add_memory(struct reader *r, uint32_t type)
{
	struct node_reg reg;
	enum status status = node_reg(&r->node, &reg);

	for (uint64_t i = 0; status == ST_OK && i < reg.count; i++) {
		uint64_t pa = node_reg_address(&reg, i), bytes = node_reg_bytes(&reg, i);

		if (bytes != 0 && range_wraps(pa, bytes - 1))
			return node_bad(&r->node, NODE_REG, pa);
		status = memmap_add(&r->env->memory, pa, bytes, type, r->node.fault);
	}
	return status;
}

/*
 * What the secure world keeps for itself says so by its status or by a
 * secure-status: such memory is there, but nothing may touch it.
 */
static enum status read_memory(struct reader *r)
{
	bool usable = node_is_okay(&r->node) && node_property(&r->node, NODE_SECURE_STATUS).base == NULL;

	return add_memory(r, usable ? SMALT_MEM_USABLE : SMALT_MEM_RESERVED);
}

/* no-map or not, reusable or not: nothing of it is ours. Without reg it is not placed yet. */
static enum status read_reserved(struct reader *r)
{
	return add_memory(r, SMALT_MEM_RESERVED);
}

static struct range pages_of(const struct file *file)
{
	uint64_t pa = align_down(file->pa, PAGE);

	return (struct range){ pa, align_up(file->pa + file->bytes.bytes, PAGE) - pa };
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

static enum status add_reservations(const struct node *root, struct env *env)
{
	int count = fdt_num_mem_rsv(root->tree);

	if (count < 0) {                     /* it does not end inside of the tree */
		(void)fault_set(root->fault, ST_BAD_DEVICETREE, "off_mem_rsvmap",
		                fdt_off_mem_rsvmap(root->tree), fdt_totalsize(root->tree));
		return fault_word(root->fault, span_of("/"));
	}
	for (int i = 0; i < count; i++) {
		uint64_t pa, bytes;
		enum status status;

		if (fdt_get_mem_rsv(root->tree, i, &pa, &bytes) < 0 ||
		    (bytes != 0 && range_wraps(pa, bytes - 1))) {
			(void)fault_value(root->fault, ST_BAD_DEVICETREE, "/memreserve/", (uint64_t)i);
			return fault_word(root->fault, span_of("/"));
		}
		if (is_handed_over(env, pa, bytes))
			continue;
		status = memmap_add(&env->memory, pa, bytes, SMALT_MEM_RESERVED, root->fault);
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
static enum status take_files(const struct node *chosen, struct env *env)
{
	struct memmap *map = &env->memory;
	struct fault *fault = chosen->fault;
	const struct file *initrd = env_file(env, "initrd");
	struct range tree = pages_of(&env->devicetree);
	bool tree_is_usable;
	enum status status = memmap_finish(map, PAGE, fault);

	if (status != ST_OK)
		return status;
	if (initrd != NULL && !is_usable(map, pages_of(initrd)))
		return node_bad(chosen, NODE_INITRD_START, initrd->pa);
	tree_is_usable = is_usable(map, tree);
	if (initrd != NULL)
		status = memmap_add(map, initrd->pa, initrd->bytes.bytes, SMALT_MEM_RECLAIMABLE, fault);
	if (status == ST_OK && tree_is_usable)
		status = memmap_add(map, tree.pa, tree.bytes, SMALT_MEM_RECLAIMABLE, fault);
	return status == ST_OK ? memmap_finish(map, PAGE, fault) : status;
}

/* --- /chosen ----------------------------------------------------------------------- */

static enum status read_initrd(const struct node *chosen, struct env *env)
{
	uint64_t start, end;
	bool has_start, has_end;
	enum status status = node_number(chosen, NODE_INITRD_START, &start, &has_start);

	if (status == ST_OK)
		status = node_number(chosen, NODE_INITRD_END, &end, &has_end);
	if (status != ST_OK || (!has_start && !has_end))
		return status;
	if (!has_start || !has_end || end < start || !align_fits(end, PAGE))
		return node_bad(chosen, has_end ? NODE_INITRD_END : NODE_INITRD_START,
		                has_end ? end : start);
	if (end > start)
		env->files[env->file_count++] = (struct file){
			.name = span_of("initrd"), .pa = start, .donated = true,
			.bytes = { env_pointer(env, start), end - start },
		};
	return ST_OK;
}

static enum status read_chosen(struct reader *r)
{
	struct span seed = node_property(&r->node, NODE_RNG_SEED);
	enum status status;

	if (seed.bytes != 0) {
		r->env->entropy = (struct span){ seed.base, min_u64(seed.bytes, ENTROPY_BYTES_MAX) };
		r->env->entropy_source = SMALT_ENTROPY_DEVICETREE;
	}
	r->has_chosen = true;
	r->kept[0] = r->node.levels[0];
	r->kept[1] = r->node.levels[1];
	status = node_string(&r->node, NODE_BOOTARGS, &r->env->cmdline);
	return status == ST_OK ? read_initrd(&r->node, r->env) : status;
}

/* --- devices ----------------------------------------------------------------------- */

static enum status read_psci(struct reader *r)
{
	struct span method;
	enum status status = node_string(&r->node, NODE_METHOD, &method);

	if (status != ST_OK)
		return status;
	if (span_is(method, "hvc"))
		r->env->psci_conduit = SMALT_PSCI_HVC;
	else if (span_is(method, "smc"))
		r->env->psci_conduit = SMALT_PSCI_SMC;
	else
		return node_bad(&r->node, NODE_METHOD, method.bytes);
	return ST_OK;
}

static enum status read_fwcfg(struct reader *r)
{
	return node_registers(&r->node, &r->env->fwcfg_pa);
}

static enum status read_pl011(struct reader *r)
{
	return console_candidate(&r->consoles, &r->node);
}

/*
 * A node that leaves a number out, as many do, or whose numbers contradict each other, tells nothing:
 * the processor is asked then.
 */
static enum status describe_cache(const struct node *node, uint64_t *level, struct cache *cache)
{
	uint64_t bytes, line, block, ways;
	bool present;

	*cache = (struct cache){ 0 };
	if (node_number(node, NODE_CACHE_LEVEL, level, &present) != ST_OK ||
	    node_number(node, NODE_CACHE_SIZE, &bytes, &present) != ST_OK ||
	    node_number(node, NODE_CACHE_SETS, &cache->sets, &present) != ST_OK ||
	    node_number(node, NODE_CACHE_BLOCK, &block, &present) != ST_OK ||
	    node_number(node, NODE_CACHE_LINE, &line, &present) != ST_OK)
		return node->fault->status;
	line = present ? line : block;
	if (cache->sets == 0 || line == 0 || bytes % cache->sets != 0 || bytes / cache->sets % line != 0)
		return ST_OK;
	ways = bytes / cache->sets / line;
	if (ways == 0 || ways > UINT32_MAX || line > UINT32_MAX)
		return ST_OK;
	cache->ways = (uint32_t)ways;
	cache->line = (uint32_t)line;
	cache->source = SMALT_CACHE_FROM_DEVICETREE;
	return ST_OK;
}

/*
 * The tree knows more than the processor, and of big and little cores both: frames of one color in
 * the smaller way are so in the larger one. A way that is no power of two spoils the level.
 */
static bool counts_more(const struct cache *told, const struct cache *known)
{
	uint64_t way = told->sets * told->line, known_way = known->sets * known->line;

	return known->source != SMALT_CACHE_FROM_DEVICETREE ||
	       (is_power_of_two(known_way) && (!is_power_of_two(way) || way < known_way));
}

/* All that there are: which of them lies behind which core makes no difference. */
static enum status read_cache(struct reader *r)
{
	uint64_t level;
	struct cache cache, *known;
	enum status status = describe_cache(&r->node, &level, &cache);

	if (status != ST_OK || cache.source == SMALT_CACHE_FROM_NOBODY || level == 0 ||
	    level > GEOMETRY_LEVELS || node_property(&r->node, NODE_CACHE_UNIFIED).base == NULL)
		return status;
	known = &r->env->cpu.caches[level - 1];
	if (counts_more(&cache, known))
		*known = cache;
	return ST_OK;
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
	{ "cache", read_cache },
};

static const struct device *find_device(struct span compatible)
{
	for (unsigned i = 0; i < sizeof devices / sizeof *devices; i++)
		if (span_is(compatible, devices[i].compatible))
			return &devices[i];
	return NULL;
}

/* The first string that somebody here knows: they stand from special to general. */
static enum status visit_device(struct reader *r)
{
	struct span list = node_property(&r->node, NODE_COMPATIBLE);
	const struct device *device = NULL;

	while (device == NULL && list.bytes > 0) {
		struct span word = { list.base, 0 };

		while (word.bytes < list.bytes && word.base[word.bytes] != '\0')
			word.bytes++;
		if (word.bytes == list.bytes)
			return node_bad(&r->node, NODE_COMPATIBLE, list.bytes);
		device = find_device(word);
		list.base += word.bytes + 1;
		list.bytes -= word.bytes + 1;
	}
	return device != NULL && node_is_okay(&r->node) ? device->read(r) : ST_OK;
}

static enum status visit(struct reader *r)
{
	if (r->node.depth == 1 && node_is_named(&r->node, 1, "chosen"))
		return read_chosen(r);
	if (r->node.depth == 1 && node_lists(&r->node, NODE_DEVICE_TYPE, "memory"))
		return read_memory(r);
	if (r->node.depth == 2 && node_is_named(&r->node, 1, "reserved-memory"))
		return read_reserved(r);
	if (r->node.depth == 1 && node_is_named(&r->node, 1, "hypervisor"))
		r->env->cpu.hypervisor = 1;
	return r->node.depth > 0 ? visit_device(r) : ST_OK;
}

/* After a fault the walk goes on to the console, where the fault will be seen; later ones do not count. */
static enum status visit_all(struct reader *r, struct span tree)
{
	struct node_walk walk;
	struct fault later;
	bool found;
	enum status first = ST_OK, status = node_walk(&walk, tree, r->node.fault);

	while (status == ST_OK) {
		status = node_next(&walk, &r->node, &found);
		if (status != ST_OK || !found)
			break;
		status = visit(r);
		if (status == ST_OK)
			continue;
		first = first == ST_OK ? status : first;
		walk.fault = &later;
		status = ST_OK;
	}
	return first == ST_OK ? status : first;
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
	struct reader r = { .node = { .tree = tree.base, .fault = fault }, .env = env };
	struct node chosen = { tree.base, fault, r.kept, 1 };
	enum status status;

	env->devicetree = (struct file){
		.name = span_of("devicetree"), .bytes = tree,
		.pa = (uint64_t)(uintptr_t)tree.base - env->window,
	};
	status = visit_all(&r, tree);
	if (r.has_chosen)
		console_choose(&r.consoles, &chosen, env);
	if (status == ST_OK)
		status = add_reservations(&chosen, env);
	return status == ST_OK ? take_files(&chosen, env) : status;
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

enum status devicetree_keep(struct env *env, struct arena *arena, struct fault *fault)
{
	struct span tree = env->devicetree.bytes;
	uint64_t bytes = devicetree_copy_bytes(tree);
	uint8_t *copy = arena_pages(arena, align_up(bytes, PAGE), PAGE, "copy of the devicetree", fault);

	if (copy == NULL)
		return fault->status;
	devicetree_copy(copy, tree);
	arch_zero(copy + bytes, align_up(bytes, PAGE) - bytes);
	env->devicetree.pa = (uint64_t)(uintptr_t)copy - env->window;
	env->devicetree.bytes = (struct span){ copy, bytes };
	return ST_OK;
}
