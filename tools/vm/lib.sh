# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Shared by the VM tools; sourced, never run.
# shellcheck shell=bash
#
# kernel_dir K      folder that holds everything fetched for kernel K
# kernel_need K     the same, after checking that the fetch is complete
# kernel_release K  `uname -r` of that kernel
# kernel_suites K   Debian suites to try for K, best first; each row is
#                   "suite:base-suite", the base providing libc and friends

me=${0##*/}
cache=${LOCKSCOPE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lockscope}
vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

say() { printf '%s: %s\n' "$me" "$*" >&2; }
die() { say "$@"; exit 1; }
usage_error() { say "$@"; say "see '$me --help'"; exit 2; }

# Prints the comment block at the head of the running script.
usage() { sed -n '3,/^[^#]/{/^#/!q;s/^# \{0,1\}//p}' "$0"; }

need_tools() {
	local t missing=
	for t; do command -v "$t" >/dev/null || missing="$missing $t"; done
	[ -z "$missing" ] || die "missing programs:$missing (on Debian: apt install" \
		"qemu-system-x86 busybox-static cpio zstd xz-utils kmod gcc make)"
}

kernel_suites() {
	case $1 in
	5.10) echo bullseye:bullseye ;;
	6.1 | 6.1-rt) echo bookworm:bookworm ;;
	6.12 | 6.12-rt) echo bookworm-backports:bookworm trixie:trixie ;;
	7.*) echo trixie-backports:trixie ;;
	*) usage_error "unknown kernel '$1' (known: 5.10 6.1 6.12 7.2, and with PREEMPT_RT 6.1-rt 6.12-rt)" ;;
	esac
}

kernel_dir() { echo "$cache/kernels/$1"; }

kernel_need() {
	local dir
	kernel_suites "$1" >/dev/null
	dir=$(kernel_dir "$1")
	[ -e "$dir/complete" ] ||
		die "kernel $1 is not here yet: run $vm_dir/fetch $1"
	echo "$dir"
}

kernel_release() { cat "$(kernel_dir "$1")/release"; }
