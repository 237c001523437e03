/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_config.c: smalt.conf: entries and modules belong together, and every entry is found by its name. */
#include "fuzz.h"

#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input in = { data, bytes };
	struct arena arena = take_arena(&in);
	struct config config;
	struct fault fault;
	uint32_t index;

	if (!fine(config_parse(&config, span_of("smalt.conf"), take_rest(&in), &arena, &fault), &fault)) {
		PROMISE(fault.status == ST_NO_MEMORY || fault.line > 0);
		return 0;
	}
	PROMISE(config.entry_count > 0);
	for (uint32_t i = 0; i < config.entry_count; i++)
		if (fine(config_choose(&config, config.entries[i].name, &index, &fault), &fault))
			PROMISE(index < config.entry_count);
	for (uint32_t i = 0; i < config.module_count; i++)
		PROMISE(config.modules[i].entry < config.entry_count && config.modules[i].path.bytes > 0);
	return 0;
}
