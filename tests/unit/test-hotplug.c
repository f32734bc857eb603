/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/hotplug: names, what counts where, what the kernel answered. */
#include "test.h"

#include "core/hotplug.h"

START_TEST(names) {
        char buf[SUBSYSTEMS_NAME_MAX];

        for (Subsystem s = 0; s < _SUBSYSTEM_MAX; s++)
                ck_assert_int_eq(subsystem_from_string(subsystem_to_string(s)), (int)s);
        for (HotplugAction a = 0; a < _HOTPLUG_ACTION_MAX; a++)
                ck_assert_int_eq(hotplug_action_from_string(hotplug_action_to_string(a)), (int)a);
        for (HotplugAnswer a = 0; a < _HOTPLUG_ANSWER_MAX; a++)
                ck_assert_int_eq(hotplug_answer_from_string(hotplug_answer_to_string(a)), (int)a);
        ck_assert_int_eq(subsystem_from_string("node"), -EINVAL);
        ck_assert_int_eq(hotplug_action_from_string("change"), -EINVAL);
        ck_assert_int_eq(hotplug_action_from_string(""), -EINVAL);

        ck_assert_str_eq(subsystems_to_string(buf, 0), "");
        ck_assert_str_eq(subsystems_to_string(buf, SUBSYSTEM_BIT(SUBSYSTEM_CPU)), "cpu");
        ck_assert_str_eq(subsystems_to_string(buf, SUBSYSTEM_BIT(SUBSYSTEM_MEMORY)), "memory");
        ck_assert_str_eq(subsystems_to_string(buf, SUBSYSTEMS_ALL), "cpu memory");
        ck_assert_str_eq(subsystems_to_string(buf, ~SUBSYSTEMS_ALL), "");
}
END_TEST

START_TEST(table) {
        static const struct {
                const char *architecture;
                bool cpu, memory;
        } expected[] = {
                { "x86_64", true, true },   { "ppc64le", true, true },
                { "s390x", false, false },  { "aarch64", false, true },
                { "riscv64", false, true }, { "loongarch64", false, true },
                { "sparc64", true, true },  { "", true, true },
                { "x86_6", true, true },    { "x86_64 ", true, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                const ArchitectureTriggers *t = architecture_triggers(expected[i].architecture);

                ck_assert_ptr_nonnull(t);
                ck_assert(!isempty(t->why));
                for (Subsystem s = 0; s < _SUBSYSTEM_MAX; s++) {
                        /* What is idle is one of those that count, and has its reason. */
                        ck_assert_uint_eq(t->idle[s] & ~t->actions[s], 0);
                        ck_assert(t->idle[s] == 0 || !isempty(t->why_idle));
                }
                ck_assert_uint_eq(t->actions[SUBSYSTEM_CPU], expected[i].cpu ? ACTIONS_ALL : 0);
                ck_assert_uint_eq(t->actions[SUBSYSTEM_MEMORY],
                                  expected[i].memory ? ACTIONS_ALL : 0);
        }
        /* A CPU that goes offline stays in the image on x86, with its note. */
        ck_assert_uint_eq(architecture_triggers("x86_64")->idle[SUBSYSTEM_CPU],
                          ACTION_BIT(HOTPLUG_ONLINE) | ACTION_BIT(HOTPLUG_OFFLINE));
        ck_assert_uint_eq(architecture_triggers("ppc64le")->idle[SUBSYSTEM_CPU], 0);
        ck_assert_int_eq(architecture_triggers("x86_64")->removed, REMOVED_STAYS);
        ck_assert_int_eq(architecture_triggers("ppc64le")->removed, REMOVED_IS_TAKEN_OUT);
        ck_assert_int_eq(architecture_triggers("s390x")->removed, REMOVED_IS_UNLISTED);
        ck_assert_int_eq(architecture_triggers("sparc64")->removed, REMOVED_STAYS);
        ck_assert_str_eq(architecture_triggers("riscv64")->architecture, "riscv64");
        ck_assert_str_eq(architecture_triggers("alpha")->architecture, "unknown");
}
END_TEST

START_TEST(answers) {
        static const char *const garbage[] = { "",   "\n",    "2",     "01", "10",  "1 ", " 1",
                                               "-1", "1\n\n", "0\r\n", "00", "yes", "\n1" };

        ck_assert_int_eq(hotplug_answer_parse("1"), HOTPLUG_KERNEL_UPDATES);
        ck_assert_int_eq(hotplug_answer_parse("1\n"), HOTPLUG_KERNEL_UPDATES);
        ck_assert_int_eq(hotplug_answer_parse("0"), HOTPLUG_NOT_UPDATED);
        ck_assert_int_eq(hotplug_answer_parse("0\n"), HOTPLUG_NOT_UPDATED);
        for (size_t i = 0; i < ELEMENTSOF(garbage); i++)
                ck_assert_int_eq(hotplug_answer_parse(garbage[i]), HOTPLUG_GARBAGE);
}
END_TEST

START_TEST(modes) {
        static const char *const words[_HOTPLUG_ANSWER_MAX] = {
                [HOTPLUG_NOT_ASKED] = "unknown",        [HOTPLUG_KERNEL_UPDATES] = "kernel",
                [HOTPLUG_NOT_UPDATED] = "userspace",    [HOTPLUG_ABSENT] = "userspace",
                [HOTPLUG_UNREADABLE] = "unknown",       [HOTPLUG_GARBAGE] = "unknown",
                [HOTPLUG_NO_SUBSYSTEM] = "unsupported",
        };

        for (HotplugAnswer a = 0; a < _HOTPLUG_ANSWER_MAX; a++) {
                ck_assert_str_eq(hotplug_mode(a, ACTIONS_ALL), words[a]);
                ck_assert_str_eq(hotplug_mode(a, ACTION_BIT(HOTPLUG_REMOVE)), words[a]);
                ck_assert_str_eq(hotplug_mode(a, 0), "unsupported");
        }
}
END_TEST

static void add_cases(Suite *s) {
        ADD_TEST(s, names);
        ADD_TEST(s, table);
        ADD_TEST(s, answers);
        ADD_TEST(s, modes);
}

TEST_MAIN("hotplug", add_cases)
