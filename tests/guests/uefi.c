/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uefi.c: everything that a firmware leaves for its kernel is where the handoff says, and means what it
 * should; what a test compares is printed. With the word "time" it calls a runtime service.
 *
 * Offsets and numbers: UEFI 2.10, 4.3, 7.2, 8.3; DMTF DSP0134, 5.2.
 */
#include "guest.h"

#define DESCRIPTOR_TYPE(p)  (*(const uint32_t *)(p))
#define DESCRIPTOR_PA(p)    (*(const uint64_t *)((p) + 8))
#define DESCRIPTOR_PAGES(p) (*(const uint64_t *)((p) + 24))
#define SYSTEM_TABLE "IBI SYST"
#define RUNTIME_SERVICES 88          /* in the system table */
#define GET_TIME 24                  /* in the runtime services */

enum { PAGE = 4096, LOADER_CODE = 1, LOADER_DATA, BOOT_CODE, BOOT_DATA, RUNTIME_CODE, RUNTIME_DATA, CONVENTIONAL,
       UNUSABLE, ACPI_RECLAIM, ACPI_NVS, MMIO };

#ifdef __x86_64__
typedef uint64_t (__attribute__((ms_abi)) *get_time_call)(void *time, void *capabilities);
#else
typedef uint64_t (*get_time_call)(void *time, void *capabilities);
#endif

static bool begins(uint64_t va, const char *text)
{
	for (uint64_t i = 0; text[i] != 0; i++)
		if (*at(va + i) != (uint8_t)text[i])
			return false;
	return true;
}

/* Is a type of ours what the firmware's type can become? */
static bool fits(uint32_t efi, uint32_t ours)
{
	switch (efi) {
	case LOADER_CODE:
	case LOADER_DATA:
		return ours == SMALT_MEM_RECLAIMABLE || ours == SMALT_MEM_OBJECT || ours == SMALT_MEM_TABLES ||
		       ours == SMALT_MEM_RESIDENT;
	case BOOT_CODE:
	case BOOT_DATA:
		return ours == SMALT_MEM_BOOT_SERVICES;
	case RUNTIME_CODE:
		return ours == SMALT_MEM_EFI_RUNTIME_CODE;
	case RUNTIME_DATA:
		return ours == SMALT_MEM_EFI_RUNTIME_DATA;
	case CONVENTIONAL:
		return ours == SMALT_MEM_USABLE;
	case UNUSABLE:
		return ours == SMALT_MEM_BAD;
	case ACPI_RECLAIM:
		return ours == SMALT_MEM_ACPI_RECLAIM;
	case ACPI_NVS:
		return ours == SMALT_MEM_ACPI_NVS;
	default:
		return ours == SMALT_MEM_RESERVED || ours == SMALT_MEM_MMIO;
	}
}

/* Every page of every descriptor has the type that follows from it. */
static void check_memory(const struct smalt_handoff *h)
{
	expect(h->efi_memory.count > 10 && h->efi_memory.entry_bytes >= 40, "the firmware's map is there");
	expect_equal(h->efi_descriptor_version, 1, "its version");
	say_line("efi descriptors", h->efi_memory.count);
	for (uint32_t i = 0; i < h->efi_memory.count; i++) {
		uint64_t p = h->efi_memory.va + (uint64_t)i * h->efi_memory.entry_bytes;
		uint64_t pa = DESCRIPTOR_PA(p), end = pa + DESCRIPTOR_PAGES(p) * PAGE;

		while (pa < end) {
			const struct smalt_memory *m = smalt_memory_at(h, pa);

			if (!expect(m != NULL && fits(DESCRIPTOR_TYPE(p), m->type), "the type of a descriptor's page")) {
				say_line("    pa", pa);
				say_line("    efi type", DESCRIPTOR_TYPE(p));
				return;
			}
			pa = m->pa + m->bytes;
		}
	}
}

static void check_tables(const struct smalt_handoff *h)
{
	expect_equal(h->path, SMALT_PATH_UEFI, "path");
	expect(h->efi_system_table_pa != 0, "the system table is named");
	if (h->acpi_rsdp_pa)
		expect(begins(h->acpi_rsdp_va, "RSD PTR "), "the RSDP is mapped");
	if (expect(h->smbios_pa != 0 && h->smbios_va != 0, "SMBIOS is mapped"))
		expect(begins(h->smbios_va, "_SM"), "the SMBIOS entry point");
	say_line("efi_attributes", h->efi_attributes.count);
	if (h->efi_attributes.count)
		expect(h->efi_attributes.entry_bytes >= 40 && DESCRIPTOR_PAGES(h->efi_attributes.va) != 0,
		       "EFI_MEMORY_ATTRIBUTES_TABLE");
	say_line("entropy_source", h->entropy_source);
	say_line("entropy_bytes", h->entropy_bytes);
	say_line("entropy", h->entropy_bytes ? *(const uint64_t *)h->entropy_va : 0);
	say_line("wall_clock", h->wall_clock);
	say_line("callable", h->efi_runtime_callable);
	say_line("psci", h->psci_conduit);
	say_line("read_bytes", h->read_bytes);
	say_line("copied_bytes", h->profile.copied_bytes);
	say_line("in_place_bytes", h->profile.in_place_bytes);
	say_line("acpi", h->acpi_rsdp_pa);
	say_line("devicetree_bytes", h->devicetree_bytes);
}

/* A pixel of each corner in each color, read back; the test looks at the screen. */
static void draw(const struct smalt_handoff *h)
{
	const struct smalt_row *row = row_of_kind(SMALT_KIND_FRAMEBUFFER);
	const struct smalt_extent *extent;

	say_line("framebuffer_bytes", h->framebuffer_bytes);
	if (h->framebuffer_bytes == 0)
		return;
	say_line("width", h->framebuffer_width);
	say_line("height", h->framebuffer_height);
	say_line("format", h->framebuffer_format);
	extent = smalt_extent_at(h, h->framebuffer_va);
	expect(row && extent, "the framebuffer is a row");
	if (row && extent) {
		expect_equal(extent->memory, SMALT_CACHE_WRITE_COMBINE, "it is write-combining");
		expect_equal(extent->pa + (h->framebuffer_va - extent->va), h->framebuffer_pa, "its pa");
	}
	for (uint32_t y = 0; y < h->framebuffer_height; y++)
		for (uint32_t x = 0; x < h->framebuffer_width; x++) {
			uint32_t third = 3 * x / h->framebuffer_width;

			*(volatile uint32_t *)(h->framebuffer_va + (uint64_t)y * h->framebuffer_pitch + 4 * x) =
				h->framebuffer_mask[third];
		}
	say("DRAWN\n");
}

/* EFI_TIME: year, month, day, hour, minute, second. */
static void call_time(const struct smalt_handoff *h)
{
	static uint8_t time[16] __attribute__((aligned(8)));
	uint64_t table = h->efi_system_table_va, services;
	get_time_call get_time;

	if (!expect(table != 0 && begins(table, SYSTEM_TABLE), "the system table is mapped"))
		return;
	expect_equal(table, h->efi_system_table_pa, "va == pa");
	services = *(const uint64_t *)(table + RUNTIME_SERVICES);
	get_time = (get_time_call)*(const uint64_t *)(services + GET_TIME);
	expect_equal(get_time(time, NULL), 0, "the status of GetTime()");
	say_line("year", (uint64_t)time[0] | (uint64_t)time[1] << 8);
}

void guest_main(void)
{
	const struct smalt_handoff *h = guest.handoff;

	check_tables(h);
	check_memory(h);
	draw(h);
#ifdef WAIT
	for (;;)
		;
#endif
	if (smalt_same((const char *)h->cmdline_va, "time"))
		call_time(h);
	else
		expect_equal(h->efi_system_table_va, 0, "no runtime service is mapped unless asked for");
}
