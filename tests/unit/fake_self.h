/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake_self.h: an image of the loader's own: what linker.ld names, a page each but for the part of the
 * reporter's text, which is empty, and the data, which are three.
 */
#ifndef FAKE_SELF_H
#define FAKE_SELF_H

#include "self.h"

__asm__(".data\n"
        ".macro place name\n"
        ".globl \\name\n"
        "\\name:\n"
        ".endm\n"
        ".balign 4096\n"
        "place image_start\n"
        "place image_link\n"
        ".quad 0x1000\n"
        ".skip 4088\n"
        "place text_start\n"
        ".skip 4096\n"
        "place text_end\n"
        "place rodata_start\n"
        ".skip 4096\n"
        "place rodata_end\n"
        "place jump_start\n"
        ".skip 4096\n"
        "place jump_end\n"
        "place reporter_text_start\n"
        "place reporter_text_end\n"
        "place reporter_rodata_start\n"
        ".skip 4096\n"
        "place reporter_rodata_end\n"
        "place cpu_start\n"
        ".skip 4096\n"
        "place cpu_end\n"
        "place reporter_data_start\n"
        "place reporter_data_end\n"
        "place stack_start\n"           /* its guard first */
        ".skip 2 * 4096\n"
        "place archive_start\n"
        "place archive_end\n"
        "place relr_start\n"
        "place relr_end\n"
        "place image_end\n"
        "place early_start\n"
        ".skip 5 * 4096\n"
        "place early_cached\n"
        ".skip 5 * 4096\n"
        "place early_end\n"
        ".text\n");

#endif
