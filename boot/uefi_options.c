/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uefi_options.c: the command line: the options that the loader was started with
 * (UEFI shell, boot entry, QEMU -append), else the section .cmdline of its image, else the
 * file smalt.cmdline beside smalt.conf.
 */
#include "uefi.h"

#include <stddef.h>

#include "config.h"

/* UEFI Shell Specification 2.2, 2.3 */
static const EFI_GUID shell_parameters =
	{ 0x752f3136, 0x4e16, 0x4fdc, { 0xa2, 0x2a, 0xe5, 0xf4, 0x68, 0x12, 0xf4, 0xca } };

/* At most three bytes a character: UCS-2 has no more. Halves of surrogate pairs become '?'. */
enum status uefi_utf8(const CHAR16 *text, uint64_t characters, struct arena *arena,
                      struct span *utf8, struct fault *fault)
{
	uint8_t *to = arena_pages(arena, 3 * characters + 1, 1, "text", fault), *start = to;

	if (to == NULL)
		return fault->status;
	for (uint64_t i = 0; i < characters; i++) {
		uint32_t c = text[i];

		if (c >= 0xd800 && c <= 0xdfff)
			c = '?';
		if (c < 0x80) {
			*to++ = (uint8_t)c;
			continue;
		}
		if (c >= 0x800) {
			*to++ = (uint8_t)(0xe0 | c >> 12);
			*to++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		} else {
			*to++ = (uint8_t)(0xc0 | c >> 6);
		}
		*to++ = (uint8_t)(0x80 | (c & 0x3f));
	}
	*utf8 = (struct span){ start, (uint64_t)(to - start) };
	return ST_OK;
}

static bool is_blank(CHAR16 c)
{
	return c == ' ' || c == '\t';
}

/*
 * A boot entry's options are whatever its maker put there: those that EDK2 makes itself hold a
 * GUID. Text begins with a character of ASCII.
 */
static uint64_t count_text(const EFI_LOADED_IMAGE *loaded)
{
	const CHAR16 *text = loaded->LoadOptions;
	uint64_t count = 0, most = loaded->LoadOptionsSize / sizeof *text;

	if (text == NULL || most == 0 || (!is_blank(*text) && (*text <= ' ' || *text >= 0x7f)))
		return 0;
	while (count < most && text[count] != 0)
		count++;
	return count;
}

/* In the shell the first word is the loader's own name, perhaps in quotes. */
static uint64_t skip_name(const CHAR16 *text, uint64_t count)
{
	bool quoted = false;
	uint64_t at = 0;

	for (; at < count && (quoted || !is_blank(text[at])); at++)
		if (text[at] == '"')
			quoted = !quoted;
	while (at < count && is_blank(text[at]))
		at++;
	return at;
}

/* A file or a section may end in a line feed or NULs. */
static struct span trimmed(struct span text)
{
	while (text.bytes > 0 && text.base[text.bytes - 1] <= ' ')
		text.bytes--;
	return text;
}

/* AAVMF adds this word when QEMU has an -initrd: for Linux, which would look for a file. */
static struct span without_initrd(struct span words)
{
	static const char word[] = "initrd=initrd";
	uint64_t bytes = sizeof word - 1;
	struct span end;

	if (!span_sub(words, words.bytes - bytes, bytes, &end) || !span_is(end, word) ||
	    (words.bytes > bytes && end.base[-1] != ' '))
		return words;
	words.bytes -= bytes;
	return words;
}

MUST_CHECK static enum status load_options(struct uefi *uefi, struct fault *fault)
{
	const CHAR16 *text = uefi->loaded->LoadOptions;
	uint64_t count = count_text(uefi->loaded), skip = 0;
	struct span words;

	if (count == 0)
		return ST_OK;
	if (uefi_protocol(uefi, uefi->image, &shell_parameters) != NULL)
		skip = skip_name(text, count);
	if (uefi_utf8(text + skip, count - skip, &uefi->arena, &words, fault) != ST_OK)
		return fault->status;
	uefi->env.cmdline = trimmed(without_initrd(words));
	return ST_OK;
}

/* What concerns the loader itself and must be known before there is a plan; its faults are the plan's. */
static void look_at_words(struct uefi *uefi)
{
	uint64_t mark = uefi->arena.used;
	struct config_words words;
	struct fault ignored;

	/* Words before a wrong one were taken. */
	(void)!config_words(&words, uefi->env.cmdline, &uefi->arena, &ignored);
	uefi->exit_when_refused = words.refused_exit;
	uefi->spoil_exits = words.exit_retries;
	uefi->arena.used = mark;
}

enum status uefi_options(struct uefi *uefi, struct fault *fault)
{
	struct span *cmdline = &uefi->env.cmdline;

	if (load_options(uefi, fault) != ST_OK)
		return fault->status;
	if (cmdline->bytes == 0 && !uefi_section(uefi, ".cmdline", cmdline) &&
	    uefi_volume_text(uefi, "smalt.cmdline", cmdline, fault) != ST_OK)
		return fault->status;
	*cmdline = trimmed(*cmdline);
	look_at_words(uefi);
	return ST_OK;
}
