#include "base/text.h"

#include <errno.h>
#include <iconv.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/file.h"

#define PIECE (64 * 1024)
#define MARK "\xEF\xBB\xBF" /* U+FEFF in UTF-8 */

struct range {
    uint32_t first, last;
};

/* East_Asian_Width W or F (UAX #11, Unicode 15), ranges joined over what is not assigned. */
static const struct range wide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},
    {0x23F0, 0x23F0},   {0x23F3, 0x23F3},   {0x25FD, 0x25FE},   {0x2614, 0x2615},
    {0x2648, 0x2653},   {0x267F, 0x267F},   {0x2693, 0x2693},   {0x26A1, 0x26A1},
    {0x26AA, 0x26AB},   {0x26BD, 0x26BE},   {0x26C4, 0x26C5},   {0x26CE, 0x26CE},
    {0x26D4, 0x26D4},   {0x26EA, 0x26EA},   {0x26F2, 0x26F3},   {0x26F5, 0x26F5},
    {0x26FA, 0x26FA},   {0x26FD, 0x26FD},   {0x2705, 0x2705},   {0x270A, 0x270B},
    {0x2728, 0x2728},   {0x274C, 0x274C},   {0x274E, 0x274E},   {0x2753, 0x2755},
    {0x2757, 0x2757},   {0x2795, 0x2797},   {0x27B0, 0x27B0},   {0x27BF, 0x27BF},
    {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},   {0x2B55, 0x2B55},   {0x2E80, 0x303E},
    {0x3041, 0x3247},   {0x3250, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97C},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE10, 0xFE19},   {0xFE30, 0xFE6B},
    {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},   {0x16FE0, 0x1B2FF}, {0x1F004, 0x1F004},
    {0x1F0CF, 0x1F0CF}, {0x1F18E, 0x1F18E}, {0x1F191, 0x1F19A}, {0x1F200, 0x1F320},
    {0x1F32D, 0x1F335}, {0x1F337, 0x1F37C}, {0x1F37E, 0x1F393}, {0x1F3A0, 0x1F3CA},
    {0x1F3CF, 0x1F3D3}, {0x1F3E0, 0x1F3F0}, {0x1F3F4, 0x1F3F4}, {0x1F3F8, 0x1F43E},
    {0x1F440, 0x1F440}, {0x1F442, 0x1F4FC}, {0x1F4FF, 0x1F53D}, {0x1F54B, 0x1F54E},
    {0x1F550, 0x1F567}, {0x1F57A, 0x1F57A}, {0x1F595, 0x1F596}, {0x1F5A4, 0x1F5A4},
    {0x1F5FB, 0x1F64F}, {0x1F680, 0x1F6C5}, {0x1F6CC, 0x1F6CC}, {0x1F6D0, 0x1F6D2},
    {0x1F6D5, 0x1F6DF}, {0x1F6EB, 0x1F6EF}, {0x1F6F4, 0x1F6FF}, {0x1F7E0, 0x1F7F0},
    {0x1F90C, 0x1F93A}, {0x1F93C, 0x1F945}, {0x1F947, 0x1F9FF}, {0x1FA70, 0x1FAFF},
    {0x20000, 0x2FFFD}, {0x30000, 0x3FFFD},
};

/* Marks that sit on the character before, and characters that show nothing: those of the scripts
 * that China's texts mix in, not all of Unicode (Latin, Cyrillic, Hebrew, Arabic, Tibetan, Hangul,
 * Mongolian, kana, variation selectors). */
static const struct range narrow[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD},   {0x05BF, 0x05BF},   {0x05C1, 0x05C2},
    {0x05C4, 0x05C5}, {0x05C7, 0x05C7}, {0x0610, 0x061A},   {0x061C, 0x061C},   {0x064B, 0x065F},
    {0x0670, 0x0670}, {0x06D6, 0x06DC}, {0x06DF, 0x06E4},   {0x06E7, 0x06E8},   {0x06EA, 0x06ED},
    {0x0E31, 0x0E31}, {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E},   {0x0F18, 0x0F19},   {0x0F35, 0x0F35},
    {0x0F37, 0x0F37}, {0x0F39, 0x0F39}, {0x0F71, 0x0F7E},   {0x0F80, 0x0F84},   {0x0F86, 0x0F87},
    {0x0F8D, 0x0FBC}, {0x0FC6, 0x0FC6}, {0x1160, 0x11FF},   {0x180B, 0x180F},   {0x1AB0, 0x1ACE},
    {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x2028, 0x202E},   {0x2060, 0x206F},   {0x20D0, 0x20F0},
    {0x302A, 0x302D}, {0x3099, 0x309A}, {0xD7B0, 0xD7FB},   {0xFE00, 0xFE0F},   {0xFE20, 0xFE2F},
    {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0001, 0xE007F}, {0xE0100, 0xE01EF},
};

/* The character at the front of `p`: its length, 0 if it is malformed, -1 if `n` bytes are the
 * well-formed beginning of a longer one. RFC 3629: no overlong form, no surrogate, nothing above
 * U+10FFFF; the second byte's bounds say all of that (Unicode table 3-7). */
static int decode(const unsigned char *p, size_t n, uint32_t *cp)
{
    unsigned char lead = p[0], low = 0x80, high = 0xBF;
    int len = lead < 0x80 ? 1 : lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;

    if (len <= 1 || lead > 0xF4) {
        *cp = lead;
        return lead > 0xF4 ? 0 : len;
    }
    if (lead == 0xE0) {
        low = 0xA0;
    } else if (lead == 0xED) {
        high = 0x9F;
    } else if (lead == 0xF0) {
        low = 0x90;
    } else if (lead == 0xF4) {
        high = 0x8F;
    }
    uint32_t value = lead & (0x7Fu >> len);
    for (int i = 1; i < len; i++) {
        if ((size_t)i == n) {
            return -1;
        }
        if (p[i] < low || p[i] > high) {
            return 0;
        }
        low = 0x80, high = 0xBF;
        value = value << 6 | (p[i] & 0x3Fu);
    }
    *cp = value;
    return len;
}

/* Bytes of `p` that are whole well-formed characters; *torn where what follows is a beginning. */
static size_t well_formed(const unsigned char *p, size_t n, bool *torn)
{
    size_t i = 0;
    uint32_t cp;

    *torn = false;
    while (i < n) {
        uint64_t eight;
        if (n - i >= sizeof eight) {
            memcpy(&eight, p + i, sizeof eight);
            if (!(eight & UINT64_C(0x8080808080808080))) {
                i += sizeof eight;
                continue;
            }
        }
        int len = decode(p + i, n - i, &cp);
        if (len <= 0) {
            *torn = len < 0;
            break;
        }
        i += (size_t)len;
    }
    return i;
}

size_t text_well_formed(struct str s, bool *torn)
{
    return well_formed((const unsigned char *)s.data, s.len, torn);
}

uint32_t text_character(struct str s, size_t at, size_t *len)
{
    uint32_t c;
    int n = decode((const unsigned char *)s.data + at, s.len - at, &c);
    *len = n > 0 ? (size_t)n : 1;
    return n > 0 ? c : (unsigned char)s.data[at];
}

bool text_is_utf8(struct str s, size_t *bad)
{
    bool torn;
    size_t good = text_well_formed(s, &torn);

    if (good == s.len) {
        return true;
    }
    if (bad) {
        *bad = good;
    }
    return false;
}

/* ---- files ---- */

/* Fills `buffer` from `offset` on; less than asked for only at the file's end. */
static bool read_piece(int fd, char *buffer, size_t size, uint64_t offset, size_t *got,
                       struct error *err)
{
    *got = 0;
    while (*got < size) {
        ssize_t n = pread(fd, buffer + *got, size - *got, (off_t)(offset + *got));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return error_say(err, SAY_FILE_UNREADABLE, arg_system(errno));
        }
        if (n == 0) {
            break;
        }
        *got += (size_t)n;
    }
    return true;
}

static bool write_piece(int fd, const char *bytes, size_t len, struct error *err)
{
    return file_write(fd, bytes, len) || error_say(err, SAY_FILE_UNWRITABLE, arg_system(errno));
}

/* The physical line of the byte at `offset`; 1 where the file cannot be read again. */
static uint64_t line_of(int fd, uint64_t offset)
{
    char piece[4096];
    uint64_t line = 1, at = 0;
    char before = 0;
    size_t got;

    while (at < offset && read_piece(fd, piece, sizeof piece, at, &got, NULL) && got) {
        for (size_t i = 0; i < got && at + i < offset; i++) {
            char c = piece[i];
            line += (c == '\n' && before != '\r') || c == '\r';
            before = c;
        }
        at += got;
    }
    return line;
}

static bool bad_byte(int fd, uint64_t offset, enum say what, uint64_t *line, struct error *err)
{
    *line = line_of(fd, offset);
    return error_put(err, NULL, sentence_of(what, arg_number(*line), ARG_LAST));
}

/* Reads all of the file once: *bad is the offset of its first byte that is not UTF-8, UINT64_MAX
 * if there is none. No encoding that is taken has NUL bytes, so they are a fault here. */
static bool scan(int in, uint64_t *bad, uint64_t *line, struct error *err)
{
    char piece[PIECE];
    uint64_t at = 0; /* of piece[0] */
    size_t kept = 0, got;

    *bad = UINT64_MAX;
    for (;;) {
        bool torn;
        if (!read_piece(in, piece + kept, PIECE - kept, at + kept, &got, err)) {
            return false;
        }
        const char *nul = memchr(piece + kept, '\0', got);
        if (nul) {
            bool utf16 = at == 0 && kept + got >= 2 &&
                         (memcmp(piece, "\xFF\xFE", 2) == 0 || memcmp(piece, "\xFE\xFF", 2) == 0);
            return bad_byte(in, at + (uint64_t)(nul - piece), utf16 ? SAY_IS_UTF16 : SAY_NUL_BYTE,
                            line, err);
        }
        size_t have = kept + got, good = have;
        if (*bad == UINT64_MAX) {
            good = well_formed((const unsigned char *)piece, have, &torn);
            if (good < have && (!torn || got == 0)) {
                *bad = at + good;
                good = have;
            }
        }
        if (got == 0) {
            return true;
        }
        kept = have - good;
        memmove(piece, piece + good, kept);
        at += good;
    }
}

static bool copy_utf8(int in, int out, struct error *err)
{
    char piece[PIECE];
    uint64_t at = 0;
    size_t got;

    for (;;) {
        if (!read_piece(in, piece, sizeof piece, at, &got, err)) {
            return false;
        }
        if (got == 0) {
            return true;
        }
        size_t mark = at == 0 && got >= 3 && memcmp(piece, MARK, 3) == 0 ? 3 : 0;
        if (!write_piece(out, piece + mark, got - mark, err)) {
            return false;
        }
        at += got;
    }
}

/* Converts up to the first malformed byte, whose offset goes to *bad (UINT64_MAX: none). */
static bool convert(iconv_t cd, int in, int out, uint64_t *bad, struct error *err)
{
    char piece[PIECE], converted[2 * PIECE]; /* two bytes of GB18030 are at most three of UTF-8 */
    uint64_t at = 0;
    bool first = true;
    size_t kept = 0, got;

    *bad = UINT64_MAX;
    for (;;) {
        if (!read_piece(in, piece + kept, PIECE - kept, at + kept, &got, err)) {
            return false;
        }
        char *from = piece, *to = converted;
        size_t left = kept + got, room = sizeof converted;
        if (left == 0) {
            return true;
        }
        bool torn = iconv(cd, &from, &left, &to, &room) == (size_t)-1 && errno == EINVAL;
        size_t mark = first && to - converted >= 3 && memcmp(converted, MARK, 3) == 0 ? 3 : 0;
        if (!write_piece(out, converted + mark, (size_t)(to - converted) - mark, err)) {
            return false;
        }
        first = false;
        at += (uint64_t)(from - piece);
        if (left && (!torn || got == 0)) {
            *bad = at;
            return true;
        }
        kept = left;
        memmove(piece, from, kept);
    }
}

bool text_to_utf8(int in, int out, uint64_t *line, struct error *err)
{
    uint64_t bad_utf8, bad_gb;

    *line = 0;
    if (!scan(in, &bad_utf8, line, err)) {
        return false;
    }
    if (bad_utf8 == UINT64_MAX) {
        return copy_utf8(in, out, err);
    }
    iconv_t cd = iconv_open("UTF-8", "GB18030");
    if (cd == (iconv_t)-1) {
        return error_say(err, SAY_NO_GB18030, arg_system(errno));
    }
    bool ok = convert(cd, in, out, &bad_gb, err);
    iconv_close(cd);
    if (!ok || bad_gb == UINT64_MAX) {
        return ok;
    }
    /* Where both have failed: for one bad byte in a text of either encoding, that byte. */
    return bad_byte(in, bad_utf8 > bad_gb ? bad_utf8 : bad_gb, SAY_NO_ENCODING, line, err);
}

/* ---- width ---- */

static bool in_ranges(const struct range *ranges, size_t count, uint32_t cp)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (cp > ranges[middle].last) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < count && cp >= ranges[low].first;
}

static size_t width_of(uint32_t cp)
{
    if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0)) {
        return 0;
    }
    if (cp < 0x300) {
        return 1;
    }
    if (in_ranges(narrow, sizeof narrow / sizeof narrow[0], cp)) {
        return 0;
    }
    return in_ranges(wide, sizeof wide / sizeof wide[0], cp) ? 2 : 1;
}

/* A malformed byte is shown as one replacement character. */
size_t text_width(struct str s)
{
    const unsigned char *p = (const unsigned char *)s.data;
    size_t width = 0, i = 0;
    uint32_t cp;

    while (i < s.len) {
        int len = decode(p + i, s.len - i, &cp);
        width += len > 0 ? width_of(cp) : 1;
        i += len > 0 ? (size_t)len : 1;
    }
    return width;
}

/* ---- days ---- */

/* By the usual shift of the year to March. */
void text_civil(int64_t days, int *year, int *month, int *day)
{
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

/* ---- identity numbers ---- */

static bool is_real_day(struct birth b)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (b.year % 4 == 0 && b.year % 100 != 0) || b.year % 400 == 0;

    if (b.year < 1900 || b.month < 1 || b.month > 12 || b.day < 1) {
        return false;
    }
    return b.day <= days[b.month - 1] + (b.month == 2 && leap);
}

static int digits(struct str id, size_t from, size_t count)
{
    int value = 0;

    for (size_t i = from; i < from + count; i++) {
        value = value * 10 + (id.data[i] - '0');
    }
    return value;
}

/* GB 11643-1999, 4.2.4 and annex A: the weight of place i (18 … 1) is 2^(i-1) mod 11, and the
 * weighted sum with the check character (X is 10) is 1 mod 11. */
const char *idnum_fault(struct str id, struct birth *birth)
{
    static const int weights[18] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2, 1};
    int sum = 0;

    if (id.len != 18) {
        return "must have 18 characters";
    }
    for (size_t i = 0; i < 18; i++) {
        bool digit = id.data[i] >= '0' && id.data[i] <= '9';
        bool ten = i == 17 && (id.data[i] == 'X' || id.data[i] == 'x');
        if (!digit && !ten) {
            return "must be digits, the last a digit or X";
        }
        sum += weights[i] * (ten ? 10 : id.data[i] - '0');
    }
    struct birth b = {digits(id, 6, 4), digits(id, 10, 2), digits(id, 12, 2)};
    if (!is_real_day(b)) {
        return "birth date is not a real day from 1900 on";
    }
    if (sum % 11 != 1) {
        return "check digit is wrong";
    }
    if (birth) {
        *birth = b;
    }
    return NULL;
}

/* Bytes of the character at `i`; a malformed byte counts as one. */
static size_t step_at(struct str s, size_t i)
{
    uint32_t cp;
    int len = decode((const unsigned char *)s.data + i, s.len - i, &cp);

    return len > 0 ? (size_t)len : 1;
}

/* Counted in characters, not bytes: what stands in the column may be anything. */
void idnum_mask(struct str id, struct strbuf *out)
{
    size_t count = 0, n = 0;

    for (size_t i = 0; i < id.len; i += step_at(id, i)) {
        count++;
    }
    for (size_t i = 0, step; i < id.len; i += step, n++) {
        step = step_at(id, i);
        if (count >= 12 && (n < 6 || n + 4 >= count)) {
            strbuf_add(out, id.data + i, step);
        } else {
            strbuf_addc(out, '*');
        }
    }
}
