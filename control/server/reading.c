/* The threads of bulk reading. A thread shares with main only what stands under its lock, and a
 * flag that tells it to stop. */
#include "control/server/reading.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "control/server/dump.h"
#include "control/server/engine_internal.h"
#include "control/server/load_diff.h"

#define PROGRESS_NS 200000000u

struct nx_reading {
	pthread_t thread;
	bool started;
	int event_fd;
	atomic_bool cancel;
	int (*run)(struct nx_reading *r);
	/* the thread's, and main's once it has seen `finished` */
	struct nx_dump dump;
	struct nx_load load;
	struct nx_diff diff;
	int code;
	uint64_t started_ns, told_ns;
	double seconds;

	pthread_mutex_t lock; /* of what follows */
	bool finished, has_progress;
	struct nx_load_progress progress;
};

/* ---- the thread ---- */

static void wake(const struct nx_reading *r)
{
	(void)eventfd_write(r->event_fd, 1);
}

static void on_progress(void *arg, const struct nx_load_progress *p)
{
	struct nx_reading *r = arg;

	pthread_mutex_lock(&r->lock);
	r->progress = *p;
	r->has_progress = true;
	pthread_mutex_unlock(&r->lock);
	wake(r);
}

static void on_rows(void *arg, uint64_t rows, uint64_t of)
{
	struct nx_reading *r = arg;
	uint64_t now = nx_load_now_ns();

	if (now - r->told_ns < PROGRESS_NS)
		return;
	r->told_ns = now;
	on_progress(r, &(struct nx_load_progress){
			       .phase = NX_LOAD_DUMP, .rows = rows, .bytes = rows, .size = of});
}

static int run_dump(struct nx_reading *r)
{
	return nx_dump_run(&r->dump);
}

static int run_diff(struct nx_reading *r)
{
	return nx_load_diff(&r->load, &r->diff);
}

static void *run(void *arg)
{
	struct nx_reading *r = arg;

	r->code = r->run(r);
	r->seconds = (double)(nx_load_now_ns() - r->started_ns) / 1e9;
	pthread_mutex_lock(&r->lock);
	r->finished = true;
	pthread_mutex_unlock(&r->lock);
	wake(r);
	return NULL;
}

/* ---- main ---- */

static void set_up_diff(struct nx_reading *r, struct nx_engine *e, const struct nx_domain_def *d,
	const struct nx_reading_request *q)
{
	r->run = run_diff;
	r->load = (struct nx_load){
		.store = e->store,
		.domain = d->id,
		.authoritative = d->authoritative,
		.replace = q->replace,
		.skip_bad = q->skip_bad,
		.digits_are_names = q->digits_are_names,
		.fd = q->fd,
		.cancel = &r->cancel,
		.progress = on_progress,
		.progress_arg = r,
	};
	strcpy(r->load.domain_name, d->name);
}

static void set_up_dump(struct nx_reading *r, struct nx_engine *e, const struct nx_domain_def *d,
	const struct nx_reading_request *q)
{
	struct nx_domain_info info;

	nx_engine_domain_info(e, (uint32_t)(d - e->records.domains), &info);
	r->run = run_dump;
	r->dump = (struct nx_dump){
		.store = e->store,
		.fd = q->fd,
		.cancel = &r->cancel,
		.expected = info.known + info.gone + info.head,
		.progress = on_rows,
		.progress_arg = r,
	};
	strcpy(r->dump.domain, d->name);
}

static struct nx_reading *create(void)
{
	struct nx_reading *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->load.fd = r->dump.fd = -1;
	r->started_ns = nx_load_now_ns();
	pthread_mutex_init(&r->lock, NULL);
	r->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return r;
}

int nx_reading_start(struct nx_engine *e, const struct nx_reading_request *q,
	struct nx_reading **out, struct nx_error *err)
{
	const struct nx_domain_def *d;
	struct nx_reading *r = NULL;
	int rc;

	*out = NULL;
	if ((rc = nx_engine_domain_named(e, q->domain, &d, err)) != NX_OK)
		goto fail;
	rc = q->diff ? nx_engine_check_file(q->fd, err) : nx_dump_check(q->fd, err);
	if (rc != NX_OK)
		goto fail;
	r = create();
	if (!r || r->event_fd < 0) {
		rc = nx_fail(err, NX_ERR_NOMEM, "no memory for bulk work");
		goto fail;
	}
	if (q->diff)
		set_up_diff(r, e, d, q);
	else
		set_up_dump(r, e, d, q);
	r->started = pthread_create(&r->thread, NULL, run, r) == 0;
	if (!r->started) {
		nx_reading_end(r); /* closes the file */
		return nx_fail(err, NX_ERR_NOMEM, "no thread for bulk work");
	}
	*out = r;
	return NX_OK;
fail:
	close(q->fd);
	nx_reading_end(r);
	return rc;
}

int nx_reading_event_fd(const struct nx_reading *r)
{
	return r->event_fd;
}

bool nx_reading_poll(struct nx_reading *r, bool *progress, struct nx_load_progress *at)
{
	bool finished;
	eventfd_t n;

	(void)eventfd_read(r->event_fd, &n);
	pthread_mutex_lock(&r->lock);
	finished = r->finished;
	*progress = r->has_progress;
	*at = r->progress;
	r->has_progress = false;
	pthread_mutex_unlock(&r->lock);
	return finished;
}

void nx_reading_result(const struct nx_reading *r, struct nx_reading_result *out)
{
	*out = (struct nx_reading_result){
		.code = r->code,
		.err = r->run == run_diff ? &r->load.result.err : &r->dump.err,
		.seconds = r->seconds,
		.rows = r->dump.rows,
		.bytes = r->dump.bytes,
		.version = r->dump.seen.version,
		.digest = r->dump.seen.tally.digest,
		.bare_digits = r->dump.bare_digits,
		.load = &r->load.result,
		.diff = &r->diff,
	};
}

void nx_reading_cancel(struct nx_reading *r)
{
	atomic_store(&r->cancel, true);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void nx_reading_end(struct nx_reading *r)
{
	if (!r)
		return;
	nx_reading_cancel(r);
	if (r->started)
		pthread_join(r->thread, NULL);
	nx_load_result_fini(&r->load.result);
	close_fd(r->load.fd);
	close_fd(r->dump.fd);
	close_fd(r->event_fd);
	pthread_mutex_destroy(&r->lock);
	free(r);
}
