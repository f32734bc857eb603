/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the kernel that crashed jumps to: 64-bit mode, memory mapped one to one, interrupts off,
 * no descriptor table to rely on. Everything is addressed relative to where it is.
 *
 * The capture kernel wants flat segments, code at 0x10 and data at 0x18, and the address of its
 * boot parameters in rsi (Documentation/arch/x86/boot.rst, "64-bit boot protocol"). */

#define PARAMETERS 16
#define ENTRY      (PARAMETERS + 8)
#define ARGUMENT   (PARAMETERS + 16)
#define CODE       0x10
#define DATA       0x18

        .section .head, "ax"
        .code64
        .globl start
start:
        jmp     begin

        /* PurgatoryParameters, for the loader to fill in. */
        .org    PARAMETERS
        .ascii  "ddpurgat"
        .org    PARAMETERS + 512

begin:
        cli
        cld
        lea     stack_end(%rip), %rsp

        /* The table's address has to be computed: nobody has relocated us. */
        lea     table(%rip), %rax
        mov     %rax, table_register + 2(%rip)
        lgdt    table_register(%rip)
        mov     $DATA, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     %eax, %fs
        mov     %eax, %gs
        lea     1f(%rip), %rax
        pushq   $CODE
        push    %rax
        lretq
1:
        lea     start + PARAMETERS(%rip), %rdi
        call    purgatory

        mov     start + ARGUMENT(%rip), %rsi
        mov     start + ENTRY(%rip), %rax
        xor     %ebx, %ebx
        xor     %ebp, %ebp
        xor     %edi, %edi
        jmp     *%rax

        .balign 16
table:
        .quad   0
        .quad   0
        .quad   0x00af9a000000ffff      /* code: 64 bit, flat */
        .quad   0x00cf92000000ffff      /* data: flat */
table_end:
        .balign 4
        .word   0
table_register:
        .word   table_end - table - 1
        .quad   0

        .section .note.GNU-stack, "", %progbits
