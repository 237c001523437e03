/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uefi_facts.c: what the firmware tells about the machine: its tables (UEFI 2.10, 4.6), screen
 * (12.9), entropy (37.5) and time (8.3). All of it is optional.
 */
#include "uefi.h"

#include <stddef.h>

#include "acpi.h"
#include "align.h"
#include "arch.h"
#include "efi_runtime.h"
#include "mem.h"
#include "smbios.h"

enum { ENTROPY_BYTES = 64 };

/* Whatever the firmware has mapped; what it names lies in memory. */
static const struct reach everything = { .window = 0, .limit = 1ull << 52 };

static const EFI_GUID attributes_table =
	{ 0xdcfa911d, 0x26eb, 0x469f, { 0xa2, 0x20, 0x38, 0xb7, 0xdc, 0x46, 0x12, 0x20 } };
static const EFI_GUID devicetree_table = EFI_DTB_TABLE_GUID;
static const EFI_GUID acpi_tables_2 = ACPI_20_TABLE_GUID;
static const EFI_GUID acpi_tables_1 = ACPI_TABLE_GUID;
static const EFI_GUID smbios_3 = SMBIOS3_TABLE_GUID;
static const EFI_GUID smbios_2 = SMBIOS_TABLE_GUID;
static const EFI_GUID graphics = EFI_GRAPHICS_OUTPUT_PROTOCOL_GUID;
static const EFI_GUID random_numbers =
	{ 0x3152bca5, 0xeade, 0x433d, { 0x86, 0x2e, 0xc0, 0x1c, 0xdc, 0x29, 0x1f, 0x44 } };

/* UEFI 2.10, 37.5: gnu-efi lacks it. */
struct rng {
	EFI_STATUS (EFIAPI *get_info)(struct rng *rng, UINTN *bytes, EFI_GUID *algorithms);
	EFI_STATUS (EFIAPI *get)(struct rng *rng, const EFI_GUID *algorithm, UINTN bytes, UINT8 *value);
};

/* --- tables --- */

static const void *find_table(const struct uefi *uefi, const EFI_GUID *guid)
{
	const EFI_SYSTEM_TABLE *table = uefi->table;

	for (UINTN i = 0; i < table->NumberOfTableEntries; i++)
		if (memcmp(&table->ConfigurationTable[i].VendorGuid, guid, sizeof *guid) == 0)
			return table->ConfigurationTable[i].VendorTable;
	return NULL;
}

static const void *newer(const struct uefi *uefi, const EFI_GUID *first, const EFI_GUID *second)
{
	const void *table = find_table(uefi, first);

	return table != NULL ? table : find_table(uefi, second);
}

MUST_CHECK static enum status take_tables(struct uefi *uefi, struct fault *fault)
{
	struct env *env = &uefi->env;
	uint64_t rsdp_pa = (uint64_t)(uintptr_t)newer(uefi, &acpi_tables_2, &acpi_tables_1);
	uint64_t smbios_pa = (uint64_t)(uintptr_t)newer(uefi, &smbios_3, &smbios_2);
	const void *attributes = find_table(uefi, &attributes_table);

	env->efi.system_table_pa = (uint64_t)(uintptr_t)uefi->table;
	env->efi.callable = env->cpu.el < 2;     /* the kernel runs at EL1: firmware of EL2 is gone then */
	efi_attributes_find(everything, (uint64_t)(uintptr_t)attributes, &env->efi);
	smbios_read(everything, smbios_pa, env);
	env->rsdp_pa = rsdp_pa;
	return rsdp_pa == 0 ? ST_OK : acpi_facts(everything, env, fault);
}

/* --- screen --- */

static void set_masks(struct framebuffer *framebuffer, uint32_t format, uint32_t red, uint32_t green,
                      uint32_t blue)
{
	framebuffer->format = format;
	framebuffer->mask[0] = red;
	framebuffer->mask[1] = green;
	framebuffer->mask[2] = blue;
}

/*
 * Can a kernel draw on it? All lines lie within it, and a pixel has 32 bits: with masks, up to the
 * highest bit of any of them (UEFI 2.10, 12.9). Without a format only the firmware can.
 */
static bool is_drawable(const EFI_GRAPHICS_OUTPUT_PROTOCOL_MODE *screen)
{
	const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode = screen->Info;
	const EFI_PIXEL_BITMASK *bits = &mode->PixelInformation;
	uint64_t line = 4ull * mode->PixelsPerScanLine;

	if (mode->PixelFormat == PixelBitMask &&
	    (bits->RedMask | bits->GreenMask | bits->BlueMask | bits->ReservedMask) >> 24 == 0)
		return false;
	return screen->FrameBufferSize != 0 && !range_wraps(screen->FrameBufferBase, screen->FrameBufferSize) &&
	       mode->HorizontalResolution <= mode->PixelsPerScanLine && line <= UINT32_MAX &&
	       line * mode->VerticalResolution <= screen->FrameBufferSize;
}

/* The one on which the firmware writes, if it says so. */
static void take_screen(struct uefi *uefi)
{
	struct framebuffer *framebuffer = &uefi->env.framebuffer;
	EFI_GRAPHICS_OUTPUT_PROTOCOL *output = uefi_protocol(uefi, uefi->table->ConsoleOutHandle, &graphics);
	const EFI_GRAPHICS_OUTPUT_MODE_INFORMATION *mode;

	if (output == NULL)
		output = uefi_locate(uefi, &graphics);
	if (output == NULL || output->Mode == NULL || output->Mode->Info == NULL || !is_drawable(output->Mode))
		return;
	mode = output->Mode->Info;
	if (mode->PixelFormat == PixelRedGreenBlueReserved8BitPerColor)
		set_masks(framebuffer, SMALT_FRAMEBUFFER_RGBX, 0xff, 0xff00, 0xff0000);
	else if (mode->PixelFormat == PixelBlueGreenRedReserved8BitPerColor)
		set_masks(framebuffer, SMALT_FRAMEBUFFER_BGRX, 0xff0000, 0xff00, 0xff);
	else if (mode->PixelFormat == PixelBitMask)
		set_masks(framebuffer, SMALT_FRAMEBUFFER_MASK, mode->PixelInformation.RedMask,
		          mode->PixelInformation.GreenMask, mode->PixelInformation.BlueMask);
	else
		return;
	framebuffer->pa = output->Mode->FrameBufferBase;
	framebuffer->bytes = output->Mode->FrameBufferSize;
	framebuffer->width = mode->HorizontalResolution;
	framebuffer->height = mode->VerticalResolution;
	framebuffer->pitch = 4 * mode->PixelsPerScanLine;
}

/* --- entropy and time --- */

MUST_CHECK static enum status take_entropy(struct uefi *uefi, struct fault *fault)
{
	struct rng *rng = uefi_locate(uefi, &random_numbers);
	uint8_t *bytes;

	if (rng == NULL)
		return ST_OK;
	bytes = arena_take(&uefi->arena, ENTROPY_BYTES, 1, "entropy", fault);
	if (bytes == NULL)
		return fault->status;
	if (rng->get(rng, NULL, ENTROPY_BYTES, bytes) != EFI_SUCCESS)
		return ST_OK;
	uefi->env.entropy = (struct span){ bytes, ENTROPY_BYTES };
	uefi->env.entropy_source = SMALT_ENTROPY_EFI_RNG;
	return ST_OK;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar; years begin in March, so that leap days come last. */
static uint64_t days_since_1970(const EFI_TIME *time)
{
	uint64_t months = time->Year * 12ull + time->Month - 3;
	uint64_t year = months / 12, month = months % 12;
	uint64_t day_of_year = (153 * month + 2) / 5 + time->Day - 1;

	return 365 * year + year / 4 - year / 100 + year / 400 + day_of_year - 719468;
}

/* As UEFI 2.10, 8.3, limits it; the firmware does not look at what a clock chip says. */
static bool time_is_good(const EFI_TIME *time)
{
	return time->Year >= 1970 && time->Year <= 9999 && time->Month >= 1 && time->Month <= 12 &&
	       time->Day >= 1 && time->Day <= 31 && time->Hour < 24 && time->Minute < 60 && time->Second < 60 &&
	       (time->TimeZone == EFI_UNSPECIFIED_TIMEZONE || (time->TimeZone >= -1440 && time->TimeZone <= 1440));
}

static void take_time(struct uefi *uefi)
{
	EFI_TIME time;
	int64_t seconds;

	if (uefi->table->RuntimeServices->GetTime(&time, NULL) != EFI_SUCCESS || !time_is_good(&time))
		return;
	seconds = (int64_t)days_since_1970(&time) * 86400 + time.Hour * 3600 + time.Minute * 60 + time.Second;
	if (time.TimeZone != EFI_UNSPECIFIED_TIMEZONE)
		seconds += 60 * time.TimeZone;       /* minutes to UTC: local + zone */
	if (seconds > 0)
		uefi->env.wall_clock = (uint64_t)seconds;
}

enum status uefi_facts(struct uefi *uefi, struct fault *fault)
{
	uint64_t devicetree_pa = (uint64_t)(uintptr_t)find_table(uefi, &devicetree_table);

	if (take_tables(uefi, fault) != ST_OK ||
	    arch_firmware_devicetree(devicetree_pa, &uefi->env, &uefi->arena, fault) != ST_OK ||
	    take_entropy(uefi, fault) != ST_OK)
		return fault->status;
	take_screen(uefi);
	take_time(uefi);
	return ST_OK;
}
