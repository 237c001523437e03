/* SPDX-License-Identifier: 0BSD */
/*
 * module.c: what the firmware maps and calls. Its table of texts is right only if it was
 * relocated, its counter only if its .bss is zero.
 */
#include <stdint.h>

static const char *const texts[] = { "module: ", "here I am\n" };
static uint32_t counter;

__attribute__((visibility("default"))) uint64_t module(void (*print)(const char *text));

uint64_t module(void (*print)(const char *text))
{
	for (volatile uint32_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		print(texts[i]);
	counter += 42;
	return *(volatile uint32_t *)&counter;
}
