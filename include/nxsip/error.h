/* Error codes that both halves and the control protocol share. They are stable: a code is never
 * reused, and `nxsipctl --json` shows the name.
 * A function that can fail returns 0 or one of these (all negative), outputs last. What a person
 * is to read goes into a struct nx_error: what was wrong, where, and what to do. */
#ifndef NXSIP_ERROR_H
#define NXSIP_ERROR_H

#include <stdarg.h>
#include <stdio.h>

/* X(id, code, name) */
#define NX_ERRORS(X)                               \
	X(NX_OK, 0, "ok")                          \
	X(NX_ERR_NOMEM, -1, "no-memory")           \
	X(NX_ERR_INVALID, -2, "invalid")           \
	X(NX_ERR_NOT_FOUND, -3, "not-found")       \
	X(NX_ERR_EXISTS, -4, "exists")             \
	X(NX_ERR_BUSY, -5, "busy")                 \
	X(NX_ERR_FULL, -6, "full")                 \
	X(NX_ERR_IO, -7, "io")                     \
	X(NX_ERR_CORRUPT, -8, "corrupt")           \
	X(NX_ERR_AUTHORITY, -9, "no-authority")    \
	X(NX_ERR_STALLED, -10, "stalled")          \
	X(NX_ERR_GUARD, -11, "guard")              \
	X(NX_ERR_CONFLICT, -12, "conflict")        \
	X(NX_ERR_COLLISION, -13, "hash-collision") \
	X(NX_ERR_CANCELLED, -14, "cancelled")      \
	X(NX_ERR_TOO_LONG, -15, "too-long")        \
	X(NX_ERR_UNSUPPORTED, -16, "unsupported")  \
	X(NX_ERR_PORT, -17, "port")                \
	X(NX_ERR_IN_FILE, -18, "set-in-file")

enum nx_err {
#define NX_ERR_ENUM(id, code, name) id = code,
	NX_ERRORS(NX_ERR_ENUM)
#undef NX_ERR_ENUM
};

static inline const char *nx_err_name(int err)
{
	switch (err) {
#define NX_ERR_CASE(id, code, name) \
	case code:                  \
		return name;
		NX_ERRORS(NX_ERR_CASE)
#undef NX_ERR_CASE
	default:
		return "unknown";
	}
}

/* struct nx_error carries the sentence for a person. The caller owns it; text is always
 * terminated, and cut at its end where it would not fit. */
struct nx_error {
	char text[1024];
};

/* nx_error_set writes the sentence; err may be NULL. */
__attribute__((format(printf, 2, 3))) static inline void nx_error_set(
	struct nx_error *err, const char *fmt, ...)
{
	if (err) {
		va_list ap;

		va_start(ap, fmt);
		(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
		va_end(ap);
	}
}

static inline int nx_error_code(int code)
{
	return code;
}

/* nx_fail(err, code, fmt, ...) writes the sentence and is the code, so that a failing function ends
 * in `return nx_fail(err, NX_ERR_INVALID, "...", ...)`. */
#define nx_fail(err, code, ...) (nx_error_set(err, __VA_ARGS__), nx_error_code(code))

#endif
