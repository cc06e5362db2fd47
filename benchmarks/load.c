/* A closed-loop load generator: HTTP/1.1 POSTs from one epoll thread, to 127.0.0.1 only.
 *
 * usage: load PORT CONNECTIONS REQUESTS SECONDS TURNS FIRST_SERIAL PATH SCRIPT
 *
 * SCRIPT holds three lines, the parts of a JSON body: head, turn, tail. Turn t of a conversation
 * is head, t - 1 times turn, tail; a conversation has TURNS turns, then the connection begins
 * another. In head and turn `{this}` stands for the serial number of that request and `{next}`
 * for that of the one after it, ten digits each, so no two requests are the same.
 *
 * Ends at REQUESTS requests or after SECONDS, each bounded, and prints one JSON line: replies,
 * errors (another status than 200, a cut or unframed reply), seconds, and p50 and p99 in
 * microseconds of `latency` (whole reply), `first` (first byte of the body) and `age` (arrival
 * minus the upstream's stamp); the fewest and most events and body bytes of a reply.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 256, MAX_REQUESTS = 1000000, MAX_SECONDS = 60, MAX_TURNS = 64 };
enum { MAX_ERRORS = 200, MAX_SAMPLES = 1 << 22, BUFFER = 1 << 17 };
enum State { HEAD, SIZED, CHUNK_SIZE, CHUNK, CHUNK_END, TRAILER, WHOLE, BROKEN };

typedef struct {
    int fd, turn;
    enum State state;
    long serial; /* of the conversation's first request */
    long left;   /* bytes to come of the body or chunk */
    size_t have, scanned, size;
    long long events, sent_at, first_at;
    char input[BUFFER], body[BUFFER];
} Connection;

typedef struct {
    double *values;
    long count;
} Sample;

static int port, poller, turns;
static const char *path;
static char *head, *turn, *tail, request[BUFFER * 2];
static long next_serial, started, replies, errors, max_requests;
static long long fewest_events = -1, most_events, least_bytes = -1, most_bytes;
static Sample latency, first, age;

static long long now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000000000LL + at.tv_nsec;
}

/* Copies text with the serials filled in; returns the end of what was written. */
static char *fill(char *out, const char *text, long serial) {
    for (const char *at; (at = strchr(text, '{')); text = at + 1) {
        out = mempcpy(out, text, (size_t)(at - text));
        bool this = !strncmp(at, "{this}", 6);
        if (this || !strncmp(at, "{next}", 6)) {
            out += sprintf(out, "%010ld", serial + !this);
            at += 5;
        } else
            *out++ = '{';
    }
    return stpcpy(out, text);
}

static void ask(Connection *on) {
    static char body[BUFFER];
    char *end = fill(body, head, on->serial);
    for (int i = 0; i < on->turn; i++) end = fill(end, turn, on->serial + i);
    end = stpcpy(end, tail);
    int size = sprintf(request,
                       "POST %s HTTP/1.1\r\nhost: 127.0.0.1:%d\r\ncontent-length: %zu\r\n"
                       "content-type: application/json\r\nanthropic-version: 2023-06-01\r\n"
                       "x-api-key: benchmark\r\n\r\n%s",
                       path, port, (size_t)(end - body), body);
    on->state = HEAD;
    on->have = on->scanned = on->size = 0;
    on->events = on->first_at = 0;
    on->sent_at = now();
    started++;
    if (write(on->fd, request, (size_t)size) != size) on->state = BROKEN;
}

static void dial(Connection *on) {
    int yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((unsigned short)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    on->fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(on->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(on->fd, (struct sockaddr *)&address, sizeof address))
        perror("load: cannot connect"), exit(1);
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = on};
    epoll_ctl(poller, EPOLL_CTL_ADD, on->fd, &interest);
    on->turn = 0;
    on->serial = next_serial;
    next_serial += turns;
}

static enum State read_head(Connection *on, const char *text) {
    const char *size = strcasestr(text, "\r\ncontent-length:");
    if (strncmp(text, "HTTP/1.1 200 ", 13)) return BROKEN;
    if (strcasestr(text, "\r\ntransfer-encoding: chunked")) return CHUNK_SIZE;
    on->left = size ? atol(size + 17) : -1;
    return size ? SIZED : BROKEN;
}

/* Takes one step through the input; returns how much of it was used, 0 for "needs more". */
static size_t step(Connection *on, char *at, size_t size) {
    if (on->state == SIZED || on->state == CHUNK) {
        size_t part = size < (size_t)on->left ? size : (size_t)on->left;
        if (on->size + part >= BUFFER) return on->state = BROKEN, 0;
        memcpy(on->body + on->size, at, part);
        on->size += part;
        on->left -= (long)part;
        if (!on->left) on->state = on->state == CHUNK ? CHUNK_END : WHOLE;
        return part;
    }
    const char *mark = on->state == HEAD ? "\r\n\r\n" : "\r\n";
    char *end = memmem(at, size, mark, strlen(mark));
    if (!end) return 0;
    *end = 0;
    if (on->state == HEAD)
        on->state = read_head(on, at);
    else if (on->state == CHUNK_SIZE) {
        on->left = strtol(at, NULL, 16);
        on->state = on->left ? CHUNK : TRAILER;
    } else if (on->state == CHUNK_END)
        on->state = CHUNK_SIZE;
    else if (end == at)
        on->state = WHOLE;
    return (size_t)(end - at) + strlen(mark);
}

static void note(Sample *in, long long nanoseconds) {
    if (in->count < MAX_SAMPLES) in->values[in->count++] = (double)nanoseconds / 1e3;
}

/* Counts the events that are whole and takes the ages of their stamps. */
static void scan(Connection *on, long long at) {
    if (on->size && !on->first_at) on->first_at = at;
    for (char *from, *end;; on->scanned = (size_t)(end + 2 - on->body)) {
        from = on->body + on->scanned;
        end = memmem(from, on->size - on->scanned, "\n\n", 2);
        if (!end) return;
        char *stamp = memmem(from, (size_t)(end - from), "\"@T", 3);
        if (stamp) note(&age, at - atoll(stamp + 3));
        on->events++;
    }
}

static void count_reply(Connection *on, long long at) {
    replies++;
    note(&latency, at - on->sent_at);
    note(&first, on->first_at - on->sent_at);
    long long size = (long long)on->size;
    if (fewest_events < 0 || on->events < fewest_events) fewest_events = on->events;
    if (on->events > most_events) most_events = on->events;
    if (least_bytes < 0 || size < least_bytes) least_bytes = size;
    if (size > most_bytes) most_bytes = size;
    if (++on->turn == turns) {
        on->turn = 0;
        on->serial = next_serial;
        next_serial += turns;
    }
}

/* Reads what has come; returns false when the connection has no more to do. */
static bool readable(Connection *on, long long until) {
    ssize_t count = recv(on->fd, on->input + on->have, BUFFER - on->have - 1, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return true;
    long long at = now();
    if (count <= 0) on->state = BROKEN;
    on->have += count > 0 ? (size_t)count : 0;
    size_t used = 0, part;
    while (on->state < WHOLE && used < on->have &&
           (part = step(on, on->input + used, on->have - used)))
        used += part;
    memmove(on->input, on->input + used, on->have - used);
    on->have -= used;
    scan(on, at);
    if (on->state < WHOLE) return true;
    if (on->state == WHOLE) count_reply(on, at);
    bool broken = on->state == BROKEN;
    errors += broken;
    bool again = at < until && started < max_requests && errors < MAX_ERRORS;
    if (broken || !again) close(on->fd);
    if (broken && again) dial(on);
    if (again) ask(on);
    return again;
}

static int ascending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static void print(const char *name, Sample *of) {
    qsort(of->values, (size_t)of->count, sizeof(double), ascending);
    if (!of->count) of->values[of->count++] = 0;
    printf(",\"%s_p50\":%.1f", name, of->values[of->count / 2]);
    printf(",\"%s_p99\":%.1f", name, of->values[of->count * 99 / 100]);
}

int main(int count, char **arguments) {
    if (count != 9) return 2;
    int width = atoi(arguments[2]);
    double seconds = atof(arguments[4]);
    port = atoi(arguments[1]);
    max_requests = atol(arguments[3]);
    turns = atoi(arguments[5]);
    next_serial = atol(arguments[6]);
    path = arguments[7];
    head = strtok(arguments[8], "\n"), turn = strtok(NULL, "\n"), tail = strtok(NULL, "\n");
    if (width < 1 || width > MAX_CONNECTIONS || max_requests > MAX_REQUESTS || turns < 1 ||
        turns > MAX_TURNS || seconds > MAX_SECONDS || !tail)
        return fprintf(stderr, "load: beyond its bounds\n"), 2;
    alarm((unsigned)seconds + 20);
    for (Sample *samples[] = {&latency, &first, &age}, **at = samples; at < samples + 3; at++)
        (*at)->values = malloc(MAX_SAMPLES * sizeof(double));
    static Connection all[MAX_CONNECTIONS];
    poller = epoll_create1(0);
    long long begun = now(), until = begun + (long long)(seconds * 1e9);
    int live = 0;
    for (; live < width && started < max_requests; live++) {
        dial(&all[live]);
        ask(&all[live]);
    }
    for (struct epoll_event events[MAX_CONNECTIONS]; live;) {
        int ready = epoll_wait(poller, events, MAX_CONNECTIONS, 10000);
        if (!ready) errors += live, live = 0;
        for (int i = 0; i < ready; i++)
            live -= !readable(events[i].data.ptr, until);
    }
    printf("{\"replies\":%ld,\"errors\":%ld,\"events\":[%lld,%lld],\"bytes\":[%lld,%lld],", replies,
           errors, fewest_events, most_events, least_bytes, most_bytes);
    printf("\"seconds\":%.3f", (double)(now() - begun) / 1e9);
    print("latency", &latency);
    print("first", &first);
    print("age", &age);
    printf("}\n");
    return 0;
}
