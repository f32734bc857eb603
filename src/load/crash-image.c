/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is the same for crash kernel images of all architectures. */
#include "load/crash-image.h"

#include <stddef.h>

#include "base/string-util.h"
#include "load/x86/image.h"
#include "purgatory/parameters.h"

/* The elfcorehdr is last: the digest without it is a stop on the way to the one with it. */
static const SegmentRole digested[] = {
        SEGMENT_KERNEL,
        SEGMENT_INITRD,
        SEGMENT_BOOT,
        SEGMENT_ELFCOREHDR,
};

void crash_image_done(CrashImage *image) {
        elfcorehdr_done(&image->elfcorehdr);
        free(image->boot);
        free(image->purgatory);
        *image = (CrashImage){ 0 };
}

const ImageArchitecture *image_architecture(const char *name) {
        static const ImageArchitecture *const architectures[] = {
#ifdef HAVE_PURGATORY_X86_64
                &x86_image_architecture,
#endif
                NULL,
        };

        for (size_t i = 0; architectures[i]; i++)
                if (streq(architectures[i]->name, name))
                        return architectures[i];
        return NULL;
}

Failure crash_image_plan(const ImageArchitecture *architecture, const CrashMachine *machine,
                         const CrashFiles *files, CrashImage *ret, Error *reterr) {
        _cleanup_(crash_image_done) CrashImage image = { 0 };
        Failure failure;

        failure = architecture->plan(architecture, machine, files, &image, reterr);
        if (failure != FAILURE_NONE)
                return failure;
        *ret = image;
        image = (CrashImage){ 0 };
        return FAILURE_NONE;
}

void crash_image_seal(CrashImage *image, Sha256Blocks blocks) {
        Sha256 sum, before;

        sha256_init(&sum, blocks);
        before = sum;
        for (size_t i = 0; i < ELEMENTSOF(digested); i++) {
                const Segment *segment = &image->segments[digested[i]];

                if (digested[i] == SEGMENT_ELFCOREHDR)
                        before = sum;
                if (segment->size > 0)
                        sha256_add(&sum, segment->data, segment->size);
        }
        sha256_end(&before, image->digests[false]);
        sha256_end(&sum, image->digests[true]);
}

void crash_image_select(CrashImage *image, bool with_elfcorehdr) {
        PurgatoryParameters parameters;
        size_t n = 0;

        memcpy(&parameters, image->purgatory + PURGATORY_AT, sizeof(parameters));
        for (size_t i = 0; i < ELEMENTSOF(digested); i++) {
                const Segment *segment = &image->segments[digested[i]];

                if (segment->size == 0 || (digested[i] == SEGMENT_ELFCOREHDR && !with_elfcorehdr))
                        continue;
                parameters.areas[n++] =
                        (PurgatoryArea){ .address = segment->address, .size = segment->size };
        }
        parameters.n_areas = n;
        memcpy(parameters.digest, image->digests[with_elfcorehdr], SHA256_SIZE);
        memcpy(image->purgatory + PURGATORY_AT, &parameters, sizeof(parameters));
}
