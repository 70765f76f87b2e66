#include "CKernels.h"
#include "kernels.h"

#include <float.h>
#include <math.h>

#ifndef KERNEL_LEVEL

// The largest of x (C). Sixteen running maxima, because a compiler that must respect NaN does not vectorize one. NaN may
// be passed over: in a softmax the sum carries it.
static inline __attribute__((always_inline)) float row_maximum(const float *x, size_t C) {
    float lanes[16];
    for (int l = 0; l < 16; l++) lanes[l] = x[0];
    size_t c = 0;
    for (; c + 16 <= C; c += 16)
        for (int l = 0; l < 16; l++) lanes[l] = x[c + l] > lanes[l] ? x[c + l] : lanes[l];
    float top = lanes[0];
    for (int l = 1; l < 16; l++) top = lanes[l] > top ? lanes[l] : top;
    for (; c < C; c++) top = x[c] > top ? x[c] : top;
    return top;
}

#define KERNEL_FILE "forward.c"
#include "each_level.h"

#else

KERNEL(void, layernorm_forward)(float *restrict out, float *restrict mean, float *restrict rstd,
                                const float *restrict inp, const float *restrict weight, const float *restrict bias,
                                float eps, size_t N, size_t C) {
    for (size_t n = 0; n < N; n++) {
        const float *x = inp + n * C;
        float *y = out + n * C;
        float sum = 0;
        for (size_t c = 0; c < C; c++) sum += x[c];
        const float m = sum / (float)C;
        // Two passes: the one-pass form loses digits where the mean is large against the spread.
        float squares = 0;
        for (size_t c = 0; c < C; c++) squares += (x[c] - m) * (x[c] - m);
        // A spread beyond the largest number is not known: its inverse is no 0, which would make every row alike.
        const float s = squares > FLT_MAX ? NAN : 1.0f / sqrtf(squares / (float)C + eps);
        for (size_t c = 0; c < C; c++) y[c] = (x[c] - m) * s * weight[c] + bias[c];
        if (mean) mean[n] = m;
        if (rstd) rstd[n] = s;
    }
}

KERNEL(void, softmax_forward)(float *restrict x, const float *restrict bias, size_t N, size_t C, size_t ld) {
    for (size_t n = 0; n < N; n++) {
        float *row = x + n * ld;
        if (bias) {
            const float *b = bias + n * C;
            for (size_t c = 0; c < C; c++) row[c] += b[c];
        }
        const float top = row_maximum(row, C);
        float sum = 0;
        for (size_t c = 0; c < C; c++) {
            const float e = exp_poly(row[c] - top);
            row[c] = e;
            sum += e;
        }
        const float scale = 1.0f / sum;
        for (size_t c = 0; c < C; c++) row[c] *= scale;
    }
}

KERNEL(void, swiglu_forward)(float *restrict out, const float *restrict inp, size_t N, size_t H) {
    for (size_t n = 0; n < N; n++) {
        const float *gate = inp + n * 2 * H, *value = gate + H;
        float *y = out + n * H;
        for (size_t h = 0; h < H; h++) y[h] = gate[h] / (1.0f + exp_poly(gate[h] < -80 ? 80 : -gate[h])) * value[h];
    }
}

KERNEL(void, gelu_forward)(float *restrict x, size_t N) {
    for (size_t n = 0; n < N; n++) x[n] = 0.5f * x[n] * (1.0f + erff(x[n] * 0.70710678118654752f));
}

KERNEL(void, patches_forward)(float *restrict out, const float *restrict image, size_t CH, size_t GH, size_t GW,
                              size_t P) {
    const size_t width = GW * P, height = GH * P;
    for (size_t gy = 0; gy < GH; gy++)
        for (size_t gx = 0; gx < GW; gx++)
            for (size_t c = 0; c < CH; c++)
                for (size_t y = 0; y < P; y++) {
                    const float *from = image + (c * height + gy * P + y) * width + gx * P;
                    float *to = out + (((gy * GW + gx) * CH + c) * P + y) * P;
                    for (size_t x = 0; x < P; x++) to[x] = from[x];
                }
}

KERNEL(void, neighbourhoods_forward)(float *restrict out, const float *restrict inp, size_t CH, size_t IH, size_t IW,
                                     size_t channel, size_t pixel) {
    const size_t OH = (IH + 1) / 2, OW = (IW + 1) / 2;
    for (size_t oy = 0; oy < OH; oy++)
        for (size_t ox = 0; ox < OW; ox++)
            for (size_t c = 0; c < CH; c++)
                for (size_t ky = 0; ky < 3; ky++)
                    for (size_t kx = 0; kx < 3; kx++) {
                        // Coordinates are one too large, so that padding needs no negative number.
                        const size_t y = oy * 2 + ky, x = ox * 2 + kx;
                        const int inside = y >= 1 && y <= IH && x >= 1 && x <= IW;
                        out[((oy * OW + ox) * CH + c) * 9 + ky * 3 + kx] =
                            inside ? inp[c * channel + ((y - 1) * IW + x - 1) * pixel] : 0.0f;
                    }
}

KERNEL(void, tokens_forward)(float *restrict out, const float *restrict prefix, const float *restrict patches,
                             const float *restrict pos, size_t T, size_t P, size_t C) {
    for (size_t n = 0; n < P * C; n++) out[n] = prefix[n];
    float *tokens = out + P * C;
    const size_t count = (T - P) * C;
    if (pos)
        for (size_t n = 0; n < count; n++) tokens[n] = patches[n] + pos[n];
    else
        for (size_t n = 0; n < count; n++) tokens[n] = patches[n];
}

KERNEL(void, mean_rows_forward)(float *restrict out, const float *restrict inp, size_t N, size_t C) {
    for (size_t c = 0; c < C; c++) out[c] = 0;
    for (size_t n = 0; n < N; n++)
        for (size_t c = 0; c < C; c++) out[c] += inp[n * C + c];
    for (size_t c = 0; c < C; c++) out[c] /= (float)N;
}

KERNEL(void, relu_forward)(float *restrict x, size_t N) {
    for (size_t n = 0; n < N; n++) x[n] = x[n] < 0 ? 0 : x[n];
}

#endif
