/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the machine says of its start. */
#include "setup/boot-facts.h"

#include "base/file-util.h"
#include "base/string-util.h"
#include "sys/kernel-state.h"
#include "sys/path.h"

#define SCRIPT_LONGEST (256u * 1024u) /* bytes of grub-mkconfig, which has 10 KiB */

/* Debian's reads the files of the directory; GRUB's own knows /etc/default/grub alone. */
static bool mkconfig_reads_dropins(int root_fd) {
        _cleanup_free_ char *program = NULL, *text = NULL;

        return path_find_program(root_fd, "grub-mkconfig", &program) >= 0 &&
               read_file_below(root_fd, program, SCRIPT_LONGEST, &text, NULL) >= 0 &&
               strstr(text, "/default/grub.d/");
}

int boot_facts_read(int root_fd, BootFacts *ret, Error *reterr) {
        BootFacts facts = { 0 };
        int r;

        if (kernel_is_capture(root_fd))
                return error_set(reterr, -EOPNOTSUPP, CAPTURE_KERNEL_TEXT);
        if (exists_below(root_fd, "/run/systemd/container"))
                return error_set(
                        reterr, -EOPNOTSUPP,
                        "this is a container, and the kernel is its host's: run this there");
        r = kernel_command_line(root_fd, &facts.command_line);
        if (r < 0)
                return error_set(reterr, r, "\"/proc/cmdline\" cannot be read: %s",
                                 strerrordesc_np(-r));
        if (efi_read_loader_text(root_fd, "LoaderInfo", facts.loader) < 0)
                facts.loader[0] = '\0';
        if (efi_read_loader_text(root_fd, "StubInfo", facts.stub) < 0)
                facts.stub[0] = '\0';
        for (BootFile file = 0; file < _BOOT_FILE_MAX; file++)
                for (const char *const *path = boot_file_paths(file); *path && !facts.has[file];
                     path++)
                        facts.has[file] = exists_below(root_fd, *path);
        facts.reads_dropins = mkconfig_reads_dropins(root_fd);
        *ret = facts;
        return 0;
}
