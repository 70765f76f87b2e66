#include "CKernels.h"
#include "kernels.h"

#include <float.h>
#include <math.h>

#ifndef KERNEL_LEVEL

// 1 / (1 + e^−x).
static inline __attribute__((always_inline)) float sigmoid(float x) { return 1.0f / (1.0f + exp_poly(x < -80 ? 80 : -x)); }

// tanh-GELU's inner sum, doubled: tanh(u) = 2·sigmoid(2u) − 1, so ½(1 + tanh(u)) = sigmoid(2u).
static inline __attribute__((always_inline)) float gelu_tanh_inner(float x) {
    return 1.5957691216057308f * (x + 0.044715f * x * x * x);
}

#define KERNEL_FILE "variants.c"
#include "each_level.h"

#else

KERNEL(void, gelu_tanh_forward)(float *restrict out, const float *restrict inp, size_t N) {
    for (size_t n = 0; n < N; n++) out[n] = inp[n] * sigmoid(gelu_tanh_inner(inp[n]));
}

KERNEL(void, gelu_tanh_backward)(float *restrict dinp, const float *restrict dout, const float *restrict inp, size_t N) {
    for (size_t n = 0; n < N; n++) {
        const float x = inp[n], s = sigmoid(gelu_tanh_inner(x));
        const float slope = 1.5957691216057308f * (1.0f + 0.134145f * x * x);
        dinp[n] = dout[n] * (s + x * s * (1 - s) * slope);
    }
}

KERNEL(void, swish_forward)(float *restrict out, const float *restrict inp, float scale, size_t N) {
    for (size_t n = 0; n < N; n++) out[n] = inp[n] * sigmoid(scale * inp[n]);
}

KERNEL(void, swish_backward)(float *restrict dinp, const float *restrict dout, const float *restrict inp, float scale,
                             size_t N) {
    for (size_t n = 0; n < N; n++) {
        const float x = inp[n], s = sigmoid(scale * x);
        dinp[n] = dout[n] * (s + scale * x * s * (1 - s));
    }
}

KERNEL(void, rmsnorm_forward)(float *restrict out, float *restrict rstd, const float *restrict inp,
                              const float *restrict weight, float eps, size_t N, size_t C) {
    for (size_t n = 0; n < N; n++) {
        const float *x = inp + n * C;
        float *y = out + n * C;
        float squares = 0;
        for (size_t c = 0; c < C; c++) squares += x[c] * x[c];
        // As in layer norm: squares beyond the largest number are not known.
        const float s = squares > FLT_MAX ? NAN : 1.0f / sqrtf(squares / (float)C + eps);
        for (size_t c = 0; c < C; c++) y[c] = x[c] * s * weight[c];
        if (rstd) rstd[n] = s;
    }
}

KERNEL(void, rmsnorm_backward)(float *restrict dinp, float *restrict dweight, const float *restrict dout,
                               const float *restrict inp, const float *restrict weight, const float *restrict rstd,
                               size_t N, size_t C) {
    for (size_t n = 0; n < N; n++) {
        const float *x = inp + n * C, *dy = dout + n * C;
        float *dx = dinp + n * C;
        const float s = rstd[n];
        float dot = 0;
        for (size_t c = 0; c < C; c++) dot += dy[c] * weight[c] * x[c];
        dot *= s / (float)C;
        for (size_t c = 0; c < C; c++) {
            const float hat = x[c] * s;
            dx[c] += s * (dy[c] * weight[c] - hat * dot);
            dweight[c] += dy[c] * hat;
        }
    }
}

KERNEL(void, rotate_forward)(float *restrict x, const float *restrict cosine, const float *restrict sine, int halves,
                             size_t N, size_t D, size_t ld) {
    const size_t step = halves ? 1 : 2, apart = halves ? D / 2 : 1;
    for (size_t n = 0; n < N; n++) {
        float *row = x + n * ld;
        const float *c = cosine + n * D, *s = sine + n * D;
        for (size_t i = 0; i < D / 2; i++) {
            const size_t first = i * step, second = first + apart;
            const float a = row[first], b = row[second];
            row[first] = a * c[first] - b * s[first];
            row[second] = b * c[second] + a * s[second];
        }
    }
}

KERNEL(void, rotate_backward)(float *restrict x, const float *restrict cosine, const float *restrict sine, int halves,
                              size_t N, size_t D, size_t ld) {
    const size_t step = halves ? 1 : 2, apart = halves ? D / 2 : 1;
    for (size_t n = 0; n < N; n++) {
        float *row = x + n * ld;
        const float *c = cosine + n * D, *s = sine + n * D;
        for (size_t i = 0; i < D / 2; i++) {
            const size_t first = i * step, second = first + apart;
            const float a = row[first], b = row[second];
            row[first] = a * c[first] + b * s[second];
            row[second] = b * c[second] - a * s[first];
        }
    }
}

#endif
