/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_uefi_options.c: UEFI load options, any 16-bit units, with and without the shell: a command line or none. */
#include "../unit/fake_volume.h"

#include "fuzz.h"

static const EFI_GUID shell_parameters =     /* UEFI Shell Specification 2.2, 2.3.1 */
	{ 0x752f3136, 0x4e16, 0x4fdc, { 0xa2, 0x2a, 0xe5, 0xf4, 0x68, 0x12, 0xf4, 0xca } };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = { data, bytes };
	bool shell = take(&in, 1) & 1;
	struct arena arena = take_arena(&in);
	struct span file = take_span(&in, take(&in, 1)), text = take_rest(&in);
	struct uefi uefi;
	struct fault fault;

	fake_open();
	fake_volume();
	fake_file(u"smalt.cmdline", file);
	fake_start(&uefi, arena);
	if (shell)
		fake_install(FAKE_IMAGE, shell_parameters, &uefi);
	fw.loaded.LoadOptions = memcpy(malloc(text.bytes + 1), text.base, text.bytes);
	fw.loaded.LoadOptionsSize = (uint32_t)text.bytes;
	if (fine(uefi_volume_open(&uefi, &fault), &fault) && fine(uefi_options(&uefi, &fault), &fault))
		PROMISE(uefi.env.cmdline.bytes <= 3 * text.bytes + file.bytes);
	free(fw.loaded.LoadOptions);
	fake_close();
	return 0;
}
