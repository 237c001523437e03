#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# layers.sh [TOP]: keeps the arrows of the design by looking at every #include.
#
# A header lives where its .c does or where `homes` says, any other in boot/. A room
# includes what `rooms` lists; the stages in mm/ stand in order and include backwards.
set -eu
cd "${1:-.}"

includes() {
	find lib object mm boot arch include tools -name '*.[chS]' -exec grep -HnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]' {} + 2>/dev/null |
		sed -E 's/^([^:]*):([0-9]+):[^"<]*["<]([^">]*)[">].*/\1 \2 \3/'
}

{
	cat <<-END
	homes lib align check mem str libfdt_env
	homes facts machine geometry
	homes object elf64 content
	homes act arch arch_memory
	rooms lib lib public
	rooms facts facts public
	rooms object lib facts object public
	rooms mm lib facts mm public object.h
	rooms boot lib facts object mm boot act public
	rooms act lib facts object mm boot act public
	rooms tools lib facts object mm boot act tools public
	may lib/log.c arch.h
	may lib/check.c arch.h
	may include/machine.h span.h
	stages leaf memmap ranges space place cut frames extent piece directmap pagetable audit
	never mm/audit.c pagetable.h
	END
	find include -name '*.h' | sed 's,^include/,header ,'
	find lib object mm boot tools -name '*.c' 2>/dev/null | sed -E 's,^([a-z]*)/(.*/)?([^/]*)\.c$,home \1 \3,'
	includes | sed 's/^/include /'
} | awk '
function base(path) { sub(/.*\//, "", path); sub(/\.[chS]$/, "", path); return path }
function room(path, top) {
	top = path; sub(/\/.*/, "", top)
	if (path ~ /^arch\/.*\/machine\.c$/) return "facts"
	if (path ~ /^include\/smalt\//) return "public"
	if (top == "arch") return "act"
	return top != "include" ? top : base(path) in home ? home[base(path)] : "boot"
}
function complain(why) { printf "%s:%s: includes %s: %s\n", $2, $3, $4, why; wrong = 1 }
$1 == "homes" { for (i = 3; i <= NF; i++) home[$i] = $2 }
$1 == "header" { header[$2] = 1 }
$1 == "home" && !($3 in home) { home[$3] = $2 }
$1 == "rooms" { for (i = 3; i <= NF; i++) open[$2, $i] = 1 }
$1 == "may" { open[$2, $3] = 1 }
$1 == "never" { shut[$2, $3] = 1 }
$1 == "stages" { for (i = 2; i <= NF; i++) stage[$i] = i }
$1 == "include" {
	from = room($2); name = $4
	if (name ~ /^(tools\/|\.\.)/ || name ~ /\.c$/) { complain("leaves its room by a path"); next }
	if (!(name in header)) next
	seen++
	to = room("include/" name)
	if (from == "public" && to != "public") complain("a public header stands alone")
	else if (shut[$2, name] || !(open[from, to] || open[from, name] || open[$2, name] || from == to))
		complain(from " knows no " to)
	else if (from == "mm" && to == "mm" && stage[base(name)] > stage[base($2)] && stage[base($2)])
		complain("a later stage")
}
END { if (!seen) { print "layers.sh: no #include found"; wrong = 1 } exit wrong }
'
