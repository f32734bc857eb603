/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each key of the other kdump services becomes. */
#include "setup/import-private.h"

#include <errno.h>
#include <stdio.h>

#include "base/string-util.h"
#include "core/collector.h"

#define CRASH_D KDUMPD_SYSCONFDIR "/kdumpd/crash.d"

#define REMOTE                                                                                     \
        "kdumpd writes dumps to local devices only: have a program in " CRASH_D " send them after" \
        " the reboot, or stay with the other service"
#define OF_REMOTE "it is for dumps over the network, which kdumpd does not make: see " CRASH_D
#define OWN_INITRD                                                                           \
        "kdump-mkinitramfs makes the initramfs, and makes it again whenever something that " \
        "goes into it changes"
#define OF_OWN "kdumpd finds that out by itself; kdumpctl test shows it"
#define RESERVE                                                                        \
        "what is reserved is crashkernel= on the kernel's command line: see kdumpctl " \
        "estimate"
#define LOGS "kdumpd logs to the journal: see journalctl -u kdumpd"
#define MAIL \
        "have a program in " CRASH_D " send the mail after the reboot; there is a sample of one"

/* --- rules for all of them --- */

static int carry(const ImportContext *context, const ImportRow *row, const char *value,
                 ImportItem *item) {
        int r;

        r = import_become(item, "%s", value);
        return r >= 0 && row->note ? import_note(item, "%s", row->note) : r;
}

/* Further words of a list that several lines make. */
static int carry_list(const ImportContext *context, const ImportRow *row, const char *value,
                      ImportItem *item) {
        for (size_t i = context->import->n; i > 0; i--) {
                const ImportItem *other = &context->import->items[i - 1];

                if (other != item && other->becomes && streq(other->setting, row->setting))
                        return import_become(item, "%s %s", other->becomes, value);
        }
        return import_become(item, "%s", value);
}

static bool is_listed(const char *word, size_t length, const char *const *list) {
        for (size_t i = 0; list[i]; i++)
                if (strlen(list[i]) == length && memcmp(word, list[i], length) == 0)
                        return true;
        return false;
}

/* Words that kdumpd passes itself where they are needed, and those that only the other service's
 * initrd reads. */
static bool is_own_word(const char *word, size_t length) {
        static const char *const own[] = {
                "irqpoll",
                "nr_cpus=1",
                "maxcpus=1",
                "reset_devices",
                "noirqdistrib",
                "panic=10",
                "acpi_no_memhotplug",
                "rootflags=nofail",
                "systemd.unit=kdump-tools-dump.service",
                NULL,
        };

        return is_listed(word, length, own) || startswith(word, "udev.children-max=") ||
               startswith(word, "rd.");
}

static int carry_words(const ImportContext *context, const ImportRow *row, const char *value,
                       ImportItem *item) {
        _cleanup_free_ char *kept = calloc(1, strlen(value) + 2);
        bool dropped = false;
        size_t n = 0;

        if (!kept)
                return -ENOMEM;
        for (const char *p = value; *p;) {
                const char *start = p;
                bool quoted = false;

                for (; *p && (quoted || *p != ' '); p++)
                        quoted ^= *p == '"';
                if (is_own_word(start, (size_t)(p - start)))
                        dropped = true;
                else if (p > start) {
                        if (n > 0)
                                kept[n++] = ' ';
                        memcpy(kept + n, start, (size_t)(p - start));
                        n += (size_t)(p - start);
                }
                p += strspn(p, " ");
        }
        if (n == 0)
                return import_note(item, "kdumpd passes what a capture needs itself");
        if (dropped && import_note(item, "without the words that kdumpd passes itself, and those "
                                         "that only the other initrd reads") < 0)
                return -ENOMEM;
        return import_become(item, "%s", kept);
}

/* --- kexec --- */

static int carry_loader(const ImportContext *context, const ImportRow *row, const char *value,
                        ImportItem *item) {
        if (streq(value, "-c") || streq(value, "--kexec-syscall"))
                return import_become(item, "kexec_load");
        if (streq(value, "-s") || streq(value, "--kexec-file-syscall") || streq(value, "-a") ||
            streq(value, "--kexec-syscall-auto"))
                return import_note(item, "kdumpd takes the system call that suits the machine; "
                                         "Loader=kexec_file_load would insist on this one");
        return import_note(item, "these are options of kexec, which kdumpd does not run; Loader= "
                                 "and CommandLineAppend= are what is like them");
}

/* --- makedumpfile --- */

/* Without -F, whose format is for a pipe. Takes a command line with the program. */
static int become_collector(ImportItem *item, const char *line) {
        _cleanup_words_ char **words = NULL;
        _cleanup_free_ char *text = NULL;
        const char *other;
        size_t n = 0;
        bool is_flat = false;
        int r;

        r = collector_split(line, &words);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return import_note(item, "it is no command line: set CoreCollector= yourself");
        for (size_t i = 0; words[i]; i++) {
                if (i > 0 && streq(words[i], "-F")) {
                        free(words[i]);
                        is_flat = true;
                } else
                        words[n++] = words[i];
        }
        words[n] = NULL;
        other = collector_other_use(words);
        if (other)
                return import_note(item,
                                   "with %s there would be no dump: set CoreCollector= "
                                   "yourself",
                                   other);
        if (!is_flat)
                return import_become(item, "%s", line);
        text = collector_join(words);
        if (!text)
                return -ENOMEM;
        r = import_note(item, "without -F: dumps are written into files");
        return r < 0 ? r : import_become(item, "%s", text);
}

static int carry_collector(const ImportContext *context, const ImportRow *row, const char *value,
                           ImportItem *item) {
        static const char *const pipes[] = { "scp", "cat", "dd", NULL };
        size_t n = strcspn(value, " ");

        if (is_listed(value, n, pipes))
                return import_note(item, "it does not write the dump into a file that it is given "
                                         "as its last argument, as CoreCollector= has to");
        return become_collector(item, value);
}

static int carry_makedumpfile(const ImportContext *context, const ImportRow *row, const char *value,
                              ImportItem *item) {
        _cleanup_free_ char *line = NULL;

        if (asprintf(&line, "makedumpfile %s", value) < 0) {
                line = NULL;
                return -ENOMEM;
        }
        return become_collector(item, line);
}

/* SUSE has the command line in three keys. */
static int carry_suse_dump(const ImportContext *context, const ImportRow *row, const char *value,
                           ImportItem *item) {
        static const struct {
                const char *format, *option;
        } formats[] = {
                { "compressed", "-c" }, { "lzo", "-l" }, { "snappy", "-p" },
                { "zstd", "-z" },       { "ELF", "-E" }, { "", "-c" },
        };
        const char *format = import_value(context->file, "KDUMP_DUMPFORMAT"),
                   *level = import_value(context->file, "KDUMP_DUMPLEVEL"),
                   *options = import_value(context->file, "MAKEDUMPFILE_OPTIONS");
        _cleanup_free_ char *line = NULL;

        for (size_t i = 0; i < ELEMENTSOF(formats); i++) {
                if (strcasecmp(formats[i].format, format) != 0)
                        continue;
                if (asprintf(&line, "makedumpfile %s -d %s%s%s", formats[i].option,
                             *level ? level : "31", *options ? " " : "", options) < 0) {
                        line = NULL;
                        return -ENOMEM;
                }
                return become_collector(item, line);
        }
        return import_note(item, "kdumpd writes a dump with makedumpfile, and the kernel's log "
                                 "beside it, in any case");
}

/* --- targets --- */

static int carry_target(const ImportContext *context, const ImportRow *row, const char *value,
                        ImportItem *item) {
        if (context->is_remote)
                return import_note(item, "another target is set, too, and only one can be");
        return import_become(item, "%s%s", streq(row->key, "raw") ? TARGET_RAW_PREFIX : "", value);
}

static int carry_path(const ImportContext *context, const ImportRow *row, const char *value,
                      ImportItem *item) {
        if (context->is_remote)
                return import_note(item, "it is a directory of another machine");
        return import_become(item, "%s%s", *value == '/' ? "" : "/", value);
}

/* A directory or a URL. */
static int carry_savedir(const ImportContext *context, const ImportRow *row, const char *value,
                         ImportItem *item) {
        const char *path = startswith(value, "file:");

        if (context->is_remote)
                return import_note(item, REMOTE);
        path = path ?: value;
        while (path[0] == '/' && path[1] == '/')
                path++;
        return import_become(item, "%s", path);
}

/* --- what follows --- */

static int carry_action(const ImportContext *context, const ImportRow *row, const char *value,
                        ImportItem *item) {
        if (streq(value, "dump_to_rootfs"))
                return import_note(item, "name the device of the root file system in "
                                         "FallbackTarget=: findmnt -no SOURCE /");
        return import_become(item, "%s", value);
}

static int carry_command(const ImportContext *context, const ImportRow *row, const char *value,
                         ImportItem *item) {
        static const struct {
                const char *program, *action;
        } actions[] = {
                { "reboot", "reboot" }, { "poweroff", "poweroff" }, { "halt", "halt" },
                { "sh", "shell" },      { "bash", "shell" },        { "sulogin", "shell" },
        };
        _cleanup_free_ char *program = strndup(value, strcspn(value, " "));

        if (!program)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(actions); i++)
                if (streq(path_name(program), actions[i].program))
                        return import_become(item, "%s", actions[i].action);
        return import_note(item, "FailureAction= is one of reboot, poweroff, halt and shell; what "
                                 "else is to be done may be a PostScript=");
}

/* "true" is what kdumpd does anyway. */
static int shell_if_false(const ImportContext *context, const ImportRow *row, const char *value,
                          ImportItem *item) {
        return import_become(item, "%s", parse_boolean(value) == 0 ? "shell" : "reboot");
}

/* --- the rest --- */

static int carry_fedora_kernel(const ImportContext *context, const ImportRow *row,
                               const char *value, ImportItem *item) {
        const char *directory = import_value(context->file, "KDUMP_BOOTDIR"),
                   *image = import_value(context->file, "KDUMP_IMG");

        return import_become(item, "%s/%s-%s%s", *directory ? directory : "/boot",
                             *image ? image : "vmlinuz", value,
                             import_value(context->file, "KDUMP_IMG_EXT"));
}

static int carry_suse_kernel(const ImportContext *context, const ImportRow *row, const char *value,
                             ImportItem *item) {
        return import_become(item, "%s%s", *value == '/' ? "" : "/boot/vmlinuz-", value);
}

/* The links that the other service makes are no choice of anybody's. */
static int carry_debian_file(const ImportContext *context, const ImportRow *row, const char *value,
                             ImportItem *item) {
        if (startswith(value, "/var/lib/kdump/"))
                return import_note(item, OF_OWN);
        return import_become(item, "%s", value);
}

static int carry_suse_keep(const ImportContext *context, const ImportRow *row, const char *value,
                           ImportItem *item) {
        uint64_t n;

        if (streq(value, "-1"))
                return import_become(item, "1");
        if (parse_u64(value, 10, &n) < 0 || n >= KEEP_MOST)
                return import_become(item, "%s", value);
        if (n == 0)
                return import_become(item, "0");
        if (import_note(item, "Keep= counts the new dump, too") < 0)
                return -ENOMEM;
        return import_become(item, "%llu", (unsigned long long)n + 1);
}

static int carry_cpus(const ImportContext *context, const ImportRow *row, const char *value,
                      ImportItem *item) {
        return import_note(item,
                           "a capture has one CPU, which writes faster than most disks; "
                           "CommandLineAppend=nr_cpus=%.8s would change that, for more of "
                           "the reservation",
                           value);
}

static int note_switch(const ImportContext *context, const ImportRow *row, const char *value,
                       ImportItem *item) {
        if (import_is_off(IMPORT_DEBIAN, context->file))
                return import_note(item, "the other service is turned off; kdumpd is, by "
                                         "systemctl disable kdumpd");
        return import_note(item, "kdumpd is on by systemctl enable kdumpd");
}

static int note_sysctl(const ImportContext *context, const ImportRow *row, const char *value,
                       ImportItem *item) {
        return import_note(item, "write it into a file in /etc/sysctl.d; kernel.panic_on_oops=1 is "
                                 "what kdumpctl import --write writes there");
}

#define CAPTURE "Capture"
#define IMAGE   "Image"

#define SCRIPT_NOTE "its arguments and what its exit status means are others: see kdumpd.conf(5)"

static const ImportRow kdump_conf_rows[] = {
        { "raw", carry_target, CAPTURE, "Target", NULL, false },
        { "ext2", carry_target, CAPTURE, "Target", NULL, false },
        { "ext3", carry_target, CAPTURE, "Target", NULL, false },
        { "ext4", carry_target, CAPTURE, "Target", NULL, false },
        { "xfs", carry_target, CAPTURE, "Target", NULL, false },
        { "btrfs", carry_target, CAPTURE, "Target", NULL, false },
        { "f2fs", carry_target, CAPTURE, "Target", NULL, false },
        { "minix", carry_target, CAPTURE, "Target", NULL, false },
        { "path", carry_path, CAPTURE, "Path", NULL, false },
        { "core_collector", carry_collector, CAPTURE, "CoreCollector", NULL, false },
        { "kdump_pre", carry, CAPTURE, "PreScript", SCRIPT_NOTE, false },
        { "kdump_post", carry, CAPTURE, "PostScript", SCRIPT_NOTE, false },
        { "extra_bins", carry_list, CAPTURE, "ExtraFiles", NULL, false },
        { "extra_modules", carry_list, CAPTURE, "ExtraModules", NULL, false },
        { "failure_action", carry_action, CAPTURE, "FailureAction", NULL, false },
        { "default", carry_action, CAPTURE, "FailureAction", NULL, false },
        { "final_action", carry_action, CAPTURE, "FinalAction", NULL, false },
        { "nfs", .note = REMOTE },
        { "nfs4", .note = REMOTE },
        { "ssh", .note = REMOTE },
        { "net", .note = REMOTE },
        { "virtiofs", .note = REMOTE },
        { "sshkey", .note = OF_REMOTE },
        { "fence_kdump_args", .note = "kdumpd tells no cluster: stay with the other service "
                                      "where fence_kdump is in use" },
        { "fence_kdump_nodes", .note = "kdumpd tells no cluster: stay with the other service "
                                       "where fence_kdump is in use" },
        { "auto_reset_crashkernel", .note = RESERVE },
        { "force_rebuild", .note = OWN_INITRD },
        { "force_no_rebuild", .note = OWN_INITRD },
        { "dracut_args", .note = "dracut is not used: ExtraModules= and ExtraFiles= add to the "
                                 "initramfs, and Target= needs no mount" },
        { "override_resettable", .note = OF_OWN },
        { "options", .note = "options of modules are words such as MODULE.OPTION=VALUE in "
                             "CommandLineAppend=" },
        { "blacklist", .note = "module_blacklist=MODULE in CommandLineAppend= is the like" },
        { "link_delay", .note = OF_REMOTE },
        { "disk_timeout", .note = "TargetTimeout= is for how long the target is waited for" },
        { "debug_mem_level", .note = LOGS },
        { .key = NULL },
};

static const ImportRow fedora_rows[] = {
        { "KDUMP_KERNELVER", carry_fedora_kernel, IMAGE, "Kernel", NULL, false },
        { "KDUMP_COMMANDLINE", carry, IMAGE, "CommandLine", NULL, false },
        { "KDUMP_COMMANDLINE_REMOVE", carry, IMAGE, "CommandLineRemove", NULL, false },
        { "KDUMP_COMMANDLINE_APPEND", carry_words, IMAGE, "CommandLineAppend", NULL, false },
        { "KEXEC_ARGS", carry_loader, IMAGE, "Loader", NULL, false },
        { "KDUMP_BOOTDIR", .note = OF_OWN },
        { "KDUMP_IMG", .note = OF_OWN },
        { "KDUMP_IMG_EXT", .note = OF_OWN },
        { "FADUMP_COMMANDLINE_APPEND", .note = "kdumpd has no fadump" },
        { "VMCORE_CREATION_NOTIFICATION", .note = "new dumps are in the journal, in kdumpctl list, "
                                                  "and given to the programs in " CRASH_D },
        { "KDUMP_STDLOGLVL", .note = LOGS },
        { "KDUMP_SYSLOGLVL", .note = LOGS },
        { "KDUMP_KMSGLOGLVL", .note = LOGS },
        { "MKDUMPRD_ARGS", .note = OWN_INITRD },
        { .key = NULL },
};

static const ImportRow debian_rows[] = {
        { "USE_KDUMP", note_switch, IMAGE, NULL, NULL, false },
        { "KDUMP_SYSCTL", note_sysctl, IMAGE, NULL, NULL, false },
        { "KDUMP_KERNEL", carry_debian_file, IMAGE, "Kernel", NULL, false },
        { "KDUMP_INITRD", carry_debian_file, IMAGE, "Initrd", NULL, false },
        { "KDUMP_COREDIR", carry_path, CAPTURE, "Path", NULL, false },
        { "KDUMP_FAIL_CMD", carry_command, CAPTURE, "FailureAction", NULL, false },
        { "KDUMP_NUM_DUMPS", carry, CAPTURE, "Keep", NULL, false },
        { "MAKEDUMP_ARGS", carry_makedumpfile, CAPTURE, "CoreCollector", NULL, false },
        { "KDUMP_KEXEC_ARGS", carry_loader, IMAGE, "Loader", NULL, false },
        { "KDUMP_CMDLINE", carry, IMAGE, "CommandLine", NULL, false },
        { "KDUMP_CMDLINE_APPEND", carry_words, IMAGE, "CommandLineAppend", NULL, false },
        { "KDUMP_DUMP_DMESG", .note = "the kernel's log is written beside every dump" },
        { "KDUMP_COMPRESSION", .note = "makedumpfile compresses: -c, -l or -z in CoreCollector=" },
        { "KDUMP_KERNEL_HOOK", .note = OWN_INITRD },
        { "DEBUG_KERNEL", .note = OF_OWN },
        { "VMCOREINFO", .note = OF_OWN },
        { "HOSTTAG", .note = OF_REMOTE },
        { "NFS", .note = REMOTE },
        { "NFS_TIMEO", .note = OF_REMOTE },
        { "NFS_RETRANS", .note = OF_REMOTE },
        { "NFS_MOUNT_RETRY", .note = OF_REMOTE },
        { "FTP", .note = REMOTE },
        { "FTP_USER", .note = OF_REMOTE },
        { "FTP_PASSWORD", .note = OF_REMOTE, .is_secret = true },
        { "FTP_PORT", .note = OF_REMOTE },
        { "SSH", .note = REMOTE },
        { "SSH_KEY", .note = OF_REMOTE },
        { "SSH_KDUMP_RETRY", .note = OF_REMOTE },
        { .key = NULL },
};

static const ImportRow suse_rows[] = {
        { "KDUMP_KERNELVER", carry_suse_kernel, IMAGE, "Kernel", NULL, false },
        { "KDUMP_CPUS", carry_cpus, IMAGE, NULL, NULL, false },
        { "KDUMP_COMMANDLINE", carry, IMAGE, "CommandLine", NULL, false },
        { "KDUMP_COMMANDLINE_APPEND", carry_words, IMAGE, "CommandLineAppend", NULL, false },
        { "KEXEC_OPTIONS", carry_loader, IMAGE, "Loader", NULL, false },
        { "KDUMP_SAVEDIR", carry_savedir, CAPTURE, "Path", NULL, false },
        { "KDUMP_DUMPLEVEL", carry_suse_dump, CAPTURE, "CoreCollector", NULL, false },
        { "KDUMP_DUMPFORMAT", carry_suse_dump, CAPTURE, "CoreCollector", NULL, false },
        { "MAKEDUMPFILE_OPTIONS", carry_suse_dump, CAPTURE, "CoreCollector", NULL, false },
        { "KDUMP_KEEP_OLD_DUMPS", carry_suse_keep, CAPTURE, "Keep", NULL, false },
        { "KDUMP_IMMEDIATE_REBOOT", shell_if_false, CAPTURE, "FinalAction", NULL, false },
        { "KDUMP_CONTINUE_ON_ERROR", shell_if_false, CAPTURE, "FailureAction", NULL, false },
        { "KDUMP_REQUIRED_PROGRAMS", carry_list, CAPTURE, "ExtraFiles", NULL, false },
        { "KDUMP_PRESCRIPT", carry, CAPTURE, "PreScript", SCRIPT_NOTE, false },
        { "KDUMP_POSTSCRIPT", carry, CAPTURE, "PostScript", SCRIPT_NOTE, false },
        { "KDUMP_FREE_DISK_SIZE", .note = "there, a dump that leaves less free is removed again; "
                                          "here, MinFree= has older ones make room before" },
        { "KDUMP_TRANSFER", .note = "the dump is written by CoreCollector=; a PostScript= may "
                                    "do something with it" },
        { "KDUMP_VERBOSE", .note = LOGS },
        { "KDUMPTOOL_FLAGS", .note = LOGS },
        { "KDUMP_CRASHKERNEL", .note = RESERVE },
        { "KDUMP_UPDATE_BOOTLOADER", .note = RESERVE },
        { "KDUMP_AUTO_RESIZE", .note = RESERVE },
        { "KDUMP_FADUMP", .note = "kdumpd has no fadump" },
        { "KDUMP_FADUMP_SHELL", .note = "kdumpd has no fadump" },
        { "FADUMP_COMMANDLINE_APPEND", .note = "kdumpd has no fadump" },
        { "KDUMP_COPY_KERNEL", .note = "kdumpd leaves the kernel where it is" },
        { "KDUMP_NETCONFIG", .note = OF_REMOTE },
        { "KDUMP_NET_TIMEOUT", .note = OF_REMOTE },
        { "KDUMP_HOST_KEY", .note = OF_REMOTE },
        { "KDUMP_SSH_IDENTITY", .note = OF_REMOTE },
        { "KDUMP_NOTIFICATION_TO", .note = MAIL },
        { "KDUMP_NOTIFICATION_CC", .note = MAIL },
        { "KDUMP_SMTP_SERVER", .note = MAIL },
        { "KDUMP_SMTP_USER", .note = MAIL },
        { "KDUMP_SMTP_PASSWORD", .note = MAIL, .is_secret = true },
        { .key = NULL },
};

const ImportRow *import_rows(ImportKind kind) {
        static const ImportRow *const rows[_IMPORT_KIND_MAX] = {
                [IMPORT_KDUMP_CONF] = kdump_conf_rows,
                [IMPORT_FEDORA] = fedora_rows,
                [IMPORT_SUSE] = suse_rows,
                [IMPORT_DEBIAN] = debian_rows,
        };

        return rows[kind];
}

bool import_is_remote(ImportKind kind, const ShellFile *file) {
        static const char *const keys[] = { "nfs",      "nfs4", "ssh", "net",
                                            "virtiofs", "NFS",  "FTP", "SSH" };
        const char *url = import_value(file, "KDUMP_SAVEDIR"), *slashes = strstr(url, ":/");

        if (kind == IMPORT_SUSE)
                return slashes && *url != '/' && !startswith(url, "file:");
        for (size_t i = 0; i < ELEMENTSOF(keys) && kind != IMPORT_FEDORA; i++)
                if (*import_value(file, keys[i]))
                        return true;
        return false;
}

bool import_is_off(ImportKind kind, const ShellFile *file) {
        return kind == IMPORT_DEBIAN && streq(import_value(file, "USE_KDUMP"), "0");
}

/* SUSE's has it so as soon as an image is loaded, and so has Debian's, unless an older version was
 * told otherwise. */
bool import_panics_on_oops(ImportKind kind, const ShellFile *file) {
        const char *sysctl = import_value(file, "KDUMP_SYSCTL");

        if (kind == IMPORT_DEBIAN)
                return !import_is_off(kind, file) &&
                       (*sysctl == '\0' || strstr(sysctl, "panic_on_oops=1"));
        return kind == IMPORT_SUSE;
}
