/* SPDX-License-Identifier: BSD-2-Clause */
/* plancolors.c: cache colors of a plan, read where the kernel would read them (requirements C4). */
#include "plan.h"

bool plan_colors(const struct boot *boot, struct plan_colors *colors)
{
	const struct smalt_handoff *h = boot_handoff(boot);
	const struct smalt_array *frames;

	*colors = (struct plan_colors){ .count = 1, .policy = "off", .source = "nobody" };
	if (!h || h->colors.policy == SMALT_COLOR_OFF)
		return false;
	frames = &h->coloring.frames;
	colors->count = h->colors.count;
	colors->shift = h->colors.shift;
	colors->policy = words_text(plan_policies, h->colors.policy);
	colors->source = words_text(plan_cache_sources, h->coloring.cache.source);
	colors->partition = h->colors.policy == SMALT_COLOR_PARTITION;
	colors->record = h->coloring;
	if (frames->count == colors->count)
		colors->frames = (const struct smalt_color *)((const uint8_t *)h + (frames->va - boot->handoff_va));
	return true;
}

void plan_colors_used(const struct plan_colors *colors, uint64_t *least, uint64_t *most)
{
	*least = colors->frames ? UINT64_MAX : 0;
	*most = 0;
	for (uint32_t i = 0; colors->frames && i < colors->count; i++) {
		*least = min_u64(*least, colors->frames[i].used);
		*most = max_u64(*most, colors->frames[i].used);
	}
}
