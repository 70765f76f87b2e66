#ifndef CMPI_H
#define CMPI_H

#include <stddef.h>

// Open MPI (4.x, libmpi.so.40), loaded when it is asked for: a program that was built without it runs with it, and without
// it as one process. A function that can fail returns 0 for success, one of the codes below, or MPI's own code. All of it
// is for one thread at a time.

enum {
    CMPI_MISSING = -1,  // the library cannot be loaded
    CMPI_FOREIGN = -2,  // a library of this name is not Open MPI
    CMPI_THREADS = -3,  // the library does not take calls from threads
};

// Loads the library; once is enough.
int cmpi_load(void);

// Makes this process one of those that were started together (MPI_Init_thread). Errors are returned from here on.
int cmpi_start(void);

int cmpi_rank(void);
int cmpi_size(void);

// `count` bytes of rank 0 on every rank.
int cmpi_broadcast(void *bytes, int count);
// `count` bytes of each rank, side by side on every rank.
int cmpi_gather(const void *own, void *all, int count);
// The sums over all ranks, in place, the same bits on every rank.
int cmpi_sum_floats(float *numbers, int count);
int cmpi_sum_doubles(double *numbers, int count);

// The sums over all ranks, the same bits on every rank, made while the caller computes; both arrays stay where they are until
// `cmpi_wait` has returned.
typedef void *cmpi_request;
int cmpi_begin_sum(float *sums, const float *numbers, int count, cmpi_request *request);
// Moves what is under way on.
int cmpi_progress(cmpi_request *requests, int count);
int cmpi_wait(cmpi_request *requests, int count);

int cmpi_barrier(void);
// Ends every rank.
void cmpi_abort(int code);
// The last call (MPI_Finalize).
int cmpi_finish(void);

// What a code means; what the library calls itself.
void cmpi_error(int code, char *text, size_t room);
void cmpi_version(char *text, size_t room);

#endif
