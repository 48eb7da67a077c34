/* An .xls workbook (BIFF), read by libfreexl.
 *
 * The library reads a whole workbook into memory and trusts what it reads more than it should. So
 * it runs in a process of its own with bounds of memory, time and output and no descriptor but the
 * file and where the rows go; what becomes of it is at worst a workbook that cannot be read. */
#include "base/sheet_source.h"

#include <errno.h>
#include <fcntl.h>
#include <freexl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

#define FILE_BYTES_MAX (64 << 20) /* 65,536 rows, the most that the form has, are far below */
#define MEMORY_MAX (UINT64_C(1) << 30)
#define OUTPUT_MAX (UINT64_C(1) << 30)
#define SECONDS_MAX 20
#define WAIT_MS 2

enum { DONE, DAMAGED, LOCKED, TOO_LONG, NO_ROOM }; /* how the reading process ends */

struct xls {
    struct sheet_source source;
    int fd, out;
    const char *folder;
    pid_t reader; /* 0: not yet or no longer there */
    int64_t deadline;
    struct sheet_rows *rows;
};

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- the process that reads ---- */

static void confine(int *in, int *out)
{
    static const struct {
        int what;
        uint64_t most;
    } limits[] = {
#if !defined(__SANITIZE_ADDRESS__) /* which keeps terabytes of addresses for its shadow */
        {RLIMIT_AS, MEMORY_MAX},
#endif
        {RLIMIT_CPU, SECONDS_MAX},
        {RLIMIT_FSIZE, OUTPUT_MAX},
        {RLIMIT_CORE, 0},
    };
    sigset_t none;
    sigemptyset(&none);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* To places that nothing else has, then all others are closed. */
    int a = fcntl(*in, F_DUPFD, 10), b = fcntl(*out, F_DUPFD, 10);
    if (a < 0 || b < 0) {
        _exit(NO_ROOM);
    }
    dup2(a, 3);
    dup2(b, 4);
    *in = 3;
    *out = 4;
    close_range(5, ~0U, 0);
    close_range(0, 2, 0);
    for (int i = 1; i < NSIG; i++) {
        signal(i, SIG_DFL);
    }
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        setrlimit((__rlimit_resource_t)limits[i].what,
                  &(struct rlimit){limits[i].most, limits[i].most});
    }
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void put_cell(const FreeXL_CellValue *cell, bool from_1904, struct sheet_cells *cells)
{
    struct strbuf *out = &cells->bytes;
    size_t before = out->len;
    switch (cell->type) {
    case FREEXL_CELL_INT:
        strbuf_addint(out, cell->value.int_value);
        if (from_1904 && cell->value.int_value >= 10000 && cell->value.int_value < 100000) {
            strbuf_addz(out, ".0"); /* so that it is never taken for a serial number from 1900 */
        }
        break;
    case FREEXL_CELL_DOUBLE:
        sheet_number(cell->value.double_value, out);
        break;
    case FREEXL_CELL_TEXT:
    case FREEXL_CELL_SST_TEXT:
    case FREEXL_CELL_DATE:
    case FREEXL_CELL_DATETIME:
    case FREEXL_CELL_TIME:
        strbuf_addz(out, cell->value.text_value ? cell->value.text_value : "");
        break;
    default:
        break;
    }
    sheet_cells_end(cells, out->len - before);
}

static int put_rows(const void *handle, bool from_1904, int out)
{
    unsigned rows;
    unsigned short columns;
    struct sheet_cells cells = {0};
    struct strbuf bytes = STRBUF_INIT;
    if (freexl_worksheet_dimensions(handle, &rows, &columns) != FREEXL_OK) {
        return DAMAGED;
    }
    for (unsigned r = 0; r < rows; r++) {
        struct sheet_row row;
        sheet_cells_reset(&cells);
        for (unsigned short c = 0; c < columns; c++) {
            FreeXL_CellValue cell = {.type = FREEXL_CELL_NULL};
            if (freexl_get_cell_value(handle, r, c, &cell) != FREEXL_OK) {
                return DAMAGED;
            }
            put_cell(&cell, from_1904, &cells);
        }
        if (cells.bytes.len > SHEET_ROW_MAX) {
            return TOO_LONG;
        }
        if (cells.bytes.len) {
            sheet_cells_row(&cells, r + 1, &row);
            sheet_rows_put(&bytes, &row);
        }
        if (bytes.len > 64 * 1024 || r + 1 == rows) {
            if (!file_write(out, bytes.data, bytes.len)) {
                return NO_ROOM;
            }
            strbuf_reset(&bytes);
        }
    }
    return DONE;
}

static _Noreturn void read_workbook(int in, int out)
{
    const void *handle;
    unsigned locked = FREEXL_BIFF_PLAIN, mode = FREEXL_BIFF_DATEMODE_1900;
    confine(&in, &out);
    if (freexl_open("/proc/self/fd/3", &handle) != FREEXL_OK) {
        _exit(DAMAGED);
    }
    if (freexl_get_info(handle, FREEXL_BIFF_PASSWORD, &locked) != FREEXL_OK ||
        locked == FREEXL_BIFF_OBFUSCATED) {
        _exit(LOCKED);
    }
    if (freexl_get_info(handle, FREEXL_BIFF_DATEMODE, &mode) != FREEXL_OK ||
        freexl_select_active_worksheet(handle, 0) != FREEXL_OK) {
        _exit(DAMAGED);
    }
    _exit(put_rows(handle, mode == FREEXL_BIFF_DATEMODE_1904, out));
}

/* ---- the one that waits ---- */

static enum sheet_result begin(struct xls *x, struct sheet_row *row, struct error *err)
{
    if (lseek(x->fd, 0, SEEK_END) > FILE_BYTES_MAX) {
        return sheet_fault_at(row, SHEET_TOO_LONG, 0, 0,
                              sentence(SAY_SHEET_XLS_LARGE, arg_number(FILE_BYTES_MAX >> 20)), err);
    }
    x->out = sheet_unlinked(x->folder, err);
    if (x->out < 0) {
        row->fault = SHEET_STORAGE;
        return SHEET_FAULT;
    }
    x->deadline = now_ms() + SECONDS_MAX * 1000;
    x->reader = fork();
    if (x->reader == 0) {
        read_workbook(x->fd, x->out);
    }
    if (x->reader < 0) {
        x->reader = 0;
        return sheet_storage(row, err);
    }
    return SHEET_PENDING;
}

static void stop(struct xls *x)
{
    if (x->reader > 0) {
        kill(x->reader, SIGKILL);
        while (waitpid(x->reader, NULL, 0) < 0 && errno == EINTR) {
        }
        x->reader = 0;
    }
}

static enum sheet_result wait_for(struct xls *x, struct sheet_row *row, struct error *err)
{
    int status = 0;
    pid_t got = waitpid(x->reader, &status, WNOHANG);
    if (got == 0 && now_ms() < x->deadline) {
        poll(NULL, 0, WAIT_MS);
        return SHEET_PENDING;
    }
    if (got != x->reader) {
        stop(x);
        status = SIGKILL;
    }
    x->reader = 0;
    switch (WIFEXITED(status) ? WEXITSTATUS(status) : DAMAGED) {
    case DONE:
        x->rows = sheet_rows_open(x->out, 0);
        return SHEET_PENDING;
    case LOCKED:
        return sheet_fault_at(row, SHEET_DAMAGED, 0, 0, sentence(SAY_SHEET_LOCKED), err);
    case TOO_LONG:
        return sheet_fault_at(row, SHEET_TOO_LONG, 0, 0,
                              sentence(SAY_SHEET_ROW_LONG, arg_number(SHEET_ROW_MAX)), err);
    case NO_ROOM:
        errno = ENOSPC;
        return sheet_storage(row, err);
    default:
        return sheet_fault_at(
            row, SHEET_DAMAGED, 0, 0,
            sentence(SAY_SHEET_DAMAGED, arg_z("it is locked by a password or no Excel workbook")),
            err);
    }
}

static enum sheet_result xls_next(struct sheet_source *source, struct sheet_row *row,
                                  struct error *err)
{
    struct xls *x = (struct xls *)source;
    if (x->rows) {
        return sheet_rows_next(x->rows, row, err);
    }
    return x->reader > 0 ? wait_for(x, row, err) : begin(x, row, err);
}

static int64_t xls_done(const struct sheet_source *source)
{
    const struct xls *x = (const struct xls *)source;
    return x->rows ? (int64_t)sheet_rows_offset(x->rows) : 0;
}

static void xls_close(struct sheet_source *source)
{
    struct xls *x = (struct xls *)source;
    stop(x);
    sheet_rows_close(x->rows);
    if (x->out >= 0) {
        close(x->out);
    }
    free(x);
}

static const struct sheet_source_class xls_class = {xls_next, xls_done, xls_close};

struct sheet_source *sheet_xls_open(int fd, const char *folder)
{
    struct xls *x = xcalloc(1, sizeof *x);
    x->source.class = &xls_class;
    x->fd = fd;
    x->out = -1;
    x->folder = folder;
    return &x->source;
}
