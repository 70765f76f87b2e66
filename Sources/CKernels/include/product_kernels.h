#ifndef PRODUCT_KERNELS_H
#define PRODUCT_KERNELS_H

#include <stddef.h>

// Matrix products whose factor on the right is brought into a panel once and then serves every block of rows, on any
// number of threads. A number of a product is one sum in the order of its terms, so that it has the same bits whichever
// rows and columns are computed beside it.

// Columns of a panel that lie side by side: a panel is (⌈N / 16⌉, K, 16), with zeros beyond the N-th column.
enum { PANEL_COLUMNS = 16 };

// Numbers of a panel of K rows and N columns.
static inline size_t panel_count(size_t K, size_t N) {
    return (N + PANEL_COLUMNS - 1) / PANEL_COLUMNS * PANEL_COLUMNS * K;
}

// panel (K, N) from the rows of inp (K, N), ld apart.
void panel_from_rows(float *restrict panel, const float *restrict inp, size_t K, size_t N, size_t ld);

// panel (K, N) from the columns of inp (N, K), whose rows lie ld apart.
void panel_from_columns(float *restrict panel, const float *restrict inp, size_t K, size_t N, size_t ld);

// What the sums of a product start from.
enum panel_start {
    PANEL_ZERO = 0,
    PANEL_BIAS = 1,  // bias (N)
    PANEL_OUT = 2,   // what is in out
};

// out (M, N), ld apart, = scale · (start + A (M, K) · panel (K, N)); bias is read for PANEL_BIAS alone. Neighbours in a
// column of A lie rowA numbers apart, those in a row stepA.
void panel_product(float *restrict out, const float *restrict A, const float *restrict panel,
                   const float *restrict bias, int start, float scale, size_t M, size_t N, size_t K, size_t rowA,
                   size_t stepA, size_t ld);

#endif
