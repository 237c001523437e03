/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model.c: two machines of QEMU as tables. The addresses were read from booted
 * machines (QEMU 7.2, SeaBIOS 1.16) and are the ones in QEMU's hw/i386/pc_q35.c,
 * hw/i386/x86.c, hw/arm/virt.c, hw/arm/boot.c.
 *
 *     q35    0 ... low RAM: [ arena | loader | initrd | 160K: ACPI ] ... 4 GiB ... high RAM
 *     virt   1 GiB [ 2M | loader | arena | ... | initrd | devicetree | ... ] RAM end
 */
#include "model.h"

#include <stddef.h>

#include "align.h"

#define K 1024ull
#define M (1024 * K)
#define G (1024 * M)

#define PAGE (4 * K)
#define MODEL_RANGES 64

/*
 * The loader image as the builds of this version make it; another compiler may
 * need a page more or less (build/<machine>/smalt.map has the numbers).
 */
#define LOADER_BYTES (228 * K)
#define PARTS_MAX 5

struct layout {
	uint64_t parts_offset;
	struct { uint32_t kind, prot, pages; } parts[PARTS_MAX];
};

static const struct layout q35_layout = { 120 * K, {
	{ SMALT_KIND_JUMP, SMALT_R | SMALT_X, 1 },
	{ SMALT_KIND_REPORTER, SMALT_R | SMALT_X, 2 },
	{ SMALT_KIND_REPORTER, SMALT_R, 1 },
	{ SMALT_KIND_CPU, SMALT_R, 2 },
	{ SMALT_KIND_REPORTER, SMALT_R | SMALT_W, 1 },
} };

static const struct layout virt_layout = { 128 * K, {
	{ SMALT_KIND_JUMP, SMALT_R | SMALT_X, 1 },
	{ SMALT_KIND_REPORTER, SMALT_R | SMALT_X, 2 },
	{ SMALT_KIND_REPORTER, SMALT_R, 1 },
	{ SMALT_KIND_REPORTER, SMALT_R | SMALT_W, 1 },
} };

/* --- what both machines need --- */

/* One range to add; a chain of adds needs one test in the end. */
struct builder {
	struct env *env;
	struct fault *fault;
	enum status status;
};

static void add(struct builder *b, uint64_t pa, uint64_t end, uint32_t type)
{
	if (b->status == ST_OK && pa < end)
		b->status = memmap_add(&b->env->memory, pa, end - pa, type, b->fault);
}

/* As boot/self.c does: a 64th of what is usable, within limits. */
static uint64_t arena_bytes(uint64_t usable_bytes)
{
	return align_down(max_u64(512 * K, min_u64(usable_bytes / 64, 16 * M)), PAGE);
}

static void put_loader(struct builder *b, const struct layout *layout, uint64_t pa)
{
	struct env *env = b->env;
	uint64_t part_pa = pa + layout->parts_offset;

	env->loader = (struct range){ pa, LOADER_BYTES };
	add(b, pa, pa + LOADER_BYTES, SMALT_MEM_RECLAIMABLE);
	for (unsigned i = 0; i < PARTS_MAX && layout->parts[i].pages; i++) {
		env->parts[env->part_count++] = (struct part){ layout->parts[i].kind,
			layout->parts[i].prot, part_pa, layout->parts[i].pages * PAGE };
		part_pa += layout->parts[i].pages * PAGE;
	}
}

static void put_file(struct builder *b, uint64_t pa, uint64_t bytes)
{
	b->env->files[0] = (struct file){ span_of("initrd"), pa, { NULL, bytes }, true };
	b->env->file_count = 1;
	add(b, pa, align_up(pa + bytes, PAGE), SMALT_MEM_RECLAIMABLE);
}

static enum status too_small(const struct model *model, uint64_t needed, struct fault *fault)
{
	fault_set(fault, ST_NO_MEMORY, "RAM", model->ram_bytes, needed);
	return fault_hint(fault, "file, loader and what the machine keeps do not fit: use a larger --ram");
}

/* --- q35 --- */

#define Q35_SPLIT 0xb0000000ull      /* with this much RAM and more, ... */
#define Q35_SPLIT_LOW 0x80000000ull  /* ... so much lies below 4 GiB */
#define Q35_ACPI (160 * K)           /* kept free above -initrd */
#define Q35_FIRMWARE (128 * K)       /* reserved at the top of low RAM: ACPI tables and SeaBIOS */
#define Q35_START (20 * K)           /* start info, its arrays, the command line */
#define Q35_HOLE64 (32 * G)          /* PCI window behind high RAM */
#define AMD_HOLE 0xfd00000000ull     /* AMD I/O Virtualization (48882), 2.1.2: HyperTransport */
#define AMD_HOLE_END 0x10000000000ull

/* QEMU moves high RAM behind the hole as soon as the PCI window would reach it. */
static uint64_t q35_high(uint64_t high_bytes)
{
	uint64_t hole64 = align_up(4 * G + high_bytes, G);

	return hole64 + Q35_HOLE64 > AMD_HOLE ? AMD_HOLE_END : 4 * G;
}

static void q35_memory(struct builder *b, uint64_t ram_bytes, uint64_t low)
{
	uint64_t high = q35_high(ram_bytes - low);

	add(b, 0, 0x9f000, SMALT_MEM_USABLE);
	add(b, 0x9f000, 0xa0000, SMALT_MEM_RESERVED);
	add(b, 0xf0000, 0x100000, SMALT_MEM_RESERVED);
	add(b, 0x100000, low - Q35_FIRMWARE, SMALT_MEM_USABLE);
	add(b, low - Q35_FIRMWARE, low, SMALT_MEM_RESERVED);
	add(b, 0xb0000000, 0xc0000000, SMALT_MEM_RESERVED);     /* PCI configuration */
	add(b, 0xfed1c000, 0xfed20000, SMALT_MEM_RESERVED);     /* chipset registers */
	add(b, 0xfffc0000, 0x100000000, SMALT_MEM_RESERVED);    /* firmware */
	add(b, high, high + ram_bytes - low, SMALT_MEM_USABLE);
	add(b, AMD_HOLE, AMD_HOLE_END, SMALT_MEM_RESERVED);
}

static enum status q35(const struct model *model, struct builder *b)
{
	struct env *env = b->env;
	uint64_t low = model->ram_bytes < Q35_SPLIT ? model->ram_bytes : Q35_SPLIT_LOW;
	uint64_t kept = Q35_FIRMWARE + LOADER_BYTES + align_up(model->file_bytes, PAGE) + Q35_START;
	uint64_t needed = M + kept + Q35_ACPI + arena_bytes(model->ram_bytes), arena, file_pa;

	if (low < needed)
		return too_small(model, needed, b->fault);
	arena = arena_bytes(model->ram_bytes - kept);
	file_pa = align_down(low - Q35_ACPI - 1 - model->file_bytes, PAGE);
	q35_memory(b, model->ram_bytes, low);
	put_file(b, file_pa, model->file_bytes);
	put_loader(b, &q35_layout, file_pa - LOADER_BYTES);
	add(b, env->loader.pa - arena, env->loader.pa, SMALT_MEM_RECLAIMABLE);
	env->cpu = (struct cpu){ .levels = 4, .levels_most = 5, .x86_isa = 0x7, .pa_bits = 40, .hypervisor = 1,
		.caches = { [1] = { SMALT_CACHE_FROM_CPUID, 16, 64, 512, false } } };
	env->rsdp_pa = model->ram_bytes > low ? 0xf59c0 : 0xf59e0;
	env->tables[env->table_count++] = (struct range){ 0xf5000, PAGE };
	env->tables[env->table_count++] = (struct range){ low - Q35_FIRMWARE, 3 * PAGE };
	env->serial_kind = SMALT_SERIAL_8250_PORT;
	env->serial_address = 0x3f8;
	return b->status;
}

/* --- virt --- */

#define VIRT_RAM G
#define VIRT_TREE (M)                /* fdt_totalsize() of what QEMU passes: most of it is room */
#define VIRT_TREE_BYTES 0x1dc8       /* of the loader's copy, in its arena, ... */
#define VIRT_TREE_OFFSET (52 * K)    /* ... behind the lists of the environment */
#define VIRT_EARLY (188 * K)         /* behind the image: what it needs before it has an arena */

static enum status virt(const struct model *model, struct builder *b)
{
	struct env *env = b->env;
	uint64_t file_pa = VIRT_RAM + min_u64(model->ram_bytes / 2, 128 * M);
	uint64_t tree_pa = align_up(file_pa + model->file_bytes, 2 * M);
	uint64_t loader_pa = VIRT_RAM + 2 * M, arena_pa = loader_pa + LOADER_BYTES + VIRT_EARLY;
	uint64_t kept = arena_pa - loader_pa + align_up(model->file_bytes, PAGE) + VIRT_TREE;
	uint64_t needed = max_u64(tree_pa + VIRT_TREE - VIRT_RAM,
	                          2 * (arena_pa - VIRT_RAM + arena_bytes(model->ram_bytes)));

	if (model->ram_bytes < needed)
		return too_small(model, needed, b->fault);
	add(b, VIRT_RAM, VIRT_RAM + model->ram_bytes, SMALT_MEM_USABLE);
	put_file(b, file_pa, model->file_bytes);
	put_loader(b, &virt_layout, loader_pa);
	add(b, loader_pa, arena_pa + arena_bytes(model->ram_bytes - kept), SMALT_MEM_RECLAIMABLE);
	env->devicetree = (struct file){ span_of("devicetree"), arena_pa + VIRT_TREE_OFFSET,
		{ NULL, VIRT_TREE_BYTES }, false };
	add(b, tree_pa, tree_pa + VIRT_TREE, SMALT_MEM_RECLAIMABLE);
	env->cpu = (struct cpu){ .levels = 4, .el = 1, .pa_bits = 48, .counter_hz = 62500000, .bti = 1,
		.granules = 1 << 12 | 1 << 14 | 1 << 16,
		.caches = { { SMALT_CACHE_FROM_CCSIDR, 2, 64, 256, false },
		            { SMALT_CACHE_FROM_CCSIDR, 16, 64, 2048, false } } };
	env->serial_kind = SMALT_SERIAL_PL011;
	env->serial_address = 0x9000000;
	env->psci_conduit = SMALT_PSCI_HVC;
	return b->status;
}

static const struct {
	uint16_t elf_machine;
	enum status (*build)(const struct model *model, struct builder *b);
} models[] = {
	{ SMALT_MACHINE_X86_64, q35 },
	{ SMALT_MACHINE_AARCH64, virt },
};

enum status model_env(const struct model *model, struct env *env, struct arena *arena,
                      struct fault *fault)
{
	struct builder b = { env, fault, ST_OK };
	enum status status;

	*env = (struct env){ .path = model->machine->path, .machine = model->machine };
	status = memmap_init(&env->memory, MODEL_RANGES, arena, fault);
	if (status == ST_OK && model->ram_bytes > (1ull << 46))
		status = fault_set(fault, ST_INVALID, "RAM", model->ram_bytes, 1ull << 46);
	if (status != ST_OK)
		return status;
	for (unsigned i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		if (models[i].elf_machine == model->machine->elf_machine)
			status = models[i].build(model, &b);
	env->cpu.leaf_mask = (1u << model->machine->format->leaf_count) - 1;
	env->cmdline = model->cmdline;
	return status == ST_OK ? memmap_finish(&env->memory, PAGE, fault) : status;
}
