#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the shells offer for kdumpctl. zsh and fish, where they are not installed, are left out.
set -eu

: "${srcdir:=.}"
completion=$srcdir/conf/completion
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# Two dumps, a file and a directory, for arguments.
mkdir "$work/bin" "$work/here" "$work/here/directory"
: >"$work/here/file one"
cat >"$work/bin/kdumpctl" <<'END'
#!/bin/sh
[ "$*" = list ] || exit 1
printf 'NR  WHEN\n1   Sun 2026-11-22 16:22:24 UTC\n2   Sat 2026-11-21 16:22:24 UTC\n'
END
chmod +x "$work/bin/kdumpctl"

# offered SHELL WANTED UNWANTED WORD...: what is offered for the last word has all words of WANTED,
# and none of UNWANTED.
offered() {
    shell=$1 wanted=$2 unwanted=$3
    shift 3
    status=0
    (cd "$work/here" && PATH=$work/bin:$PATH && "ask_$shell" "$@") >"$work/offered" 2>"$work/err" ||
        status=$?
    [ $status = 0 ] && [ ! -s "$work/err" ] || {
        cat "$work/err"
        echo "FAILED: $shell complains about: kdumpctl $*"
        failed=1
    }
    for word in $wanted; do
        grep -qxF -e "$word" "$work/offered" || {
            echo "FAILED: $shell does not offer $word after: kdumpctl $*"
            failed=1
        }
    done
    for word in $unwanted; do
        ! grep -qxF -e "$word" "$work/offered" || {
            echo "FAILED: $shell offers $word after: kdumpctl $*"
            failed=1
        }
    done
}

ask_bash() {
    # shellcheck disable=SC2016
    bash -c '. "$0" && COMP_WORDS=(kdumpctl "$@") COMP_CWORD=$# && _kdumpctl &&
        printf "%s\n" "${COMPREPLY[@]}"' "$completion/bash/kdumpctl" "$@"
}
ask_fish() {
    # shellcheck disable=SC2016
    fish --no-config -c 'source $argv[1]; complete -C "kdumpctl $argv[2..-1]"' \
        "$completion/fish/kdumpctl.fish" "$@" | cut -f 1
}
# It completes on a terminal only: what is handed to the functions that do so.
ask_zsh() {
    # shellcheck disable=SC2016
    zsh -f -c '
        _arguments() {
            if [[ $1 == -C ]]; then
                (( ${#words} > 1 )) && state=argument || state=verb
            else
                print -rl -- ${@%%[\[(]*}
            fi
        }
        _describe() { print -rl -- ${${(P)2}/:*/:} }
        words=("${@[2,-1]}")
        source $1' zsh "$completion/zsh/_kdumpctl" "$@"
}

completion=$(cd "$completion" && pwd)
offered bash 'status events import --json' 'statu file' ''
offered bash 'status' 'events' s
offered bash '--json --root' '--crash -n' status -
offered bash '--crash --yes' '-n --write' test --
offered bash 'all' '--json status' events -n ''
offered bash '--json' 'all' events -n 5 --
offered bash '1 2' 'NR file' info ''
offered bash 'directory' '1 file' info --root = ''
offered bash 'directory' '1 file' info --root di
offered bash 'directory' '1' import d
offered bash '--help' 'status 1 directory' reload ''
offered bash '' '--json' frobnicate -

if command -v fish >/dev/null; then
    offered fish 'status events' '1' ''
    offered fish '--json' '--crash' status --
    offered fish '1 2' 'status' info ''
else
    echo "fish is not installed, what it offers is not tested"
fi

if command -v zsh >/dev/null; then
    offered zsh 'status: events: import:' '--json' ''
    offered zsh '--json --root=' '--crash' status ''
    offered zsh '--crash --no-pager' '--write -n' test ''
    offered zsh '--json :dump:' '-n' info ''
else
    echo "zsh is not installed, what it offers is not tested"
fi

exit $failed
