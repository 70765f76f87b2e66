#ifndef KERNELS_H
#define KERNELS_H

// A kernel is written KERNEL(type, name)(arguments) { … } in a file that compiles itself once a level (each_level.h):
// one binary serves every processor of a family. Callers of `name` get the version of `kernel_level()`, chosen when the
// program is loaded.

// Of functions that run before the program is linked.
#define KERNEL_RESOLVER \
    __attribute__((no_sanitize("address", "thread", "undefined"), disable_sanitizer_instrumentation, no_stack_protector))

// The highest level of instructions that the processor has and the environment allows; see kernel_level.h.
__attribute__((visibility("hidden"))) int kernel_level(void);

// exp(x) for x ≤ 88, within 2 units in the last place; 0 below −87.3; NaN for NaN. Cody and Waite's reduction with a
// polynomial of degree 6 on [−ln 2 / 2, ln 2 / 2].
static inline __attribute__((always_inline)) float exp_poly(float x) {
    x = x < -87.33654f ? -87.33654f : x;
    float n = __builtin_rintf(x * 1.44269504088896341f);
    float r = __builtin_fmaf(n, -0.693145751953125f, x);
    r = __builtin_fmaf(n, -1.428606765330187e-06f, r);
    float p = 1.3888889e-3f;
    p = __builtin_fmaf(p, r, 8.3333338e-3f);
    p = __builtin_fmaf(p, r, 4.1666666e-2f);
    p = __builtin_fmaf(p, r, 1.6666667e-1f);
    p = __builtin_fmaf(p, r, 0.5f);
    p = __builtin_fmaf(p, r, 1.0f);
    p = __builtin_fmaf(p, r, 1.0f);
    // 2^n without a conversion to an integer, which NaN has none of: n + 127 ends up in the lowest bits of 1.5 · 2^23.
    union {
        float f;
        unsigned u;
    } scale = {.f = n + (12582912.0f + 127.0f)};
    scale.u <<= 23;
    return p * scale.f;
}

#endif
