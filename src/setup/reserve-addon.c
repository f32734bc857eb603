/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* crashkernel= by an add-on of unified kernel images (systemd-stub(7)), which ukify(1) makes. */
#include "setup/reserve-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "setup/entry-text.h"
#include "sys/efi.h"
#include "sys/kernel-state.h"
#include "sys/path.h"

/* The last of its directory, as the last crashkernel= counts. Until the file is whole, its name
 * does not end as that of an add-on does. */
#define DIRECTORY "loader/addons"
#define ADDON     DIRECTORY "/zz-kdumpd.addon.efi"
#define TEMPORARY DIRECTORY "/.kdumpd.tmp"

#define ADDON_LONGEST (1u << 20) /* bytes: one has 3 to 5 KiB */
#define ROOM          (1u << 20)

/* The first systemd whose stub and whose ukify know add-ons. */
#define STUB_LEAST 254u

/* Where an option of ukify comes from. */
typedef struct Keys {
        char *key, *certificate, *tool;
} Keys;

static void keys_done(Keys *keys) {
        free(keys->key);
        free(keys->certificate);
        free(keys->tool);
        *keys = (Keys){ 0 };
}

/* What kernel-install(8) signs unified kernel images with, or ukify(1) by itself: the first file
 * that is there. */
static int read_keys(int root_fd, Keys *ret) {
        static const char *const places[] = {
                "/etc/kernel/uki.conf",    "/run/kernel/uki.conf",    "/usr/lib/kernel/uki.conf",
                "/etc/systemd/ukify.conf", "/run/systemd/ukify.conf", "/usr/lib/systemd/ukify.conf",
        };
        _cleanup_free_ char *text = NULL;
        Keys keys = { 0 };

        for (size_t i = 0; i < ELEMENTSOF(places) && !text; i++)
                if (read_file_below(root_fd, places[i], BOOT_FILE_LONGEST, &text, NULL) < 0)
                        text = NULL;
        keys.key = ini_value(strempty(text), "UKI", "SecureBootPrivateKey");
        keys.certificate = ini_value(strempty(text), "UKI", "SecureBootCertificate");
        keys.tool = ini_value(strempty(text), "UKI", "SecureBootSigningTool");
        if (!keys.key || !keys.certificate || !keys.tool) {
                keys_done(&keys);
                return -ENOMEM;
        }
        *ret = keys;
        return 0;
}

static bool keys_are_there(const Keys *keys) {
        return keys->key[0] != '\0' && keys->certificate[0] != '\0';
}

/* --- looking */

/* The word of our add-on: its section with the command line is plain text. */
static int look_at_addon(int root_fd, const char *esp, ReservePlan *plan) {
        _cleanup_free_ char *path = reserve_path(esp, ADDON), *data = NULL;
        const char *word;
        size_t size = 0;

        if (!path)
                return -ENOMEM;
        if (read_file_below(root_fd, path, ADDON_LONGEST, &data, &size) < 0)
                size = 0;
        word = size > 0 ? memmem(data, size, CRASHKERNEL_WORD, strlen(CRASHKERNEL_WORD)) : NULL;
        plan->own_word = word ? strndup(word, strcspn(word, " \n")) : strdup("");
        return plan->own_word ? 0 : -ENOMEM;
}

/* What the running kernel has besides ours. */
static int find_back_word(ReservePlan *plan) {
        plan->back_word = plan->own_word[0]
                                  ? crashkernel_pick(plan->old_words, plan->own_word, false)
                                  : strdup(plan->old_words);
        return plan->back_word ? 0 : -ENOMEM;
}

/* The stub takes add-ons from the partition that its image is on: "\EFI\Linux\x.efi". */
static int look_at_image(int root_fd, const char *esp, ReservePlan *plan) {
        char image[EFI_TEXT_MAX], path[EFI_TEXT_MAX * 2];
        struct stat st;

        if (efi_read_loader_text(root_fd, "StubImageIdentifier", image) < 0 || image[0] != '\\')
                return 0;
        for (char *p = image; *p; p++)
                if (*p == '\\')
                        *p = '/';
        strscpyf(path, sizeof(path), "%s%s", esp, image);
        if (stat_below(root_fd, path, &st) != -ENOENT)
                return 0;
        return reserve_refuse(
                plan,
                "the image that has started this machine, \"%s\", is not below \"%s\": "
                "mount the partition where it is",
                image, esp);
}

static int look_at_stub(int root_fd, ReservePlan *plan) {
        char stub[EFI_TEXT_MAX];
        const char *version;

        if (efi_read_loader_text(root_fd, "StubInfo", stub) < 0)
                stub[0] = '\0';
        version = startswith(stub, "systemd-stub ");
        if (version && strtoul(version, NULL, 10) >= STUB_LEAST)
                return 0;
        return reserve_refuse(plan,
                              "the stub of the running image (\"%s\") knows no add-ons, which came "
                              "with systemd 254: make the image anew with the word in it",
                              stub);
}

static int look(int root_fd, const Helper *helper, const Asked *asked, ReservePlan *plan,
                Error *reterr) {
        _cleanup_free_ char *esp = NULL, *program = NULL;
        _cleanup_(keys_done) Keys keys = { 0 };
        Error error;
        int r;

        r = helper_find_esp(root_fd, helper, &esp, &error);
        if (r < 0) {
                plan->own_word = strdup("");
                return r == -ENOMEM ? r : reserve_refuse(plan, "%s", error.text);
        }
        r = look_at_addon(root_fd, esp, plan);
        if (r >= 0)
                r = find_back_word(plan);
        if (r >= 0)
                r = look_at_image(root_fd, esp, plan);
        if (r < 0 || !plan->new_word)
                return r;
        r = look_at_stub(root_fd, plan);
        if (r >= 0 && path_find_program(root_fd, "ukify", &program) < 0)
                r = reserve_refuse(plan, "\"ukify\" is not installed (systemd-ukify)");
        if (r >= 0)
                r = read_keys(root_fd, &keys);
        if (r >= 0 && efi_secure_boot(root_fd) > 0 && !keys_are_there(&keys))
                r = reserve_refuse(
                        plan, "under Secure Boot an add-on has to be signed, or it is ignored: "
                              "set SecureBootPrivateKey= and SecureBootCertificate= in "
                              "\"/etc/kernel/uki.conf\"");
        return r;
}

/* --- writing */

/* ukify(1) writes in place, and leaves what it has when the partition is full. Its own
 * configuration is for images: what is to be in them does not belong into an add-on. */
static int make_addon(int root_fd, const Helper *helper, const ReservePlan *plan,
                      const char *temporary, Error *reterr) {
        _cleanup_free_ char *line = NULL, *output = NULL, *key = NULL, *certificate = NULL,
                            *tool = NULL;
        const char *argv[9] = { "ukify", "build", "--config=/dev/null" };
        _cleanup_(keys_done) Keys keys = { 0 };
        size_t n = 3;

        if (read_keys(root_fd, &keys) < 0 || asprintf(&line, "--cmdline=%s", plan->new_word) < 0 ||
            asprintf(&output, "--output=%s", temporary) < 0 ||
            asprintf(&key, "--secureboot-private-key=%s", keys.key) < 0 ||
            asprintf(&certificate, "--secureboot-certificate=%s", keys.certificate) < 0 ||
            asprintf(&tool, "--signtool=%s", keys.tool) < 0)
                return error_set_memory(reterr);
        argv[n++] = line;
        argv[n++] = output;
        if (keys_are_there(&keys)) {
                argv[n++] = key;
                argv[n++] = certificate;
                if (keys.tool[0] != '\0')
                        argv[n++] = tool;
        }
        return helper_run(root_fd, helper, argv, NULL, reterr);
}

static int check_addon(int root_fd, const Helper *helper, const ReservePlan *plan,
                       const char *temporary, Error *reterr) {
        const char *argv[] = { "ukify", "inspect", temporary, NULL };
        _cleanup_close_ int fd = -EBADF;
        HelperResult result;
        int r;

        r = helper_run(root_fd, helper, argv, &result, reterr);
        if (r < 0)
                return r;
        if (!strstr(result.output, plan->new_word))
                return error_set(reterr, -EPROTO, "\"ukify\" has made an add-on without %s",
                                 plan->new_word);
        fd = open_below(root_fd, temporary, O_RDWR);
        if (fd < 0 || fsync(fd) < 0) {
                r = fd < 0 ? fd : -errno;
                return error_set(reterr, r, "\"%s\" cannot be written: %s", temporary,
                                 strerrordesc_np(-r));
        }
        return 0;
}

static int write_new(int root_fd, const Helper *helper, const ReservePlan *plan, const char *esp,
                     Error *reterr) {
        _cleanup_free_ char *loader = reserve_path(esp, "loader"),
                            *addon = reserve_path(esp, ADDON),
                            *directory = reserve_path(esp, DIRECTORY),
                            *temporary = reserve_path(esp, TEMPORARY);
        int r;

        if (!loader || !directory || !addon || !temporary)
                return error_set_memory(reterr);
        r = boot_file_room(root_fd, esp, ROOM, reterr);
        if (r < 0)
                return r;
        (void)make_directory_below(root_fd, loader, 0755);
        (void)make_directory_below(root_fd, directory, 0755);
        r = make_addon(root_fd, helper, plan, temporary, reterr);
        if (r >= 0)
                r = check_addon(root_fd, helper, plan, temporary, reterr);
        if (r >= 0) {
                r = rename_below(root_fd, temporary, addon);
                if (r < 0)
                        r = error_set(reterr, r, "\"%s\" cannot be written: %s", addon,
                                      strerrordesc_np(-r));
        }
        if (r < 0)
                (void)!remove_below(root_fd, temporary);
        return r;
}

static int write_addon(int root_fd, const Helper *helper, const ReservePlan *plan, Asked *asked,
                       ReserveResult *result, Error *reterr) {
        _cleanup_free_ char *esp = NULL, *addon = NULL;
        int r;

        result->word = strdup(plan->new_word ?: plan->back_word);
        if (!result->word)
                return error_set_memory(reterr);
        r = helper_find_esp(root_fd, helper, &esp, reterr);
        if (r < 0)
                return r;
        if (plan->new_word)
                return write_new(root_fd, helper, plan, esp, reterr);
        addon = reserve_path(esp, ADDON);
        return addon ? boot_file_remove(root_fd, addon, reterr) : error_set_memory(reterr);
}

const ReserveMethod reserve_by_addon = { .look = look, .write = write_addon };
