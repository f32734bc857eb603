/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs commands that the host sends over a virtio-serial port, several at a time.
 *
 * host to guest:  "run ID LENGTH\n" + that many bytes for /bin/sh -c
 *                 "signal ID NUMBER\n", to the whole process group of the command
 * guest to host:  "hello\n" when the agent starts
 *                 "out ID LENGTH\n" + bytes, "err ID LENGTH\n" + bytes
 *                 "exit ID STATUS\n" (128 + signal if one ended it), after all of its output
 *
 * A command that leaves processes behind with the pipes open does not hold up its exit line. */

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORT_NAME "kdumpd.agent"
#define JOBS_MAX 32
#define SCRIPT_MAX (256 * 1024)

struct job {
        unsigned id;
        pid_t pid;              /* 0: this slot is free */
        int fd[2];              /* stdout and stderr of the command */
};

static struct job jobs[JOBS_MAX];
static int port = -1;

static void die(const char *what) {
        fprintf(stderr, "%s: %m\n", what);
        exit(EXIT_FAILURE);
}

static void send_all(const char *data, size_t size) {
        while (size > 0) {
                ssize_t n = write(port, data, size);

                if (n < 0) {
                        if (errno == EINTR || errno == EAGAIN) {
                                usleep(1000);
                                continue;
                        }
                        die("write to the host");
                }
                data += n;
                size -= (size_t) n;
        }
}

static void say(const char *format, ...) {
        char line[128];
        va_list args;

        va_start(args, format);
        vsnprintf(line, sizeof(line), format, args);
        va_end(args);
        send_all(line, strlen(line));
}

static void open_port(void) {
        static const char directory[] = "/sys/class/virtio-ports";
        struct dirent *entry;
        DIR *dir = opendir(directory);

        if (!dir)
                die(directory);
        while ((entry = readdir(dir))) {
                char path[sizeof(directory) + sizeof(entry->d_name) + 16], name[64] = "";
                FILE *f;

                snprintf(path, sizeof(path), "%s/%s/name", directory, entry->d_name);
                f = fopen(path, "re");
                if (!f)
                        continue;
                if (!fgets(name, sizeof(name), f))
                        name[0] = 0;
                fclose(f);
                if (strcmp(name, PORT_NAME "\n") != 0)
                        continue;
                snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
                port = open(path, O_RDWR | O_CLOEXEC);
                if (port < 0)
                        die(path);
        }
        closedir(dir);
        if (port < 0) {
                errno = ENODEV;
                die(PORT_NAME);
        }
}

static void run_script(unsigned id, const char *script) {
        struct job *job = NULL;
        int out[2], err[2];

        for (size_t i = 0; i < JOBS_MAX && !job; i++)
                if (jobs[i].pid == 0)
                        job = &jobs[i];
        if (!job || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0) {
                say("exit %u 255\n", id);
                return;
        }

        job->pid = fork();
        if (job->pid < 0)
                die("fork");
        if (job->pid == 0) {
                sigset_t none;
                int null = open("/dev/null", O_RDONLY);

                sigemptyset(&none);
                sigprocmask(SIG_SETMASK, &none, NULL);
                setsid();
                setpriority(PRIO_PROCESS, 0, 0);
                dup2(null, STDIN_FILENO);
                dup2(out[1], STDOUT_FILENO);
                dup2(err[1], STDERR_FILENO);
                setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:"
                               "/usr/local/lib/vmtest", 1);
                setenv("LC_ALL", "C.UTF-8", 1);
                setenv("HOME", "/root", 1);
                execl("/bin/sh", "sh", "-c", script, NULL);
                _exit(127);
        }
        close(out[1]);
        close(err[1]);
        fcntl(out[0], F_SETFL, O_NONBLOCK);
        fcntl(err[0], F_SETFL, O_NONBLOCK);
        job->id = id;
        job->fd[0] = out[0];
        job->fd[1] = err[0];
}

/* Pass on what one pipe of a command holds now. */
static void drain(struct job *job, int which) {
        static char buffer[16384];

        while (job->fd[which] >= 0) {
                ssize_t n = read(job->fd[which], buffer, sizeof(buffer));

                if (n > 0) {
                        say("%s %u %zd\n", which == 0 ? "out" : "err", job->id, n);
                        send_all(buffer, (size_t) n);
                } else if (n < 0 && errno == EINTR) {
                        continue;
                } else if (n < 0 && errno == EAGAIN) {
                        return;
                } else {
                        close(job->fd[which]);
                        job->fd[which] = -1;
                }
        }
}

static void reap(void) {
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
                for (struct job *job = jobs; job < jobs + JOBS_MAX; job++) {
                        if (job->pid != pid)
                                continue;
                        for (int which = 0; which < 2; which++) {
                                drain(job, which);
                                if (job->fd[which] >= 0)
                                        close(job->fd[which]);
                                job->fd[which] = -1;
                        }
                        job->pid = 0;
                        say("exit %u %d\n", job->id,
                            WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
                }
}

static void signal_job(unsigned id, int number) {
        for (struct job *job = jobs; job < jobs + JOBS_MAX; job++)
                if (job->pid > 0 && job->id == id)
                        kill(-job->pid, number);
}

/* Take all complete messages out of the buffer; returns how many bytes are left in it. */
static size_t take_messages(char *buffer, size_t size) {
        for (;;) {
                char *end = memchr(buffer, '\n', size);
                unsigned id, number;
                size_t used;

                if (!end)
                        return size;
                *end = 0;
                used = (size_t) (end - buffer) + 1;
                if (sscanf(buffer, "run %u %u", &id, &number) == 2 && number < SCRIPT_MAX) {
                        char saved;

                        if (size < used + number) {
                                *end = '\n';
                                return size;
                        }
                        saved = buffer[used + number];
                        buffer[used + number] = 0;
                        run_script(id, buffer + used);
                        buffer[used + number] = saved;
                        used += number;
                } else if (sscanf(buffer, "signal %u %u", &id, &number) == 2)
                        signal_job(id, (int) number);
                size -= used;
                memmove(buffer, buffer + used, size);
        }
}

int main(void) {
        static char buffer[SCRIPT_MAX + 256];
        size_t size = 0;
        sigset_t mask;
        int children;

        sigemptyset(&mask);
        sigaddset(&mask, SIGCHLD);
        sigprocmask(SIG_BLOCK, &mask, NULL);
        children = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
        if (children < 0)
                die("signalfd");
        open_port();
        say("hello\n");

        for (;;) {
                struct pollfd polls[2 + 2 * JOBS_MAX] = {
                        { .fd = port, .events = POLLIN },
                        { .fd = children, .events = POLLIN },
                };

                for (size_t i = 0; i < JOBS_MAX; i++)
                        for (int which = 0; which < 2; which++)
                                polls[2 + 2 * i + (size_t) which] = (struct pollfd) {
                                        .fd = jobs[i].pid > 0 ? jobs[i].fd[which] : -1,
                                        .events = POLLIN,
                                };
                if (poll(polls, 2 + 2 * JOBS_MAX, -1) < 0 && errno != EINTR)
                        die("poll");

                for (size_t i = 0; i < JOBS_MAX; i++)
                        for (int which = 0; which < 2; which++)
                                if (polls[2 + 2 * i + (size_t) which].revents)
                                        drain(&jobs[i], which);
                if (polls[1].revents) {
                        struct signalfd_siginfo info;

                        while (read(children, &info, sizeof(info)) > 0)
                                ;
                        reap();
                }
                if (polls[0].revents & POLLIN) {
                        ssize_t n = read(port, buffer + size, sizeof(buffer) - 1 - size);

                        if (n > 0)
                                size = take_messages(buffer, size + (size_t) n);
                } else if (polls[0].revents)
                        usleep(50000);  /* nobody is at the other end yet */
        }
}
