/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The BPF program that notes kexec calls. */
#include "watch/attach.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/file.h>
#include <sys/syscall.h>

#include "base/file-util.h"
#include "base/string-util.h"
#include "core/btf.h"

#define FUNCTION      "kimage_free"
#define PIN_DIRECTORY "/sys/fs/bpf/kdumpd"

typedef enum Pin {
        PIN_ARRAY,
        PIN_RING,
        PIN_LINK,
        _PIN_MAX,
} Pin;

static const char *const pin_paths[_PIN_MAX] = {
        [PIN_ARRAY] = PIN_DIRECTORY "/last-call",
        [PIN_RING] = PIN_DIRECTORY "/calls",
        [PIN_LINK] = PIN_DIRECTORY "/link",
};

typedef struct Pinned {
        int fds[_PIN_MAX];
} Pinned;

#define PINNED_INIT                               \
        {                                         \
                .fds = { -EBADF, -EBADF, -EBADF } \
        }

static void pinned_close(Pinned *p) {
        for (Pin i = 0; i < _PIN_MAX; i++)
                closep(&p->fds[i]);
        *p = (Pinned)PINNED_INIT;
}

static const WatchFault no_btf = { "it has no " BTF_KERNEL_PATH " (CONFIG_DEBUG_INFO_BTF)", true };
static const WatchFault no_function = { "its " BTF_KERNEL_PATH " does not have " FUNCTION "()",
                                        true };
static const WatchFault no_directory = { "nothing can be kept in " PIN_DIRECTORY, false };
static const WatchFault refused = { "it does not let kdump-watch use bpf(2)", false };

static int fault(WatchFault *ret, const WatchFault *what, int r) {
        *ret = *what;
        return r;
}

static int bpf(enum bpf_cmd command, union bpf_attr *attr) {
        int r = (int)syscall(SYS_bpf, command, attr, sizeof(*attr));

        return r < 0 ? -errno : r;
}

static uint64_t pointer(const void *p) {
        return (uintptr_t)p;
}

static int pin(int fd, const char *path) {
        return bpf(BPF_OBJ_PIN,
                   &(union bpf_attr){ .pathname = pointer(path), .bpf_fd = (__u32)fd });
}

static int open_pin(const char *path) {
        return bpf(BPF_OBJ_GET, &(union bpf_attr){ .pathname = pointer(path) });
}

/* Whether a map is one as it is made here. */
static bool is_map(int fd, enum bpf_map_type type, uint32_t value_size, uint32_t entries) {
        struct bpf_map_info info = { 0 };

        return bpf(BPF_OBJ_GET_INFO_BY_FD,
                   &(union bpf_attr){ .info = { .bpf_fd = (__u32)fd,
                                                .info_len = sizeof(info),
                                                .info = pointer(&info) } }) >= 0 &&
               info.type == type && info.value_size == value_size && info.max_entries == entries;
}

static int open_pinned(Pinned *ret) {
        _cleanup_(pinned_close) Pinned p = PINNED_INIT;

        for (Pin i = 0; i < _PIN_MAX; i++) {
                p.fds[i] = open_pin(pin_paths[i]);
                if (p.fds[i] < 0)
                        return p.fds[i];
        }
        if (!is_map(p.fds[PIN_ARRAY], BPF_MAP_TYPE_ARRAY, sizeof(KexecCall), 1) ||
            !is_map(p.fds[PIN_RING], BPF_MAP_TYPE_RINGBUF, 0, (uint32_t)note_ring_size()))
                return -ESTALE;
        *ret = p;
        p = (Pinned)PINNED_INIT;
        return 0;
}

/* Whoever gets the array must not be able to write it: frozen, it can be mapped for reading only.
 * (A map with BPF_F_RDONLY cannot be mapped at all.) The ring stays as it is, as its reader writes
 * down how far he has come. */
static int make_maps(Pinned *p) {
        int r;

        p->fds[PIN_ARRAY] = bpf(BPF_MAP_CREATE, &(union bpf_attr){ .map_type = BPF_MAP_TYPE_ARRAY,
                                                                   .key_size = sizeof(uint32_t),
                                                                   .value_size = sizeof(KexecCall),
                                                                   .max_entries = 1,
                                                                   .map_flags = BPF_F_MMAPABLE,
                                                                   .map_name = "kdumpd_last" });
        if (p->fds[PIN_ARRAY] < 0)
                return p->fds[PIN_ARRAY];
        r = bpf(BPF_MAP_FREEZE, &(union bpf_attr){ .map_fd = (__u32)p->fds[PIN_ARRAY] });
        if (r < 0)
                return r;
        p->fds[PIN_RING] =
                bpf(BPF_MAP_CREATE, &(union bpf_attr){ .map_type = BPF_MAP_TYPE_RINGBUF,
                                                       .max_entries = (uint32_t)note_ring_size(),
                                                       .map_name = "kdumpd_calls" });
        return p->fds[PIN_RING];
}

#define INSN(code_, dst, src, off_, imm_)                                                         \
        (struct bpf_insn) {                                                                       \
                .code = (code_), .dst_reg = (dst), .src_reg = (src), .off = (off_), .imm = (imm_) \
        }
/* A number of 64 bits takes the place of two instructions. */
#define LOAD_64(dst, src, imm_) \
        INSN(BPF_LD | BPF_DW | BPF_IMM, dst, src, 0, imm_), INSN(0, 0, 0, 0, 0)
#define SET(dst, imm_) INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm_)
#define COPY(dst, src) INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define CALL(function) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, function)
#define STORE(to, member, from) \
        INSN(BPF_STX | BPF_MEM | BPF_DW, to, from, offsetof(KexecCall, member), 0)

/* Returns a descriptor of the program or negative errno. The function it is attached to runs with
 * the kexec lock held, so that nobody else counts between the two steps in which it does. */
static int load_program(uint32_t function_id, const Pinned *p) {
        const struct bpf_insn program[] = {
                LOAD_64(BPF_REG_6, BPF_PSEUDO_MAP_VALUE, p->fds[PIN_ARRAY]),
                SET(BPF_REG_1, 1),
                INSN(BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_6, BPF_REG_1,
                     offsetof(KexecCall, count), BPF_ADD),
                CALL(BPF_FUNC_get_current_pid_tgid),
                INSN(BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_0, 0, 0, 32),
                STORE(BPF_REG_6, tgid, BPF_REG_0),
                CALL(BPF_FUNC_ktime_get_ns),
                STORE(BPF_REG_6, nsec, BPF_REG_0),
                LOAD_64(BPF_REG_1, BPF_PSEUDO_MAP_FD, p->fds[PIN_RING]),
                COPY(BPF_REG_2, BPF_REG_6),
                SET(BPF_REG_3, sizeof(KexecCall)),
                SET(BPF_REG_4, 0),
                CALL(BPF_FUNC_ringbuf_output),
                SET(BPF_REG_0, 0),
                INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
        };

        return bpf(BPF_PROG_LOAD,
                   &(union bpf_attr){
                           .prog_type = BPF_PROG_TYPE_TRACING,
                           .expected_attach_type = BPF_TRACE_FENTRY,
                           .attach_btf_id = function_id,
                           .insns = pointer(program),
                           .insn_cnt = ELEMENTSOF(program),
                           /* Not of this file: bpf_ktime_get_ns() is for programs that say so. */
                           .license = pointer("GPL"),
                           .prog_name = "kdumpd_watch",
                   });
}

static int find_function(uint32_t *ret_id, WatchFault *ret_fault) {
        _cleanup_free_ char *data = NULL;
        _cleanup_close_ int fd = -EBADF;
        size_t size;
        int r;

        fd = open(BTF_KERNEL_PATH, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return fault(ret_fault, &no_btf, -errno);
        r = read_fd(fd, BTF_LONGEST, &data, &size);
        if (r < 0)
                return fault(ret_fault, &no_btf, r);
        r = btf_find_function(data, size, FUNCTION, ret_id);
        return r < 0 ? fault(ret_fault, &no_function, r) : 0;
}

static int make(Pinned *ret, WatchFault *ret_fault) {
        _cleanup_(pinned_close) Pinned p = PINNED_INIT;
        _cleanup_close_ int program_fd = -EBADF;
        uint32_t function_id;
        int r;

        r = find_function(&function_id, ret_fault);
        if (r < 0)
                return r;
        r = make_maps(&p);
        if (r >= 0)
                program_fd = r = load_program(function_id, &p);
        if (r >= 0)
                p.fds[PIN_LINK] = r =
                        bpf(BPF_RAW_TRACEPOINT_OPEN,
                            &(union bpf_attr){ .raw_tracepoint.prog_fd = (__u32)program_fd });
        if (r < 0)
                return fault(ret_fault, &refused, r);
        for (Pin i = 0; i < _PIN_MAX; i++) {
                r = pin(p.fds[i], pin_paths[i]);
                if (r < 0)
                        return fault(ret_fault, &no_directory, r);
        }
        *ret = p;
        p = (Pinned)PINNED_INIT;
        return 0;
}

/* The directory, locked: of two that are asked at once, the second finds the pins of the first. */
static int open_directory(void) {
        _cleanup_close_ int fd = -EBADF;

        fd = open(PIN_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 || flock(fd, LOCK_EX) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int watch_attach(NoteMaps *ret_maps, WatchFault *ret_fault) {
        _cleanup_(pinned_close) Pinned p = PINNED_INIT;
        _cleanup_close_ int directory_fd = open_directory();
        int r;

        if (directory_fd < 0)
                return fault(ret_fault, &no_directory, directory_fd);
        r = open_pinned(&p);
        if (r < 0) {
                for (Pin i = 0; i < _PIN_MAX; i++)
                        (void)unlink(pin_paths[i]);
                r = make(&p, ret_fault);
        }
        if (r < 0)
                return r;
        *ret_maps = (NoteMaps){ .array_fd = TAKE_FD(p.fds[PIN_ARRAY]),
                                .ring_fd = TAKE_FD(p.fds[PIN_RING]) };
        return 0;
}
