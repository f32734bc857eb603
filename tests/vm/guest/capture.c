/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* First and only program of the capture kernel: tells what is in /proc/vmcore.
 *
 * It talks to the host on the second serial port, so that no kernel message falls between:
 *   info               the lines below, see send_info()
 *   read ADDRESS SIZE  "data HEX" of that physical address, or "error TEXT"
 *   end                restart
 * Each answer ends with a line ".". It says "ready" first, and restarts by itself when it hears
 * nothing for a while. */

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>

#define PORT "/dev/ttyS1"
#define SILENCE_MSEC 60000
#define HEADER_MAX (4U << 20)
#define READ_MAX 4096U

static int port = -1;
static int vmcore = -1;
static unsigned char *header;   /* ELF header, program headers */
static size_t n_segments;

static void say(const char *format, ...) {
        char line[2 * READ_MAX + 64];
        size_t done = 0, size;
        va_list args;

        va_start(args, format);
        vsnprintf(line, sizeof(line), format, args);
        va_end(args);
        size = strlen(line);
        while (done < size) {
                ssize_t n = write(port, line + done, size - done);

                if (n < 0 && errno != EINTR && errno != EAGAIN)
                        return;
                if (n > 0)
                        done += (size_t) n;
        }
}

static void restart(void) {
        tcdrain(port);
        sync();
        reboot(RB_AUTOBOOT);
        for (;;)
                pause();
}

static const Elf64_Phdr *segment(size_t i) {
        const Elf64_Ehdr *elf = (const void *) header;

        return (const void *) (header + elf->e_phoff + i * sizeof(Elf64_Phdr));
}

/* 0, or what is wrong with /proc/vmcore. */
static const char *open_vmcore(void) {
        Elf64_Ehdr elf;
        size_t size;

        vmcore = open("/proc/vmcore", O_RDONLY | O_CLOEXEC);
        if (vmcore < 0)
                return "there is no /proc/vmcore";
        if (pread(vmcore, &elf, sizeof(elf), 0) != sizeof(elf))
                return "cannot read the ELF header";
        if (memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 || elf.e_ident[EI_CLASS] != ELFCLASS64 ||
            elf.e_phentsize != sizeof(Elf64_Phdr))
                return "not a 64-bit ELF file";
        size = elf.e_phoff + (size_t) elf.e_phnum * sizeof(Elf64_Phdr);
        if (size > HEADER_MAX)
                return "too many segments";
        header = malloc(size);
        if (!header || pread(vmcore, header, size, 0) != (ssize_t) size)
                return "cannot read the program headers";
        n_segments = elf.e_phnum;
        return NULL;
}

static size_t count_prstatus(const Elf64_Phdr *notes) {
        unsigned char *data = malloc(notes->p_filesz);
        size_t at = 0, count = 0;

        if (!data || pread(vmcore, data, notes->p_filesz, (off_t) notes->p_offset) !=
                             (ssize_t) notes->p_filesz)
                return 0;
        while (at + sizeof(Elf64_Nhdr) <= notes->p_filesz) {
                Elf64_Nhdr note;
                size_t name, rest;

                memcpy(&note, data + at, sizeof(note));
                if (note.n_namesz == 0)
                        break;
                name = ((size_t) note.n_namesz + 3) & ~(size_t) 3;
                rest = ((size_t) note.n_descsz + 3) & ~(size_t) 3;
                if (name + rest > notes->p_filesz - at - sizeof(note))
                        break;
                if (note.n_type == NT_PRSTATUS && note.n_namesz == 5 &&
                    memcmp(data + at + sizeof(note), "CORE", 5) == 0)
                        count++;
                at += sizeof(note) + name + rest;
        }
        free(data);
        return count;
}

static void send_file_line(const char *key, const char *path) {
        char text[2400];
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

        if (fd >= 0)
                close(fd);
        text[n > 0 ? n : 0] = 0;
        text[strcspn(text, "\n")] = 0;
        say("%s %s\n", key, text);
}

/* The runtime map of EFI, a line for each value; none if the kernel has no runtime services. */
static void send_efi(void) {
        static const char *const names[] = { "type", "phys_addr", "virt_addr", "num_pages",
                                             "attribute" };

        for (unsigned i = 0;; i++)
                for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
                        char path[96], key[32];

                        snprintf(path, sizeof(path), "/sys/firmware/efi/runtime-map/%u/%s", i,
                                 names[k]);
                        if (access(path, R_OK) < 0)
                                return;
                        snprintf(key, sizeof(key), "efi %u/%s", i, names[k]);
                        send_file_line(key, path);
                }
}

static void send_info(const char *trouble) {
        struct utsname system = {};
        size_t prstatus = 0;

        uname(&system);
        say("release %s\n", system.release);
        send_file_line("memory", "/proc/meminfo");      /* its first line is MemTotal */
        send_file_line("cmdline", "/proc/cmdline");
        send_efi();
        if (trouble) {
                say("trouble %s\n", trouble);
                return;
        }
        for (size_t i = 0; i < n_segments; i++) {
                const Elf64_Phdr *s = segment(i);

                if (s->p_type == PT_NOTE)
                        prstatus += count_prstatus(s);
                else if (s->p_type == PT_LOAD)
                        say("load %" PRIx64 " %" PRIx64 " %" PRIx64 "\n", s->p_paddr,
                            s->p_paddr + s->p_memsz, s->p_vaddr);
        }
        say("prstatus %zu\n", prstatus);
}

static void send_memory(uint64_t address, uint64_t size) {
        unsigned char data[READ_MAX];
        char text[2 * READ_MAX + 1];

        for (size_t i = 0; size <= READ_MAX && i < n_segments; i++) {
                const Elf64_Phdr *s = segment(i);
                ssize_t n;

                if (s->p_type != PT_LOAD || address < s->p_paddr ||
                    address - s->p_paddr > s->p_memsz || s->p_memsz - (address - s->p_paddr) < size)
                        continue;
                n = pread(vmcore, data, size, (off_t) (s->p_offset + (address - s->p_paddr)));
                if (n != (ssize_t) size) {
                        say("error %s\n", n < 0 ? strerror(errno) : "short read");
                        return;
                }
                for (size_t at = 0; at < size; at++)
                        sprintf(text + 2 * at, "%02x", data[at]);
                say("data %s\n", text);
                return;
        }
        say("error no segment holds it\n");
}

static void answer(const char *line, const char *trouble) {
        uint64_t address, size;

        if (strcmp(line, "info") == 0)
                send_info(trouble);
        else if (sscanf(line, "read %" SCNx64 " %" SCNu64, &address, &size) == 2)
                send_memory(address, size);
        else if (strcmp(line, "end") == 0)
                restart();
        else
                say("error unknown request\n");
        say(".\n");
}

int main(void) {
        struct termios mode;
        const char *trouble;
        char line[256];
        size_t size = 0;

        mount("dev", "/dev", "devtmpfs", 0, NULL);
        mount("proc", "/proc", "proc", 0, NULL);
        mount("sys", "/sys", "sysfs", 0, NULL);
        port = open(PORT, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (port < 0 || tcgetattr(port, &mode) < 0) {
                perror("capture: " PORT);
                restart();
        }
        cfmakeraw(&mode);
        cfsetspeed(&mode, B115200);
        tcsetattr(port, TCSANOW, &mode);

        trouble = open_vmcore();
        say("ready\n");
        for (;;) {
                struct pollfd wait = { .fd = port, .events = POLLIN };
                char c;

                if (poll(&wait, 1, SILENCE_MSEC) <= 0)
                        restart();
                if (read(port, &c, 1) != 1)
                        continue;
                if (c == '\n') {
                        line[size] = 0;
                        size = 0;
                        answer(line, trouble);
                } else if (size < sizeof(line) - 1)
                        line[size++] = c;
        }
}
