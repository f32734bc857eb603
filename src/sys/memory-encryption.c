/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the memory of this machine is encrypted. */
#include "sys/memory-encryption.h"

#include <errno.h>
#include <fcntl.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "sys/kmsg.h"

#define CPUINFO_LONGEST (64u * 1024u) /* of /proc/cpuinfo: of the first processor, and then some */
#define CMDLINE_LONGEST (64u * 1024u)
#define LOG_MOST        100000u /* records; what was logged at boot is among the first */

/* Whether a text has a word between white space. */
static bool has_word(const char *text, const char *word) {
        size_t n = strlen(word);

        for (const char *p = text; (p = strstr(p, word)); p += n)
                if ((p == text || strchr(" \t\n", p[-1])) && strchr(" \t\n", p[n]))
                        return true;
        return false;
}

/* What is 1 in such guests only. */
static bool is_secure_guest(int root_fd) {
        static const char *const attributes[] = {
                "/sys/firmware/uv/prot_virt_guest", /* arch/s390/kernel/uv.c */
                "/sys/devices/system/cpu/svm",      /* arch/powerpc/kernel/sysfs.c */
        };

        for (size_t i = 0; i < ELEMENTSOF(attributes); i++) {
                uint64_t value;

                if (read_u64_below(root_fd, attributes[i], &value) >= 0 && value == 1)
                        return true;
        }
        /* Of SEV-SNP (arch/x86/coco/sev/core.c). */
        return exists_below(root_fd, "/sys/devices/system/cpu/sev/vmpl");
}

/* The flags of the first processor; they are those of all. */
static char *read_flags(int root_fd) {
        _cleanup_close_ int fd = open_below(root_fd, "/proc/cpuinfo", O_RDONLY | O_NOCTTY);
        _cleanup_free_ char *text = malloc(CPUINFO_LONGEST + 1);
        char *rest, *line;
        size_t n = 0;

        if (!text || fd < 0 || read_at(fd, text, CPUINFO_LONGEST, 0, &n) < 0)
                return NULL;
        text[n] = '\0';
        rest = text;
        while ((line = strsep(&rest, "\n"))) {
                const char *value = startswith(line, "flags");

                if (value && value[strspn(value, " \t")] == ':')
                        return strdup(value + strspn(value, " \t:"));
        }
        return NULL;
}

/* SME is for whoever asks for it on the command line, where the last word counts
 * (arch/x86/mm/mem_encrypt_identity.c). */
static bool is_asked_for(int root_fd) {
        _cleanup_free_ char *line = NULL;
        char *rest, *word;
        bool on = false;

        if (read_file_below(root_fd, "/proc/cmdline", CMDLINE_LONGEST, &line, NULL) < 0)
                return false;
        rest = line;
        while ((word = strsep(&rest, " \t\n"))) {
                const char *value = startswith(word, "mem_encrypt=");

                if (value)
                        on = streq(value, "on");
        }
        return on;
}

/* The kernel's own line, and not one that begins so for another reason: "PRIORITY,...;TEXT", with
 * what others write in another facility. */
static bool is_announcement(const char *line) {
        const char *text = strchr(line, ';');

        if (!text || line[0] < '0' || line[0] > '7' || line[1] != ',')
                return false;
        return startswith(text + 1, "Memory Encryption Features active:") ||
               startswith(text + 1, "AMD Memory Encryption Features active:");
}

/* What arch/x86/mm/mem_encrypt.c logs at boot; until 5.18 with "AMD" in front. Of a log that was
 * overwritten meanwhile nothing is known. */
static int is_announced(int root_fd) {
        _cleanup_close_ int fd = open_below(root_fd, "/dev/kmsg", O_RDONLY | O_NONBLOCK | O_NOCTTY);

        if (fd < 0)
                return fd == -EACCES || fd == -EPERM ? fd : 0;
        for (unsigned i = 0; i < LOG_MOST; i++) {
                char record[KMSG_RECORD_MAX + 1], *rest = record, *line;
                ssize_t n = read(fd, record, KMSG_RECORD_MAX);

                if (n < 0 && (errno == EPIPE || errno == EINTR))
                        continue;
                if (n <= 0)
                        return 0;
                record[n] = '\0';
                while ((line = strsep(&rest, "\n")))
                        if (is_announcement(line))
                                return 1;
        }
        return 0;
}

int memory_encryption_is_active(int root_fd) {
        _cleanup_free_ char *flags = NULL;

        if (is_secure_guest(root_fd))
                return 1;
        flags = read_flags(root_fd);
        if (!flags)
                return 0;
        if (has_word(flags, "tdx_guest"))
                return 1;
        if (has_word(flags, "sme") && is_asked_for(root_fd))
                return 1;
        /* What a hypervisor shows its guests is what they have. */
        if (has_word(flags, "sev") && has_word(flags, "hypervisor"))
                return 1;
        /* But many show them nothing, and some kernels have SME on without being asked. */
        if (!has_word(flags, "sme") && !has_word(flags, "hypervisor"))
                return 0;
        return is_announced(root_fd);
}
