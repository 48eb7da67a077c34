/* client/show: results that are more than a table or an object: one function for each shape.
 *
 * Each prints the whole result on stdout. The verdicts say whether a result that came well is good
 * news: the programme exits 1 where not. */
#pragma once

#include "client/view.h"

typedef void show_function(json_t *result, const struct view_field *fields);
typedef bool show_verdict(json_t *result);

/* The object, and below it each array of objects. */
void show_object(json_t *result, const struct view_field *fields);
/* A household's head, then its members as a table. */
void show_members(json_t *result, const struct view_field *columns);
/* "done" where the result says nothing more. */
/* An import: of a book what became of its headings and words as well. */
void show_import(json_t *result, const struct view_field *fields);
/* A text that is the whole answer. */
void show_text(json_t *result, const struct view_field *fields);
void show_done(json_t *result, const struct view_field *fields);
/* status: calendars by span, counts, warnings. */
void show_status(json_t *result, const struct view_field *fields);
/* `metrics`, a sample a line. */
void show_metrics(json_t *result, const struct view_field *fields);
/* explain: one step a line, facts below. */
void show_explain(json_t *result, const struct view_field *fields);
/* queue.take: the messages, and until when they are leased. */
void show_taken(json_t *result, const struct view_field *fields);
/* One message that a watched queue told of, on one line. */
void show_message(json_t *message, const struct view_field *fields);
/* verify: each failure. */
void show_verify(json_t *result, const struct view_field *fields);

/* return: the counts, and each rejected row. */
void show_return(json_t *result, const struct view_field *fields);

bool show_verify_good(json_t *result);
/* Of `status --check`: no alarm. */
bool show_status_good(json_t *result);
/* No row was rejected. */
bool show_return_good(json_t *result);
/* audit.verify: the chain is whole, and the head that was asked for is in it. */
bool show_chain_good(json_t *result);
