/* client/confirm: a question before what a slip must not do (struct confirm of the command). */
#pragma once

#include "client/call.h"
#include "client/options.h"

enum confirm_answer {
    CONFIRM_YES,     /* or nothing to ask */
    CONFIRM_NO,      /* answered so */
    CONFIRM_NOBODY,  /* to be asked, and there is no terminal; said on stderr */
    CONFIRM_REFUSED, /* what it concerns could not be looked up: *refusal */
    CONFIRM_FAILED   /* err */
};

/* Before the connection: whether the command line is to be refused without asking. */
enum confirm_answer confirm_before(const struct options *o);
/* Looks up whom it concerns and asks, on stderr and stdin. *refusal is a new reference to the
 * `error` of the look-up. */
enum confirm_answer confirm_ask(const struct options *o, struct call *call, json_t **refusal,
                                struct error *err);
