#include "client/term.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

static const char *const sequences[TONE_COUNT] = {
    [TONE_PLAIN] = NULL,       [TONE_STRONG] = "\033[1m", [TONE_GOOD] = "\033[32m",
    [TONE_BAD] = "\033[1;31m", [TONE_WARN] = "\033[33m",  [TONE_FAINT] = "\033[2m",
};

static bool colours_wanted;

void term_init(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    setlocale(LC_ALL, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
        setlocale(LC_CTYPE, "C.UTF-8");
    }
    colours_wanted = (!no_color || !*no_color) && term && strcmp(term, "dumb") != 0;
}

size_t term_width(void)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    int64_t width;

    if (!isatty(STDOUT_FILENO)) {
        return 0;
    }
    if (columns && str_to_int(str_of(columns), 20, 10000, &width)) {
        return (size_t)width;
    }
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    return 80;
}

bool term_colours(void)
{
    return colours_wanted && isatty(STDOUT_FILENO);
}

const char *term_sequence(enum term_tone tone)
{
    return sequences[tone];
}

/* C0 and DEL are single bytes; C1 (U+0080 to U+009F) is C2 80 to C2 9F in UTF-8, and as dangerous.
 */
void term_clean(struct strbuf *out, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        bool c1 = c == 0xC2 && i + 1 < s.len && (unsigned char)s.data[i + 1] < 0xA0;

        if (c < 0x20 || c == 0x7F || c1) {
            strbuf_addc(out, '?');
        } else {
            strbuf_addc(out, (char)c);
        }
        i += c1;
    }
}

void term_put(FILE *out, enum term_tone tone, struct str s)
{
    struct strbuf clean = STRBUF_INIT;
    bool coloured = sequences[tone] && colours_wanted && isatty(fileno(out));

    term_clean(&clean, s);
    if (coloured) {
        fputs(sequences[tone], out);
    }
    fputs(strbuf_text(&clean), out);
    if (coloured) {
        fputs("\033[0m", out);
    }
    strbuf_free(&clean);
}

/* Bytes of the character that begins at `at`. */
static size_t character(struct str s, size_t at)
{
    size_t len = 1;

    while (at + len < s.len && ((unsigned char)s.data[at + len] & 0xC0) == 0x80) {
        len++;
    }
    return len;
}

/* Bytes of the piece at `at` that stays on one line: one wide character, or a run without blanks
 * and wide characters; the blanks behind it are not part of it. */
static size_t piece(struct str s, size_t at)
{
    size_t len = 0;

    while (at + len < s.len && s.data[at + len] != ' ') {
        size_t next = character(s, at + len);
        bool wide = text_width((struct str){s.data + at + len, next}) > 1;

        if (wide && len > 0) {
            break;
        }
        len += next;
        if (wide) {
            break;
        }
    }
    return len;
}

void term_wrap(struct str s, size_t at, size_t indent, enum term_tone tone)
{
    size_t width = term_width();
    struct strbuf clean = STRBUF_INIT;
    struct strbuf line = STRBUF_INIT;

    term_clean(&clean, s);
    s = strbuf_str(&clean);
    for (size_t i = 0; i < s.len;) {
        size_t blanks = 0, len, columns;

        while (i + blanks < s.len && s.data[i + blanks] == ' ') {
            blanks++;
        }
        len = piece(s, i + blanks);
        columns = text_width((struct str){s.data + i + blanks, len});
        if (width > 0 && at > indent && at + blanks + columns > width) {
            term_put(stdout, tone, strbuf_str(&line));
            printf("\n%*s", (int)indent, "");
            strbuf_reset(&line);
            at = indent;
        } else {
            strbuf_add(&line, s.data + i, blanks);
            at += blanks;
        }
        strbuf_add(&line, s.data + i + blanks, len);
        at += columns;
        i += blanks + len;
    }
    term_put(stdout, tone, strbuf_str(&line));
    strbuf_free(&line);
    strbuf_free(&clean);
}
