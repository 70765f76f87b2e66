#include "CKernels.h"
#include "kernels.h"

#include <string.h>

#ifndef KERNEL_LEVEL

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// Where a row's vector of that number lies in the first row of a panel of K rows.
#define PLACE(group, K) \
    ((size_t)(group) / (PANEL_COLUMNS / LANES) * (K) * PANEL_COLUMNS + (size_t)(group) % (PANEL_COLUMNS / LANES) * LANES)

// Terms of a sum that are taken together at the most, so that some columns of a panel stay in the processor's cache.
enum { PANEL_TERMS = 768 };
// Rows that are taken together, for the same reason: those of A serve every column.
enum { PANEL_ROWS = 192 };

#define UNROLLED _Pragma("clang loop unroll(full)")

#define KERNEL_FILE "products.c"
#include "each_level.h"

#else

// Vectors of LANES numbers; ROWS · GROUPS of them are summed at a time, which with what they are made of fits the
// registers.
#if KERNEL_LEVEL == 4
#define LANES 16
#define ROWS 6
#define GROUPS 4
#elif KERNEL_LEVEL == 3
#define LANES 8
#define ROWS 6
#define GROUPS 2
#elif KERNEL_LEVEL == 1
#define LANES 4
#define ROWS 4
#define GROUPS 2
#else
#define LANES 4
#define ROWS 6
#define GROUPS 4
#endif

#define lanes KERNEL_NAME(lanes)
#define add_product KERNEL_NAME(add_product)
#define first_halves KERNEL_NAME(first_halves)
#define second_halves KERNEL_NAME(second_halves)
#define transpose KERNEL_NAME(transpose)
#define load_some KERNEL_NAME(load_some)
#define store_some KERNEL_NAME(store_some)
#define tile KERNEL_NAME(tile)
#define column_of_tiles(groups) KERNEL_NAME(columns_of_##groups)
#define band KERNEL_NAME(band)

typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(4)));

// sums + a · b.
KERNEL_PART(lanes) add_product(lanes sums, float a, lanes b) {
#if KERNEL_LEVEL == 1
#pragma clang fp reassociate(off) contract(off)
    // There is no fused instruction, and what stands for one is slow.
    return sums + a * b;
#else
    return __builtin_elementwise_fma((lanes){0} + a, b, sums);
#endif
}

// Numbers of a and b in turn, from the first halves.
KERNEL_PART(lanes) first_halves(lanes a, lanes b) {
#if LANES == 16
    return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
#elif LANES == 8
    return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
#else
    return __builtin_shufflevector(a, b, 0, 4, 1, 5);
#endif
}

// The same from the second halves.
KERNEL_PART(lanes) second_halves(lanes a, lanes b) {
#if LANES == 16
    return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#elif LANES == 8
    return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#else
    return __builtin_shufflevector(a, b, 2, 6, 3, 7);
#endif
}

// A square of LANES rows, to apart, from one whose rows lie from apart: rows of the first half between those of the
// second, until each number has changed its row for its column.
KERNEL_PART(void) transpose(float *restrict out, const float *restrict inp, size_t to, size_t from) {
    lanes a[LANES], b[LANES];
    UNROLLED for (int i = 0; i < LANES; i++) a[i] = *(const lanes *)(inp + (size_t)i * from);
    UNROLLED for (int round = 1; round < LANES; round *= 2) {
        UNROLLED for (int i = 0; i < LANES / 2; i++) {
            b[2 * i] = first_halves(a[i], a[i + LANES / 2]);
            b[2 * i + 1] = second_halves(a[i], a[i + LANES / 2]);
        }
        UNROLLED for (int i = 0; i < LANES; i++) a[i] = b[i];
    }
    UNROLLED for (int i = 0; i < LANES; i++) *(lanes *)(out + (size_t)i * to) = a[i];
}

// The first count numbers at x, zeros after them.
KERNEL_PART(lanes) load_some(const float *x, size_t count) {
    if (count >= LANES) return *(const lanes *)x;
#if KERNEL_LEVEL == 4
    return (lanes)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), x);
#else
    lanes v = {0};
    for (size_t l = 0; l < count; l++) v[l] = x[l];
    return v;
#endif
}

// The first count numbers of v.
KERNEL_PART(void) store_some(float *x, lanes v, size_t count) {
    if (count >= LANES) {
        *(lanes *)x = v;
        return;
    }
#if KERNEL_LEVEL == 4
    _mm512_mask_storeu_ps(x, (__mmask16)((1u << count) - 1), (__m512)v);
#else
    for (size_t l = 0; l < count; l++) x[l] = v[l];
#endif
}

// rows · groups vectors of the product, of some terms of a panel of `whole` rows; the last of each row has `last` numbers.
KERNEL_PART(void) tile(float *restrict out, const float *restrict A, const float *restrict panel,
                       const float *restrict bias, const int start, float scale, const int rows, const int groups,
                       size_t first, size_t last, size_t K, size_t rowA, size_t stepA, size_t whole, size_t ld) {
    lanes sums[ROWS][GROUPS];
    UNROLLED for (int r = 0; r < rows; r++)
        UNROLLED for (int g = 0; g < groups; g++) {
            const size_t count = g + 1 < groups ? LANES : last, place = (size_t)g * LANES;
            sums[r][g] = start == PANEL_OUT    ? load_some(out + (size_t)r * ld + place, count)
                         : start == PANEL_BIAS ? load_some(bias + place, count)
                                               : (lanes){0};
        }
    const float *columns[GROUPS];
    UNROLLED for (int g = 0; g < groups; g++) columns[g] = panel + PLACE(first + (size_t)g, whole);
    for (size_t k = 0; k < K; k++) {
        lanes b[GROUPS];
        UNROLLED for (int g = 0; g < groups; g++) b[g] = *(const lanes *)(columns[g] + k * PANEL_COLUMNS);
        UNROLLED for (int r = 0; r < rows; r++) {
            const float a = A[(size_t)r * rowA + k * stepA];
            UNROLLED for (int g = 0; g < groups; g++) sums[r][g] = add_product(sums[r][g], a, b[g]);
        }
    }
    UNROLLED for (int r = 0; r < rows; r++)
        UNROLLED for (int g = 0; g < groups; g++)
            store_some(out + (size_t)r * ld + (size_t)g * LANES, sums[r][g] * scale, g + 1 < groups ? LANES : last);
}

// Every row of some columns: ROWS at a time, then what is left. A function for each width, because a compiler that sees them
// together keeps sums in memory.
#define COLUMN_OF_TILES(groups)                                                                                           \
    KERNEL_FUNCTION(void) column_of_tiles(groups)(                                                                        \
        float *restrict out, const float *restrict A, const float *restrict panel, const float *restrict bias, int start, \
        float scale, size_t first, size_t last, size_t M, size_t K, size_t rowA, size_t stepA, size_t whole, size_t ld) { \
        size_t m = 0;                                                                                                     \
        for (; m + ROWS <= M; m += ROWS)                                                                                  \
            tile(out + m * ld, A + m * rowA, panel, bias, start, scale, ROWS, groups, first, last, K, rowA, stepA, whole, \
                 ld);                                                                                                     \
        for (; m + 2 <= M; m += 2)                                                                                        \
            tile(out + m * ld, A + m * rowA, panel, bias, start, scale, 2, groups, first, last, K, rowA, stepA, whole,    \
                 ld);                                                                                                     \
        if (m < M)                                                                                                        \
            tile(out + m * ld, A + m * rowA, panel, bias, start, scale, 1, groups, first, last, K, rowA, stepA, whole,    \
                 ld);                                                                                                     \
    }

COLUMN_OF_TILES(1)
COLUMN_OF_TILES(2)
#if GROUPS > 2
COLUMN_OF_TILES(3)
COLUMN_OF_TILES(4)
#endif
#undef COLUMN_OF_TILES

// Some rows of the product, column of tiles after column of tiles.
KERNEL_PART(void) band(float *restrict out, const float *restrict A, const float *restrict panel,
                       const float *restrict bias, int start, float scale, size_t M, size_t N, size_t K, size_t rowA,
                       size_t stepA, size_t ld) {
    const size_t all = (N + LANES - 1) / LANES, count = (all + GROUPS - 1) / GROUPS;
    const size_t parts = K > PANEL_TERMS ? (K + PANEL_TERMS - 1) / PANEL_TERMS : 1;
    for (size_t n = 0; n < count; n++) {
        // Tiles of about the same width: one of a single vector waits for its sums.
        const size_t first = all * n / count, groups = all * (n + 1) / count - first, column = first * LANES;
        const size_t last = groups * LANES < N - column ? LANES : N - column - (groups - 1) * LANES;
        for (size_t part = 0; part < parts; part++) {
            const size_t k = K * part / parts, terms = K * (part + 1) / parts - k;
            float *o = out + column;
            const float *a = A + k * stepA, *p = panel + k * PANEL_COLUMNS, *b = bias ? bias + column : bias;
            const int from = part > 0 ? PANEL_OUT : start;
            const float by = part + 1 < parts ? 1 : scale;
            switch (groups) {
            case 1: column_of_tiles(1)(o, a, p, b, from, by, first, last, M, terms, rowA, stepA, K, ld); break;
            case 2: column_of_tiles(2)(o, a, p, b, from, by, first, last, M, terms, rowA, stepA, K, ld); break;
#if GROUPS > 2
            case 3: column_of_tiles(3)(o, a, p, b, from, by, first, last, M, terms, rowA, stepA, K, ld); break;
            case 4: column_of_tiles(4)(o, a, p, b, from, by, first, last, M, terms, rowA, stepA, K, ld); break;
#endif
            default: break;
            }
        }
    }
}

KERNEL(void, panel_product)(float *restrict out, const float *restrict A, const float *restrict panel,
                            const float *restrict bias, int start, float scale, size_t M, size_t N, size_t K,
                            size_t rowA, size_t stepA, size_t ld) {
    for (size_t m = 0; m < M; m += PANEL_ROWS)
        band(out + m * ld, A + m * rowA, panel, bias, start, scale, M - m < PANEL_ROWS ? M - m : PANEL_ROWS, N, K, rowA,
             stepA, ld);
}

KERNEL(void, panel_from_rows)(float *restrict panel, const float *restrict inp, size_t K, size_t N, size_t ld) {
    for (size_t n = 0; n < N; n += PANEL_COLUMNS) {
        const size_t count = N - n < PANEL_COLUMNS ? N - n : PANEL_COLUMNS;
        for (size_t k = 0; k < K; k++) {
            float *row = panel + n * K + k * PANEL_COLUMNS;
            if (count == PANEL_COLUMNS)
                memcpy(row, inp + k * ld + n, PANEL_COLUMNS * sizeof *row);
            else
                for (size_t c = 0; c < PANEL_COLUMNS; c++) row[c] = c < count ? inp[k * ld + n + c] : 0;
        }
    }
}

KERNEL(void, panel_from_columns)(float *restrict panel, const float *restrict inp, size_t K, size_t N, size_t ld) {
    for (size_t n = 0; n < N; n += PANEL_COLUMNS) {
        const size_t count = N - n < PANEL_COLUMNS ? N - n : PANEL_COLUMNS;
        const size_t squares = count == PANEL_COLUMNS ? K / LANES * LANES : 0;
        float *target = panel + n * K;
        for (size_t k = 0; k < squares; k += LANES)
            for (size_t c = 0; c < PANEL_COLUMNS; c += LANES)
                transpose(target + k * PANEL_COLUMNS + c, inp + (n + c) * ld + k, PANEL_COLUMNS, ld);
        for (size_t k = squares; k < K; k++)
            for (size_t c = 0; c < PANEL_COLUMNS; c++)
                target[k * PANEL_COLUMNS + c] = c < count ? inp[(n + c) * ld + k] : 0;
    }
}

#undef LANES
#undef ROWS
#undef GROUPS
#undef lanes
#undef add_product
#undef first_halves
#undef second_halves
#undef transpose
#undef load_some
#undef store_some
#undef tile
#undef column_of_tiles
#undef band

#endif
