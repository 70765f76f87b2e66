// Multiplies matrices of odd sizes by oneDNN between pages that nobody may touch. The library is the system's and not
// instrumented, so that a sanitizer does not see where it reaches; the processor does. Run by deploy/sanitize.sh.

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "COneDNN.h"

static const size_t page = 4096;

// `bytes` that end (or begin, with `first`) where a forbidden page begins (or ends).
typedef struct {
    char *start;
    size_t length;
    float *data;
} guarded;

static guarded guard(size_t bytes, int first) {
    const size_t inside = (bytes + page - 1) / page * page, length = inside + 2 * page;
    guarded g = {mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), length, NULL};
    if (g.start == MAP_FAILED) abort();
    mprotect(g.start, page, PROT_NONE);
    mprotect(g.start + page + inside, page, PROT_NONE);
    g.data = (float *)(g.start + page + (first ? 0 : inside - bytes));
    return g;
}

static void release(guarded g) { munmap(g.start, g.length); }

static void fill(float *x, size_t n, unsigned seed) {
    for (size_t i = 0; i < n; i++) x[i] = (float)((i * 2654435761u + seed) % 1000) / 1000 - 0.5f;
}

static int wrong;

static void expect(float found, double wanted, double scale, const char *what, int64_t M, int64_t N, int64_t K) {
    if (!(fabs(found - wanted) <= 1e-4 * scale) && wrong++ < 10)
        printf("%s %ld × %ld × %ld: %g instead of %g\n", what, (long)M, (long)N, (long)K, found, wanted);
}

static void linear(int64_t N, int64_t K, int64_t width, const int64_t *rows, int count) {
    guarded weight = guard((size_t)(N * K) * 4, 0), bias = guard((size_t)N * 4, 0);
    fill(weight.data, (size_t)(N * K), 1);
    fill(bias.data, (size_t)N, 2);
    onednn_linear *l = onednn_linear_create(weight.data, N, K, width);
    if (!l) {
        printf("no layer of %ld × %ld\n", (long)N, (long)K);
        wrong++;
        return;
    }
    for (int r = 0; r < count; r++) {
        const int64_t M = rows[r];
        for (int first = 0; first < 2; first++) {
            guarded src = guard((size_t)(M * K) * 4, first), dst = guard((size_t)(M * N) * 4, first);
            fill(src.data, (size_t)(M * K), 3);
            for (int epilogue = 0; epilogue < 3; epilogue++)
                for (int biased = 0; biased < 2; biased++) {
                    fill(dst.data, (size_t)(M * N), 4);
                    for (int64_t panel = 0; panel * width < N; panel++)
                        if (onednn_linear_forward(l, panel, dst.data, src.data, biased ? bias.data : NULL, M, epilogue)) {
                            printf("refused: %ld × %ld × %ld\n", (long)M, (long)N, (long)K);
                            wrong++;
                        }
                    if (epilogue != ONEDNN_STORE) continue;
                    for (int64_t m = 0; m < M; m += M > 8 ? M / 3 : 1)
                        for (int64_t n = 0; n < N; n++) {
                            double sum = biased ? bias.data[n] : 0;
                            for (int64_t k = 0; k < K; k++) sum += (double)src.data[m * K + k] * weight.data[n * K + k];
                            expect(dst.data[m * N + n], sum, 1 + (double)K, "layer", M, N, K);
                        }
                }
            release(src);
            release(dst);
        }
    }
    onednn_linear_destroy(l);
    release(weight);
    release(bias);
}

static void product(int64_t M, int64_t N, int64_t K, int64_t more) {
    for (int kind = 0; kind < 4; kind++) {
        const int tA = kind & 1, tB = kind >> 1;
        const int64_t ldA = (tA ? M : K) + more, ldB = (tB ? K : N) + more, ldC = N + more;
        const int64_t a = ((tA ? K : M) - 1) * ldA + (tA ? M : K), b = ((tB ? N : K) - 1) * ldB + (tB ? K : N),
                      c = (M - 1) * ldC + N;
        for (int first = 0; first < 2; first++) {
            guarded A = guard((size_t)a * 4, first), B = guard((size_t)b * 4, first), C = guard((size_t)c * 4, first);
            fill(A.data, (size_t)a, 5);
            fill(B.data, (size_t)b, 6);
            if (onednn_sgemm(C.data, A.data, B.data, tA ? 'T' : 'N', tB ? 'T' : 'N', M, N, K, 1, 0, ldA, ldB, ldC)) wrong++;
            for (int64_t m = 0; m < M; m += M > 8 ? M / 3 : 1)
                for (int64_t n = 0; n < N; n++) {
                    double sum = 0;
                    for (int64_t k = 0; k < K; k++)
                        sum += (double)A.data[tA ? k * ldA + m : m * ldA + k] * B.data[tB ? n * ldB + k : k * ldB + n];
                    expect(C.data[m * ldC + n], sum, 1 + (double)K, "product", M, N, K);
                }
            release(A);
            release(B);
            release(C);
        }
    }
}

int main(void) {
    onednn_prepare_thread(1);
    const int64_t rows[] = {1, 2, 17, 50, 197, 198};
    const int64_t sizes[] = {1, 3, 15, 16, 17, 24, 36, 65, 100, 192};
    for (int n = 0; n < 10; n++)
        for (int k = 0; k < 10; k++) {
            linear(sizes[n], sizes[k], sizes[n], rows, 6);
            if (sizes[n] > 16) linear(sizes[n], sizes[k], 16, rows, 3);
            for (int m = 0; m < 6; m++) product(rows[m], sizes[n], sizes[k], m % 2 ? 5 : 0);
        }
    printf("products of odd sizes: %d faults\n", wrong);
    return wrong > 0;
}
