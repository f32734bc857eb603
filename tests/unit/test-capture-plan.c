/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sys/capture-plan-json: every member there and back, and what is refused. */
#include "test.h"

#include <stdio.h>

#include "base/string-util.h"
#include "sys/capture-plan-json.h"

static void *copy(const void *data, size_t size) {
        void *p = malloc(size);

        ck_assert_ptr_nonnull(p);
        memcpy(p, data, size);
        return p;
}

/* A different value in each member, so that a mix-up shows. */
static CapturePlan sample(void) {
        PlanModule modules[] = { { strdup("/m/a.ko"), strdup("x=1 y=\"b c\"") },
                                 { strdup("/m/b.ko"), strdup("") } };
        DeviceId ids[] = { { DEVICE_BY_UUID, strdup("u-1") },
                           { DEVICE_BY_PARTUUID, strdup("p-2") },
                           { DEVICE_BY_MD, strdup("a:b:c:d") } };
        PlanPart parts[] = { { { DEVICE_BY_UUID, strdup("j-1") }, strdup("journal_path") },
                             { { DEVICE_BY_PARTUUID, strdup("p-4") }, strdup("logdev") } };
        PlanDmLine lines[] = { { 0, 8, strdup("linear"), strdup("%0 2048"), NULL, 0 },
                               { 8, UINT64_C(1) << 40, strdup("striped"), strdup("%0 1"), NULL,
                                 0 } };
        PlanDevice devices[] = {
                { .type = PLAN_DEVICE_MD,
                  .name = strdup("md0"),
                  .uuid = strdup("a:b:c:d"),
                  .md_major = 1,
                  .md_minor = 2,
                  .n_members = 3 },
                { .type = PLAN_DEVICE_MAPPER, .name = strdup("vg-lv"), .uuid = strdup("LVM-x") }
        };

        lines[1].devices = copy(ids, sizeof(ids));
        lines[1].n_devices = ELEMENTSOF(ids);
        devices[1].lines = copy(lines, sizeof(lines));
        devices[1].n_lines = ELEMENTSOF(lines);
        return (CapturePlan){
                .host = strdup("host"),
                .kernel_release = strdup("6.1.0"),
                .modules = copy(modules, sizeof(modules)),
                .n_modules = ELEMENTSOF(modules),
                .devices = copy(devices, sizeof(devices)),
                .n_devices = ELEMENTSOF(devices),
                .target = { .type = PLAN_TARGET_FILE_SYSTEM,
                            .device = { DEVICE_BY_MAPPER, strdup("vg-lv") },
                            .file_system = strdup("btrfs"),
                            .options = strdup("subvolid=5"),
                            .directory = strdup("/@/var/crash"),
                            .label = strdup("label \xc3\xa9"),
                            .parts = copy(parts, sizeof(parts)),
                            .n_parts = ELEMENTSOF(parts) },
                .fallback = { .type = PLAN_TARGET_RAW,
                              .device = { DEVICE_BY_PARTUUID, strdup("p-3") },
                              .file_system = strdup(""),
                              .options = strdup("o"),
                              .directory = strdup("/"),
                              .label = strdup("raw") },
                .core_collector = strdup("makedumpfile -l -d 31"),
                .unknown_kernel_level = 17,
                .keep = 4,
                .min_free_bytes = 5,
                .target_timeout_usec = 6,
                .final_action = FINAL_POWEROFF,
                .failure_action = FINAL_SHELL,
                .pre_script = strdup("/pre"),
                .post_script = strdup("/post"),
        };
}

static void check_id(const DeviceId *a, const DeviceId *b) {
        ck_assert_uint_eq(a->tag, b->tag);
        ck_assert(streq_ptr(a->value, b->value));
}

static void check_target(const PlanTarget *a, const PlanTarget *b) {
        ck_assert_uint_eq(a->type, b->type);
        check_id(&a->device, &b->device);
        ck_assert_str_eq(a->file_system, b->file_system);
        ck_assert_str_eq(a->options, b->options);
        ck_assert_str_eq(a->directory, b->directory);
        ck_assert_str_eq(a->label, b->label);
        ck_assert_uint_eq(a->n_parts, b->n_parts);
        for (size_t i = 0; i < a->n_parts; i++) {
                check_id(&a->parts[i].device, &b->parts[i].device);
                ck_assert_str_eq(a->parts[i].option, b->parts[i].option);
        }
}

static void check_device(const PlanDevice *a, const PlanDevice *b) {
        ck_assert_uint_eq(a->type, b->type);
        ck_assert_str_eq(a->name, b->name);
        ck_assert_str_eq(a->uuid, b->uuid);
        ck_assert_uint_eq(a->md_major, b->md_major);
        ck_assert_uint_eq(a->md_minor, b->md_minor);
        ck_assert_uint_eq(a->n_members, b->n_members);
        ck_assert_uint_eq(a->n_lines, b->n_lines);
        for (size_t i = 0; i < a->n_lines; i++) {
                const PlanDmLine *c = &a->lines[i], *d = &b->lines[i];

                ck_assert_uint_eq(c->start_sectors, d->start_sectors);
                ck_assert_uint_eq(c->length_sectors, d->length_sectors);
                ck_assert_str_eq(c->type, d->type);
                ck_assert_str_eq(c->parameters, d->parameters);
                ck_assert_uint_eq(c->n_devices, d->n_devices);
                for (size_t j = 0; j < c->n_devices; j++)
                        check_id(&c->devices[j], &d->devices[j]);
        }
}

static void check_plan(const CapturePlan *a, const CapturePlan *b) {
        ck_assert_str_eq(a->host, b->host);
        ck_assert_str_eq(a->kernel_release, b->kernel_release);
        ck_assert_uint_eq(a->n_modules, b->n_modules);
        for (size_t i = 0; i < a->n_modules; i++) {
                ck_assert_str_eq(a->modules[i].path, b->modules[i].path);
                ck_assert_str_eq(a->modules[i].options, b->modules[i].options);
        }
        ck_assert_uint_eq(a->n_devices, b->n_devices);
        for (size_t i = 0; i < a->n_devices; i++)
                check_device(&a->devices[i], &b->devices[i]);
        check_target(&a->target, &b->target);
        check_target(&a->fallback, &b->fallback);
        ck_assert_str_eq(a->core_collector, b->core_collector);
        ck_assert_uint_eq(a->unknown_kernel_level, b->unknown_kernel_level);
        ck_assert_uint_eq(a->keep, b->keep);
        ck_assert_uint_eq(a->min_free_bytes, b->min_free_bytes);
        ck_assert_uint_eq(a->target_timeout_usec, b->target_timeout_usec);
        ck_assert_uint_eq(a->final_action, b->final_action);
        ck_assert_uint_eq(a->failure_action, b->failure_action);
        ck_assert_str_eq(a->pre_script, b->pre_script);
        ck_assert_str_eq(a->post_script, b->post_script);
}

START_TEST(there_and_back) {
        CapturePlan plan = sample(), back;
        _cleanup_free_ char *text = NULL, *again = NULL;

        ck_assert_int_eq(capture_plan_to_json(&plan, &text), 0);
        ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
        ck_assert_int_eq(capture_plan_from_json(text, strlen(text), &back), 0);
        check_plan(&plan, &back);
        ck_assert_int_eq(capture_plan_to_json(&back, &again), 0);
        ck_assert_str_eq(text, again);
        capture_plan_done(&back);
        capture_plan_done(&plan);
        ck_assert_ptr_null(plan.modules);
        capture_plan_done(&plan);
}
END_TEST

/* What an older plan does not say is what the configuration says by itself. */
START_TEST(defaults) {
        static const char text[] = " {\"Later\":[{}], \"Modules\":[{}], \"Devices\":[]} \n";
        CapturePlan plan;
        Settings settings;

        ck_assert_int_eq(settings_init(&settings), 0);
        ck_assert_int_eq(capture_plan_from_json(text, strlen(text), &plan), 0);
        ck_assert_str_eq(plan.host, "");
        ck_assert_uint_eq(plan.n_modules, 1);
        ck_assert_str_eq(plan.modules[0].path, "");
        ck_assert_str_eq(plan.modules[0].options, "");
        ck_assert_uint_eq(plan.n_devices, 0);
        ck_assert_uint_eq(plan.target.type, PLAN_TARGET_NONE);
        ck_assert_ptr_null(plan.target.device.value);
        ck_assert_str_eq(plan.fallback.directory, "");
        ck_assert_str_eq(plan.core_collector, settings.core_collector);
        ck_assert_uint_eq(plan.unknown_kernel_level, settings.unknown_kernel_level);
        ck_assert_uint_eq(plan.keep, settings.keep);
        ck_assert_uint_eq(plan.target_timeout_usec, settings.target_timeout_usec);
        ck_assert_uint_eq(plan.final_action, settings.final_action);
        ck_assert_uint_eq(plan.failure_action, settings.failure_action);
        settings_done(&settings);
        capture_plan_done(&plan);
}
END_TEST

static void refuse(const char *text, size_t size) {
        CapturePlan plan = { .keep = 7 };

        ck_assert_msg(capture_plan_from_json(text, size, &plan) == -EBADMSG, "%s", text);
        ck_assert_uint_eq(plan.keep, 7);
}

START_TEST(hostile) {
        static const char *const bad[] = {
                "",
                "x",
                "[]",
                "{} {}",
                "{\"Host\":1}",
                "{\"Host\":\"a\\u0000b\"}",
                "{\"Keep\":-1}",
                "{\"Keep\":\"1\"}",
                "{\"UnknownKernelLevel\":32}",
                "{\"FinalAction\":\"explode\"}",
                "{\"FinalAction\":0}",
                "{\"Modules\":{}}",
                "{\"Modules\":[1]}",
                "{\"Modules\":[{\"Path\":\"/a\"},{\"Path\":\"/b\",\"Options\":1}]}",
                "{\"Devices\":[{\"Type\":\"loop\"}]}",
                "{\"Devices\":[{\"Targets\":[{\"Devices\":[{\"By\":\"name\"}]}]}]}",
                "{\"Devices\":[{\"Name\":\"a\",\"Targets\":[{\"Type\":\"linear\"},null]}]}",
                "{\"Target\":[]}",
                "{\"Target\":{\"Device\":{\"Value\":[]}}}",
                "{\"Target\":{\"Type\":\"tape\"}}",
                "{\"x\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}",
        };
        _cleanup_free_ char *big = malloc(CAPTURE_PLAN_JSON_LONGEST + 1);

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                refuse(bad[i], strlen(bad[i]));
        refuse("{}\0", 3);
        ck_assert_ptr_nonnull(big);
        memset(big, ' ', CAPTURE_PLAN_JSON_LONGEST + 1);
        memcpy(big, "{}", 2);
        refuse(big, CAPTURE_PLAN_JSON_LONGEST + 1);
}
END_TEST

/* One more than there may be of everything. */
START_TEST(limits) {
        static const struct {
                const char *before, *between;
                size_t most;
                const char *after;
        } lists[] = {
                { "{\"Modules\":[", "{}", PLAN_MODULES_MOST, "]}" },
                { "{\"Devices\":[", "{}", PLAN_DEVICES_MOST, "]}" },
                { "{\"Devices\":[{\"Targets\":[", "{}", PLAN_DM_LINES_MOST, "]}]}" },
                { "{\"Devices\":[{\"Targets\":[{\"Devices\":[", "{}", PLAN_MEMBERS_MOST, "]}]}]}" },
        };

        for (size_t i = 0; i < ELEMENTSOF(lists); i++) {
                for (size_t more = 0; more < 2; more++) {
                        _cleanup_free_ char *text = NULL;
                        CapturePlan plan;
                        size_t size;
                        FILE *f = open_memstream(&text, &size);

                        ck_assert_ptr_nonnull(f);
                        fputs(lists[i].before, f);
                        for (size_t j = 0; j < lists[i].most + more; j++)
                                fprintf(f, "%s%s", j > 0 ? "," : "", lists[i].between);
                        fputs(lists[i].after, f);
                        ck_assert_int_eq(fclose(f), 0);
                        if (more > 0) {
                                refuse(text, size);
                                continue;
                        }
                        ck_assert_int_eq(capture_plan_from_json(text, size, &plan), 0);
                        capture_plan_done(&plan);
                }
        }
}
END_TEST

START_TEST(long_strings) {
        for (size_t more = 0; more < 2; more++) {
                CapturePlan plan = sample(), back;
                _cleanup_free_ char *text = NULL;

                free(plan.host);
                plan.host = malloc(PLAN_LONGEST_STRING + 2);
                ck_assert_ptr_nonnull(plan.host);
                memset(plan.host, 'a', PLAN_LONGEST_STRING + more);
                plan.host[PLAN_LONGEST_STRING + more] = '\0';
                ck_assert_int_eq(capture_plan_to_json(&plan, &text), 0);
                if (more > 0) {
                        refuse(text, strlen(text));
                } else {
                        ck_assert_int_eq(capture_plan_from_json(text, strlen(text), &back), 0);
                        check_plan(&plan, &back);
                        capture_plan_done(&back);
                }
                capture_plan_done(&plan);
        }
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, there_and_back);
        ADD_TEST(s, defaults);
        ADD_TEST(s, hostile);
        ADD_TEST(s, limits);
        ADD_TEST(s, long_strings);
}

TEST_MAIN("capture-plan", add_cases)
