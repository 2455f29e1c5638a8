# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# usage: bash --norc complete.bash COMPLETION WORD...
#
# What bash proposes for the last WORD of a command line, one a line, sorted.
source "$1" || exit
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
# As readline does: found by the name of the program, called with three words.
spec=$(complete -p "$1") || exit
function=$(sed -n 's/.* -F \([^ ]*\) .*/\1/p' <<<"$spec")
"$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" || exit
printf '%s\n' "${COMPREPLY[@]}" | sort
