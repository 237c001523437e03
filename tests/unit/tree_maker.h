/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree_maker.h: devicetrees for tests, written by libfdt's sequential functions:
 * what QEMU's virt machine says, and whatever a test wants otherwise.
 */
#ifndef TREE_MAKER_H
#define TREE_MAKER_H

#include <stdlib.h>
#include <string.h>

#include <libfdt.h>

#include "env.h"

#define TREE_PA 0x44200000ull
#define TREE_BYTES 0x10000           /* the blob with its room, QEMU's is a MiB */

/* A property of so many bytes; none: absent. */
struct blob { const void *base; int bytes; };
#define TEXT(literal) ((struct blob){ literal, sizeof(literal) })

struct world {
	int address_cells, size_cells;       /* of the root; 0: absent */
	bool no_chosen;
	struct blob bootargs, stdout_path, old_stdout_path, seed;
	uint64_t initrd_start, initrd_end;
	int start_bytes, end_bytes;          /* of the properties; 0: absent */
	struct blob memory_status, memory_secure;
	uint64_t memory_pa, memory_bytes;
	struct blob psci_compatible, method;
	struct blob uart_compatible, uart_status;
	uint64_t reserve_pa[3], reserve_bytes[3];    /* /memreserve/; bytes 0: none */
	void (*more)(void *fdt);             /* further nodes below the root */
};

static const uint8_t tree_seed[80] = { 1, 2, 3, 4, 5 };

/* As `qemu-system-aarch64 -M virt -m 128 -initrd F -append "a b"` says it (dumpdtb, dtc). */
static inline struct world qemu_virt(void)
{
	return (struct world){
		.address_cells = 2, .size_cells = 2,
		.bootargs = TEXT("a b"), .stdout_path = TEXT("/pl011@9000000"), .seed = { tree_seed, 32 },
		.initrd_start = 0x44000000, .initrd_end = 0x44000123, .start_bytes = 4, .end_bytes = 4,
		.memory_pa = 0x40000000, .memory_bytes = 0x8000000,
		.psci_compatible = TEXT("arm,psci-1.0\0arm,psci-0.2\0arm,psci"), .method = TEXT("hvc"),
		.uart_compatible = TEXT("arm,pl011\0arm,primecell"),
	};
}

static inline void put(void *fdt, const char *name, struct blob blob)
{
	if (blob.base != NULL && fdt_property(fdt, name, blob.base, blob.bytes) != 0)
		abort();
}

static inline void put_number(void *fdt, const char *name, uint64_t number, int bytes)
{
	fdt64_t big = cpu_to_fdt64(number);

	put(fdt, name, (struct blob){ bytes == 0 ? NULL : (const char *)&big + (bytes < 8 ? 8 - bytes : 0),
	                              bytes > 8 ? 8 : bytes });
}

/* Cells of one or two words each, one number after another. */
static inline void put_cells(void *fdt, const char *name, const uint64_t *numbers, const int *cells,
                             int count)
{
	fdt32_t words[16];
	int used = 0;

	for (int i = 0; i < count; i++) {
		if (cells[i] > 1)
			words[used++] = cpu_to_fdt32((uint32_t)(numbers[i] >> 32));
		words[used++] = cpu_to_fdt32((uint32_t)numbers[i]);
	}
	put(fdt, name, (struct blob){ words, 4 * used });
}

static inline void put_reg(void *fdt, const struct world *w, uint64_t pa, uint64_t bytes)
{
	put_cells(fdt, "reg", (uint64_t[]){ pa, bytes }, (int[]){ w->address_cells, w->size_cells }, 2);
}

static inline void put_node(void *fdt, const char *name)
{
	if (fdt_begin_node(fdt, name) != 0)
		abort();
}

static inline void put_chosen(void *fdt, const struct world *w)
{
	put_node(fdt, "chosen");
	put(fdt, "bootargs", w->bootargs);
	put(fdt, "stdout-path", w->stdout_path);
	put(fdt, "linux,stdout-path", w->old_stdout_path);
	put(fdt, "rng-seed", w->seed);
	put_number(fdt, "linux,initrd-start", w->initrd_start, w->start_bytes);
	put_number(fdt, "linux,initrd-end", w->initrd_end, w->end_bytes);
	fdt_end_node(fdt);
}

static inline void put_devices(void *fdt, const struct world *w)
{
	put_node(fdt, "memory@40000000");
	put(fdt, "device_type", TEXT("memory"));
	put(fdt, "status", w->memory_status);
	put(fdt, "secure-status", w->memory_secure);
	put_reg(fdt, w, w->memory_pa, w->memory_bytes);
	fdt_end_node(fdt);
	put_node(fdt, "psci");
	put(fdt, "compatible", w->psci_compatible);
	put(fdt, "method", w->method);
	fdt_end_node(fdt);
	put_node(fdt, "pl011@9000000");
	put(fdt, "compatible", w->uart_compatible);
	put(fdt, "status", w->uart_status);
	put_reg(fdt, w, 0x9000000, 0x1000);
	fdt_end_node(fdt);
	put_node(fdt, "fw-cfg@9020000");
	put(fdt, "compatible", TEXT("qemu,fw-cfg-mmio"));
	put_reg(fdt, w, 0x9020000, 0x18);
	fdt_end_node(fdt);
	put_node(fdt, "aliases");
	put(fdt, "serial0", TEXT("/pl011@9000000"));
	fdt_end_node(fdt);
}

/* The blob with room behind it, malloc'ed so that the sanitizer sees its ends. */
static inline struct span tree_make(const struct world *w)
{
	uint8_t *tight = malloc(TREE_BYTES), *tree = malloc(TREE_BYTES);

	memset(tree, 0xaa, TREE_BYTES);
	if (fdt_create(tight, TREE_BYTES) != 0)
		abort();
	for (int i = 0; i < 3; i++)
		if (w->reserve_bytes[i] != 0)
			fdt_add_reservemap_entry(tight, w->reserve_pa[i], w->reserve_bytes[i]);
	fdt_finish_reservemap(tight);
	put_node(tight, "");
	if (w->address_cells != 0)
		fdt_property_u32(tight, "#address-cells", (uint32_t)w->address_cells);
	if (w->size_cells != 0)
		fdt_property_u32(tight, "#size-cells", (uint32_t)w->size_cells);
	if (!w->no_chosen)
		put_chosen(tight, w);
	put_devices(tight, w);
	if (w->more)
		w->more(tight);
	fdt_end_node(tight);
	if (fdt_finish(tight) != 0 || fdt_open_into(tight, tree, TREE_BYTES) != 0)
		abort();
	free(tight);
	return (struct span){ tree, TREE_BYTES };
}

#endif
