/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The initramfs as a file, and the note beside it of what it was made of. */
#include "mkinitramfs/output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file-util.h"
#include "base/sha256.h"
#include "sys/gzip.h"
#include "sys/json-fields.h"
#include "sys/module-load.h"

#define NOTE_LONGEST    (4u * 1024u * 1024u) /* bytes */
#define DIGEST_TEXT_MAX (2 * SHA256_SIZE + 1)

/* What is kept beside an image. */
typedef struct Note {
        char *digest; /* of all that decides what is in the image */
        uint64_t packed_bytes, unpacked_bytes;
        Entry *entries;
        size_t n_entries;
} Note;

DEFINE_JSON_NAME(entry_type, EntryType);

static const JsonField entry_table[] = {
        JSON_FIELD(STRING, Entry, "Path", path),
        JSON_FIELD_NAME(Entry, "Type", type, entry_type),
        JSON_FIELD(OPTIONAL_STRING, Entry, "Source", source),
        JSON_FIELD(OPTIONAL_STRING, Entry, "Why", why),
        JSON_FIELD(NUMBER, Entry, "Bytes", size),
        JSON_FIELD(NUMBER, Entry, "MtimeNSec", mtime_nsec),
        JSON_FIELD(NUMBER, Entry, "Inode", inode),
};
static const JsonFields entry_fields = JSON_FIELDS(entry_table, NOTE_LONGEST);

static const JsonField note_table[] = {
        JSON_FIELD(STRING, Note, "Digest", digest),
        JSON_FIELD(NUMBER, Note, "PackedBytes", packed_bytes),
        JSON_FIELD(NUMBER, Note, "UnpackedBytes", unpacked_bytes),
        JSON_FIELD_ARRAY(Note, "Entries", entries, entry_fields, ENTRIES_MOST),
};
static const JsonFields note_fields = JSON_FIELDS(note_table, NOTE_LONGEST);

static void note_done(Note *note) {
        free(note->digest);
        for (size_t i = 0; i < note->n_entries; i++) {
                free(note->entries[i].path);
                free(note->entries[i].source);
                free(note->entries[i].why);
        }
        free(note->entries);
        *note = (Note){ 0 };
}

void image_done(Image *image) {
        free(image->path);
        *image = (Image){ 0 };
}

static int compare_entries(const void *a, const void *b) {
        return strcmp(((const Entry *)a)->path, ((const Entry *)b)->path);
}

/* --- what decides */

static void add_text(Sha256 *s, const char *text) {
        sha256_add(s, strempty(text), strlen(strempty(text)) + 1);
}

static void digest_entry(Sha256 *s, const Entry *e) {
        char numbers[256];

        strscpyf(numbers, sizeof(numbers), "%u %o %d %u:%u %" PRIu64 " %" PRIu64 " %" PRIu64,
                 (unsigned)e->type, e->mode, (int)e->coding, e->major, e->minor, e->size,
                 e->mtime_nsec, e->inode);
        add_text(s, e->path);
        add_text(s, numbers);
        add_text(s, e->source);
        add_text(s, e->identity ?: e->text);
}

/* Files by their identities, since reading them all takes its time; all else by what it is. */
static void digest_inputs(const Builder *b, char ret[static DIGEST_TEXT_MAX]) {
        static const char digits[] = "0123456789abcdef";
        uint8_t digest[SHA256_SIZE];
        Sha256 s;

        sha256_init(&s, sha256_blocks_best());
        add_text(&s, PACKAGE_VERSION);
        add_text(&s, compression_to_string(b->compression));
        for (size_t i = 0; i < b->n_entries; i++)
                digest_entry(&s, &b->entries[i]);
        sha256_end(&s, digest);
        for (size_t i = 0; i < SHA256_SIZE; i++) {
                ret[2 * i] = digits[digest[i] >> 4];
                ret[2 * i + 1] = digits[digest[i] & 15];
        }
        ret[2 * SHA256_SIZE] = '\0';
}

static bool is_fresh(Builder *b, const char *path, const char *note_path, const char *digest,
                     Image *image) {
        _cleanup_(note_done) Note note = { 0 };
        _cleanup_free_ char *text = NULL;
        struct stat st;
        size_t size;

        if (read_file_below(b->root_fd, note_path, NOTE_LONGEST, &text, &size) < 0 ||
            json_fields_from_text(&note_fields, text, size, NOTE_LONGEST, &note) < 0 ||
            !streq(note.digest, digest) || stat_below(b->root_fd, path, &st) < 0 ||
            (uint64_t)st.st_size != note.packed_bytes)
                return false;
        image->packed_bytes = note.packed_bytes;
        image->unpacked_bytes = note.unpacked_bytes;
        image->fresh = true;
        return true;
}

/* --- packing */

/* Whatever it was packed with, it is packed with gzip then, or not at all. */
static int recode(Builder *b, const Entry *e, const void *data, size_t size, void **ret,
                  size_t *ret_size) {
        _cleanup_free_ void *plain = NULL;
        int r;

        if (e->coding == CODING_PLAIN || !endswith(e->source, ".ko")) {
                r = decompress(data, size, MODULE_LARGEST, &plain, &size);
                if (r < 0)
                        return fail(b, r, "\"%s\", %s, cannot be decompressed: %s", e->source,
                                    e->why, strerror(-r));
                data = plain;
        }
        if (e->coding == CODING_PLAIN) {
                *ret = TAKE_PTR(plain);
                *ret_size = size;
                return 0;
        }
        r = gzip_pack(data, size, ret, ret_size);
        if (r < 0)
                return fail(b, r, "the kernel module \"%s\" cannot be compressed: %s", e->source,
                            strerror(-r));
        return 0;
}

static int pack_file(Builder *b, CpioWriter *w, const Entry *e) {
        _cleanup_free_ char *data = NULL;
        _cleanup_free_ void *recoded = NULL;
        CpioEntry entry = { .path = e->path, .mode = e->mode };
        int r;

        r = builder_read(b, e->source, &data, &entry.size);
        if (r < 0)
                return r;
        entry.data = data;
        if (e->coding != CODING_AS_IS) {
                r = recode(b, e, data, entry.size, &recoded, &entry.size);
                if (r < 0)
                        return r;
                entry.data = recoded;
        }
        return cpio_writer_add(w, &entry);
}

static int pack_entry(Builder *b, CpioWriter *w, const Entry *e) {
        CpioEntry entry = {
                .path = e->path, .mode = e->mode, .major = e->major, .minor = e->minor
        };

        if (e->type == ENTRY_FILE)
                return pack_file(b, w, e);
        if (e->type == ENTRY_LINK)
                entry.link = e->source;
        if (e->type == ENTRY_TEXT) {
                entry.data = e->text;
                entry.size = strlen(e->text);
        }
        return cpio_writer_add(w, &entry);
}

static int pack(Builder *b, int fd, Image *image) {
        _cleanup_(cpio_writer_freep) CpioWriter *w = NULL;
        int r;

        r = cpio_writer_new(fd, b->compression, &w);
        for (size_t i = 0; i < b->n_entries && r >= 0; i++)
                r = pack_entry(b, w, &b->entries[i]);
        return r < 0 ? r : cpio_writer_finish(w, &image->unpacked_bytes);
}

/* Without zstd in libarchive, gzip; every kernel that unpacks the one unpacks the other. */
static int settle_compression(Builder *b) {
        _cleanup_(cpio_writer_freep) CpioWriter *w = NULL;
        _cleanup_close_ int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

        if (b->compression == COMPRESSION_ZSTD &&
            cpio_writer_new(fd, b->compression, &w) == -EOPNOTSUPP)
                b->compression = COMPRESSION_GZIP;
        return 0;
}

/* --- files */

/* Makes the directories that a path is in, and opens the last of them. */
static int open_parent(Builder *b, const char *path, char **ret_directory) {
        _cleanup_free_ char *directory = strdup(path);
        int fd;

        if (!directory)
                return fail_memory(b);
        for (char *p = directory + 1; (p = strchr(p, '/')); p++) {
                int r;

                *p = '\0';
                r = make_directory_below(b->root_fd, directory, 0755);
                if (r < 0 && r != -EEXIST)
                        return fail(b, r, "the directory \"%s\" cannot be made: %s", directory,
                                    strerror(-r));
                *p = '/';
        }
        strrchr(directory, '/')[1] = '\0';
        fd = open_below(b->root_fd, directory, O_RDONLY | O_DIRECTORY);
        if (fd < 0)
                return fail(b, fd, "the directory \"%s\" cannot be opened: %s", directory,
                            strerror(-fd));
        *ret_directory = TAKE_PTR(directory);
        return fd;
}

static int write_note(Builder *b, const char *path, const char *digest, const Image *image) {
        Note note = { .digest = (char *)digest,
                      .packed_bytes = image->packed_bytes,
                      .unpacked_bytes = image->unpacked_bytes,
                      .entries = b->entries,
                      .n_entries = b->n_entries };
        _cleanup_free_ char *text = NULL;
        int r;

        r = json_fields_to_text(&note_fields, &note, &text);
        if (r >= 0)
                r = write_file_below(b->root_fd, path, text, strlen(text));
        return r < 0 ? fail(b, r, "\"%s\" cannot be written: %s", path, strerror(-r)) : 0;
}

/* Into a file beside the old one, which takes its place when all of it is on the disk. */
static int replace(Builder *b, int directory_fd, const char *path, const char *note, Image *image) {
        _cleanup_free_ char *temporary = NULL;
        _cleanup_close_ int fd = -EBADF;
        const char *name = strrchr(path, '/') + 1;
        struct stat st;
        int r;

        if (asprintf(&temporary, ".%s.new", name) < 0) {
                temporary = NULL;
                return fail_memory(b);
        }
        (void)unlinkat(directory_fd, temporary, 0);
        fd = openat(directory_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    0600);
        r = fd < 0 ? -errno : pack(b, fd, image);
        if (r >= 0 && (fsync(fd) < 0 || fstat(fd, &st) < 0))
                r = -errno;
        /* From here on the old note would be of another image. */
        if (r >= 0 && note) {
                r = remove_below(b->root_fd, note);
                r = r == -ENOENT ? 0 : r;
        }
        if (r >= 0 &&
            (renameat(directory_fd, temporary, directory_fd, name) < 0 || fsync(directory_fd) < 0))
                r = -errno;
        if (r < 0) {
                (void)unlinkat(directory_fd, temporary, 0);
                return fail(b, r, "\"%s\" cannot be written: %s", path, strerror(-r));
        }
        image->packed_bytes = (uint64_t)st.st_size;
        return 0;
}

int image_make(Builder *b, const char *path, const char *note, bool if_needed, Image *ret) {
        _cleanup_(image_done) Image image = { .path = strdup(path) };
        _cleanup_close_ int directory_fd = -EBADF;
        _cleanup_free_ char *directory = NULL;
        char digest[DIGEST_TEXT_MAX];
        int r;

        if (!image.path)
                return fail_memory(b);
        r = settle_compression(b);
        if (r < 0)
                return r;
        qsort(b->entries, b->n_entries, sizeof(*b->entries), compare_entries);
        digest_inputs(b, digest);
        directory_fd = open_parent(b, path, &directory);
        if (directory_fd < 0)
                return directory_fd;
        /* Somebody else may be building the same one: a hook, the daemon, a person. */
        if (flock(directory_fd, LOCK_EX) < 0)
                return fail(b, -errno, "\"%s\" cannot be locked: %s", directory, strerror(errno));
        if (!if_needed || !note || !is_fresh(b, path, note, digest, &image)) {
                r = replace(b, directory_fd, path, note, &image);
                if (r >= 0 && note)
                        r = write_note(b, note, digest, &image);
                if (r < 0)
                        return r;
        }
        *ret = image;
        image = (Image){ 0 };
        return 0;
}
