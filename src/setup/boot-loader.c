/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which boot loader has started this machine. */
#include "setup/boot-loader.h"

#include <stdio.h>

#include "base/string-util.h"

#define PATHS_MOST 4u

static const char *const paths[_BOOT_FILE_MAX][PATHS_MOST] = {
        [BOOT_FILE_OSTREE] = { "/run/ostree-booted" },
        [BOOT_FILE_GRUBBY] = { "/usr/sbin/grubby", "/usr/bin/grubby" },
        [BOOT_FILE_PBL] = { "/usr/sbin/pbl", "/sbin/pbl" },
        [BOOT_FILE_SDBOOTUTIL] = { "/usr/bin/sdbootutil", "/usr/sbin/sdbootutil" },
        [BOOT_FILE_GRUB_DEFAULTS] = { "/etc/default/grub" },
        [BOOT_FILE_GRUB_CFG] = { "/boot/grub/grub.cfg" },
        [BOOT_FILE_GRUB2_CFG] = { "/boot/grub2/grub.cfg" },
        [BOOT_FILE_ZIPL] = { "/etc/zipl.conf" },
        [BOOT_FILE_EXTLINUX] = { "/boot/extlinux/extlinux.conf", "/boot/extlinux.conf",
                                 "/boot/syslinux/syslinux.cfg" },
        [BOOT_FILE_FIRMWARE_CMDLINE] = { "/boot/firmware/cmdline.txt", "/boot/cmdline.txt" },
        [BOOT_FILE_FLASH_KERNEL] = { "/etc/default/flash-kernel" },
        [BOOT_FILE_U_BOOT] = { "/boot/boot.scr", "/boot/uEnv.txt" },
};

const char *const *boot_file_paths(BootFile file) {
        return paths[file];
}

void boot_facts_done(BootFacts *facts) {
        free(facts->command_line);
        *facts = (BootFacts){ 0 };
}

/* --- by what it says of itself: variables of the firmware, and the command line */

static bool is_unified(const BootFacts *f) {
        return f->stub[0] != '\0';
}

/* The stub of a kernel that was started with a type 1 entry gets "initrd=\..." from who starts it,
 * with a boot loader that sets no variables, too. */
static bool is_by_entry(const BootFacts *f) {
        return startswith(f->loader, "systemd-boot") || startswith(f->command_line, "initrd=\\");
}

static bool has_boot_image(const BootFacts *f) {
        return startswith(f->command_line, "BOOT_IMAGE=") ||
               strstr(f->command_line, " BOOT_IMAGE=");
}

static bool is_surely_grub(const BootFacts *f) {
        return startswith(f->loader, "GRUB");
}

/* GRUB before 2.12 sets no variable, and BOOT_IMAGE= is also what extlinux says. */
static bool is_grub(const BootFacts *f) {
        bool has_cfg = f->has[BOOT_FILE_GRUB_CFG] || f->has[BOOT_FILE_GRUB2_CFG];

        return is_surely_grub(f) || (f->loader[0] == '\0' && has_boot_image(f) && has_cfg);
}

/* --- the rows */

static bool fits_ostree(const BootFacts *f) {
        return f->has[BOOT_FILE_OSTREE];
}

static bool fits_sdbootutil(const BootFacts *f) {
        return f->has[BOOT_FILE_SDBOOTUTIL] && (is_by_entry(f) || is_grub(f));
}

static bool fits_grubby(const BootFacts *f) {
        return is_grub(f) && f->has[BOOT_FILE_GRUBBY];
}

static bool fits_pbl(const BootFacts *f) {
        return is_grub(f) && f->has[BOOT_FILE_PBL];
}

static bool fits_either(const BootFacts *f) {
        return is_grub(f) && !is_surely_grub(f) && f->has[BOOT_FILE_EXTLINUX];
}

static bool fits_grub_dropin(const BootFacts *f) {
        return is_grub(f) && f->has[BOOT_FILE_GRUB_DEFAULTS] && f->has[BOOT_FILE_GRUB_CFG] &&
               f->reads_dropins;
}

static bool fits_grub2(const BootFacts *f) {
        return is_grub(f) && f->has[BOOT_FILE_GRUB2_CFG] && !f->has[BOOT_FILE_GRUB_CFG];
}

static bool fits_zipl(const BootFacts *f) {
        return f->has[BOOT_FILE_ZIPL];
}

static bool fits_extlinux(const BootFacts *f) {
        return f->has[BOOT_FILE_EXTLINUX];
}

static bool fits_firmware(const BootFacts *f) {
        return f->has[BOOT_FILE_FIRMWARE_CMDLINE];
}

static bool fits_flash_kernel(const BootFacts *f) {
        return f->has[BOOT_FILE_FLASH_KERNEL];
}

static bool fits_u_boot(const BootFacts *f) {
        return f->has[BOOT_FILE_U_BOOT];
}

static bool fits_all(const BootFacts *f) {
        return true;
}

#define EDIT_ADD(place)    "edit " place ": @NEW@ is to be the only crashkernel= there"
#define EDIT_REMOVE(place) "edit " place ": take away crashkernel= there"

/* In this order. A tool that has its own list of words goes before what it would overwrite. */
static const struct {
        bool (*fits)(const BootFacts *facts);
        BootLoader loader;
} rows[] = {
        /* The image itself has to be made anew where add-ons cannot be: its command line is what
         * kernel-install(8) reads, too. */
        { is_unified,
          { "systemd-stub (unified kernel image)",
            BOOT_BY_ADDON,
            "an add-on for unified kernel images, loader/addons/zz-kdumpd.addon.efi on the EFI "
            "system partition",
            { EDIT_ADD("/etc/kernel/cmdline"), "kernel-install add-all" },
            { EDIT_REMOVE("/etc/kernel/cmdline"), "kernel-install add-all" } } },
        { fits_ostree,
          { "rpm-ostree",
            BOOT_BY_HAND,
            "the kernel arguments of the deployment",
            { "rpm-ostree kargs --delete-if-present=@OLD@", "rpm-ostree kargs --append=@NEW@" },
            { "rpm-ostree kargs --delete-if-present=@OLD@" } } },
        { fits_sdbootutil,
          { "entries of sdbootutil",
            BOOT_BY_HAND,
            "/etc/kernel/cmdline",
            { EDIT_ADD("/etc/kernel/cmdline"), "sdbootutil update-all-entries" },
            { EDIT_REMOVE("/etc/kernel/cmdline"), "sdbootutil update-all-entries" } } },
        { is_by_entry,
          { "systemd-boot",
            BOOT_BY_ENTRIES,
            "/etc/kernel/cmdline, and from there the entries on the EFI system partition",
            { EDIT_ADD("/etc/kernel/cmdline"), "kernel-install add-all" },
            { EDIT_REMOVE("/etc/kernel/cmdline"), "kernel-install add-all" } } },
        { fits_grubby,
          { "GRUB with grubby",
            BOOT_BY_HAND,
            "the entries in /boot/loader/entries, and /etc/default/grub for kernels to come",
            { "grubby --update-kernel=ALL --remove-args=crashkernel",
              "grubby --update-kernel=ALL --args=@NEW@" },
            { "grubby --update-kernel=ALL --remove-args=crashkernel" } } },
        { fits_pbl,
          { "GRUB with pbl",
            BOOT_BY_HAND,
            "/etc/default/grub",
            { "pbl --del-option crashkernel", "pbl --add-option @NEW@ --config" },
            { "pbl --del-option crashkernel --config" } } },
        { fits_either,
          { "GRUB or extlinux",
            BOOT_BY_HAND,
            "/etc/default/grub if GRUB has started this machine, or extlinux.conf: which of them "
            "cannot be told",
            { EDIT_ADD("GRUB_CMDLINE_LINUX= in /etc/default/grub"),
              "grub-mkconfig -o /boot/grub/grub.cfg", EDIT_ADD("extlinux.conf") },
            { EDIT_REMOVE("/etc/default/grub"), "grub-mkconfig -o /boot/grub/grub.cfg",
              EDIT_REMOVE("extlinux.conf") } } },
        { fits_grub_dropin,
          { "GRUB",
            BOOT_BY_GRUB,
            "/etc/default/grub.d/zz-kdumpd.cfg, and from there /boot/grub/grub.cfg",
            { EDIT_ADD("GRUB_CMDLINE_LINUX= in /etc/default/grub"),
              "grub-mkconfig -o /boot/grub/grub.cfg" },
            { EDIT_REMOVE("/etc/default/grub"), "grub-mkconfig -o /boot/grub/grub.cfg" } } },
        { fits_grub2,
          { "GRUB",
            BOOT_BY_HAND,
            "/etc/default/grub",
            { EDIT_ADD("GRUB_CMDLINE_LINUX= in /etc/default/grub"),
              "grub2-mkconfig -o /boot/grub2/grub.cfg" },
            { EDIT_REMOVE("/etc/default/grub"), "grub2-mkconfig -o /boot/grub2/grub.cfg" } } },
        { is_grub,
          { "GRUB",
            BOOT_BY_HAND,
            "/etc/default/grub",
            { EDIT_ADD("GRUB_CMDLINE_LINUX= in /etc/default/grub"),
              "grub-mkconfig -o /boot/grub/grub.cfg" },
            { EDIT_REMOVE("/etc/default/grub"), "grub-mkconfig -o /boot/grub/grub.cfg" } } },
        { fits_zipl,
          { "zipl",
            BOOT_BY_HAND,
            "parameters= in /etc/zipl.conf",
            { EDIT_ADD("parameters= in /etc/zipl.conf"), "zipl" },
            { EDIT_REMOVE("/etc/zipl.conf"), "zipl" } } },
        { fits_extlinux,
          { "extlinux",
            BOOT_BY_HAND,
            "the APPEND lines of extlinux.conf, or U_BOOT_PARAMETERS= in /etc/default/u-boot where "
            "u-boot-update makes that file",
            { EDIT_ADD("the APPEND lines of extlinux.conf") },
            { EDIT_REMOVE("the APPEND lines of extlinux.conf") } } },
        { fits_firmware,
          { "the firmware of a Raspberry Pi",
            BOOT_BY_HAND,
            "cmdline.txt, which has one line",
            { EDIT_ADD("cmdline.txt") },
            { EDIT_REMOVE("cmdline.txt") } } },
        { fits_flash_kernel,
          { "U-Boot with flash-kernel",
            BOOT_BY_HAND,
            "LINUX_KERNEL_CMDLINE= in /etc/default/flash-kernel",
            { EDIT_ADD("LINUX_KERNEL_CMDLINE= in /etc/default/flash-kernel"), "flash-kernel" },
            { EDIT_REMOVE("/etc/default/flash-kernel"), "flash-kernel" } } },
        { fits_u_boot,
          { "U-Boot",
            BOOT_BY_HAND,
            "bootargs in U-Boot's environment, or the script that sets them",
            { EDIT_ADD("bootargs of U-Boot") },
            { EDIT_REMOVE("bootargs of U-Boot") } } },
        { fits_all,
          { "a boot loader that is not known",
            BOOT_BY_HAND,
            "the boot loader's configuration",
            { EDIT_ADD("the kernel command line in the boot loader's configuration") },
            { EDIT_REMOVE("the kernel command line in the boot loader's configuration") } } },
};

const BootLoader *boot_loader_find(const BootFacts *facts) {
        size_t i = 0;

        while (i + 1 < ELEMENTSOF(rows) && !rows[i].fits(facts))
                i++;
        return &rows[i].loader;
}

const BootLoader *boot_loader_row(size_t i) {
        return i < ELEMENTSOF(rows) ? &rows[i].loader : NULL;
}

/* The text with the first mark in it replaced by n bytes. */
static char *fill_in(const char *text, const char *mark, const char *by, size_t n) {
        const char *at = strstr(text, mark);
        char *filled;

        if (!at)
                return strdup(text);
        if (asprintf(&filled, "%.*s%.*s%s", (int)(at - text), text, (int)n, by, at + strlen(mark)) <
            0)
                return NULL;
        return filled;
}

/* Adds a line. Returns false for lack of memory. */
static bool add_line(char **text, const char *command, const char *new_word, const char *old,
                     size_t n) {
        _cleanup_free_ char *half = NULL, *line = NULL;
        char *longer;

        half = fill_in(command, "@NEW@", new_word, strlen(new_word));
        line = half ? fill_in(half, "@OLD@", old, n) : NULL;
        if (!line || asprintf(&longer, "%s%s\n", *text, line) < 0)
                return false;
        free(*text);
        *text = longer;
        return true;
}

char *boot_loader_commands(const BootLoader *loader, bool removes, const char *new_word,
                           const char *old_words) {
        const char *const *commands = removes ? loader->remove : loader->add;
        _cleanup_free_ char *text = strdup("");

        for (size_t i = 0; text && i < ELEMENTSOF(loader->add) && commands[i]; i++) {
                bool is_each = strstr(commands[i], "@OLD@"), more = true;

                for (const char *old = old_words; more;) {
                        size_t n = strcspn(old, " ");

                        if ((!is_each || n > 0) &&
                            !add_line(&text, commands[i], strempty(new_word), old, n))
                                return NULL;
                        old += n + strspn(old + n, " ");
                        more = is_each && *old;
                }
        }
        return TAKE_PTR(text);
}
