/* client/completion: what shells complete, made from client/table. */
#pragma once

/* Prints, for "bash" or "zsh", a script to be sourced or installed; for "words" the table itself,
 * for programmes: a line `COMMAND <tab> METHOD` for each command, and behind it one for each of its
 * inputs: `COMMAND <tab> METHOD <tab> NAME <tab> ROLE <tab> KIND <tab> WORDS`. NAME is that on the
 * wire, ROLE argument or option, with "needed" behind it; WORDS stand with blanks between. Commands
 * without a method have "-". */
void completion_print(const char *shell);
