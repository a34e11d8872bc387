/* Makes a program see a CPU whose best instructions are AVX2 and FMA: loaded by the dynamic linker (LD_AUDIT), set up by only_avx2.py.
 *
 * Programs ask the instruction `cpuid` which instructions there are. In each object that is loaded, before anything of it runs, those
 * that the list named by ONLY_AVX2 tells of (lines of "ADDRESS PATH", hexadecimal, as in the file) are overwritten by `ud2`, which is as
 * long and traps; the trap is answered with what the CPU says, less AVX-512, AMX, AVX10, and VNNI and bf16 of any width. Nothing else of the
 * program changes, and the programs ask once. An object with such bytes that the list does not name ends the program, for it might see more.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <elf.h>
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define MOST 4096
static uintptr_t patched[MOST];
static int count;

static void refuse(const char *why, const char *name) {
    fprintf(stderr, "only_avx2: %s: %s\n", name, why);
    _exit(70);
}

static void answer(int number, siginfo_t *info, void *given) {
    (void)info;
    greg_t *at = ((ucontext_t *)given)->uc_mcontext.gregs;
    for (int i = 0; i < count; i++) {
        if (patched[i] != (uintptr_t)at[REG_RIP]) continue;
        uint32_t leaf = (uint32_t)at[REG_RAX], sub = (uint32_t)at[REG_RCX], a, b, c, d;
        __cpuid_count(leaf, sub, a, b, c, d);
        if (leaf == 7 && sub == 0) {
            b &= ~(1u << 16 | 1u << 17 | 1u << 21 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 30 | 1u << 31);
            c &= ~(1u << 1 | 1u << 6 | 1u << 11 | 1u << 12 | 1u << 14);
            d &= ~(1u << 2 | 1u << 3 | 1u << 8 | 1u << 22 | 1u << 23 | 1u << 24 | 1u << 25);
        } else if ((leaf == 7 && sub == 1) || leaf == 0x1d || leaf == 0x1e || leaf == 0x24) {
            a = b = c = d = 0;
        } else if (leaf == 0xd && sub == 0) {
            a &= 7; /* Registers that the system saves: x87, SSE, AVX. */
        }
        at[REG_RAX] = a, at[REG_RBX] = b, at[REG_RCX] = c, at[REG_RDX] = d;
        at[REG_RIP] += 2;
        return;
    }
    signal(number, SIG_DFL); /* A fault of the program's own: it strikes again. */
}

static int patch(uintptr_t where) {
    unsigned char *code = (unsigned char *)where;
    uintptr_t page = where & ~4095ul;
    if (count == MOST || code[0] != 0x0f || code[1] != 0xa2) return 0;
    if (mprotect((void *)page, where + 2 - page, PROT_READ | PROT_WRITE | PROT_EXEC)) return 0;
    code[1] = 0x0b;
    mprotect((void *)page, where + 2 - page, PROT_READ | PROT_EXEC);
    patched[count++] = where;
    return 1;
}

/* Whether a file holds the instruction's bytes at all. */
static int may_ask(const char *name) {
    FILE *file = fopen(name, "rb");
    int before = 0, now = 0, found = 0;
    while (file && !found && (now = getc(file)) != EOF) found = before == 0x0f && now == 0xa2, before = now;
    if (file) fclose(file);
    return found || !file;
}

unsigned la_version(unsigned version) {
    struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGILL, &action, NULL);
    return version;
}

unsigned la_objopen(struct link_map *map, Lmid_t space, uintptr_t *cookie) {
    (void)space, (void)cookie;
    char name[4096], line[4200];
    /* The program itself has no name here. */
    const char *asked = map->l_name && map->l_name[0] ? map->l_name : "/proc/self/exe";
    if (!realpath(asked, name)) return 0;
    const char *list = getenv("ONLY_AVX2");
    FILE *lines = list ? fopen(list, "r") : NULL;
    if (!lines) refuse("ONLY_AVX2 names no list", name);
    int known = 0;
    while (fgets(line, sizeof line, lines)) {
        char *path = strchr(line, ' ');
        line[strcspn(line, "\n")] = 0;
        if (!path || strcmp(path + 1, name)) continue;
        known = 1;
        uintptr_t address = strtoul(line, NULL, 16);
        if (address && !patch(map->l_addr + address)) refuse("is not what the list says", name);
    }
    fclose(lines);
    /* glibc is told by a setting of its own. */
    if (!known && !strstr(name, "/libc.so.") && !strstr(name, "/ld-linux-") && may_ask(name)) refuse("may ask the CPU, and is not in the list", name);
    return 0;
}
