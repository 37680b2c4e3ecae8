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
package io.longhaul.endpoint;

import io.longhaul.Connection;
import io.longhaul.ConnectionStatistics;
import io.longhaul.Listener;
import io.longhaul.LonghaulConfig;
import io.longhaul.LonghaulException;
import io.longhaul.identity.PrivateAuthority;
import io.longhaul.verbs.soft.WireConfig;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// What strangers and storms take from a flow of 500 Mb/s over an emulated link of 10 ms, sealed, between two endpoints
/// of one
/// process.
///
/// {@snippet lang=text :
/// HostileLoad random|forged|foreign PACKETS_PER_SECOND SECONDS
/// HostileLoad storm CONNECTIONS
/// }
///
/// Random: bytes without meaning. Forged: packets that only the tag betrays, seemingly from the peer's queue pairs.
/// Foreign: the same from others.
///
/// It prints one JSON object. Memory is told apart: what is reachable in the heap after a collection, and what the
/// process
/// holds, which means something only with a heap of fixed size whose pages are all there
/// ({@code -Xms3g -Xmx3g -XX:+AlwaysPreTouch}).
public final class HostileLoad {
    private static final double WARM_UP_SECONDS = 3;
    private static final double BASELINE_SECONDS = 4;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final PrivateAuthority authority = PrivateAuthority.create();
    private final Endpoint server = endpoint("server", null);
    private final Endpoint client = endpoint(
            "client",
            WireConfig.builder()
                    .delay(Duration.ofMillis(5))
                    .rateBitsPerSecond(500_000_000L)
                    .build());

    private HostileLoad() {}

    /// Runs a case.
    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length < 2) {
            throw new IllegalArgumentException(
                    "usage: HostileLoad random|forged|foreign PACKETS_PER_SECOND SECONDS | storm N");
        }
        final HostileLoad load = new HostileLoad();
        final int number = Integer.parseInt(args[1]);
        if (args[0].equals("storm")) {
            load.storm(number);
        } else {
            load.flood(args[0], number, Double.parseDouble(args[2]));
        }
        System.exit(0);
    }

    private Endpoint endpoint(String name, @org.jspecify.annotations.Nullable WireConfig wire) {
        return new Endpoint(LonghaulConfig.builder()
                .device("soft")
                .identity(authority.identity(name, "localhost", "127.0.0.1"))
                .creditBytes(64 * 1024)
                .limits(new io.longhaul.Longhaul.Limits(16_384, 4L << 30, 16_384))
                .maxConnections(16_384)
                .wire(wire)
                .build());
    }

    private Listener listen() {
        return server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    private static List<LaneAddress> lanes(Endpoint endpoint) {
        return endpoint.openPorts().getFirst().port().lanes().stream()
                .map(DataLane::address)
                .toList();
    }

    private void flood(String kind, int packetsPerSecond, double seconds) throws IOException, InterruptedException {
        try (Listener listener = listen();
                Connection there = client.connect(listener.localAddress(), PATIENCE);
                Connection here = listener.accept(PATIENCE);
                EstablishedFlow flow = new EstablishedFlow(server, there)) {
            flow.bitsPerSecond(WARM_UP_SECONDS);
            final double before = flow.bitsPerSecond(BASELINE_SECONDS);
            final List<LaneAddress> lanes = lanes(server);
            final List<LaneAddress> sources = kind.equals("forged") ? lanes(client) : List.of();
            final long next = there.statistics().sentPackets() + 1_000_000;
            final long id = java.util.Objects.requireNonNull(here).id();
            final long heapBefore = heapBytes();
            final long memoryBefore = residentBytes();
            final double during;
            final double rate;
            try (Flood flood = kind.equals("random")
                    ? Flood.random(lanes, packetsPerSecond, 1)
                    : Flood.forged(lanes, sources, id, next, packetsPerSecond, 1)) {
                final long start = System.nanoTime();
                during = flow.bitsPerSecond(seconds);
                rate = flood.sentPackets() * 1e9 / (System.nanoTime() - start);
            }
            final long heapAfter = heapBytes();
            final long memoryAfter = residentBytes();
            final double after = flow.bitsPerSecond(BASELINE_SECONDS);
            final ConnectionStatistics statistics = here.statistics();
            System.out.printf(
                    Locale.ROOT,
                    "{\"case\": \"%s\", \"packets_per_second\": %.0f, \"seconds\": %.1f, \"before_bps\": %.0f,"
                            + " \"during_bps\": %.0f, \"after_bps\": %.0f, \"share\": %.4f, \"rss_growth_bytes\": %d,"
                            + " \"heap_growth_bytes\": %d, \"forged_packets\": %d, \"failure\": \"%s\"}%n",
                    kind,
                    rate,
                    seconds,
                    before,
                    during,
                    after,
                    during / before,
                    memoryAfter - memoryBefore,
                    heapAfter - heapBefore,
                    statistics.forgedPackets(),
                    flow.failure());
        }
    }

    private void storm(int count) throws InterruptedException {
        final Endpoint strangers = endpoint("strangers", null);
        try (Listener listener = listen();
                Connection there = client.connect(listener.localAddress(), PATIENCE);
                EstablishedFlow flow = new EstablishedFlow(server, there)) {
            flow.bitsPerSecond(WARM_UP_SECONDS);
            final double before = flow.bitsPerSecond(BASELINE_SECONDS);
            final Queue<Connection> open = new ConcurrentLinkedQueue<>();
            final Queue<String> failures = new ConcurrentLinkedQueue<>();
            final CountDownLatch left = new CountDownLatch(count);
            final long bytes = flow.movedBytes();
            final long start = System.nanoTime();
            for (int i = 0; i < count; i++) {
                Thread.ofVirtual().start(() -> {
                    try {
                        open.add(strangers.connect(listener.localAddress(), PATIENCE));
                    } catch (LonghaulException e) {
                        failures.add(String.valueOf(e.getMessage()));
                    }
                    left.countDown();
                });
            }
            left.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            final double seconds = (System.nanoTime() - start) / 1e9;
            final double during = 8 * (flow.movedBytes() - bytes) / seconds;
            final double after = flow.bitsPerSecond(BASELINE_SECONDS);
            System.out.printf(
                    Locale.ROOT,
                    "{\"case\": \"storm\", \"connections\": %d, \"opened\": %d, \"still_open\": %d, \"seconds\": %.2f,"
                            + " \"before_bps\": %.0f, \"during_bps\": %.0f, \"after_bps\": %.0f, \"share\": %.4f,"
                            + " \"failure\": \"%s\", \"first_refusal\": \"%s\"}%n",
                    count,
                    open.size(),
                    open.stream().filter(Connection::isOpen).count(),
                    seconds,
                    before,
                    during,
                    after,
                    during / before,
                    flow.failure(),
                    failures.peek());
        }
    }

    /// What is reachable in the heap.
    private static long heapBytes() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    /// Memory that this process holds.
    private static long residentBytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", "")))
                .findFirst()
                .orElse(0);
    }
}
