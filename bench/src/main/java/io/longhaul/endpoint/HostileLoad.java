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
import io.longhaul.ExposedRegion;
import io.longhaul.Grant;
import io.longhaul.Listener;
import io.longhaul.Longhaul.Limits;
import io.longhaul.LonghaulConfig;
import io.longhaul.Message;
import io.longhaul.Right;
import io.longhaul.identity.PrivateAuthority;
import io.longhaul.verbs.soft.WireConfig;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/// What strangers and storms take from a flow of 500 Mb/s over an emulated link of 10 ms, sealed, between two endpoints
/// of one
/// process.
///
/// {@snippet lang=text :
/// HostileLoad random|forged|foreign PACKETS_PER_SECOND SECONDS
/// HostileLoad storm CONNECTIONS
/// HostileLoad replay PACKETS_PER_SECOND SECONDS
/// }
///
/// Random: bytes without meaning. Forged: packets that only the tag betrays, seemingly from the peer's queue pairs.
/// Foreign: the same from others. Replay: every packet of a session of so many seconds, in both directions, again while
/// it
/// goes on, and once more after both ends have started anew; needs root, and a loopback with {@code gso_max_segs 1}.
///
/// It prints one JSON object. Memory is told apart: what is reachable in the heap after a collection, and what the
/// process
/// holds, which means something only with a heap of fixed size whose pages are all there
/// ({@code -Xms3g -Xmx3g -XX:+AlwaysPreTouch}).
public final class HostileLoad {
    static final int MAX_CONNECTIONS = 16_384;
    static final int CREDIT_BYTES = 64 * 1024;
    static final Limits LIMITS = new Limits(MAX_CONNECTIONS, 4L << 30, MAX_CONNECTIONS);

    private static final double WARM_UP_SECONDS = 3;
    private static final double BASELINE_SECONDS = 4;
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final int UNTOUCHED_BYTES = 1 << 20;

    private final PrivateAuthority authority;
    private final Endpoint server;
    private final Endpoint client;

    private HostileLoad(PrivateAuthority authority) {
        this.authority = authority;
        server = endpoint("server", null);
        client = endpoint(
                "client",
                WireConfig.builder()
                        .delay(Duration.ofMillis(5))
                        .rateBitsPerSecond(500_000_000L)
                        .build());
    }

    /// Runs a case.
    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length < 2) {
            throw new IllegalArgumentException(
                    "usage: HostileLoad random|forged|foreign|replay PACKETS_PER_SECOND SECONDS | storm N");
        }
        final HostileLoad load = new HostileLoad(PrivateAuthority.create());
        final int number = Integer.parseInt(args[1]);
        if (args[0].equals("storm")) {
            load.storm(number);
        } else if (args[0].equals("replay")) {
            load.replay(number, Double.parseDouble(args[2]));
        } else {
            load.flood(args[0], number, Double.parseDouble(args[2]));
        }
        System.exit(0);
    }

    private Endpoint endpoint(String name, @org.jspecify.annotations.Nullable WireConfig wire) {
        return new Endpoint(LonghaulConfig.builder()
                .device("soft")
                .identity(authority.identity(name, "localhost", "127.0.0.1"))
                .creditBytes(CREDIT_BYTES)
                .limits(LIMITS)
                .maxConnections(MAX_CONNECTIONS)
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

    private void replay(int packetsPerSecond, double seconds) throws IOException, InterruptedException {
        final Path file = Files.createTempFile("longhaul-recording", null);
        try {
            final Replay during;
            try (Listener listener = listen();
                    Connection there = client.connect(listener.localAddress(), PATIENCE);
                    Connection here = java.util.Objects.requireNonNull(listener.accept(PATIENCE));
                    EstablishedFlow flow = new EstablishedFlow(server, there)) {
                final long recorded;
                try (Recording recording = new Recording(both(server, client), file)) {
                    flow.bitsPerSecond(seconds);
                    recorded = recording.packets();
                }
                during = replay(flow, there, here, file, packetsPerSecond);
                System.err.printf("%d packets recorded, %d bytes%n", recorded, Files.size(file));
            }
            server.close();
            client.close();
            final HostileLoad restarted = new HostileLoad(authority);
            final Replay after;
            try (Listener listener = restarted.listen();
                    Connection there = restarted.client.connect(listener.localAddress(), PATIENCE);
                    Connection here = java.util.Objects.requireNonNull(listener.accept(PATIENCE));
                    EstablishedFlow flow = new EstablishedFlow(restarted.server, there)) {
                flow.bitsPerSecond(WARM_UP_SECONDS);
                after = restarted.replay(flow, there, here, file, packetsPerSecond);
            }
            System.out.printf(
                    Locale.ROOT,
                    "{\"case\": \"replay\", \"seconds\": %.1f, \"packets\": %d, \"packets_per_second\": %.0f, \"refused\": %d,"
                            + " \"before_bps\": %.0f, \"during_bps\": %.0f, \"share\": %.4f, \"restart_packets\": %d,"
                            + " \"restart_unknown\": %d, \"restart_share\": %.4f, \"failure\": \"%s\"}%n",
                    seconds,
                    during.packets,
                    during.packetsPerSecond,
                    during.refused,
                    during.beforeBps,
                    during.duringBps,
                    during.duringBps / during.beforeBps,
                    after.packets,
                    after.unknown,
                    after.duringBps / after.beforeBps,
                    during.failure.equals("null") ? after.failure : during.failure);
        } finally {
            Files.delete(file);
        }
    }

    /// What a replay did.
    ///
    /// @param refused packets that the connection knew for replayed
    /// @param unknown packets that were for no connection
    /// @param failure what it changed; "null" for nothing
    private record Replay(
            long packets,
            double packetsPerSecond,
            double beforeBps,
            double duringBps,
            long refused,
            long unknown,
            String failure) {}

    private Replay replay(EstablishedFlow flow, Connection there, Connection here, Path file, int packetsPerSecond)
            throws IOException, InterruptedException {
        final byte[] pattern = new byte[UNTOUCHED_BYTES];
        new SplittableRandom(1).nextBytes(pattern);
        final MemorySegment untouched = MemorySegment.ofArray(pattern.clone());
        try (Arena arena = Arena.ofShared()) {
            final MemorySegment exposed = arena.allocate(UNTOUCHED_BYTES).copyFrom(untouched);
            try (ExposedRegion _ = server.expose("untouched", exposed, new Grant(EnumSet.allOf(Right.class), null))) {
                final double before = flow.bitsPerSecond(BASELINE_SECONDS);
                final long refusedBefore = replayed(there) + replayed(here);
                final long unknownBefore = unknown(server) + unknown(client);
                final long movedBefore = flow.movedBytes();
                final long start = System.nanoTime();
                final long sent;
                try (Flood flood = Flood.replayed(both(server, client), both(client, server), file, packetsPerSecond)) {
                    flood.awaitEnd();
                    sent = flood.sentPackets();
                }
                final double seconds = (System.nanoTime() - start) / 1e9;
                final double during = 8 * (flow.movedBytes() - movedBefore) / seconds;
                return new Replay(
                        sent,
                        sent / seconds,
                        before,
                        during,
                        replayed(there) + replayed(here) - refusedBefore,
                        unknown(server) + unknown(client) - unknownBefore,
                        failure(flow, here, exposed.mismatch(untouched) >= 0));
            }
        }
    }

    private static String failure(EstablishedFlow flow, Connection here, boolean touched) throws InterruptedException {
        if (touched) {
            return "memory was changed";
        }
        final Message message = here.receive(Duration.ZERO);
        return message == null ? String.valueOf(flow.failure()) : "a message arrived that nobody sent";
    }

    private static List<LaneAddress> both(Endpoint first, Endpoint second) {
        return Stream.concat(lanes(first).stream(), lanes(second).stream()).toList();
    }

    private static long replayed(Connection connection) {
        return connection.statistics().replayedPackets();
    }

    private static long unknown(Endpoint endpoint) {
        final EngineAgent agent = endpoint.openPorts().getFirst().agent();
        return agent.commands().call(() -> agent.counters().unknownPackets).join();
    }

    private void storm(int count) throws IOException {
        try (Listener listener = listen();
                Strangers strangers =
                        new Strangers(authority, listener.localAddress().getPort(), count);
                Connection there = client.connect(listener.localAddress(), PATIENCE);
                EstablishedFlow flow = new EstablishedFlow(server, there)) {
            flow.bitsPerSecond(WARM_UP_SECONDS);
            final double before = flow.bitsPerSecond(BASELINE_SECONDS);
            final long bytes = flow.movedBytes();
            final long start = System.nanoTime();
            final String opened = strangers.open();
            final double seconds = (System.nanoTime() - start) / 1e9;
            final double during = 8 * (flow.movedBytes() - bytes) / seconds;
            final double after = flow.bitsPerSecond(BASELINE_SECONDS);
            System.out.printf(
                    Locale.ROOT,
                    "{\"case\": \"storm\", \"connections\": %d, %s, \"seconds\": %.2f, \"before_bps\": %.0f,"
                            + " \"during_bps\": %.0f, \"after_bps\": %.0f, \"share\": %.4f, \"failure\": \"%s\"}%n",
                    count,
                    opened,
                    seconds,
                    before,
                    during,
                    after,
                    during / before,
                    flow.failure());
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
