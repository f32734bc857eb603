/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Words that the capture kernel must not get. CommandLineAppend= brings back what somebody needs in
 * spite of this. */
#include "load/cmdline-words.h"

#include "base/string-util.h"

static const char *const word_meaning_table[_WORD_MEANING_MAX] = {
        [WORD_OF_BOOT_LOADER] = "boot-loader",
        [WORD_SETS_MEMORY] = "memory",
        [WORD_MAKES_PANICS] = "panic",
        [WORD_WAITS_FOR_ROOT] = "root-devices",
        [WORD_HARMS_CAPTURE] = "harm",
        [WORD_OF_CONFIGURATION] = "configuration",
        [WORD_UNKNOWN] = "unknown",
};
DEFINE_NAME_TABLE(word_meaning, WordMeaning, _WORD_MEANING_MAX);

/* A sysctl is set right before the first program starts, so that it overrules the words that are
 * added for the capture. */
static const WordRow rows[] = {
        { WORD_OF_BOOT_LOADER, false, "They are of this boot, and the capture kernel gets its own",
          "BOOT_IMAGE initrd elfcorehdr kexec_jump_back_entry kdumpd.mark" },
        { WORD_OF_BOOT_LOADER, false, "A reservation inside the reservation fails at best",
          "crashkernel" },
        { WORD_OF_BOOT_LOADER, false,
          "The program is in another initrd; that it is missing is a panic", "rdinit" },
        { WORD_OF_BOOT_LOADER, false, "The provisioning of a first boot is not in the initrd",
          "ignition.firstboot" },
        { WORD_HARMS_CAPTURE, false,
          "Limits and maps of the whole memory cut off the reservation, or hand the memory to be "
          "dumped to the capture kernel",
          "mem memmap add_efi_memmap efi_fake_mem movable_node kernelcore movablecore" },
        { WORD_SETS_MEMORY, false, "Memory is set aside in proportion to the whole machine",
          "hugepages hugepagesz default_hugepagesz hugetlb_cma hugetlb_cma_only cma cma_pernuma "
          "numa_cma vmcp_cma kvm_cma_resv_ratio prot_virt swiotlb coherent_pool reserve_mem "
          "sysctl.vm.nr_hugepages sysctl.vm.nr_hugepages_mempolicy sysctl.vm.min_free_kbytes "
          "sysctl.vm.watermark_scale_factor sysctl.vm.lowmem_reserve_ratio" },
        { WORD_SETS_MEMORY, false, "Logs, traces and hash tables get the size of the whole machine",
          "log_buf_len trace_buf_size trace_event trace_instance ftrace dhash_entries "
          "ihash_entries mhash_entries mphash_entries tcpmhash_entries thash_entries "
          "uhash_entries" },
        { WORD_SETS_MEMORY, false, "Aids for debugging multiply what the kernel needs",
          "slub_debug slab_debug page_owner kmemleak dma_debug_entries sysctl.vm.mem_profiling" },
        { WORD_SETS_MEMORY, false, "The packed initrd would stay in memory beside the unpacked one",
          "retain_initrd" },
        { WORD_MAKES_PANICS, false,
          "Slow disks and devices that were reset half do warn and stall, and a panic of the "
          "capture kernel loses the dump",
          "panic_on_warn panic_on_taint softlockup_panic hung_task_panic unknown_nmi_panic "
          "oops=panic nmi_watchdog=panic iommu=panic smp.panic_on_ipistall "
          "workqueue.panic_on_stall edac_core.edac_mc_panic_on_ue sysctl.kernel.panic_on_warn "
          "sysctl.kernel.panic_on_oops sysctl.kernel.softlockup_panic "
          "sysctl.kernel.hardlockup_panic sysctl.kernel.hung_task_panic "
          "sysctl.kernel.unknown_nmi_panic "
          "sysctl.kernel.panic_on_unrecovered_nmi sysctl.kernel.panic_on_io_nmi "
          "sysctl.kernel.panic_on_rcu_stall sysctl.kernel.max_rcu_stall_to_panic "
          "sysctl.kernel.panic_on_stackoverflow sysctl.kernel.warn_limit "
          "sysctl.kernel.oops_limit sysctl.vm.panic_on_oom" },
        { WORD_MAKES_PANICS, false,
          "A capture kernel that panics itself would not restart the machine after panic=",
          "sysctl.kernel.panic" },
        { WORD_HARMS_CAPTURE, false, "The one CPU that there is has to do all of the work",
          "isolcpus nohz_full rcu_nocbs irqaffinity possible_cpus additional_cpus" },
        { WORD_HARMS_CAPTURE, false, "No driver of the target could be loaded",
          "nomodule sysctl.kernel.modules_disabled" },
        { WORD_HARMS_CAPTURE, false, "Programs would not get the little memory that there is",
          "sysctl.vm.overcommit_memory sysctl.kernel.threads-max" },
        { WORD_HARMS_CAPTURE, false, "Whoever watches wants to see the messages",
          "quiet splash rhgb showopts" },
        { WORD_HARMS_CAPTURE, false, "Each unit on the storage network would be attached (s390x)",
          "zfcp.allow_lun_scan" },
        { WORD_WAITS_FOR_ROOT, false,
          "There is nothing to resume, and waiting for the device takes time",
          "resume resume_offset resumewait resumedelay" },
        /* dracut waits for each device that is named to it, and its kdump initrd has what it needs
         * in a command line of its own. Where the initrd is an ordinary one that mounts the root
         * (Debian's), these stay. */
        { WORD_WAITS_FOR_ROOT, true,
          "The initrd has a list of its own of what leads to the target, and waits for each device "
          "that is named besides",
          "root rootflags rootfstype rootwait rootdelay roothash mount.usr mount.usrflags "
          "mount.usrfstype rd.lvm.lv rd.lvm.vg rd.luks.uuid rd.luks.name rd.dm.uuid rd.md.uuid "
          "fcoe netroot rd.iscsi.initiator iscsi_initiator" },
};

const WordRow *word_row(size_t i) {
        return i < ELEMENTSOF(rows) ? &rows[i] : NULL;
}

static bool begins_with_sysctl(const char *name, size_t length) {
        static const char sysctl[] = "sysctl";
        const size_t n = sizeof(sysctl) - 1;

        return length > n && memcmp(name, sysctl, n) == 0 && (name[n] == '.' || name[n] == '/');
}

static char same(char c, bool is_sysctl) {
        if (c == '-')
                return '_';
        return is_sysctl && c == '/' ? '.' : c;
}

bool word_same_name(const char *name, size_t name_length, const char *spelling,
                    size_t spelling_length) {
        bool is_sysctl = begins_with_sysctl(name, name_length);

        if (name_length != spelling_length)
                return false;
        for (size_t i = 0; i < name_length; i++)
                if (same(name[i], is_sysctl) != same(spelling[i], is_sysctl))
                        return false;
        return true;
}

/* Whether one of the values between commas is this one. */
static bool has_value(const char *value, size_t length, const char *wanted, size_t wanted_length) {
        const char *end = value + length;

        while (value < end) {
                const char *comma = memchr(value, ',', (size_t)(end - value)) ?: end;

                if ((size_t)(comma - value) == wanted_length &&
                    memcmp(value, wanted, wanted_length) == 0)
                        return true;
                value = comma + (comma < end);
        }
        return false;
}

static bool matches(const char *spelling, size_t n, const char *name, size_t name_length,
                    const char *value, size_t value_length) {
        const char *equals = memchr(spelling, '=', n), *wanted;

        if (!word_same_name(name, name_length, spelling, equals ? (size_t)(equals - spelling) : n))
                return false;
        if (!equals)
                return true;
        wanted = equals + 1;
        return value && has_value(value, value_length, wanted, (size_t)(spelling + n - wanted));
}

const WordRow *word_find(const char *name, size_t name_length, const char *value,
                         size_t value_length) {
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                for (const char *p = rows[i].spellings; *p; p += strspn(p, " ")) {
                        size_t n = strcspn(p, " ");

                        if (matches(p, n, name, name_length, value, value_length))
                                return &rows[i];
                        p += n;
                }
        return NULL;
}

bool word_is_sysctl(const char *name, size_t name_length) {
        static const char *const prefixes[] = { "sysctl.kernel.", "sysctl.vm." };

        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++) {
                size_t n = strlen(prefixes[i]);

                if (name_length > n && word_same_name(name, n, prefixes[i], n))
                        return true;
        }
        return false;
}
