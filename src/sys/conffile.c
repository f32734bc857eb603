/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kdumpd.conf and its drop-ins, through libeconf.
 *
 * libeconf (0.5 to 0.7) says which keys a file has in which sections, and on which lines. Three
 * things are done here instead: finding the files, because its directory readers give up all of
 * them for one bad line; skipping the lines that would make it give up the file, or that it
 * would silently append to the line before; and cutting out the values, because it drops quotes
 * and ends a value at any "#", both of which command lines may have. */
#include "sys/conffile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libeconf.h>
#include <libeconf_ext.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "core/paths.h"

#define MAIN_FILE       "kdumpd.conf"
#define DROPIN_DIR      "kdumpd.conf.d"
#define LINES_MOST      4096u
#define NAME_LONGEST    64u /* of a section or key */
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

/* The first one wins. */
static const char *const directories[] = {
        KDUMPD_SYSCONFDIR "/kdumpd",
        RUN_DIRECTORY,
        KDUMPD_VENDORDIR "/kdumpd",
};

typedef struct Reader {
        int root_fd;
        Settings *settings;
        ConffileWarning warning;
        ConffileOrigin origin;
        void *userdata;
        const char *file; /* the one that is being read */
        Error *error;
} Reader;

/* Whether it is the same the next time: what is there is no file of ours. */
static bool is_lasting(int error) {
        switch (-error) {
        case ENOENT:
        case ENOTDIR:
        case EISDIR:
        case ENXIO:
        case EINVAL:
        case EFBIG:
        case EBADMSG:
                return true;
        default:
                return false;
        }
}

static int cannot_read(const Reader *reader, int error) {
        if (error == -ENOMEM)
                return error_set_memory(reader->error);
        return error_set(reader->error, error, "\"%s\" cannot be read: %s", reader->file,
                         strerror(-error));
}

static void warn(const Reader *reader, unsigned line, const char *format, ...) _printf_(3, 4);

static void warn(const Reader *reader, unsigned line, const char *format, ...) {
        char text[512];
        va_list ap;

        if (!reader->warning)
                return;
        va_start(ap, format);
        (void)vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        reader->warning(reader->userdata, reader->file, line, text, text);
}

static void warn_of_value(const Reader *reader, unsigned line, const char *key, const char *value,
                          const char *error) {
        char text[512], told[512];

        if (!reader->warning)
                return;
        strscpyf(text, sizeof(text), "ignoring %s=%s: %s", key, value, error);
        strscpyf(told, sizeof(told), "ignoring %s=: %s", key, error);
        reader->warning(reader->userdata, reader->file, line, text, told);
}

void conffile_print_warning(void *userdata, const char *file, unsigned line, const char *text,
                            const char *told) {
        if (line > 0)
                (void)fprintf(stderr, "%s:%u: %s\n", file, line, text);
        else
                (void)fprintf(stderr, "%s: %s\n", file, text);
}

/* One line of a file: what it is, and where its parts are. Sections and values that count are
 * cut out in place. */
typedef struct Line {
        char *key;   /* NULL if it is no "Key=value" */
        char *value; /* of that */
        char *section;
} Line;

typedef struct Text {
        char *bytes;
        Line lines[LINES_MOST];
        size_t n_lines;
} Text;

static void text_freep(Text **text) {
        if (*text)
                free((*text)->bytes);
        free(*text);
}

static void econf_freep(econf_file **file) {
        if (*file)
                econf_freeFile(*file);
}

static void econf_free_arrayp(char ***array) {
        if (*array)
                econf_freeArray(*array);
}

/* Ends the value where a comment begins. */
static void cut_comment(char *value) {
        bool quoted = false;

        for (char *p = value; *p; p++) {
                if (*p == '"')
                        quoted = !quoted;
                if (*p == '#' && !quoted && (p == value || p[-1] == ' ' || p[-1] == '\t')) {
                        *p = '\0';
                        return;
                }
        }
}

static bool is_name(const char *s) {
        size_t n = strlen(s);

        return n > 0 && n <= NAME_LONGEST && strspn(s, NAME_CHARACTERS) == n;
}

/* Takes one line apart. Returns false if it is none that we know. */
static bool line_parse(char *text, Line *ret) {
        char *end;

        text = strstrip(text);
        if (*text == '\0' || *text == '#' || *text == ';')
                return true;
        if (*text == '[') {
                cut_comment(text);
                text = strstrip(text);
                end = text + strlen(text) - 1;
                if (*end != ']')
                        return false;
                *end = '\0';
                ret->section = text + 1;
                return is_name(ret->section);
        }
        end = strchr(text, '=');
        if (!end)
                return false;
        *end = '\0';
        cut_comment(end + 1);
        ret->key = strstrip(text);
        ret->value = strstrip(end + 1);
        return is_name(ret->key);
}

/* Within one file the last setting of a key counts; libeconf would take the first. */
static void drop_repeated(const Reader *reader, Text *text, const char *section, size_t last) {
        const char *current = "";

        for (size_t i = 0; i < last; i++) {
                Line *line = &text->lines[i];

                if (line->section)
                        current = line->section;
                if (!line->key || !streq(current, section) ||
                    !streq(line->key, text->lines[last].key))
                        continue;
                warn(reader, (unsigned)i + 1, "%s= is set again in line %zu, which counts",
                     line->key, last + 1);
                *line = (Line){ 0 };
        }
}

/* Splits a file into lines and says which of them are no good. */
static void text_parse(const Reader *reader, Text *text) {
        const char *section = NULL;
        char *rest = text->bytes, *bytes;
        bool skipping = false;

        for (size_t i = 0; i < LINES_MOST && (bytes = strsep(&rest, "\n")); i++) {
                Line line = { 0 };

                text->n_lines = i + 1;
                if (!line_parse(bytes, &line)) {
                        /* What follows a heading that cannot be read belongs to no section that
                         * we know. */
                        skipping = skipping || bytes[strspn(bytes, " \t")] == '[';
                        warn(reader, (unsigned)i + 1,
                             "ignoring a line that is neither [Section] nor Key=value");
                        continue;
                }
                if (line.section) {
                        section = line.section;
                        skipping = false;
                }
                if (line.key && (skipping || !section)) {
                        warn(reader, (unsigned)i + 1, "ignoring %s=, which is in no section",
                             line.key);
                        continue;
                }
                text->lines[i] = line;
                if (line.key)
                        drop_repeated(reader, text, section, i);
        }
        if (rest)
                warn(reader, LINES_MOST, "ignoring all that follows: more than %u lines",
                     LINES_MOST);
}

/* Gives libeconf the lines that are good, at their places, with a stand-in for each value. */
static int econf_parse(const Text *text, econf_file **ret) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_fclose_ FILE *f = NULL;
        char path[64];

        fd = memfd_create("kdumpd.conf", MFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        f = fdopen(fd, "w");
        if (!f)
                return -errno;
        TAKE_FD(fd);
        for (size_t i = 0; i < text->n_lines; i++) {
                const Line *line = &text->lines[i];

                if (line->section)
                        (void)fprintf(f, "[%s]", line->section);
                else if (line->key)
                        (void)fprintf(f, "%s=x", line->key);
                (void)fputc('\n', f);
        }
        if (fflush(f) != 0)
                return -errno;
        errno = 0;
        switch (econf_readFile(ret, path, "=", "#")) {
        case ECONF_SUCCESS:
                return 0;
        case ECONF_NOMEM:
                return -ENOMEM;
        case ECONF_NOFILE: /* it is there: it cannot be opened */
                return errno != 0 ? -errno : -EIO;
        default:
                return -EBADMSG;
        }
}

static int apply_key(const Reader *reader, const Text *text, econf_file *file, const char *section,
                     const char *key) {
        Error error;
        econf_ext_value *found = NULL;
        uint64_t number;
        int r;

        if (econf_getExtValue(file, section, key, &found) != ECONF_SUCCESS)
                return 0;
        number = found->line_number;
        econf_freeExtValue(found);
        if (number == 0 || number > text->n_lines || !text->lines[number - 1].key)
                return 0;

        r = settings_set(reader->settings, section, key, text->lines[number - 1].value, &error);
        if (r == -ENOMEM)
                return r;
        if (r == -ENOENT)
                warn(reader, (unsigned)number, "%s, ignoring the line", error.text);
        else if (r < 0)
                warn_of_value(reader, (unsigned)number, key, text->lines[number - 1].value,
                              error.text);
        else if (reader->origin)
                reader->origin(reader->userdata, section, key, reader->file);
        return 0;
}

/* A section that has two headings in a file is listed twice by libeconf (0.5). */
static bool in_earlier(char *const *names, size_t n, const char *name) {
        for (size_t i = 0; i < n; i++)
                if (streq(names[i], name))
                        return true;
        return false;
}

static int apply(const Reader *reader, const Text *text, econf_file *file) {
        _cleanup_(econf_free_arrayp) char **sections = NULL;
        size_t n_sections = 0;
        int r;

        if (econf_getGroups(file, &n_sections, &sections) != ECONF_SUCCESS)
                return 0;
        for (size_t i = 0; i < n_sections; i++) {
                _cleanup_(econf_free_arrayp) char **keys = NULL;
                size_t n_keys = 0;

                if (in_earlier(sections, i, sections[i]) ||
                    econf_getKeys(file, sections[i], &n_keys, &keys) != ECONF_SUCCESS)
                        continue;
                for (size_t k = 0; k < n_keys; k++) {
                        r = apply_key(reader, text, file, sections[i], keys[k]);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

/* Returns 0, also for a file that says nothing; the errors are those of open, stat and read. */
static int read_text(const Reader *reader, char **ret) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        size_t size;
        int r;

        if (is_masked_below(reader->root_fd, reader->file)) {
                *ret = strdup("");
                return *ret ? 0 : -ENOMEM;
        }
        fd = open_below(reader->root_fd, reader->file, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        r = read_fd(fd, CONFFILE_LONGEST, ret, &size);
        if (r < 0)
                return r;
        if (strlen(*ret) != size) {
                free(TAKE_PTR(*ret));
                return -EBADMSG;
        }
        return 0;
}

/* Returns 1; 0 if there is none. */
static int read_one(Reader *reader, const char *path) {
        _cleanup_(text_freep) Text *text = calloc(1, sizeof(Text));
        _cleanup_(econf_freep) econf_file *file = NULL;
        int r;

        reader->file = path;
        if (!text)
                return cannot_read(reader, -ENOMEM);
        r = read_text(reader, &text->bytes);
        if (r == -ENOENT)
                return 0;
        if (r < 0 && !is_lasting(r))
                return cannot_read(reader, r);
        if (r < 0) {
                warn(reader, 0, "ignoring the file: %s",
                     r == -EFBIG     ? "it is longer than 64 KiB"
                     : r == -EINVAL  ? "it is no regular file"
                     : r == -EBADMSG ? "it is not text"
                                     : strerror(-r));
                return 1;
        }
        text_parse(reader, text);
        r = econf_parse(text, &file);
        if (r < 0 && r != -EBADMSG)
                return cannot_read(reader, r);
        if (r < 0) {
                warn(reader, 0, "ignoring the file: libeconf cannot read it");
                return 1;
        }
        r = apply(reader, text, file);
        return r < 0 ? cannot_read(reader, r) : 1;
}

static char *path_new(const char *directory, const char *name, const char *rest) {
        char *path;

        return asprintf(&path, "%s/%s%s", directory, name, rest) < 0 ? NULL : path;
}

static int read_main(Reader *reader) {
        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                _cleanup_free_ char *path = path_new(directories[i], MAIN_FILE, "");

                int r;

                if (!path)
                        return cannot_read(reader, -ENOMEM);
                r = read_one(reader, path);
                if (r != 0)
                        return r;
        }
        return 0;
}

typedef struct Dropin {
        char *name; /* owned */
        size_t directory;
} Dropin;

typedef struct Dropins {
        Dropin list[CONFFILE_FILES_MAX];
        size_t n;
} Dropins;

static void dropins_freep(Dropins **dropins) {
        for (size_t i = 0; *dropins && i < (*dropins)->n; i++)
                free((*dropins)->list[i].name);
        free(*dropins);
}

static bool has_dropin(const Dropins *dropins, const char *name) {
        for (size_t i = 0; i < dropins->n; i++)
                if (streq(dropins->list[i].name, name))
                        return true;
        return false;
}

static int list_dropins(Reader *reader, size_t directory, const char *path, Dropins *dropins) {
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;
        int r;

        reader->file = path;
        r = open_directory_below(reader->root_fd, path, &dir);
        if (r < 0 && !is_lasting(r))
                return cannot_read(reader, r);
        if (r < 0) {
                if (r != -ENOENT)
                        warn(reader, 0, "ignoring the directory: %s", strerror(-r));
                return 0;
        }
        while ((errno = 0, entry = readdir(dir))) {
                if (entry->d_name[0] == '.' || !endswith(entry->d_name, ".conf") ||
                    has_dropin(dropins, entry->d_name))
                        continue;
                if (dropins->n == CONFFILE_FILES_MAX) {
                        warn(reader, 0, "ignoring drop-ins: there are more than %u",
                             CONFFILE_FILES_MAX);
                        return 0;
                }
                dropins->list[dropins->n] = (Dropin){ strdup(entry->d_name), directory };
                if (!dropins->list[dropins->n].name)
                        return cannot_read(reader, -ENOMEM);
                dropins->n++;
        }
        return errno != 0 ? cannot_read(reader, -errno) : 0;
}

static int compare_names(const void *a, const void *b) {
        return strcmp(((const Dropin *)a)->name, ((const Dropin *)b)->name);
}

static int read_dropins(Reader *reader) {
        _cleanup_(dropins_freep) Dropins *dropins = calloc(1, sizeof(Dropins));
        int r;

        if (!dropins)
                return cannot_read(reader, -ENOMEM);
        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                _cleanup_free_ char *path = path_new(directories[i], DROPIN_DIR, "");

                if (!path)
                        return cannot_read(reader, -ENOMEM);
                r = list_dropins(reader, i, path, dropins);
                if (r < 0)
                        return r;
        }
        qsort(dropins->list, dropins->n, sizeof(Dropin), compare_names);
        for (size_t i = 0; i < dropins->n; i++) {
                const Dropin *dropin = &dropins->list[i];
                _cleanup_free_ char *path =
                        path_new(directories[dropin->directory], DROPIN_DIR "/", dropin->name);

                if (!path)
                        return cannot_read(reader, -ENOMEM);
                r = read_one(reader, path);
                if (r < 0)
                        return r;
                if (r == 0)
                        warn(reader, 0, "ignoring the file: %s", strerror(ENOENT));
        }
        return 0;
}

int conffile_read(const char *root, Settings *s, ConffileWarning warning, ConffileOrigin origin,
                  void *userdata, Error *reterr) {
        _cleanup_close_ int root_fd = -EBADF;
        Error error;
        Settings settings;
        Reader reader;
        int r;

        r = settings_init(&settings);
        if (r < 0)
                return error_set_memory(reterr);
        reader = (Reader){ .settings = &settings,
                           .warning = warning,
                           .origin = origin,
                           .userdata = userdata,
                           .file = isempty(root) ? "/" : root,
                           .error = reterr };
        root_fd = open_root(reader.file);
        if (root_fd >= 0) {
                reader.root_fd = root_fd;
                r = read_main(&reader);
                if (r >= 0)
                        r = read_dropins(&reader);
        } else if (is_lasting(root_fd))
                warn(&reader, 0, "using defaults: %s", strerror(-root_fd));
        else
                r = cannot_read(&reader, root_fd);
        if (r < 0) {
                settings_done(&settings);
                return r;
        }
        reader.file = directories[0];
        if (settings_reconcile(&settings, &error))
                warn(&reader, 0, "%s", error.text);
        settings_done(s);
        *s = settings;
        return 0;
}

static uint64_t mix(uint64_t h, const void *data, size_t size) {
        const unsigned char *p = data;

        for (size_t i = 0; i < size; i++)
                h = (h ^ p[i]) * UINT64_C(0x100000001b3);
        return h;
}

/* Of one file, or 0 if there is none: a sum of these does not depend on an order. */
static uint64_t file_identity(int root_fd, const char *path) {
        _cleanup_close_ int fd = open_below(root_fd, path, O_PATH);
        uint64_t h = mix(UINT64_C(0xcbf29ce484222325), path, strlen(path));
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return 0;
        h = mix(h, &st.st_dev, sizeof(st.st_dev));
        h = mix(h, &st.st_ino, sizeof(st.st_ino));
        h = mix(h, &st.st_mtim, sizeof(st.st_mtim));
        return mix(h, &st.st_size, sizeof(st.st_size));
}

uint64_t conffile_identity(int root_fd) {
        uint64_t sum = 0;

        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                _cleanup_free_ char *file = path_new(directories[i], MAIN_FILE, "");
                _cleanup_free_ char *path = path_new(directories[i], DROPIN_DIR, "");
                _cleanup_closedir_ DIR *dir = NULL;
                const struct dirent *entry;

                if (!file || !path)
                        continue;
                sum += file_identity(root_fd, file);
                if (open_directory_below(root_fd, path, &dir) < 0)
                        continue;
                for (unsigned n = 0; n < CONFFILE_FILES_MAX && (entry = readdir(dir));) {
                        _cleanup_free_ char *dropin = NULL;

                        if (entry->d_name[0] == '.' || !endswith(entry->d_name, ".conf"))
                                continue;
                        n++;
                        dropin = path_new(path, entry->d_name, "");
                        if (dropin)
                                sum += file_identity(root_fd, dropin);
                }
        }
        return sum ?: 1;
}
