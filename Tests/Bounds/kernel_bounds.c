// Calls every kernel with sizes that no vector fits: one token, one head, nothing at all, one more or less than 16 or 64.
// Under the address sanitizer each array is as long as the kernel may use and not a byte longer; under that for undefined
// behaviour its arithmetic is looked at. Run by deploy/sanitize.sh.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "CKernels.h"

// Arrays of the present round, freed together.
static void *arrays[64];
static int count;

static void *array(size_t n, size_t size) {
    void *p = malloc(n * size);
    if (!p) abort();
    arrays[count++] = p;
    return p;
}

// n numbers below 1 that differ; exactly n.
static float *floats(size_t n) {
    float *p = array(n, sizeof *p);
    for (size_t i = 0; i < n; i++) p[i] = (float)(i * 2654435761u % 1000) / 1000;
    return p;
}

static double *doubles(size_t n) {
    double *p = array(n, sizeof *p);
    for (size_t i = 0; i < n; i++) p[i] = (double)(i * 2654435761u % 1000) / 1000;
    return p;
}

static void done(void) {
    while (count > 0) free(arrays[--count]);
}

static void rows(size_t N, size_t C) {
    layernorm_forward(floats(N * C), floats(N), floats(N), floats(N * C), floats(C), floats(C), 1e-6f, N, C);
    layernorm_forward(floats(N * C), NULL, NULL, floats(N * C), floats(C), floats(C), 1e-6f, N, C);
    layernorm_backward(floats(N * C), floats(C), floats(C), floats(N * C), floats(N * C), floats(C), floats(N), floats(N), N,
                       C);
    done();
    // A softmax has a number at least.
    if (C > 0) {
        softmax_forward(floats(N * C), floats(N * C), N, C, C);
        softmax_forward(floats(N > 0 ? (N - 1) * (C + 3) + C : 0), NULL, N, C, C + 3);
        softmax_backward(floats(N * C), floats(N * C), floats(N * C), N, C);
        softmax_backward(floats(N * C), NULL, floats(N * C), N, C);
        bias_backward(floats(C), floats(N > 0 ? (N - 1) * (C + 3) + C : 0), N, C, C + 3);
    }
    bias_backward(floats(C), floats(N * C), N, C, C);
    done();
    swiglu_forward(floats(N * C), floats(N * 2 * C), N, C);
    swiglu_backward(floats(N * 2 * C), floats(N * C), floats(N * 2 * C), N, C);
    mean_rows_forward(floats(C), floats(N * C), N, C);
    branch_forward(floats(N * C), floats(N * C), floats(C), 0.5f, N, C);
    branch_forward(floats(N * C), floats(N * C), NULL, 0.5f, N, C);
    branch_backward(floats(N * C), floats(C), floats(N * C), floats(N * C), floats(C), 0.5f, N, C);
    branch_backward(floats(N * C), NULL, floats(N * C), NULL, NULL, 0.5f, N, C);
    done();
    batchnorm_sum(floats(C), floats(N * C), N, C);
    batchnorm_spread(floats(C), floats(C), floats(N * C), 2 * N, N, C);
    batchnorm_forward(floats(N * C), floats(C), floats(C), floats(C), floats(C), floats(N * C), floats(C), floats(C), 1e-5f,
                      0.1f, 2 * N, N, C);
    batchnorm_forward(floats(N * C), floats(C), floats(C), NULL, NULL, floats(N * C), NULL, NULL, 1e-5f, 0.1f, 2 * N, N, C);
    batchnorm_backward_sums(floats(2 * C), floats(C), floats(C), floats(N * C), floats(N * C), floats(C), floats(C), N, C);
    batchnorm_backward_sums(floats(2 * C), NULL, NULL, floats(N * C), floats(N * C), floats(C), floats(C), N, C);
    batchnorm_backward(floats(N * C), floats(2 * C), floats(N * C), floats(N * C), floats(C), floats(C), floats(C), 2 * N, N,
                       C);
    batchnorm_backward(floats(N * C), floats(2 * C), floats(N * C), floats(N * C), NULL, floats(C), floats(C), 2 * N, N, C);
    done();
    normalize_forward(floats(N * C), floats(N), floats(N * C), 1e-12f, N, C);
    normalize_backward(floats(N * C), floats(N * C), floats(N * C), floats(N), 1e-12f, N, C);
    mask_forward(floats(N * C), floats(C), floats(N), N, C);
    mask_backward(floats(N * C), floats(C), floats(N), N, C);
    masked_l1(floats(N * C), floats(N * C), floats(N * C), floats(N), 0.5f, N, C);
    masked_l2(floats(N * C), floats(N * C), floats(N * C), floats(N), 0.5f, N, C);
    standardize_rows(floats(N * C), 1e-6f, N, C);
    token_means(doubles(C), floats(N * C), N, C);
    done();
    // Columns are of rows.
    if (N > 0) center_columns(doubles(N * C), doubles(C), N, C);
    for (int mode = 0; mode < 3 && N > 0; mode++) heads_fuse(floats(C), floats(N * C), mode, N, C);
    size_t empty;
    attention_rows(floats(N * C), &empty, floats(N > 0 ? (N - 1) * (C + 1) + C : 0), 1e-8, N, C, C + 1);
    for (size_t prefix = 0; prefix <= N && prefix < 3; prefix++) {
        tokens_forward(floats(N * C), floats(prefix * C), floats((N - prefix) * C), floats((N - prefix) * C), N, prefix, C);
        tokens_forward(floats(N * C), floats(prefix * C), floats((N - prefix) * C), NULL, N, prefix, C);
    }
    done();
}

// A panel read from both sides, and products with it from every start.
static void products(size_t M, size_t N, size_t K) {
    const size_t apart = 2;
    float *panel = array(panel_count(K, N), sizeof *panel);
    panel_from_rows(panel, floats(K > 0 ? (K - 1) * (N + apart) + N : 0), K, N, N + apart);
    panel_from_columns(panel, floats(N > 0 ? (N - 1) * (K + apart) + K : 0), K, N, K + apart);
    for (int start = PANEL_ZERO; start <= PANEL_OUT; start++) {
        float *out = floats(M > 0 ? (M - 1) * (N + apart) + N : 0);
        panel_product(out, floats(M * K), panel, start == PANEL_BIAS ? floats(N) : NULL, start, 0.5f, M, N, K, K, 1,
                      N + apart);
        panel_product(out, floats(M * K), panel, start == PANEL_BIAS ? floats(N) : NULL, start, 0.5f, M, N, K, 1, M,
                      N + apart);
    }
    done();
}

static void lines(size_t N) {
    gelu_forward(floats(N), N);
    gelu_out_forward(floats(N), floats(N), N);
    gelu_backward(floats(N), floats(N), floats(N), N);
    relu_forward(floats(N), N);
    relu_backward(floats(N), floats(N), N);
    add_scaled(floats(N), floats(N), 0.5f, N);
    dot_double(floats(N), floats(N), N);
    widen(doubles(N), floats(N), N);
    sum_of_squares(doubles(N), N);
    gaussian(doubles(N), 0.5, N);
    done();
    adamw_update(floats(N), floats(N), floats(N), floats(N), 1, 0.99f, 0.1f, 0.999f, 0.001f, 1e-3f, 1, 1e-8f, N);
    sgd_update(floats(N), floats(N), floats(N), 1, 1e-4f, 0.9f, 1, 1e-3f, N);
    lars_update(floats(N), floats(N), floats(N), 1, 1e-4f, 0.1f, 0.9f, 1e-3f, N);
    squares_sum(floats(N), N);
    decayed_squares_sum(floats(N), floats(N), 1, 1e-4f, N);
    average_update(floats(N), floats(N), 0.9f, 0.1f, N);
    for (size_t k = 0; k < N; k += N / 4 + 1) double_select(doubles(N), k, N);
    done();
}

static void squares(size_t N) {
    double sums[2];
    size_t empty;
    const size_t ld = N + 2, map = N > 0 ? (N - 1) * ld + N : 0;
    attention_distance(sums, &empty, floats(map), floats(N * N), 1e-8, N, ld);
    attention_information(sums, doubles(N), floats(map), 1e-8, N > 0 ? 1.0 / (double)N : 0, N, ld);
    attention_entropy(sums, floats(map), N, ld);
    rollout_matrix(doubles(N * N), doubles(N), 0.5, 2, 0, 1, N);
    rollout_matrix(doubles(N * N), doubles(N), 0.5, 0, 1, 0, N);
    gram_distances(doubles(N * N), doubles(N), N);
    gram_center(doubles(N * (N + 1) / 2), doubles(N), doubles(N * N), 0, N);
    // Three at least, or nothing is left to divide by.
    if (N > 2) gram_center(doubles(N * (N + 1) / 2), doubles(N), doubles(N * N), 1, N);
    done();
}

static void grids(size_t GH, size_t GW, size_t C) {
    for (size_t P = 1; P < 6; P += 3) {
        patches_forward(floats(GH * GW * C * P * P), floats(C * GH * GW * P * P), C, GH, GW, P);
        channels_last(floats(GH * GW * P * P * C), floats(GH * GW * C * P * P), GH * GW, C, P);
    }
    neighbourhoods_forward(floats((GH + 1) / 2 * ((GW + 1) / 2) * C * 9), floats(C * GH * GW), C, GH, GW, GH * GW, 1);
    neighbourhoods_forward(floats((GH + 1) / 2 * ((GW + 1) / 2) * C * 9), floats(C * GH * GW), C, GH, GW, 1, C);
    done();
    const size_t V = GW / 2 + 1;
    fourier_map(doubles(GH * GW), doubles(GH * V * 2 * FOURIER_BLOCK + 2 * FOURIER_BLOCK), floats(GH * GW * C), doubles(GH),
                doubles(GH), doubles(GW), doubles(GW), GH, GW, C);
    const size_t N = GH * GW, L = GH > GW ? GH : GW, U = L / 2 + 1;
    int32_t *fold = array(N, sizeof *fold);
    for (size_t n = 0; n < N; n++) fold[n] = (int32_t)(n % L);
    fourier_diagonal(doubles(U), doubles(L * FOURIER_BLOCK + 2 * FOURIER_BLOCK), floats(N * C), fold, doubles(L), doubles(L),
                     N, C, L, U);
    done();
}

int main(void) {
    const size_t sizes[] = {0, 1, 2, 3, 7, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129, 197};
    const int n = sizeof sizes / sizeof *sizes;
    for (int a = 0; a < n; a++) {
        lines(sizes[a]);
        squares(sizes[a]);
        for (int b = 0; b < n; b++) {
            rows(sizes[a], sizes[b]);
            for (int c = 0; c < n; c++) products(sizes[a], sizes[b], sizes[c]);
        }
    }
    for (size_t h = 1; h < 8; h++)
        for (size_t w = 1; w < 8; w++)
            for (int c = 1; c < n; c++) grids(h, w, sizes[c]);
    printf("kernels of level %d: no report\n", kernels_level());
    return 0;
}
