# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Makes the completion of kdumpctl for bash, zsh or fish (-v shell=) of its tables of verbs and
# options, as "tests/check/print-names commands" prints them. "make update-completion" does that,
# and tests/check/check-docs.sh compares.

BEGIN {
    FS = "\t"
    dumps = "kdumpctl list 2>/dev/null | sed -n \"s/^\\([0-9][0-9]*\\) .*/\\1/p\""
}

$1 == "verb" {
    verb[++verbs] = $2
    argument[$2] = $3
    takes[$2] = $4
    help[$2] = $5
}

# Its last field is empty if every verb takes it.
$1 == "option" {
    option[++options] = $2
    argument[$2] = $3
    help[$2] = $4
    all = all " " $2
    if (!$5)
        common = common " " $2
}

END {
    for (i = 1; i <= verbs; i++) {
        takes[verb[i]] = takes[verb[i]] common
        names = names (i > 1 ? " " : "") verb[i]
    }
    note = "# SPDX-License-Identifier: LGPL-2.1-or-later\n" \
        "# Made by conf/completion/generate.awk: \"make update-completion\"."
    if (shell == "bash")
        bash()
    else if (shell == "zsh")
        zsh()
    else
        fish()
}

function quoted(s) {
    gsub(/'/, "'\\''", s)
    return "'" s "'"
}

# --- bash

function bash(    i) {
    print note
    print ""
    print "_kdumpctl() {"
    print "    local cur=${COMP_WORDS[COMP_CWORD]} verb='' takes='' words='' kind='' word i"
    print ""
    print "    # bash makes three words of --root=DIR."
    print "    [[ $cur != = ]] || cur=''"
    print "    for ((i = 1; i < COMP_CWORD; i++)); do"
    print "        word=${COMP_WORDS[i]}"
    print "        if [[ $word == = ]]; then"
    print "            continue"
    print "        elif [[ -n $takes ]]; then"
    print "            takes=''"
    print "            continue"
    print "        fi"
    print "        case $word in"
    for (i = 1; i <= options; i++)
        if (argument[option[i]])
            print "        " option[i] ") takes=$word ;;"
    print "        -*) ;;"
    print "        *) verb=${verb:-$word} ;;"
    print "        esac"
    print "    done"
    print ""
    print "    case ${takes:-$verb} in"
    for (i = 1; i <= options; i++)
        if (argument[option[i]])
            print "    " option[i] ") kind=" argument[option[i]] " ;;"
    print "    '') words='" names all "' ;;"
    for (i = 1; i <= verbs; i++)
        print "    " verb[i] ") words='" takes[verb[i]] "' kind=" quoted(argument[verb[i]]) " ;;"
    print "    esac"
    print "    case $kind in"
    print "    DUMP) words+=\" $(" bash_dumps() ")\" ;;"
    print "    N) words+=' all' ;;"
    print "    SIZE) words+=' auto' ;;"
    print "    esac"
    print "    mapfile -t COMPREPLY < <("
    print "        compgen -W \"$words\" -- \"$cur\""
    print "        case $kind in"
    print "        DIR) compgen -d -- \"$cur\" ;;"
    print "        DEVICE | FILE) compgen -f -- \"$cur\" ;;"
    print "        esac"
    print "    )"
    print "    case $kind in"
    print "    DEVICE | DIR | FILE) compopt -o filenames 2>/dev/null || : ;;"
    print "    esac"
    print "}"
    print "complete -F _kdumpctl kdumpctl"
}

function bash_dumps(    s) {
    s = dumps
    gsub(/"/, "'", s)
    return s
}

# --- zsh

# What completes an argument, as _arguments has it.
function zsh_action(kind) {
    if (kind == "DIR")
        return ":directory:_files -/"
    if (kind == "DEVICE" || kind == "FILE")
        return ":" tolower(kind) ":_files"
    if (kind == "DUMP")
        return ":dump:($(" dumps "))"
    if (kind == "N")
        return ":number:(all)"
    if (kind == "SIZE")
        return ":size:(auto)"
    return kind ? ":" tolower(kind) ": " : ""
}

function zsh_option(name,    s) {
    s = name
    if (argument[name] && name ~ /^--/)
        s = s "="
    return quoted(s "[" help[name] "]" zsh_action(argument[name]))
}

function zsh(    i, j, n, list) {
    print "#compdef kdumpctl"
    print note
    print ""
    print "_kdumpctl() {"
    print "    local curcontext=$curcontext state line"
    print "    local -a verbs=("
    for (i = 1; i <= verbs; i++)
        print "        " quoted(verb[i] ":" help[verb[i]])
    print "    )"
    print ""
    print "    _arguments -C \\"
    for (i = 1; i <= options; i++)
        print "        " zsh_option(option[i]) " \\"
    print "        ':verb:->verb' '*::argument:->argument'"
    print "    case $state in"
    print "    verb) _describe verb verbs ;;"
    print "    argument)"
    print "        case $words[1] in"
    for (i = 1; i <= verbs; i++) {
        n = split(takes[verb[i]], list, " ")
        print "        " verb[i] ")"
        printf "            _arguments"
        for (j = 1; j <= n; j++)
            printf " \\\n                %s", zsh_option(list[j])
        if (argument[verb[i]])
            printf " \\\n                %s", quoted(zsh_action(argument[verb[i]]))
        print "\n            ;;"
    }
    print "        esac"
    print "        ;;"
    print "    esac"
    print "}"
    print ""
    print "_kdumpctl \"$@\""
}

# --- fish

function fish_action(kind) {
    if (kind == "DIR")
        return " -x -a '(__fish_complete_directories)'"
    if (kind == "DEVICE" || kind == "FILE")
        return " -F"
    if (kind == "DUMP")
        return " -a " quoted("(" dumps ")")
    if (kind == "N")
        return " -x -a all"
    if (kind == "SIZE")
        return " -a auto"
    return kind ? " -x" : ""
}

# When it is offered.
function fish_takers(name,    i, s) {
    if (index(common " ", name " "))
        return ""
    for (i = 1; i <= verbs; i++)
        if (index(takes[verb[i]] " ", name " "))
            s = s " " verb[i]
    return " -n '__fish_seen_subcommand_from" s "'"
}

function fish(    i, o, v) {
    print note
    print ""
    print "complete -c kdumpctl -f"
    for (i = 1; i <= verbs; i++)
        print "complete -c kdumpctl -n __fish_use_subcommand -a " verb[i] " -d " \
            quoted(help[verb[i]])
    for (i = 1; i <= verbs; i++)
        if (argument[verb[i]])
            print "complete -c kdumpctl -n '__fish_seen_subcommand_from " verb[i] "'" \
                fish_action(argument[verb[i]])
    for (i = 1; i <= options; i++) {
        o = option[i]
        v = o
        sub(/^-*/, "", v)
        print "complete -c kdumpctl" fish_takers(o) (o ~ /^--/ ? " -l " : " -s ") v \
            fish_action(argument[o]) " -d " quoted(help[o])
    }
}
