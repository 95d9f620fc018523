/* Grace periods: see grace.h. Tickets are numbers that only grow: the thread notes the last one
 * given, waits, and has then served that one and all before it. */
#include "control/server/grace.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>

#include "nxsip/rcu.h"

#define NS_PER_S UINT64_C(1000000000)

struct nx_grace {
	pthread_t thread;
	int event_fd;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t asked, ended;
	uint64_t given, over; /* the last ticket, and the last one whose grace period is over */
	uint64_t since_ns;    /* when the present one began; 0: none */
	bool stop;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void *run(void *arg)
{
	struct nx_grace *g = arg;

	pthread_mutex_lock(&g->lock);
	for (;;) {
		uint64_t serving;

		while (g->given == g->over && !g->stop)
			pthread_cond_wait(&g->asked, &g->lock);
		if (g->given == g->over)
			break;
		serving = g->given;
		g->since_ns = now_ns();
		pthread_mutex_unlock(&g->lock);
		nx_rcu_synchronize();
		pthread_mutex_lock(&g->lock);
		g->over = serving;
		g->since_ns = 0;
		pthread_cond_broadcast(&g->ended);
		(void)eventfd_write(g->event_fd, 1);
	}
	pthread_mutex_unlock(&g->lock);
	return NULL;
}

struct nx_grace *nx_grace_create(int event_fd)
{
	struct nx_grace *g = calloc(1, sizeof(*g));
	pthread_condattr_t attr;

	if (!g)
		return NULL;
	g->event_fd = event_fd;
	(void)pthread_mutex_init(&g->lock, NULL);
	(void)pthread_cond_init(&g->asked, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&g->ended, &attr);
	(void)pthread_condattr_destroy(&attr);
	if (pthread_create(&g->thread, NULL, run, g) == 0)
		return g;
	free(g);
	return NULL;
}

void nx_grace_destroy(struct nx_grace *g)
{
	if (!g)
		return;
	pthread_mutex_lock(&g->lock);
	g->stop = true;
	pthread_cond_signal(&g->asked);
	pthread_mutex_unlock(&g->lock);
	(void)pthread_join(g->thread, NULL);
	(void)pthread_cond_destroy(&g->asked);
	(void)pthread_cond_destroy(&g->ended);
	(void)pthread_mutex_destroy(&g->lock);
	free(g);
}

uint64_t nx_grace_begin(struct nx_grace *g)
{
	uint64_t ticket;

	pthread_mutex_lock(&g->lock);
	ticket = ++g->given;
	pthread_cond_signal(&g->asked);
	pthread_mutex_unlock(&g->lock);
	return ticket;
}

bool nx_grace_is_over(struct nx_grace *g, uint64_t ticket)
{
	return nx_grace_wait(g, ticket, 0);
}

bool nx_grace_wait(struct nx_grace *g, uint64_t ticket, uint64_t timeout_ns)
{
	uint64_t now = now_ns(),
		 end = timeout_ns < UINT64_MAX - now ? now + timeout_ns : UINT64_MAX;
	struct timespec until = {
		.tv_sec = (time_t)(end / NS_PER_S), .tv_nsec = (long)(end % NS_PER_S)};
	bool over;

	pthread_mutex_lock(&g->lock);
	while (g->over < ticket && timeout_ns > 0) {
		if (pthread_cond_timedwait(&g->ended, &g->lock, &until) != 0)
			break;
	}
	over = g->over >= ticket;
	pthread_mutex_unlock(&g->lock);
	return over;
}

uint64_t nx_grace_age_ns(struct nx_grace *g)
{
	uint64_t since;

	pthread_mutex_lock(&g->lock);
	since = g->since_ns;
	pthread_mutex_unlock(&g->lock);
	return since ? now_ns() - since : 0;
}
