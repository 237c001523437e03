/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uefi_memory.c: the firmware's memory map, and what becomes ours of it (UEFI 2.10, 7.2).
 *
 * The plan takes frames from a map; claiming allocates exactly them. Between the two
 * nothing is asked of the firmware, so that somebody else can be faster only by a timer.
 */
#include "uefi.h"

#include <stddef.h>

#include "align.h"
#include "efi_memory.h"
#include "efi_runtime.h"
#include "firmware.h"
#include "mem.h"
#include "sort.h"

enum { PAGE = 4096, MAP_BYTES = 24 << 10, ARENA_BYTES = 8 << 20, ARENA_LEAST = 512 << 10 };

/* Descriptors that the map may gain by the firmware's own doing, and of those what nobody plans with. */
enum { MORE_DESCRIPTORS = 128, SPARE_DESCRIPTORS = 32 };

static EFI_BOOT_SERVICES *services(const struct uefi *uefi)
{
	return uefi->table->BootServices;
}

/* --- pages --- */

/* Below the machine's limit, so that 32-bit code reaches what is in it; less if there is not so much. */
enum status uefi_arena(struct uefi *uefi, struct fault *fault)
{
	EFI_PHYSICAL_ADDRESS pa;

	for (uint64_t bytes = ARENA_BYTES; bytes >= ARENA_LEAST; bytes /= 2) {
		pa = uefi->env.machine->loader_limit - 1;
		if (services(uefi)->AllocatePages(AllocateMaxAddress, EfiLoaderData, bytes / PAGE, &pa) != EFI_SUCCESS)
			continue;
		uefi->arena = (struct arena){ (uint8_t *)(uintptr_t)pa, bytes, 0 };
		return ST_OK;
	}
	return fault_value(fault, ST_NO_MEMORY, "bytes of the arena", ARENA_LEAST);
}

MUST_CHECK static enum status note_pages(struct uefi *uefi, uint64_t pa, uint64_t bytes,
                                         struct fault *fault)
{
	struct uefi_pages *pages = arena_take(&uefi->arena, 1, sizeof *pages, "pages", fault);

	if (pages == NULL) {
		services(uefi)->FreePages(pa, bytes / PAGE);
		return fault->status;
	}
	*pages = (struct uefi_pages){ uefi->pages, { pa, bytes } };
	uefi->pages = pages;
	return ST_OK;
}

/* The firmware knows alignments of one page only: what is too much goes back. */
enum status uefi_take_pages(struct uefi *uefi, uint64_t bytes, uint64_t align, uint64_t *pa,
                            struct fault *fault)
{
	uint64_t whole = align_up(bytes, PAGE), all = whole + align - PAGE;
	EFI_PHYSICAL_ADDRESS start;

	if (bytes > UINT64_MAX / 2 ||
	    services(uefi)->AllocatePages(AllocateAnyPages, EfiLoaderData, all / PAGE, &start) != EFI_SUCCESS)
		return fault_value(fault, ST_NO_MEMORY, "bytes of a file", bytes);
	*pa = align_up(start, align);
	if (*pa > start)
		services(uefi)->FreePages(start, (*pa - start) / PAGE);
	if (start + all > *pa + whole)
		services(uefi)->FreePages(*pa + whole, (start + all - (*pa + whole)) / PAGE);
	return note_pages(uefi, *pa, whole, fault);
}

enum status firmware_room(struct env *env, uint64_t bytes, struct arena *arena, uint64_t *pa,
                          struct fault *fault)
{
	(void)arena;
	return uefi_take_pages(uefi_of(env), bytes, PAGE, pa, fault);
}

void firmware_release(struct env *env)
{
	struct uefi *uefi = uefi_of(env);

	for (; uefi->pages != uefi->lasting_pages; uefi->pages = uefi->pages->next)
		services(uefi)->FreePages(uefi->pages->range.pa, uefi->pages->range.bytes / PAGE);
	while (env->file_count > uefi->lasting_files)
		if (uefi->opened[--env->file_count] != NULL)
			uefi->opened[env->file_count]->Close(uefi->opened[env->file_count]);
	env->memory.count = 0;
}

/* The arena last: what pages there are is noted in it. */
void uefi_give_back(struct uefi *uefi)
{
	uefi->lasting_files = 0;
	uefi->lasting_pages = NULL;
	firmware_release(&uefi->env);
	if (uefi->root != NULL)
		uefi->root->Close(uefi->root);
	if (uefi->arena.bytes != 0)
		services(uefi)->FreePages((uint64_t)(uintptr_t)uefi->arena.base, uefi->arena.bytes / PAGE);
}

/* --- the map --- */

MUST_CHECK static enum status get_map(struct uefi *uefi, UINTN *size, struct fault *fault)
{
	struct efi *efi = &uefi->env.efi;
	UINTN key, descriptor_bytes = 0;
	UINT32 version = 0;
	EFI_STATUS status = EFI_BUFFER_TOO_SMALL;

	for (*size = MAP_BYTES; status == EFI_BUFFER_TOO_SMALL; *size += MAP_BYTES) {
		void *map = arena_pages(&uefi->arena, *size, PAGE, "memory map of the firmware", fault);

		if (map == NULL)
			return fault->status;
		efi->map = map;
		status = services(uefi)->GetMemoryMap(size, map, &key, &descriptor_bytes, &version);
		if (status == EFI_SUCCESS)
			break;
	}
	if (status != EFI_SUCCESS)
		return uefi_fault(status, "GetMemoryMap()", fault);
	if (descriptor_bytes < sizeof(EFI_MEMORY_DESCRIPTOR) || descriptor_bytes > PAGE)
		return fault_set(fault, ST_BAD_FIRMWARE, "descriptor bytes of the memory map",
		                 descriptor_bytes, sizeof(EFI_MEMORY_DESCRIPTOR));
	efi->descriptor_bytes = (uint32_t)descriptor_bytes;
	efi->descriptor_version = version;
	efi->descriptors = (uint32_t)(*size / descriptor_bytes);
	efi->descriptors_most = 2 * efi->descriptors + MORE_DESCRIPTORS + 2 * efi->takes;
	return ST_OK;
}

enum status firmware_memory(struct env *env, struct fault *fault)
{
	struct uefi *uefi = uefi_of(env);
	struct efi *efi = &env->efi;
	const void *now;
	UINTN size;

	if (get_map(uefi, &size, fault) != ST_OK)
		return fault->status;
	now = efi->map;
	/* The last map goes where there is room for it. */
	efi->map = arena_pages(&uefi->arena, (uint64_t)efi->descriptors_most * efi->descriptor_bytes,
	                       PAGE, "last memory map", fault);
	if (efi->map == NULL ||
	    memmap_init(&env->memory, 2 * efi->descriptors_most, &uefi->arena, fault) != ST_OK ||
	    efi_memory_add(&env->memory, (struct span){ now, size }, efi->descriptor_bytes, true, fault) != ST_OK)
		return fault->status;
	efi_runtime_read(efi, (struct span){ now, size }, efi->descriptor_bytes);
	return memmap_finish(&env->memory, PAGE, fault);
}

/* --- frames --- */

MUST_CHECK static enum status claim(struct uefi *uefi, uint64_t pa, uint64_t bytes,
                                    struct fault *fault)
{
	EFI_PHYSICAL_ADDRESS start = pa;
	EFI_STATUS status = services(uefi)->AllocatePages(AllocateAddress, EfiLoaderData, bytes / PAGE, &start);

	if (status != EFI_SUCCESS)
		return fault_value(fault, ST_MEMORY_CHANGED, "physical address", pa);
	return note_pages(uefi, pa, bytes, fault);
}

/* Of [pa, end) what is free now: the rest is ours already, or is free once the firmware has gone. */
MUST_CHECK static enum status claim_free(struct uefi *uefi, uint64_t pa, uint64_t end,
                                         struct fault *fault)
{
	const struct memmap *memory = &uefi->env.memory;

	for (uint32_t i = 0; i < memory->count; i++) {
		const struct smalt_memory *range = &memory->ranges[i];
		uint64_t from = max_u64(pa, range->pa), to = min_u64(end, range->pa + range->bytes);

		if (range->type == SMALT_MEM_USABLE && from < to &&
		    claim(uefi, from, to - from, fault) != ST_OK)
			return fault->status;
	}
	return ST_OK;
}

/* In order of address, so that what touches is one call: they cost thousands of instructions. */
/* Ranges in order become those that do not touch; how many. */
static uint32_t join(struct smalt_memory *taken, uint32_t count)
{
	uint32_t last = 0;

	for (uint32_t i = 1; i < count; i++) {
		uint64_t end = taken[last].pa + taken[last].bytes;

		if (taken[i].pa > end)
			taken[++last] = taken[i];
		else
			taken[last].bytes = max_u64(end, taken[i].pa + taken[i].bytes) - taken[last].pa;
	}
	return count ? last + 1 : 0;
}

/* Each range may make three of one descriptor: the last map, which cannot be refused, must hold them. */
static enum status check_room(const struct efi *efi, uint32_t ranges, struct fault *fault)
{
	uint64_t needed = efi->descriptors + 2ull * ranges + SPARE_DESCRIPTORS;

	if (needed <= efi->descriptors_most)
		return ST_OK;
	(void)fault_set(fault, ST_TOO_SMALL, "descriptors of the last memory map", needed,
	                efi->descriptors_most);
	return fault_hint(fault, "memory is in too many pieces: load fewer modules, or without pa random");
}

enum status firmware_claim(struct env *env, const struct frames *frames, struct fault *fault)
{
	struct uefi *uefi = uefi_of(env);
	uint32_t count = frames->taken.count;
	struct smalt_memory *taken = arena_take(&uefi->arena, count, sizeof *taken, "frames", fault);

	if (taken == NULL)
		return fault->status;
	memcpy(taken, frames->taken.ranges, count * sizeof *taken);
	sort_entries(taken, count, sizeof *taken);
	count = join(taken, count);
	if (check_room(&env->efi, count, fault) != ST_OK)
		return fault->status;
	for (uint32_t i = 0; i < count; i++)
		if (claim_free(uefi, taken[i].pa, taken[i].pa + taken[i].bytes, fault) != ST_OK)
			return fault->status;
	return ST_OK;
}
