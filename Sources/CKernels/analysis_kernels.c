#include "analysis_kernels.h"

#include <math.h>

#include "analysis_math.h"
#include "kernels.h"

#ifndef KERNEL_LEVEL

// The sum over channels of ln(|F| + 1e-6).
static inline __attribute__((always_inline)) double log_amplitudes(const double *restrict re, const double *restrict im,
                                                                   size_t W) {
    double sum = 0;
    for (size_t c = 0; c < W; c++) sum += log_poly(sqrt(re[c] * re[c] + im[c] * im[c]) + 1e-6);
    return sum;
}

#define KERNEL_FILE "analysis_kernels.c"
#include "each_level.h"

#else

KERNEL(void, attention_distance)(double *restrict distance, size_t *restrict empty, const float *restrict map,
                                 const float *restrict distances, double eps, size_t N, size_t ld) {
    double total = 0;
    size_t without = 0;
    for (size_t i = 0; i < N; i++) {
        const float *a = map + i * ld, *d = distances + i * N;
        double mass = 0, moment = 0, plain = 0;
        for (size_t j = 0; j < N; j++) {
            mass += (double)a[j];
            moment += (double)a[j] * (double)d[j];
            plain += (double)d[j];
        }
        total += (moment + eps * plain) / (mass + eps * (double)N);
        without += mass < eps * (double)N;
    }
    *distance = total;
    *empty = without;
}

KERNEL(void, attention_information)(double *restrict entropies, double *restrict keys, const float *restrict map,
                                    double eps, double probability, size_t N, size_t ld) {
    for (size_t j = 0; j < N; j++) keys[j] = 0;
    double rows = 0, scales = 0;
    for (size_t i = 0; i < N; i++) {
        const float *a = map + i * ld;
        double mass = 0, moment = 0;
        for (size_t j = 0; j < N; j++) {
            const double x = (double)a[j] + eps;
            mass += x;
            moment += x * log_poly(x);
        }
        rows += log(mass) - moment / mass;
        const double scale = probability / mass;
        for (size_t j = 0; j < N; j++) keys[j] += (double)a[j] * scale;
        scales += scale;
    }
    // What eps adds to every key.
    for (size_t j = 0; j < N; j++) keys[j] += eps * scales;
    double marginal = 0;
    for (size_t j = 0; j < N; j++) marginal -= keys[j] * log_poly(keys[j]);
    entropies[0] = rows;
    entropies[1] = marginal;
}

KERNEL(void, attention_entropy)(double *restrict entropy, const float *restrict map, size_t N, size_t ld) {
    double total = 0;
    for (size_t i = 0; i < N; i++) {
        const float *a = map + i * ld;
        double mass = 0, moment = 0;
        for (size_t j = 0; j < N; j++) {
            const double x = (double)a[j];
            mass += x;
            moment += x * log_poly(x == 0 ? 1.0 : x);
        }
        total += mass == 0 ? log((double)N) : log(mass) - moment / mass;
    }
    *entropy = total;
}

KERNEL(void, attention_rows)(float *restrict out, size_t *restrict empty, const float *restrict rows, double eps,
                             size_t R, size_t N, size_t ld) {
    size_t without = 0;
    for (size_t i = 0; i < R; i++) {
        const float *a = rows + i * ld;
        float *y = out + i * N;
        double mass = 0;
        for (size_t j = 0; j < N; j++) mass += (double)a[j];
        const double scale = 1.0 / (mass + eps * (double)N);
        for (size_t j = 0; j < N; j++) y[j] = (float)(((double)a[j] + eps) * scale);
        without += mass < eps * (double)N;
    }
    *empty = without;
}

KERNEL(void, heads_fuse)(float *restrict out, const float *restrict inp, int mode, size_t H, size_t N) {
    for (size_t n = 0; n < N; n++) out[n] = inp[n];
    for (size_t h = 1; h < H; h++) {
        const float *x = inp + h * N;
        if (mode == 0)
            for (size_t n = 0; n < N; n++) out[n] += x[n];
        else if (mode == 1)
            for (size_t n = 0; n < N; n++) out[n] = x[n] > out[n] || x[n] != x[n] ? x[n] : out[n];
        else
            for (size_t n = 0; n < N; n++) out[n] = x[n] < out[n] || x[n] != x[n] ? x[n] : out[n];
    }
    if (mode == 0)
        for (size_t n = 0; n < N; n++) out[n] /= (float)H;
}

KERNEL(void, rollout_matrix)(double *restrict a, double *restrict sums, double threshold, size_t ties, int columns,
                             int keep_first, size_t T) {
    for (size_t n = 0; n < T * T; n++) {
        const int tie = a[n] == threshold && ties > 0;
        ties -= (size_t)tie;
        if ((n > 0 || !keep_first) && (a[n] < threshold || tie)) a[n] = 0;
    }
    for (size_t i = 0; i < T; i++) {
        a[i * T + i] += 1;
        double sum = 0;
        for (size_t j = 0; j < T; j++) sum += a[i * T + j];
        sums[i] = sum;
    }
    // The half of (a + I) / 2 cancels in the division.
    for (size_t i = 0; i < T; i++) {
        if (columns)
            for (size_t j = 0; j < T; j++) a[i * T + j] /= sums[j];
        else
            for (size_t j = 0; j < T; j++) a[i * T + j] /= sums[i];
    }
}

KERNEL(void, token_means)(double *restrict out, const float *restrict tokens, size_t N, size_t C) {
    for (size_t c = 0; c < C; c++) out[c] = 0;
    for (size_t n = 0; n < N; n++)
        for (size_t c = 0; c < C; c++) out[c] += (double)tokens[n * C + c];
    for (size_t c = 0; c < C; c++) out[c] /= (double)N;
}

KERNEL(void, widen)(double *restrict out, const float *restrict inp, size_t N) {
    for (size_t n = 0; n < N; n++) out[n] = (double)inp[n];
}

KERNEL(void, fourier_diagonal)(double *restrict out, double *restrict scratch, const float *restrict tokens,
                               const int32_t *restrict fold, const double *restrict cosine, const double *restrict sine,
                               size_t N, size_t C, size_t L, size_t U) {
    double *folded = scratch, *re = scratch + L * FOURIER_BLOCK, *im = re + FOURIER_BLOCK;
    for (size_t u = 0; u < U; u++) out[u] = 0;
    for (size_t first = 0; first < C; first += FOURIER_BLOCK) {
        const size_t W = C - first < FOURIER_BLOCK ? C - first : FOURIER_BLOCK;
        for (size_t n = 0; n < L * FOURIER_BLOCK; n++) folded[n] = 0;
        // Tokens that every diagonal frequency turns alike are added up first: L sums instead of N tokens to turn.
        for (size_t n = 0; n < N; n++) {
            const float *x = tokens + n * C + first;
            double *y = folded + (size_t)fold[n] * FOURIER_BLOCK;
            for (size_t c = 0; c < W; c++) y[c] += (double)x[c];
        }
        for (size_t u = 0; u < U; u++) {
            for (size_t c = 0; c < W; c++) re[c] = im[c] = 0;
            size_t turn = 0;
            for (size_t k = 0; k < L; k++) {
                const double *y = folded + k * FOURIER_BLOCK;
                const double co = cosine[turn], si = sine[turn];
                for (size_t c = 0; c < W; c++) {
                    re[c] += co * y[c];
                    im[c] += si * y[c];
                }
                turn += u;
                turn = turn >= L ? turn - L : turn;
            }
            out[u] += log_amplitudes(re, im, W);
        }
    }
    for (size_t u = 0; u < U; u++) out[u] /= (double)C;
}

KERNEL(void, fourier_map)(double *restrict out, double *restrict scratch, const float *restrict tokens,
                          const double *restrict cosine_h, const double *restrict sine_h,
                          const double *restrict cosine_w, const double *restrict sine_w, size_t GH, size_t GW,
                          size_t C) {
    const size_t V = GW / 2 + 1;
    double *re = scratch + GH * V * 2 * FOURIER_BLOCK, *im = re + FOURIER_BLOCK;
    for (size_t n = 0; n < GH * GW; n++) out[n] = 0;
    for (size_t first = 0; first < C; first += FOURIER_BLOCK) {
        const size_t W = C - first < FOURIER_BLOCK ? C - first : FOURIER_BLOCK;
        // Rows first: only the frequencies up to Nyquist, because the tokens are real.
        for (size_t y = 0; y < GH; y++)
            for (size_t v = 0; v < V; v++) {
                double *gr = scratch + (y * V + v) * 2 * FOURIER_BLOCK, *gi = gr + FOURIER_BLOCK;
                for (size_t c = 0; c < W; c++) gr[c] = gi[c] = 0;
                for (size_t x = 0; x < GW; x++) {
                    const float *z = tokens + (y * GW + x) * C + first;
                    const double co = cosine_w[v * x % GW], si = sine_w[v * x % GW];
                    for (size_t c = 0; c < W; c++) {
                        gr[c] += co * (double)z[c];
                        gi[c] -= si * (double)z[c];
                    }
                }
            }
        for (size_t v = 0; v < V; v++)
            for (size_t u = 0; u < GH; u++) {
                for (size_t c = 0; c < W; c++) re[c] = im[c] = 0;
                for (size_t y = 0; y < GH; y++) {
                    const double *gr = scratch + (y * V + v) * 2 * FOURIER_BLOCK, *gi = gr + FOURIER_BLOCK;
                    const double co = cosine_h[u * y % GH], si = sine_h[u * y % GH];
                    for (size_t c = 0; c < W; c++) {
                        re[c] += co * gr[c] + si * gi[c];
                        im[c] += co * gi[c] - si * gr[c];
                    }
                }
                const double sum = log_amplitudes(re, im, W) / (double)C;
                out[u * GW + v] += sum;
                if (v > 0 && 2 * v != GW) out[(u == 0 ? 0 : GH - u) * GW + GW - v] += sum;
            }
    }
}

KERNEL(double, sum_of_squares)(const double *restrict x, size_t N) {
    double sum = 0;
    for (size_t n = 0; n < N; n++) sum += x[n] * x[n];
    return sum;
}

KERNEL(void, center_columns)(double *restrict x, double *restrict means, size_t N, size_t C) {
    // The first row goes first, so that columns of equal numbers become exactly zero.
    for (size_t c = 0; c < C; c++) means[c] = x[c];
    for (size_t n = 0; n < N; n++)
        for (size_t c = 0; c < C; c++) x[n * C + c] -= means[c];
    for (size_t c = 0; c < C; c++) means[c] = 0;
    for (size_t n = 0; n < N; n++)
        for (size_t c = 0; c < C; c++) means[c] += x[n * C + c];
    for (size_t c = 0; c < C; c++) means[c] /= (double)N;
    for (size_t n = 0; n < N; n++)
        for (size_t c = 0; c < C; c++) x[n * C + c] -= means[c];
}

KERNEL(void, gram_distances)(double *restrict gram, double *restrict norms, size_t N) {
    for (size_t n = 0; n < N; n++) norms[n] = gram[n * N + n];
    for (size_t i = 0; i < N; i++) {
        double *row = gram + i * N;
        for (size_t j = 0; j < N; j++) {
            const double d = norms[i] + norms[j] - 2 * row[j];
            row[j] = d < 0 ? 0 : d;
        }
        // Nothing is away from itself, unless it is nowhere.
        row[i] = 0 * norms[i];
    }
}

KERNEL(void, gaussian)(double *restrict x, double scale, size_t N) {
    for (size_t n = 0; n < N; n++) x[n] = exp_poly_double(-scale * x[n]);
}

KERNEL(void, gram_center)(double *restrict packed, double *restrict means, const double *restrict gram, int unbiased,
                          size_t N) {
    double total = 0;
    for (size_t i = 0; i < N; i++) {
        const double *row = gram + i * N;
        double sum = 0;
        for (size_t j = 0; j < N; j++) sum += row[j];
        if (unbiased) sum -= row[i];
        means[i] = sum / (double)(unbiased ? N - 2 : N);
        total += means[i];
    }
    const double shift = total / (2 * (double)(unbiased ? N - 1 : N));
    for (size_t i = 0; i < N; i++) means[i] -= shift;
    double *out = packed;
    for (size_t i = 0; i < N; i++) {
        const double *row = gram + i * N;
        *out++ = unbiased ? 0 : row[i] - 2 * means[i];
        for (size_t j = i + 1; j < N; j++) *out++ = 1.4142135623730951 * (row[j] - means[i] - means[j]);
    }
}

KERNEL(double, double_select)(double *x, size_t k, size_t N) {
    // NaN has no place in an order.
    size_t unordered = 0;
    for (size_t n = 0; n < N; n++) unordered += x[n] != x[n];
    if (unordered > 0) return NAN;
    size_t low = 0, high = N - 1;
    while (low < high) {
        // Hoare's partition around the middle of three, which sorted input does not slow down.
        const double a = x[low], b = x[low + (high - low) / 2], c = x[high];
        const double pivot = a < b ? (b < c ? b : (a < c ? c : a)) : (a < c ? a : (b < c ? c : b));
        size_t i = low, j = high;
        while (1) {
            while (x[i] < pivot) i++;
            while (x[j] > pivot) j--;
            if (i >= j) break;
            const double swap = x[i];
            x[i++] = x[j];
            x[j--] = swap;
        }
        // Now x[low…j] ≤ pivot ≤ x[j+1…high], where j may have crossed i by one.
        if (k <= j)
            high = j;
        else
            low = j + 1;
    }
    return x[k];
}

#endif
