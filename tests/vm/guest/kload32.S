/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kexec_load(2) as programs of 32 bits make it, by int 0x80, with one segment of a page that is only
 * there to be loaded: nothing that could boot.
 *
 * kload32 ADDRESS: hexadecimal, eight digits, of a page inside of the reservation. Built without a C
 * library, as there need not be one of 32 bits. */

#define SYS_EXIT       1
#define SYS_KEXEC_LOAD 283
#define ON_CRASH       0x1
#define ARCH_386       (3 << 16)

        .globl _start
        .text
_start:
        movl    8(%esp), %esi           /* argv[1] */
        xorl    %eax, %eax
        movl    $8, %ecx
digit:
        shll    $4, %eax
        movzbl  (%esi), %edx
        subl    $'0', %edx
        cmpl    $9, %edx
        jbe     add
        subl    $('a' - '0' - 10), %edx
add:
        orl     %edx, %eax
        incl    %esi
        loop    digit

        movl    %eax, memory
        movl    %eax, %ebx              /* entry */
        movl    $1, %ecx                /* segments */
        movl    $segment, %edx
        movl    $(ON_CRASH | ARCH_386), %esi
        movl    $SYS_KEXEC_LOAD, %eax
        int     $0x80
        negl    %eax
        movl    %eax, %ebx              /* the errno as the exit code */
        movl    $SYS_EXIT, %eax
        int     $0x80

        .data
        .balign 4096
page:   .fill   4096, 1, 0xf4
segment:
        .long   page, 4096
memory: .long   0, 4096
        .section .note.GNU-stack, "", @progbits
