/* A provider that costs next to nothing: Anthropic Messages replies from one epoll thread.
 *
 * usage: upstream PORT LIFETIME_S        127.0.0.1 only; ends by itself after LIFETIME_S
 *
 * The request decides the reply: `"stream":true` gives 60 server-sent events, one write each,
 * anything else a JSON message. A model named `...gap5...` waits 5 ms between events, one named
 * `...think100...` waits 100 ms before the first byte. Both replies hold four blocks (thinking,
 * text, text, tool use). The last "serial NNNNNNNNNN" of the body goes into the reply's ids, so
 * that no two replies are the same. Every thinking and text delta of a stream begins with
 * "@T<nanoseconds of the monotonic clock>;", by which the reader knows its age.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 300, MAX_REQUEST = 1 << 18, EVENTS = 60, SERIAL = 10 };

#define SIGNATURE "EqQBCkYIBxgCKkBtb3N0bHkgYmVuY2htYXJrIHNpZ25hdHVyZSwgbm90IGEgcmVhbCBvbmUgYXQgYWxs"
#define SENTENCE "The relay hands on what it was given and keeps a copy for later. "
#define FOUR(text) text text text text
#define USAGE "'usage':{'input_tokens':412,'output_tokens':300}"

typedef struct {
    int fd;
    size_t have;
    char request[MAX_REQUEST];
    char serial[SERIAL + 1];
    bool stream;
    int event;          /* the next one to send */
    long long gap, due; /* nanoseconds; due is 0 when nothing is under way */
} Connection;

static Connection connections[MAX_CONNECTIONS];
static int poller, timer;

static long long now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000000000LL + at.tv_nsec;
}

static void hang_up(Connection *at) {
    close(at->fd);
    at->fd = -1, at->due = 0;
}

static bool send_all(Connection *to, const char *bytes, size_t count) {
    while (count) {
        ssize_t sent = write(to->fd, bytes, count);
        struct pollfd writable = {.fd = to->fd, .events = POLLOUT};
        if (sent < 0 && errno == EAGAIN && poll(&writable, 1, 5000) == 1) continue;
        if (sent <= 0) return hang_up(to), false;
        bytes += sent;
        count -= (size_t)sent;
    }
    return true;
}

/* Blocks begin at these events; message_start comes before, message_delta and _stop after. */
static const int first_event[] = {1, 14, 30, 46, EVENTS - 2};

/* Replies are written here with ' for ", which C would have to escape. */
static int requote(char *text, int size) {
    for (char *at = text; (at = strchr(at, '\''));) *at = '"';
    return size;
}

static void write_delta(int index, int step, char *out) {
    const char *member = index ? "text" : "thinking";
    const char *input = step == 1 ? "{\\'lines\\':[0" : step == 10 ? "]}" : ",1";
    if (index == 3)
        sprintf(out, "{'type':'input_json_delta','partial_json':'%s'}", input);
    else if (index == 0 && step == 11)
        sprintf(out, "{'type':'signature_delta','signature':'" SIGNATURE "'}");
    else
        sprintf(out, "{'type':'%s_delta','%s':'@T%019lld; more words'}", member, member, now());
}

static int write_event(const Connection *to, char *out) {
    const char *name = "content_block_delta";
    char rest[512], inner[256];
    int index = 0, event = to->event;
    while (index < 4 && event >= first_event[index + 1]) index++;
    if (event == 0) {
        name = "message_start";
        sprintf(rest, "'message':{'id':'msg_%s','type':'message','role':'assistant',"
                      "'model':'bench','content':[],'stop_reason':null,'stop_sequence':null," USAGE
                      "}", to->serial);
    } else if (event == EVENTS - 2) {
        name = "message_delta";
        sprintf(rest, "'delta':{'stop_reason':'tool_use','stop_sequence':null}," USAGE);
    } else if (event == EVENTS - 1) {
        return requote(out, sprintf(out, "event: message_stop\ndata: {'type':'message_stop'}\n\n"));
    } else if (event == first_event[index]) {
        name = "content_block_start";
        sprintf(inner, index == 0   ? "'thinking','thinking':'','signature':''"
                       : index == 3 ? "'tool_use','id':'toolu_%s','name':'read_file','input':{}"
                                    : "'text','text':''", to->serial);
        sprintf(rest, "'index':%d,'content_block':{'type':%s}", index, inner);
    } else if (event == first_event[index + 1] - 1) {
        name = "content_block_stop";
        sprintf(rest, "'index':%d", index);
    } else {
        write_delta(index, event - first_event[index], inner);
        sprintf(rest, "'index':%d,'delta':%s", index, inner);
    }
    return requote(out, sprintf(out, "event: %s\ndata: {'type':'%s',%s}\n\n", name, name, rest));
}

static void send_event(Connection *to) {
    char text[1024], chunk[1100];
    int size = write_event(to, text);
    const char *end = to->event + 1 == EVENTS ? "0\r\n\r\n" : "";
    int framed = sprintf(chunk, "%x\r\n%s\r\n%s", size, text, end);
    to->event++;
    to->due = to->event < EVENTS ? now() + to->gap : 0;
    send_all(to, chunk, (size_t)framed);
}

static void send_message(Connection *to) {
    char body[4096], reply[4608];
    int size = sprintf(body,
        "{'id':'msg_%s','type':'message','role':'assistant','model':'bench','content':["
        "{'type':'thinking','thinking':'" FOUR(SENTENCE) "','signature':'" SIGNATURE "'},"
        "{'type':'text','text':'" FOUR(SENTENCE) FOUR(SENTENCE) "'},"
        "{'type':'text','text':'" FOUR(SENTENCE) FOUR(SENTENCE) "'},"
        "{'type':'tool_use','id':'toolu_%s','name':'read_file','input':{'lines':[1,80]}}],"
        "'stop_reason':'tool_use','stop_sequence':null," USAGE "}", to->serial, to->serial);
    requote(body, size);
    int framed = sprintf(reply, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                                "content-length: %d\r\n\r\n%s", size, body);
    to->due = 0;
    send_all(to, reply, (size_t)framed);
}

static void go_on(Connection *to) {
    static const char head[] = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                               "cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";
    if (!to->stream)
        send_message(to);
    else if (to->event || send_all(to, head, sizeof head - 1))
        do send_event(to);
        while (to->due && !to->gap);
}

/* Milliseconds behind `word` in the model's name, as nanoseconds, or 0. */
static long long named(const char *body, const char *word) {
    const char *model = strstr(body, "\"model\":\""), *at = model ? strstr(model, word) : NULL;
    return at && at < strchr(model + 9, '"') ? atoll(at + strlen(word)) * 1000000 : 0;
}

static void answer(Connection *to, const char *body, size_t size) {
    const char *at = body, *end = body + size, *next;
    strcpy(to->serial, "0000000000");
    while ((next = memmem(at, (size_t)(end - at), "serial ", 7)) && next + 7 + SERIAL <= end) {
        memcpy(to->serial, next + 7, SERIAL);
        at = next + 7;
    }
    long long think = named(body, "think");
    to->gap = named(body, "gap");
    to->stream = memmem(body, size, "\"stream\":true", 13) != NULL;
    to->event = 0;
    to->due = think ? now() + think : 0;
    if (!think) go_on(to);
}

static void readable(Connection *from) {
    ssize_t count = read(from->fd, from->request + from->have, MAX_REQUEST - from->have - 1);
    if (count < 0 && errno == EAGAIN) return;
    from->have += count > 0 ? (size_t)count : 0;
    from->request[from->have] = 0;
    char *blank = strstr(from->request, "\r\n\r\n");
    char *length = strcasestr(from->request, "\r\ncontent-length:");
    if (count <= 0 || (blank && (!length || length > blank))) {
        hang_up(from); /* chunked requests are not spoken here */
        return;
    }
    size_t size = blank ? strtoul(length + 17, NULL, 10) : 0;
    if (!blank || from->have < (size_t)(blank + 4 - from->request) + size) return;
    from->have = 0; /* one request at a time */
    answer(from, blank + 4, size);
}

static void watch(int fd, void *as) {
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = as};
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &interest);
}

static void accept_all(int listener) {
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        Connection *slot = connections;
        while (slot->fd >= 0 && slot < connections + MAX_CONNECTIONS - 1) slot++;
        if (slot->fd >= 0) hang_up(slot); /* full: the load is bounded far below this */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        slot->fd = fd, slot->have = 0;
        watch(fd, slot);
    }
}

/* Sends what is due and sets the one timer to what is due next. */
static void tick(void) {
    long long moment = now(), first = 0;
    for (Connection *at = connections; at < connections + MAX_CONNECTIONS; at++) {
        if (at->due && at->due <= moment) go_on(at);
        if (at->due && (!first || at->due < first)) first = at->due;
    }
    struct itimerspec when = {.it_value = {first / 1000000000, first % 1000000000}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    signal(SIGPIPE, SIG_IGN);
    alarm((unsigned)atoi(arguments[2]));
    for (int i = 0; i < MAX_CONNECTIONS; i++) connections[i].fd = -1;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((unsigned short)atoi(arguments[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024))
        return perror("upstream: cannot listen"), 1;
    poller = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    watch(listener, &listener);
    watch(timer, &timer);
    for (struct epoll_event events[256];;) {
        int ready = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            void *at = events[i].data.ptr;
            if (at == &listener)
                accept_all(listener);
            else if (at != &timer && ((Connection *)at)->fd >= 0)
                readable(at);
        }
        tick();
    }
}
