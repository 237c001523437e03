#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# public.sh HEADER: a header that kernels include is C99 and C++11 without a
# warning; one that speaks of __ASSEMBLER__ has constants for assembler.
set -eu
strict="-Iinclude -ffreestanding -Wall -Wextra -Werror -pedantic -fsyntax-only"
clang $strict -std=c99 -include "$1" -x c /dev/null
clang $strict -std=c++11 -include "$1" -x c++ /dev/null
if grep -q __ASSEMBLER__ "$1"; then
	printf '#include "%s"\n' "$1" | clang -Iinclude -I. -x assembler-with-cpp -c -o /dev/null -
fi
