#include "work/queue.h"

#include "base/canon.h"
#include "store/division.h"

bool queue_leased(const struct work *w, const struct message_row *row)
{
    int64_t left = row->lease_until - clock_now(w->clock);
    int64_t most = w->settings->limit_lease_seconds;

    return left > 0 && left <= (most > QUEUE_LEASE_MAX ? most : QUEUE_LEASE_MAX);
}

bool queue_by_socket(const struct work *w, int64_t division, struct error *err)
{
    char code[DIVISION_TEXT], into[DIVISION_TEXT];
    int64_t now;

    if (!store_division_now(w->store, division, &now, err)) {
        return false;
    }
    if (now != division) {
        return error_say(err, SAY_MESSAGES_JOINED, arg_z(division_text(division, code)),
                         arg_z(division_text(now, into)));
    }
    return settings_delivery(w->settings, division) == DELIVERY_SOCKET ||
           error_say(err, SAY_LEAVES_BY_SPOOL, arg_z(division_text(division, code)));
}

bool queue_take(struct work *w, struct arena *a, int64_t division, int limit, int64_t seconds,
                struct queue_taken *taken, struct error *err)
{
    struct message_page page;

    *taken = (struct queue_taken){0};
    if (!queue_by_socket(w, division, err) ||
        !store_messages_of(w->store, a, division, true, 0, limit, QUEUE_BYTES, &page, err)) {
        return false;
    }
    taken->rows = page.rows;
    /* The oldest that can be given. A staged list is with the spool: the division left by it until
     * now. */
    for (int i = 0; i < page.count; i++) {
        const struct message_row *row = &page.rows[i];

        if (row->state == MESSAGE_STAGED) {
            continue;
        }
        if (row->state != MESSAGE_READY) {
            break;
        }
        if (queue_leased(w, row)) {
            taken->lease_until = row->lease_until;
            break;
        }
        page.rows[taken->count++] = *row;
    }
    if (taken->count) {
        taken->lease_until = clock_now(w->clock) + seconds;
    }
    for (int i = 0; i < taken->count; i++) {
        if (!store_message_lease(w->store, taken->rows[i].seq, taken->lease_until, err)) {
            return false;
        }
    }
    return true;
}

bool queue_ack(struct work *w, struct actor actor, const struct str *ids, int count,
               queue_sees *sees, const void *caller, int *acked, struct error *err)
{
    struct strbuf list = STRBUF_INIT, after = STRBUF_INIT;
    bool ok = true;

    *acked = 0;
    for (int i = 0; ok && i < count; i++) {
        char id[MESSAGE_ID];
        struct message_row row;
        int64_t epoch, seq;

        if (!message_id_parse(ids[i], &epoch, &seq)) {
            continue;
        }
        ok = store_message_get(w->store, seq, &row, err);
        if (!ok || !row.seq || row.epoch != epoch || row.state != MESSAGE_READY ||
            !row.lease_until || !sees(caller, row.division)) {
            continue;
        }
        ok = store_message_state(w->store, row.seq, MESSAGE_ACKED, err);
        strbuf_addc(&list, *acked ? ',' : '[');
        canon_string(&list, str_of(message_id(&row, id)));
        ++*acked;
    }
    if (ok && *acked) {
        struct canon c = canon_open(&after);

        strbuf_addc(&list, ']');
        canon_raw(&c, "ids", strbuf_str(&list));
        canon_close(&c);
        ok = work_audit(w, actor, "queue.ack", STR_NONE, STR_NONE, strbuf_str(&after), err);
    }
    strbuf_free(&list);
    strbuf_free(&after);
    return ok;
}
