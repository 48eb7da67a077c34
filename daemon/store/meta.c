#include "store/db.h"

bool store_meta_get(struct store *s, struct arena *a, const char *name, char **value,
                    struct error *err)
{
    struct str text;
    bool ok =
        db_one(s, err, a, &db_text, &text, "SELECT value FROM meta WHERE name = ?", ARG(name));
    *value = (char *)(uintptr_t)text.data; /* in the arena, and it ends with NUL there */
    return ok;
}

bool store_meta_set(struct store *s, const char *name, const char *value, struct error *err)
{
    return db_do(s, err,
                 "INSERT INTO meta VALUES (?, ?) "
                 "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                 ARG(name), ARG(value));
}

bool store_meta_clear(struct store *s, const char *name, struct error *err)
{
    return db_do(s, err, "DELETE FROM meta WHERE name = ?", ARG(name));
}
