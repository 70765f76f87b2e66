#define _POSIX_C_SOURCE 200809L
#include "CMPI.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What mpi.h of Open MPI 4.x says: handles are addresses, those of its own objects are symbols.
typedef void *handle;
enum { THREAD_SERIALIZED = 2, MAX_ERROR_STRING = 256, MAX_LIBRARY_VERSION_STRING = 256 };
static void *const IN_PLACE = (void *)1;
static void *const STATUS_IGNORE = NULL;

static struct {
    int (*init)(int *, char ***, int, int *);
    int (*rank)(handle, int *);
    int (*size)(handle, int *);
    int (*set_errhandler)(handle, handle);
    int (*bcast)(void *, int, handle, int, handle);
    int (*allgather)(const void *, int, handle, void *, int, handle, handle);
    int (*allreduce)(const void *, void *, int, handle, handle, handle);
    int (*iallreduce)(const void *, void *, int, handle, handle, handle, cmpi_request *);
    int (*testall)(int, cmpi_request *, int *, void *);
    int (*waitall)(int, cmpi_request *, void *);
    int (*barrier)(handle);
    int (*abort)(handle, int);
    int (*finalize)(void);
    int (*error_string)(int, char *, int *);
    int (*version)(char *, int *);
    handle world, return_errors, byte, f32, f64, sum;
} mpi;
static char load_error[256];
static int is_loaded;

int cmpi_load(void) {
    if (is_loaded) return 0;
    // Its plugins look for its symbols.
    void *library = dlopen("libmpi.so.40", RTLD_NOW | RTLD_GLOBAL);
    if (!library) {
        const char *why = dlerror();
        snprintf(load_error, sizeof load_error, "%s", why ? why : "libmpi.so.40 cannot be loaded");
        return CMPI_MISSING;
    }
    const struct {
        const char *name;
        void *place;
    } wanted[] = {
        {"MPI_Init_thread", &mpi.init},
        {"MPI_Comm_rank", &mpi.rank},
        {"MPI_Comm_size", &mpi.size},
        {"MPI_Comm_set_errhandler", &mpi.set_errhandler},
        {"MPI_Bcast", &mpi.bcast},
        {"MPI_Allgather", &mpi.allgather},
        {"MPI_Allreduce", &mpi.allreduce},
        {"MPI_Iallreduce", &mpi.iallreduce},
        {"MPI_Testall", &mpi.testall},
        {"MPI_Waitall", &mpi.waitall},
        {"MPI_Barrier", &mpi.barrier},
        {"MPI_Abort", &mpi.abort},
        {"MPI_Finalize", &mpi.finalize},
        {"MPI_Error_string", &mpi.error_string},
        {"MPI_Get_library_version", &mpi.version},
        {"ompi_mpi_comm_world", &mpi.world},
        {"ompi_mpi_errors_return", &mpi.return_errors},
        {"ompi_mpi_byte", &mpi.byte},
        {"ompi_mpi_float", &mpi.f32},
        {"ompi_mpi_double", &mpi.f64},
        {"ompi_mpi_op_sum", &mpi.sum},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        void *symbol = dlsym(library, wanted[i].name);
        if (!symbol) return CMPI_FOREIGN;
        memcpy(wanted[i].place, &symbol, sizeof symbol);
    }
    is_loaded = 1;
    return 0;
}

int cmpi_start(void) {
    int status = cmpi_load(), provided = 0;
    if (status) return status;
    // For few ranks, and for sums in place, the library would go up and down a tree, which sends everything once a level.
    setenv("OMPI_MCA_coll_libnbc_iallreduce_algorithm", "ring", 0);
    if ((status = mpi.init(NULL, NULL, THREAD_SERIALIZED, &provided))) return status;
    if (provided < THREAD_SERIALIZED) return CMPI_THREADS;
    return mpi.set_errhandler(mpi.world, mpi.return_errors);
}

int cmpi_rank(void) {
    int rank = 0;
    return mpi.rank(mpi.world, &rank) ? 0 : rank;
}

int cmpi_size(void) {
    int size = 1;
    return mpi.size(mpi.world, &size) ? 1 : size;
}

int cmpi_broadcast(void *bytes, int count) { return mpi.bcast(bytes, count, mpi.byte, 0, mpi.world); }

int cmpi_gather(const void *own, void *all, int count) {
    return mpi.allgather(own, count, mpi.byte, all, count, mpi.byte, mpi.world);
}

int cmpi_sum_floats(float *numbers, int count) {
    return mpi.allreduce(IN_PLACE, numbers, count, mpi.f32, mpi.sum, mpi.world);
}

int cmpi_sum_doubles(double *numbers, int count) {
    return mpi.allreduce(IN_PLACE, numbers, count, mpi.f64, mpi.sum, mpi.world);
}

int cmpi_begin_sum(float *sums, const float *numbers, int count, cmpi_request *request) {
    return mpi.iallreduce(numbers, sums, count, mpi.f32, mpi.sum, mpi.world, request);
}

int cmpi_progress(cmpi_request *requests, int count) {
    int is_over = 0;
    return mpi.testall(count, requests, &is_over, STATUS_IGNORE);
}

int cmpi_wait(cmpi_request *requests, int count) { return mpi.waitall(count, requests, STATUS_IGNORE); }

int cmpi_barrier(void) { return mpi.barrier(mpi.world); }

void cmpi_abort(int code) { mpi.abort(mpi.world, code); }

int cmpi_finish(void) { return mpi.finalize(); }

void cmpi_error(int code, char *text, size_t room) {
    char found[MAX_ERROR_STRING + 1] = "";
    int length = 0;
    if (code == CMPI_MISSING)
        snprintf(text, room, "%s", load_error);
    else if (code == CMPI_FOREIGN)
        snprintf(text, room, "libmpi.so.40 is not Open MPI");
    else if (code == CMPI_THREADS)
        snprintf(text, room, "this Open MPI does not take calls from threads");
    else if (is_loaded && !mpi.error_string(code, found, &length))
        snprintf(text, room, "%s", found);
    else
        snprintf(text, room, "error %d", code);
}

void cmpi_version(char *text, size_t room) {
    char found[MAX_LIBRARY_VERSION_STRING + 1] = "";
    int length = 0;
    if (is_loaded) mpi.version(found, &length);
    snprintf(text, room, "%s", found);
}
