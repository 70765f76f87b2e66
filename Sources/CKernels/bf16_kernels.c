#include "CKernels.h"
#include "kernels.h"

#include <math.h>
#include <string.h>

// Written in vectors of sixteen lanes by hand: a product of bf16 numbers is a loop over pairs, in which each lane adds the
// two products of a pair. On a processor without such an instruction nobody calls them; elsewhere they say what it does.

#if defined(__x86_64__)
#include <immintrin.h>

int kernels_have_bf16(void) {
    __builtin_cpu_init();
    return kernel_level() >= 4 && __builtin_cpu_supports("avx512bf16");
}
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4,avx512bf16"))), apply_to = function)
#else

int kernels_have_bf16(void) { return 0; }
#endif

#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

typedef float lanes __attribute__((vector_size(64)));
typedef int32_t marks __attribute__((vector_size(64)));  // all bits or none
typedef uint32_t pairs __attribute__((vector_size(64)));
typedef uint16_t halves __attribute__((vector_size(32)));

enum {
    LANES = 16,
    ROWS = 6,    // queries at a time
    GROUPS = 4,  // groups of sixteen columns at a time: ROWS · GROUPS sums fit the registers
};

// MARK: lanes

INLINE lanes load(const float *x) {
    lanes v;
    memcpy(&v, x, sizeof v);
    return v;
}
INLINE void store(float *x, lanes v) { memcpy(x, &v, sizeof v); }
INLINE lanes all(float x) { return (lanes){0} + x; }
INLINE lanes choose(marks which, lanes a, lanes b) { return (lanes)((which & (marks)a) | (~which & (marks)b)); }
INLINE lanes fma_(lanes a, lanes b, lanes c) { return __builtin_elementwise_fma(a, b, c); }

// The first count numbers, zeros after them.
INLINE lanes load_some(const float *x, size_t count) {
    if (count >= LANES) return load(x);
#if defined(__x86_64__)
    return (lanes)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), x);
#else
    lanes v = {0};
    memcpy(&v, x, count * sizeof *x);
    return v;
#endif
}
INLINE void store_some(float *x, lanes v, size_t count) {
    if (count >= LANES) {
        store(x, v);
        return;
    }
#if defined(__x86_64__)
    _mm512_mask_storeu_ps(x, (__mmask16)((1u << count) - 1), (__m512)v);
#else
    memcpy(x, &v, count * sizeof *x);
#endif
}

// Rounded to nearest even.
INLINE halves round_(lanes x) {
#if defined(__x86_64__)
    return (halves)_mm512_cvtneps_pbh((__m512)x);
#else
    const pairs bits = (pairs)x, rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
    const pairs is_nan = (pairs)((bits & 0x7FFFFFFF) > 0x7F800000);
    return __builtin_convertvector((is_nan & (bits >> 16 | 0x40)) | (~is_nan & rounded), halves);
#endif
}

INLINE void store_halves(uint16_t *x, halves v, size_t count) {
    if (count >= LANES) {
        memcpy(x, &v, sizeof v);
        return;
    }
#if defined(__x86_64__)
    _mm256_mask_storeu_epi16(x, (__mmask16)((1u << count) - 1), (__m256i)v);
#else
    memcpy(x, &v, count * sizeof *x);
#endif
}

// sums + the products of both halves of each lane.
INLINE lanes add_products(lanes sums, pairs a, pairs b) {
#if defined(__x86_64__)
    return (lanes)_mm512_dpbf16_ps((__m512)sums, (__m512bh)a, (__m512bh)b);
#else
    return sums + (lanes)(a << 16) * (lanes)(b << 16) + (lanes)(a & 0xFFFF0000) * (lanes)(b & 0xFFFF0000);
#endif
}

INLINE float sum_of(lanes x) {
#if defined(__x86_64__)
    return _mm512_reduce_add_ps((__m512)x);
#else
    float sum = 0;
    for (int l = 0; l < LANES; l++) sum += x[l];
    return sum;
#endif
}

INLINE float largest_of(lanes x) {
#if defined(__x86_64__)
    return _mm512_reduce_max_ps((__m512)x);
#else
    float largest = x[0];
    for (int l = 1; l < LANES; l++) largest = x[l] > largest ? x[l] : largest;
    return largest;
#endif
}

// exp_poly in each lane.
INLINE lanes exp_lanes(lanes x) {
    x = choose(x < all(-87.33654f), all(-87.33654f), x);
    const lanes n = __builtin_elementwise_rint(x * 1.44269504088896341f);
    lanes r = fma_(n, all(-0.693145751953125f), x);
    r = fma_(n, all(-1.428606765330187e-06f), r);
    lanes p = all(1.3888889e-3f);
    p = fma_(p, r, all(8.3333338e-3f));
    p = fma_(p, r, all(4.1666666e-2f));
    p = fma_(p, r, all(1.6666667e-1f));
    p = fma_(p, r, all(0.5f));
    p = fma_(p, r, all(1.0f));
    p = fma_(p, r, all(1.0f));
    return p * (lanes)((pairs)(n + (12582912.0f + 127.0f)) << 23);
}

// x · Φ(x), erf by the quotient of two polynomials that TensorFlow and Eigen use, within 3e-7 of erf.
INLINE lanes gelu_lanes(lanes x) {
    lanes z = x * 0.70710678118654752f;
    z = choose(z > all(3.832507f), all(3.832507f), z);
    z = choose(z < all(-3.832507f), all(-3.832507f), z);
    const lanes s = z * z;
    lanes p = all(-2.72614225801306e-10f);
    p = fma_(p, s, all(2.77068142495902e-08f));
    p = fma_(p, s, all(-2.10102402082508e-06f));
    p = fma_(p, s, all(-5.69250639462346e-05f));
    p = fma_(p, s, all(-7.34990630326855e-04f));
    p = fma_(p, s, all(-2.95459980854025e-03f));
    p = fma_(p, s, all(-1.60960333262415e-02f));
    lanes q = all(-1.45660718464996e-05f);
    q = fma_(q, s, all(-2.13374055278905e-04f));
    q = fma_(q, s, all(-1.68282697438203e-03f));
    q = fma_(q, s, all(-7.37332916720468e-03f));
    q = fma_(q, s, all(-1.42647390514189e-02f));
    const lanes half = x * 0.5f;
    return fma_(half, z * p / q, half);
}

// MARK: rows

void bf16_forward(uint16_t *restrict out, const float *restrict inp, size_t N) {
    for (size_t n = 0; n < N; n += LANES) store_halves(out + n, round_(load_some(inp + n, N - n)), N - n);
}

void bf16_scaled(uint16_t *restrict out, const float *restrict inp, float scale, size_t N) {
    for (size_t n = 0; n < N; n += LANES) store_halves(out + n, round_(load_some(inp + n, N - n) * scale), N - n);
}

void gelu_bf16_forward(uint16_t *restrict out, const float *restrict inp, size_t N, size_t C, size_t ld) {
    for (size_t n = 0; n < N; n++)
        for (size_t c = 0; c < C; c += LANES)
            store_halves(out + n * ld + c, round_(gelu_lanes(load_some(inp + n * C + c, C - c))), C - c);
}

// MARK: products

// out (ROWS, count · 16), rows ld apart, = a (ROWS, steps), rows lda apart, · b (count, steps, 16).
INLINE void multiply(const int count, float *restrict out, size_t ld, const uint32_t *restrict a, size_t lda,
                     const uint32_t *restrict b, size_t steps) {
    lanes sums[ROWS][GROUPS];
    UNROLLED for (int r = 0; r < ROWS; r++)
        UNROLLED for (int g = 0; g < count; g++) sums[r][g] = (lanes){0};
    for (size_t s = 0; s < steps; s++) {
        pairs columns[GROUPS];
        UNROLLED for (int g = 0; g < count; g++) memcpy(&columns[g], b + (g * steps + s) * LANES, sizeof(pairs));
        UNROLLED for (int r = 0; r < ROWS; r++) {
            const pairs row = a[r * lda + s] - (pairs){0};
            UNROLLED for (int g = 0; g < count; g++) sums[r][g] = add_products(sums[r][g], row, columns[g]);
        }
    }
    UNROLLED for (int r = 0; r < ROWS; r++)
        UNROLLED for (int g = 0; g < count; g++) store(out + r * ld + g * LANES, sums[r][g]);
}

// The same for any count of groups, as evenly as can be.
INLINE void multiply_all(float *restrict out, size_t ld, const uint32_t *restrict a, size_t lda,
                         const uint32_t *restrict b, size_t groups, size_t steps) {
    const size_t parts = (groups + GROUPS - 1) / GROUPS;
    for (size_t part = 0; part < parts; part++) {
        const size_t first = groups * part / parts, count = groups * (part + 1) / parts - first;
        float *to = out + first * LANES;
        const uint32_t *from = b + first * steps * LANES;
        switch (count) {
            case 1: multiply(1, to, ld, a, lda, from, steps); break;
            case 2: multiply(2, to, ld, a, lda, from, steps); break;
            case 3: multiply(3, to, ld, a, lda, from, steps); break;
            default: multiply(4, to, ld, a, lda, from, steps); break;
        }
    }
}

// MARK: attention

// Where everything lies in the scratch memory, in numbers of 4 bytes, sixteen at a time.
typedef struct {
    size_t key_groups, key_steps, value_groups, value_steps;
    size_t row, weight_row, columns, sum_row;  // lengths of rows
    size_t keys, values, rows, scores, weights, sums, end;
} layout;

INLINE layout layout_of(size_t T, size_t D) {
    layout l;
    l.key_groups = (T + LANES - 1) / LANES;
    l.key_steps = (D + 1) / 2;
    l.value_groups = (D + LANES - 1) / LANES;
    l.value_steps = (T + 1) / 2;
    l.row = (l.key_steps + LANES - 1) / LANES * LANES;
    l.weight_row = (l.key_groups * LANES / 2 + LANES - 1) / LANES * LANES;
    l.columns = l.key_groups * LANES;
    l.sum_row = l.value_groups * LANES;
    l.keys = 0;
    l.values = l.keys + l.key_groups * l.key_steps * LANES;
    l.rows = l.values + l.value_groups * l.value_steps * LANES;
    l.scores = l.rows + ROWS * l.row;
    l.weights = l.scores + ROWS * l.columns;
    l.sums = l.weights + ROWS * l.weight_row;
    l.end = l.sums + ROWS * l.sum_row;
    return l;
}

// Rows become columns: by pairs of lanes, by fours, and then by quarters of a vector.
INLINE void transpose(pairs x[LANES]) {
    pairs y[LANES];
    UNROLLED for (int n = 0; n < LANES; n += 2) {
        y[n] = __builtin_shufflevector(x[n], x[n + 1], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
        y[n + 1] = __builtin_shufflevector(x[n], x[n + 1], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
    }
    UNROLLED for (int n = 0; n < LANES; n += 4)
        UNROLLED for (int k = 0; k < 2; k++) {
            x[n + 2 * k] =
                __builtin_shufflevector(y[n + k], y[n + k + 2], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
            x[n + 2 * k + 1] =
                __builtin_shufflevector(y[n + k], y[n + k + 2], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
        }
    // Now x[4i + j], quarter q, has column 4q + j of rows 4i to 4i + 3.
    UNROLLED for (int j = 0; j < 4; j++) {
        const pairs a = x[j], b = x[4 + j], c = x[8 + j], d = x[12 + j];
        const pairs ab = __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
        const pairs cd = __builtin_shufflevector(c, d, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
        const pairs ef = __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
        const pairs gh = __builtin_shufflevector(c, d, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
        y[j] = __builtin_shufflevector(ab, cd, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
        y[8 + j] = __builtin_shufflevector(ab, cd, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
        y[4 + j] = __builtin_shufflevector(ef, gh, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
        y[12 + j] = __builtin_shufflevector(ef, gh, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    }
    UNROLLED for (int n = 0; n < LANES; n++) x[n] = y[n];
}

// Each of the first count numbers in a lane of its own, zeros after them.
INLINE pairs load_halves(const uint16_t *x, size_t count) {
    halves v = {0};
    if (count >= LANES) {
        memcpy(&v, x, sizeof v);
    } else {
#if defined(__x86_64__)
        v = (halves)_mm256_maskz_loadu_epi16((__mmask16)((1u << count) - 1), x);
#else
        memcpy(&v, x, count * sizeof *x);
#endif
    }
    return __builtin_convertvector(v, pairs);
}

// Sixteen pairs, or those that the first count numbers make, zeros after them.
INLINE pairs load_pairs(const uint16_t *x, size_t count) {
    pairs v = {0};
    if (count >= 2 * LANES) {
        memcpy(&v, x, sizeof v);
        return v;
    }
#if defined(__x86_64__)
    return (pairs)_mm512_maskz_loadu_epi16((__mmask32)((1u << count) - 1), x);
#else
    memcpy(&v, x, count * sizeof *x);
    return v;
#endif
}

// Asks for N numbers, because rows that lie far apart are not foreseen by the processor.
INLINE void foresee(const uint16_t *x, size_t N) {
    for (size_t n = 0; n < N; n += 32) __builtin_prefetch(x + n);
}

// out (groups, steps, 16): each lane has pairs of one key.
INLINE void pack_keys(uint32_t *restrict out, const uint16_t *restrict keys, size_t T, size_t D, size_t ld,
                      const layout *l) {
    for (size_t first = 0; first < T; first += LANES, out += l->key_steps * LANES) {
        for (size_t n = first + LANES; n < T && n < first + 2 * LANES; n++) foresee(keys + n * ld, D);
        for (size_t s = 0; s < l->key_steps; s += LANES) {
            pairs square[LANES];
            UNROLLED for (size_t n = 0; n < LANES; n++)
                square[n] = first + n < T ? load_pairs(keys + (first + n) * ld + 2 * s, D - 2 * s) : (pairs){0};
            transpose(square);
            const size_t steps = l->key_steps - s < LANES ? l->key_steps - s : LANES;
            memcpy(out + s * LANES, square, steps * sizeof(pairs));
        }
    }
}

// out (groups, steps, 16): each lane has one dimension of pairs of values.
INLINE void pack_values(uint32_t *restrict out, const uint16_t *restrict values, size_t T, size_t D, size_t ld,
                        size_t steps) {
    for (size_t s = 0; s < steps; s++) {
        const uint16_t *even = values + 2 * s * ld, *odd = even + ld;
        for (size_t n = 2 * s + 16; n < T && n < 2 * s + 18; n++) foresee(values + n * ld, D);
        for (size_t first = 0; first < D; first += LANES) {
            pairs both = load_halves(even + first, D - first);
            if (2 * s + 1 < T) both |= load_halves(odd + first, D - first) << 16;
            memcpy(out + (first * steps + s * LANES), &both, sizeof both);
        }
    }
}

// scores (columns), of which T count, become exp(scores · scale + bias − the largest), and weights their bf16; returns
// 1 / their sum. NaN may be passed over in the search for the largest: the sum carries it.
INLINE float exponentials(float *restrict scores, uint16_t *restrict weights, const float *restrict bias, float scale,
                          size_t T, size_t columns) {
    for (size_t c = T; c < columns; c++) scores[c] = -INFINITY;
    if (bias) {
        for (size_t c = 0; c < T; c++) scores[c] = scores[c] * scale + bias[c];
        scale = 1;
    }
    lanes top = load(scores);
    for (size_t c = LANES; c < columns; c += LANES) {
        const lanes x = load(scores + c);
        top = choose(x > top, x, top);
    }
    const float largest = largest_of(top);
    lanes sums = {0};
    for (size_t c = 0; c < columns; c += LANES) {
        const lanes e = exp_lanes((load(scores + c) - largest) * scale);
        const halves h = round_(e);
        store(scores + c, e);
        memcpy(weights + c, &h, sizeof h);
        sums += e;
    }
    return 1.0f / sum_of(sums);
}

size_t attention_bf16_scratch(size_t T, size_t D) { return layout_of(T, D).end; }

void attention_bf16(float *restrict out, uint16_t *restrict rounded, float *restrict maps, const uint16_t *restrict qkv,
                    const float *restrict bias, float scale, const int32_t *restrict queries,
                    const int32_t *restrict slots, float *restrict scratch, size_t N, size_t T, size_t D,
                    size_t width) {
    const layout l = layout_of(T, D);
    const size_t ld = 3 * width;
    uint32_t *memory = (uint32_t *)scratch;
    uint32_t *keys = memory + l.keys, *values = memory + l.values, *rows = memory + l.rows, *weights = memory + l.weights;
    float *scores = scratch + l.scores, *sums = scratch + l.sums;
    pack_keys(keys, qkv + width, T, D, ld, &l);
    if (out || rounded) pack_values(values, qkv + 2 * width, T, D, ld, l.value_steps);
    for (size_t first = 0; first < N; first += ROWS) {
        const size_t count = N - first < ROWS ? N - first : ROWS;
        if (count < ROWS) {
            memset(rows, 0, ROWS * l.row * sizeof *rows);
            memset(weights, 0, ROWS * l.weight_row * sizeof *weights);
        }
        for (size_t n = first + ROWS; n < N && n < first + 2 * ROWS; n++) foresee(qkv + (size_t)queries[n] * ld, D);
        for (size_t n = 0; n < count; n++)
            for (size_t s = 0; s < l.key_steps; s += LANES) {
                const pairs row = load_pairs(qkv + (size_t)queries[first + n] * ld + 2 * s, D - 2 * s);
                memcpy(rows + n * l.row + s, &row, sizeof row);
            }
        multiply_all(scores, l.columns, rows, l.row, keys, l.key_groups, l.key_steps);
        float inverse[ROWS];
        for (size_t n = 0; n < count; n++) {
            const float *b = bias ? bias + (size_t)queries[first + n] * T : NULL;
            float *row = scores + n * l.columns;
            inverse[n] = exponentials(row, (uint16_t *)(weights + n * l.weight_row), b, scale, T, l.columns);
            if (slots[first + n] < 0) continue;
            float *map = maps + (size_t)slots[first + n] * T;
            for (size_t c = 0; c < T; c += LANES) store_some(map + c, load(row + c) * inverse[n], T - c);
        }
        if (!out && !rounded) continue;
        multiply_all(sums, l.sum_row, weights, l.weight_row, values, l.value_groups, l.value_steps);
        for (size_t n = 0; n < count; n++)
            for (size_t d = 0; d < D; d += LANES) {
                const lanes x = load(sums + n * l.sum_row + d) * inverse[n];
                const size_t place = (size_t)queries[first + n] * width + d;
                if (out) store_some(out + place, x, D - d);
                if (rounded) store_halves(rounded + place, round_(x), D - d);
            }
    }
}

#if defined(__x86_64__)
#pragma clang attribute pop
#endif
