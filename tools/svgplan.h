/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * svgplan.h: the parts of a plan's picture, each drawn by a file of its own.
 *
 *     24          156      [ bar ]  joins  [ bar ]                 876
 *     va          name, rights, leaves     pa, backing, bytes, colors
 */
#ifndef SVGPLAN_H
#define SVGPLAN_H

#include "picture.h"
#include "svg.h"

#define SVG_WIDTH     900
#define SVG_LEFT      24
#define SVG_RIGHT     (SVG_WIDTH - SVG_LEFT)
#define SVG_NAME      156
#define SVG_BAR       14         /* width */
#define SVG_ROW_BAR   408        /* x of the left side's bars */
#define SVG_FRAME_BAR 562
#define SVG_PA        586

void svg_head(FILE *out, const struct session *session, const struct picture *picture);  /* svghead.c */
void svg_rows(FILE *out, const struct picture *picture);                                 /* svgrows.c */
void svg_joins(FILE *out, const struct picture *picture);                                /* svgjoins.c */
void svg_frames(FILE *out, const struct picture *picture);                               /* svgframes.c */

/* The legend holds what occurs, from y on; returns where it ends. Draws nothing if out is NULL. */
int svg_legend(FILE *out, const struct picture *picture, int y);                         /* svglegend.c */

/* Cache colors with the frames that are used of each, from y on, as svg_legend(). */
int svg_colors(FILE *out, const struct picture *picture, int y);                         /* svgcolors.c */

/* Colors of a piece of memory as tiles that end at x. */
void svg_color_tiles(FILE *out, const struct plan_colors *colors, const struct band *band, int x, int y);

/* The class of rights: a color. */
const char *svg_rights(uint32_t prot);

/* A bar in the color of rights with the texture of its backing. */
void svg_bar(FILE *out, struct svg_box box, uint32_t prot, uint32_t backing);

/* A leaf as a tile, larger leaves as larger ones; returns its width. */
int svg_tile(FILE *out, int x, int y, const struct format *format, unsigned index);

/* The name of a row without what cannot be shown, cut to `most` characters. */
#define SVG_NAME_TEXT 64
void svg_row_name(const struct boot *boot, const struct smalt_row *row, int most, char text[SVG_NAME_TEXT]);

#endif
