/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * svg.h: shapes and texts of an SVG picture, written as they come.
 *
 * What they look like is up to their classes (svgstyle.c). Numbers are pixels; tenths where it is said.
 */
#ifndef SVG_H
#define SVG_H

#include <stdio.h>

#include "span.h"

struct svg_box { int x, y, width, height; };

/* The document, with its style; light and dark as the reader's surroundings. */
void svg_begin(FILE *out, int width, int height, const char *title);
void svg_end(FILE *out);

/* A group with a name that is unique, and a text for who points at it; svg_close() ends it. */
void svg_group(FILE *out, const char *name, uint32_t index, const char *text);
void svg_close(FILE *out);

void svg_rect(FILE *out, struct svg_box box, const char *class);

/* A text whose baseline begins, or with class "end" ends, at x, y. */
__attribute__((format(printf, 5, 6)))
void svg_text(FILE *out, int x, int y, const char *class, const char *format, ...);

/* The same characters as XML: those of names may be any. */
void svg_escape(FILE *out, const char *text);

/* "52", "4K", "3.1K", "489M": rounded down to a tenth, from 100 on to the unit. */
#define SVG_SIZE 16
void svg_size(uint64_t bytes, char text[SVG_SIZE]);

/* The element <style> (svgstyle.c), and the textures that it names. */
extern const char svg_style[];
extern const char svg_textures[];

#endif
