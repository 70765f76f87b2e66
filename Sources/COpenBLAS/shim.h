#include <cblas.h>

// LAPACK, which Debian's OpenBLAS carries without a header of its own: the eigenvalues w (n), ascending, of the
// symmetric matrix a (n, n), which is overwritten. All by reference, as Fortran has it.
extern void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
                    const int *lwork, int *iwork, const int *liwork, int *info);

// The singular values s (min(m, n)), descending, and vectors u (m, k), vt (k, n), column-major, of the matrix a (m, n),
// column-major, which is overwritten.
extern void dgesdd_(const char *jobz, const int *m, const int *n, double *a, const int *lda, double *s, double *u,
                    const int *ldu, double *vt, const int *ldvt, double *work, const int *lwork, int *iwork, int *info);
