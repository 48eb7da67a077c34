#include "rules/standard.h"

#include "base/str.h"

#define CLAUSE "渝府办发〔2017〕30号 二(三)1"
#define SECOND_MONTH 2

bool standard_check(int64_t dibao, int64_t poverty_line, struct error *err)
{
    struct strbuf text = STRBUF_INIT;

    if (dibao >= poverty_line) {
        return true;
    }
    strbuf_addz(&text, "the dibao standard of ");
    strbuf_addfen(&text, dibao);
    strbuf_addz(&text, " is under the poverty line of ");
    strbuf_addfen(&text, poverty_line);
    error_set_clause(err, REASON_BAD_ARGUMENT, CLAUSE, "%s", strbuf_text(&text));
    strbuf_free(&text);
    return false;
}

bool standard_missing(struct date day, bool has_this_year)
{
    return !has_this_year && date_ymd(day).month >= SECOND_MONTH;
}
