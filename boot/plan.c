/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plan.c: the story of a plan, one step after the other (design: data flows one way).
 */
#include <stddef.h>

#include <smalt/request.h>

#include "align.h"
#include "boot.h"
#include "check.h"
#include "coloring.h"
#include "directmap.h"
#include "envtext.h"
#include "firmware.h"
#include "protocol.h"
#include "relro.h"

static enum status choose_entry(struct boot *boot, struct fault *fault)
{
	struct span name = boot->wanted.bytes ? boot->wanted : boot->words.entry;

	return config_choose(&boot->config, name, &boot->entry_index, fault);
}

static enum status choose_protocol(struct boot *boot, struct fault *fault)
{
	enum status status = protocol_choose(boot->env->machine, &boot->objects[0].object,
	                                     boot->settings.protocol, &boot->protocol, fault);

	if (status == ST_OK)
		status = format_choose(boot, fault);
	return status == ST_OK ? instances_check(boot, fault) : status;
}

struct linkage boot_linkage(const struct boot *boot)
{
	return (struct linkage){
		.objects = boot->objects, .object_count = boot->object_count,
		.machine = boot->env->machine, .arena = boot->arena, .physical = boot->protocol != NULL,
	};
}

static enum status check_relocations(struct boot *boot, struct fault *fault)
{
	struct linkage linkage = boot_linkage(boot);
	enum status status = relocate_check(&linkage, fault);

	return status == ST_OK ? tls_layout(&linkage, fault) : status;
}

static enum status fit_relocations(struct boot *boot, struct fault *fault)
{
	struct linkage linkage = boot_linkage(boot);

	return relocate_fit(&linkage, fault);
}

/* An object that relocates itself protects itself, too. */
static enum status part_relro(struct boot *boot, struct fault *fault)
{
	uint64_t granule = 1ull << boot->format->granule_shift;
	enum status status = ST_OK;

	for (uint32_t i = 0; status == ST_OK && !boot->protocol && i < boot->object_count; i++)
		if (boot->objects[i].relocate)
			status = relro_part(&boot->objects[i].object, granule, boot->arena, fault);
	return status;
}

/* A firmware that is still there tells it only when nothing more is asked for but frames. */
static enum status know_memory(struct boot *boot, struct fault *fault)
{
	if (boot->env->memory.count != 0)
		return ST_OK;
	boot->env->efi.takes = coloring_takes(boot);
	for (uint32_t i = 1; i < boot->object_count; i++)
		boot->env->efi.takes += boot->objects[i].object.segment_count;
	if (firmware_memory(boot->env, fault) != ST_OK)
		return fault->status;
	if (boot->words.print_env)
		envtext_print(boot->env);
	return ST_OK;
}

static enum status choose_direct_map(struct boot *boot, struct fault *fault)
{
	uint64_t granule = boot->space.granule;

	if (boot->protocol || boot->settings.direct_map == SMALT_DIRECT_MAP_NONE)
		return ST_OK;
	boot->direct_map_bytes = directmap_bytes(boot->memory);
	boot->direct_map_va = boot->format->direct_map_va;
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

static enum status note_read(struct boot *boot, struct fault *fault)
{
	bool *read = arena_take(boot->arena, boot->object_count, sizeof *read, "objects", fault);
	bool *colored = arena_take(boot->arena, boot->object_count, sizeof *colored, "objects", fault);

	if (!read || !colored)
		return fault->status;
	for (uint32_t i = 0; i < boot->object_count; i++)
		read[i] = boot_is_read(&boot->objects[i]);
	boot->space.read = read;
	boot->space.colored = colored;
	boot->space.tail_padding = boot->protocol ? 0 : boot->settings.tail_padding;
	boot->space.guards = boot->env->cpu.bti != 0;
	if (boot->colors.policy != SMALT_COLOR_OFF)
		boot->space.colors = &boot->colors;
	return ST_OK;
}

/*
 * Extents are at most the runs of each row, its 2M chunks, and one for each hole in memory.
 * What has more chunks than memory finds no address or no frames: it needs no storage.
 */
static enum status open_space(struct boot *boot, struct fault *fault)
{
	const struct env *env = boot->env;
	struct paging paging = { env->machine, boot->format, format_leaves(boot) };
	uint64_t own = own_rows_most(boot), rows = own, chunks = 0, pieces = 0, takes;
	uint64_t memory_chunks = memmap_bytes(boot->memory, SMALT_MEM_USABLE) >> 21;
	enum status status;

	for (uint32_t i = 0; i < boot->object_count; i++) {
		const struct object *object = &boot->objects[i].object;

		rows += object->segment_count + 1u;
		if (boot->settings.tail_padding != 0)
			rows += object->segment_count;       /* a claim and an extent each */
		if (object->kind == OBJECT_FLAT)     /* which has no segments */
			pieces += coloring_pieces(boot, boot->objects[i].color_mask, object->bytes.bytes);
		for (uint32_t s = 0; s < object->segment_count; s++) {
			uint64_t bytes = min_u64(object->segments[s].mem_bytes, memory_chunks << 21);

			chunks += bytes >> 21;
			pieces += coloring_pieces(boot, boot->objects[i].color_mask, bytes);
		}
	}
	chunks = min_u64(chunks, memory_chunks) + 4 * rows + 2 * boot->memory->count + pieces +
	         coloring_pieces(boot, boot->colors.own_mask, boot->settings.stack_bytes);
	/* Each begins or ends in a table of its own, on every level, twice with the direct map. */
	takes = chunks + own + coloring_pieces(boot, boot->colors.tables_mask, chunks * 8 << boot->format->granule_shift);
	if (takes > UINT32_MAX / 2)
		return fault_set(fault, ST_NO_MEMORY, "extents", takes, UINT32_MAX / 2);
	status = frames_init(&boot->frames, boot->memory, 1ull << boot->format->granule_shift,
	                     env->machine->frame_floor, (uint32_t)takes, boot->arena, fault);
	if (status != ST_OK)
		return status;
	status = space_init(&boot->space, paging, (uint32_t)rows, (uint32_t)chunks, boot->arena, fault);
	return status == ST_OK ? note_read(boot, fault) : status;
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
		.ranges_most = boot_ranges_most(boot),
	};
	for (uint32_t i = 1; i < boot->object_count; i++)
		modules[i - 1] = (struct protocol_module){
			.pa = boot->objects[i].object.bytes_pa,
			.bytes = boot->objects[i].object.bytes.bytes, .args = boot->objects[i].args,
		};
	boot->foreign = p;
	if (boot->protocol->place)
		status = boot->protocol->place(p, fault);
	for (uint32_t i = 0; status == ST_OK && i < kernel->segment_count; i++)
		kernel->segments[i].pa += p->bias;
	return status;
}

static enum status place_own_rows(struct boot *boot, struct fault *fault)
{
	return boot->protocol ? ST_OK : own_place(boot, fault);
}

static enum status sort_rows(struct boot *boot, struct fault *fault)
{
	(void)fault;
	space_sort_rows(&boot->space);
	return ST_OK;
}

static enum status reserve_handoff(struct boot *boot, struct fault *fault)
{
	enum status status = boot->protocol ? ST_OK : handoff_reserve(boot, fault);

	space_sort_extents(&boot->space);
	return status;
}

static enum status reserve_tables(struct boot *boot, struct fault *fault)
{
	enum status status;

	if (boot->protocol)
		return ST_OK;
	status = tables_reserve(boot, fault);
	return status == ST_OK ? bridge_reserve(boot, fault) : status;
}

static enum status reserve_protocol(struct boot *boot, struct fault *fault)
{
	return boot->protocol ? boot->protocol->reserve(boot->foreign, fault) : ST_OK;
}

uint32_t boot_ranges_most(const struct boot *boot)
{
	uint32_t now = boot->env->memory.count, most = boot->env->efi.descriptors_most;

	return now > most ? now : most;
}

/* Room for the last memory map. */
static enum status reserve_map(struct boot *boot, struct fault *fault)
{
	uint32_t capacity = 2 * (boot_ranges_most(boot) + 2 * boot->frames.taken.count);

	boot->cost.frames = boot->frames.taken_bytes / boot->space.granule;
	return memmap_init(&boot->after, capacity, boot->arena, fault);
}

/* From here on what was taken is written. */
static enum status claim(struct boot *boot, struct fault *fault)
{
	enum status status = firmware_claim(boot->env, &boot->frames, fault);

	if (status == ST_OK && !boot->protocol)
		handoff_clear(boot);
	return status;
}

static enum status build_tables(struct boot *boot, struct fault *fault)
{
	enum status status;

	if (boot->protocol)
		return ST_OK;
	status = tables_build(boot, fault);
	return status == ST_OK ? bridge_build(boot, fault) : status;
}

static enum status prepare_protocol(struct boot *boot, struct fault *fault)
{
	if (!boot->protocol || !boot->protocol->prepare)
		return ST_OK;
	return boot->protocol->prepare(boot->foreign, fault);
}

static enum status read_files(struct boot *boot, struct fault *fault)
{
	return load_read(boot, fault);
}

static const struct step {
	enum status (*run)(struct boot *boot, struct fault *fault);
} steps[] = {
	{ source_open }, { choose_entry }, { source_objects }, { request_settings },
	{ choose_protocol }, { geometry_choose }, { coloring_choose }, { source_stage },
	{ capability_check }, { check_relocations },
	{ part_relro }, { know_memory }, { format_memory }, { open_space }, { choose_direct_map },
	{ place_protocol }, { objects_place }, { objects_pad }, { fit_relocations },
	{ place_own_rows }, { sort_rows },
	{ objects_back }, { instances_back }, { reserve_handoff }, { load_plan }, { reserve_tables },
	{ reserve_protocol }, { reserve_map },
	{ claim }, { build_tables }, { prepare_protocol }, { read_files },
};

enum status boot_plan(struct boot *boot, struct env *env, struct span entry, struct arena *arena,
                      struct fault *fault)
{
	enum status status = ST_OK;

	*boot = (struct boot){ .env = env, .wanted = entry, .arena = arena };
	for (size_t i = 0; status == ST_OK && i < sizeof steps / sizeof steps[0]; i++)
		status = steps[i].run(boot, fault);
	return status;
}

void boot_finish(struct boot *boot)
{
	struct fault none;

	/* reserve_map() made room for whatever the firmware says in the end. */
	CHECK(frames_map(&boot->frames, &boot->env->memory, &boot->after, &none) == ST_OK);
	if (!boot->protocol)
		handoff_write(boot);
	else if (boot->protocol->finish)
		boot->protocol->finish(boot->foreign);
}

void boot_execute(const struct boot *boot)
{
	struct linkage linkage = boot_linkage(boot);

	load_execute(boot);
	relocate_execute(&linkage, &boot->space, boot->env->window);
}

struct smalt_handoff *boot_handoff(const struct boot *boot)
{
	return boot->protocol ? NULL : env_pointer(boot->env, boot->handoff_pa);
}
