#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

int linux_message_pair(int ends[2]) {
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : -errno;
}

int linux_send_message(int socket, const void *bytes, size_t size, int attached) {
    struct iovec part = {(void *)bytes, size};
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (attached >= 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.room;
        message.msg_controllen = sizeof control.room;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(head), &attached, sizeof(int));
    }
    for (;;) {
        ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL);
        if (sent >= 0) return (size_t)sent == size ? 0 : -EIO;
        if (errno != EINTR) return -errno;
    }
}

long linux_next_message(int socket) {
    // Who is confined may receive in this way and in no other.
    struct msghdr message = {0};
    ssize_t count;
    do {
        count = recvmsg(socket, &message, MSG_PEEK | MSG_TRUNC);
    } while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : count;
}

long linux_receive_message(int socket, void *bytes, size_t room, int *attached) {
    struct iovec part = {bytes, room};
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    *attached = -1;
    ssize_t received;
    do {
        received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    } while (received < 0 && errno == EINTR);
    if (received < 0) return -errno;
    for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
        if (head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof(int)))
            memcpy(attached, CMSG_DATA(head), sizeof(int));
    }
    if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        if (*attached >= 0) close(*attached);
        *attached = -1;
        return -EMSGSIZE;
    }
    return received;
}

int linux_memory_file(const char *label) {
    int descriptor = memfd_create(label, MFD_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}
