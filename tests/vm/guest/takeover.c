/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in a program's place and tries what that program must not be able to do. Prints a line for
 * each: "refused NAME: ERROR", "DONE NAME", or for what it may do "can NAME" and "CANNOT NAME".
 *
 * Nothing that succeeds does harm: signals are 0, system calls have arguments that are refused after
 * the check of privileges.
 *
 *      takeover DUMP VICTIM
 *
 * DUMP: a file of root's; VICTIM: a process of root's.
 *
 *      takeover --hold SOCKET
 *
 * Connects to a service, says "connected", and waits to be killed. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define JOB_MAGIC 0x626f6a6bu /* src/core/job-packet.h */
#define JOB_LOAD 3
#define JOB_UNLOAD 4

static void tell(const char *what, const char *name, bool done) {
        if (done)
                printf("DONE %s %s\n", what, name);
        else
                printf("refused %s %s: %s\n", what, name, strerrordesc_np(errno));
}

static void read_file(const char *path) {
        char bytes[8192]; /* a record of the kernel's log is read whole or not at all */
        int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

        tell("read", path, fd >= 0 && read(fd, bytes, sizeof(bytes)) > 0);
        if (fd >= 0)
                close(fd);
}

static bool can_write(const char *directory) {
        char path[256];
        int fd;

        snprintf(path, sizeof(path), "%s/takeover", directory);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
                return false;
        close(fd);
        unlink(path);
        return true;
}

static void write_below(const char *directory) {
        tell("write", directory, can_write(directory));
}

static void replace(const char *path) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        tell("change", path, fd >= 0);
        if (fd >= 0)
                close(fd);
}

/* EPERM comes first, and any other error after it. */
static void call(const char *name, long result) {
        tell("call", name, result >= 0 || (errno != EPERM && errno != EACCES && errno != ENOSYS));
}

static void make_socket(const char *name, int family, int type, int protocol) {
        int fd = socket(family, type | SOCK_CLOEXEC, protocol);

        tell("network", name, fd >= 0);
        if (fd >= 0)
                close(fd);
}

static int connect_to(const char *path, int type) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

        strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
        if (fd >= 0 && connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0) {
                int error = errno;

                close(fd);
                errno = error;
                return -1;
        }
        return fd;
}

/* Everything that the loader answers, up to its end: whether that is a success. */
static bool ask(uint32_t verb, size_t size) {
        struct {
                uint32_t magic, version, serial, is_end;
                int32_t error, code, status;
                uint32_t size;
                char text[65536];
        } answer;
        uint32_t request[16] = { JOB_MAGIC, 1, 1, verb, 1 };
        int fd = connect_to("/run/kdumpd/load.socket", SOCK_SEQPACKET);
        bool good = false;
        ssize_t n;

        if (fd < 0)
                return false;
        errno = EPROTO;
        if (send(fd, request, size, MSG_NOSIGNAL) == (ssize_t) size) {
                while ((n = recv(fd, &answer, sizeof(answer), 0)) > 0) {
                        if (!answer.is_end)
                                continue;
                        good = answer.error == 0 && answer.code == CLD_EXITED && answer.status == 0;
                        errno = answer.error < 0 ? -answer.error : EPERM;
                        break;
                }
        }
        close(fd);
        return good;
}

static void files(const char *dump) {
        static const char *const secret[] = { "/etc/shadow", "/proc/1/environ", "/proc/kcore",
                                              "/dev/kmsg", "/dev/mem", "/dev/vda",
                                              "/var/lib/kdumpd/secret" };
        static const char *const places[] = {
                "/", "/etc", "/etc/kdumpd", "/etc/systemd/system", "/usr/lib/kdumpd", "/boot",
                "/run", "/run/kdumpd", "/run/kdumpd-load", "/run/systemd/system", "/var/lib/kdumpd",
                "/var/crash", "/var/tmp", "/tmp", "/dev", "/dev/shm", "/root"
        };
        static const char *const kept[] = { "/run/kdumpd-load/image.json", "/etc/passwd",
                                            "/sys/kernel/kexec_crash_size", "/proc/sys/kernel/panic",
                                            "/proc/sysrq-trigger", "/sys/fs/cgroup/cgroup.procs" };

        read_file(dump);
        for (size_t i = 0; i < sizeof(secret) / sizeof(*secret); i++)
                read_file(secret[i]);
        for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
                write_below(places[i]);
        for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
                replace(kept[i]);
}

static void processes(pid_t victim) {
        tell("signal", "process 1", kill(1, 0) >= 0);
        tell("signal", "a process of root's", kill(victim, 0) >= 0);
        tell("trace", "process 1", ptrace(PTRACE_SEIZE, 1, 0, 0) >= 0);
        tell("trace", "a process of root's", ptrace(PTRACE_SEIZE, victim, 0, 0) >= 0);
        tell("connect", "the private socket of systemd",
             connect_to("/run/systemd/private", SOCK_STREAM) >= 0);
        call("setresuid", syscall(SYS_setresuid, 0, 0, 0));
}

static void calls(void) {
        uint32_t attribute[32] = { 0 };

        call("kexec_load", syscall(SYS_kexec_load, 0, 0, NULL, 0xffffffffUL));
        call("kexec_file_load", syscall(SYS_kexec_file_load, -1, -1, 0, NULL, ~0UL));
        call("reboot", syscall(SYS_reboot, 1, 2, 3, NULL));
        call("bpf", syscall(SYS_bpf, 5, attribute, sizeof(attribute)));
        call("perf_event_open", syscall(SYS_perf_event_open, attribute, 1, 0, -1, 0));
        call("init_module", syscall(SYS_init_module, NULL, 0, ""));
        call("mount", mount("none", "/proc/self/fd", "tmpfs", 0, NULL));
        call("add_key", syscall(SYS_add_key, "user", "x", "y", 1, -3));
        call("setns", syscall(SYS_setns, -1, 0));
        call("settimeofday", syscall(SYS_settimeofday, NULL, NULL));
}

static int hold(const char *path) {
        if (connect_to(path, SOCK_SEQPACKET) < 0) {
                perror(path);
                return 1;
        }
        printf("connected\n");
        for (;;)
                pause();
}

int main(int argc, char **argv) {
        if (argc != 3)
                return 2;
        setvbuf(stdout, NULL, _IOLBF, 0);
        if (strcmp(argv[1], "--hold") == 0)
                return hold(argv[2]);
        files(argv[1]);
        processes((pid_t) atoi(argv[2]));
        calls();
        make_socket("IPv4", AF_INET, SOCK_STREAM, 0);
        make_socket("IPv6", AF_INET6, SOCK_DGRAM, 0);
        make_socket("netlink", AF_NETLINK, SOCK_RAW, 0);
        make_socket("packets", AF_PACKET, SOCK_RAW, 0);
        make_socket("vsock", AF_VSOCK, SOCK_STREAM, 0);
        tell("ask for", "an unload", ask(JOB_UNLOAD, 20));
        tell("ask for", "a load of its own choice", ask(JOB_LOAD, 24));
        printf("%s load what is configured\n", ask(JOB_LOAD, 20) ? "can" : "CANNOT");
        printf("%s write its own directory\n", can_write("/run/kdumpd-daemon") ? "can" : "CANNOT");
        /* The last, as after these nothing is what it was. */
        call("chroot", chroot("/proc"));
        call("unshare", unshare(CLONE_NEWUSER));
        return 0;
}
