# SPDX-License-Identifier: BSD-2-Clause
TARGET_x86_64  := x86_64-unknown-none-elf
PE_x86_64      := x86_64-unknown-windows
CFLAGS_x86_64  := -mno-red-zone
LDFLAGS_x86_64 :=
BOOT_x86_64    := boot/protocol/pvh.c
DIRECT_x86_64  := boot/pvh.c boot/startinfo.c arch/x86_64/entry.S arch/x86_64/move.c
IMAGE_x86_64   :=
EFI_x86_64     := BOOTX64.EFI
LIBS_x86_64    :=
DEBIAN_x86_64 := amd64
