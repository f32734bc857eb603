# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whom kdumpd tells: programs in alert.d and crash.d, by the samples, and Prometheus."""

import json

from vmtest.machine import Config
from vmtest.registry import Group
from vmtest.util import check, equal

# On one kernel: nothing here is about it.
group = Group("alerts", Config(root="root-monitoring"), default=("new",), full=("new",),
              reset=lambda t: t.kdumpd.make_normal())

EXAMPLES = "/usr/share/doc/kdumpd/examples"

# A mailer as they are: the program that people call has a part with another user's rights.
# NoNewPrivileges= would leave root as who writes.
SETUP = f"""set -e
install -d -o mail -g mail /var/mails
install -o mail -g mail -m 6755 /usr/bin/tee /usr/local/sbin/drop
printf '#!/bin/sh\\nexec drop -a /var/mails/all >/dev/null\\n' >/usr/local/sbin/sendmail
chmod 755 /usr/local/sbin/sendmail
for what in alert crash; do
    install -D -t /etc/kdumpd/$what.d {EXAMPLES}/mail {EXAMPLES}/webhook
done
for unit in kdumpd-alert.service kdumpd-crash@.service; do
    mkdir -p /run/systemd/system/$unit.d
    printf '[Service]\\nEnvironment=KDUMPD_WEBHOOK=http://127.0.0.1:8099/hook\\n' \\
        >/run/systemd/system/$unit.d/test.conf
done
systemctl daemon-reload
"""

SERVER = r"""exec perl -MIO::Socket::INET -e '
$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1:8099", Listen => 9, ReuseAddr => 1) or die;
while ($c = $s->accept) {
    while (<$c>) { $n = $1 if /^content-length: *(\d+)/i; last if /^\r?$/ }
    read($c, $b, $n);
    open(F, ">>/run/posts"); print F $b; close(F);
    print $c "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"; close($c) }'"""


def posts(t):
    """What was posted so far."""
    return [json.loads(line) for line in t.guest.text("cat /run/posts || true").splitlines()]


def await_post(t, n):
    t.guest.until(f"[ $(cat /run/posts | wc -l) -ge {n} ]", 30, f"post number {n}")
    return posts(t)[n - 1]


def await_mail(t, subject):
    t.guest.until(f"grep -qxF 'Subject: kdumpd-vm: {subject}' /var/mails/all", 30,
                  f"a mail about {subject}")


@group.case()
def told(t):
    """alert.d when there was no image for AlertAfter=, and when there is; crash.d: mail, webhook."""
    t.guest.run(SETUP)
    equal(t.guest.run("systemctl is-active network-online.target", check=False).out, "inactive\n",
          "whether anything has waited for the network")
    server = t.guest.start(SERVER)
    t.kdumpd.configure("[Service]\nAlertAfter=2s")
    t.guest.run("systemctl reload kdumpd")
    t.kdumpd.quiet()
    equal(posts(t), [], "alerts of a machine that is armed")

    t.guest.run("kdumpctl unload")
    post = await_post(t, 1)
    equal((post["Event"], post["State"], post["Host"]), ("unprotected", "unloaded", "kdumpd-vm"),
          "the alert")
    await_mail(t, "kdump: unprotected")
    equal(t.guest.text("stat -c %U /var/mails/all"), "mail", "whose program wrote the mail")
    t.guest.run("systemctl restart kdumpd-alert.path; sleep 3")
    t.guest.run("kdumpctl load", 60)
    equal(await_post(t, 2)["Event"], "protected", "the next alert")
    await_mail(t, "kdump: protected")
    equal(len(posts(t)), 2, "alerts")

    directory = "/var/crash/kdumpd-vm-2026-01-01-10:00:00"
    t.guest.run(f"mkdir -p -m 700 {directory}; cd {directory}; echo dump >vmcore; "
                "echo '{\"Result\":\"complete\",\"Vmcore\":\"vmcore\"}' >kdump.json; "
                "systemctl reload kdumpd")
    post = await_post(t, 3)
    equal((post["Event"], post["Directory"], post["Dump"]["Result"]),
          ("crash", directory, "complete"), "the post about a dump")
    await_mail(t, "a crash dump")
    equal(t.guest.text("systemctl is-active network-online.target"), "active",
          "whether the programs had the network")
    t.guest.until("! systemctl -q is-active 'kdumpd-crash@*'", 30, "the end of the programs")
    equal(t.guest.text("systemctl --failed --no-legend --plain"), "", "failed units")
    server.stop()


@group.case()
def metrics(t):
    """kdumpd-metrics.timer writes what Debian's node_exporter reads and serves."""
    def scrape():
        return t.guest.text("curl --silent --fail http://127.0.0.1:9100/metrics").splitlines()

    t.guest.run("systemctl start prometheus-node-exporter; "
                "systemctl enable --now kdumpd-metrics.timer")
    t.guest.until("curl --silent http://127.0.0.1:9100/metrics | grep -qx 'kdumpd_armed 1'", 60,
                  "node_exporter to have what the timer has written")
    lines = scrape()
    for line in ("kdumpd_up 1", 'kdumpd_state{state="armed"} 1', "kdumpd_stale 0",
                 "# TYPE kdumpd_reloads_total counter", "node_textfile_scrape_error 0"):
        check(line in lines, f"no line {line} in what node_exporter serves")
    figures = t.kdumpd.properties()
    check(f"kdumpd_events_total {figures['EventsReceived']}" in lines, "the events")
    t.guest.run("systemctl stop kdumpd; systemctl start kdumpd-metrics", 60)
    lines = scrape()
    for line in ("kdumpd_up 0", "kdumpd_armed 1", "node_textfile_scrape_error 0"):
        check(line in lines, f"no line {line} without kdumpd")
    t.guest.run("systemctl disable --now kdumpd-metrics.timer; systemctl start kdumpd", 60)
