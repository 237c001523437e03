/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_efi_runtime.c: EFI_MEMORY_ATTRIBUTES_TABLE: regions of runtime services ascend, disjoint, with rights. */
#include "fuzz.h"

#include "efi_runtime.h"
#include "firmware_image.h"

#define TABLE 0x10

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static struct efi efi;
	struct input in = { data, bytes };
	uint32_t stride = (uint32_t)take(&in, 1);
	struct span map = take_span(&in, take(&in, 2));
	struct reach reach = image_open(&in);

	efi = (struct efi){ 0 };
	efi_attributes_find(reach, TABLE, &efi);
	efi_runtime_read(&efi, map, stride);
	PROMISE(efi.runtime_count <= ENV_RUNTIME);
	for (uint32_t i = 0; i < efi.runtime_count; i++) {
		const struct runtime *r = &efi.runtime[i];

		PROMISE(r->bytes > 0 && r->pa + r->bytes > r->pa && (r->prot & SMALT_R));
		PROMISE(i == 0 || r[-1].pa + r[-1].bytes <= r->pa);
	}
	return 0;
}
