/* SPDX-License-Identifier: BSD-2-Clause */
/* svg.c: elements of SVG 1.1, without scripts and without anything from elsewhere. */
#include "svg.h"

#include <inttypes.h>
#include <stdarg.h>

void svg_escape(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':  fputs("&amp;", out); break;
		case '<':  fputs("&lt;", out); break;
		case '>':  fputs("&gt;", out); break;
		case '"':  fputs("&quot;", out); break;
		default:   fputc(*text >= ' ' && *text < 0x7f ? *text : '?', out); break;
		}
	}
}

void svg_begin(FILE *out, int width, int height, const char *title)
{
	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
	        " role=\"img\">\n<title>", width, height, width, height);
	svg_escape(out, title);
	fprintf(out, "</title>\n%s%s", svg_style, svg_textures);
	fprintf(out, "<rect class=\"ground\" x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"10\"/>\n",
	        width - 1, height - 1);
}

void svg_end(FILE *out)
{
	fputs("</svg>\n", out);
}

void svg_group(FILE *out, const char *name, uint32_t index, const char *text)
{
	fprintf(out, "<g id=\"%s-%" PRIu32 "\"><title>", name, index);
	svg_escape(out, text);
	fputs("</title>\n", out);
}

void svg_close(FILE *out)
{
	fputs("</g>\n", out);
}

void svg_rect(FILE *out, struct svg_box box, const char *class)
{
	fprintf(out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", class, box.x, box.y,
	        box.width, box.height);
}

void svg_text(FILE *out, int x, int y, const char *class, const char *format, ...)
{
	char text[512];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	fprintf(out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class, x, y);
	svg_escape(out, text);
	fputs("</text>\n", out);
}

void svg_size(uint64_t bytes, char text[SVG_SIZE])
{
	static const char units[] = " KMGTPE";
	int unit = 0;
	uint64_t tenths;

	for (; bytes >> 10 * unit >= 1024; unit++)
		;
	if (unit == 0) {
		snprintf(text, SVG_SIZE, "%" PRIu64, bytes);
		return;
	}
	tenths = (bytes >> 10 * (unit - 1)) * 10 / 1024;
	if (tenths % 10 == 0 || tenths >= 1000)
		snprintf(text, SVG_SIZE, "%" PRIu64 "%c", tenths / 10, units[unit]);
	else
		snprintf(text, SVG_SIZE, "%" PRIu64 ".%" PRIu64 "%c", tenths / 10, tenths % 10, units[unit]);
}
