# SPDX-License-Identifier: BSD-2-Clause
TARGET_x86_64  := x86_64-unknown-none-elf
CFLAGS_x86_64  := -mno-red-zone
LDFLAGS_x86_64 :=
BOOT_x86_64    := boot/pvh.c boot/startinfo.c boot/acpi.c boot/protocol/pvh.c
IMAGE_x86_64   :=
LIBS_x86_64    :=
DEBIAN_x86_64 := amd64
