#ifndef ANALYSIS_KERNELS_H
#define ANALYSIS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

// Loops of the analyses. Outputs first, sizes last; no allocation, no globals, no threads, no errors. Shapes: N
// patches, T tokens, C width of a token, H heads. Sums are in double precision.

// Channels that the Fourier kernels take at a time: the unit of their scratch memory.
#define FOURIER_BLOCK 128

// Attention of one head: map (N, N), rows ld apart, each row meant to be divided by its sum after adding eps.

// distance (1) = Σ over rows of the mean of distances (N, N) under the row; empty (1) = rows with less than N·eps in
// all.
void attention_distance(double *restrict distance, size_t *restrict empty, const float *restrict map,
                        const float *restrict distances, double eps, size_t N, size_t ld);

// entropies (2) = Σ over rows of the row's entropy, and the entropy of probability · Σ of the rows; keys (N) = the
// latter. Nats.
void attention_information(double *restrict entropies, double *restrict keys, const float *restrict map, double eps,
                           double probability, size_t N, size_t ld);

// entropy (1) = Σ over rows of the row's entropy, nats, nothing added: a row of zeros counts as uniform.
void attention_entropy(double *restrict entropy, const float *restrict map, size_t N, size_t ld);

// out (R, N) = rows (R, N), ld apart, plus eps and divided by their sums; empty (1) = rows with less than N·eps in all.
void attention_rows(float *restrict out, size_t *restrict empty, const float *restrict rows, double eps, size_t R,
                    size_t N, size_t ld);

// out (N) from inp (H, N): the mean (mode 0), the largest (1) or the smallest (2) of each column.
void heads_fuse(float *restrict out, const float *restrict inp, int mode, size_t H, size_t N);

// a (T, T) becomes what attention rollout multiplies with: numbers below threshold and the first `ties` of those equal
// to it are zeroed, except the very first number if `keep_first`; then (a + I) / 2 is divided by its row sums, or, when `columns` is
// not 0, column j by the sum of row j. sums (T) is scratch.
void rollout_matrix(double *restrict a, double *restrict sums, double threshold, size_t ties, int columns, int keep_first,
                    size_t T);

// out (C) = the mean of tokens (N, C).
void token_means(double *restrict out, const float *restrict tokens, size_t N, size_t C);

// out (N) = inp (N).
void widen(double *restrict out, const float *restrict inp, size_t N);

// out (U) = mean over channels of ln(|F(u, u)| + 1e-6) of tokens (N, C), u < U. Frequency (u, u) turns token n by
// u · fold[n] / L of a circle; cosine (L), sine (L) are of k / L of a circle. scratch ((L + 2) · FOURIER_BLOCK).
void fourier_diagonal(double *restrict out, double *restrict scratch, const float *restrict tokens,
                      const int32_t *restrict fold, const double *restrict cosine, const double *restrict sine, size_t N,
                      size_t C, size_t L, size_t U);

// out (GH, GW), frequency 0 first: mean over channels of ln(|F| + 1e-6) of tokens (GH·GW, C). The tables hold cosine
// and sine of k / GH and k / GW of a circle. scratch ((GH · (GW / 2 + 1) + 1) · 2 · FOURIER_BLOCK).
void fourier_map(double *restrict out, double *restrict scratch, const float *restrict tokens,
                 const double *restrict cosine_h, const double *restrict sine_h, const double *restrict cosine_w,
                 const double *restrict sine_w, size_t GH, size_t GW, size_t C);

// The sum of the squares of x (N).
double sum_of_squares(const double *restrict x, size_t N);

// x (N, C): from each column its mean is subtracted. means (C) is scratch.
void center_columns(double *restrict x, double *restrict means, size_t N, size_t C);

// gram (N, N), symmetric, becomes squared distances between its samples. norms (N) is scratch.
void gram_distances(double *restrict gram, double *restrict norms, size_t N);

// x (N) becomes exp(−scale · x), x ≥ 0.
void gaussian(double *restrict x, double scale, size_t N);

// packed (N·(N+1)/2) = the upper triangle of gram (N, N), symmetric, doubly centred (unbiased 0) or U-centred with a
// zero diagonal (unbiased 1); off the diagonal times √2, so that the dot product of two such rows is the inner product
// of the two matrices. means (N) is scratch.
void gram_center(double *restrict packed, double *restrict means, const double *restrict gram, int unbiased, size_t N);

// The number that would stand at position k were x (N) sorted; x is reordered.
double double_select(double *x, size_t k, size_t N);

#endif
