#ifndef OPTIMIZER_KERNELS_H
#define OPTIMIZER_KERNELS_H

#include <stddef.h>

// Updates of N weights w by their gradients g, each gradient multiplied by `scale` first (clipping). The arithmetic and
// its order are PyTorch's. Nothing overlaps.

// AdamW: w shrinks by the factor `keep`; m moves by the share `towards` to g, v becomes v · beta2 + g² · square;
// w −= size · m / (√v / root + eps). The shares are 1 − β, rounded once: a float's 1 − 0.999 is off by 1e-5.
void adamw_update(float *restrict w, float *restrict m, float *restrict v, const float *restrict g, float scale,
                  float keep, float towards, float beta2, float square, float size, float root, float eps, size_t N);

// SGD: g + decay · w enters the buffer b = momentum · b + g, and w −= lr · b; with nesterov w −= lr · (g + momentum · b).
void sgd_update(float *restrict w, float *restrict b, const float *restrict g, float scale, float decay, float momentum,
                int nesterov, float lr, size_t N);

// LARS, after its norms: b = momentum · b + (scale · g + decay · w) · ratio, and w −= lr · b.
void lars_update(float *restrict w, float *restrict b, const float *restrict g, float scale, float decay, float ratio,
                 float momentum, float lr, size_t N);

// The sum of squares of x (N).
double squares_sum(const float *restrict x, size_t N);

// The sum of squares of scale · g + decay · w.
double decayed_squares_sum(const float *restrict g, const float *restrict w, float scale, float decay, size_t N);

// x (N) becomes x · momentum + y · rest.
void average_update(float *restrict x, const float *restrict y, float momentum, float rest, size_t N);

#endif
