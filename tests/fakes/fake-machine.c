/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The real kdumpd on a fake machine. */
#include "fake-machine.h"

#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <systemd/sd-bus.h>

#include "daemon/daemon.h"

#define LOADED "/sys/kernel/kexec_crash_loaded"

/* The argument is the tree. A load begins with the loss of the old image, as in the kernel. Files
 * are replaced whole, as kdumpd may read them at any time. */
static const char script[] =
        "#!/bin/sh\n"
        "root=%s\n"
        "put() { echo \"$1\" >\"$root/new\" && mv \"$root/new\" \"$root$2\"; }\n"
        "report() {\n"
        "    echo '{\"Failure\":\"None\",\"KernelFile\":\"/boot/vmlinuz\",\"KernelInode\":7,'\n"
        "    echo '\"KernelRelease\":\"6.1.0-test\",\"CommandLine\":\"irqpoll\",'\n"
        "    echo '\"Loader\":\"kexec_file_load\",\"CallStartUSec\":1000,\"CallEndUSec\":2000}'\n"
        "}\n"
        "case \" $* \" in\n"
        "*' --dry-run '*) echo plan >>\"$root/calls\" ;;\n"
        "*' --unload '*) echo unload >>\"$root/calls\"; put 0 " LOADED " ;;\n"
        "*)\n"
        "    echo load >>\"$root/calls\"\n"
        "    put 0 " LOADED "\n"
        "    while [ -e \"$root/hold\" ]; do sleep 0.02; done\n"
        "    put 1 " LOADED "\n"
        "    ;;\n"
        "esac\n"
        "report\n";

/* Takes notifications as they come, as systemd does: the kernel keeps ten for who does not look,
 * then the daemon waits for room, and a test that waits for its answer would wait for itself. */
static void start_pump(FakeMachine *m, int notify_fd) {
        char text[2048];
        int pair[2];
        ssize_t n;

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
        m->pump = fork();
        ck_assert_int_ge(m->pump, 0);
        if (m->pump == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                while ((n = recv(notify_fd, text, sizeof(text), 0)) >= 0)
                        if (send(pair[1], text, (size_t)n, MSG_NOSIGNAL) < 0)
                                break;
                _exit(0);
        }
        m->notify_fd = pair[0];
        (void)close(pair[1]);
        (void)close(notify_fd);
}

void machine_init_fake(FakeMachine *m) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        char text[2048], path[64];
        int fd;

        *m = (FakeMachine){ .notify_fd = -EBADF };
        tree_init(&m->tree);
        tree_text(&m->tree, LOADED, "0\n");
        tree_text(&m->tree, "/sys/kernel/kexec_crash_size", "268435456\n");
        tree_text(&m->tree, "/sys/kernel/uevent_seqnum", "1000\n");
        tree_text(&m->tree, "/sys/devices/system/cpu/present", "0-3\n");
        for (unsigned i = 0; i < 8; i++) {
                strscpyf(path, sizeof(path), "/sys/devices/system/memory/memory%u", i);
                tree_dir(&m->tree, path);
        }
        tree_text(&m->tree, "/proc/cmdline", "root=/dev/vda crashkernel=256M\n");
        tree_text(&m->tree, "/proc/sys/kernel/random/boot_id",
                  "01234567-89ab-cdef-0123-456789abcdef\n");
        tree_dir(&m->tree, "/run/kdumpd");
        tree_dir(&m->tree, "/run/kdumpd-daemon");
        strscpyf(text, sizeof(text), script, m->tree.path);
        tree_text(&m->tree, "/loader", text);
        ck_assert_int_eq(fchmodat(m->tree.fd, "loader", 0755, 0), 0);
        strscpyf(m->bus_address, sizeof(m->bus_address), "unix:path=%s/run/bus", m->tree.path);

        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        ck_assert_int_ge(fd, 0);
        strscpyf(address.sun_path, sizeof(address.sun_path), "%s/notify", m->tree.path);
        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        start_pump(m, fd);
}

void machine_done_fake(FakeMachine *m) {
        if (m->pid > 0) {
                (void)kill(m->pid, SIGKILL);
                (void)waitpid(m->pid, NULL, 0);
        }
        machine_stop_bus(m);
        if (m->systemd_pid > 0) {
                (void)kill(m->systemd_pid, SIGKILL);
                (void)waitpid(m->systemd_pid, NULL, 0);
        }
        (void)kill(m->pump, SIGKILL);
        (void)waitpid(m->pump, NULL, 0);
        (void)close(m->notify_fd);
        tree_done(&m->tree);
}

static void set(const char *name, const char *value) {
        if (value ? setenv(name, value, 1) < 0 : unsetenv(name) < 0)
                _exit(126);
}

/* In the child. */
static void run(const FakeMachine *m) {
        const char *builddir = getenv("builddir");
        char program[512], root[128], loader[256], builder[128], text[128];
        sigset_t none;
        int fd;

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        strscpyf(program, sizeof(program), "%s/kdumpd", builddir ?: ".");
        strscpyf(root, sizeof(root), "--root=%s", m->tree.path);
        strscpyf(builder, sizeof(builder), "--builder=%s/builder", m->tree.path);
        if (m->loader)
                strscpyf(loader, sizeof(loader), "--helper=%s", m->loader);
        else
                strscpyf(loader, sizeof(loader), "--helper=%s/loader", m->tree.path);
        strscpyf(text, sizeof(text), "%s/notify", m->tree.path);
        set("NOTIFY_SOCKET", text);
        set("DBUS_SYSTEM_BUS_ADDRESS", m->bus_address);
        set("JOURNAL_STREAM", NULL);
        set("WATCHDOG_PID", NULL);
        strscpyf(text, sizeof(text), "%u000", m->watchdog_msec);
        set("WATCHDOG_USEC", m->watchdog_msec > 0 ? text : NULL);
        fd = openat(m->tree.fd, "log", O_WRONLY | O_CREAT | O_APPEND, 0644);
        if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
                _exit(126);
        if (m->without_net_admin && prctl(PR_CAPBSET_DROP, CAP_NET_ADMIN) < 0)
                _exit(126);
        /* What no option says is for who calls it as a function. */
        if (m->refresh_usec > 0 || m->files_patience_usec > 0)
                _exit(daemon_main(&(Options){ .root = startswith(root, "--root="),
                                              .loader = startswith(loader, "--helper="),
                                              .builder = startswith(builder, "--builder="),
                                              .program = program,
                                              .refresh_soon_usec = m->refresh_usec,
                                              .files_patience_usec = m->files_patience_usec,
                                              .another_file = "/another" }));
        (void)execl(program, "kdumpd", root, loader, builder, NULL);
        _exit(127);
}

void machine_start(FakeMachine *m) {
        ck_assert_int_eq(m->pid, 0);
        machine_listen(m);
        m->n_ready = m->n_reloading = m->n_stopping = m->n_watchdog = 0;
        m->status[0] = '\0';
        m->pid = fork();
        ck_assert_int_ge(m->pid, 0);
        if (m->pid == 0)
                run(m);
}

void machine_start_bus(FakeMachine *m) {
        char option[128], config[1024];

        strscpyf(config, sizeof(config),
                 "<!DOCTYPE busconfig PUBLIC "
                 "\"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" "
                 "\"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
                 "<busconfig><listen>%s</listen><auth>EXTERNAL</auth><policy context=\"default\">"
                 "<allow user=\"*\"/><allow own=\"*\"/><allow send_destination=\"*\" "
                 "eavesdrop=\"true\"/><allow eavesdrop=\"true\"/></policy></busconfig>\n",
                 m->bus_address);
        tree_text(&m->tree, "/bus.conf", config);
        strscpyf(option, sizeof(option), "--config-file=%s/bus.conf", m->tree.path);
        m->bus_pid = fork();
        ck_assert_int_ge(m->bus_pid, 0);
        if (m->bus_pid == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void)execlp("dbus-daemon", "dbus-daemon", option, "--nofork", "--nopidfile", NULL);
                _exit(127);
        }
        AWAIT_MACHINE(m, exists_below(m->tree.fd, "/run/bus"));
}

void machine_stop_bus(FakeMachine *m) {
        if (m->bus_pid <= 0)
                return;
        ck_assert_int_eq(kill(m->bus_pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(m->bus_pid, NULL, 0), m->bus_pid);
        m->bus_pid = 0;
        tree_unlink(&m->tree, "/run/bus");
}

#define SYSTEM_STATE  "/system-state"
#define SYSTEMD_PLAYS "/systemd-plays"

static int get_system_state(sd_bus *bus, const char *path, const char *interface, const char *name,
                            sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const FakeMachine *m = userdata;
        char state[64];

        if (read_line_below(m->tree.fd, SYSTEM_STATE, state, sizeof(state)) < 0)
                (void)pause();
        return sd_bus_message_append(reply, "s", state);
}

static const sd_bus_vtable systemd_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("SystemState", "s", get_system_state, 0, 0),
        SD_BUS_VTABLE_END,
};

/* In a process of its own. */
static void play_systemd(FakeMachine *m) {
        sd_bus *bus = NULL;
        int r;

        set("DBUS_SYSTEM_BUS_ADDRESS", m->bus_address);
        /* Its socket is there a moment before it listens. */
        while ((r = sd_bus_open_system(&bus)) == -ECONNREFUSED)
                (void)poll(NULL, 0, 5);
        if (r >= 0)
                r = sd_bus_add_object_vtable(bus, NULL, "/org/freedesktop/systemd1",
                                             "org.freedesktop.systemd1.Manager", systemd_vtable, m);
        if (r >= 0)
                r = sd_bus_request_name(bus, "org.freedesktop.systemd1", 0);
        if (r >= 0)
                tree_text(&m->tree, SYSTEMD_PLAYS, "");
        while (r >= 0) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
        }
        _exit(0);
}

void machine_start_systemd(FakeMachine *m, const char *state) {
        tree_dir(&m->tree, "/run/systemd/system");
        if (state)
                tree_text(&m->tree, SYSTEM_STATE, state);
        machine_start_bus(m);
        m->systemd_pid = fork();
        ck_assert_int_ge(m->systemd_pid, 0);
        if (m->systemd_pid == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                play_systemd(m);
        }
        AWAIT_MACHINE(m, exists_below(m->tree.fd, SYSTEMD_PLAYS));
}

uint64_t machine_number(const FakeMachine *m, const char *property) {
        sd_bus *bus = NULL;
        uint64_t value = UINT64_MAX;

        ck_assert_int_eq(setenv("DBUS_SYSTEM_BUS_ADDRESS", m->bus_address, 1), 0);
        if (sd_bus_open_system(&bus) >= 0)
                (void)sd_bus_get_property_trivial(bus, "org.kdumpd1", "/org/kdumpd1",
                                                  "org.kdumpd1.Manager", property, NULL, 't',
                                                  &value);
        sd_bus_flush_close_unref(bus);
        return value;
}

static void take_line(FakeMachine *m, const char *line) {
        const char *value;

        m->n_ready += streq(line, "READY=1");
        m->n_reloading += streq(line, "RELOADING=1");
        m->n_stopping += streq(line, "STOPPING=1");
        m->n_watchdog += streq(line, "WATCHDOG=1");
        value = startswith(line, "STATUS=");
        if (value)
                strscpy(m->status, sizeof(m->status), value);
}

void machine_listen(FakeMachine *m) {
        struct pollfd p = { .fd = m->notify_fd, .events = POLLIN };
        char text[2048], *line, *rest;
        ssize_t n;

        ck_assert_int_ge(poll(&p, 1, 20), 0);
        while ((n = recv(m->notify_fd, text, sizeof(text) - 1, MSG_DONTWAIT)) > 0) {
                text[n] = '\0';
                rest = text;
                while ((line = strsep(&rest, "\n")))
                        take_line(m, line);
        }
}

int machine_wait(FakeMachine *m) {
        pid_t pid = m->pid;
        int status = 0;

        AWAIT_MACHINE(m, waitpid(pid, &status, WNOHANG) == pid);
        m->pid = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void machine_stop(FakeMachine *m) {
        ck_assert_int_eq(kill(m->pid, SIGTERM), 0);
        ck_assert_int_eq(machine_wait(m), 0);
        AWAIT_MACHINE(m, m->n_stopping > 0);
        ck_assert_uint_eq(m->n_stopping, 1);
}

static char *read_text(const FakeMachine *m, const char *path) {
        char *text;

        if (read_file_below(m->tree.fd, path, 1 << 20, &text, NULL) < 0)
                text = strdup("");
        ck_assert_ptr_nonnull(text);
        return text;
}

void machine_give_up(const FakeMachine *m, const char *what) {
        _cleanup_free_ char *log = read_text(m, "/log"), *calls = read_text(m, "/calls");

        ck_abort_msg("waited in vain for %s; status \"%s\"; calls:\n%slog:\n%s", what, m->status,
                     calls, log);
}

unsigned machine_calls(const FakeMachine *m, const char *verb) {
        _cleanup_free_ char *text = read_text(m, "/calls");
        char *line, *rest = text;
        unsigned n = 0;

        while ((line = strsep(&rest, "\n")))
                n += streq(line, verb);
        return n;
}

bool machine_is_loaded(const FakeMachine *m) {
        _cleanup_free_ char *text = read_text(m, LOADED);

        return streq(text, "1\n");
}

void machine_set_loaded(const FakeMachine *m, bool loaded) {
        tree_text(&m->tree, LOADED, loaded ? "1\n" : "0\n");
}

bool machine_logged(const FakeMachine *m, const char *text) {
        _cleanup_free_ char *log = read_text(m, "/log");

        return strstr(log, text) != NULL;
}

void machine_hold(const FakeMachine *m, bool hold) {
        if (hold)
                tree_text(&m->tree, "/hold", "");
        else
                tree_unlink(&m->tree, "/hold");
}
