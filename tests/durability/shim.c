/*
 * Records what a process does to the files below one directory, in the order in which it happens.
 *
 * LD_PRELOADed into a program; TW_TRACE names the trace file, TW_ROOT the directory (absolute, no trailing slash).
 * A record is a header and its data; numbers are little-endian as on the machines this runs on:
 *
 *     u8 op, u32 file, i64 offset, u32 length, then `length` bytes
 *
 * `file` numbers an inode, so that a rename keeps it. Operations:
 *
 *     N  a file was opened: the data is the path, `offset` is 1 where this created it
 *     W  bytes written at `offset`
 *     T  truncated or extended to `offset` bytes
 *     S  fsync or fdatasync of a file
 *     D  fsync of a directory: the data is the path
 *     R  rename: the data is old path, NUL, new path
 *     U  unlink: the data is the path
 *
 * One lock is held over each operation and its record, so the order in the trace is the order on the disk.
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
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define DESCRIPTORS 4096

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static int trace = -1;
static char root[PATH_MAX];
static size_t root_length;

/* What an open descriptor stands for: 0 nothing of ours, else the number of a file; directories have their path. */
static uint32_t files[DESCRIPTORS];
static char *directories[DESCRIPTORS];

/* Inodes seen so far; one that the system gives out again for a new file gets a new number. */
static struct { dev_t device; ino_t inode; uint32_t file; } known[DESCRIPTORS];
static unsigned known_count;
static uint32_t next_file = 1;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);

static void set_up(void)
{
    if (real_open)
        return;
    real_openat = REAL(openat);
    real_close = REAL(close);
    real_write = REAL(write);
    real_pwrite = REAL(pwrite);
    real_ftruncate = REAL(ftruncate);
    real_fsync = REAL(fsync);
    real_fdatasync = REAL(fdatasync);
    real_rename = REAL(rename);
    real_unlink = REAL(unlink);
    real_open = REAL(open);
    const char *where = getenv("TW_TRACE"), *below = getenv("TW_ROOT");
    if (!where || !below || strlen(below) >= sizeof root)
        return;
    strcpy(root, below);
    root_length = strlen(root);
    trace = real_open(where, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

__attribute__((constructor)) static void at_start(void) { set_up(); }

static void record(char op, uint32_t file, int64_t offset, const void *data, size_t length)
{
    unsigned char header[17];
    uint32_t size = (uint32_t)length;
    header[0] = (unsigned char)op;
    memcpy(header + 1, &file, 4);
    memcpy(header + 5, &offset, 8);
    memcpy(header + 13, &size, 4);
    struct iovec parts[2] = {{header, sizeof header}, {(void *)data, length}};
    if (writev(trace, parts, 2) != (ssize_t)(sizeof header + length))
        abort(); /* a trace with a hole would prove nothing */
}

/* 1 and the absolute path where `path` lies below the root (or is it). Paths are taken as they are: no symlinks here. */
static int below_root(const char *path, char *absolute)
{
    if (trace < 0 || !path)
        return 0;
    if (path[0] == '/') {
        if (strlen(path) >= PATH_MAX)
            return 0;
        strcpy(absolute, path);
    } else {
        char here[PATH_MAX];
        if (!getcwd(here, sizeof here) || snprintf(absolute, PATH_MAX, "%s/%s", here, path) >= PATH_MAX)
            return 0;
    }
    return !strncmp(absolute, root, root_length) && (absolute[root_length] == '/' || absolute[root_length] == 0);
}

static uint32_t file_number(const struct stat *status, int created)
{
    for (unsigned i = 0; i < known_count; i++)
        if (known[i].device == status->st_dev && known[i].inode == status->st_ino) {
            if (created)
                known[i].file = next_file++;
            return known[i].file;
        }
    if (known_count == DESCRIPTORS)
        abort();
    known[known_count].device = status->st_dev;
    known[known_count].inode = status->st_ino;
    known[known_count].file = next_file;
    known_count++;
    return next_file++;
}

static void opened(int descriptor, const char *absolute, int flags, int existed)
{
    struct stat status;
    if (descriptor < 0 || descriptor >= DESCRIPTORS || fstat(descriptor, &status))
        return;
    if (S_ISDIR(status.st_mode)) {
        directories[descriptor] = strdup(absolute);
        return;
    }
    uint32_t file = file_number(&status, !existed);
    files[descriptor] = file;
    record('N', file, !existed, absolute, strlen(absolute));
    if (existed && (flags & O_TRUNC))
        record('T', file, 0, "", 0);
}

static int open_traced(int directory, const char *path, int flags, mode_t mode)
{
    char absolute[PATH_MAX];
    set_up();
    if (!below_root(path, absolute) || (directory != AT_FDCWD && path[0] != '/'))
        return real_openat(directory, path, flags, mode);
    pthread_mutex_lock(&lock);
    int existed = access(absolute, F_OK) == 0;
    int descriptor = real_openat(directory, path, flags, mode);
    int error = errno;
    opened(descriptor, absolute, flags, existed);
    pthread_mutex_unlock(&lock);
    errno = error;
    return descriptor;
}

#define MODE(flags, mode)                                  \
    mode_t mode = 0;                                       \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                 \
        va_list arguments;                                 \
        va_start(arguments, flags);                        \
        mode = (mode_t)va_arg(arguments, int);             \
        va_end(arguments);                                 \
    }

int open(const char *path, int flags, ...)
{
    MODE(flags, mode)
    return open_traced(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE(flags, mode)
    return open_traced(AT_FDCWD, path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...)
{
    MODE(flags, mode)
    return open_traced(directory, path, flags, mode);
}

int openat64(int directory, const char *path, int flags, ...)
{
    MODE(flags, mode)
    return open_traced(directory, path, flags, mode);
}

int creat(const char *path, mode_t mode) { return open_traced(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

static uint32_t file_of(int descriptor)
{
    return descriptor >= 0 && descriptor < DESCRIPTORS ? files[descriptor] : 0;
}

int close(int descriptor)
{
    set_up();
    if (descriptor >= 0 && descriptor < DESCRIPTORS) {
        pthread_mutex_lock(&lock);
        files[descriptor] = 0;
        free(directories[descriptor]);
        directories[descriptor] = NULL;
        pthread_mutex_unlock(&lock);
    }
    return real_close(descriptor);
}

ssize_t write(int descriptor, const void *data, size_t length)
{
    set_up();
    uint32_t file = file_of(descriptor);
    if (!file)
        return real_write(descriptor, data, length);
    pthread_mutex_lock(&lock);
    ssize_t done = real_write(descriptor, data, length);
    int error = errno;
    if (done > 0) /* the position stands behind what was written, also with O_APPEND */
        record('W', file, lseek(descriptor, 0, SEEK_CUR) - done, data, (size_t)done);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

ssize_t pwrite(int descriptor, const void *data, size_t length, off_t offset)
{
    set_up();
    uint32_t file = file_of(descriptor);
    if (!file)
        return real_pwrite(descriptor, data, length, offset);
    pthread_mutex_lock(&lock);
    ssize_t done = real_pwrite(descriptor, data, length, offset);
    int error = errno;
    if (done > 0)
        record('W', file, offset, data, (size_t)done);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

ssize_t pwrite64(int descriptor, const void *data, size_t length, off64_t offset)
{
    return pwrite(descriptor, data, length, offset);
}

int ftruncate(int descriptor, off_t size)
{
    set_up();
    uint32_t file = file_of(descriptor);
    if (!file)
        return real_ftruncate(descriptor, size);
    pthread_mutex_lock(&lock);
    int result = real_ftruncate(descriptor, size);
    int error = errno;
    if (!result)
        record('T', file, size, "", 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int ftruncate64(int descriptor, off64_t size) { return ftruncate(descriptor, size); }

static int synced(int descriptor, int (*real)(int))
{
    uint32_t file = file_of(descriptor);
    char *directory = descriptor >= 0 && descriptor < DESCRIPTORS ? directories[descriptor] : NULL;
    if (!file && !directory)
        return real(descriptor);
    pthread_mutex_lock(&lock);
    int result = real(descriptor);
    int error = errno;
    if (!result && file)
        record('S', file, 0, "", 0);
    if (!result && directory)
        record('D', 0, 0, directory, strlen(directory));
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int fsync(int descriptor)
{
    set_up();
    return synced(descriptor, real_fsync);
}

int fdatasync(int descriptor)
{
    set_up();
    return synced(descriptor, real_fdatasync);
}

int rename(const char *old, const char *new)
{
    char from[PATH_MAX], to[PATH_MAX], both[2 * PATH_MAX];
    set_up();
    if (!below_root(old, from) || !below_root(new, to))
        return real_rename(old, new);
    pthread_mutex_lock(&lock);
    int result = real_rename(old, new);
    int error = errno;
    if (!result) {
        size_t length = strlen(from) + 1;
        memcpy(both, from, length);
        strcpy(both + length, to);
        record('R', 0, 0, both, length + strlen(to));
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int unlink(const char *path)
{
    char absolute[PATH_MAX];
    set_up();
    if (!below_root(path, absolute))
        return real_unlink(path);
    pthread_mutex_lock(&lock);
    int result = real_unlink(path);
    int error = errno;
    if (!result)
        record('U', 0, 0, absolute, strlen(absolute));
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}
