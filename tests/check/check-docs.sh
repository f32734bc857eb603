#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the programs know is what the manual explains, no less and no more.
set -eu

: "${srcdir:=.}" "${builddir:=.}"

failed=0
fail() {
    echo "FAILED: $*"
    failed=1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
man=$builddir/man

names() {
    "$builddir/tests/check/print-names" "$@"
}

# same WHAT FILE FILE: two lists, the first of what there is, the second of what is explained.
same() {
    sort "$2" >"$work/there"
    sort "$3" >"$work/explained"
    [ -s "$work/there" ] || fail "$1: the list is empty"
    for name in $(comm -23 "$work/there" "$work/explained" | tr ' ' '_'); do
        fail "$1: $name is not explained"
    done
    for name in $(comm -13 "$work/there" "$work/explained" | tr ' ' '_'); do
        fail "$1: $name does not exist, or is explained twice"
    done
}

# items MACRO PAGE: the heads of a page's lists.
items() {
    sed -n "s/^\.It $1 \([^ ]*\).*/\1/p" "$2"
}

# --- configuration

names conf >"$work/conf"
grep -E '^(\[|#[A-Za-z]+=|[A-Za-z]+=)' "$builddir/conf/kdumpd.conf" >"$work/shipped" || :
diff "$work/conf" "$work/shipped" || fail "conf/kdumpd.conf has other keys or defaults (above)"

page=$man/kdumpd.conf.5
names keys | sed 's/=.*/=/' >"$work/keys"
items Ic "$page" >"$work/items"
same kdumpd.conf.5 "$work/keys" "$work/items"
# Each default, in the part of the page that explains its key.
names keys | while IFS='=' read -r key preset; do
    sed -n "/^\.It Ic $key=\$/,/^\.It Ic /p" "$page" | tr '\n' ' ' |
        grep -q "Default: \(\.Cm \)\?${preset:-empty}[ .]" ||
        echo "kdumpd.conf.5 does not give the default of $key=, '${preset:-empty}'"
done >"$work/missing"
[ ! -s "$work/missing" ] || fail "$(cat "$work/missing")"

names kernels >"$work/places"
names initrds >>"$work/places"
sed -n '/^\.It Ic Kernel=/,/^\.It Ic CommandLine=/p' "$page" >"$work/part"
sed -n '/^\.Bl -enum/,/^\.El/s/^\.Pa //p' "$work/part" >"$work/listed"
# The order counts: it is the order of the search.
diff "$work/places" "$work/listed" || fail "kdumpd.conf.5 lists other places (above)"

sed -n '/^\.Sh COMMAND LINE/,/^\.Sh FILES/p' "$page" | tr -s ',\n ' '\n' |
    sed 's/\.$//' >"$work/words"
for list in removed removed-root; do
    names $list >"$work/table"
    awk -v mark="Table $list:" 'index($0, mark) { on = 1; getline; next } /^\.El/ { on = 0 } on' \
        "$page" >"$work/listed"
    diff "$work/table" "$work/listed" || fail "kdumpd.conf.5 shows another table \"$list\" (above)"
done
for word in $(names needed); do
    grep -qxF -e "$word" "$work/words" || fail "kdumpd.conf.5 does not name $word"
done

names architectures | sort -u >"$work/architectures"
sed -n 's/^| `\([a-z0-9_]*\)` | `kexec.*/\1/p' "$srcdir/README.md" >"$work/rows"
same "README.md, architectures" "$work/architectures" "$work/rows"

# --- D-Bus

xml=$srcdir/conf/org.kdumpd1.xml
page=$man/org.kdumpd1.5
sed -n 's/.*<property name="\([^"]*\)" type="\([^"]*\)".*/\1 \2/p' "$xml" >"$work/xml"
names properties >"$work/known"
diff "$work/xml" "$work/known" || fail "kdumpctl knows other properties (above)"
sed -n 's/.*<\(property\|method\|signal\) name="\([^"]*\)".*/\2/p' "$xml" >"$work/members"
names failures >>"$work/members"
items Ic "$page" >"$work/items"
same org.kdumpd1.5 "$work/members" "$work/items"
sed 's/^\([^ ]*\) \(.*\)/.It Ic \1 Pq \2/' "$work/xml" | while read -r line; do
    grep -qxF -e "$line" "$page" || echo "org.kdumpd1.5 lacks '$line'"
done >"$work/missing"
[ ! -s "$work/missing" ] || fail "$(cat "$work/missing")"

# --- states and decisions

sed -n '/^\.Sh STATES/,/^\.Sh RESTART/p' "$man/kdumpd.8" >"$work/part"
names states >"$work/states"
names verdicts >>"$work/states"
items Cm "$work/part" >"$work/items"
same kdumpd.8 "$work/states" "$work/items"
while read -r word; do
    grep -q "\.Cm .*\<$word\>" "$man/org.kdumpd1.5" || fail "org.kdumpd1.5 does not name $word"
done <"$work/states"

names results >"$work/results"
sed -n '/^\.Sh RESULTS/,/^\.Sh RAW/p' "$man/kdump-capture.8" >"$work/part"
items Cm "$work/part" >"$work/items"
same kdump-capture.8 "$work/results" "$work/items"

# --- options, verbs, help

options() {
    grep -o -e '--[a-z][a-z-]*' "$1" | sort -u
}

for program in kdumpd kdump-capture kdump-load kdump-mkinitramfs kdumpctl; do
    [ -x "$builddir/$program" ] || continue
    page=$man/$program.8

    if "$builddir/$program" --help >"$work/help" 2>"$work/err"; then
        [ ! -s "$work/err" ] || fail "$program --help writes to standard error"
    else
        fail "$program --help fails"
    fi
    awk 'length > 80 { n++ } END { exit n > 0 || NR == 0 }' "$work/help" ||
        fail "$program --help does not fit into 80 columns, or says nothing"
    options "$work/help" >"$work/there"
    sed -n 's/^\.It .*Fl Fl \([a-z-]*\).*/--\1/p' "$page" | sort -u >"$work/items"
    cp "$work/there" "$work/options"
    same "$program.8" "$work/options" "$work/items"

    "$builddir/$program" --version >"$work/out" 2>"$work/err" || fail "$program --version fails"
    grep -q "^$program [0-9]" "$work/out" || fail "$program --version says: $(cat "$work/out")"
    status=0
    "$builddir/$program" --frobnicate >"$work/out" 2>"$work/err" </dev/null || status=$?
    [ $status = 2 ] || fail "$program --frobnicate exits with $status instead of 2"
    [ ! -s "$work/out" ] || fail "$program --frobnicate writes to standard output"
    grep -q frobnicate "$work/err" || fail "$program --frobnicate does not complain about it"
done

"$builddir/kdumpctl" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z-]*\) .*/\1/p' >"$work/verbs"
sed -n '/^The verbs are/,/^The options are/s/^\.It Cm \(.*\)/\1/p' "$man/kdumpctl.8" >"$work/items"
same kdumpctl.8 "$work/verbs" "$work/items"

# --- packages need what README and configure say

awk '/^Build-Depends:/ { on = 1; next } /^[^ ]/ { on = 0 } on { print $1 }' \
    "$srcdir/packaging/debian/control" | tr -d , | grep -v '^debhelper\|^dh-' >"$work/debian"
# Whoever builds packages has a compiler.
sed -n '/^    apt-get install/,/[^\\]$/p' "$srcdir/README.md" | tr -s ' \\' '\n' |
    grep -v -x -e apt-get -e install -e gcc -e make -e 'auto[a-z]*' -e '' >"$work/readme"
same "packaging/debian/control" "$work/readme" "$work/debian"
sed -n 's/^PKG_CHECK_MODULES(\[[A-Z]*\], \[\([^] ]*\).*/\1/p' "$srcdir/configure.ac" \
    >"$work/modules"
sed -n 's/^BuildRequires: *pkgconfig(\(.*\))/\1/p' "$srcdir/packaging/rpm/kdumpd.spec.in" \
    >"$work/rpm"
same "packaging/rpm/kdumpd.spec.in" "$work/modules" "$work/rpm"

# --- completion

names commands >"$work/commands"
for file in bash/kdumpctl zsh/_kdumpctl fish/kdumpctl.fish; do
    awk -v shell="${file%/*}" -f "$srcdir/conf/completion/generate.awk" "$work/commands" \
        >"$work/completion"
    diff "$work/completion" "$srcdir/conf/completion/$file" >/dev/null ||
        fail "conf/completion/$file is not made of these verbs and options: make update-completion"
done

# What the tests in virtual machines look for is what is installed for them.
if command -v python3 >/dev/null; then
    for package in $("$srcdir/tests/vm/run" --needed); do
        case $package in
        apt | dpkg | libc6-dev) ;; # on every Debian, and with each -dev
        *)
            sed -n '/^build=(/,/^needs=/p' "$srcdir/tests/install-needs" | tr ' ()' '\n\n\n' |
                grep -qxF "$package" || fail "tests/install-needs lacks $package"
            ;;
        esac
    done
fi

exit $failed
