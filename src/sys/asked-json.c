/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The note of a reservation that was asked for. */
#include "sys/asked-json.h"

#include <errno.h>

#include "base/file-util.h"
#include "sys/efi.h"
#include "sys/json-fields.h"
#include "sys/kernel-state.h"

#define LONGEST 16384u /* bytes */

static const JsonField table[] = {
        JSON_FIELD_TEXT(Asked, "Value", value),
        JSON_FIELD_TEXT(Asked, "BootId", boot_id),
        JSON_FIELD_TEXT(Asked, "Loader", loader),
        JSON_FIELD(NUMBER, Asked, "USec", usec),
        JSON_FIELD(OPTIONAL_STRING, Asked, "Before", before),
        JSON_FIELD(BOOL, Asked, "MadePlace", made_place),
};

static const JsonFields fields = JSON_FIELDS_MENDED(table, LONGEST);

int asked_to_json(const Asked *asked, char **ret) {
        return json_fields_to_text(&fields, asked, ret);
}

int asked_from_json(const char *text, size_t size, Asked *ret) {
        Asked asked = { 0 };
        int r;

        r = json_fields_from_text(&fields, text, size, LONGEST, &asked);
        if (r < 0) {
                asked_done(&asked);
                return r;
        }
        *ret = asked;
        return 0;
}

int asked_read(int root_fd, Asked *ret) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = read_file_below(root_fd, ASKED_PATH, LONGEST, &text, &size);
        return r < 0 ? r : asked_from_json(text, size, ret);
}

int asked_write(int root_fd, const Asked *asked) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = asked_to_json(asked, &text);
        if (r < 0)
                return r;
        (void)make_directory_below(root_fd, STATE_DIRECTORY, 0700);
        return write_durable_below(root_fd, ASKED_PATH, text, strlen(text));
}

int asked_machine_read(int root_fd, AskedMachine *ret) {
        AskedMachine machine = {
                .memory_bytes = kernel_memory_bytes(root_fd),
                .secure_boot = efi_secure_boot(root_fd) > 0,
                .knows_cma = kernel_knows_cma(root_fd),
        };
        int r;

        r = kernel_boot_id(root_fd, machine.boot_id);
        if (r >= 0)
                r = kernel_command_line(root_fd, &machine.command_line);
        if (r >= 0)
                *ret = machine;
        return r;
}
