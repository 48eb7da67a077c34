#include "rules/standard.h"

#include "base/str.h"

#define CLAUSE "渝府办发〔2017〕30号 二(三)1"
#define SECOND_MONTH 2

bool standard_check(int64_t dibao, int64_t poverty_line, struct error *err)
{
    return dibao >= poverty_line || error_say_by(err, CLAUSE, SAY_DIBAO_BELOW_POVERTY,
                                                 arg_fen(dibao), arg_fen(poverty_line));
}

bool standard_missing(struct date day, bool has_this_year)
{
    return !has_this_year && date_ymd(day).month >= SECOND_MONTH;
}
