/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs that ask the daemon. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "base/time-util.h"
#include "ctl/client.h"
#include "ctl/command.h"
#include "ctl/json.h"
#include "ctl/metrics.h"
#include "ctl/output.h"
#include "ctl/print.h"
#include "ctl/verbs.h"
#include "sys/kernel-state.h"
#include "sys/report-json.h"
#include "sys/reservation.h"

static int get_status(Status *ret, Error *reterr) {
        _cleanup_client_ Client *client = NULL;
        int r;

        r = client_new(&client, reterr);
        if (r < 0)
                return r;
        return client_get_status(client, ret, reterr);
}

/* Whether there is an image that a dead or unreachable daemon left: a panic would use it. */
static bool image_is_loaded(const char *root) {
        _cleanup_close_ int root_fd = open_root(*root ? root : "/");

        return root_fd >= 0 && kernel_crash_loaded(root_fd) > 0;
}

#define UNWATCHED                                                                  \
        "; the kernel holds a crash kernel image, but nobody can tell whether it " \
        "still covers the machine"

static bool is_capture_kernel(const char *root) {
        _cleanup_close_ int root_fd = open_root(*root ? root : "/");

        return root_fd >= 0 && kernel_is_capture(root_fd);
}

/* kdumpd does not run there, so this speaks for it. */
static int status_of_capture_kernel(const Options *options) {
        static const StatusIndex told[] = { STATUS_INDEX_Armed, STATUS_INDEX_State,
                                            STATUS_INDEX_StateReason };
        _cleanup_(status_done) Status status = {
                .state = strdup("unavailable"),
                .state_reason = strdup(CAPTURE_KERNEL_TEXT),
        };

        for (size_t i = 0; i < ELEMENTSOF(told); i++)
                status.received |= UINT64_C(1) << told[i];
        if (!options->json)
                print_status_head(stdout, &status, realtime_usec(), want_colour(STDOUT_FILENO));
        else if (json_print_status(stdout, &status) < 0)
                return complain("out of memory");
        return EXIT_NOT_OPERATIONAL;
}

/* Whether a file is another one than when it was loaded. Who may not read the record goes by the
 * times alone. */
static bool is_changed(int root_fd, const char *path, const FileIdentity *then, uint64_t loaded) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        uint64_t mtime;

        if (isempty(path))
                return false;
        fd = open_below(root_fd, path, O_PATH);
        if (fd < 0 || fstat(fd, &st) < 0)
                return false;
        mtime = (uint64_t)st.st_mtim.tv_sec * USEC_PER_SEC * 1000 + (uint64_t)st.st_mtim.tv_nsec;
        if (!streq_ptr(path, then->path))
                return loaded > 0 && mtime / 1000 > loaded;
        return then->device != st.st_dev || then->inode != st.st_ino ||
               then->size != (uint64_t)st.st_size || then->mtime_nsec != mtime;
}

static void compare_files(const Options *options, Status *status) {
        _cleanup_close_ int root_fd = open_root(*options->root ? options->root : "/");
        ImageRecord record = { 0 };
        const LoadReport *report = &record.report;

        if (root_fd < 0 || !status->armed)
                return;
        if (image_record_read(root_fd, &record) < 0)
                record = (ImageRecord){ 0 };
        status->kernel_changed =
                is_changed(root_fd, status->kernel_file, &report->kernel, status->last_load_usec);
        status->initrd_changed =
                is_changed(root_fd, status->initrd_file, &report->initrd, status->last_load_usec);
        image_record_done(&record);
}

int verb_status(const Options *options) {
        _cleanup_(status_done) Status status = { 0 };
        Error error;
        bool colour;
        int r;

        if (is_capture_kernel(options->root))
                return status_of_capture_kernel(options);
        r = get_status(&status, &error);
        if (r < 0) {
                /* Nobody who could say otherwise answers, so this is the safe half of the truth. */
                if (!options->json)
                        print_verdict(stdout, false, want_colour(STDOUT_FILENO));
                (void)fflush(stdout);
                (void)complain("%s%s", error.text, image_is_loaded(options->root) ? UNWATCHED : "");
                return EXIT_NOT_OPERATIONAL;
        }
        if (options->json) {
                compare_files(options, &status);
                if (json_print_status(stdout, &status) < 0)
                        return complain("out of memory");
        } else {
                colour = want_colour(STDOUT_FILENO);
                print_status(stdout, &status, realtime_usec(), colour);
                /* The last, as the files may be on a file system that hangs. */
                (void)fflush(stdout);
                compare_files(options, &status);
                print_changed_files(stdout, &status, colour);
        }
        return status.armed ? EXIT_SUCCESS : EXIT_NOT_OPERATIONAL;
}

int verb_events(const Options *options) {
        _cleanup_client_ Client *client = NULL;
        _cleanup_(daemon_decisions_done) DaemonDecisions decisions = { 0 };
        Error error;
        int r;

        r = client_new(&client, &error);
        if (r >= 0)
                r = client_list_decisions(client, options->decisions, &decisions, &error);
        if (r < 0)
                return complain("%s", error.text);
        if (!options->json)
                print_decisions(stdout, &decisions, want_colour(STDOUT_FILENO));
        else if (json_print_decisions(stdout, &decisions) < 0)
                return complain("out of memory");
        return EXIT_SUCCESS;
}

static int call(const char *method) {
        _cleanup_client_ Client *client = NULL;
        Error error;
        int r;

        r = client_new(&client, &error);
        if (r >= 0)
                r = client_call(client, method, &error);
        if (r < 0)
                return complain("%s", error.text);
        return EXIT_SUCCESS;
}

int verb_load(const Options *options) {
        return call("Load");
}

int verb_unload(const Options *options) {
        _cleanup_close_ int root_fd = open_root("/");
        int r;

        /* kdump-load does not take kdumpd's word for it that root has asked. Who may not write it
         * is refused by kdumpd itself, which has the better words for that. */
        if (root_fd >= 0) {
                (void)make_directory_below(root_fd, RUN_DIRECTORY, 0755);
                (void)!write_file_below(root_fd, UNLOAD_WANTED_PATH, "", 0);
        }
        r = call("Unload");
        if (root_fd >= 0)
                (void)!remove_below(root_fd, UNLOAD_WANTED_PATH);
        return r;
}

int verb_reload(const Options *options) {
        return call("Reload");
}

#define MKINITRAMFS KDUMPD_SBINDIR "/kdump-mkinitramfs"

/* It says nothing before it is done. kdumpd gives it as long. */
#define SILENCE_USEC (5 * USEC_PER_MINUTE)

static int build_ourselves(void (*on_output)(void *userdata, int fd, const char *data,
                                             size_t size)) {
        const char *program = secure_getenv("KDUMPCTL_KDUMP_MKINITRAMFS") ?: MKINITRAMFS;
        const char *const argv[] = { program, NULL };
        const Command command = {
                .argv = argv,
                .directory_fd = -EBADF,
                .on_output = on_output,
                .silence_usec = command_patience_usec("KDUMPCTL_PATIENCE", SILENCE_USEC),
                .most = COMMAND_PASSED_MOST,
        };
        Error error;
        int status;

        return command_run(&command, &status, &error) < 0 ? complain("%s", error.text) : status;
}

int rebuild_initramfs(void (*on_output)(void *userdata, int fd, const char *data, size_t size)) {
        _cleanup_client_ Client *client = NULL;
        Error error;
        int r;

        /* Without a bus or a daemon, whoever asks has to be able to do it. */
        r = client_new(&client, &error);
        if (r < 0)
                return build_ourselves(on_output);
        r = client_call(client, "Rebuild", &error);
        if (r == -ESRCH)
                return build_ourselves(on_output);
        if (r < 0)
                return complain("%s", error.text);
        return EXIT_SUCCESS;
}

int verb_rebuild(const Options *options) {
        return rebuild_initramfs(command_pass_on);
}

/* The daemon knows best; without one, and below another root, the kernel's own file must do. */
static int get_reservation(const char *root, uint64_t *ret) {
        _cleanup_(status_done) Status status = { 0 };
        _cleanup_close_ int root_fd = -EBADF;
        Error error;
        Reservation reservation;
        int r;

        if (*root == '\0' && get_status(&status, &error) >= 0) {
                *ret = status.reservation_bytes;
                return 0;
        }
        root_fd = open_root(*root ? root : "/");
        if (root_fd < 0)
                return root_fd;
        r = reservation_read(root_fd, &reservation);
        if (r >= 0)
                *ret = reservation.bytes;
        return r;
}

/* Why there is none, as a load says it. */
static int complain_of_none(const char *root) {
        _cleanup_close_ int root_fd = open_root(*root ? root : "/");
        Failure failure = FAILURE_NONE;
        Error error;

        if (root_fd >= 0)
                failure = kernel_obstacle(root_fd, &error);
        if (failure == FAILURE_NO_KEXEC || failure == FAILURE_NO_RESERVATION)
                return complain("%s", error.text);
        return complain("no memory is reserved for a capture kernel");
}

int verb_showmem(const Options *options) {
        uint64_t bytes = 0;
        int r;

        r = get_reservation(options->root, &bytes);
        if (r == -ENOENT || (r >= 0 && bytes == 0))
                return complain_of_none(options->root);
        if (r < 0)
                return complain("the reservation cannot be read: %s", strerror(-r));
        if (!options->json)
                print_reservation(stdout, bytes);
        else if (json_print_reservation(stdout, bytes) < 0)
                return complain("out of memory");
        return EXIT_SUCCESS;
}

/* What the kernel says, where nobody else answers. */
static void fill_armed(const char *root, Status *status) {
        _cleanup_close_ int root_fd = open_root(*root ? root : "/");
        int loaded = root_fd < 0 ? root_fd : kernel_crash_loaded(root_fd);

        /* A kernel without kexec has none. */
        if (loaded < 0 && loaded != -ENOENT)
                return;
        status->armed = loaded > 0;
        status->received |= UINT64_C(1) << STATUS_INDEX_Armed;
}

/* node_exporter reads the file at any time, so it is replaced as a whole. */
static int write_textfile(const Options *options, const char *text, size_t size) {
        _cleanup_close_ int root_fd = open_root(*options->root ? options->root : "/");
        int r = root_fd;

        if (r >= 0)
                r = write_file_below(root_fd, options->textfile, text, size);
        return r < 0 ? complain("\"%s\" cannot be written: %s", options->textfile, strerror(-r))
                     : EXIT_SUCCESS;
}

int verb_metrics(const Options *options) {
        _cleanup_(status_done) Status status = { 0 };
        _cleanup_free_ char *text = NULL;
        size_t size;
        Error error;
        bool is_up;
        FILE *f;

        if (options->textfile && options->textfile[0] != '/')
                return complain("--textfile= takes an absolute path, not \"%s\"",
                                options->textfile);
        is_up = get_status(&status, &error) >= 0;
        if (!is_up)
                fill_armed(options->root, &status);
        f = open_memstream(&text, &size);
        if (!f)
                return complain("out of memory");
        print_metrics(f, &status, is_up,
                      options->textfile ? METRICS_PROMETHEUS : METRICS_OPENMETRICS);
        if (fclose(f) != 0)
                return complain("out of memory");
        if (options->textfile)
                return write_textfile(options, text, size);
        (void)fputs(text, stdout);
        return EXIT_SUCCESS;
}
