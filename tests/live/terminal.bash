# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#
# terminal.bash - a real terminal for tests: tmux, with a server of its own. Nothing is
# taken for shown before it has been read off the screen.

# terminal WIDTH HEIGHT COMMAND: the command in a shell, which stays when it has ended
terminal() {
	# a socket of its own: the last server may still be on its way out
	TMUX_SOCKET=$T/tmux.$((TERMINALS = ${TERMINALS:-0} + 1))
	printf 'export LC_ALL=C.UTF-8 XDG_CONFIG_HOME=%q\n%s\necho "ended with $?"; stty -a >%q\nexec sleep 600\n' \
		"$T/config" "$3" "$T/stty" >"$T/terminal.sh"
	tmux -S "$TMUX_SOCKET" -f /dev/null new-session -d -x "$1" -y "$2" "bash $T/terminal.sh"
	tmux -S "$TMUX_SOCKET" set-option -g remain-on-exit on
}

end_terminal() {
	[ -z "${TMUX_SOCKET:-}" ] || tmux -S "$TMUX_SOCKET" kill-server 2>/dev/null || true
}

keys() {
	tmux -S "$TMUX_SOCKET" send-keys "$@"
}

screen() {
	tmux -S "$TMUX_SOCKET" capture-pane -p
}

on_screen() {
	screen | grep -qE -- "$1"
}

# shown PATTERN: awaits it on the screen
shown() {
	await on_screen "$1" || { screen >"$T/screen.txt"; return 1; }
}

not_on_screen() {
	! on_screen "$1"
}

# gone PATTERN: awaits that it is on the screen no more
gone() {
	await not_on_screen "$1" || { screen >"$T/screen.txt"; return 1; }
}

is_like() {
	screen >"$T/screen.txt"
	cmp -s "$T/screen.txt" "$1"
}

# looks_like NAME: awaits exactly that picture; UPDATE=1 keeps what is there after a while
looks_like() {
	local picture=$BATS_TEST_DIRNAME/top/$1
	if [ -n "${UPDATE:-}" ]; then
		sleep 1
		screen >"$picture"
	fi
	await is_like "$picture" || { diff "$picture" "$T/screen.txt" | head -40; return 1; }
}

resize() {
	tmux -S "$TMUX_SOCKET" resize-window -x "$1" -y "$2"
}
