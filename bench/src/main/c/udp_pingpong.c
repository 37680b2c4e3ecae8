/*
 * Copyright the Longhaul authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */

/* A datagram there and back over UDP, both ends polling: what the system calls and the kernel's UDP cost, and nothing else.
 *
 *   udp_pingpong serve ADDRESS PORT
 *   udp_pingpong load ADDRESS PORT SIZE WARMUP COUNT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { MOST_BYTES = 65536, MOST_ROUNDS = 100000000 };
static const uint64_t PATIENCE_NANOS = 5000000000u;

static uint64_t now_nanos(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t) time.tv_sec * 1000000000u + (uint64_t) time.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "udp_pingpong: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *) a;
    const uint64_t y = *(const uint64_t *) b;
    return x < y ? -1 : x > y;
}

static void serve(int fd, const struct sockaddr_in *address)
{
    static char buffer[MOST_BYTES];
    if (bind(fd, (const struct sockaddr *) address, sizeof *address) != 0) fail("bind");
    printf("{\"port\": %d}\n", ntohs(address->sin_port));
    fflush(stdout);
    for (;;) {
        struct sockaddr_in from;
        socklen_t length = sizeof from;
        const ssize_t count = recvfrom(fd, buffer, sizeof buffer, MSG_DONTWAIT, (struct sockaddr *) &from, &length);
        if (count >= 0) {
            if (sendto(fd, buffer, (size_t) count, 0, (struct sockaddr *) &from, length) < 0) fail("sendto");
        } else if (errno != EAGAIN) {
            fail("recvfrom");
        }
    }
}

static void load(int fd, const struct sockaddr_in *address, size_t size, long warmup, long count)
{
    static char buffer[MOST_BYTES];
    uint64_t *nanos = malloc(sizeof *nanos * (size_t) count);
    uint64_t sum = 0;
    if (nanos == NULL) fail("malloc");
    if (connect(fd, (const struct sockaddr *) address, sizeof *address) != 0) fail("connect");
    for (long i = 0; i < warmup + count; i++) {
        const uint64_t began = now_nanos();
        uint64_t ended;
        if (send(fd, buffer, size, 0) < 0) fail("send");
        for (;;) {
            const ssize_t length = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
            ended = now_nanos();
            if (length >= 0) break;
            if (errno != EAGAIN) fail("recv");
            if (ended - began > PATIENCE_NANOS) {
                errno = ETIMEDOUT;
                fail("recv");
            }
        }
        if (i >= warmup) {
            nanos[i - warmup] = ended - began;
            sum += ended - began;
        }
    }
    qsort(nanos, (size_t) count, sizeof *nanos, compare);
    printf("{\"operations\": %ld, \"latency_us\": {\"mean\": %.3f, \"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, \"p999\": %.3f,"
           " \"max\": %.3f}}\n",
           count, (double) sum / (double) count / 1e3, (double) nanos[count / 2] / 1e3, (double) nanos[count / 10 * 9] / 1e3,
           (double) nanos[count / 100 * 99] / 1e3, (double) nanos[count / 1000 * 999] / 1e3, (double) nanos[count - 1] / 1e3);
    free(nanos);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0) fail("socket");
    if (argc < 4 || inet_pton(AF_INET, argv[2], &address.sin_addr) != 1) {
        fprintf(stderr, "usage: udp_pingpong serve ADDRESS PORT | load ADDRESS PORT SIZE WARMUP COUNT\n");
        return 2;
    }
    address.sin_port = htons((uint16_t) atoi(argv[3]));
    if (strcmp(argv[1], "serve") == 0) {
        serve(fd, &address);
    } else if (argc == 7) {
        const long size = atol(argv[4]);
        const long warmup = atol(argv[5]);
        const long count = atol(argv[6]);
        if (size < 1 || size > 65000 || warmup < 0 || count < 1000 || count > MOST_ROUNDS) {
            fprintf(stderr, "udp_pingpong: 1 to 65000 bytes, 1000 rounds at least\n");
            return 2;
        }
        load(fd, &address, (size_t) size, warmup, count);
    }
    return 0;
}
