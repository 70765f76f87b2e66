#include "optimizer_kernels.h"
#include "kernels.h"

#include <math.h>

#ifndef KERNEL_LEVEL

#define KERNEL_FILE "optimizer_kernels.c"
#include "each_level.h"

#else

KERNEL(void, adamw_update)(float *restrict w, float *restrict m, float *restrict v, const float *restrict g,
                           float scale, float keep, float towards, float beta2, float square, float size, float root,
                           float eps, size_t N) {
    for (size_t n = 0; n < N; n++) {
        const float gradient = g[n] * scale;
        // A linear interpolation, as PyTorch has it.
        const float first = m[n] + towards * (gradient - m[n]);
        const float second = v[n] * beta2 + square * gradient * gradient;
        m[n] = first;
        v[n] = second;
        w[n] = w[n] * keep - size * (first / (sqrtf(second) / root + eps));
    }
}

KERNEL(void, sgd_update)(float *restrict w, float *restrict b, const float *restrict g, float scale, float decay,
                         float momentum, int nesterov, float lr, size_t N) {
    for (size_t n = 0; n < N; n++) {
        const float gradient = g[n] * scale + decay * w[n];
        const float buffer = momentum * b[n] + gradient;
        b[n] = buffer;
        w[n] -= lr * (nesterov ? gradient + momentum * buffer : buffer);
    }
}

KERNEL(void, lars_update)(float *restrict w, float *restrict b, const float *restrict g, float scale, float decay,
                          float ratio, float momentum, float lr, size_t N) {
    for (size_t n = 0; n < N; n++) {
        const float buffer = momentum * b[n] + (g[n] * scale + decay * w[n]) * ratio;
        b[n] = buffer;
        w[n] -= lr * buffer;
    }
}

KERNEL(double, squares_sum)(const float *restrict x, size_t N) {
    double sum = 0;
    for (size_t n = 0; n < N; n++) sum += (double)x[n] * (double)x[n];
    return sum;
}

KERNEL(double, decayed_squares_sum)(const float *restrict g, const float *restrict w, float scale, float decay,
                                    size_t N) {
    double sum = 0;
    for (size_t n = 0; n < N; n++) {
        const double gradient = (double)(g[n] * scale + decay * w[n]);
        sum += gradient * gradient;
    }
    return sum;
}

KERNEL(void, average_update)(float *restrict x, const float *restrict y, float momentum, float rest, size_t N) {
    for (size_t n = 0; n < N; n++) x[n] = x[n] * momentum + y[n] * rest;
}

#endif
