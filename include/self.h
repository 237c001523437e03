/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * self.h: the loader's own image: where it is, its relocations, its own map.
 */
#ifndef SELF_H
#define SELF_H

#include "env.h"
#include "pagetable.h"

/* Symbols of linker.ld; hidden, so that code reaches them relative to itself. */
#pragma GCC visibility push(hidden)
extern uint8_t image_start[], image_end[], text_start[], text_end[], rodata_start[], rodata_end[];
extern uint8_t jump_start[], jump_end[], reporter_text_start[], reporter_text_end[];
extern uint8_t reporter_rodata_start[], reporter_rodata_end[], cpu_start[], cpu_end[];
extern uint8_t reporter_data_start[], reporter_data_end[], data_start[], data_end[];
extern uint8_t bss_start[], bss_end[], archive_start[], archive_end[];
extern uint8_t stack_start[], stack_top[], early_start[], early_end[];
extern const uint64_t relr_start[], relr_end[];
extern const uint64_t image_link[];      /* one number: the address for which the image was linked */
#pragma GCC visibility pop

/*
 * Adds delta to every word of the image at image that a relative relocation
 * names (its link-time value stands there: --apply-dynamic-relocs); image may be a copy.
 */
void self_relocate(uint8_t *image, uint64_t delta);

/*
 * Copies the image, without the stack and what lies behind it, to home, relocates the copy and
 * goes on in next(argument) of the copy on the copy's stack. Arch: maps the copy's code first.
 */
_Noreturn void self_move(uint64_t home_pa, void (*next)(uint64_t), uint64_t argument);

/* Bytes that a move needs at its new home. */
uint64_t self_bytes(void);

/* Bytes of the planner's arena for so much usable memory: a 64th, within 512 KiB and 16 MiB. */
uint64_t self_arena_bytes(uint64_t usable_bytes);

/* loader range, parts and the embedded archive (if there is one) into env. */
void self_describe(struct env *env);

/* The same map, built in pages of the arena, for a later arch_alone(). */
MUST_CHECK enum status self_map_build(const struct env *env, struct arena *arena,
                                      struct pagetable *pt, struct fault *fault);

/*
 * Builds the loader's identity map with tables from arena and switches to it: the image
 * with W^X, memory that may be used read-write, what env names for reading (ACPI tables, devicetree)
 * read-only, the console as device; nothing reserved, nothing executable besides.
 */
MUST_CHECK enum status self_map(const struct env *env, struct arena *arena, struct fault *fault);

/* boot/main.c: the story of one boot, from a filled environment to the kernel. */
_Noreturn void boot_main(struct env *env, struct arena *arena);

#endif
