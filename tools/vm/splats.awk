# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Prints the lines of a kernel console log that tell of a fault; nothing when
# there is none. -v allow=REGEX: a warning block or line that matches is fine.
# A block runs from "cut here" to "end trace" and is judged as a whole.

function bad(line) {
	return line ~ /(BUG:|kernel BUG at|Oops|WARNING:|Kernel panic|KASAN|UBSAN)/ ||
	       line ~ /(general protection fault[,:]|double fault|hard LOCKUP|soft lockup)/ ||
	       line ~ /(detected stalls|self-detected stall|rcu.*stall|kthread starved)/ ||
	       line ~ /(possible deadlock|possible (circular|recursive|irq)|inconsistent lock state)/ ||
	       line ~ /(INFO: task .* blocked for more|suspicious RCU usage|scheduling while atomic)/
}

function allowed(text) { return allow != "" && text ~ allow }

function end_block() {
	if (block != "" && !allowed(block))
		printf "%s", block
	block = ""
}

{ sub(/\r$/, "") }
/-\[ cut here \]-/ { end_block(); block = $0 "\n"; lines = 0; next }
block != "" {
	if (lines++ < 200)
		block = block $0 "\n"
	if (/-\[ end trace/)
		end_block()
	next
}
bad($0) && !allowed($0) { print }
END { end_block() }
