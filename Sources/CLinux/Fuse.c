#define _GNU_SOURCE

#include "CLinux.h"

#include <errno.h>
#include <linux/fuse.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int clinux_fuse_clone(int device, int connected) {
  uint32_t other = (uint32_t)connected;
  return ioctl(device, FUSE_DEV_IOC_CLONE, &other);
}

int clinux_fuse_mount(const char *directory, const char *options) {
  return (int)syscall(SYS_mount, "vmcoregen", directory, "fuse.vmcoregen",
                      MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, options);
}

int clinux_unmount(const char *directory) {
  return (int)syscall(SYS_umount2, directory, 2 /* MNT_DETACH */ | 8 /* UMOUNT_NOFOLLOW */);
}

int clinux_receive_descriptor(int socket) {
  char byte;
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control;
  struct iovec vector = {.iov_base = &byte, .iov_len = 1};
  struct msghdr message = {.msg_iov = &vector,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof control};
  ssize_t count;
  do {
    count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (count < 0 && errno == EINTR);
  if (count <= 0) return -1;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header == NULL || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof(int))) {
    return -1;
  }
  int descriptor;
  memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  return descriptor;
}
