/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdump-mkinitramfs: makes the initramfs that saves a dump. For kdumpd, as a service with its own
 * privileges, or run by the hooks of kernel packages, or by hand. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/ioprio.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/file-util.h"
#include "core/paths.h"
#include "mkinitramfs/builder.h"
#include "mkinitramfs/contents.h"
#include "mkinitramfs/output.h"
#include "mkinitramfs/report.h"
#include "sys/conffile.h"
#include "sys/job-server.h"
#include "sys/kernel-state.h"
#include "sys/kexec-mark.h"
#include "sys/locate.h"
#include "sys/options.h"

enum {
        EXIT_FAILED = 1,
        EXIT_USAGE = 2,
};

#define KEPT_IMAGE STATE_DIRECTORY "/%s/initramfs.img"
#define KEPT_NOTE  STATE_DIRECTORY "/%s/inputs.json"

static const char *arg_root = "";
static const char *arg_release;
static const char *arg_output;
static const char *arg_capture_program = KDUMPD_CAPTURE_PROGRAM;
static bool arg_if_needed;
static bool arg_dry_run;
static bool arg_json;
static bool arg_note_tables;
static bool arg_read_mark;
static bool arg_serve;

static const char help[] =
        "kdump-mkinitramfs [OPTIONS...]\n"
        "\n"
        "Make the initramfs that saves a dump after a panic, for this machine.\n"
        "\n"
        "     --if-needed  Only if something has changed since the last time\n"
        "     --kernel-release=RELEASE\n"
        "                  For this kernel instead of the one that kdumpd loads\n"
        "     --output=FILE\n"
        "                  Write it there instead of below /var/lib/kdumpd\n"
        "  -n --dry-run    Show what would be in it, write nothing\n"
        "     --json       Print the result as one line of JSON\n"
        "     --note-tables\n"
        "                  Note for kdumpd, which may not look, how logical volumes\n"
        "                  are put together\n"
        "     --root=DIR   Make it for the system below DIR\n"
        "  -h --help       Show this help\n"
        "     --version    Show the version\n"
        "\n"
        "It ends with 0 if that worked, 1 if not, 2 for wrong usage.\n";

static int usage_error(const char *text) {
        (void)fprintf(stderr, "kdump-mkinitramfs: %s\n", text);
        return -EINVAL;
}

static int check_arguments(int n_rest) {
        if (n_rest > 0)
                return usage_error("it takes no arguments besides options");
        if (arg_root[0] != '\0' && arg_root[0] != '/')
                return usage_error("--root= takes an absolute path");
        if (streq(arg_root, "/"))
                arg_root = "";
        if (arg_output && arg_output[0] != '/')
                return usage_error("--output= takes an absolute path");
        if (arg_output && arg_if_needed)
                return usage_error("--output= and --if-needed exclude each other");
        if (arg_capture_program[0] != '/')
                return usage_error("--capture-program= takes an absolute path");
        if (arg_release && (arg_release[0] == '\0' || arg_release[0] == '.' ||
                            strchr(arg_release, '/') || strlen(arg_release) >= PLACES_RELEASE_MAX))
                return usage_error(
                        "--kernel-release= takes a kernel release, as \"uname -r\" says it");
        if (arg_note_tables && (arg_output || arg_if_needed || arg_dry_run || arg_root[0]))
                return usage_error("--note-tables goes with no other option");
        return 1;
}

/* Returns 1 to go on, 0 if all is said, or -EINVAL. */
static int parse_argv(int argc, char **argv) {
        static const Option options[] = {
                /* For tests; in no help. */
                { .name = "capture-program", .value = &arg_capture_program },
                { .name = "dry-run", .letter = 'n', .flag = &arg_dry_run },
                { .name = "if-needed", .flag = &arg_if_needed },
                { .name = "json", .flag = &arg_json },
                { .name = "kernel-release", .value = &arg_release },
                { .name = "note-tables", .flag = &arg_note_tables },
                { .name = "output", .value = &arg_output },
                /* For kdumpd where it has no kdumpd-notes@.service; in no help. */
                { .name = "read-mark", .flag = &arg_read_mark },
                { .name = "root", .value = &arg_root },
                /* For kdumpd-build@.service, and kdumpd-notes@.service; in no help. */
                { .name = "serve", .flag = &arg_serve },
        };
        int r;

        r = options_parse(argc, argv, "kdump-mkinitramfs", help, options, ELEMENTSOF(options));
        if (r > 0 && arg_serve && argc > 2 + arg_note_tables)
                return usage_error("--serve goes with no other option but --note-tables");
        return r <= 0 ? r : check_arguments(argc - optind);
}

/* --- which kernel */

static int find_release(Builder *b) {
        char release[PLACES_RELEASE_MAX];
        LocateRequest request;
        struct utsname name;

        if (arg_release)
                strscpy(release, sizeof(release), arg_release);
        else {
                if (uname(&name) < 0)
                        return fail(b, -errno, "uname failed: %s", strerror(errno));
                request = (LocateRequest){ .root_fd = b->root_fd,
                                           .settings = b->settings,
                                           .architecture = name.machine,
                                           .release = name.release };
                if (locate_kernel_release(&request, release, &b->error) != FAILURE_NONE)
                        return -ENOENT;
        }
        b->release = strdup(release);
        return b->release ? 0 : fail_memory(b);
}

/* --- reading what is there */

static int read_mounts(Builder *b, const char *file, bool is_fstab, Mounts **ret) {
        int r;

        r = mounts_read_below(b->root_fd, file, is_fstab, ret);
        return r == -ENOMEM ? fail_memory(b) : 0;
}

/* The kernel is asked only for the system that runs on it, and if one may. */
static void read_tables(Builder *b) {
        b->tables_error = b->root[0] == '\0' ? dm_tables_read(&b->tables) : -EACCES;
        if (b->tables_error >= 0 || dm_tables_noted(b->root_fd, &b->tables) < 0)
                return;
        b->tables_error = 0;
        b->tables_are_old = dm_note_is_old(b->root_fd);
}

static int collect(Builder *b) {
        int r;

        r = find_release(b);
        if (r >= 0)
                r = read_mounts(b, "/proc/self/mountinfo", false, &b->mounts);
        if (r >= 0)
                r = read_mounts(b, "/etc/fstab", true, &b->fstab);
        if (r < 0)
                return r;
        read_tables(b);
        return contents_collect(b);
}

static int make(Builder *b, Image *image) {
        _cleanup_free_ char *path = NULL, *note = NULL;

        if (arg_output)
                return image_make(b, arg_output, NULL, false, image);
        if (asprintf(&path, KEPT_IMAGE, b->release) < 0) {
                path = NULL;
                return fail_memory(b);
        }
        if (asprintf(&note, KEPT_NOTE, b->release) < 0) {
                note = NULL;
                return fail_memory(b);
        }
        return image_make(b, path, note, arg_if_needed, image);
}

static int run(int root_fd) {
        _cleanup_(settings_done) Settings settings = { 0 };
        _cleanup_(builder_done) Builder b = { .root_fd = root_fd,
                                              .root = arg_root,
                                              .settings = &settings,
                                              .capture_program = arg_capture_program };
        _cleanup_(image_done) Image image = { 0 };
        Error error;
        int r;

        /* It would be for the hardware that the capture kernel has left of the machine. */
        if (!arg_dry_run && kernel_is_capture(root_fd)) {
                r = fail(&b, -EOPNOTSUPP, CAPTURE_KERNEL_TEXT);
                return report_result(stdout, &b, r, &image, arg_json);
        }
        /* As in kdump-load: whoever wants JSON has read the same files, and complained. */
        r = conffile_read(arg_root, &settings, arg_json ? NULL : conffile_print_warning, NULL, NULL,
                          &error);
        if (r < 0)
                (void)fail(&b, r, "%s", error.text);
        else
                r = collect(&b);
        if (r >= 0 && arg_dry_run)
                return report_contents(stdout, &b);
        if (r >= 0)
                r = make(&b, &image);
        return report_result(stdout, &b, r, &image, arg_json);
}

/* Returns 0 or negative errno, after saying so. */
static int note_tables(int root_fd) {
        DmTables tables = { 0 };
        int r;

        (void)umask(0077);
        r = dm_tables_read(&tables);
        if (r >= 0)
                r = dm_tables_note(root_fd, &tables);
        dm_tables_done(&tables);
        if (r < 0)
                (void)fprintf(stderr,
                              "kdump-mkinitramfs: the tables of device-mapper devices cannot be "
                              "noted: %s\n",
                              strerror(-r));
        return r;
}

/* Which image is loaded, for kdumpd, which may not read the kernel's memory. */
static int read_mark(int root_fd) {
        char line[MARK_ANSWER_MAX];
        MarkAnswer answer;

        (void)umask(0077);
        kexec_mark_read(root_fd, &answer);
        mark_answer_format(&answer, line);
        (void)fputs(line, stdout);
        return 0;
}

static int run_once(void) {
        _cleanup_close_ int root_fd = -EBADF;
        int r;

        root_fd = open_root(isempty(arg_root) ? "/" : arg_root);
        if (root_fd < 0) {
                (void)fprintf(stderr, "kdump-mkinitramfs: \"%s\" cannot be opened: %s\n", arg_root,
                              strerror(-root_fd));
                return EXIT_FAILED;
        }
        r = arg_note_tables ? note_tables(root_fd)
            : arg_read_mark ? read_mark(root_fd)
                            : run(root_fd);
        return r < 0 ? EXIT_FAILED : EXIT_SUCCESS;
}

/* An image is loaded already. What cannot be lowered stays as it is. */
static void lower_priority(void) {
        (void)setpriority(PRIO_PROCESS, 0, 19);
        (void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
                      IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
}

/* One request of kdumpd's, in a process of its own. */
static int serve(void *userdata, const JobRequest *request) {
        if (arg_note_tables) {
                arg_note_tables = request->verb == JOB_VERB_TABLES;
                arg_read_mark = !arg_note_tables;
                return run_once();
        }
        arg_json = true;
        arg_if_needed = request->verb == JOB_VERB_BUILD;
        if (!(request->flags & JOB_FLAG_URGENT))
                lower_priority();
        return run_once();
}

int main(int argc, char **argv) {
        JobServer server = {
                .name = "kdump-mkinitramfs",
                .ends_with_caller = true,
                .run = serve,
        };
        int r;

        r = parse_argv(argc, argv);
        if (r <= 0)
                return r < 0 ? EXIT_USAGE : EXIT_SUCCESS;
        if (!arg_serve)
                return run_once();
        server.verbs = arg_note_tables ? 1u << JOB_VERB_TABLES | 1u << JOB_VERB_MARK
                                       : 1u << JOB_VERB_BUILD | 1u << JOB_VERB_REBUILD;
        server.takes_errors = !arg_note_tables; /* they go to the journal */
        return job_server_main(&server);
}
