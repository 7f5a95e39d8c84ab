/*
 * A disk that forgets: preloaded into a process, it remembers what every write to a file under SHIM_ROOT replaced, until the
 * file is synced. After a SIGKILL, undoing what is left takes the files back to what a power cut would have kept.
 * SHIM_DELAY_MS makes every sync slow; while there is a file SHIM_FAIL every sync fails with EIO. SHIM_LOG is the record, read by
 * fsync-shim.ts.
 *
 * Record: u32 type, u32 path bytes, u64 offset, u64 data bytes, u64 file size before, path, data.
 * Types: 1 write, 2 synced, 3 truncate, 4 rename (data is the new path), 5 created.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct header { uint32_t type, path_bytes; uint64_t offset, data_bytes, size_before; };
enum { WRITE = 1, SYNCED = 2, TRUNCATE = 3, RENAME = 4, CREATED = 5 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -2;
static const char *root, *fail;
static size_t root_bytes;
static long delay_ms;

static void start(void) {
  if (log_fd != -2) return;
  root = getenv("SHIM_ROOT");
  fail = getenv("SHIM_FAIL");
  const char *path = getenv("SHIM_LOG"), *delay = getenv("SHIM_DELAY_MS");
  delay_ms = delay ? atol(delay) : 0;
  root_bytes = root ? strlen(root) : 0;
  log_fd = root && path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
}

static int tracked_path(const char *path) {
  size_t bytes = strlen(path);
  if (!root || strncmp(path, root, root_bytes) != 0) return 0;
  /* SQLite's shared-memory index is rebuilt from the log and never synced. */
  return !(bytes > 4 && strcmp(path + bytes - 4, "-shm") == 0);
}

static int path_of(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t bytes = readlink(link, path, PATH_MAX - 1);
  if (bytes <= 0) return 0;
  path[bytes] = 0;
  return tracked_path(path);
}

static void all(int fd, const void *data, size_t bytes) {
  const char *at = data;
  while (bytes > 0) {
    ssize_t done = syscall(SYS_write, fd, at, bytes);
    if (done < 0) { if (errno == EINTR) continue; _exit(99); }
    at += done; bytes -= (size_t)done;
  }
}

static void record(struct header head, const char *path, const void *data) {
  size_t path_bytes = strlen(path), total = sizeof head + path_bytes + head.data_bytes;
  char *buffer = malloc(total);
  if (!buffer) _exit(99);
  head.path_bytes = (uint32_t)path_bytes;
  memcpy(buffer, &head, sizeof head);
  memcpy(buffer + sizeof head, path, path_bytes);
  if (head.data_bytes) memcpy(buffer + sizeof head + path_bytes, data, head.data_bytes);
  all(log_fd, buffer, total);
  free(buffer);
}

/* Remembers what [offset, offset + bytes) held before. The descriptor may be write-only, so the file is opened again. */
static void before_write(int fd, const char *path, uint64_t offset, uint64_t bytes) {
  struct stat st;
  if (fstat(fd, &st) != 0) return;
  uint64_t size = (uint64_t)st.st_size, kept = 0;
  char *old = NULL;
  if (offset < size) {
    kept = size - offset < bytes ? size - offset : bytes;
    old = malloc(kept);
    int again = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (!old || again < 0) _exit(99);
    uint64_t got = 0;
    while (got < kept) {
      ssize_t n = syscall(SYS_pread64, again, old + got, kept - got, offset + got);
      if (n <= 0) break;
      got += (uint64_t)n;
    }
    kept = got;
    syscall(SYS_close, again);
  }
  struct header head = { WRITE, 0, offset, kept, size };
  record(head, path, old);
  free(old);
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = dlsym(RTLD_NEXT, #name)

#define TRACKED_WRITE(fd, offset, bytes, call)                   \
  char path[PATH_MAX]; ssize_t result;                           \
  start();                                                       \
  if (log_fd < 0 || !path_of(fd, path)) return call;             \
  pthread_mutex_lock(&lock);                                     \
  before_write(fd, path, (uint64_t)(offset), (uint64_t)(bytes)); \
  result = call;                                                 \
  pthread_mutex_unlock(&lock);                                   \
  return result

static off_t position(int fd) {
  int flags = fcntl(fd, F_GETFL);
  struct stat st;
  if ((flags & O_APPEND) && fstat(fd, &st) == 0) return st.st_size;
  return (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR);
}

static size_t total(const struct iovec *parts, int count) {
  size_t bytes = 0;
  for (int i = 0; i < count; i++) bytes += parts[i].iov_len;
  return bytes;
}

ssize_t write(int fd, const void *data, size_t bytes) { REAL(write); TRACKED_WRITE(fd, position(fd), bytes, real(fd, data, bytes)); }
ssize_t writev(int fd, const struct iovec *parts, int count) { REAL(writev); TRACKED_WRITE(fd, position(fd), total(parts, count), real(fd, parts, count)); }
ssize_t pwrite(int fd, const void *data, size_t bytes, off_t at) { REAL(pwrite); TRACKED_WRITE(fd, at, bytes, real(fd, data, bytes, at)); }
ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t at) { REAL(pwrite64); TRACKED_WRITE(fd, at, bytes, real(fd, data, bytes, at)); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { REAL(pwritev); TRACKED_WRITE(fd, at, total(parts, count), real(fd, parts, count, at)); }

static void before_truncate(int fd, const char *path, off_t size) {
  struct stat st;
  if (fstat(fd, &st) != 0) return;
  if (st.st_size > size) { before_write(fd, path, (uint64_t)size, (uint64_t)(st.st_size - size)); return; }
  struct header head = { TRUNCATE, 0, 0, 0, (uint64_t)st.st_size };
  record(head, path, NULL);
}

#define TRACKED_TRUNCATE(call)                          \
  char path[PATH_MAX]; int result;                      \
  start();                                              \
  if (log_fd < 0 || !path_of(fd, path)) return call;    \
  pthread_mutex_lock(&lock);                            \
  before_truncate(fd, path, size);                      \
  result = call;                                        \
  pthread_mutex_unlock(&lock);                          \
  return result

int ftruncate(int fd, off_t size) { REAL(ftruncate); TRACKED_TRUNCATE(real(fd, size)); }
int ftruncate64(int fd, off64_t size) { REAL(ftruncate64); TRACKED_TRUNCATE(real(fd, size)); }

static int synced(int fd, int (*real)(int)) {
  char path[PATH_MAX];
  start();
  int tracked = path_of(fd, path);
  if (tracked && delay_ms > 0) {
    struct timespec pause = { delay_ms / 1000, (delay_ms % 1000) * 1000000L };
    nanosleep(&pause, NULL);
  }
  if (tracked && fail && access(fail, F_OK) == 0) {
    errno = EIO;
    return -1;
  }
  int result = real(fd);
  if (result == 0 && tracked && log_fd >= 0) {
    pthread_mutex_lock(&lock);
    struct header head = { SYNCED, 0, 0, 0, 0 };
    record(head, path, NULL);
    pthread_mutex_unlock(&lock);
  }
  return result;
}

int fsync(int fd) { REAL(fsync); return synced(fd, real); }
int fdatasync(int fd) { REAL(fdatasync); return synced(fd, real); }

int rename(const char *from, const char *to) {
  REAL(rename);
  start();
  if (log_fd < 0 || from[0] != '/' || to[0] != '/' || !tracked_path(to)) return real(from, to);
  pthread_mutex_lock(&lock);
  struct header head = { RENAME, 0, 0, strlen(to), 0 };
  record(head, from, to);
  int result = real(from, to);
  pthread_mutex_unlock(&lock);
  return result;
}
