/* client/table: every command of reviewctl, in the order of the help. Ends with name NULL. */
#pragma once

#include "client/command.h"

extern const struct command table_commands[];
