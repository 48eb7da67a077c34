/* client/fields: which members of a result are shown, and how: of lists as columns, of objects as
 * labelled lines. The table of a list names every member of its items, the hidden ones too: they
 * are the columns of --format csv. */
#pragma once

#include "client/cell.h"

extern const struct view_field status_fields[], household_fields[], household_columns[],
    found_columns[], doubt_columns[], member_columns[], division_fields[], merge_fields[],
    backup_fields[], return_fields[], task_fields[], task_columns[], message_columns[],
    standard_columns[], audit_columns[], chain_fields[], failure_columns[], import_fields[],
    register_columns[], exception_columns[], hold_columns[];
