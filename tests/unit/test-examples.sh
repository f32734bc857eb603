#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The samples in conf/examples, and the metrics by the tools that read them.
set -eu

: "${srcdir:=.}" "${builddir:=.}"

work=$(mktemp -d "${TMPDIR:-/tmp}/kdumpd-test-XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0
fail() {
    echo "FAILED: $*"
    failed=1
}

# The mailer, the poster and kdumpctl write down what they get.
mkdir "$work/bin"
for name in sendmail curl; do
    printf '#!/bin/sh\necho "%s $*" >%s/%s\ncat >>%s/%s\n' $name "$work" $name "$work" $name \
        >"$work/bin/$name"
done
printf '#!/bin/sh\necho "$*: the dump"\n' >"$work/bin/kdumpctl"
chmod 755 "$work/bin"/*
PATH=$work/bin:$PATH
dump=$work/kdumpd-vm-2026-01-01-10:00:00
mkdir "$dump"
host=$(uname -n)
examples=$srcdir/conf/examples

has() {
    grep -qxF -e "$2" "$work/$1" || fail "no line '$2' in what $1 got: $(cat "$work/$1")"
}

"$examples/mail" "$dump"
has sendmail 'sendmail -i -t'
has sendmail 'To: root'
has sendmail "Subject: $host: a crash dump"
has sendmail "info ${dump##*/}: the dump"

export KDUMPD_STATE=failed KDUMPD_REASON='"a\b" $(id) `id`'
"$examples/mail" unprotected
has sendmail "Subject: $host: kdump: unprotected"
# shellcheck disable=SC2016
has sendmail 'A panic now would give no complete dump: "a\b" $(id) `id`'
"$examples/mail" protected
has sendmail "Subject: $host: kdump: protected"

export KDUMPD_WEBHOOK=http://localhost:1/x
"$examples/webhook" "$dump"
has curl "{\"Host\":\"$host\",\"Event\":\"crash\",\"Directory\":\"$dump\",\"Dump\":null}"
grep -q '^curl --fail .*http://localhost:1/x$' "$work/curl" || fail "curl: $(cat "$work/curl")"
echo '{"Result":"complete"}' >"$dump/kdump.json"
"$examples/webhook" "$dump"
has curl "{\"Host\":\"$host\",\"Event\":\"crash\",\"Directory\":\"$dump\","\
'"Dump":{"Result":"complete"}}'
"$examples/webhook" stale
# shellcheck disable=SC2016
has curl "{\"Host\":\"$host\",\"Event\":\"stale\",\"State\":\"failed\","\
'"Reason":"\"a\\b\" $(id) `id`"}'

# What fails is not hidden.
printf '#!/bin/sh\nexit 22\n' >"$work/bin/curl"
"$examples/webhook" stale && fail "webhook hides that curl failed"
printf '#!/bin/sh\nexit 1\n' >"$work/bin/sendmail"
"$examples/mail" stale && fail "mail hides that sendmail failed"

[ $failed = 0 ] || exit 1
if ! command -v promtool >/dev/null; then
    echo "SKIPPED: promtool (Debian's package prometheus) is not there to check the alert rules"
    exit 0
fi
promtool check rules "$examples/kdumpd.rules.yml" || fail "promtool check rules"
exit $failed
