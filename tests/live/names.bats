#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# Locks of this kernel that a load is after: their names, and which object each is in.

load helpers

setup() { live_setup; }
teardown() { live_teardown; }

# waited LOAD KIND: the name of the lock of that kind that the load waited for longest, as
# "name|source|guess|object"; threads of a load do nothing else.
waited() {
	"$LOCKSCOPE" stat --json -o "$T/$1.json" -- "$LOCKLOAD" "$1" -s 1 --dir "$T" >"$T/$1.txt" 2>&1
	jq -rs --arg kind "$2" '
		(map(select(.type == "lock_name" and .kind == $kind) | {key: .lock, value: .}) | from_entries) as $names
		| map(select(.type == "agg" and .kind == $kind and .lock)) | group_by(.lock)
		| max_by(map(.total_ns) | add) | $names[.[0].lock]
		| "\(.name)|\(.name_source)|\(.name_guess // false)|\(.object // "")"' "$T/$1.json"
}

@test "f_pos_lock of a named file" {
	run waited shared-offset mutex
	[[ $output == "file.f_pos_lock|type|false|offset, inode "* ]]
}

@test "the mutex of a pipe: from kmalloc, so a guess" {
	run waited pipe mutex
	[[ $output == "pipe_inode_info.mutex|type|true|"* ]]
}

@test "s_vfs_rename_mutex of a file system" {
	run waited rename mutex
	[[ $output == "super_block.s_vfs_rename_mutex|type|false|"*", device "* ]]
}

@test "i_rwsem of a named folder" {
	run waited fs rwsem
	[[ $output == *"inode_info.vfs_inode.i_rwsem|type|false|lockload."*", inode "* ]]
}

@test "mmap_lock of a named process" {
	run waited mmap rwsem
	[[ $output == "mm_struct.mmap_lock|type|false|lockload/"* ]]
}

@test "iolock of a unix socket" {
	run waited unix-read mutex
	[[ $output == "unix_sock.iolock|type|"*"|socket "* ]]
}
