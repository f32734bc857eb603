/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* core/settings: every key, what it accepts, and that what is written can be read. */
#include "test.h"

#include "core/settings.h"

static Settings settings;
static Error error;

static int set(const char *section, const char *key, const char *value) {
        error.text[0] = '\0';
        return settings_set(&settings, section, key, value, &error);
}

/* The i-th key's value as text. */
static const char *text_of(size_t i) {
        static char buf[SETTINGS_VALUE_MAX];

        return settings_format(&settings, i, buf);
}

static size_t index_of(const char *section, const char *key) {
        const char *s, *k;

        for (size_t i = 0; settings_key(i, &s, &k, NULL); i++)
                if (streq(s, section) && streq(k, key))
                        return i;
        ck_abort_msg("no key %s", key);
        return 0;
}

static void setup(void) {
        ck_assert_int_eq(settings_init(&settings), 0);
}

static void teardown(void) {
        settings_done(&settings);
}

START_TEST(defaults) {
        ck_assert_str_eq(settings.kernel, "auto");
        ck_assert_str_eq(settings.initrd, "auto");
        ck_assert_str_eq(settings.command_line, "");
        ck_assert_str_eq(settings.command_line_remove, "");
        ck_assert_str_eq(settings.command_line_append, "");
        ck_assert_uint_eq(settings.loader, LOADER_AUTO);
        ck_assert_uint_eq(settings.replace, REPLACE_ATOMIC);
        ck_assert(settings.triggers[SUBSYSTEM_CPU].automatic);
        ck_assert(settings.triggers[SUBSYSTEM_MEMORY].automatic);
        ck_assert_uint_eq(settings.source, UEVENT_SOURCE_UDEV);
        ck_assert_uint_eq(settings.settle_usec, 500000);
        ck_assert_uint_eq(settings.max_delay_usec, 10000000);
        ck_assert(!settings.unload_on_stop);
        ck_assert_uint_eq(settings.foreign, FOREIGN_REPLACE);
        ck_assert_uint_eq(settings.load_timeout_usec, 120000000);
}
END_TEST

static const struct {
        const char *section, *key, *value, *written; /* written: NULL if the same */
} good[] = {
        { "Image", "Kernel", "/boot/vmlinuz-6.1", NULL },
        { "Image", "Kernel", "auto", NULL },
        { "Image", "Initrd", "none", NULL },
        { "Image", "Initrd", "/boot/a b", NULL },
        { "Image", "CommandLine", "root=/dev/sda1 a=\"b c\"", NULL },
        { "Image", "CommandLineRemove", "foo bar=1", NULL },
        { "Image", "CommandLineRemove", "\"console=ttyS0,115200 foo\"",
          "console=ttyS0,115200 foo" },
        { "Image", "CommandLineRemove", "\"a=b,c d\" e", NULL },
        { "Image", "CommandLineAppend", "x=\"y # z\"\tw", NULL },
        { "Image", "CommandLineAppend", "\"a b=c\"", "a b=c" },
        { "Image", "CommandLineAppend", "'a b=\"c d\"'", "a b=\"c d\"" },
        { "Image", "CommandLineAppend", "\"a b\" c=\"d e\"", NULL },
        { "Image", "CommandLineAppend", "\"a=b c\" d", NULL },
        { "Image", "CommandLineAppend", "\"\"", "" },
        { "Image", "CommandLineAppend", "\"", NULL },
        { "Image", "CommandLine", "\"ro a\"", "ro a" },
        { "Image", "Loader", "kexec_file_load", NULL },
        { "Image", "Loader", "kexec_load", NULL },
        { "Image", "Replace", "explicit", NULL },
        { "Image", "OnDamage", "halt", NULL },
        { "Hotplug", "Cpu", "no", NULL },
        { "Hotplug", "Cpu", "YES", "yes" },
        { "Hotplug", "Memory", "add, remove", "add remove" },
        { "Hotplug", "Memory", "offline online remove add", "yes" },
        { "Hotplug", "Memory", "auto", NULL },
        { "Hotplug", "Source", "kernel", NULL },
        { "Hotplug", "Settle", "0", "0s" },
        { "Hotplug", "Settle", "1min", "60s" },
        { "Hotplug", "Settle", "1500us", NULL },
        { "Hotplug", "MaxDelay", "10min", "600s" },
        { "Hotplug", "ReloadWhenStale", "true", "yes" },
        { "Service", "UnloadOnStop", "on", "yes" },
        { "Service", "Foreign", "adopt", NULL },
        { "Service", "LoadTimeout", "5s", NULL },
        { "Service", "AlertAfter", "0", "0s" },
        { "Service", "AlertAfter", "168h", "604800s" },
        { "Service", "LoadTimeout", "1h", "3600s" },
        { "Capture", "Target", "UUID=0b5e", NULL },
        { "Capture", "Target", "/dev/vdb1", NULL },
        { "Capture", "Target", "raw:PARTLABEL=dumps", NULL },
        { "Capture", "Target", "raw:/dev/vg/dumps", NULL },
        { "Capture", "FallbackTarget", "LABEL=spare", NULL },
        { "Capture", "Path", "/srv/crash", NULL },
        { "Capture", "CoreCollector", "makedumpfile -c", NULL },
        { "Capture", "UnknownKernelLevel", "31", NULL },
        { "Capture", "Keep", "3", NULL },
        { "Capture", "MinFree", "2048M", "2G" },
        { "Capture", "MinFree", "1000", NULL },
        { "Capture", "MinFree", "0", NULL },
        { "Capture", "MinFree", "16777215T", NULL },
        { "Capture", "TargetTimeout", "0", "0s" },
        { "Capture", "FinalAction", "shell", NULL },
        { "Capture", "FailureAction", "poweroff", NULL },
        { "Capture", "ExtraModules", "nvme  xfs", NULL },
        { "Capture", "ExtraFiles", "/bin/ls /etc/a", NULL },
        { "Capture", "PreScript", "/etc/kdumpd/pre", NULL },
        { "Capture", "PostScript", "/etc/kdumpd/post", NULL },
};

START_TEST(values) {
        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                const char *written = good[i].written ?: good[i].value;
                size_t at = index_of(good[i].section, good[i].key);
                _cleanup_free_ char *copy = NULL;

                ck_assert_int_eq(set(good[i].section, good[i].key, good[i].value), 0);
                ck_assert_str_eq(text_of(at), written);
                /* What is written reads as the same. */
                copy = strdup(text_of(at));
                ck_assert_int_eq(set(good[i].section, good[i].key, copy), 0);
                ck_assert_str_eq(text_of(at), copy);
        }
}
END_TEST

START_TEST(every_key) {
        const char *section, *key, *preset;
        size_t i;

        for (i = 0; settings_key(i, &section, &key, &preset); i++) {
                bool changed = false;

                /* The table above has each key with another value than its default. */
                for (size_t g = 0; g < ELEMENTSOF(good); g++)
                        if (streq(good[g].section, section) && streq(good[g].key, key) &&
                            !streq(good[g].value, preset)) {
                                ck_assert_int_eq(set(section, key, good[g].value), 0);
                                changed = true;
                        }
                ck_assert(changed);
                _cleanup_free_ char *before = strdup(text_of(i));
                ck_assert_int_eq(set(section, key, preset), 0);
                _cleanup_free_ char *after = strdup(text_of(i));
                ck_assert_str_ne(before, after);
                /* An empty value is the default. */
                ck_assert_int_eq(set(section, key, before), 0);
                ck_assert_int_eq(set(section, key, ""), 0);
                ck_assert_str_eq(text_of(i), after);
        }
        ck_assert_uint_eq(i, 32);
        ck_assert(!settings_key(i, NULL, NULL, NULL));
        ck_assert(settings_key(0, NULL, NULL, NULL));
}
END_TEST

START_TEST(bad_values) {
        static const struct {
                const char *section, *key, *value;
                int r;
                const char *part;
        } bad[] = {
                { "Image", "Kernel", "vmlinuz", -EINVAL, "auto or an absolute path" },
                { "Image", "Kernel", "none", -EINVAL, "auto or an absolute path" },
                { "Image", "Initrd", "initrd", -EINVAL, "auto, none or an absolute path" },
                { "Image", "CommandLineRemove", "foo a,b=c", -EINVAL, "put blanks between words" },
                { "Image", "CommandLineRemove", "a,b", -EINVAL, "blanks between words" },
                { "Image", "CommandLine", "a\nb", -EINVAL, "control characters" },
                { "Image", "CommandLineAppend", "\x1b[0m", -EINVAL, "control characters" },
                { "Image", "Loader", "KEXEC_LOAD", -EINVAL, "auto, kexec_file_load, kexec_load" },
                { "Image", "Replace", "both", -EINVAL, "atomic, explicit" },
                { "Image", "OnDamage", "boot", -EINVAL, "reset, halt" },
                { "Hotplug", "Cpu", "add bind", -EINVAL, "add, remove, online, offline" },
                { "Hotplug", "Memory", "addaddaddaddaddadd", -EINVAL, "add, remove" },
                { "Hotplug", "Source", "netlink", -EINVAL, "udev, kernel" },
                { "Hotplug", "Settle", "soon", -EINVAL, "time span" },
                { "Hotplug", "Settle", "-1s", -EINVAL, "time span" },
                { "Hotplug", "Settle", "60000001us", -ERANGE, "0 us to 1 min 0 s" },
                { "Hotplug", "MaxDelay", "601s", -ERANGE, "10 min" },
                { "Hotplug", "MaxDelay", "99999999999999999999s", -ERANGE, "10 min" },
                { "Service", "UnloadOnStop", "maybe", -EINVAL, "yes or no" },
                { "Service", "Foreign", "ignore", -EINVAL, "replace, adopt" },
                { "Service", "LoadTimeout", "4999ms", -ERANGE, "5.00 s" },
                { "Service", "LoadTimeout", "3601s", -ERANGE, "1 h" },
                { "Service", "AlertAfter", "604801s", -ERANGE, "0" },
                { "Capture", "Target", "vdb1", -EINVAL, "auto, a path below /dev" },
                { "Capture", "Target", "UUID=", -EINVAL, "auto, a path below /dev" },
                { "Capture", "Target", "raw:auto", -EINVAL, "auto, a path below /dev" },
                { "Capture", "Target", "/dev/a b", -EINVAL, "auto, a path below /dev" },
                { "Capture", "Target", "/dev//", -EINVAL, "auto, a path below /dev" },
                { "Capture", "Target", "UUID=\"0b5e\"", -EINVAL, "without blanks and quotes" },
                { "Capture", "Target", "raw:raw:/dev/vdb1", -EINVAL, "with raw: before it" },
                { "Capture", "Target", "raw:", -EINVAL, "with raw: before it" },
                { "Capture", "Target", "none", -EINVAL, "auto, a path below /dev" },
                { "Capture", "Target", "uuid=0b5e", -EINVAL, "UUID=, LABEL=" },
                { "Capture", "FallbackTarget", "raw:LABEL=", -EINVAL, "it takes a path below" },
                { "Capture", "FallbackTarget", "auto", -EINVAL, "it takes a path below /dev" },
                { "Capture", "Path", "var/crash", -EINVAL, "an absolute path" },
                { "Capture", "Path", "/var/crash /b", -EINVAL, "one absolute path" },
                { "Capture", "UnknownKernelLevel", "32", -ERANGE, "from 0 to 31" },
                { "Capture", "Keep", "-1", -ERANGE, "from 0 to 1000000" },
                { "Capture", "MinFree", "2 G", -EINVAL, "\"auto\" or a size such as 500M or 2G" },
                { "Capture", "MinFree", "2GB", -EINVAL, "500M or 2G" },
                { "Capture", "MinFree", "16777216T", -ERANGE, "at most" },
                { "Capture", "MinFree", "G", -EINVAL, "500M or 2G" },
                { "Capture", "TargetTimeout", "2h", -ERANGE, "1 h" },
                { "Capture", "FinalAction", "reset", -EINVAL, "reboot, poweroff, halt, shell" },
                { "Capture", "ExtraFiles", "/a b", -EINVAL, "separated by blanks" },
                { "Capture", "PreScript", "/a /b", -EINVAL, "one absolute path" },
                { "Service", "Kernel", "auto", -ENOENT, "[Service] has no key Kernel=" },
                { "Image", "kernel", "auto", -ENOENT, "has no key kernel=" },
                { "image", "Kernel", "auto", -ENOENT, "no section [image]" },
                { "", "Kernel", "auto", -ENOENT, "no section []" },
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_free_ char *before = NULL;
                size_t at = 0;

                if (bad[i].r != -ENOENT)
                        at = index_of(bad[i].section, bad[i].key);
                before = strdup(text_of(at));
                ck_assert_int_eq(set(bad[i].section, bad[i].key, bad[i].value), bad[i].r);
                ck_assert_msg(strstr(error.text, bad[i].part), "%s=%s: %s", bad[i].key,
                              bad[i].value, error.text);
                ck_assert_str_eq(text_of(at), before);
        }
}
END_TEST

START_TEST(long_values) {
        char value[4098];

        memset(value, 'a', sizeof(value));
        value[0] = '/';
        value[4097] = '\0';
        ck_assert_int_eq(set("Image", "CommandLine", value), -ERANGE);
        ck_assert_int_eq(set("Image", "Kernel", value), -ERANGE);
        value[4096] = '\0';
        ck_assert_int_eq(set("Image", "CommandLine", value), 0);
        ck_assert_str_eq(text_of(index_of("Image", "CommandLine")), value);
}
END_TEST

START_TEST(reconcile) {
        ck_assert(!settings_reconcile(&settings, &error));
        ck_assert_int_eq(set("Hotplug", "MaxDelay", "100ms"), 0);
        ck_assert(settings_reconcile(&settings, &error));
        ck_assert_uint_eq(settings.max_delay_usec, settings.settle_usec);
        ck_assert_ptr_nonnull(strstr(error.text, "MaxDelay="));
        ck_assert(!settings_reconcile(&settings, &error));
}
END_TEST

START_TEST(actions) {
        ck_assert_uint_eq(settings_actions(&settings, SUBSYSTEM_MEMORY, "s390x"),
                          architecture_triggers("s390x")->actions[SUBSYSTEM_MEMORY]);
        ck_assert_int_eq(set("Hotplug", "Memory", "add offline"), 0);
        ck_assert_uint_eq(settings_actions(&settings, SUBSYSTEM_MEMORY, "s390x"),
                          ACTION_BIT(HOTPLUG_ADD) | ACTION_BIT(HOTPLUG_OFFLINE));
        ck_assert_int_eq(set("Hotplug", "Memory", "no"), 0);
        ck_assert_uint_eq(settings_actions(&settings, SUBSYSTEM_MEMORY, "x86_64"), 0);
        ck_assert_uint_eq(settings_actions(&settings, SUBSYSTEM_CPU, "x86_64"),
                          architecture_triggers("x86_64")->actions[SUBSYSTEM_CPU]);
}
END_TEST

static void add_cases(Suite *s) {
        ADD_FIXTURE_TEST(s, defaults);
        ADD_FIXTURE_TEST(s, values);
        ADD_FIXTURE_TEST(s, every_key);
        ADD_FIXTURE_TEST(s, bad_values);
        ADD_FIXTURE_TEST(s, long_values);
        ADD_FIXTURE_TEST(s, reconcile);
        ADD_FIXTURE_TEST(s, actions);
}

TEST_MAIN("settings", add_cases)
