/* base/cell: what the text of a cell means: texts, codes, days, money.
 *
 * People and spreadsheets write one thing in many ways: full-width digits, blanks that are not
 * spaces, 2026/1/6, ¥5,200. Only what can mean one thing is taken. What shows that something was
 * lost on the way is a fault: U+FFFD, characters that cannot be seen, 5.00101E+11. */
#pragma once

#include "base/arena.h"
#include "base/sentence.h"

/* Without blanks of any kind (Unicode White_Space) and without invisible characters at its ends. */
struct str cell_trim(struct str cell);
/* Text in the office's words: trimmed, and without the apostrophe that csv_put_text() put in front
 * of what could be a formula. */
struct str cell_words(struct str cell);
/* For numbers and codes: full-width characters as their ASCII ones, every blank a space, nothing
 * that is invisible; trimmed, and without the apostrophe by which a spreadsheet marks text. */
struct str cell_plain(struct arena *a, struct str cell);
/* cell_plain() without any blank: for words of a table. */
struct str cell_word(struct arena *a, struct str cell);

/* A number or code: cell_plain(), and without ".0" behind digits. SAY_NOTHING if good, else what is
 * wrong: a number in scientific notation or of # alone has lost its digits. */
enum say cell_code(struct arena *a, struct str cell, struct str *code);
/* 2026-11-24, 2026/1/4, 2026.11.24, 2026年11月24日, 20261124, midnight behind it or not; a
 * spreadsheet's serial number of five digits (1927-05-18 on). False where it is none of these; that
 * the day exists is the caller's to check. */
bool cell_day(struct arena *a, struct str cell, int *year, int *month, int *day);
/* 5200.5, 5,200.50, ¥5,200, ５２００元: as fen, 0 to 99,999,999,999.99 yuan. More than two decimals
 * only where they are 0. */
bool cell_money(struct arena *a, struct str cell, int64_t *fen);
/* Whether the cell says that there is nothing, "-" or 清空, and not merely that it is empty. */
bool cell_clears(struct str cell);

/* SAY_NOTHING for a text that is what it looks like; else what is wrong with it: a control
 * character, one that changes the direction or is invisible, U+FFFD, a spreadsheet's #N/A, or a
 * text of # alone. `s` is trimmed UTF-8. */
enum say cell_text_fault(struct str s);
/* The same for a person's name, in which a question mark stands for a character that was lost. */
enum say cell_name_fault(struct str s);
