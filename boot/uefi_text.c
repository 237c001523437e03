/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uefi_text.c: lines for people, while the firmware is there: on its console, which is mostly
 * a screen and a serial port at once, and on the serial port itself only if that is not
 * among them. So nothing is read twice.
 */
#include "uefi.h"

#include "log.h"

enum { LINE_CHARACTERS = 128 };

/* gEfiConsoleOutDeviceGuid: the console splitter marks with it what it writes to (EDK2, MdeModulePkg). */
static const EFI_GUID console_out =
	{ 0xd3b36f2c, 0xd551, 0x11d4, { 0x9a, 0x46, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d } };
static const EFI_GUID device_path = DEVICE_PATH_PROTOCOL;

static struct {
	const struct uefi *uefi;
	SIMPLE_TEXT_OUTPUT_INTERFACE *out;
	bool serial_too;             /* the console does not reach it */
} text;

static bool has_uart(const struct uefi *uefi, EFI_HANDLE handle)
{
	EFI_DEVICE_PATH *node = uefi_protocol(uefi, handle, &device_path);

	for (; uefi_is_node(node); node = NextDevicePathNode(node))
		if (DevicePathType(node) == MESSAGING_DEVICE_PATH && DevicePathSubType(node) == MSG_UART_DP)
			return true;
	return false;
}

/*
 * Is one of the devices behind the console a serial port? A firmware that names no device (U-Boot) has one
 * console, which is the serial port where there is one.
 */
static bool reaches_serial(const struct uefi *uefi)
{
	EFI_BOOT_SERVICES *services = uefi->table->BootServices;
	EFI_HANDLE *handles = NULL;
	UINTN count = 0;
	bool found = has_uart(uefi, uefi->table->ConsoleOutHandle);

	if (found)
		return true;
	if (services->LocateHandleBuffer(ByProtocol, (EFI_GUID *)(uintptr_t)&console_out, NULL, &count,
	                                 &handles) != EFI_SUCCESS)
		return true;
	for (UINTN i = 0; i < count && !found; i++)
		found = has_uart(uefi, handles[i]);
	services->FreePool(handles);
	return found;
}

/* The firmware wants UCS-2 and CR LF; what we print is ASCII. */
static void put(const char *line)
{
	CHAR16 wide[LINE_CHARACTERS];
	unsigned count = 0;

	if (text.serial_too)
		log_serial(line);
	for (; *line != '\0'; line++) {
		if (*line == '\n')
			wide[count++] = '\r';
		wide[count++] = (CHAR16)(uint8_t)*line;
		if (count < LINE_CHARACTERS - 2 && line[1] != '\0')
			continue;
		wide[count] = 0;
		text.out->OutputString(text.out, wide);
		count = 0;
	}
}

/* Which devices are behind the console is asked once something is to be said: nearly never. */
static void put_first(const char *line)
{
	text.serial_too = !reaches_serial(text.uefi);
	log_to(put);
	put(line);
}

void uefi_text_open(const struct uefi *uefi)
{
	text.uefi = uefi;
	text.out = uefi->table->ConOut;
	if (text.out != NULL)
		log_to(put_first);
}

void uefi_text_close(void)
{
	log_to(NULL);
}
