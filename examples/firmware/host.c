/* SPDX-License-Identifier: 0BSD */
/*
 * host.c: the firmware as a program: maps an object into a machine that exists only here.
 *
 *     firmware-host kernel.elf        exit status: 0, or that of smalt/status.h
 *
 *     RAM of the machine    |object's bytes|   free: rows, page tables    |
 *                           RAM_PA                           RAM_PA + RAM_BYTES
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "firmware.h"

#define RAM_PA    0x40000000ull
#define RAM_BYTES (256ull << 20)
#define PAGE      4096ull

/* Addresses that are taken, and some that are kept free for what can move. */
#define SLOT      1
static const struct smalt_claim claims[] = {
	{ 0x1000, 0xff000, "the firmware", SMALT_CLAIM_TAKEN },
	{ 0x1000000000, 1 << 30, "the slot for objects", SLOT },
};

void print_char(char c)
{
	putchar(c);
}

/* The file's bytes at the beginning of RAM, as a firmware's disk driver would put them there. */
static uint64_t load(const char *path, void *ram)
{
	FILE *file = fopen(path, "rb");
	uint64_t bytes = file ? fread(ram, 1, RAM_BYTES / 2, file) : 0;

	if (file)
		fclose(file);
	else
		perror(path);
	return bytes;
}

/* Two bytes of an ELF header, e_type and e_machine; the library checks the rest. */
static unsigned half(const unsigned char *object, uint64_t bytes, unsigned offset)
{
	return offset + 2 <= bytes ? object[offset] | object[offset + 1] << 8 : 0;
}

/* Maps the object and builds page tables. */
static uint32_t run(const char *name, const unsigned char *ram, uint64_t bytes)
{
	int movable = half(ram, bytes, 16) == 3;
	uint32_t machine = half(ram, bytes, 18);
	uint64_t used = (bytes + PAGE - 1) & -PAGE, root_pa[2];
	struct smalt_memory memory[2] = {
		{ .pa = RAM_PA, .bytes = used, .type = SMALT_MEM_RESERVED },
		{ .pa = RAM_PA + used, .bytes = RAM_BYTES - used, .type = SMALT_MEM_USABLE },
	};
	struct smalt_setup setup = {
		.bytes = sizeof(setup), .machine = machine,
		.leaf_mask = machine == SMALT_MACHINE_AARCH64 ? 0x1f : 7,
		.memory = memory, .memory_count = 2, .window = (uintptr_t)ram - RAM_PA,
		.claims = claims, .claim_count = 2,
		.object_most = OBJECT_MOST, .row_most = ROW_MOST, .extent_most = EXTENT_MOST,
	};
	struct smalt_request request = {
		.bytes = sizeof(request), .name = name,
		.flags = SMALT_MAP_INTERPRET | SMALT_MAP_RELOCATE | (movable ? SMALT_MAP_RESERVATION : 0),
		.reservation = movable ? SLOT : 0,
		.object = ram, .object_bytes = bytes, .object_pa = RAM_PA,
	};
	struct smalt_space *space = firmware_open(&setup);
	struct smalt_fault fault;
	uint32_t status, count;

	if (!space)
		return SMALT_STATUS_INVALID;
	status = firmware_map(space, &request);
	if (status != SMALT_STATUS_OK)
		return status;
	print_rows(space);
	if (smalt_tables(space, root_pa, &fault) != SMALT_STATUS_OK)
		return print_fault(&fault);
	print("entry   ");
	print_number(smalt_objects(space, &count)->entry, 16, 16);
	print("\ntables  ");
	print_number(root_pa[0], 16, 16);
	print_number(root_pa[1], 16, 17);
	print("\n");
	return SMALT_STATUS_OK;
}

int main(int count, char **words)
{
	const char *name = count == 2 ? strrchr(words[1], '/') : NULL;
	void *ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t bytes;

	if (count != 2 || ram == MAP_FAILED)
		return fprintf(stderr, "usage: firmware-host OBJECT\n"), 125;
	bytes = load(words[1], ram);
	return bytes ? (int)run(name ? name + 1 : words[1], ram, bytes) : 125;
}
