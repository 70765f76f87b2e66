#ifndef ANALYSIS_MATH_H
#define ANALYSIS_MATH_H

#include <math.h>
#include <stdint.h>

union double_bits {
    double value;
    uint64_t bits;
};

// ln(x) for positive, normal x, within 2 units in the last place; NaN for NaN, ∞ for ∞, and for anything else
// a number that is not finite. The reduction and polynomial are fdlibm's: x = 2^e · (1 + f), √½ ≤ 1 + f < √2.
static inline __attribute__((always_inline)) double log_poly(double x) {
// Taking 2^52 off again is only exact in the order that is written.
#pragma clang fp reassociate(off)
    union double_bits u = {.value = x};
    const uint64_t shifted = u.bits + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
    const uint64_t biased = shifted >> 52;
    union double_bits m = {.bits = u.bits - ((biased - 1023) << 52)};
    // The exponent as a double without a 64-bit integer conversion, which AVX2 lacks: 2^52 + biased, by its bits.
    union double_bits e = {.bits = 0x4330000000000000u | biased};
    const double k = e.value - (4503599627370496.0 + 1023.0);
    const double f = m.value - 1.0;
    const double s = f / (2.0 + f);
    const double z = s * s;
    double r = 1.479819860511658591e-01;
    r = __builtin_fma(r, z, 1.531383769920937332e-01);
    r = __builtin_fma(r, z, 1.818357216161805012e-01);
    r = __builtin_fma(r, z, 2.222219843214978396e-01);
    r = __builtin_fma(r, z, 2.857142874366239149e-01);
    r = __builtin_fma(r, z, 3.999999999940941908e-01);
    r = __builtin_fma(r, z, 6.666666666666735130e-01);
    r *= z;
    const double half = 0.5 * f * f;
    const double ln = k * 6.93147180369123816490e-01 - ((half - (s * (half + r) + k * 1.90821492927058770002e-10)) - f);
    // The bits of what is not positive, normal and finite are no exponent and fraction; one comparison finds them all.
    return u.bits - 0x0010000000000000u < 0x7fe0000000000000u ? ln : x * INFINITY;
}

// exp(x) for x ≤ 0, within 2 units in the last place; 0 below −708; NaN for NaN.
static inline __attribute__((always_inline)) double exp_poly_double(double x) {
#pragma clang fp reassociate(off)
    const double y = x < -708.0 ? -708.0 : x;
    const double n = __builtin_rint(y * 1.4426950408889634);
    double r = __builtin_fma(n, -6.93147180369123816490e-01, y);
    r = __builtin_fma(n, -1.90821492927058770002e-10, r);
    double p = 2.08767569878681e-09;
    p = __builtin_fma(p, r, 2.505210838544172e-08);
    p = __builtin_fma(p, r, 2.755731922398589e-07);
    p = __builtin_fma(p, r, 2.7557319223985893e-06);
    p = __builtin_fma(p, r, 2.48015873015873e-05);
    p = __builtin_fma(p, r, 1.984126984126984e-04);
    p = __builtin_fma(p, r, 1.388888888888889e-03);
    p = __builtin_fma(p, r, 8.333333333333333e-03);
    p = __builtin_fma(p, r, 4.1666666666666664e-02);
    p = __builtin_fma(p, r, 1.6666666666666666e-01);
    p = __builtin_fma(p, r, 0.5);
    p = __builtin_fma(p, r, 1.0);
    p = __builtin_fma(p, r, 1.0);
    // 2^n without a conversion to an integer, which NaN has none of: n + 1023 ends up in the lowest bits of 1.5 · 2^52.
    union double_bits scale = {.value = n + (6755399441055744.0 + 1023.0)};
    scale.bits <<= 52;
    return x < -708.0 ? 0.0 : p * scale.value;
}

#endif
