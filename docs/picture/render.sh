#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# render.sh PICTURE.svg DIR: DIR/PICTURE-light.png and DIR/PICTURE-dark.png, as a browser shows them.
set -eu

picture=$1
dir=$2
name=$(basename "$picture" .svg)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$dir"
width=$(sed -n '1s/.* width="\([0-9]*\)".*/\1/p' "$picture")
height=$(sed -n '1s/.* height="\([0-9]*\)".*/\1/p' "$picture")
cp "$picture" "$work/picture.svg"
echo '<!doctype html><body style="margin:0"><img src="picture.svg" style="display:block">' >"$work/page.html"

# shot NAME SCHEME: Chromium's number of the color scheme that the reader prefers; 0 is dark.
shot() {
	chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/profile" \
		--blink-settings=preferredColorScheme="$2" --force-device-scale-factor=2 \
		--window-size="$width,$height" --screenshot="$dir/$name-$1.png" "file://$work/page.html" \
		2>"$work/log" || { cat "$work/log" >&2; exit 1; }
	echo "$dir/$name-$1.png"
}

shot light 1
shot dark 0
