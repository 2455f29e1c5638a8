
# _lockscope_words WORDS: those that continue $cur; of a list, its last part.
_lockscope_words() {
	local before=
	[[ $1 != *,list ]] || [[ $cur != *,* ]] || before=${cur%,*},
	mapfile -t COMPREPLY < <(compgen -P "$before" -W "${1%,list}" -- "${cur#"$before"}")
}

_lockscope_files() { # NAMES-LIKE
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -X "!$1" -- "$cur"; compgen -d -- "$cur")
	[ ${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

# _lockscope_value ARG WORDS: what an option takes that is told as ARG in its help.
_lockscope_value() {
	local list=
	[[ $1 != *,... ]] || list=,list
	if [ -n "$2" ]; then
		_lockscope_words "$2$list"
		return
	fi
	case $1 in
	FILE) _lockscope_files '*' ;;
	PID,... | TID,...) _lockscope_words "$(cd /proc && echo [0-9]*)$list" ;;
	PATH) # a group, or its directory
		compopt -o nospace 2>/dev/null
		if [[ $cur == /sys* ]]; then
			mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		else
			mapfile -t COMPREPLY < <(cd /sys/fs/cgroup && compgen -P / -d -- "${cur#/}")
		fi ;;
	esac
}

# _lockscope_command INDEX: the command line that begins there.
_lockscope_command() {
	if declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif [ "$COMP_CWORD" = "$1" ]; then
		mapfile -t COMPREPLY < <(compgen -c -- "$cur" | sort -u)
	else
		_lockscope_files '*'
	fi
}

_lockscope() {
	local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]} i
	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		_lockscope_words "${_lockscope_table[commands]} help --help --version"
		return
	fi
	if [ "$command" = help ]; then
		[ "$COMP_CWORD" != 2 ] || _lockscope_words "${_lockscope_table[commands]}"
		return
	fi
	[ -n "${_lockscope_table[$command]}" ] || return
	for ((i = 2; i < COMP_CWORD; i++)); do
		if [ "${COMP_WORDS[i]}" = -- ]; then
			[ -z "${_lockscope_table[$command:runs]}" ] || _lockscope_command $((i + 1))
			return
		fi
	done
	# bash makes three words of --kind=mutex
	if [ "$cur" = = ]; then
		cur=
	elif [ "$before" = = ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if [ -n "${_lockscope_table[$command $before]}" ]; then
		_lockscope_value "${_lockscope_table[$command $before]}" \
			"${_lockscope_table[$command $before:words]}"
	elif [[ $cur == -* || ${_lockscope_table[$command:files]} = 0 ]]; then
		_lockscope_words "${_lockscope_table[$command]}${_lockscope_table[$command:runs]:+ --}"
	else
		_lockscope_files '*.ndjson'
	fi
}
complete -F _lockscope lockscope
