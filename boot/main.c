/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c: the story of one boot, the same for every firmware.
 *
 *     plan (can fail) ─▶ commit point: the firmware ends ─▶ finish, execute, jump (cannot fail)
 */
#include <stddef.h>

#include "arch.h"
#include "boot.h"
#include "envtext.h"
#include "firmware.h"
#include "log.h"
#include "protocol.h"
#include "reporter.h"
#include "self.h"

enum { PLANS_MORE = 3 };         /* if the firmware is busy and takes memory meanwhile */

static struct span fallback_of(const struct boot *boot)
{
	if (boot->config.entries == NULL)
		return (struct span){ NULL, 0 };
	return boot->config.entries[boot->entry_index].fallback;
}

/* A firmware that was faster with some memory is asked again what there is. */
static enum status plan_entry(struct boot *boot, struct env *env, struct span wanted,
                              struct arena *arena, struct fault *fault)
{
	uint64_t mark = arena->used;
	enum status status = boot_plan(boot, env, wanted, arena, fault);

	for (unsigned again = 0; status == ST_MEMORY_CHANGED && again < PLANS_MORE; again++) {
		firmware_release(env);
		arena->used = mark;
		status = boot_plan(boot, env, wanted, arena, fault);
	}
	return status;
}

/*
 * The entry that was asked for, then its fallback, then that one's; each fault is
 * printed. More tries than entries would be a circle.
 */
static enum status plan_any(struct boot *boot, struct env *env, struct arena *arena)
{
	struct span wanted = { NULL, 0 };
	uint64_t mark = arena->used;
	uint32_t tries = 1;

	for (;; tries++) {
		struct fault fault;
		enum status status = plan_entry(boot, env, wanted, arena, &fault);

		if (status == ST_OK)
			return ST_OK;
		log_fault(&fault);
		firmware_release(env);
		wanted = fallback_of(boot);
		if (wanted.bytes == 0 || tries >= boot->config.entry_count)
			return status;
		arena->used = mark;
	}
}

/* A foreign kernel begins with its caches off, and reads what is in memory. */
static void sync_caches(const struct boot *boot)
{
	for (uint32_t i = 0; i < boot->sync_count; i++) {
		arch_sync_code(boot->sync[i].pa, boot->sync[i].bytes);
		if (boot->foreign)
			arch_clean(boot->sync[i].pa, boot->sync[i].bytes);
	}
}

static void set_reporter(const struct boot *boot)
{
	const struct smalt_handoff *handoff = boot_handoff(boot);

	reporter_setup = (struct reporter_setup){
		.handoff_va = boot->handoff_va,
		.serial_kind = handoff->serial_kind,
		.serial_port = handoff->serial_port,
		.serial_va = handoff->serial_va,
	};
}

static uint64_t reporter_pa(const struct env *env)
{
	uint32_t i = 0;

	while (env->parts[i].kind != SMALT_KIND_REPORTER)
		i++;
	return env->parts[i].pa;
}

static struct jump jump_of(const struct boot *boot)
{
	const struct boot_object *kernel = &boot->objects[0];
	uint64_t fault_stack_va = boot->own_va[SMALT_KIND_FAULT_STACK];

	return (struct jump){
		.root_pa = { boot->pt.root_pa[0], boot->pt.root_pa[1] },
		.entry = kernel->object.entry + kernel->placement.bias,
		.stack_top = boot->stack_top,
		.handoff_va = boot->handoff_va,
		.parts_va = boot->own_va[SMALT_KIND_JUMP],
		.parts_pa = boot->env->parts[0].pa,
		.fault_stack_top = fault_stack_va ? fault_stack_va + OWN_FAULT_STACK_BYTES : 0,
		.reporter_distance = boot->own_va[SMALT_KIND_REPORTER] - reporter_pa(boot->env),
		.reporter = boot->settings.reporter,
		.granule_shift = boot->format->granule_shift,
		.bridge_pa = boot->bridge.code_pa,
		.bridge_roots_pa = { boot->bridge.near.root_pa[0], boot->bridge.far.root_pa[0] },
		.levels = boot->format->levels,
	};
}

/* Once nobody writes to them any more. */
static void copy_parts(const struct boot *boot)
{
	struct range to;

	for (uint32_t i = 0; parts_copy(boot, i, &to); i++)
		arch_sync_code(to.pa, to.bytes);
}

static _Noreturn void enter_own(const struct boot *boot)
{
	struct smalt_handoff *handoff = boot_handoff(boot);
	struct jump jump = jump_of(boot);

	set_reporter(boot);
	arch_prepare(&jump);
	copy_parts(boot);
	handoff->profile.counter_planned = boot->counter_planned;
	handoff->profile.counter_entry = arch_counter();
	arch_jump(&jump);
}

static _Noreturn void enter(const struct boot *boot)
{
	const struct protocol_boot *foreign = boot->foreign;

	if (foreign)
		arch_enter(foreign->entry_pa, foreign->argument_pa);
	enter_own(boot);
}

/*
 * smalt.env=serial: before planning, so that what is refused can be replayed too. Where memory is
 * not known yet, the plan prints when it is.
 */
static void print_if_asked(const struct env *env, struct arena *arena)
{
	uint64_t mark = arena->used;
	struct config_words words;
	struct fault ignored;        /* the plan finds it again, and reports it */

	if (env->memory.count == 0)
		return;
	if (config_words(&words, env->cmdline, arena, &ignored) == ST_OK && words.print_env)
		envtext_print(env);
	arena->used = mark;
}

enum { ENTROPY_WORDS = 4 };

/* A firmware that has random bytes gave them; else the CPU does, if it can. */
static void take_entropy(struct env *env)
{
	static uint64_t words[ENTROPY_WORDS];

	if (env->entropy.bytes != 0)
		return;
	env->entropy_source = arch_entropy(words, ENTROPY_WORDS);
	if (env->entropy_source != SMALT_ENTROPY_NONE)
		env->entropy = (struct span){ (const uint8_t *)words, sizeof words };
}

/* Nothing but us is there any more. */
static void go(struct boot *boot)
{
	boot_finish(boot);
	boot_execute(boot);
	sync_caches(boot);
	enter(boot);
}

/* Large, and only one: not on the stack. */
static struct boot boot;

void boot_main(struct env *env, struct arena *arena)
{
	enum status status;

	take_entropy(env);
	print_if_asked(env, arena);
	status = plan_any(&boot, env, arena);
	if (status != ST_OK)
		firmware_refuse(status);
	boot.counter_planned = arch_counter();
	firmware_leave(&boot, go);
}
