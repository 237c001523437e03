/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plan.c: the story of a plan, one step after the other (design: data flows one way).
 */
#include <stddef.h>

#include <smalt/request.h>

#include "align.h"
#include "boot.h"
#include "directmap.h"
#include "extent.h"
#include "protocol.h"

static enum status choose_entry(struct boot *boot, struct fault *fault)
{
	struct span name = boot->wanted.bytes ? boot->wanted : boot->words.entry;

	return config_choose(&boot->config, name, &boot->entry_index, fault);
}

static enum status choose_protocol(struct boot *boot, struct fault *fault)
{
	return protocol_choose(boot->env->machine, &boot->objects[0].object,
	                       boot->settings.protocol, &boot->protocol, fault);
}

/*
 * What the loader knows that the CPU lacks (M15). Signed pointers are an ABI between a kernel
 * and its keys: Smalt sets none, so it cannot promise any.
 */
static enum status check_capability(const struct boot *boot, const struct object *object,
                                    struct fault *fault)
{
	if (object->x86_isa_needed & ~boot->env->cpu.x86_isa)
		return fault_set(fault, ST_MISSING_CAPABILITY, "GNU_PROPERTY_X86_ISA_1_NEEDED",
		                 object->x86_isa_needed, boot->env->cpu.x86_isa);
	if (object->has_pauth)
		return fault_value(fault, ST_MISSING_CAPABILITY, "GNU_PROPERTY_AARCH64_FEATURE_PAUTH",
		                   object->pauth_platform);
	return ST_OK;
}

static enum status check_capabilities(struct boot *boot, struct fault *fault)
{
	for (uint32_t i = 0; i < boot->object_count; i++) {
		const struct object *object = &boot->objects[i].object;

		if (check_capability(boot, object, fault) != ST_OK)
			return fault_in(fault, object->name);
	}
	return ST_OK;
}

static enum status choose_direct_map(struct boot *boot, struct fault *fault)
{
	uint64_t granule = boot->space.granule;

	if (boot->protocol || boot->settings.direct_map == SMALT_DIRECT_MAP_NONE)
		return ST_OK;
	boot->direct_map_bytes = directmap_bytes(&boot->env->memory);
	boot->direct_map_va = boot->env->machine->direct_map_va;
	if (boot->settings.direct_map == SMALT_DIRECT_MAP_AT)
		boot->direct_map_va = boot->settings.direct_map_va;
	if (boot->settings.direct_map == SMALT_DIRECT_MAP_IDENTITY) {
		boot->direct_map_va = 0;
		return space_claim(&boot->space, granule, boot->direct_map_bytes - granule,
		                   span_of("the direct map"), SMALT_NONE, fault);
	}
	return space_claim(&boot->space, boot->direct_map_va, boot->direct_map_bytes,
	                   span_of("the direct map"), SMALT_NONE, fault);
}

/*
 * Extents are at most the runs of each row, its 2M chunks, and one for each hole in memory.
 * What has more chunks than memory finds no address or no frames: it needs no storage.
 */
static enum status open_space(struct boot *boot, struct fault *fault)
{
	const struct env *env = boot->env;
	uint64_t own = OWN_KINDS + env->part_count + env->table_count, rows = own, chunks = 0;
	uint64_t memory_chunks = memmap_bytes(&env->memory, SMALT_MEM_USABLE) >> 21;
	enum status status;

	for (uint32_t i = 0; i < boot->object_count; i++) {
		const struct object *object = &boot->objects[i].object;

		rows += object->segment_count + 1u;
		for (uint32_t s = 0; s < object->segment_count; s++)
			chunks += min_u64(object->segments[s].mem_bytes >> 21, memory_chunks);
	}
	chunks = min_u64(chunks, memory_chunks) + 4 * rows + 2 * env->memory.count;
	if (chunks > UINT32_MAX / 2)
		return fault_set(fault, ST_NO_MEMORY, "extents", chunks, UINT32_MAX / 2);
	status = frames_init(&boot->frames, &env->memory, 1ull << env->machine->format->granule_shift,
	                     env->machine->frame_floor, (uint32_t)(chunks + own), boot->arena, fault);
	if (status != ST_OK)
		return status;
	return space_init(&boot->space, env->machine, env->cpu.leaf_mask, (uint32_t)rows,
	                  (uint32_t)chunks, boot->arena, fault);
}

/* A foreign kernel gets its modules where they lie, and may have a wish where it lies itself. */
static enum status place_protocol(struct boot *boot, struct fault *fault)
{
	struct object *kernel = &boot->objects[0].object;
	struct protocol_module *modules;
	struct protocol_boot *p;
	enum status status = ST_OK;

	if (!boot->protocol)
		return ST_OK;
	p = arena_take(boot->arena, 1, sizeof *p, "protocol", fault);
	modules = arena_take(boot->arena, boot->object_count, sizeof *modules, "modules", fault);
	if (!p || !modules)
		return fault->status;
	*p = (struct protocol_boot){
		.env = boot->env, .kernel = kernel, .cmdline = boot->cmdline,
		.modules = modules, .module_count = boot->object_count - 1,
		.frames = &boot->frames, .arena = boot->arena,
	};
	for (uint32_t i = 1; i < boot->object_count; i++)
		modules[i - 1] = (struct protocol_module){ boot->objects[i].object.bytes_pa,
			boot->objects[i].object.bytes.bytes, boot->objects[i].args };
	boot->foreign = p;
	if (boot->protocol->place)
		status = boot->protocol->place(p, fault);
	for (uint32_t i = 0; status == ST_OK && i < kernel->segment_count; i++)
		kernel->segments[i].pa += p->bias;
	return status;
}

static struct place_request request_for(const struct boot *boot, uint32_t index, uint64_t from)
{
	const struct boot_object *o = &boot->objects[index];
	struct place_request request = {
		.object = &o->object, .object_index = index, .flags = PLACE_INTERPRET,
		.entry_required = o->role == SMALT_ROLE_KERNEL,
		.may_stay = o->object.bytes_pa != OBJECT_NOWHERE, .from = from, .va = o->va,
	};

	if (o->has_va)
		request.flags |= PLACE_ADDRESS;
	if (boot->settings.wx_allowed)
		request.flags |= PLACE_ALLOW_WX;
	if (boot->protocol)
		request.flags |= PLACE_PHYSICAL;
	return request;
}

/* Only where nothing says where a module goes. */
static bool may_go_elsewhere(const struct place_request *request)
{
	return !request->entry_required && !(request->flags & PLACE_ADDRESS) &&
	       request->object->kind != OBJECT_FIXED;
}

/*
 * Packed: behind the object before. Where the machine's place for kernels has too little
 * room left (2 GiB on x86_64), a module goes to the beginning of the high half.
 */
static enum status place_one(struct boot *boot, uint32_t index, uint64_t *from, struct fault *fault)
{
	const struct machine *machine = boot->env->machine;
	struct boot_object *o = &boot->objects[index];
	struct place_request request = request_for(boot, index, *from);
	uint32_t capacity = o->object.segment_count + 1, count = capacity;
	struct smalt_row *rows = arena_take(boot->arena, count, sizeof *rows, "rows", fault);
	enum status status;

	if (!rows)
		return fault->status;
	status = place_object(&boot->space, &request, rows, &count, &o->placement, fault);
	if (status == ST_NO_ADDRESS && may_go_elsewhere(&request)) {
		request.from = machine->ranges[machine->range_count - 1].first;
		count = capacity;
		status = place_object(&boot->space, &request, rows, &count, &o->placement, fault);
	}
	if (status == ST_OK)
		status = place_enter(&boot->space, &request, rows, count, &o->placement, fault);
	if (status != ST_OK)
		return fault_in(fault, o->object.name);
	*from = o->placement.end;
	return ST_OK;
}

static enum status place_objects(struct boot *boot, struct fault *fault)
{
	uint64_t from = boot->env->machine->kernel_va;
	enum status status = ST_OK;

	for (uint32_t i = 0; status == ST_OK && i < boot->object_count; i++)
		status = place_one(boot, i, &from, fault);
	return status;
}

static enum status place_own_rows(struct boot *boot, struct fault *fault)
{
	return boot->protocol ? ST_OK : own_place(boot, fault);
}

static enum status back_object(struct boot *boot, uint32_t first, uint32_t *count,
                               struct fault *fault)
{
	uint32_t index = boot->space.rows[first].object;
	const struct boot_object *o = &boot->objects[index];
	struct extent_source source = {
		.bytes_pa = o->object.bytes_pa, .donated = o->donated,
		.whole_pages = o->object.kind == OBJECT_FLAT,
		.physical = boot->protocol != NULL, .copy_limit = EXTENT_COPY_LIMIT,
	};
	enum status status;

	for (*count = 1; first + *count < boot->space.row_count &&
	                 boot->space.rows[first + *count].object == index;)
		++*count;
	status = extent_object(&boot->space, first, *count, &source, &boot->frames,
	                       &boot->env->memory, fault);
	return status == ST_OK ? ST_OK : fault_in(fault, o->object.name);
}

static enum status back_rows(struct boot *boot, struct fault *fault)
{
	enum status status = ST_OK;

	for (uint32_t row = 0, count; status == ST_OK && row < boot->space.row_count; row += count) {
		count = 1;
		if (boot->space.rows[row].object == SMALT_NONE)
			status = own_back(boot, row, fault);
		else
			status = back_object(boot, row, &count, fault);
	}
	return status;
}

static enum status reserve_handoff(struct boot *boot, struct fault *fault)
{
	enum status status = boot->protocol ? ST_OK : handoff_reserve(boot, fault);

	space_sort_extents(&boot->space);
	return status;
}

static enum status make_tables(struct boot *boot, struct fault *fault)
{
	return boot->protocol ? ST_OK : tables_make(boot, fault);
}

static enum status final_map(struct boot *boot, struct fault *fault)
{
	uint32_t capacity = 2 * (boot->env->memory.count + 2 * boot->frames.taken.count);
	enum status status = memmap_init(&boot->after, capacity, boot->arena, fault);

	boot->cost.frames = boot->frames.taken_bytes / boot->space.granule;
	return status == ST_OK ? frames_map(&boot->frames, &boot->env->memory, &boot->after, fault)
	                       : status;
}

static enum status prepare_protocol(struct boot *boot, struct fault *fault)
{
	return boot->protocol ? boot->protocol->prepare(boot->foreign, fault) : ST_OK;
}

static const struct step {
	enum status (*run)(struct boot *boot, struct fault *fault);
} steps[] = {
	{ source_open }, { choose_entry }, { source_objects }, { request_settings },
	{ choose_protocol }, { check_capabilities }, { load_check }, { relro_part }, { open_space },
	{ choose_direct_map },
	{ place_protocol }, { place_objects }, { place_own_rows }, { back_rows },
	{ reserve_handoff }, { load_plan }, { make_tables }, { prepare_protocol }, { final_map },
};

enum status boot_plan(struct boot *boot, const struct env *env, struct span entry,
                      struct arena *arena, struct fault *fault)
{
	enum status status = ST_OK;

	*boot = (struct boot){ .env = env, .wanted = entry, .arena = arena };
	for (size_t i = 0; status == ST_OK && i < sizeof steps / sizeof steps[0]; i++)
		status = steps[i].run(boot, fault);
	if (status == ST_OK && !boot->protocol)
		handoff_write(boot);
	return status;
}

void boot_execute(const struct boot *boot)
{
	load_execute(boot);
	load_relocate(boot);
}

struct smalt_handoff *boot_handoff(const struct boot *boot)
{
	return boot->protocol ? NULL : env_pointer(boot->env, boot->handoff_pa);
}
